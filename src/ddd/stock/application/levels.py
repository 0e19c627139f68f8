"""Commands on stock levels."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ddd.shared.application.events import AuditEntry
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.application.versions import version_conflict
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id
from ddd.stock.application.checks import name_of, reaches
from ddd.stock.application.ports import LEVEL_TAKEN, Movement, Stock
from ddd.stock.application.views import StockLevelView, level_view
from ddd.stock.domain.level import MAX_ON_HAND, MovementKind, StockLevel


def receive_stock(caller: Caller, given: Mapping[str, Any], stock: Stock) -> Outcome[StockLevelView]:
    """Book goods into a branch; the first receipt opens the level.

    FORBIDDEN at `branchCode` where the caller's permission does not reach the branch. An archived branch is
    BRANCH_CLOSED, an archived item INVALID_TRANSITION: nobody could sell what came in. A level that is not open yet has
    version 0.
    """
    branch_code, sku = name_of(given, "branchCode"), name_of(given, "sku")

    def attempt(tx: Transaction) -> tuple[UUID, StockLevelView] | Refusals:
        branch, item, level = tx.fetch(
            stock.store.branch(caller.tenant_id, branch_code),
            stock.store.item_by_sku(caller.tenant_id, sku),
            stock.store.level(caller.tenant_id, branch_code, sku, for_change=True),
        )
        if not reaches(tx.grant, "receiveStock", branch_code):
            return Refusals.of(ErrorCode.FORBIDDEN, "Your permission does not reach this branch.", ("branchCode",))
        form = Form(given)
        if branch is None:
            form.refuse("branchCode", "There is no branch with this code.", ErrorCode.NOT_FOUND)
        if item is None:
            form.refuse("sku", "There is no item with this SKU.", ErrorCode.NOT_FOUND)
        if branch is None or item is None:
            return Refusals(tuple(form.faults))
        if (conflict := version_conflict(given, level.version if level else 0)) is not None:
            return conflict
        known = level or StockLevel(new_id(), branch.code, item.sku)
        quantity = form.quantity("quantity")
        changed = known.received(quantity)
        if changed is None:
            form.refuse("quantity", f"A level holds at most {MAX_ON_HAND:,} units.")
        movement = Movement(
            new_id(),
            stock.clock.now(),
            MovementKind.RECEIPT,
            reference=form.text("reference"),
            reason=form.text("reason"),
            actor=caller.subject,
        )
        if changed is None or form.refusals is not None:
            return Refusals(tuple(form.faults))
        if branch.archived:
            form.refuse("branchCode", "This branch is closed.", ErrorCode.BRANCH_CLOSED)
        if item.archived:
            form.refuse("sku", "This item is archived.", ErrorCode.INVALID_TRANSITION)
        if form.refusals is not None:
            return form.refusals
        if level is None:
            tx.store(stock.store.open_level(caller.tenant_id, known))
        tx.store(stock.store.receive(caller.tenant_id, known, quantity, movement))
        tx.journal([], _audit(known, changed, movement))
        return known.id, level_view(changed)

    def replay(level_id: UUID) -> StockLevelView | None:
        _, level = stock.reader.fetch(caller, stock.store.level_by_id(caller.tenant_id, level_id))
        return None if level is None else level_view(level)

    return stock.unit_of_work.run(
        caller,
        Command("receiveStock", given.get("idempotencyKey"), given),
        attempt,
        replay=replay,
        races={
            LEVEL_TAKEN: lambda: Refusals.of(ErrorCode.VERSION_CONFLICT, "This level is being opened by somebody else.")
        },
    )


def _audit(before: StockLevel, after: StockLevel, movement: Movement) -> AuditEntry:
    return AuditEntry(
        "receiveStock",
        "stock_level",
        after.id,
        before={"on_hand": before.on_hand, "version": before.version},
        after={"on_hand": after.on_hand, "version": after.version, "movement": str(movement.id)},
    )
