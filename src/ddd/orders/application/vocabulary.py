"""The words of orders that clients use, for the front to declare."""

from enum import StrEnum

from ddd.orders.domain.parts import CancelReason, ShipmentMode, ShipmentStatus
from ddd.orders.domain.status import OrderStatus, PaymentState, PaymentStatus

__all__ = [
    "CancelReason",
    "Direction",
    "OrderOrderField",
    "OrderStatus",
    "PaymentState",
    "PaymentStatus",
    "ShipmentMode",
    "ShipmentStatus",
]


class OrderOrderField(StrEnum):
    PLACED_AT = "PLACED_AT"
    UPDATED_AT = "UPDATED_AT"


class Direction(StrEnum):
    ASC = "ASC"
    DESC = "DESC"
