"""Reservations, releases and issues from many threads: no deadlock, no unit lost or made."""

import random
from collections import Counter
from datetime import UTC, datetime
from threading import Barrier, Lock, Thread
from uuid import UUID, uuid4

import pytest
from django.db import connections
from psycopg.errors import CheckViolation

from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.statements import connection
from ddd.stock.application.reservations import SHORT
from ddd.stock.infrastructure.reservations import StockReservations
from tests.builders import caller, registered, rows
from tests.integration.stock.support import create, hear_of_branch, receive
from tests.pipeline import SET_TENANT, send

BRANCHES = ("east", "north", "south")
AT = datetime(2026, 2, 3, tzinfo=UTC)
PORT = StockReservations()


def shop(*skus: str, quantity: int) -> str:
    tenant_id = registered()
    for branch in BRANCHES:
        hear_of_branch(tenant_id, branch)
    for sku in skus:
        create(tenant_id, sku)
        for branch in BRANCHES:
            receive(tenant_id, branch, sku, quantity)
    return tenant_id


def commit(tenant_id: str, *writes: Write) -> None:
    raw = connection("default")
    with raw.transaction(), raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        for write in writes:
            send(raw, write.sql, write.params)


def together(count: int, work: object) -> list[BaseException]:
    """Run `work(place)` in so many threads at once; what they raised."""
    assert callable(work)
    start, raised, lock = Barrier(count), list[BaseException](), Lock()

    def one(place: int) -> None:
        start.wait()
        try:
            work(place)
        except BaseException as error:
            with lock:
                raised.append(error)

    threads = [Thread(target=one, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_sixteen_threads_on_the_same_skus_in_any_order(database: object) -> None:
    skus = [f"S{n}" for n in range(6)]
    tenant_id = shop(*skus, quantity=50)
    counts: Counter[str] = Counter()
    lock = Lock()

    def work(place: int) -> None:
        dice = random.Random(place)
        for _ in range(25):
            order = uuid4()
            lines = [
                (line_no, dice.choice(BRANCHES), sku, dice.randint(1, 3))
                for line_no, sku in enumerate(dice.sample(skus, dice.randint(2, 5)), start=1)
            ]
            try:
                commit(tenant_id, PORT.reserve(tenant_id, order, lines, AT))
            except CheckViolation as error:
                done = "short" if error.diag.constraint_name == SHORT else str(error)
            else:
                done = dice.choice(("kept", "released", "issued", "issued in part"))
                part = [(line_no, quantity) for line_no, _, _, quantity in dice.sample(lines, len(lines))]
                if done == "released":
                    commit(tenant_id, PORT.release(tenant_id, order, part, AT))
                elif done == "issued":
                    commit(tenant_id, PORT.issue(tenant_id, order, part, AT, "somebody", "ref"))
                elif done == "issued in part":
                    commit(tenant_id, PORT.issue(tenant_id, order, part[:1], AT, "somebody", "ref"))
                    commit(tenant_id, PORT.release(tenant_id, order, part[1:], AT))
            with lock:
                counts[done] += 1

    assert together(16, work) == []
    assert counts.total() == 16 * 25
    assert set(counts) == {"short", "kept", "released", "issued", "issued in part"}
    wrong = """
        SELECT l.branch_code, l.sku, l.on_hand, l.reserved, r.held, m.last, m.sum
        FROM stock_level l
        CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS held FROM stock_reservation r
                            WHERE (r.branch_code, r.sku) = (l.branch_code, l.sku)) r
        CROSS JOIN LATERAL (SELECT sum(delta) AS sum, (array_agg(on_hand_after ORDER BY level_version DESC))[1] AS last
                            FROM stock_movement m WHERE (m.branch_code, m.sku) = (l.branch_code, l.sku)) m
        WHERE r.held <> l.reserved OR m.last <> l.on_hand OR m.sum <> l.on_hand OR l.reserved > l.on_hand
    """
    assert rows(tenant_id, wrong) == []
    broken_chain = """
        SELECT * FROM (SELECT on_hand_before, lag(on_hand_after, 1, 0::bigint) OVER (
            PARTITION BY branch_code, sku ORDER BY level_version) AS told FROM stock_movement) m
        WHERE on_hand_before <> told
    """
    assert rows(tenant_id, broken_chain) == []
    ((on_hand, issued),) = rows(
        tenant_id,
        "SELECT (SELECT sum(on_hand)::bigint FROM stock_level),"
        " (SELECT -sum(delta)::bigint FROM stock_movement WHERE kind = 'ISSUE')",
    )
    assert on_hand == 3 * 6 * 50 - issued


def test_the_last_seven_are_reserved_seven_times(database: object) -> None:
    tenant_id = shop("A", quantity=7)

    def work(_: int) -> None:
        commit(tenant_id, PORT.reserve(tenant_id, uuid4(), [(1, "north", "A", 1)], AT))

    raised = together(32, work)
    assert [error.diag.constraint_name for error in raised if isinstance(error, CheckViolation)] == [SHORT] * 25
    assert len(raised) == 25
    assert rows(tenant_id, "SELECT on_hand, reserved FROM stock_level WHERE branch_code = 'north'") == [(7, 7)]
    assert rows(tenant_id, "SELECT count(*), sum(quantity)::bigint FROM stock_reservation") == [(7, 7)]


def test_an_issue_writes_one_movement_per_line(database: object) -> None:
    tenant_id, order = shop("A", "B", quantity=10), uuid4()
    commit(tenant_id, PORT.reserve(tenant_id, order, [(1, "north", "A", 4), (2, "east", "B", 2)], AT))
    commit(tenant_id, PORT.issue(tenant_id, order, [(2, 2), (1, 3)], AT, "vendor-7", "2026-0001"))
    assert rows(
        tenant_id,
        "SELECT branch_code, sku, level_version, delta, on_hand_before, on_hand_after, reason, reference, order_id,"
        " actor, at FROM stock_movement WHERE kind = 'ISSUE' ORDER BY branch_code",
    ) == [
        ("east", "B", 3, -2, 10, 8, None, "2026-0001", order, "vendor-7", AT),
        ("north", "A", 3, -3, 10, 7, None, "2026-0001", order, "vendor-7", AT),
    ]
    assert isinstance(order, UUID)


def test_where_an_order_holds_some_nobody_else_moves_any_until_it_is_done(database: object) -> None:
    tenant_id, order = shop("A", "B", quantity=10), uuid4()
    commit(tenant_id, PORT.reserve(tenant_id, order, [(1, "north", "A", 4), (2, "east", "B", 2)], AT))
    look = "SELECT branch_code, sku FROM stock_level ORDER BY 1, 2 FOR NO KEY UPDATE SKIP LOCKED"
    free: list[tuple[str, str]] = []

    def others(_: int) -> None:
        free.extend((branch, sku) for branch, sku in rows(tenant_id, look))

    raw, held = connection("default"), PORT.lock_held(tenant_id, order)
    with raw.transaction(), raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        cursor = send(raw, held.sql, held.params)
        assert held.build(cursor.fetchall()) == {1: 10, 2: 10}
        assert together(1, others) == []
    assert set(free) == {(branch, sku) for branch in BRANCHES for sku in "AB"} - {("north", "A"), ("east", "B")}


def test_what_an_override_allowed_once_is_no_credit_for_reservations(database: object) -> None:
    tenant_id, order = shop("A", quantity=5), uuid4()
    commit(tenant_id, PORT.reserve(tenant_id, order, [(1, "north", "A", 3)], AT))
    with pytest.raises(CheckViolation, match=SHORT):
        rows(tenant_id, "UPDATE stock_level SET on_hand = -2 WHERE branch_code = 'north' RETURNING 1")
    with pytest.raises(CheckViolation, match=SHORT):
        rows(tenant_id, "UPDATE stock_level SET on_hand = -2, overdraft = 6 WHERE branch_code = 'north' RETURNING 1")
    rows(tenant_id, "UPDATE stock_level SET on_hand = -2, overdraft = 5 WHERE branch_code = 'north' RETURNING 1")

    def seen() -> tuple[int, int, int]:
        ((on_hand, reserved, overdraft),) = rows(
            tenant_id, "SELECT on_hand, reserved, overdraft FROM stock_level WHERE branch_code = 'north'"
        )
        return on_hand, reserved, overdraft

    def refuses_one() -> bool:
        with pytest.raises(CheckViolation, match=SHORT):
            commit(tenant_id, PORT.reserve(tenant_id, uuid4(), [(1, "north", "A", 1)], AT))
        return True

    assert refuses_one()
    commit(tenant_id, PORT.release(tenant_id, order, [(1, 1)], AT))
    assert (seen(), refuses_one()) == ((-2, 2, 4), True)
    assert receive(tenant_id, "north", "A", 3).available == -1
    assert (seen(), refuses_one()) == ((1, 2, 1), True)
    commit(tenant_id, PORT.issue(tenant_id, order, [(1, 1)], AT, "somebody", ""))
    assert (seen(), refuses_one()) == ((0, 1, 1), True)
    receive(tenant_id, "north", "A", 2)
    assert seen() == (2, 1, 0)
    commit(tenant_id, PORT.reserve(tenant_id, uuid4(), [(1, "north", "A", 1)], AT))
    assert refuses_one()


@pytest.mark.parametrize("analyzed", [False, True])
def test_levels_are_looked_up_by_their_key_whatever_the_statistics(database: object, analyzed: bool) -> None:
    """A tenant with many levels must not pay for all of them in each order."""
    tenant_id, order = registered(), uuid4()
    many = "SELECT 'S' || n AS sku FROM generate_series(1, 400) n"
    rows(
        tenant_id,
        "INSERT INTO stock_item (tenant_id, id, sku, name, version)"
        f" SELECT $1, gen_random_uuid(), sku, sku, 1 FROM ({many}) s RETURNING 1",
        tenant_id,
    )
    rows(
        tenant_id,
        f"INSERT INTO stock_level (tenant_id, id, branch_code, sku, on_hand, version)"
        f" SELECT $1, gen_random_uuid(), 'north', sku, 9, 1 FROM ({many}) s RETURNING 1",
        tenant_id,
    )
    if analyzed:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE stock_level")
    for write in (
        PORT.reserve(tenant_id, order, [(1, "north", "S1", 1)], AT),
        PORT.reserve_again(tenant_id, order, [(1, "north", "S1", 1)], AT),
        PORT.issue_audited(caller(tenant_id), "fulfilOrder", order, [(1, 1)], AT, ""),
        PORT.release(tenant_id, order, [(1, 1)], AT),
        PORT.issue(tenant_id, order, [(1, 1)], AT, "somebody", ""),
    ):
        plan = "\n".join(row[0] for row in rows(tenant_id, f"EXPLAIN {write.sql}", *write.params))
        assert plan.count("Index Scan using stock_level_") == 2, plan
        assert "Seq Scan on stock" not in plan
        assert "Hash Join" not in plan
    read = PORT.lock_held(tenant_id, order)
    plan = "\n".join(row[0] for row in rows(tenant_id, f"EXPLAIN {read.sql}", *read.params))
    assert "Index Scan using stock_level_" in plan
    assert "Seq Scan" not in plan
