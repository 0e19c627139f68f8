"""An order's parts as they are told: amounts as money, lines by their opaque id."""

import inspect
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from ddd.orders.domain.parts import Address, OrderLine, Payment, RefundStatus, ReturnStatus, Shipment
from ddd.shared.domain.money import Money

V = TypeVar("V")


def shows(slot: str, kind: type) -> Callable[[type[V]], type[V]]:
    """A view has the attributes of the object in its slot, but for those that it tells in its own way.

    `__getattr__` alone would do, at five times the price: it is asked only once a look-up has failed.
    """

    def add(view: type[V]) -> type[V]:
        for name, value in vars(kind).items():
            if inspect.isdatadescriptor(value) and not name.startswith("_") and name not in vars(view):
                setattr(view, name, property(attrgetter(f"{slot}.{name}")))
        return view

    return add


class MoneyView(NamedTuple):
    """An amount as text, at its currency's scale."""

    amount: str
    currency: str


@lru_cache(maxsize=10_000)  # a page shows hundreds of amounts, most of them the same few prices and zeros
def money_view(minor: int, currency: str) -> MoneyView:
    """Minor units as they are told."""
    return MoneyView(str(Money(minor, currency)), currency)


class AllocationView(NamedTuple):
    branch_code: str
    quantity: int


class ShipmentLineView(NamedTuple):
    order_line_id: str
    sku: str
    quantity: int


class ActorView(NamedTuple):
    subject: str
    roles: list[str]


class TimelineView(NamedTuple):
    sequence: int
    at: datetime
    type: str
    actor: ActorView
    data: Any


class WorkflowView(NamedTuple):
    version: int


class ReturnLineView(NamedTuple):
    order_line_id: str
    sku: str
    quantity: int
    restocked: int
    scrapped: int


class ReturnView(NamedTuple):
    id: UUID
    status: ReturnStatus
    reason: str
    note: str | None
    lines: list[ReturnLineView]
    requested_at: datetime
    received_at: datetime | None


class RefundLineView(NamedTuple):
    order_line_id: str
    sku: str
    quantity: int
    returned: int


class RefundView(NamedTuple):
    id: UUID
    status: RefundStatus
    amount: MoneyView
    restocking_fee: MoneyView
    reason: str | None
    lines: list[RefundLineView]
    return_id: str | None
    provider: str | None
    reference: str | None
    at: datetime


class HoldView(NamedTuple):
    reason: str | None
    until: datetime | None
    by: str
    at: datetime
    released_at: datetime | None


@shows("_payment", Payment)
class PaymentView:
    __slots__ = ("_currency", "_payment")

    def __init__(self, payment: Payment, currency: str) -> None:
        self._payment = payment
        self._currency = currency

    def __getattr__(self, name: str) -> Any:
        return getattr(self._payment, name)

    @property
    def amount(self) -> MoneyView:
        return money_view(self._payment.amount, self._currency)


@shows("_line", OrderLine)
class OrderLineView:
    """A line with its amounts as money. `order_id` is text: it is the same in the ids of all its lines."""

    __slots__ = ("_currency", "_line", "_order_id")

    def __init__(self, line: OrderLine, order_id: str, currency: str) -> None:
        self._line = line
        self._order_id = order_id
        self._currency = currency

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    @property
    def id(self) -> str:
        return line_id(self._order_id, self._line.line_no)

    @property
    def unit_price(self) -> MoneyView:
        return money_view(self._line.unit_price, self._currency)

    @property
    def line_total(self) -> MoneyView:
        return money_view(self._line.line_total, self._currency)

    @property
    def discount(self) -> MoneyView:
        return money_view(self._line.discount, self._currency)

    @property
    def tax(self) -> MoneyView:
        return money_view(self._line.tax, self._currency)

    @property
    def allocation(self) -> list[AllocationView] | None:
        line = self._line
        return None if line.branch_code is None else [AllocationView(line.branch_code, line.quantity)]


@shows("_shipment", Shipment)
class ShipmentView:
    """A shipment with the lines that the caller sees. Of its label a customer sees where the goods are, no more."""

    __slots__ = ("_is_own", "_shipment", "address", "instructions", "lines")

    def __init__(
        self,
        shipment: Shipment,
        lines: list[ShipmentLineView],
        address: Address,
        instructions: str | None,
        *,
        is_own: bool = False,
    ) -> None:
        self._is_own = is_own
        self._shipment = shipment
        self.instructions = instructions
        self.address = address
        self.lines = lines

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shipment, name)

    @property
    def cost(self) -> MoneyView | None:
        shipment = self._shipment
        if self._is_own or shipment.cost is None or shipment.cost_currency is None:
            return None
        return money_view(shipment.cost, shipment.cost_currency)

    @property
    def label_url(self) -> str | None:
        return None if self._is_own else self._shipment.label_url

    @property
    def problem(self) -> str | None:
        return None if self._is_own else self._shipment.problem

    @property
    def pickup_reference(self) -> str | None:
        label = self._shipment.label
        return None if label is None or self._is_own else label.pickup_reference


def line_id(order_id: UUID | str, line_no: int) -> str:
    """The opaque id of a line, unique in the house."""
    return f"{order_id}-{line_no}"


def line_number(order_id: UUID, text: str) -> int | None:
    """The line number in a line's id of this order, or None."""
    prefix = f"{order_id}-"
    tail = text[len(prefix) :]
    if not text.startswith(prefix) or not tail.isascii() or not tail.isdigit() or len(tail) > 4 or tail[0] == "0":
        return None
    return int(tail)
