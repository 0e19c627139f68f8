"""An order as it comes in."""

from datetime import datetime
from typing import Any, Final

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, OrderLine, Package, Payment

#: The names of an order's terms, in the order and in its first event.
TERMS: Final = ("discounts", "taxes", "shipping")


def record_placed(order: Order, actor: Actor, at: datetime) -> None:
    """The order as it came in; confirmed at once where it is paid."""
    order.submitted_at = at
    order.tell("order.placed", actor, at, placed_data(order))
    order.go_on(actor, at)


def placed_data(order: Order) -> dict[str, Any]:
    """Everything of a new order but a person's values and free data: with those enough to rebuild it."""
    return {
        "orderNumber": order.order_number,
        "channel": order.channel,
        "externalRef": order.external_ref,
        "currency": order.currency,
        "customerId": order.customer.id,
        "branchCode": order.branch_code,
        "workflowVersion": order.workflow_version,
        "placedAt": order.placed_at.isoformat(),
        "subtotal": order.subtotal,
        "discountTotal": order.discount_total,
        "shippingTotal": order.shipping_total,
        "taxTotal": order.tax_total,
        "total": order.total,
        "taxesIncluded": order.taxes_included,
        "lines": [_line_data(line) for line in order.lines],
        "payments": [_payment_data(each) for each in order.payments],
        **order.terms,
        "status": {"before": None, "after": order.status.value},
    }


def is_checkouts(about: str) -> bool:
    """Whether a note is about what a checkout or draft told, so that an edit replaces it."""
    return about == "delivery_time" or about.startswith("discount:")


def _line_data(line: OrderLine) -> dict[str, Any]:
    data: dict[str, Any] = {
        "lineNo": line.line_no,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unitPrice": line.unit_price,
        "lineTotal": line.line_total,
    }
    if line.discount:
        data["discount"] = line.discount
    if line.tax:
        data["tax"] = line.tax
    if line.vendor_id is not None:
        data["vendorId"] = line.vendor_id
    if line.branch_code is not None:
        data["branchCode"] = line.branch_code
    if line.category is not None:
        data["category"] = line.category
    if line.is_free_gift:
        data["isFreeGift"] = True
    if not line.is_taxable:
        data["isTaxable"] = False
    if line.package is not None:
        data["package"] = package_data(line.package)
    return data


def _payment_data(payment: Payment) -> dict[str, Any]:
    data: dict[str, Any] = {
        "paymentNo": payment.payment_no,
        "state": payment.state.value,
        "amount": payment.amount,
    }
    if payment.method is not None:
        data["method"] = payment.method
    if payment.provider is not None:
        data["provider"] = payment.provider
    if payment.reference is not None:
        data["reference"] = payment.reference
    return data


def package_data(package: Package) -> dict[str, str]:
    """A package as events tell it: the sizes that are known."""
    sizes = {
        "weightKg": package.weight_kg,
        "lengthCm": package.length_cm,
        "widthCm": package.width_cm,
        "heightCm": package.height_cm,
    }
    return {name: size for name, size in sizes.items() if size is not None}
