"""Derived state: recomputed from milestones, quantities and payments, never patched."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Protocol


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


class Units(Protocol):
    """One line's units. `open_quantity`: ordered and not cancelled. Delivered units count as shipped too."""

    @property
    def open_quantity(self) -> int: ...
    @property
    def shipped_quantity(self) -> int: ...
    @property
    def delivered_quantity(self) -> int: ...


def order_status(milestones: Milestones, lines: Iterable[Units]) -> OrderStatus:
    """The status that follows: line by line, so that a surplus of one line never hides another's shortage."""
    rows = [(line.open_quantity, line.shipped_quantity, line.delivered_quantity) for line in lines]
    if not any(open_ for open_, _, _ in rows):
        return OrderStatus.CANCELLED
    if not milestones.is_submitted:
        return OrderStatus.DRAFT
    if milestones.is_completed:
        return OrderStatus.COMPLETED
    if not any(shipped for _, shipped, _ in rows):
        return OrderStatus.CONFIRMED if milestones.is_confirmed else OrderStatus.PENDING
    if any(shipped < open_ for open_, shipped, _ in rows):
        return OrderStatus.PARTIALLY_SHIPPED
    if all(delivered >= open_ for open_, _, delivered in rows):
        return OrderStatus.DELIVERED
    return OrderStatus.PARTIALLY_DELIVERED if any(delivered for _, _, delivered in rows) else OrderStatus.SHIPPED


def payment_status(total: int, authorized: int, captured: int, refunded: int) -> PaymentStatus:
    """From sums in minor units. An order of total 0 is paid; an authorisation below the total is AUTHORIZED."""
    if refunded:
        return PaymentStatus.REFUNDED if refunded >= captured else PaymentStatus.PARTIALLY_REFUNDED
    if captured >= total:
        return PaymentStatus.PAID
    if captured:
        return PaymentStatus.PARTIALLY_PAID
    return PaymentStatus.AUTHORIZED if authorized else PaymentStatus.UNPAID
