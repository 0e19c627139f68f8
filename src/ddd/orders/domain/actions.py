"""What may be done with an order now, and why not: asked by every mutation, and by `availableActions`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, Protocol

from ddd.orders.domain.parts import (
    OrderLine,
    Refund,
    RefundStatus,
    Return,
    ReturnStatus,
    Shipment,
    ShipmentStatus,
    what_is_left,
)
from ddd.orders.domain.status import OrderStatus
from ddd.orders.domain.workflow import Course, Performing
from ddd.published.workflow import PerformerKind
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals


class State(Protocol):
    """What the rules look at. The order itself asks them, so they do not know it by name."""

    lines: list[OrderLine]
    shipments: list[Shipment]
    returns: list[Return]
    refunds: list[Refund]

    @property
    def status(self) -> OrderStatus: ...
    @property
    def was_submitted(self) -> bool: ...
    @property
    def is_paid(self) -> bool: ...
    @property
    def amount_due(self) -> int: ...
    @property
    def overpaid(self) -> int: ...
    @property
    def reviewer(self) -> str | None: ...
    def course(self) -> Course: ...
    def is_held(self, now: datetime) -> bool: ...
    def returnable(self, line: OrderLine) -> int: ...
    def refundable(self, line: OrderLine) -> int: ...
    def worth(self, quantities: Mapping[int, int]) -> int: ...
    def refund_limit(self, cap_percent: Fraction) -> int: ...


_CANCELLABLE = frozenset({OrderStatus.DRAFT, OrderStatus.PENDING, OrderStatus.CONFIRMED})
_LINES_CANCELLABLE = _CANCELLABLE | {OrderStatus.PARTIALLY_SHIPPED}
_ENDED = frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED})
_PACKABLE = frozenset({OrderStatus.CONFIRMED, OrderStatus.PARTIALLY_SHIPPED})
#: In the plain workflow a PENDING order may ship (pay later); shipping confirms it in the same commit.
_SHIPPABLE = _PACKABLE | {OrderStatus.PENDING}
#: Fulfilling is all or nothing: of these nothing has left.
_FULFILLABLE = frozenset({OrderStatus.PENDING, OrderStatus.CONFIRMED})
_COMPLETABLE = frozenset({OrderStatus.SHIPPED, OrderStatus.PARTIALLY_DELIVERED, OrderStatus.DELIVERED})


@dataclass(frozen=True, slots=True)
class Situation:
    """An order as one caller may act on it: the lines in its sight, and the shipments that are wholly theirs."""

    order: State
    lines: Sequence[OrderLine]
    now: datetime
    #: No lines are named, and the caller sees all of them.
    is_whole: bool = False
    #: The caller, where it may be a step's turn.
    performing: Performing | None = None

    @property
    def status(self) -> OrderStatus:
        return self.order.status

    @property
    def has_left(self) -> bool:
        """Whether some unit may still be packed, shipped or cancelled by name."""
        return bool(what_is_left(self.lines, self.order.shipments))

    @property
    def shipments(self) -> list[Shipment]:
        seen = {line.line_no for line in self.lines}
        return [each for each in self.order.shipments if all(line.line_no in seen for line in each.lines)]


def why_not(action: str, situation: Situation) -> Refusal | None:
    """Why no form of the action would be taken now, or None. KeyError for what is no action on an order."""
    return _RULES[action](situation)


def guard(
    action: str, order: State, now: datetime, *, is_whole: bool = False, performing: Performing | None = None
) -> Refusals | None:
    """What every change of an order asks first."""
    refusal = why_not(action, Situation(order, order.lines, now, is_whole, performing))
    return None if refusal is None else Refusals((refusal,))


def _no(message: str, code: ErrorCode = ErrorCode.INVALID_TRANSITION) -> Refusal:
    return Refusal(code, message)


def _held(situation: Situation) -> Refusal | None:
    held = situation.order.is_held(situation.now)
    return _no("The order is held.", ErrorCode.ON_HOLD) if held else None


def _first(refused: Refusals | None) -> Refusal | None:
    return None if refused is None else refused.items[0]


def _leave(situation: Situation) -> Refusal | None:
    """What the workflow says of goods that leave."""
    order = situation.order
    return _first(order.course().why_not_ship(order.status.value, is_paid=order.is_paid))


def _cancel(situation: Situation) -> Refusal | None:
    status = situation.status
    if status not in (_CANCELLABLE if situation.is_whole else _LINES_CANCELLABLE):
        whole = " as a whole" if status in _LINES_CANCELLABLE else ""
        return _no(f"A {status} order cannot be cancelled{whole}.")
    # Of the whole order packed units are cancelled too, with their shipments.
    has_left = bool(what_is_left(situation.lines)) if situation.is_whole else situation.has_left
    is_empty = situation.is_whole and not situation.order.lines  # a draft that nobody added a line to
    return None if has_left or is_empty else _no("Nothing is left to cancel.")


def _edit(situation: Situation) -> Refusal | None:
    status = situation.status
    return None if status is OrderStatus.DRAFT else _no(f"A {status} order is no draft.")


def _submit(situation: Situation) -> Refusal | None:
    order = situation.order
    refused = _edit(situation)
    if refused is not None or not order.lines:
        return refused or _no("A draft without lines cannot be submitted.")
    return _first(order.course().why_not_leave("DRAFT", "PENDING"))


def _fulfil(situation: Situation) -> Refusal | None:
    if situation.status not in _FULFILLABLE:
        return _no(f"A {situation.status} order cannot be fulfilled.")
    if any(each.holds_back for each in situation.order.shipments):
        return _no("Some of it is packed: dispatch or cancel those shipments.")
    return _held(situation) or _leave(situation)


def _ship(situation: Situation) -> Refusal | None:
    if situation.status not in _SHIPPABLE:
        return _no(f"A {situation.status} order cannot be shipped.")
    nothing = None if situation.has_left else _no("Nothing is left to ship.")
    return _held(situation) or nothing or _leave(situation)


def _confirm(situation: Situation) -> Refusal | None:
    if situation.status is not OrderStatus.PENDING:
        return _no(f"A {situation.status} order cannot be confirmed.")
    return _first(situation.order.course().why_not_confirm(is_paid=situation.order.is_paid))


def _pay(situation: Situation) -> Refusal | None:
    """Money that moved is recorded, of a cancelled order too: it can go back only where it is known."""
    is_new = situation.status is OrderStatus.DRAFT and not situation.order.was_submitted
    return _no("A DRAFT order takes no payment.") if is_new else None


def _pack(situation: Situation) -> Refusal | None:
    if situation.status not in _PACKABLE:
        return _no(f"Nothing of a {situation.status} order can be packed.")
    return _held(situation) or (None if situation.has_left else _no("Nothing is left to pack."))


def _some_shipment(
    message: str,
    *wanted: ShipmentStatus,
    held: bool,
    then: Callable[[Situation], Refusal | None] = lambda _: None,
) -> Callable[[Situation], Refusal | None]:
    def rule(situation: Situation) -> Refusal | None:
        if not any(each.status in wanted for each in situation.shipments):
            return _no(message)
        return (_held(situation) if held else None) or then(situation)

    return rule


def _arrive(situation: Situation) -> Refusal | None:
    """Goods that arrive while others wait to leave bring the order nowhere; else its status is left."""
    order = situation.order
    if order.status not in (OrderStatus.SHIPPED, OrderStatus.PARTIALLY_DELIVERED):
        return None
    return _first(order.course().why_not_leave(order.status.value, "DELIVERED"))


def _complete(situation: Situation) -> Refusal | None:
    if situation.status not in _COMPLETABLE:
        return _no(f"A {situation.status} order cannot be completed.")
    order = situation.order
    refused = order.course().why_not_complete(order.status.value, is_settled=not order.amount_due)
    return _first(refused) or _held(situation)


def _hold(situation: Situation) -> Refusal | None:
    return _no(f"A {situation.status} order cannot be held.") if situation.status in _ENDED else None


def _release(situation: Situation) -> Refusal | None:
    return None if situation.order.is_held(situation.now) else _no("The order is not held.")


def _request_return(situation: Situation) -> Refusal | None:
    if any(situation.order.returnable(line) > 0 for line in situation.lines):
        return None
    return _no("Nothing of this order can be returned.", ErrorCode.NOT_RETURNABLE)


def _receive_return(situation: Situation) -> Refusal | None:
    waiting = (ReturnStatus.APPROVED, ReturnStatus.PARTIALLY_RECEIVED)
    if any(each.status in waiting for each in situation.order.returns):
        return None
    return _no("No return is on its way.")


def _refund(situation: Situation) -> Refusal | None:
    order = situation.order
    units = {line.line_no: units for line in order.lines if (units := order.refundable(line))}
    if not order.worth(units) and not order.overpaid:
        if units:
            return _no("What was returned or cancelled cost nothing.", ErrorCode.REFUND_LIMIT)
        return _no("Nothing was returned or cancelled that is not refunded yet.", ErrorCode.REFUND_LIMIT)
    cap = Fraction(order.course().workflow.settings.refunds.cap_percent)
    return None if order.refund_limit(cap) > 0 else _no("Nothing is left of what was paid.", ErrorCode.REFUND_LIMIT)


def _complete_step(situation: Situation) -> Refusal | None:
    course, status = situation.order.course(), situation.status.value
    reason = None
    for each in course.standing(status).steps:
        if each.is_open and each.step.performer.kind is not PerformerKind.REVIEWER:
            refused = course.why_not_perform(each.step.name, status, situation.performing)
            if refused is None:
                return None
            reason = reason or refused.items[0]
    return reason or _no("No step of this order is to be done.")


def _name_reviewer(situation: Situation) -> Refusal | None:
    open_steps = [each for each in situation.order.course().standing(situation.status.value).steps if each.is_open]
    is_wanted = any(each.step.performer.kind is PerformerKind.REVIEWER for each in open_steps)
    return None if is_wanted or _is_asked(situation) else _no("Nothing of this order waits for a reviewer.")


def _review(situation: Situation) -> Refusal | None:
    order, status = situation.order, situation.status.value
    course = order.course()
    for each in course.standing(status).steps:
        if each.is_open and each.step.performer.kind is PerformerKind.REVIEWER:
            return _first(course.why_not_perform(each.step.name, status, situation.performing, order.reviewer))
    if not _is_asked(situation):
        return _no("Nothing of this order waits for a review.")
    if situation.performing is not None and situation.performing.subject == order.reviewer:
        return None
    return _no("The return or refund is not yours to review.", ErrorCode.FORBIDDEN)


def _is_asked(situation: Situation) -> bool:
    """Whether a return or a refund waits for the reviewer's word."""
    order = situation.order
    return any(each.status is ReturnStatus.REQUESTED for each in order.returns) or any(
        each.status is RefundStatus.REQUESTED for each in order.refunds
    )


_IN_TRANSIT: Final = (ShipmentStatus.SHIPPED, ShipmentStatus.IN_TRANSIT)
_RULES: Final[Mapping[str, Callable[[Situation], Refusal | None]]] = {
    "editDraftOrder": _edit,
    "submitOrder": _submit,
    "fulfilOrder": _fulfil,
    "confirmOrder": _confirm,
    "recordPayment": _pay,
    "cancelOrder": _cancel,
    "markAsShipped": _ship,
    "createShipment": _pack,
    "confirmShipment": _some_shipment("No shipment waits to be confirmed.", ShipmentStatus.PENDING, held=True),
    "dispatchShipment": _some_shipment(
        "No shipment is ready to leave.", ShipmentStatus.CONFIRMED, held=True, then=_leave
    ),
    "cancelShipment": _some_shipment(
        "No shipment can be called off.", ShipmentStatus.PENDING, ShipmentStatus.CONFIRMED, held=False
    ),
    "deliverShipment": _some_shipment("Nothing is on its way.", *_IN_TRANSIT, held=False, then=_arrive),
    "markAsDelivered": _some_shipment("Nothing is on its way.", *_IN_TRANSIT, held=False, then=_arrive),
    "addShippingTrackingReference": _some_shipment(
        "Nothing has left.", *_IN_TRANSIT, ShipmentStatus.DELIVERED, held=False
    ),
    "markAsCompleted": _complete,
    "holdOrder": _hold,
    "releaseHold": _release,
    "requestReturn": _request_return,
    "receiveReturn": _receive_return,
    "processRefund": _refund,
    "completeStep": _complete_step,
    "escalateReviewer": _name_reviewer,
    "reviewOrder": _review,
}
#: Actions that are taken of a whole order otherwise than of its lines.
WHOLE_OR_LINES: Final = frozenset({"cancelOrder"})
#: Every action on an existing order, by its mutation's name.
ACTIONS: Final = tuple(_RULES)
