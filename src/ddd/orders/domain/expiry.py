"""Orders that nobody pays."""

from datetime import datetime, timedelta

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, CancelReason, what_is_left
from ddd.orders.domain.status import OrderStatus, PaymentStatus
from ddd.shared.domain.errors import ErrorCode, Refusals


def expires_at(order: Order) -> datetime | None:
    """When the order is cancelled by itself, if it stays as it is; None: not at all.

    Its own workflow's limit after it was submitted, as long as it is PENDING and nothing is paid or authorised. An
    order on hold does not expire before the hold ends.
    """
    limit = order.way.workflow.settings.unpaid_expiry_minutes
    if limit is None or order.submitted_at is None:
        return None
    if order.status is not OrderStatus.PENDING or order.payment_status is not PaymentStatus.UNPAID:
        return None
    due = order.submitted_at + timedelta(minutes=limit)
    for hold in order.holds:
        if hold.released_at is None:
            if hold.until is None:
                return None
            due = max(due, hold.until)
    return due


def expire(order: Order, *, actor: Actor, at: datetime) -> Refusals | None:
    """Cancel the order whole, where its time is over."""
    due = expires_at(order)
    if due is None or at < due:
        return Refusals.of(ErrorCode.INVALID_TRANSITION, "The order has not expired.")
    left = what_is_left(order.lines)
    return order.cancel(left, whole=True, reason=CancelReason.EXPIRED, note=None, actor=actor, at=at)
