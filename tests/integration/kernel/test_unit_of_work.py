"""The unit of work: all or nothing, once, also when the network, a twin or a deadlock comes in between."""

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections, transaction
from psycopg import errors
from psycopg.pq import TransactionStatus

from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import Transaction
from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import ErrorCode, PermissionMissing, Refusals, TenantSuspended, Unauthenticated
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.access import AccessReader
from ddd.shared.infrastructure.reader import PostgresReader
from ddd.shared.infrastructure.statements import connection
from ddd.tenants.application.operator import suspend_tenant
from order_management.operator import operations
from order_management.processes import wait_until
from tests.backends import end_backends
from tests.builders import caller, new_tenant_id, registered, rows
from tests.integration.kernel.support import (
    OTHER_OPERATION,
    count,
    counted,
    counting,
    left,
    locked,
    run,
)
from tests.proxy import Cut, Proxy

NO = Refusals.of(ErrorCode.INVALID_TRANSITION, "It was counted already.")


def idle() -> bool:
    return connection("default").info.transaction_status is TransactionStatus.IDLE


# ---- All or nothing


def test_a_command_leaves_its_effect_key_event_and_audit_row(database: object) -> None:
    who = caller(registered())
    before = left(who.tenant_id)
    outcome = run(who, counting(who), "key")
    assert outcome.value is not None
    assert outcome.value.startswith("done")
    assert not outcome.replayed
    assert [now - was for now, was in zip(left(who.tenant_id), before, strict=True)] == [1, 1, 1, 1]


def test_a_refusal_leaves_nothing_and_its_key_may_be_tried_again(database: object) -> None:
    who = caller(registered())
    before = left(who.tenant_id)
    refused = run(who, counting(who, decide=lambda _: NO), "key")
    assert (refused.value, refused.errors) == (None, NO.items)
    assert left(who.tenant_id) == before
    assert idle()
    assert run(who, counting(who), "key", {"other": "input"}).value is not None


def test_a_surprise_leaves_nothing_and_the_connection_serves_on(database: object) -> None:
    who = caller(registered())
    before, pid = left(who.tenant_id), connection("default").info.backend_pid

    def after_fetching(tx: Transaction) -> tuple[UUID, str]:
        tx.fetch()
        tx.store(count(who.tenant_id, "n"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(who, after_fetching, "key")
    assert idle()
    assert left(who.tenant_id) == before

    def bad_statement(tx: Transaction) -> tuple[UUID, str]:
        tx.fetch()
        tx.store(count(who.tenant_id, "n"), Write("SELECT 1 / $1::int", ("0",)))
        return new_id(), "never"

    with pytest.raises(errors.DivisionByZero):
        run(who, bad_statement, "key")
    assert idle()
    assert left(who.tenant_id) == before
    assert run(who, counting(who), "key").value is not None
    assert connection("default").info.backend_pid == pid


def test_an_unnamed_constraint_is_a_surprise_a_named_one_is_decided_three_times_then_refused(database: object) -> None:
    who = caller(registered())
    before, attempts = left(who.tenant_id), []
    bad = Write(
        "INSERT INTO stock_reservation VALUES ($1, $2, 1, 'b', 's', -1, now(), now())", (who.tenant_id, str(new_id()))
    )

    def attempt(tx: Transaction) -> tuple[UUID, str]:
        tx.fetch()
        attempts.append(1)
        tx.store(count(who.tenant_id, "n"), bad)
        return new_id(), "never"

    with pytest.raises(errors.CheckViolation):
        run(who, attempt)
    assert attempts == [1]
    refused = run(who, attempt, races={"stock_reservation_left": lambda: NO})
    assert (refused.errors, len(attempts)) == (NO.items, 4)
    assert left(who.tenant_id) == before
    assert idle()


def test_it_never_starts_inside_another_transaction(database: object) -> None:
    who = caller(registered())
    before = left(who.tenant_id)
    with pytest.raises(RuntimeError, match="never starts inside another"), transaction.atomic():
        run(who, counting(who))
    with (
        pytest.raises(RuntimeError, match="never starts inside another"),
        PostgresReader(AccessReader()).scope(who),
    ):
        run(who, counting(who))
    assert left(who.tenant_id) == before


def test_nobody_acts_without_tenant_or_permission(database: object) -> None:
    who = caller(registered())
    before = left(who.tenant_id)
    for stranger, refusal in (
        (replace(who, tenant_id=new_tenant_id()), Unauthenticated),
        (replace(who, roles=frozenset({Role.CUSTOMER})), PermissionMissing),
        (replace(who, roles=frozenset()), PermissionMissing),
    ):
        with pytest.raises(refusal):
            run(stranger, counting(stranger), "key")
        assert idle()
    assert left(who.tenant_id) == before
    suspend_tenant(who.tenant_id, operations())
    before = left(who.tenant_id)
    with pytest.raises(TenantSuspended):
        run(who, counting(who), "key")
    assert left(who.tenant_id) == before


# ---- Keys


def test_a_used_key_answers_as_before_for_the_same_input_only(database: object) -> None:
    who = caller(registered())
    id_ = new_id()
    given = {"sku": "A", "lines": [{"unitPrice": "1.50", "quantity": 2}], "metadata": {"b": [1], "a": None}}
    assert run(who, counting(who, id_=id_), "key", given).replayed is False
    same = {"metadata": {"a": None, "b": [1]}, "lines": [{"quantity": 2, "unitPrice": 1.5}], "sku": "A", "note": None}
    again = run(who, counting(who), "key", {**same, "idempotencyKey": "key"})
    assert (again.value, again.replayed, again.errors) == (f"again {id_}", True, ())
    for other in (
        {**given, "sku": "B"},
        {**given, "note": ""},
        {**given, "lines": [{"unitPrice": "1.51", "quantity": 2}]},
        {**given, "lines": [{"unitPrice": "1.50", "quantity": 2}] * 2},
        {**given, "metadata": {"b": ["1"], "a": None}},
        {},
    ):
        refused = run(who, counting(who), "key", other)
        assert [(error.code, error.field) for error in refused.errors] == [
            (ErrorCode.IDEMPOTENCY_KEY_REUSED, ("idempotencyKey",))
        ]
    refused = run(who, counting(who), "key", given, operation=OTHER_OPERATION)
    assert [error.code for error in refused.errors] == [ErrorCode.IDEMPOTENCY_KEY_REUSED]
    assert counted(who.tenant_id, "n") == 1


def test_a_key_belongs_to_one_caller_in_one_tenant(database: object) -> None:
    who, elsewhere = caller(registered()), caller(registered())
    for each in (who, replace(who, subject="another"), replace(who, issuer="https://another.example"), elsewhere):
        assert run(each, counting(each), "key").replayed is False
    assert (counted(who.tenant_id, "n"), counted(elsewhere.tenant_id, "n")) == (3, 1)


def test_sixteen_twins_at_once_are_one_effect_and_fifteen_replays(database: object) -> None:
    who = caller(registered())
    run(who, counting(who))
    start, outcomes = threading.Barrier(16), []

    def twin() -> None:
        start.wait()
        outcomes.append(run(who, counting(who), "key"))

    _in_threads(*[twin] * 16)
    assert counted(who.tenant_id, "n") == 2
    assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * 15
    assert len({str(outcome.value).split()[1] for outcome in outcomes}) == 1


# ---- Lost to others


def test_a_deadlock_is_tried_again(database: object) -> None:
    who = caller(registered())
    for name in ("a", "b"):
        run(who, counting(who, name))
    met = threading.Barrier(2)
    attempts: list[str] = []

    def one(first: str, second: str) -> None:
        seen: list[str] = []

        def attempt(tx: Transaction) -> tuple[UUID, str]:
            tx.fetch(locked(who.tenant_id, first))
            attempts.append(first)
            if not seen:  # both hold their first row
                seen.append(first)
                met.wait(10)
            tx.store(count(who.tenant_id, second))
            return new_id(), "done"

        assert run(who, attempt).value == "done"

    _in_threads(lambda: one("a", "b"), lambda: one("b", "a"))
    assert len(attempts) == 3
    assert (counted(who.tenant_id, "a"), counted(who.tenant_id, "b")) == (2, 2)


def test_an_idle_connection_that_was_cut_is_opened_again(database: object) -> None:
    who = caller(registered())
    run(who, counting(who))
    for _ in range(2):
        pid = connection("default").info.backend_pid
        connection("system")
        end_backends([pid])
        assert run(who, counting(who)).value is not None
    assert counted(who.tenant_id, "n") == 3


@pytest.mark.parametrize("key", ["key", None])
@pytest.mark.parametrize("refuses_a_second_time", [False, True])
def test_a_backend_ended_while_the_command_decides_has_no_effect_of_its_own(
    database: object, key: str | None, refuses_a_second_time: bool
) -> None:
    who = caller(registered())
    decided: list[int] = []

    def decide(before: int) -> Refusals | None:
        decided.append(before)
        if len(decided) == 1:
            end_backends([connection("default").info.backend_pid])
        return NO if refuses_a_second_time and before else None

    outcome = run(who, counting(who, decide=decide), key)
    assert (outcome.errors, outcome.replayed, decided) == ((), False, [0, 0])
    assert counted(who.tenant_id, "n") == 1


# ---- A commit in doubt


@pytest.fixture
def proxy(database: object) -> Iterator[Proxy]:
    """This thread's connection goes through it."""
    wrapper = connections["default"]
    settings = wrapper.settings_dict
    wrapper.close()
    host, port = settings["HOST"], settings["PORT"] or "5432"
    if not str(host).startswith("/"):
        pytest.skip("the proxy speaks to a unix socket")
    with tempfile.TemporaryDirectory(prefix="oms-p") as folder:
        through = Proxy(Path(folder), f"{host}/.s.PGSQL.{port}")
        wrapper.settings_dict = {**settings, "HOST": folder, "PORT": "5432"}
        try:
            yield through
        finally:
            wrapper.close()
            wrapper.settings_dict = settings
            through.close()


def only_once(before: int) -> Refusals | None:
    """Like most commands: what was done cannot be done again."""
    return NO if before else None


@pytest.mark.parametrize("key", ["key", None])
@pytest.mark.parametrize("decide", [None, only_once])
@pytest.mark.parametrize("cut", [Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT])
def test_a_commit_in_doubt_takes_effect_once_and_is_answered_as_done(
    proxy: Proxy, cut: Cut, decide: object, key: str | None
) -> None:
    who = caller(registered())
    connections["default"].close()
    before = left(who.tenant_id)
    connections["default"].close()
    proxy.cuts.append(cut)
    id_ = new_id()
    outcome = run(who, counting(who, id_=id_, decide=decide), key)  # type: ignore[arg-type]
    assert proxy.was_cut.is_set()
    assert outcome.errors == ()
    assert str(outcome.value).endswith(str(id_))
    if key is None:
        assert outcome.replayed is False  # nobody sent it twice
    assert [now - was for now, was in zip(left(who.tenant_id), before, strict=True)] == [1, 1, 1, 1]
    assert counted(who.tenant_id, "n") == 1


@pytest.mark.parametrize("key", ["key", None])
def test_a_commit_still_under_way_when_its_client_was_cut_off_is_waited_for(proxy: Proxy, key: str | None) -> None:
    who = caller(registered())
    run(who, counting(who, "held"))
    connections["default"].close()
    proxy.was_cut.clear()
    proxy.cuts.append(Cut.WITH_COMMIT)
    id_ = new_id()
    attempts: list[int] = []

    def attempt(tx: Transaction) -> tuple[UUID, str]:
        tx.fetch()
        attempts.append(1)
        tx.store(count(who.tenant_id, "held"))
        return id_, f"done {id_}"

    free, holding = threading.Event(), threading.Event()

    def hold() -> None:
        def keep(tx: Transaction) -> tuple[UUID, str]:
            tx.fetch(locked(who.tenant_id, "held"))
            holding.set()
            free.wait(20)
            return new_id(), "kept"

        run(who, keep)

    def release() -> None:
        assert proxy.was_cut.wait(10)
        # The second attempt waits for the key that the first one has written.
        assert wait_until(lambda: _waiting_for_a_lock() >= 2, 10)
        free.set()

    helpers = [threading.Thread(target=hold), threading.Thread(target=release)]
    helpers[0].start()
    assert holding.wait(10)
    helpers[1].start()
    outcome = run(who, attempt, key)
    for helper in helpers:
        helper.join(20)
    assert (outcome.errors, outcome.value) == ((), f"again {id_}")
    assert len(attempts) == 2
    assert counted(who.tenant_id, "held") == 2


def test_a_database_that_is_away_for_a_moment_is_waited_for(proxy: Proxy) -> None:
    who = caller(registered())
    connections["default"].close()
    proxy.refusals = 2
    assert run(who, counting(who)).value is not None
    assert counted(who.tenant_id, "n") == 1


def _waiting_for_a_lock() -> int:
    query = """
        SELECT count(DISTINCT pid)::int FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()
    """
    return int(connection("system").execute(query).fetchone()[0])  # type: ignore[index]


def _in_threads(*work: object) -> None:
    raised: list[BaseException] = []

    def guarded(one: object) -> None:
        assert callable(one)
        try:
            one()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert raised == []


@pytest.mark.parametrize("locks", [True, False])
def test_reads_after_the_first_trip_are_in_its_transaction_where_that_one_holds_locks(
    database: object, locks: bool
) -> None:
    who = caller(registered())

    def attempt(tx: Transaction) -> tuple[UUID, str]:
        (first,) = tx.fetch(Read("SELECT pg_current_xact_id()::text", (), lambda found: found[0][0], locks))
        (second,) = tx.fetch(Read("SELECT pg_current_xact_id()::text", (), lambda found: found[0][0]))
        assert (first == second) is locks
        return new_id(), "done"

    assert run(who, attempt).value == "done"
    assert rows(who.tenant_id, "SELECT 1") == [(1,)]
