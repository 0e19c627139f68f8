"""Receiving goods, through the handler, on PostgreSQL."""

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import ProgrammingError, connections
from psycopg import errors

from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.caller import Caller, Role
from ddd.shared.domain.errors import ErrorCode, PermissionMissing
from ddd.stock.application import queries
from ddd.stock.application.items import archive_item
from ddd.stock.application.levels import receive_stock
from ddd.stock.application.views import StockLevelView
from ddd.stock.domain.level import MAX_ON_HAND
from ddd.stock.infrastructure.models import ItemRow, StockLevelRow
from tests.builders import audited, caller, registered, rows, stock
from tests.integration.stock.support import create, hear_of_branch, key, receive

LEDGER = """
SELECT kind, delta, on_hand_before, on_hand_after, reason, reference, order_id, actor FROM stock_movement
WHERE branch_code = $1 AND sku = $2 ORDER BY level_version
"""


def shop() -> str:
    """A tenant with the branch north and the item A."""
    tenant_id = registered()
    hear_of_branch(tenant_id, "north")
    create(tenant_id, "A")
    return tenant_id


def ask(by: Caller, **given: Any) -> Outcome[StockLevelView]:
    return receive_stock(by, {"branchCode": "north", "sku": "A", "quantity": 1} | given, stock())


def refusals(outcome: Outcome[Any]) -> list[tuple[ErrorCode, tuple[str, ...] | None]]:
    assert outcome.value is None
    return [(refusal.code, refusal.field) for refusal in outcome.errors]


def ledger(tenant_id: str) -> list[tuple[Any, ...]]:
    return rows(tenant_id, LEDGER, "north", "A")


def test_the_first_receipt_opens_the_level_and_the_next_adds_to_it(database: object) -> None:
    tenant_id = shop()
    first = receive(tenant_id, "north", "A", 7, reference="PO-1", reason="spring")
    assert first == StockLevelView(first.id, "north", "A", 7, 0, 7, 0, 1)
    second = receive(tenant_id, "north", "A", 5, expectedVersion=1)
    assert second == StockLevelView(first.id, "north", "A", 12, 0, 12, 0, 2)
    assert queries.stock_level(caller(tenant_id, Role.AUDITOR), "north", "A", stock()) == second
    assert ledger(tenant_id) == [
        ("RECEIPT", 7, 0, 7, "spring", "PO-1", None, "somebody"),
        ("RECEIPT", 5, 7, 12, None, None, None, "somebody"),
    ]
    assert audited(tenant_id)[-2:] == ["receiveStock", "receiveStock"]


def test_sixteen_who_open_a_level_at_once_all_count_and_are_told_exact_numbers(database: object) -> None:
    tenant_id, start = shop(), Barrier(16)
    answers: list[StockLevelView] = []

    def one(quantity: int) -> None:
        ports = stock()
        start.wait()
        outcome = receive_stock(caller(tenant_id), {"branchCode": "north", "sku": "A", "quantity": quantity}, ports)
        assert outcome.value is not None
        answers.append(outcome.value)

    threads = [Thread(target=one, args=(quantity,)) for quantity in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.version for answer in answers) == list(range(1, 17))
    told = [(answer.version, answer.on_hand) for answer in sorted(answers, key=lambda each: each.version)]
    written = [(place, row[3]) for place, row in enumerate(ledger(tenant_id), start=1)]
    assert told == written
    assert told[-1] == (16, sum(range(1, 17)))
    assert len({answer.id for answer in answers}) == 1


def test_a_repeated_key_receives_once(database: object) -> None:
    tenant_id, given = shop(), {"quantity": 3, "idempotencyKey": key()}
    first, again = ask(caller(tenant_id), **given), ask(caller(tenant_id), **given)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.value == again.value
    assert [row[1] for row in ledger(tenant_id)] == [3]


def test_unknown_branch_and_item_are_told_together_and_before_the_rest(database: object) -> None:
    tenant_id = shop()
    outcome = ask(caller(tenant_id), branchCode="nowhere", sku="\x00", quantity=0, expectedVersion=5)
    assert refusals(outcome) == [(ErrorCode.NOT_FOUND, ("branchCode",)), (ErrorCode.NOT_FOUND, ("sku",))]


def test_version_comes_before_input_and_input_before_state(database: object) -> None:
    tenant_id = shop()
    hear_of_branch(tenant_id, "north", version=2, archived=True)
    archive_item(caller(tenant_id), {"sku": "A"}, stock())
    outcome = ask(caller(tenant_id), quantity=0, expectedVersion=5)
    assert refusals(outcome) == [(ErrorCode.VERSION_CONFLICT, ("expectedVersion",))]
    assert outcome.errors[0].details == {"version": 0}
    outcome = ask(caller(tenant_id), quantity=0, reference="\x00", reason="r" * 256, expectedVersion=0)
    assert refusals(outcome) == [
        (ErrorCode.INVALID_INPUT, ("quantity",)),
        (ErrorCode.INVALID_INPUT, ("reference",)),
        (ErrorCode.INVALID_INPUT, ("reason",)),
    ]
    assert refusals(ask(caller(tenant_id))) == [
        (ErrorCode.BRANCH_CLOSED, ("branchCode",)),
        (ErrorCode.INVALID_TRANSITION, ("sku",)),
    ]
    assert ledger(tenant_id) == []
    assert rows(tenant_id, "SELECT count(*) FROM stock_level") == [(0,)]


def test_more_than_a_level_holds_is_bad_input(database: object) -> None:
    tenant_id = shop()
    receive(tenant_id, "north", "A", 1)
    rows(tenant_id, "UPDATE stock_level SET on_hand = $1::bigint RETURNING 1", str(MAX_ON_HAND - 1))
    assert refusals(ask(caller(tenant_id), quantity=2)) == [(ErrorCode.INVALID_INPUT, ("quantity",))]
    assert receive(tenant_id, "north", "A", 1).on_hand == MAX_ON_HAND


def test_a_permission_for_the_callers_branches_ends_at_the_others(database: object) -> None:
    tenant_id = shop()
    hear_of_branch(tenant_id, "south")
    rows(
        tenant_id,
        "UPDATE access_tenant SET version = version + 1, permissions = permissions || $1::jsonb RETURNING 1",
        '{"Worker": {"receiveStock": "BRANCH", "stockLevel": "BRANCH"}}',
    )
    for branches, allowed in ((None, True), (("north",), True), (("south",), False), ((), False)):
        worker = caller(tenant_id, Role.WORKER, branches=branches)
        outcome = ask(worker)
        assert (outcome.value is not None) is allowed
        assert (queries.stock_level(worker, "north", "A", stock()) is not None) is allowed
        if not allowed:
            assert refusals(outcome) == [(ErrorCode.FORBIDDEN, ("branchCode",))]
    assert len(ledger(tenant_id)) == 2


def test_who_may_not_is_told_so(database: object) -> None:
    tenant_id = shop()
    for role in (Role.CUSTOMER, Role.VENDOR, Role.AUDITOR):
        with pytest.raises(PermissionMissing):
            ask(caller(tenant_id, role))
    with pytest.raises(PermissionMissing):
        queries.stock_level(caller(tenant_id, Role.VENDOR), "north", "A", stock())


def test_a_level_of_another_tenant_is_not_there(database: object) -> None:
    theirs, mine = shop(), shop()
    receive(theirs, "north", "A", 5)
    assert queries.stock_level(caller(mine), "north", "A", stock()) is None
    assert queries.stock_level(caller(mine), "\x00", "A", stock()) is None
    assert receive(mine, "north", "A", 2).on_hand == 2


def test_the_ledger_is_never_rewritten(database: object) -> None:
    tenant_id = shop()
    receive(tenant_id, "north", "A", 5)
    for statement in ("UPDATE stock_movement SET delta = 6 RETURNING 1", "DELETE FROM stock_movement RETURNING 1"):
        with pytest.raises(errors.InsufficientPrivilege):
            rows(tenant_id, statement)
    for statement in ("UPDATE stock_movement SET delta = 6", "DELETE FROM stock_movement", "TRUNCATE stock_movement"):
        with connections["owner"].cursor() as cursor, pytest.raises(ProgrammingError, match="never rewritten"):
            cursor.execute(statement)
    assert [row[1] for row in ledger(tenant_id)] == [5]


def test_the_newest_version_of_a_branch_wins(database: object) -> None:
    tenant_id = registered()
    for version, name in ((2, "second"), (1, "first"), (3, "third"), (3, "again"), (2, "late")):
        hear_of_branch(tenant_id, "north", version=version, name=name, archived=version == 3)
    assert rows(tenant_id, "SELECT code, name, archived, version FROM stock_branch") == [("north", "third", True, 3)]


def test_browsing_filters_and_orders_by_what_is_available(database: object) -> None:
    tenant_id = shop()
    hear_of_branch(tenant_id, "south")
    receive(tenant_id, "north", "A", 5)
    receive(tenant_id, "south", "A", 7)
    rows(tenant_id, "UPDATE stock_level SET reserved = 4 WHERE branch_code = 'south' RETURNING 1")
    with stock().reader.scope(caller(tenant_id)):
        found = list(StockLevelRow.objects.filter(available__gte=3).order_by("available"))
        items = list(ItemRow.objects.all())
    assert [(level.branch_code, level.on_hand, level.available) for level in found] == [
        ("south", 7, 3),
        ("north", 5, 5),
    ]
    assert [item.sku for item in items] == ["A"]
