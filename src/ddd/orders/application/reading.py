"""An order as it was read: what its row tells, its parts, and the aggregate made of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import (
    Address,
    Cancellation,
    Customer,
    Hold,
    OrderEvent,
    OrderLine,
    Payment,
    Refund,
    Return,
    Shipment,
)
from ddd.orders.domain.status import OrderStatus, PaymentStatus
from ddd.orders.domain.workflow import PLAIN_WAY, Way


class OrderFacts(Protocol):
    """What an aggregate and a row of it have in common."""

    @property
    def id(self) -> UUID: ...
    @property
    def order_number(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def external_ref(self) -> str | None: ...
    @property
    def status(self) -> OrderStatus: ...
    @property
    def payment_status(self) -> PaymentStatus: ...
    @property
    def version(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def subtotal(self) -> int: ...
    @property
    def discount_total(self) -> int: ...
    @property
    def shipping_total(self) -> int: ...
    @property
    def tax_total(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def amount_due(self) -> int: ...
    @property
    def taxes_included(self) -> bool: ...
    @property
    def was_submitted(self) -> bool: ...
    @property
    def customer(self) -> Customer: ...
    @property
    def shipping_address(self) -> Address: ...
    @property
    def billing_address(self) -> Address | None: ...
    @property
    def branch_code(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...
    @property
    def metadata(self) -> Any: ...
    @property
    def workflow_version(self) -> int: ...
    @property
    def cancellation(self) -> Cancellation | None: ...
    @property
    def holds(self) -> list[Hold]: ...
    @property
    def returns(self) -> list[Return]: ...
    @property
    def refunds(self) -> list[Refund]: ...
    @property
    def notes(self) -> dict[str, str]: ...
    @property
    def placed_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...


class OrderParts(NamedTuple):
    """An order's parts, as far as they were read."""

    lines: Sequence[OrderLine] = ()
    payments: Sequence[Payment] = ()
    shipments: Sequence[Shipment] = ()
    events: Sequence[OrderEvent] = ()


def order_of(facts: OrderFacts, parts: OrderParts, way: Way = PLAIN_WAY) -> Order:
    """The aggregate of an order that was read: what a rule asks is answered by one."""
    if isinstance(facts, Order):
        return facts
    return Order(
        **{name: getattr(facts, name) for name in _FACTS},
        lines=list(parts.lines),
        payments=list(parts.payments),
        shipments=list(parts.shipments),
        way=way,
    )


#: What an aggregate and a row of it have in common, and an aggregate is made of.
_FACTS = (
    "id order_number channel currency customer shipping_address subtotal discount_total shipping_total tax_total total "
    "placed_at updated_at external_ref billing_address taxes_included branch_code note metadata terms workflow_version "
    "version cancellation confirmed_at completed_at submitted_at sent_back_at holds returns refunds steps "
    "activity_status notes sequence"
).split()
