"""Drafts: orders that a branch writes before it places them.

A draft reserves nothing and takes no payment; its lines, amounts and people may change as often as somebody likes.
Submitted, it is an order as a checkout places one. A workflow may send a placed order back to be a draft again: that
one keeps its version of the workflow, its payments and what was cancelled of it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from ddd.orders.domain.actions import guard
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor
from ddd.orders.domain.placing import is_checkouts, placed_data
from ddd.orders.domain.status import OrderStatus
from ddd.orders.domain.workflow import Way
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals

#: What an edit replaces of an order.
_REVISED = (
    "channel external_ref currency customer shipping_address billing_address subtotal discount_total shipping_total "
    "tax_total total taxes_included branch_code note metadata terms"
).split()
#: Input fields that the order's amounts come of.
_PRICED = ("currency", "lines", "shipping", "discounts", "taxes", "taxesIncluded")


def record_drafted(order: Order, actor: Actor, at: datetime) -> None:
    """The draft as it was first written."""
    order.tell("order.drafted", actor, at, placed_data(order))
    order.go_on(actor, at)


def edit(order: Order, revised: Order, fields: Collection[str], *, actor: Actor, at: datetime) -> Refusals | None:
    """Take over what another reading of the draft says. `fields`: the input's fields that it differs in.

    The event names them all; before and after it tells of those that are no person's values nor free data.
    """
    refused = guard("editDraftOrder", order, at) or _why_not_revise(order, revised, fields)
    if refused is not None or not fields:
        return refused
    before = placed_data(order)
    order.touch(at)
    for name in _REVISED:
        setattr(order, name, getattr(revised, name))
    if "lines" in fields:
        order.lines = revised.lines
    order.notes = {
        **{about: words for about, words in order.notes.items() if not is_checkouts(about)},
        **revised.notes,
    }
    after = placed_data(order)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    order.tell(
        "order.edited",
        actor,
        at,
        {
            "fields": list(fields),
            "before": {name: before.get(name) for name in changed},
            "after": {name: after.get(name) for name in changed},
        },
    )
    return None


def submit(order: Order, *, version: int, way: Way, actor: Actor, at: datetime) -> None:
    """The draft, its lines allocated, becomes a placed order. `version`, `way`: of the workflow for new orders.

    A draft that was never submitted is placed now, under that version; the outcomes of another version's steps stay
    behind. What a workflow sent back keeps the version and the time it was placed at.
    """
    is_new = not order.was_submitted
    order.touch(at)
    order.submitted_at = at
    if is_new:
        order.placed_at = at
    order.tell(
        "order.submitted",
        actor,
        at,
        {
            "placedAt": order.placed_at.isoformat(),
            "workflowVersion": version if is_new else order.workflow_version,
            "lines": [
                {"lineNo": line.line_no, "branchCode": line.branch_code, "quantity": line.reserved_quantity}
                for line in order.lines
                if line.reserved_quantity
            ],
            "status": {"before": OrderStatus.DRAFT.value, "after": order.status.value},
        },
    )
    if is_new and version != order.workflow_version:
        order.workflow_version, order.way = version, way
        order.steps = without_outcomes(order.steps)
    order.go_on(actor, at)


def fulfil(order: Order, *, shipment_id: UUID, actor: Actor, at: datetime) -> Refusals | None:
    """Every open unit leaves at once, in one shipment."""
    left = order.left(order.lines)
    refused = guard("fulfilOrder", order, at) or order.ship(
        left,
        shipment_id=shipment_id,
        carrier=None,
        tracking_reference=None,
        tracking_url=None,
        shipped_at=at,
        actor=actor,
        at=at,
    )
    if refused is not None:
        return refused
    lines = [
        {"lineNo": number, "branchCode": order.line(number).branch_code, "quantity": units}
        for number, units in left.items()
    ]
    order.tell("order.fulfilled", actor, at, {"shipmentId": str(shipment_id), "lines": lines})
    return None


def without_outcomes(steps: Mapping[str, Any]) -> dict[str, Any]:
    """What of an order's steps goes along to another version."""
    return {name: kept for name, kept in steps.items() if name != "outcomes"}


def _why_not_revise(order: Order, revised: Order, fields: Collection[str]) -> Refusals | None:
    """What was paid and cancelled of an order that was sent back stays true."""
    prices = [name for name in _PRICED if name in fields]
    if not prices:
        return None
    if any(line.cancelled_quantity for line in order.lines):
        message = "Units of this order were cancelled: what it costs stands."
        return Refusals(tuple(Refusal(ErrorCode.INVALID_TRANSITION, message, (name,)) for name in prices))
    if order.payments and revised.currency != order.currency:
        message = f"The payments of this order are in {order.currency}."
        return Refusals.of(ErrorCode.CURRENCY_MISMATCH, message, ("currency",))
    if order.captured - order.refunded > revised.total:
        return Refusals.of(ErrorCode.INVALID_INPUT, "More was paid than the order would come to.")
    return None
