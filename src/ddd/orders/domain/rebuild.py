"""An order again, from its timeline: to be compared with the stored rows, field by field.

The events are folded, each by its type (`timeline`); status, payment status and amounts due follow by themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Address, Customer, OrderEvent, Payment
from ddd.orders.domain.placing import TERMS
from ddd.orders.domain.status import PaymentState
from ddd.orders.domain.timeline import CHANGES
from ddd.orders.domain.timeline.reading import line_of, moment_of


@dataclass(frozen=True, slots=True)
class Person:
    """What no event tells, since it is a person's or may be: taken from the stored rows as it stands.

    These are the row of `orders_person`; two columns of free data, `orders_order.metadata` and `orders_line.options`
    (by line number); and the way to a label, which has the address on it: `orders_shipment.label_url` (by shipment).
    """

    customer: Customer
    shipping_address: Address
    billing_address: Address | None
    note: str | None
    notes: Mapping[str, str]
    metadata: Any
    options: Mapping[int, Any]
    label_urls: Mapping[UUID, str | None]

    @classmethod
    def of(cls, order: Order) -> "Person":
        """Of an order as it is stored."""
        return cls(
            order.customer,
            order.shipping_address,
            order.billing_address,
            order.note,
            order.notes,
            order.metadata,
            {line.line_no: line.options for line in order.lines},
            {shipment.id: shipment.label_url for shipment in order.shipments},
        )


class CannotRebuild(Exception):
    """The timeline does not lead to an order: a gap, an unknown event, or one that lacks something."""

    def __init__(self, sequence: int, type_: str) -> None:
        super().__init__(f"event {sequence} ({type_})")


def rebuild(order_id: UUID, events: Iterable[OrderEvent], person: Person) -> Order:
    """The order that its events tell of, as the store loads it. Raises CannotRebuild."""
    order: Order | None = None
    for expected, event in enumerate(events, start=1):
        try:
            if event.sequence != expected:
                raise ValueError("a gap")
            if order is None:
                order = _BEGINNINGS[event.type](order_id, event, person)
            else:
                CHANGES[event.type](order, event)
            _after_each(order, event)
        except (KeyError, ValueError, TypeError, IndexError, AttributeError) as fault:
            raise CannotRebuild(expected, event.type) from fault
    if order is None:
        raise CannotRebuild(1, "missing")
    for line in order.lines:
        line.options = person.options.get(line.line_no)
    for shipment in order.shipments:
        shipment.label_url = person.label_urls.get(shipment.id)
    order.shipments.sort(key=lambda shipment: shipment.id)  # as they are read
    return order


def _after_each(order: Order, event: OrderEvent) -> None:
    order.sequence = event.sequence
    order.version = event.data["version"]
    order.updated_at = event.at
    if "activityStatus" in event.data:
        order.activity_status = event.data["activityStatus"]["after"]


def _placed(order_id: UUID, event: OrderEvent, person: Person) -> Order:
    order = _drafted(order_id, event, person)
    order.submitted_at = event.at
    return order


def _drafted(order_id: UUID, event: OrderEvent, person: Person) -> Order:
    data = event.data
    return Order(
        id=order_id,
        order_number=data["orderNumber"],
        channel=data["channel"],
        currency=data["currency"],
        customer=replace(person.customer, id=data["customerId"]),
        shipping_address=person.shipping_address,
        lines=[line_of(each) for each in data["lines"]],
        subtotal=data["subtotal"],
        discount_total=data["discountTotal"],
        shipping_total=data["shippingTotal"],
        tax_total=data["taxTotal"],
        total=data["total"],
        placed_at=moment_of(data["placedAt"]),
        updated_at=event.at,
        external_ref=data["externalRef"],
        billing_address=person.billing_address,
        taxes_included=data["taxesIncluded"],
        branch_code=data["branchCode"],
        note=person.note,
        metadata=person.metadata,
        terms={name: data[name] for name in TERMS if name in data},
        workflow_version=data["workflowVersion"],
        payments=[
            Payment(
                each["paymentNo"],
                PaymentState(each["state"]),
                each["amount"],
                event.at,
                each.get("method"),
                each.get("provider"),
                each.get("reference"),
            )
            for each in data["payments"]
        ],
        notes=dict(person.notes),
    )


_BEGINNINGS: Final[Mapping[str, Callable[[UUID, OrderEvent, Person], Order]]] = {
    "order.placed": _placed,
    "order.drafted": _drafted,
}
#: Every type of event that an order's timeline may hold.
EVENT_TYPES: Final = frozenset(_BEGINNINGS) | frozenset(CHANGES)
