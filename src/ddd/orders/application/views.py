"""The order as it is told: over the aggregate after a change, over rows after a read, through the eyes of the caller.

A Vendor sees the lines that are its own or open, their shipments, the customer's name and the shipping address; no
totals, payments, other vendors' lines, nor the billing address; and who else acted by role alone, for a subject may be
the customer's id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from ddd.orders.domain.actions import ACTIONS, WHOLE_OR_LINES, Situation, why_not
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import (
    Address,
    Cancellation,
    Customer,
    Hold,
    OrderEvent,
    OrderLine,
    Package,
    Payment,
    Refund,
    Return,
    ReturnStatus,
    Shipment,
    ShipmentLine,
)
from ddd.orders.domain.status import OrderStatus, PaymentStatus
from ddd.orders.domain.workflow import PLAIN_WAY, Performing, Way
from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.money import Money


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


class Sight(NamedTuple):
    """How much of an order the caller sees: all of it, or a vendor's part."""

    vendor_id: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.vendor_id is None

    def sees(self, line: OrderLine) -> bool:
        return self.vendor_id is None or line.vendor_id is None or line.vendor_id == self.vendor_id


WHOLE = Sight()


def sight_of(
    scopes: Iterable[Scope],
    caller: Caller,
    customer_id: str | None,
    branch_code: str | None,
    lines: Sequence[OrderLine],
) -> Sight | None:
    """What the caller sees of an order by one of its operations; None: the order does not exist for it."""
    scopes = frozenset(scopes)
    if Scope.ALL in scopes:
        return WHOLE
    if Scope.BRANCH in scopes and (
        caller.branches is None
        or branch_code in caller.branches
        or any(line.branch_code in caller.branches for line in lines)
    ):
        return WHOLE
    if Scope.OWN in scopes and customer_id == caller.customer_id:
        return WHOLE
    sight = Sight(caller.vendor_id)
    return sight if Scope.VENDOR in scopes and any(sight.sees(line) for line in lines) else None


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


class ActionView(NamedTuple):
    action: str
    allowed: bool
    reason: str | None


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


class RefundView(NamedTuple):
    id: UUID
    amount: Money
    restocking_fee: Money
    reason: str | None
    at: datetime


class HoldView(NamedTuple):
    reason: str
    until: datetime | None
    by: str
    at: datetime
    released_at: datetime | None


class PaymentView:
    __slots__ = ("_currency", "_payment")

    def __init__(self, payment: Payment, currency: str) -> None:
        self._payment = payment
        self._currency = currency

    def __getattr__(self, name: str) -> Any:
        return getattr(self._payment, name)

    @property
    def amount(self) -> Money:
        return Money(self._payment.amount, self._currency)


class OrderLineView:
    """A line with its amounts as money."""

    __slots__ = ("_currency", "_line", "_order_id")

    def __init__(self, line: OrderLine, order_id: UUID, currency: str) -> None:
        self._line = line
        self._order_id = order_id
        self._currency = currency

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    @property
    def id(self) -> str:
        return line_id(self._order_id, self._line.line_no)

    @property
    def unit_price(self) -> Money:
        return Money(self._line.unit_price, self._currency)

    @property
    def line_total(self) -> Money:
        return Money(self._line.line_total, self._currency)

    @property
    def discount(self) -> Money:
        return Money(self._line.discount, self._currency)

    @property
    def tax(self) -> Money:
        return Money(self._line.tax, self._currency)

    @property
    def allocation(self) -> list[AllocationView] | None:
        line = self._line
        return None if line.branch_code is None else [AllocationView(line.branch_code, line.quantity)]


class ShipmentView:
    """A shipment with the lines that the caller sees."""

    __slots__ = ("_shipment", "address", "instructions", "lines")

    def __init__(
        self, shipment: Shipment, lines: list[ShipmentLineView], address: Address, instructions: str | None
    ) -> None:
        self._shipment = shipment
        self.instructions = instructions
        self.address = address
        self.lines = lines

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shipment, name)

    @property
    def cost(self) -> Money | None:
        shipment = self._shipment
        if shipment.cost is None or shipment.cost_currency is None:
            return None
        return Money(shipment.cost, shipment.cost_currency)


class OrderView:
    """One order through one caller's eyes. Amounts become money only where they are asked for."""

    __slots__ = ("_grant", "_now", "_order", "_parts", "_sight", "_way")

    def __init__(
        self, order: OrderFacts, parts: OrderParts, sight: Sight, grant: Grant, now: datetime, way: Way = PLAIN_WAY
    ) -> None:
        self._way = way
        self._now = now
        self._order = order
        self._parts = parts
        self._sight = sight
        self._grant = grant

    def __getattr__(self, name: str) -> Any:
        return getattr(self._order, name)

    def _money(self, minor: int) -> Money | None:
        return Money(minor, self._order.currency) if self._sight.is_whole else None

    @property
    def payment_status(self) -> PaymentStatus | None:
        return self._order.payment_status if self._sight.is_whole else None

    @property
    def subtotal(self) -> Money | None:
        return self._money(self._order.subtotal)

    @property
    def discount_total(self) -> Money | None:
        return self._money(self._order.discount_total)

    @property
    def shipping_total(self) -> Money | None:
        return self._money(self._order.shipping_total)

    @property
    def tax_total(self) -> Money | None:
        return self._money(self._order.tax_total)

    @property
    def total(self) -> Money | None:
        return self._money(self._order.total)

    @property
    def amount_due(self) -> Money | None:
        return self._money(self._order.amount_due)

    @property
    def customer(self) -> Customer:
        customer = self._order.customer
        if self._sight.is_whole:
            return customer
        return Customer(None, customer.first_name, customer.last_name, None, None)

    @property
    def billing_address(self) -> Address | None:
        return self._order.billing_address if self._sight.is_whole else None

    @property
    def lines(self) -> list[OrderLineView]:
        order, sees = self._order, self._sight.sees
        return [OrderLineView(line, order.id, order.currency) for line in self._parts.lines if sees(line)]

    @property
    def payments(self) -> list[PaymentView]:
        if not self._sight.is_whole:
            return []
        return [PaymentView(payment, self._order.currency) for payment in self._parts.payments]

    @property
    def shipments(self) -> list[ShipmentView]:
        seen = {line.line_no for line in self._parts.lines if self._sight.sees(line)}
        views = []
        for shipment in self._parts.shipments:
            lines = [self._shipment_line(line) for line in shipment.lines if line.line_no in seen]
            if lines:
                instructions = self._order.notes.get(f"shipment:{shipment.id}")
                views.append(ShipmentView(shipment, lines, self._order.shipping_address, instructions))
        return views

    def _shipment_line(self, line: ShipmentLine) -> ShipmentLineView:
        return ShipmentLineView(line_id(self._order.id, line.line_no), line.sku, line.quantity)

    @property
    def returns(self) -> list[ReturnView]:
        skus = {line.line_no: line.sku for line in self._parts.lines if self._sight.sees(line)}
        views = []
        for each in self._order.returns:
            lines = [
                ReturnLineView(line_id(self._order.id, line.line_no), skus[line.line_no], *astuple(line)[1:])
                for line in each.lines
                if line.line_no in skus
            ]
            if lines:
                notes = self._order.notes
                reason = notes.get(f"return_reason:{each.id}", "")
                note = notes.get(f"return:{each.id}") if self._sight.is_whole else None
                views.append(ReturnView(each.id, each.status, reason, note, lines, each.requested_at, each.received_at))
        return views

    @property
    def refunds(self) -> list[RefundView]:
        if not self._sight.is_whole:
            return []
        return [
            RefundView(
                each.id,
                Money(each.amount, self._order.currency),
                Money(each.restocking_fee, self._order.currency),
                self._order.notes.get(f"refund:{each.id}"),
                each.at,
            )
            for each in self._order.refunds
        ]

    @property
    def holds(self) -> list[HoldView]:
        notes = self._order.notes
        return [
            HoldView(
                notes.get(f"hold:{each.hold_no}", ""), each.until, self._subject(each.by), each.at, each.released_at
            )
            for each in self._order.holds
        ]

    @property
    def timeline(self) -> list[TimelineView]:
        return [
            TimelineView(
                event.sequence,
                event.at,
                event.type,
                ActorView(self._subject(event.actor.subject), list(event.actor.roles)),
                event.data if self._sight.is_whole else {},
            )
            for event in self._parts.events
        ]

    @property
    def cancellation(self) -> Cancellation | None:
        cancellation = self._order.cancellation
        if cancellation is None or self._sight.is_whole:
            return cancellation
        return replace(cancellation, by=self._subject(cancellation.by))

    def _subject(self, subject: str) -> str:
        return subject if self._sight.is_whole or subject == self._grant.caller.subject else ""

    @property
    def workflow(self) -> WorkflowView:
        return WorkflowView(self._order.workflow_version)

    @property
    def available_actions(self) -> list[ActionView]:
        order = order_of(self._order, self._parts, self._way)
        return available_actions(order, self._grant, self._now)


def available_actions(order: Order, grant: Grant, now: datetime) -> list[ActionView]:
    """What the caller may do next with the order, and why not: the rules are those that the mutations ask."""
    actions = []
    performing = performing_of(grant, order, order.lines)
    situations: dict[Sight, Situation] = {}
    for action in ACTIONS:
        sight = sight_of(grant.scopes(action), grant.caller, order.customer.id, order.branch_code, order.lines)
        if sight is None:
            actions.append(ActionView(action, False, "Your roles do not permit this."))
            continue
        situation = situations.get(sight)
        if situation is None:
            lines = [line for line in order.lines if sight.sees(line)]
            situation = situations[sight] = Situation(order, lines, now, performing=performing)
        refusal = why_not(action, situation)
        if (
            refusal is not None
            and action in WHOLE_OR_LINES
            and sight.is_whole
            and why_not(action, replace(situation, is_whole=True)) is None
        ):
            refusal = None  # of the whole order it would be taken
        actions.append(ActionView(action, refusal is None, None if refusal is None else refusal.message))
    return actions


def performing_of(grant: Grant, order: OrderFacts, lines: Sequence[OrderLine]) -> Performing:
    """The caller as a performer of the order's steps; its permissions count as far as they reach this order."""
    caller = grant.caller

    def permits(operation: str) -> bool:
        return sight_of(grant.scopes(operation), caller, order.customer.id, order.branch_code, lines) is not None

    return Performing(caller.subject, frozenset(role.value for role in caller.roles), permits)


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
    "version cancellation confirmed_at completed_at submitted_at holds returns refunds steps activity_status notes "
    "sequence"
).split()


def line_id(order_id: UUID, line_no: int) -> str:
    """The opaque id of a line, unique in the house."""
    return f"{order_id}-{line_no}"


def line_number(order_id: UUID, text: str) -> int | None:
    """The line number in a line's id of this order, or None."""
    prefix = f"{order_id}-"
    tail = text[len(prefix) :]
    if not text.startswith(prefix) or not tail.isascii() or not tail.isdigit() or len(tail) > 4 or tail[0] == "0":
        return None
    return int(tail)


def address_view(data: Mapping[str, Any] | None) -> Address | None:
    """An address from its stored form."""
    return None if data is None else Address(**data)


def package_view(data: Mapping[str, Any] | None) -> Package | None:
    """A package from its stored form."""
    return None if data is None else Package(**data)
