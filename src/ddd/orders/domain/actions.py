"""What may be done with an order now, and why not: asked by every mutation, and by `availableActions`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from ddd.orders.domain.parts import OrderLine, Return, ReturnStatus, Shipment, ShipmentStatus, what_is_left
from ddd.orders.domain.status import OrderStatus
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals


class State(Protocol):
    """What the rules look at. The order itself asks them, so they do not know it by name."""

    lines: list[OrderLine]
    shipments: list[Shipment]
    returns: list[Return]

    @property
    def status(self) -> OrderStatus: ...
    @property
    def is_paid(self) -> bool: ...
    @property
    def amount_due(self) -> int: ...
    @property
    def captured(self) -> int: ...
    @property
    def refunded(self) -> int: ...
    def is_held(self, now: datetime) -> bool: ...
    def returnable(self, line: OrderLine) -> int: ...
    def refundable(self, line: OrderLine) -> int: ...
    def worth(self, quantities: Mapping[int, int]) -> int: ...


_CANCELLABLE = frozenset({OrderStatus.DRAFT, OrderStatus.PENDING, OrderStatus.CONFIRMED})
_LINES_CANCELLABLE = _CANCELLABLE | {OrderStatus.PARTIALLY_SHIPPED}
_ENDED = frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED})
_PACKABLE = frozenset({OrderStatus.CONFIRMED, OrderStatus.PARTIALLY_SHIPPED})
#: In the plain workflow a PENDING order may ship (pay later); shipping confirms it in the same commit.
_SHIPPABLE = _PACKABLE | {OrderStatus.PENDING}
_COMPLETABLE = frozenset({OrderStatus.SHIPPED, OrderStatus.PARTIALLY_DELIVERED, OrderStatus.DELIVERED})


@dataclass(frozen=True, slots=True)
class Situation:
    """An order as one caller may act on it: the lines in its sight, and the shipments that are wholly theirs."""

    order: State
    lines: Sequence[OrderLine]
    now: datetime
    #: No lines are named, and the caller sees all of them.
    is_whole: bool = False

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


def guard(action: str, order: State, now: datetime, *, is_whole: bool = False) -> Refusals | None:
    """What every change of an order asks first."""
    refusal = why_not(action, Situation(order, order.lines, now, is_whole))
    return None if refusal is None else Refusals((refusal,))


def _no(message: str, code: ErrorCode = ErrorCode.INVALID_TRANSITION) -> Refusal:
    return Refusal(code, message)


def _held(situation: Situation) -> Refusal | None:
    held = situation.order.is_held(situation.now)
    return _no("The order is held.", ErrorCode.ON_HOLD) if held else None


def _cancel(situation: Situation) -> Refusal | None:
    status = situation.status
    if status not in (_CANCELLABLE if situation.is_whole else _LINES_CANCELLABLE):
        whole = " as a whole" if status in _LINES_CANCELLABLE else ""
        return _no(f"A {status} order cannot be cancelled{whole}.")
    # Of the whole order packed units are cancelled too, with their shipments.
    has_left = bool(what_is_left(situation.lines)) if situation.is_whole else situation.has_left
    return None if has_left else _no("Nothing is left to cancel.")


def _ship(situation: Situation) -> Refusal | None:
    if situation.status not in _SHIPPABLE:
        return _no(f"A {situation.status} order cannot be shipped.")
    return _held(situation) or (None if situation.has_left else _no("Nothing is left to ship."))


def _confirm(situation: Situation) -> Refusal | None:
    if situation.status is not OrderStatus.PENDING:
        return _no(f"A {situation.status} order cannot be confirmed.")
    if situation.order.is_paid:
        return None
    return _no("The order is not paid.", ErrorCode.PAYMENT_OUTSTANDING)


def _pay(situation: Situation) -> Refusal | None:
    if situation.status in (OrderStatus.CANCELLED, OrderStatus.DRAFT):
        return _no(f"A {situation.status} order takes no payment.")
    return None


def _pack(situation: Situation) -> Refusal | None:
    if situation.status not in _PACKABLE:
        return _no(f"Nothing of a {situation.status} order can be packed.")
    return _held(situation) or (None if situation.has_left else _no("Nothing is left to pack."))


def _some_shipment(message: str, *wanted: ShipmentStatus, held: bool) -> Callable[[Situation], Refusal | None]:
    def rule(situation: Situation) -> Refusal | None:
        if not any(each.status in wanted for each in situation.shipments):
            return _no(message)
        return _held(situation) if held else None

    return rule


def _complete(situation: Situation) -> Refusal | None:
    if situation.status not in _COMPLETABLE:
        return _no(f"A {situation.status} order cannot be completed.")
    if situation.order.amount_due:
        return _no("Something is still to be paid.", ErrorCode.PAYMENT_OUTSTANDING)
    return _held(situation)


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
    if not units:
        return _no("Nothing was returned or cancelled that is not refunded yet.", ErrorCode.REFUND_LIMIT)
    if order.captured <= order.refunded:
        return _no("Nothing is left of what was paid.", ErrorCode.REFUND_LIMIT)
    return None if order.worth(units) else _no("What was returned or cancelled cost nothing.", ErrorCode.REFUND_LIMIT)


_IN_TRANSIT: Final = (ShipmentStatus.SHIPPED, ShipmentStatus.IN_TRANSIT)
_RULES: Final[Mapping[str, Callable[[Situation], Refusal | None]]] = {
    "confirmOrder": _confirm,
    "recordPayment": _pay,
    "cancelOrder": _cancel,
    "markAsShipped": _ship,
    "createShipment": _pack,
    "confirmShipment": _some_shipment("No shipment waits to be confirmed.", ShipmentStatus.PENDING, held=True),
    "dispatchShipment": _some_shipment("No shipment is ready to leave.", ShipmentStatus.CONFIRMED, held=True),
    "cancelShipment": _some_shipment(
        "No shipment can be called off.", ShipmentStatus.PENDING, ShipmentStatus.CONFIRMED, held=False
    ),
    "deliverShipment": _some_shipment("Nothing is on its way.", *_IN_TRANSIT, held=False),
    "markAsDelivered": _some_shipment("Nothing is on its way.", *_IN_TRANSIT, held=False),
    "addShippingTrackingReference": _some_shipment(
        "Nothing has left.", *_IN_TRANSIT, ShipmentStatus.DELIVERED, held=False
    ),
    "markAsCompleted": _complete,
    "holdOrder": _hold,
    "releaseHold": _release,
    "requestReturn": _request_return,
    "receiveReturn": _receive_return,
    "processRefund": _refund,
}
#: Every action on an existing order, by its mutation's name.
ACTIONS: Final = tuple(_RULES)
