"""A draft that is edited, submitted, fulfilled."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ddd.orders.domain.drafting import without_outcomes
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderEvent
from ddd.orders.domain.placing import TERMS
from ddd.orders.domain.timeline.reading import line_of, moment_of

#: What an edit tells under the API's names, by where it stands in the order.
_FIELDS: Final = {
    "channel": "channel",
    "externalRef": "external_ref",
    "currency": "currency",
    "branchCode": "branch_code",
    "subtotal": "subtotal",
    "discountTotal": "discount_total",
    "shippingTotal": "shipping_total",
    "taxTotal": "tax_total",
    "total": "total",
    "taxesIncluded": "taxes_included",
}


def _edited(order: Order, event: OrderEvent) -> None:
    terms = dict(order.terms)
    for name, value in event.data["after"].items():
        if name == "lines":
            order.lines = [line_of(each) for each in value]
        elif name == "customerId":
            order.customer = replace(order.customer, id=value)
        elif name in TERMS:
            terms[name] = value
        else:
            setattr(order, _FIELDS[name], value)
    order.terms = {name: value for name, value in terms.items() if value is not None}


def _submitted(order: Order, event: OrderEvent) -> None:
    order.submitted_at = event.at
    order.placed_at = moment_of(event.data["placedAt"])
    for each in event.data["lines"]:
        line = order.line(each["lineNo"])
        line.branch_code, line.reserved_quantity = each["branchCode"], each["quantity"]
    version = event.data["workflowVersion"]
    if version != order.workflow_version:
        order.workflow_version, order.steps = version, without_outcomes(order.steps)


def _fulfilled(order: Order, event: OrderEvent) -> None:
    """What left was told as shipped."""


CHANGES: Final[Mapping[str, Callable[[Order, OrderEvent], None]]] = {
    "order.edited": _edited,
    "order.submitted": _submitted,
    "order.fulfilled": _fulfilled,
}
