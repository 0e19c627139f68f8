"""Taking a person's values out of an order, for good. Ids, goods and amounts stay.

What was required becomes the empty text, what was optional is gone; of an address the country stays, which taxes were
reckoned by and a workflow's conditions ask for.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, Address, Customer

#: Whose words a note is, by the kind that its key begins with: the field of the API that they came in by.
_WORDS: Final[Mapping[str, str]] = {
    "cancel": "cancellation.note",
    "hold": "holds.reason",
    "return_reason": "returns.reason",
    "return": "returns.note",
    "review": "review.note",
    "refund": "refunds.reason",
    "shipment": "shipments.instructions",
    "step": "steps.note",
    "input": "steps.input",
    "reviewer": "reviewer.note",
    "discount": "discounts.description",
    "delivery_time": "shipping.deliveryTime",
}


def erase(order: Order, *, actor: Actor, at: datetime) -> tuple[str, ...]:
    """Blank the order's customer, whatever state it is in; the event names the fields that held something.

    Answers those fields; where there are none nothing has changed, so doing it again is safe.
    """
    fields = personal_fields(order)
    if not fields:
        return ()
    order.customer = _blank_customer(order.customer)
    order.shipping_address = _blank_address(order.shipping_address)
    order.billing_address = order.billing_address and _blank_address(order.billing_address)
    order.note = None
    order.notes = {}
    order.metadata = None
    for line in order.lines:
        line.options = None
    for shipment in order.shipments:
        shipment.label_url = None  # the label has the address on it
    order.touch(at)
    order.tell("order.erased", actor, at, {"fields": list(fields)})
    return fields


def personal_fields(order: Order) -> tuple[str, ...]:
    """The fields, by their names in the API, that hold a person's values or free data that may."""
    customer = order.customer
    held = {
        "customer.firstName": bool(customer.first_name),
        "customer.lastName": customer.last_name is not None,
        "customer.email": customer.email is not None,
        "customer.phone": customer.phone is not None,
        "shippingAddress": order.shipping_address != _blank_address(order.shipping_address),
        "billingAddress": order.billing_address is not None
        and order.billing_address != _blank_address(order.billing_address),
        "note": order.note is not None,
        "metadata": order.metadata is not None,
        "lines.options": any(line.options is not None for line in order.lines),
        "shipments.labelUrl": any(shipment.label_url is not None for shipment in order.shipments),
    }
    kinds = {key.partition(":")[0] for key in order.notes}
    words = [name for kind, name in _WORDS.items() if kind in kinds]
    if kinds - _WORDS.keys():
        words.append("notes")
    return (*(name for name, is_held in held.items() if is_held), *words)


def _blank_customer(customer: Customer) -> Customer:
    return Customer(customer.id, customer.first_name and "", None, None, None)


def _blank_address(address: Address) -> Address:
    return Address(line1="", country=address.country)
