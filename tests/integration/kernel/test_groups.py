"""Commits in groups: what several threads decided at one moment is one transaction, and each hears its own outcome."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.application.unit_of_work import Transaction
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.statements import connection, dumps, text_array
from order_management.processes import wait_until
from tests.backends import end_backends
from tests.builders import caller, registered, rows, unit_of_work
from tests.integration.kernel.support import counted, locked, run

#: Counts at each SKU, and leaves an event whose sequence the table's CHECK looks at.
_INSERT = """
WITH given AS (
    SELECT * FROM json_to_recordset($1::json) AS i(tenant_id text, sku text, id uuid, sequence integer)
), counted AS (
    INSERT INTO orders_item SELECT tenant_id, sku, 'x', false, 1 FROM given ORDER BY sku
    ON CONFLICT (tenant_id, sku) DO UPDATE SET version = orders_item.version + 1
)
INSERT INTO outbox (tenant_id, aggregate, aggregate_id, sequence, type, payload, request_id, occurred_at, done_at)
SELECT tenant_id, 'probe', id, sequence, 'probe.counted', '{}', '', now(), now() FROM given
"""
_REFUSED = "outbox_sequence_check"

Attempt = Callable[[Transaction], tuple[UUID, str]]


def adds(who: Caller, sku: str, sequence: int = 1) -> Attempt:
    """An attempt that counts at `sku`, with a write that may travel with others'. Sequence 0 is refused."""
    id_ = new_id()

    def attempt(tx: Transaction) -> tuple[UUID, str]:
        tx.fetch()
        row = {"tenant_id": who.tenant_id, "sku": sku, "id": id_, "sequence": sequence}
        tx.store(Write(_INSERT, (dumps([row]),), rows=(0,)))
        return id_, f"done {id_}"

    return attempt


def lost() -> Refusals:
    return Refusals.of(ErrorCode.OUT_OF_STOCK, "Gone.")


class Crowd:
    """Threads that commit through one unit of work, the first of them held up at a row until all have come."""

    def __init__(self, who: Caller) -> None:
        self.who, self.work = who, unit_of_work()
        self._pool = ThreadPoolExecutor(32)
        self._locked: dict[str, threading.Event] = {}

    def close(self) -> None:
        for sku in self._locked:
            self.let_go(sku)
        self._pool.shutdown()

    def come(self, attempt: Attempt, key: str | None = None) -> Future[Outcome[str]]:
        return self._in_thread(lambda: run(self.who, attempt, key, work=self.work, races={_REFUSED: lost}))

    def hold_up(self) -> Future[Outcome[str]]:
        """Lock the row "held", and send one to wait for it."""
        self.lock("held")
        first = self.come(adds(self.who, "held"))
        self.wait_for(0)
        return first

    def lock(self, sku: str) -> None:
        """Have somebody hold its row until it is let go."""
        holding, free = threading.Event(), threading.Event()

        def keep(tx: Transaction) -> tuple[UUID, str]:
            tx.fetch(locked(self.who.tenant_id, sku))
            holding.set()
            free.wait(20)
            return new_id(), "kept"

        self._locked[sku] = free
        self._in_thread(lambda: run(self.who, keep))
        assert holding.wait(10)

    def wait_for(self, members: int) -> None:
        """Until one is at the held row and so many wait behind it."""
        assert wait_until(lambda: [len(each) for each in self.waiting()] == [members], 10), self.waiting()

    def waiting(self) -> list[list[Any]]:
        return [list(each) for each in self.work.groups.waiting.values()]

    def let_go(self, sku: str = "held") -> None:
        self._locked[sku].set()

    def _in_thread(self, work: Callable[[], Outcome[str]]) -> Future[Outcome[str]]:
        def one() -> Outcome[str]:
            try:
                return work()
            finally:
                connections.close_all()

        return self._pool.submit(one)


@pytest.fixture
def crowd(database: object) -> Iterator[Crowd]:
    who = caller(registered())
    run(who, adds(who, "held"))
    found = Crowd(who)
    try:
        yield found
    finally:
        found.close()


def counts(who: Caller, skus: list[str]) -> list[int]:
    return [counted(who.tenant_id, sku) for sku in skus]


def transactions(who: Caller, skus: list[str]) -> int:
    """In how many transactions these rows were written last."""
    found = rows(
        who.tenant_id,
        "SELECT DISTINCT xmin::text FROM orders_item WHERE sku = ANY ($1::text[])",
        text_array(skus),
    )
    return len(found)


def test_what_gathers_behind_a_commit_is_committed_together(crowd: Crowd) -> None:
    skus = [f"n{n}" for n in range(6)]
    crowd.hold_up()
    came = [crowd.come(adds(crowd.who, sku)) for sku in skus]
    crowd.wait_for(6)
    crowd.let_go()
    assert all(each.result(20).value for each in came)
    assert counts(crowd.who, ["held", *skus]) == [2, *[1] * 6]
    assert transactions(crowd.who, skus) == 1
    assert crowd.waiting() == []


def test_a_lone_commit_waits_for_nobody(crowd: Crowd) -> None:
    skus = ["n0", "n1", "n2"]
    for sku in skus:
        assert run(crowd.who, adds(crowd.who, sku), work=crowd.work).value
    assert transactions(crowd.who, skus) == 3


def test_a_group_has_sixteen_members_at_most(crowd: Crowd) -> None:
    skus = [f"n{n:02}" for n in range(20)]
    crowd.hold_up()
    came = [crowd.come(adds(crowd.who, sku)) for sku in skus]
    crowd.wait_for(20)
    crowd.let_go()
    assert all(each.result(20).value for each in came)
    assert transactions(crowd.who, skus) == 2


def test_another_tenant_is_another_group_and_does_not_wait(crowd: Crowd) -> None:
    crowd.hold_up()
    other = caller(registered())
    assert run(other, adds(other, "n"), work=crowd.work).value


def test_who_lost_a_race_is_refused_and_the_others_of_its_group_are_not(crowd: Crowd) -> None:
    crowd.hold_up()
    came = [crowd.come(adds(crowd.who, sku)) for sku in ("n0", "n1")]
    unlucky = crowd.come(adds(crowd.who, "gone", sequence=0))
    crowd.wait_for(3)
    crowd.let_go()
    assert all(each.result(20).value for each in came)
    assert [each.code for each in unlucky.result(20).errors] == [ErrorCode.OUT_OF_STOCK]
    assert counts(crowd.who, ["n0", "n1", "gone"]) == [1, 1, 0]


def test_twins_of_one_group_are_done_once(crowd: Crowd) -> None:
    crowd.hold_up()
    attempt = adds(crowd.who, "n")
    came = [crowd.come(attempt, "twin") for _ in range(5)]
    crowd.wait_for(5)
    crowd.let_go()
    assert sorted(each.result(20).replayed for each in came) == [False, True, True, True, True]
    assert counts(crowd.who, ["n"]) == [1]


@pytest.mark.parametrize("key", ["key", None])
def test_a_group_whose_connection_died_is_asked_for_by_each_of_its_members(crowd: Crowd, key: str | None) -> None:
    skus = ["n0", "n1", "n2"]
    run(crowd.who, adds(crowd.who, "other"))
    first = crowd.hold_up()
    crowd.lock("other")
    came = [crowd.come(adds(crowd.who, sku), key and f"{key} {sku}") for sku in [*skus, "other"]]
    crowd.wait_for(4)
    crowd.let_go()
    first.result(20)
    assert wait_until(lambda: len(_who_wait_for_a_lock()) == 1, 10)
    end_backends(_who_wait_for_a_lock())
    crowd.let_go("other")
    outcomes = [each.result(20) for each in came]
    assert [(outcome.errors, bool(outcome.value), outcome.replayed) for outcome in outcomes] == [((), True, False)] * 4
    assert counts(crowd.who, ["held", "other", *skus]) == [2, 2, 1, 1, 1]


def _who_wait_for_a_lock() -> list[int]:
    query = """
        SELECT DISTINCT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()
    """
    return [row[0] for row in connection("system").execute(query).fetchall()]
