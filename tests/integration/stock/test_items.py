"""The catalogue through its handlers, on PostgreSQL."""

from decimal import Decimal
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import ErrorCode, PermissionMissing
from ddd.stock.application import queries
from ddd.stock.application.items import archive_item, create_item, update_item
from ddd.stock.application.views import ItemView
from ddd.stock.domain.item import Package
from tests.builders import audited, caller, published, registered, rows, stock
from tests.integration.stock.support import create, key


def refusals(outcome: Outcome[Any]) -> list[tuple[ErrorCode, tuple[str, ...] | None]]:
    assert outcome.value is None
    return [(refusal.code, refusal.field) for refusal in outcome.errors]


def changes(tenant_id: str) -> list[tuple[int, str]]:
    return [(sequence, type_) for sequence, type_ in published(tenant_id) if type_.startswith("item.")]


def test_a_created_item_is_read_back_published_and_audited(database: object) -> None:
    tenant_id = registered()
    given = {
        "description": "Eight boxes",
        "unit": "box",
        "minStockLevel": 5,
        "package": {"weightKg": "1.50", "lengthCm": 30, "heightCm": 0.5},
    }
    view = create(tenant_id, "CHAI-1", **given)
    package = Package(Decimal("1.50"), Decimal(30), None, Decimal("0.5"))
    assert view == ItemView(view.id, "CHAI-1", "Item CHAI-1", "Eight boxes", "box", 5, package, False, 1)
    assert queries.item(caller(tenant_id, Role.AUDITOR), "CHAI-1", stock()) == view
    event = "SELECT sequence, type, payload->>'sku', payload->>'name' FROM outbox WHERE aggregate = 'item'"
    assert rows(tenant_id, event) == [(1, "item.changed.v1", "CHAI-1", "Item CHAI-1")]
    assert audited(tenant_id)[-1] == "createItem"


def test_every_fault_is_told_in_input_order_and_nothing_is_written(database: object) -> None:
    tenant_id = registered()
    outcome = create_item(
        caller(tenant_id),
        {
            "sku": "S" * 256,
            "name": "  ",
            "description": "\x00",
            "minStockLevel": -1,
            "package": {"weightKg": "-1", "lengthCm": "1e3", "widthCm": "1000000.1", "heightCm": "1000000"},
        },
        stock(),
    )
    assert refusals(outcome) == [
        (ErrorCode.INVALID_INPUT, path)
        for path in (
            ("sku",),
            ("name",),
            ("description",),
            ("minStockLevel",),
            ("package", "weightKg"),
            ("package", "lengthCm"),
            ("package", "widthCm"),
        )
    ]
    assert rows(tenant_id, "SELECT count(*) FROM stock_item") == [(0,)]
    assert changes(tenant_id) == []


def test_a_sku_that_is_there_is_refused_with_its_items_id(database: object) -> None:
    tenant_id = registered()
    there = create(tenant_id, "A")
    archive_item(caller(tenant_id), {"sku": "A"}, stock())
    outcome = create_item(caller(tenant_id), {"sku": "A", "name": ""}, stock())
    assert refusals(outcome) == [(ErrorCode.ALREADY_EXISTS, ("sku",)), (ErrorCode.INVALID_INPUT, ("name",))]
    assert outcome.errors[0].details == {"id": str(there.id)}
    assert create(tenant_id, "a").sku == "a"
    assert create(registered(), "A").sku == "A"


def test_of_eight_who_create_one_sku_at_once_one_does(database: object) -> None:
    tenant_id, start = registered(), Barrier(8)
    outcomes: list[Outcome[ItemView]] = []

    def one() -> None:
        ports = stock()
        start.wait()
        outcomes.append(create_item(caller(tenant_id), {"sku": "A", "name": "A"}, ports))

    threads = [Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (made,) = [outcome.value for outcome in outcomes if outcome.value is not None]
    others = [outcome for outcome in outcomes if outcome.value is None]
    assert [(o.errors[0].code, o.errors[0].details) for o in others] == [
        (ErrorCode.ALREADY_EXISTS, {"id": str(made.id)})
    ] * 7
    assert changes(tenant_id) == [(1, "item.changed.v1")]


def test_a_repeated_key_answers_the_item_as_it_is_now(database: object) -> None:
    tenant_id, given = registered(), {"sku": "A", "name": "A", "idempotencyKey": key()}
    first = create_item(caller(tenant_id), given, stock())
    update_item(caller(tenant_id), {"sku": "A", "name": "B"}, stock())
    again = create_item(caller(tenant_id), given, stock())
    assert (first.replayed, again.replayed) == (False, True)
    assert again.value is not None
    assert (again.value.name, again.value.version) == ("B", 2)
    other = create_item(caller(tenant_id), {**given, "name": "C"}, stock())
    assert refusals(other) == [(ErrorCode.IDEMPOTENCY_KEY_REUSED, ("idempotencyKey",))]


def test_an_update_changes_what_is_given_and_empties_what_is_empty(database: object) -> None:
    tenant_id = registered()
    create(tenant_id, "A", description="d", unit="box", minStockLevel=3, package={"weightKg": "1"})
    first = update_item(
        caller(tenant_id), {"sku": "A", "name": "New", "unit": None, "expectedVersion": 1}, stock()
    ).value
    assert first is not None
    assert (first.name, first.description, first.unit, first.min_stock_level, first.version) == (
        "New",
        "d",
        "box",
        3,
        2,
    )
    second = update_item(
        caller(tenant_id), {"sku": "A", "description": "", "unit": "", "minStockLevel": 0, "package": {}}, stock()
    ).value
    assert second == ItemView(first.id, "A", "New", None, None, 0, None, False, 3)
    assert queries.item(caller(tenant_id), "A", stock()) == second
    assert changes(tenant_id) == [(n, "item.changed.v1") for n in (1, 2, 3)]
    assert rows(
        tenant_id, "SELECT before, after FROM audit_log WHERE operation = 'updateItem' ORDER BY id LIMIT 1"
    ) == [('{"name": "Item A", "version": 1}', '{"name": "New", "version": 2}')]


def test_an_update_that_changes_nothing_makes_no_version(database: object) -> None:
    tenant_id = registered()
    view = create(tenant_id, "A", unit="box")
    assert update_item(caller(tenant_id), {"sku": "A", "unit": "box"}, stock()).value == view
    assert changes(tenant_id) == [(1, "item.changed.v1")]


def test_an_item_is_archived_once_and_then_stays_as_it_is(database: object) -> None:
    tenant_id = registered()
    create(tenant_id, "A")
    archived = archive_item(caller(tenant_id), {"sku": "A", "expectedVersion": 1}, stock()).value
    assert archived is not None
    assert (archived.archived, archived.version) == (True, 2)
    assert refusals(archive_item(caller(tenant_id), {"sku": "A"}, stock())) == [
        (ErrorCode.INVALID_TRANSITION, ("sku",))
    ]
    update = update_item(caller(tenant_id), {"sku": "A", "name": "B"}, stock())
    assert refusals(update) == [(ErrorCode.INVALID_TRANSITION, ("sku",))]
    assert queries.item(caller(tenant_id), "A", stock()) == archived


@pytest.mark.parametrize("change", [update_item, archive_item])
def test_existence_comes_before_version_and_version_before_input(database: object, change: Any) -> None:
    tenant_id = registered()
    create(tenant_id, "A")
    for sku in ("B", "\x00", "\ud800", "A" * 300):
        outcome = change(caller(tenant_id), {"sku": sku, "expectedVersion": 9, "name": ""}, stock())
        assert refusals(outcome) == [(ErrorCode.NOT_FOUND, ("sku",))]
    outcome = change(caller(tenant_id), {"sku": "A", "expectedVersion": 9, "name": ""}, stock())
    assert refusals(outcome) == [(ErrorCode.VERSION_CONFLICT, ("expectedVersion",))]
    assert outcome.errors[0].details == {"version": 1}


def test_an_item_of_another_tenant_is_not_there(database: object) -> None:
    mine, theirs = registered(), registered()
    create(theirs, "A")
    assert queries.item(caller(mine), "A", stock()) is None
    assert queries.item(caller(mine), "\x00", stock()) is None
    assert refusals(update_item(caller(mine), {"sku": "A", "name": "X"}, stock())) == [(ErrorCode.NOT_FOUND, ("sku",))]


def test_who_may_not_is_told_so(database: object) -> None:
    tenant_id = registered()
    for role in (Role.CUSTOMER, Role.VENDOR, Role.WORKER, Role.AUDITOR):
        with pytest.raises(PermissionMissing):
            create_item(caller(tenant_id, role), {"sku": "A", "name": "A"}, stock())
    with pytest.raises(PermissionMissing):
        queries.item(caller(tenant_id, Role.CUSTOMER), "A", stock())


def test_the_runtime_has_no_privilege_to_change_a_sku(database: object) -> None:
    tenant_id = registered()
    item: UUID = create(tenant_id, "A").id
    with pytest.raises(errors.InsufficientPrivilege):
        rows(tenant_id, "UPDATE stock_item SET sku = 'B' WHERE id = $1 RETURNING 1", str(item))
