"""`kill -9` under load: what was acknowledged is there once, what was not is absent or whole, the books add up."""

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from order_management.processes import wait_until
from tests.ledger import drift, faults, open_events
from tests.soak.buying import checkout
from tests.soak.house import House, Shop, Unanswered

VICTIMS = ("worker", "relay", "database", "server", "jobs")
_SECONDS_TO_RECOVER = 60


@dataclass
class Load:
    """Buyers that never stop: each key is tried once, and again later where its answer never came."""

    shop: Shop
    skus: Sequence[str]
    buyers: int
    acknowledged: dict[str, str] = field(default_factory=dict)
    in_doubt: dict[str, dict[str, Any]] = field(default_factory=dict)
    unexpected: list[BaseException] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        works = [self._buy] * self.buyers + [self._keep_the_catalogue]
        self._threads = [threading.Thread(target=self._guarded, args=(work,)) for work in works]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _guarded(self, work: Any) -> None:
        try:
            work()
        except BaseException as error:
            self.unexpected.append(error)

    def _buy(self) -> None:
        while not self._stop.is_set():
            key = secrets.token_hex(12)
            given = checkout(*self._two(), key=key)
            given["externalRef"] = key
            self.in_doubt[key] = given
            if not self.settle(key):
                self._stop.wait(0.05)

    def _two(self) -> list[str]:
        first = secrets.randbelow(len(self.skus))
        return [self.skus[first], self.skus[(first + 1) % len(self.skus)]]

    def settle(self, key: str) -> bool:
        """Send it; True when it was answered."""
        try:
            answer = self.shop.place(self.in_doubt[key])
        except Unanswered:
            return False
        assert answer.order_id is not None, answer
        self.acknowledged[key] = answer.order_id
        del self.in_doubt[key]
        return True

    def _keep_the_catalogue(self) -> None:
        """Master data changes all the while, so that outbox, relay and snapshots have work."""
        version = 0
        while not self._stop.wait(0.02):
            version += 1
            try:
                self.shop.rename_item(self.skus[version % len(self.skus)], f"name {version}")
            except Unanswered:
                continue


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run saw."""

    kills: int
    acknowledged: int
    unanswered: int
    unanswered_but_there: int
    longest_pause: float
    catching_up: float


def kill_in_turn(house: House, shop: Shop, kills: int, buyers: int, orders_between: int) -> Outcome:
    """Under load, kill one part after the other; then check everything. Raises with what is wrong."""
    skus = [f"K-{number}" for number in range(6)]
    for sku in skus:
        shop.create_item(sku)
        for branch in ("b1", "b2"):
            shop.receive(branch, sku, 500_000)
    load = Load(shop, skus, buyers)
    load.start()
    longest = 0.0
    try:
        for number in range(kills):
            _more(load, orders_between)
            house.kill(VICTIMS[number % len(VICTIMS)])
            killed = time.monotonic()
            _more(load, buyers + 1)  # more than what was already on its way
            longest = max(longest, time.monotonic() - killed)
        _more(load, orders_between)
    finally:
        load.stop()
    assert load.unexpected == [], load.unexpected
    unanswered = dict(load.in_doubt)
    _check_orders(load, shop, unanswered)
    there = sum(1 for key in unanswered if key in _orders(shop))
    # The same keys again: what was there answers as it was, what was not is placed now; each once.
    for key in unanswered:
        assert wait_until(lambda key=key: load.settle(key), _SECONDS_TO_RECOVER), key  # type: ignore[misc]
    assert set(_orders(shop)) == set(load.acknowledged)
    _check_orders(load, shop, {})
    began = time.monotonic()
    assert wait_until(lambda: open_events(shop.query) == 0, _SECONDS_TO_RECOVER), "events were left open"
    catching_up = time.monotonic() - began
    assert drift(shop.query) == []
    return Outcome(kills, len(load.acknowledged), len(unanswered), there, longest, catching_up)


def _more(load: Load, orders: int) -> None:
    goal = len(load.acknowledged) + orders
    assert wait_until(lambda: len(load.acknowledged) >= goal or bool(load.unexpected), _SECONDS_TO_RECOVER), (
        f"no orders for a minute: {load.shop.house.said()}"
    )


def _orders(shop: Shop) -> dict[str, str]:
    return dict(shop.query("SELECT external_ref, id::text FROM orders_order"))


def _check_orders(load: Load, shop: Shop, unanswered: dict[str, Any]) -> None:
    there = _orders(shop)
    lost = {key for key, order_id in load.acknowledged.items() if there.get(key) != order_id}
    assert not lost, f"{len(lost)} acknowledged orders are gone"
    strange = set(there) - set(load.acknowledged) - set(unanswered)
    assert not strange, f"{len(strange)} orders that nobody placed"
    ((orders, keys),) = shop.query(
        "SELECT (SELECT count(*) FROM orders_order), (SELECT count(*) FROM idempotency WHERE operation = 'placeOrder')"
    )
    assert orders == keys == len(there), (orders, keys, len(there))
    wrong = faults(shop.query)
    assert wrong == [], wrong[:10]
