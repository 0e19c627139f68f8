"""cancelOrder: whole or named lines, what has not left; its stock is free again in the same commit."""

from collections.abc import Mapping
from typing import Any

from ddd.orders.application.change_order import Change, change_order, chosen_quantities, tracked
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.orders.domain.parts import CancelReason, what_is_left
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import Refusals
from ddd.shared.domain.text import MAX_NOTE


def cancel_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Cancel the order or some of its units. A Vendor that names no lines cancels its own and open ones."""

    def decide(change: Change) -> list[Write] | Refusals:
        order, form = change.order, change.form
        note = form.text("note", limit=MAX_NOTE)
        whole = not form.has("lines") and change.sight.is_whole
        # Of the whole order packed units are cancelled too, with their shipments.
        quantities = what_is_left(order.lines) if whole else chosen_quantities(change)
        if form.faults:
            return Refusals(tuple(form.faults))
        refused = order.cancel(
            quantities,
            whole=whole,
            reason=CancelReason(form.raw("reason")),
            note=note,
            actor=change.actor,
            at=change.now,
        )
        if refused is not None:
            return refused
        return freed(change, quantities, orders)

    return change_order(caller, given, "cancelOrder", orders, decide)


def freed(change: Change, quantities: Mapping[int, int], orders: Orders) -> list[Write]:
    """The stock that cancelled units need no more, free again."""
    held = tracked(change.order, quantities)
    return [orders.stock.release(change.caller.tenant_id, change.order.id, held, change.now)] if held else []
