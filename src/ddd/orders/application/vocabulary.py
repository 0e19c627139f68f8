"""The words of orders that clients use, for the front to declare."""

from enum import StrEnum

from ddd.orders.application.migration_views import MigrationOutcome
from ddd.orders.domain.parts import CancelReason, RefundStatus, ReturnStatus, ShipmentMode, ShipmentStatus
from ddd.orders.domain.status import OrderStatus, PaymentState, PaymentStatus
from ddd.published.workflow import StepOutcome

__all__ = [
    "CancelReason",
    "Direction",
    "MigrationOutcome",
    "OrderOrderField",
    "OrderStatus",
    "PaymentState",
    "PaymentStatus",
    "RefundStatus",
    "ReturnStatus",
    "ShipmentMode",
    "ShipmentStatus",
    "StepOutcome",
]


class OrderOrderField(StrEnum):
    PLACED_AT = "PLACED_AT"
    UPDATED_AT = "UPDATED_AT"


class Direction(StrEnum):
    ASC = "ASC"
    DESC = "DESC"
