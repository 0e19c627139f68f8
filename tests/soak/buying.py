"""Many buyers at once, whichever way they reach the shop: the same proofs through handlers and over HTTP."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from tests.ledger import Query, faults

CLIENTS = 32
TWINS = 16
UNITS = 7


@dataclass(frozen=True, slots=True)
class Answer:
    """What a buyer hears: the order, or the codes of the refusals."""

    order_id: str | None
    codes: tuple[str, ...] = ()
    replayed: bool = False


class Market(Protocol):
    """A shop of one tenant, and the ways into it. Safe for threads; anything unexpected is raised."""

    def create_branch(self, code: str) -> None: ...
    def create_item(self, sku: str) -> None: ...
    def receive(self, branch: str, sku: str, quantity: int) -> None: ...
    def place(self, given: dict[str, Any]) -> Answer: ...
    def query(self, sql: str) -> list[tuple[Any, ...]]: ...


def checkout(*skus: str, key: str | None = None) -> dict[str, Any]:
    """One unit of each, under a key of its own."""
    return {
        "idempotencyKey": key or secrets.token_hex(12),
        "currency": "EUR",
        "customer": {"firstName": "Ann"},
        "shippingAddress": {"line1": "Main Street 1", "country": "DE"},
        "lines": [{"sku": sku, "quantity": 1, "unitPrice": "9.90"} for sku in skus],
    }


class Crowd:
    """Threads that live as long as the crowd, so that each keeps its one connection through all rounds."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(CLIENTS)

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    def at_once(self, count: int, work: Callable[[], Answer]) -> list[Answer]:
        """Run `work` in so many threads that start together; raises what one of them raised."""
        start = threading.Barrier(count)

        def one() -> Answer:
            start.wait(60)
            return work()

        return [future.result(120) for future in [self._threads.submit(one) for _ in range(count)]]


def the_last_units(market: Market, crowd: Crowd, spread: Sequence[int]) -> Counter[str]:
    """So many units over so many branches, 32 buyers of one each: what they heard, by code."""
    sku = f"S-{secrets.token_hex(6)}"
    market.create_item(sku)
    for number, units in enumerate(spread, start=1):
        market.receive(f"b{number}", sku, units)
    answers = crowd.at_once(CLIENTS, lambda: market.place(checkout(sku)))
    heard = Counter("SOLD" if answer.order_id else " ".join(answer.codes) for answer in answers)
    assert heard == {"SOLD": sum(spread), "OUT_OF_STOCK": CLIENTS - sum(spread)}, heard
    assert len({answer.order_id for answer in answers if answer.order_id}) == sum(spread)
    levels = market.query(
        f"SELECT branch_code, on_hand, reserved FROM stock_level WHERE sku = '{sku}' ORDER BY branch_code"
    )
    assert levels == [(f"b{number}", units, units) for number, units in enumerate(spread, start=1)], levels
    return heard


def the_same_key(market: Market, crowd: Crowd, stock: int) -> None:
    """The same checkout sixteen times at once: one order and fifteen replays of it; also for the last unit."""
    sku = f"S-{secrets.token_hex(6)}"
    market.create_item(sku)
    market.receive("b1", sku, stock)
    given = checkout(sku)
    answers = crowd.at_once(TWINS, lambda: market.place(given))
    assert {answer.codes for answer in answers} == {()}, answers
    assert len({answer.order_id for answer in answers}) == 1, answers
    assert Counter(answer.replayed for answer in answers) == {True: TWINS - 1, False: 1}, answers
    assert market.query(f"SELECT reserved FROM stock_level WHERE sku = '{sku}'") == [(1,)]
    assert market.query(f"SELECT count(*) FROM orders_line WHERE sku = '{sku}'") == [(1,)]


def create_receive_place(market: Market, times: int) -> int:
    """A new item, stock of it, an order of it, without a pause, again and again: how many orders came of it."""
    skus = [f"N-{secrets.token_hex(6)}" for _ in range(times)]
    ordered = 0
    for sku in skus:
        market.create_item(sku)
        market.receive("b1", sku, 1)
        answer = market.place(checkout(sku))
        assert answer.order_id is not None, (sku, answer)
        ordered += 1
    named = ", ".join(f"'{sku}'" for sku in skus)
    assert market.query(f"SELECT count(DISTINCT order_id) FROM orders_line WHERE sku IN ({named})") == [(times,)]
    return ordered


def adds_up(query: Query) -> None:
    """Raises with what does not."""
    found = faults(query)
    assert found == [], found
