"""Returned units among reservations, from many threads: no deadlock, the ledger's chain unbroken, no unit made."""

import random
from collections import Counter
from threading import Lock
from uuid import uuid4

import pytest
from django.db import connections
from psycopg.errors import CheckViolation

from ddd.stock.application.reservations import SHORT
from tests.builders import registered, rows
from tests.integration.stock.test_reserving_at_once import AT, BRANCHES, PORT, commit, shop, together


def test_twelve_threads_sell_and_take_back_the_same_skus_in_any_order(database: object) -> None:
    skus = [f"S{n}" for n in range(5)]
    tenant_id = shop(*skus, quantity=20)
    counts: Counter[str] = Counter()
    lock = Lock()

    def work(place: int) -> None:
        dice = random.Random(place)
        for _ in range(20):
            order = uuid4()
            lines = [
                (line_no, dice.choice(BRANCHES), sku, dice.randint(1, 3))
                for line_no, sku in enumerate(dice.sample(skus, dice.randint(2, 5)), start=1)
            ]
            try:
                commit(tenant_id, PORT.reserve(tenant_id, order, lines, AT))
            except CheckViolation as error:
                with lock:
                    counts[str(error.diag.constraint_name)] += 1
                continue
            sold = [(line_no, quantity) for line_no, _, _, quantity in lines]
            commit(tenant_id, PORT.issue(tenant_id, order, sold, AT, "somebody", "ref"))
            returned = [
                (line_no, branch, sku, dice.randint(1, quantity))
                for line_no, branch, sku, quantity in dice.sample(lines, dice.randint(1, len(lines)))
            ]
            commit(tenant_id, PORT.take_back(tenant_id, order, returned, AT, "somebody", "ref"))
            with lock:
                counts["sold"] += sum(quantity for _, quantity in sold)
                counts["returned"] += sum(quantity for *_, quantity in returned)

    assert together(12, work) == []
    assert set(counts) == {SHORT, "sold", "returned"}
    broken = """
        SELECT * FROM (SELECT on_hand_before, on_hand_after, delta, lag(on_hand_after, 1, 0::bigint) OVER (
            PARTITION BY branch_code, sku ORDER BY level_version) AS told FROM stock_movement) m
        WHERE on_hand_before <> told OR on_hand_after <> on_hand_before + delta
    """
    assert rows(tenant_id, broken) == []
    wrong = """
        SELECT * FROM stock_level l WHERE reserved <> 0 OR overdraft <> 0 OR on_hand <>
            (SELECT sum(delta) FROM stock_movement m WHERE (m.branch_code, m.sku) = (l.branch_code, l.sku))
    """
    assert rows(tenant_id, wrong) == []
    moved = rows(tenant_id, "SELECT kind, sum(delta)::bigint FROM stock_movement GROUP BY 1 ORDER BY 1")
    assert moved == [("ISSUE", -counts["sold"]), ("RECEIPT", 3 * 5 * 20), ("RETURN", counts["returned"])]


def test_taking_back_writes_one_movement_per_line_with_the_levels_own_before_and_after(database: object) -> None:
    tenant_id, order = shop("A", "B", quantity=10), uuid4()
    commit(tenant_id, PORT.reserve(tenant_id, order, [(1, "north", "A", 4), (2, "east", "B", 2)], AT))
    commit(tenant_id, PORT.issue(tenant_id, order, [(1, 4), (2, 2)], AT, "vendor-7", "2026-0001"))
    back = [(2, "east", "B", 1), (1, "north", "A", 3)]
    commit(tenant_id, PORT.take_back(tenant_id, order, back, AT, "clerk", "2026-0001"))
    assert rows(
        tenant_id,
        "SELECT branch_code, sku, level_version, delta, on_hand_before, on_hand_after, reason, reference, order_id,"
        " actor, at FROM stock_movement WHERE kind = 'RETURN' ORDER BY branch_code",
    ) == [
        ("east", "B", 4, 1, 8, 9, None, "2026-0001", order, "clerk", AT),
        ("north", "A", 4, 3, 6, 9, None, "2026-0001", order, "clerk", AT),
    ]


def test_what_comes_back_pays_an_override_off_before_anybody_may_reserve_it(database: object) -> None:
    tenant_id, order = shop("A", quantity=5), uuid4()
    commit(tenant_id, PORT.reserve(tenant_id, order, [(1, "north", "A", 3)], AT))
    commit(tenant_id, PORT.issue(tenant_id, order, [(1, 3)], AT, "somebody", ""))
    commit(tenant_id, PORT.reserve(tenant_id, uuid4(), [(1, "north", "A", 2)], AT))
    rows(tenant_id, "UPDATE stock_level SET on_hand = 0, overdraft = 2 WHERE branch_code = 'north' RETURNING 1")
    commit(tenant_id, PORT.take_back(tenant_id, order, [(1, "north", "A", 1)], AT, "somebody", ""))
    state = "SELECT on_hand, reserved, overdraft FROM stock_level WHERE branch_code = 'north'"
    assert rows(tenant_id, state) == [(1, 2, 1)]
    with pytest.raises(CheckViolation, match=SHORT):
        commit(tenant_id, PORT.reserve(tenant_id, uuid4(), [(1, "north", "A", 1)], AT))
    commit(tenant_id, PORT.take_back(tenant_id, order, [(1, "north", "A", 2)], AT, "somebody", ""))
    assert rows(tenant_id, state) == [(3, 2, 0)]


@pytest.mark.parametrize("analyzed", [False, True])
def test_levels_are_looked_up_by_their_key_whatever_the_statistics(database: object, analyzed: bool) -> None:
    tenant_id = registered()
    many = "SELECT 'S' || n AS sku FROM generate_series(1, 400) n"
    rows(
        tenant_id,
        "INSERT INTO stock_item (tenant_id, id, sku, name, version)"
        f" SELECT $1, gen_random_uuid(), sku, sku, 1 FROM ({many}) s RETURNING 1",
        tenant_id,
    )
    rows(
        tenant_id,
        "INSERT INTO stock_level (tenant_id, id, branch_code, sku, on_hand, version)"
        f" SELECT $1, gen_random_uuid(), 'north', sku, 9, 1 FROM ({many}) s RETURNING 1",
        tenant_id,
    )
    if analyzed:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE stock_level")
    write = PORT.take_back(tenant_id, uuid4(), [(1, "north", "S1", 1)], AT, "somebody", "")
    plan = "\n".join(row[0] for row in rows(tenant_id, f"EXPLAIN {write.sql}", *write.params))
    assert plan.count("Index Scan using stock_level_") == 2, plan
    assert "Seq Scan on stock" not in plan
