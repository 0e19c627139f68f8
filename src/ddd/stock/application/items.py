"""Commands on the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from ddd.published import to_payload
from ddd.published.stock import ItemChanged
from ddd.shared.application.events import AuditEntry, OutboxEvent
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.application.versions import version_conflict
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id
from ddd.shared.domain.text import MAX_NOTE
from ddd.stock.application.checks import name_of
from ddd.stock.application.ports import SKU_TAKEN, Stock
from ddd.stock.application.views import ItemView, item_view
from ddd.stock.domain.item import MAX_MEASURE, Description, Item, Package

Attempt = Callable[[Transaction], tuple[UUID, ItemView] | Refusals]

_NO_ITEM = Refusals.of(ErrorCode.NOT_FOUND, "There is no item with this SKU.", ("sku",))
_MEASURES = ("weightKg", "lengthCm", "widthCm", "heightCm")


def create_item(caller: Caller, given: Mapping[str, Any], stock: Stock) -> Outcome[ItemView]:
    """Put an item into the catalogue. A SKU that is there, also archived, is ALREADY_EXISTS with the item's id."""
    sku = name_of(given, "sku")

    def attempt(tx: Transaction) -> tuple[UUID, ItemView] | Refusals:
        (taken,) = tx.fetch(stock.store.item_by_sku(caller.tenant_id, sku))
        form = Form(given)
        form.required_text("sku")
        if taken is not None:
            form.refuse("sku", "There is an item with this SKU.", ErrorCode.ALREADY_EXISTS, {"id": str(taken.id)})
        about = _describe(form, None)
        if form.refusals is not None:
            return form.refusals
        item = Item(new_id(), sku, about)
        tx.store(stock.store.insert_item(caller.tenant_id, item))
        return _keep(tx, "createItem", None, item)

    return _run(caller, "createItem", given, attempt, stock)


def update_item(caller: Caller, given: Mapping[str, Any], stock: Stock) -> Outcome[ItemView]:
    """Change an item's description: what is not given, or null, stays. The SKU names the item.

    An empty text or package empties the field. A description that stands already makes no new version.
    """

    def attempt(tx: Transaction) -> tuple[UUID, ItemView] | Refusals:
        (item,) = tx.fetch(stock.store.item_by_sku(caller.tenant_id, name_of(given, "sku"), for_change=True))
        if item is None:
            return _NO_ITEM
        if (conflict := version_conflict(given, item.version)) is not None:
            return conflict
        form = Form(given)
        about = _describe(form, item.about)
        if form.refusals is not None:
            return form.refusals
        if item.archived:
            return _archived()
        if about == item.about:
            return item.id, item_view(item)
        changed = item.described(about)
        tx.store(stock.store.update_item(caller.tenant_id, changed))
        return _keep(tx, "updateItem", item, changed)

    return _run(caller, "updateItem", given, attempt, stock)


def archive_item(caller: Caller, given: Mapping[str, Any], stock: Stock) -> Outcome[ItemView]:
    """Sell an item no more. What is reserved still ships, what lies in stock stays; there is no way back."""

    def attempt(tx: Transaction) -> tuple[UUID, ItemView] | Refusals:
        (item,) = tx.fetch(stock.store.item_by_sku(caller.tenant_id, name_of(given, "sku"), for_change=True))
        if item is None:
            return _NO_ITEM
        if (conflict := version_conflict(given, item.version)) is not None:
            return conflict
        if item.archived:
            return _archived()
        changed = item.put_away()
        tx.store(stock.store.update_item(caller.tenant_id, changed))
        return _keep(tx, "archiveItem", item, changed)

    return _run(caller, "archiveItem", given, attempt, stock)


def _run(caller: Caller, operation: str, given: Mapping[str, Any], attempt: Attempt, stock: Stock) -> Outcome[ItemView]:
    def replay(item_id: UUID) -> ItemView | None:
        _, item = stock.reader.fetch(caller, stock.store.item_by_id(caller.tenant_id, item_id))
        return None if item is None else item_view(item)

    return stock.unit_of_work.run(
        caller,
        Command(operation, given.get("idempotencyKey"), given),
        attempt,
        replay=replay,
        races={
            SKU_TAKEN: lambda: Refusals.of(ErrorCode.ALREADY_EXISTS, "There is an item with this SKU.", ("sku",)),
        },
        drain=True,
    )


def _keep(tx: Transaction, operation: str, before: Item | None, item: Item) -> tuple[UUID, ItemView]:
    changed = ItemChanged(str(item.id), item.version, item.sku, item.about.name, item.archived)
    event = OutboxEvent("item", item.id, item.version, ItemChanged.type, to_payload(changed))
    old, new = _plain(before), _plain(item)
    names = [name for name in new if name not in old or old[name] != new[name]]
    tx.journal(
        [event],
        AuditEntry(
            operation,
            "item",
            item.id,
            before={name: old[name] for name in names if name in old},
            after={name: new[name] for name in names},
        ),
    )
    return item.id, item_view(item)


def _plain(item: Item | None) -> dict[str, Any]:
    if item is None:
        return {}
    return {"sku": item.sku, **asdict(item.about), "archived": item.archived, "version": item.version}


def _archived() -> Refusals:
    return Refusals.of(ErrorCode.INVALID_TRANSITION, "This item is archived.", ("sku",))


def _describe(form: Form, now: Description | None) -> Description:
    """The description that is asked for, over the present one where there is one; faults are noted in the form."""
    there = now or Description(name="")
    return Description(
        name=form.required_text("name") if now is None or form.has("name") else there.name,
        description=form.text("description", limit=MAX_NOTE) or None if form.has("description") else there.description,
        unit=form.text("unit") or None if form.has("unit") else there.unit,
        min_stock_level=_minimum(form) if form.has("minStockLevel") else there.min_stock_level,
        package=_package(form) if form.has("package") else there.package,
    )


def _minimum(form: Form) -> int | None:
    value = form.raw("minStockLevel")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        form.refuse("minStockLevel", "This is a whole number of units, from 0.")
        return None
    return value


def _package(form: Form) -> Package | None:
    sub = form.sub("package")
    if sub is None:
        return None
    measures: list[Decimal | None] = []
    for name in _MEASURES:
        value = sub.decimal(name)
        if value is not None and value > MAX_MEASURE:
            sub.refuse(name, f"This must be at most {MAX_MEASURE:,}.")
        measures.append(value)
    package = Package(*measures)
    return None if package == Package() else package
