"""The relay: in order per aggregate, once, newest wins; nothing that fails stands in anybody else's way."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ddd.published import to_payload
from ddd.published.branches import BranchChanged
from ddd.shared.application.events import AuditEntry, OutboxEvent, PublishedEvent
from ddd.shared.application.statements import Write
from ddd.shared.domain.clock import SystemClock
from ddd.shared.infrastructure.access import AccessReader
from ddd.shared.infrastructure.journal import write_journal
from ddd.shared.infrastructure.relay import LEASE_SECONDS, MAX_ATTEMPTS, Relay, Subscriber
from ddd.shared.infrastructure.statements import connection
from ddd.shared.infrastructure.unit_of_work import PostgresUnitOfWork
from order_management.processes import wait_until
from order_management.registry import SUBSCRIBERS
from tests.backends import end_backends
from tests.builders import caller, registered, rows
from tests.integration.kernel.support import count, counted, counting, marks, run
from tests.pipeline import SET_TENANT, send

CLONE = Path(__file__).resolve().parents[3]
PROBE = f"probe.{secrets.token_hex(4)}"


def remember(event: PublishedEvent) -> Sequence[Write]:
    return [count(event.tenant_id, str(event.aggregate_id), str(event.sequence))]


def relay(apply: object = remember, *more: Subscriber) -> Relay:
    """The house's subscribers, and ours for the probe."""
    assert callable(apply)
    return Relay({**SUBSCRIBERS, PROBE: (Subscriber("tests.probe", apply), *more)})


def publish(tenant_id: str, *places: tuple[UUID, int], kind: str = PROBE) -> None:
    """Events of these aggregates with these sequences, committed."""
    who = caller(tenant_id)
    events = [OutboxEvent("probe", aggregate, sequence, kind, {}) for aggregate, sequence in places]
    journal = write_journal(who, datetime.now(UTC), events, AuditEntry("probe", "probe", places[0][0]))
    raw = connection("default")
    with raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        send(raw, journal.sql, journal.params)


def outbox(tenant_id: str, aggregate: UUID) -> list[tuple[int, int, bool, bool, str | None]]:
    """Sequence, attempts, done, parked, error."""
    found = rows(
        tenant_id,
        "SELECT sequence, attempts, done_at IS NOT NULL, parked_at IS NOT NULL, error FROM outbox"
        " WHERE aggregate_id = $1 ORDER BY sequence",
        str(aggregate),
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in found]


def as_system(sql: str, *params: object) -> None:
    raw = connection("system")
    with raw.pipeline():
        send(raw, sql, params)


def let_time_pass(tenant_id: str) -> None:
    """Leases and pauses of this tenant are over."""
    as_system("UPDATE outbox SET due_at = now() WHERE tenant_id = $1", tenant_id)


def until_done(worker: Relay, tenant_id: str) -> None:
    def done() -> bool:
        worker.run_once()
        query = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL AND aggregate = 'probe'"
        return rows(tenant_id, query) == [(0,)]

    assert wait_until(done, 20)


# ---- In order, once


def test_four_relays_apply_each_aggregates_events_in_order_and_once(database: object) -> None:
    tenant_id = registered()
    aggregates = [uuid4() for _ in range(12)]
    # Committed out of their order of time: no relay may go by a counter that it has passed.
    for sequence in range(1, 9):
        publish(tenant_id, *((aggregate, sequence) for aggregate in aggregates))
    raised: list[BaseException] = []

    def work() -> None:
        try:
            until_done(relay(), tenant_id)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert raised == []
    assert [marks(tenant_id, str(each)) for each in aggregates] == [[str(n) for n in range(1, 9)]] * 12
    assert rows(tenant_id, "SELECT count(*) FROM inbox WHERE subscriber = 'tests.probe'") == [(96,)]


def test_a_later_event_waits_for_the_ones_before_it_that_are_being_worked_on(database: object) -> None:
    tenant_id, aggregate = registered(), uuid4()
    publish(tenant_id, (aggregate, 1), (aggregate, 2))
    as_system(
        "UPDATE outbox SET due_at = now() + interval '1 minute' WHERE tenant_id = $1 AND aggregate_id = $2::uuid"
        " AND sequence = 1",
        tenant_id,
        str(aggregate),
    )
    for _ in range(3):
        relay().run_once()
    assert marks(tenant_id, str(aggregate)) == []
    let_time_pass(tenant_id)
    until_done(relay(), tenant_id)
    assert marks(tenant_id, str(aggregate)) == ["1", "2"]


def test_an_event_that_comes_twice_is_applied_once(database: object) -> None:
    tenant_id, aggregate = registered(), uuid4()
    publish(tenant_id, (aggregate, 1))
    until_done(relay(), tenant_id)
    # As after a relay that died between applying and saying so.
    as_system("UPDATE outbox SET done_at = NULL, due_at = now() WHERE tenant_id = $1", tenant_id)
    until_done(relay(), tenant_id)
    assert outbox(tenant_id, aggregate) == [(1, 2, True, False, None)]
    assert counted(tenant_id, str(aggregate)) == 1


def test_an_event_that_nobody_listens_to_is_done_unread(database: object) -> None:
    tenant_id, aggregate = registered(), uuid4()
    publish(tenant_id, (aggregate, 1), kind="probe.unheard")
    until_done(relay(), tenant_id)
    assert outbox(tenant_id, aggregate) == [(1, 0, True, False, None)]


@pytest.mark.parametrize("type_", sorted(SUBSCRIBERS))
def test_every_subscriber_of_the_house_is_known_by_a_name_of_its_own(type_: str) -> None:
    names = [subscriber.name for listening in SUBSCRIBERS.values() for subscriber in listening]
    assert len(names) == len(set(names))
    assert SUBSCRIBERS[type_]


def test_an_older_event_that_comes_late_changes_no_snapshot(database: object) -> None:
    tenant_id = registered()
    branch_id = uuid4()

    def hear(version: int, name: str) -> None:
        branch = BranchChanged(str(branch_id), version, "b1", name, "UTC", version, False)
        event = PublishedEvent(
            tenant_id, "branch", branch_id, version, BranchChanged.type, to_payload(branch), datetime.now(UTC)
        )
        raw = connection("default")
        with raw.pipeline():
            send(raw, SET_TENANT, (tenant_id,))
            for subscriber in SUBSCRIBERS[BranchChanged.type]:
                assert isinstance(subscriber, Subscriber)
                for write in subscriber.apply(event):
                    send(raw, write.sql, write.params)

    for version, name in ((1, "one"), (3, "three"), (2, "two"), (3, "three again")):
        hear(version, name)
    assert rows(tenant_id, "SELECT version, name, priority FROM stock_branch") == [(3, "three", 3)]
    assert rows(tenant_id, "SELECT version::int, priority FROM orders_branch") == [(3, 3)]


# ---- What fails


class Broken:
    """A subscriber that fails on some events."""

    def __init__(self, *aggregates: UUID) -> None:
        self.broken = set(aggregates)

    def __call__(self, event: PublishedEvent) -> Sequence[Write]:
        if event.aggregate_id in self.broken:
            return [count(event.tenant_id, str(event.aggregate_id)), Write("SELECT 1 / $1::int", ("0",))]
        return remember(event)


def test_a_failure_is_tried_again_later_and_later_with_its_error_kept(database: object) -> None:
    tenant_id, aggregate, other = registered(), uuid4(), uuid4()
    publish(tenant_id, (aggregate, 1), (aggregate, 2), (other, 1))
    broken = Broken(aggregate)
    worker = relay(broken)
    pauses = []
    for attempt in range(1, 5):
        let_time_pass(tenant_id)
        worker.run_once()
        ((attempts, done, error, pause),) = rows(
            tenant_id,
            "SELECT attempts, done_at IS NOT NULL, error, extract(epoch FROM due_at - now())::float8 FROM outbox"
            " WHERE aggregate_id = $1 AND sequence = 1",
            str(aggregate),
        )
        assert (attempts, done, error) == (attempt, False, "tests.probe: DivisionByZero: division by zero")
        pauses.append(pause)
    for attempt, pause in enumerate(pauses, start=1):
        assert 0.2 * 2**attempt * 0.8 - 0.2 <= pause <= 0.2 * 2**attempt * 1.2
    assert marks(tenant_id, str(aggregate)) == []  # what it wrote before it failed is gone, too
    assert marks(tenant_id, str(other)) == ["1"]
    assert outbox(tenant_id, aggregate)[1] == (2, 0, False, False, None)  # waits behind the first
    broken.broken.clear()
    let_time_pass(tenant_id)
    until_done(worker, tenant_id)
    assert marks(tenant_id, str(aggregate)) == ["1", "2"]
    assert outbox(tenant_id, aggregate) == [(1, 5, True, False, None), (2, 1, True, False, None)]


def test_a_subscriber_that_fails_keeps_no_other_from_hearing_and_none_hears_twice(database: object) -> None:
    tenant_id, aggregate = registered(), uuid4()

    def second(event: PublishedEvent) -> Sequence[Write]:
        return [count(event.tenant_id, "second")]

    publish(tenant_id, (aggregate, 1))
    broken = Broken(aggregate)
    worker = relay(broken, Subscriber("tests.second", second))
    worker.run_once()
    assert (counted(tenant_id, "second"), marks(tenant_id, str(aggregate))) == (1, [])
    broken.broken.clear()
    let_time_pass(tenant_id)
    until_done(worker, tenant_id)
    assert (counted(tenant_id, "second"), marks(tenant_id, str(aggregate))) == (1, ["1"])


def test_after_ten_attempts_it_is_parked_with_its_error_and_lets_newer_ones_pass(database: object) -> None:
    tenant_id, aggregate = registered(), uuid4()
    publish(tenant_id, (aggregate, 1))
    broken = Broken(aggregate)
    worker = relay(broken)
    for _ in range(MAX_ATTEMPTS + 2):
        let_time_pass(tenant_id)
        worker.run_once()
    error = "tests.probe: DivisionByZero: division by zero"
    assert outbox(tenant_id, aggregate) == [(1, MAX_ATTEMPTS, False, True, error)]
    broken.broken.clear()
    publish(tenant_id, (aggregate, 2))
    worker.run_once()
    assert outbox(tenant_id, aggregate) == [(1, MAX_ATTEMPTS, False, True, error), (2, 1, True, False, None)]
    assert marks(tenant_id, str(aggregate)) == ["2"]


# ---- A relay that dies

_DYING = """
import sys, time
import django
django.setup()
from uuid import UUID
from ddd.shared.infrastructure.relay import Relay, Subscriber
from order_management.registry import SUBSCRIBERS

def hang(event):
    if str(event.aggregate_id) == sys.argv[2]:
        print("claimed", flush=True)
        time.sleep(3600)
    return []

Relay({**SUBSCRIBERS, sys.argv[1]: (Subscriber("tests.probe", hang),)}).run_once()
"""


def test_what_a_killed_relay_held_is_taken_again_when_its_lease_is_over(
    database: object, database_environment: Mapping[str, str]
) -> None:
    tenant_id, aggregate = registered(), uuid4()
    publish(tenant_id, (aggregate, 1), (aggregate, 2))
    process = subprocess.Popen(
        [sys.executable, "-c", _DYING, PROBE, str(aggregate)],
        cwd=CLONE,
        env={**os.environ, **database_environment, "PYTHONPATH": "src",
             "DJANGO_SETTINGS_MODULE": "order_management.settings"},
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"claimed\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    relay().run_once()
    assert outbox(tenant_id, aggregate)[0] == (1, 1, False, False, None)  # its lease still stands
    ((lease,),) = rows(
        tenant_id,
        "SELECT extract(epoch FROM due_at - now())::float8 FROM outbox WHERE aggregate_id = $1 AND sequence = 1",
        str(aggregate),
    )
    assert 0 < lease <= LEASE_SECONDS
    let_time_pass(tenant_id)
    until_done(relay(), tenant_id)
    assert marks(tenant_id, str(aggregate)) == ["1", "2"]


# ---- Read your writes


@pytest.fixture
def held(database: object) -> Iterator[tuple[str, UUID]]:
    """A tenant and an aggregate whose counter another session has locked."""
    tenant_id, aggregate = registered(), uuid4()
    rows(tenant_id, "SELECT 1")
    raw = connection("default")
    with raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        first = count(tenant_id, str(aggregate), "0")
        send(raw, first.sql, first.params)
    holding, free = threading.Event(), threading.Event()

    def hold() -> None:
        mine = connection("default")
        with mine.transaction():
            send(mine, SET_TENANT, (tenant_id,))
            send(mine, "SELECT 1 FROM orders_item WHERE sku = $1 FOR UPDATE", (str(aggregate),))
            holding.set()
            free.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(10)
    yield tenant_id, aggregate
    free.set()
    thread.join(10)


def work_with(worker: Relay) -> PostgresUnitOfWork:
    return PostgresUnitOfWork(AccessReader(), SystemClock(), worker.drain)


def test_a_drain_delivers_the_aggregates_own_events_before_the_answer(database: object) -> None:
    tenant_id, mine, other = registered(), uuid4(), uuid4()
    publish(tenant_id, (mine, 1), (mine, 2), (other, 1))
    relay().drain(tenant_id, mine)
    assert (marks(tenant_id, str(mine)), marks(tenant_id, str(other))) == (["1", "2"], [])


def test_a_drain_whose_subscriber_is_stuck_answers_within_about_a_second(held: tuple[str, UUID]) -> None:
    tenant_id, aggregate = held
    publish(tenant_id, (aggregate, 1))
    began = time.monotonic()
    relay().drain(tenant_id, aggregate)
    assert 0.9 < time.monotonic() - began < 1.8
    assert outbox(tenant_id, aggregate)[0][2:4] == (False, False)
    assert rows(tenant_id, "SHOW statement_timeout") == [("0",)]


def test_a_write_answers_as_done_whatever_happens_to_its_drain(database: object) -> None:
    who, id_ = caller(registered()), uuid4()

    def dying(event: PublishedEvent) -> Sequence[Write]:
        end_backends([connection("default").info.backend_pid])
        return [Write("SELECT 1", ())]

    worker = Relay({**SUBSCRIBERS, "probe.counted": (Subscriber("tests.dying", dying),)})
    began = time.monotonic()
    outcome = run(who, counting(who, id_=id_), work=work_with(worker), drain=True)
    assert (outcome.value, outcome.errors, outcome.replayed) == (f"done {id_}", (), False)
    assert time.monotonic() - began < 2
    assert counted(who.tenant_id, "n") == 1


def test_a_drain_leaves_to_others_what_another_relay_has_taken(database: object) -> None:
    tenant_id, aggregate = registered(), uuid4()
    publish(tenant_id, (aggregate, 1))
    as_system("UPDATE outbox SET due_at = now() + interval '1 minute' WHERE tenant_id = $1", tenant_id)
    began = time.monotonic()
    relay().drain(tenant_id, aggregate)
    assert 0.9 < time.monotonic() - began < 1.8
    assert marks(tenant_id, str(aggregate)) == []


# ---- The relay process


def test_a_trouble_of_the_databases_never_parks_an_event(held: tuple[str, UUID]) -> None:
    tenant_id, aggregate = held
    publish(tenant_id, (aggregate, 1))
    as_system("UPDATE outbox SET attempts = $2::smallint WHERE tenant_id = $1", tenant_id, str(MAX_ATTEMPTS + 5))
    relay().drain(tenant_id, aggregate)  # cancelled by its timeout: nothing is wrong with the event
    sequence, _, done, parked, error = outbox(tenant_id, aggregate)[0]
    assert (sequence, done, parked) == (1, False, False)
    assert error is not None
    assert error.startswith("tests.probe: QueryCanceled")


def test_a_running_relay_outlives_its_connections_and_stops_when_told(database: object) -> None:
    tenant_id, aggregate = registered(), uuid4()
    stop = threading.Event()
    pids: list[int] = []
    worker = relay()

    def work() -> None:
        pids.extend((connection("default").info.backend_pid, connection("system").info.backend_pid))
        worker.run(stop)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        publish(tenant_id, (aggregate, 1))
        assert wait_until(lambda: marks(tenant_id, str(aggregate)) == ["1"], 10)
        end_backends(pids)
        publish(tenant_id, (aggregate, 2))
        assert wait_until(lambda: marks(tenant_id, str(aggregate)) == ["1", "2"], 30)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_what_is_done_is_dropped_after_seven_days_what_is_not_stays(database: object) -> None:
    tenant_id = registered()
    kept, old = timedelta(days=6, hours=23), timedelta(days=7, hours=1)
    now = datetime.now(UTC)
    aggregate = uuid4()
    for sequence, (age, state) in enumerate(
        ((old, "done_at"), (old, "parked_at"), (old, None), (kept, "done_at")), start=1
    ):
        publish(tenant_id, (aggregate, sequence))
        column = f", {state} = now()" if state else ""
        with connection("owner").transaction():
            connection("owner").execute(
                f"UPDATE outbox SET occurred_at = %s{column} WHERE aggregate_id = %s AND sequence = %s",
                [now - age, aggregate, sequence],
            )
    for number, age in enumerate((old, kept)):
        at = (now - age).isoformat()
        rows(
            tenant_id,
            "INSERT INTO inbox VALUES ($1, 'tests.probe', $2::uuid, $3::int, $4::timestamptz) RETURNING 1",
            tenant_id, str(aggregate), str(number), at,
        )  # fmt: skip
        rows(
            tenant_id,
            "INSERT INTO idempotency VALUES ($1, $2::text::bytea, 'probe', '', $3::uuid, $4::timestamptz) RETURNING 1",
            tenant_id, f"key {number}", str(aggregate), at,
        )  # fmt: skip
    relay().purge()
    assert [row[0] for row in outbox(tenant_id, aggregate)] == [2, 3, 4]
    assert rows(tenant_id, "SELECT sequence FROM inbox WHERE subscriber = 'tests.probe'") == [(1,)]
    assert rows(tenant_id, "SELECT key_hash FROM idempotency WHERE operation = 'probe'") == [(b"key 1",)]
