"""The facts of an order that a workflow's conditions may ask about: their names and types.

Amounts are there twice. `….amount` is in major units, as people write them (`order.total.amount > 1000`): the binary64
nearest to the decimal. Two amounts, or an amount and a literal, of up to 15 digits compare as their decimals do; a sum
or product of such numbers may be off in its last digit. `….minor` is the same amount in whole minor units (cents, yen,
fils), for exact arithmetic: `order.total.minor % 100 == 0`. Whole numbers and amounts compare with each other; they do
not add or multiply (write `* 2.0`, or `double(order.lineCount)`).

A text that an order does not have (no customer id, no vendor) is the empty text, a list is without it; so a condition
over declared names does not fail for want of a value. `customer.country` is that of the shipping address.
"""

from collections.abc import Mapping
from typing import Final

from ddd.shared.domain.facts import FactType

#: Amounts, each with `.amount`, `.minor` and `.currency`.
AMOUNTS: Final = (
    "order.total",
    "order.subtotal",
    "order.discountTotal",
    "order.shippingTotal",
    "order.taxTotal",
    "order.amountDue",
)

FACTS: Final[Mapping[str, FactType]] = {
    **{f"{name}.amount": FactType.NUMBER for name in AMOUNTS},
    **{f"{name}.minor": FactType.INTEGER for name in AMOUNTS},
    **{f"{name}.currency": FactType.TEXT for name in AMOUNTS},
    "order.currency": FactType.TEXT,
    "order.channel": FactType.TEXT,
    "order.status": FactType.TEXT,
    "order.paymentStatus": FactType.TEXT,
    "order.branchCode": FactType.TEXT,
    "order.taxesIncluded": FactType.FLAG,
    "order.lineCount": FactType.INTEGER,
    "order.quantity": FactType.INTEGER,  # units that are not cancelled
    "order.skus": FactType.TEXTS,
    "order.categories": FactType.TEXTS,
    "order.vendors": FactType.TEXTS,
    "order.branches": FactType.TEXTS,
    "customer.id": FactType.TEXT,
    "customer.country": FactType.TEXT,
}
