"""Random items and levels through the store and back: no column is forgotten."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddd.shared.application.statements import Write
from ddd.shared.domain.ids import new_id
from ddd.shared.domain.text import is_storable
from ddd.shared.infrastructure.statements import connection
from ddd.stock.application.ports import Movement
from ddd.stock.domain.item import Description, Item, Package
from ddd.stock.domain.level import MovementKind, StockLevel
from ddd.stock.infrastructure.store import PostgresStockStore
from tests.builders import fetched, new_tenant_id, rows
from tests.pipeline import SET_TENANT, send

STORE = PostgresStockStore()
AT = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.text(min_size=1, max_size=30).filter(is_storable)
measures = st.none() | st.decimals(min_value=0, max_value=1_000_000, places=3)
packages = st.none() | st.builds(Package, measures, measures, measures, measures).filter(lambda p: p != Package())
descriptions = st.builds(
    Description, texts, st.none() | texts, st.none() | texts, st.none() | st.integers(0, 2**31 - 1), packages
)


def commit(tenant_id: str, *writes: Write) -> None:
    raw = connection("default")
    with raw.transaction(), raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        for write in writes:
            send(raw, write.sql, write.params)


@many
@given(sku=texts, about=descriptions, later=descriptions)
def test_an_item_comes_back_as_it_was_stored(
    database: object, sku: str, about: Description, later: Description
) -> None:
    tenant_id, item = new_tenant_id(), Item(new_id(), sku, about)
    commit(tenant_id, STORE.insert_item(tenant_id, item))
    assert fetched(tenant_id, STORE.item_by_sku(tenant_id, sku)) == item
    assert fetched(tenant_id, STORE.item_by_id(tenant_id, item.id)) == item
    changed = item.described(later).put_away()
    commit(tenant_id, STORE.update_item(tenant_id, changed))
    assert fetched(tenant_id, STORE.item_by_sku(tenant_id, sku, for_change=True)) == changed


@many
@given(
    sku=texts,
    branch=texts,
    quantities=st.lists(st.integers(1, 1_000_000), max_size=3),
    words=st.none() | texts,
    actor=texts,
)
def test_a_level_comes_back_as_it_was_received(
    database: object, sku: str, branch: str, quantities: list[int], words: str | None, actor: str
) -> None:
    tenant_id, item = new_tenant_id(), Item(new_id(), sku, Description("It"))
    level: StockLevel | None = StockLevel(new_id(), branch, sku)
    assert level is not None
    commit(tenant_id, STORE.insert_item(tenant_id, item), STORE.open_level(tenant_id, level))
    ledger: list[tuple[Any, ...]] = []
    for quantity in quantities:
        movement = Movement(new_id(), AT, MovementKind.RECEIPT, words, words, actor)
        commit(tenant_id, STORE.receive(tenant_id, level, quantity, movement))
        before, level = level, level.received(quantity)
        assert level is not None
        told = (quantity, before.on_hand, level.on_hand)
        ledger.append((movement.id, AT, branch, sku, level.version, "RECEIPT", *told, words, words, None, actor))
    assert fetched(tenant_id, STORE.level(tenant_id, branch, sku)) == level
    assert fetched(tenant_id, STORE.level(tenant_id, branch, sku, for_change=True)) == level
    assert fetched(tenant_id, STORE.level_by_id(tenant_id, level.id)) == level
    found = rows(
        tenant_id,
        "SELECT id, at, branch_code, sku, level_version, kind, delta, on_hand_before, on_hand_after, reason, reference,"
        " order_id, actor FROM stock_movement ORDER BY level_version",
    )
    assert found == ledger


def test_a_measure_keeps_the_decimals_it_was_given_with(database: object) -> None:
    tenant_id = new_tenant_id()
    item = Item(new_id(), "A", Description("It", package=Package(Decimal("1.50"), Decimal("0.000"))))
    commit(tenant_id, STORE.insert_item(tenant_id, item))
    package = fetched(tenant_id, STORE.item_by_id(tenant_id, item.id)).about.package
    assert (str(package.weight_kg), str(package.length_cm)) == ("1.50", "0.000")


def test_what_is_not_there_is_none(database: object) -> None:
    tenant_id = new_tenant_id()
    for read in (
        STORE.item_by_sku(tenant_id, "A"),
        STORE.item_by_id(tenant_id, new_id()),
        STORE.branch(tenant_id, "north"),
        STORE.level(tenant_id, "north", "A"),
        STORE.level_by_id(tenant_id, new_id()),
    ):
        assert fetched(tenant_id, read) is None
