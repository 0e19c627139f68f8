"""A draft as the input that would make it, so that whatever changes of it goes through the checkout's own reading."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Address, Customer, OrderLine
from ddd.shared.domain.money import Money

#: What a draft is made of: a checkout without payment and time.
FIELDS: Final = tuple(
    "currency customer shippingAddress lines channel externalRef billingAddress shipping discounts taxes taxesIncluded "
    "branchCode note metadata".split()
)


def draft_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an input that a draft takes over."""
    return {name: given[name] for name in FIELDS if name in given}


def as_input(order: Order) -> dict[str, Any]:
    """The order's own values in the form of `PlaceOrderInput`, every field of a draft by its name."""

    def money(minor: int) -> str:
        return str(Money(minor, order.currency))

    terms, words = order.terms, order.notes
    return {
        "currency": order.currency,
        "customer": _customer(order.customer),
        "shippingAddress": _address(order.shipping_address),
        "lines": [_line(line, money) for line in order.lines],
        "channel": order.channel,
        "externalRef": order.external_ref,
        "billingAddress": None if order.billing_address is None else _address(order.billing_address),
        "shipping": {
            **terms.get("shipping", {}),
            **({"deliveryTime": words["delivery_time"]} if "delivery_time" in words else {}),
            "cost": money(order.shipping_total),
        },
        "discounts": [
            {
                **each,
                "amount": money(each["amount"]),
                **({"description": words[f"discount:{number}"]} if f"discount:{number}" in words else {}),
            }
            for number, each in enumerate(terms.get("discounts", ()), start=1)
        ],
        "taxes": [{**each, "amount": money(each["amount"])} for each in terms.get("taxes", ())],
        "taxesIncluded": order.taxes_included,
        "branchCode": order.branch_code,
        "note": order.note,
        "metadata": order.metadata,
    }


def _customer(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "email": customer.email,
        "phone": customer.phone,
    }


def _address(address: Address) -> dict[str, Any]:
    return {
        "line1": address.line1,
        "line2": address.line2,
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
        "country": address.country,
    }


def _line(line: OrderLine, money: Callable[[int], str]) -> dict[str, Any]:
    package = line.package
    return {
        "sku": line.sku,
        "quantity": line.quantity,
        "unitPrice": money(line.unit_price),
        "name": line.name,
        "vendorId": line.vendor_id,
        "category": line.category,
        "options": line.options,
        "discount": money(line.discount),
        "tax": money(line.tax),
        "isFreeGift": line.is_free_gift,
        "isTaxable": line.is_taxable,
        "package": None
        if package is None
        else {
            "weightKg": package.weight_kg,
            "lengthCm": package.length_cm,
            "widthCm": package.width_cm,
            "heightCm": package.height_cm,
        },
    }
