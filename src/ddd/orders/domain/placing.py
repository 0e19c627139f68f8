"""An order as it comes in."""

from datetime import datetime
from typing import Any

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, OrderLine


def record_placed(order: Order, actor: Actor, at: datetime) -> None:
    """The order as it came in; confirmed at once where it is paid."""
    order.submitted_at = at
    order.tell("order.placed", actor, at, placed_data(order))
    order.go_on(actor, at)


def placed_data(order: Order) -> dict[str, Any]:
    """Everything of a new order but the person: enough to rebuild it from its events."""
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
        "payments": [
            {"paymentNo": each.payment_no, "state": each.state.value, "amount": each.amount} for each in order.payments
        ],
        "status": {"before": None, "after": order.status.value},
    }


def _line_data(line: OrderLine) -> dict[str, Any]:
    data: dict[str, Any] = {
        "lineNo": line.line_no,
        "sku": line.sku,
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
    return data
