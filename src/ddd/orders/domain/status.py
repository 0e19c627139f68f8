"""Derived state: recomputed from milestones, quantities and payments, never patched."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class OrderStatus(StrEnum):
    DRAFT = "DRAFT"
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    PARTIALLY_DELIVERED = "PARTIALLY_DELIVERED"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class PaymentStatus(StrEnum):
    UNPAID = "UNPAID"
    AUTHORIZED = "AUTHORIZED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class PaymentState(StrEnum):
    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"


class Milestones(NamedTuple):
    """What somebody decided, as opposed to what the quantities say."""

    is_submitted: bool
    is_confirmed: bool
    is_completed: bool


class Quantities(NamedTuple):
    """One line's units. Delivered units count as shipped too."""

    ordered: int
    cancelled: int
    shipped: int
    delivered: int

    @property
    def open(self) -> int:
        """Ordered and not cancelled."""
        return self.ordered - self.cancelled


def order_status(milestones: Milestones, lines: Iterable[Quantities]) -> OrderStatus:
    """The status that follows: line by line, so that a surplus of one line never hides another's shortage."""
    rows = tuple(lines)
    if all(row.open == 0 for row in rows):
        return OrderStatus.CANCELLED
    if not milestones.is_submitted:
        return OrderStatus.DRAFT
    if milestones.is_completed:
        return OrderStatus.COMPLETED
    if all(row.shipped >= row.open for row in rows):
        if all(row.delivered >= row.open for row in rows):
            return OrderStatus.DELIVERED
        return OrderStatus.PARTIALLY_DELIVERED if any(row.delivered for row in rows) else OrderStatus.SHIPPED
    if any(row.shipped for row in rows):
        return OrderStatus.PARTIALLY_SHIPPED
    return OrderStatus.CONFIRMED if milestones.is_confirmed else OrderStatus.PENDING


def payment_status(total: int, authorized: int, captured: int, refunded: int) -> PaymentStatus:
    """From sums in minor units. An order of total 0 is paid; an authorisation below the total is AUTHORIZED."""
    if refunded:
        return PaymentStatus.REFUNDED if refunded >= captured else PaymentStatus.PARTIALLY_REFUNDED
    if captured >= total:
        return PaymentStatus.PAID
    if captured:
        return PaymentStatus.PARTIALLY_PAID
    return PaymentStatus.AUTHORIZED if authorized else PaymentStatus.UNPAID
