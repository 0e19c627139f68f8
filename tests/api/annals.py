"""What is written down of Ann's order when its story (`test_story`) is over, word by word.

Amounts in the timeline are minor units; ids go by the names that the story gives them.
"""

from tests.api.support import Json
from tests.api.telling import NOW, Told

TRACKING = {"trackingReference": "SE-1", "trackingUrl": "https://tracking.example.com/SE-1"}
POTS, TEA = [{"lineNo": 1, "quantity": 3}], [{"lineNo": 2, "quantity": 2}]
REFUND: Json = {
    "refundId": "refund", "returnId": "return", "amount": 73296, "restockingFee": 8144, "forCancelled": 0,
    "withheld": 0, "provider": "example-pay", "reference": "re_1",
    "lines": [{"lineNo": 1, "quantity": 2, "returned": 2}],
}  # fmt: skip
TIMELINE = [
    Told("order.placed", "ann", "Customer", {
        "version": 1, "orderNumber": "its number", "channel": "default", "externalRef": None, "currency": "EUR",
        "customerId": "ann", "branchCode": None, "workflowVersion": 2, "placedAt": NOW, "subtotal": 150000,
        "discountTotal": 3000, "shippingTotal": 1200, "taxTotal": 5700, "total": 153900, "taxesIncluded": False,
        "lines": [
            {"lineNo": 1, "sku": "POT", "name": "Item POT", "quantity": 3, "unitPrice": 40000, "lineTotal": 120000,
             "vendorId": "potter", "branchCode": "north"},
            {"lineNo": 2, "sku": "TEA", "name": "Item TEA", "quantity": 2, "unitPrice": 15000, "lineTotal": 30000,
             "vendorId": "grower", "branchCode": "south"},
        ],
        "discounts": [{"code": "SPRING", "amount": 3000}], "shipping": {"method": "standard"},
        "taxes": [{"name": "VAT", "amount": 5700}],
        "payments": [{"paymentNo": 1, "state": "PENDING", "amount": 153900}],
        "status": {"before": None, "after": "PENDING"},
        "activityStatus": {"before": None, "after": "Waiting for approval"},
    }),
    Told("order.step_completed", "mia", "Manager", {
        "version": 2, "step": "approve", "outcome": "APPROVED", "effect": "GOES_ON",
        "activityStatus": {"before": "Waiting for approval", "after": "In review"},
    }),
    Told("order.reviewer_named", "wim", "Worker", {"version": 3, "reviewer": {"before": None, "after": "mia"}}),
    Told("order.step_completed", "mia", "Manager", {
        "version": 4, "step": "export-review", "outcome": "APPROVED", "effect": "GOES_ON",
        "activityStatus": {"before": "In review", "after": None},
    }),
    Told("order.payment_recorded", "wim", "Worker", {
        "version": 5, "paymentNo": 2, "provider": "example-pay", "reference": "pi_1", "method": "card",
        "amount": 153900,
        "state": {"before": None, "after": "AUTHORIZED"}, "paymentStatus": {"before": "UNPAID", "after": "AUTHORIZED"},
    }),
    Told("order.confirmed", "wim", "Worker", {
        "version": 5, "status": {"before": "PENDING", "after": "CONFIRMED"},
        "activityStatus": {"before": None, "after": "Put a note into the parcel"},
    }),
    Told("order.payment_recorded", "wim", "Worker", {
        "version": 6, "paymentNo": 2, "provider": "example-pay", "reference": "pi_1", "method": "card",
        "amount": 153900, "before": {"amount": 153900, "method": "card"},
        "state": {"before": "AUTHORIZED", "after": "CAPTURED"},
        "paymentStatus": {"before": "AUTHORIZED", "after": "PAID"},
    }),
    Told("order.shipment_created", "vera", "Vendor", {
        "version": 7, "shipmentId": "pots", "mode": "PICKUP", "carrier": "Speedy Express", "branchCode": "north",
        "package": None, "pickupWindow": None, "lines": POTS, "shipmentStatus": {"before": None, "after": "PENDING"},
        "status": {"before": "CONFIRMED", "after": "CONFIRMED"},
    }),
    Told("order.shipment_confirmed", "vera", "Vendor", {
        "version": 8, "shipmentId": "pots", "lines": POTS,
        "shipmentStatus": {"before": "PENDING", "after": "CONFIRMED"},
        "status": {"before": "CONFIRMED", "after": "CONFIRMED"},
    }),
    Told("order.shipped", "vera", "Vendor", {
        "version": 9, "shipmentId": "pots", "carrier": "Speedy Express", **TRACKING, "branchCode": "north",
        "shippedAt": NOW, "lines": POTS, "shipmentStatus": {"before": "CONFIRMED", "after": "SHIPPED"},
        "status": {"before": "CONFIRMED", "after": "PARTIALLY_SHIPPED"},
        "activityStatus": {"before": "Put a note into the parcel", "after": None},
        "steps": [{"step": "thank-you-note", "verdict": "LEFT_UNDONE", "reason": None}],
    }),
    Told("order.shipped", "vito", "Vendor", {
        "version": 10, "shipmentId": "tea", "mode": "WAREHOUSE", "carrier": "Federal Shipping",
        "trackingReference": None, "trackingUrl": None, "branchCode": "south", "shippedAt": NOW, "lines": TEA,
        "shipmentStatus": {"before": None, "after": "SHIPPED"},
        "status": {"before": "PARTIALLY_SHIPPED", "after": "SHIPPED"},
    }),
    Told("order.tracking_added", "vito", "Vendor", {
        "version": 11, "shipmentId": "tea", "trackingReference": "FS-2", "trackingUrl": None,
        "before": {"trackingReference": None, "trackingUrl": None},
        "shipmentStatus": {"before": "SHIPPED", "after": "SHIPPED"},
        "status": {"before": "SHIPPED", "after": "SHIPPED"},
    }),
    Told("order.delivered", "vera", "Vendor", {
        "version": 12, "shipmentId": "pots", "deliveredAt": NOW, "lines": POTS,
        "shipmentStatus": {"before": "SHIPPED", "after": "DELIVERED"},
        "status": {"before": "SHIPPED", "after": "PARTIALLY_DELIVERED"},
    }),
    Told("order.delivered", "vito", "Vendor", {
        "version": 13, "shipmentId": "tea", "deliveredAt": NOW, "lines": TEA,
        "shipmentStatus": {"before": "SHIPPED", "after": "DELIVERED"},
        "status": {"before": "PARTIALLY_DELIVERED", "after": "DELIVERED"},
    }),
    Told("order.return_requested", "ann", "Customer", {
        "version": 14, "returnId": "return", "lines": [{"lineNo": 1, "quantity": 2}],
        "returnStatus": {"before": None, "after": "REQUESTED"},
    }),
    Told("order.return_approved", "mia", "Manager", {
        "version": 15, "returnId": "return", "returnStatus": {"before": "REQUESTED", "after": "APPROVED"},
    }),
    Told("order.return_received", "wim", "Worker", {
        "version": 16, "returnId": "return", "lines": [{"lineNo": 1, "restocked": 1, "scrapped": 1}],
        "returnStatus": {"before": "APPROVED", "after": "RECEIVED"},
    }),
    Told("order.refund_requested", "wim", "Worker", {
        "version": 17, **REFUND, "refundStatus": {"before": None, "after": "REQUESTED"},
        "paymentStatus": {"before": "PAID", "after": "PAID"},
    }),
    Told("order.refunded", "mia", "Manager", {
        "version": 18, **REFUND, "refundStatus": {"before": "REQUESTED", "after": "APPROVED"},
        "paymentStatus": {"before": "PAID", "after": "PARTIALLY_REFUNDED"},
    }),
    Told("order.completed", "mia", "Manager", {
        "version": 19, "status": {"before": "DELIVERED", "after": "COMPLETED"},
    }),
]  # fmt: skip


def euros(amount: str) -> Json:
    return {"amount": amount, "currency": "EUR"}


#: Everything else that whoever may see it whole sees.
WHOLE: Json = {
    "orderNumber": "its number", "status": "COMPLETED", "activityStatus": None, "workflow": {"version": 2},
    "customer": {"id": "ann", "firstName": "Ann", "lastName": "Lee", "email": "ann@example.org"},
    "shippingAddress": {"line1": "12 St James's Square", "city": "London", "country": "GB"},
    "subtotal": {"amount": "1500.00"}, "discountTotal": {"amount": "30.00"}, "shippingTotal": {"amount": "12.00"},
    "taxTotal": {"amount": "57.00"}, "total": euros("1539.00"), "amountDue": {"amount": "0.00"},
    "paymentStatus": "PARTIALLY_REFUNDED",
    "payments": [
        {"state": "PENDING", "amount": euros("1539.00"), "provider": None, "reference": None},
        {"state": "CAPTURED", "amount": euros("1539.00"), "provider": "example-pay", "reference": "pi_1"},
    ],
    "refunds": [{"amount": euros("732.96"), "restockingFee": {"amount": "81.44"}}],
    "lines": [
        {"sku": "POT", "vendorId": "potter", "quantity": 3, "shippedQuantity": 3, "deliveredQuantity": 3,
         "returnedQuantity": 2, "allocation": [{"branchCode": "north"}]},
        {"sku": "TEA", "vendorId": "grower", "quantity": 2, "shippedQuantity": 2, "deliveredQuantity": 2,
         "returnedQuantity": 0, "allocation": [{"branchCode": "south"}]},
    ],
    "shipments": [
        {"id": "pots", "status": "DELIVERED", "branchCode": "north", "carrier": "Speedy Express", **TRACKING,
         "lines": [{"sku": "POT", "quantity": 3}]},
        {"id": "tea", "status": "DELIVERED", "branchCode": "south", "carrier": "Federal Shipping",
         "trackingReference": "FS-2", "trackingUrl": None, "lines": [{"sku": "TEA", "quantity": 2}]},
    ],
    "returns": [
        {"id": "return", "status": "RECEIVED", "reason": "cracked", "note": "Two of three.",
         "lines": [{"sku": "POT", "quantity": 2, "restocked": 1, "scrapped": 1}]},
    ],
}  # fmt: skip
_NO_VENDORS: Json = {
    **dict.fromkeys("subtotal discountTotal shippingTotal taxTotal total amountDue paymentStatus".split()),
    "payments": [], "refunds": [],
    "customer": {"id": None, "firstName": "Ann", "lastName": "Lee", "email": None},
}  # fmt: skip
#: The potter sees its teapots, and that some came back, though not what Ann wrote about it.
VERAS: Json = {
    **WHOLE, **_NO_VENDORS, "lines": WHOLE["lines"][:1], "shipments": WHOLE["shipments"][:1],
    "returns": [{**WHOLE["returns"][0], "note": None}],
}  # fmt: skip
#: The grower sees its tea.
VITOS: Json = {**WHOLE, **_NO_VENDORS, "lines": WHOLE["lines"][1:], "shipments": WHOLE["shipments"][1:], "returns": []}
#: Branch, SKU, kind, units, on hand before and after, by whom, for which order.
LEDGER = [
    ("north", "POT", "RECEIPT", 10, 0, 10, "somebody", None),
    ("north", "POT", "ISSUE", -3, 10, 7, "vera", "its number"),
    ("north", "POT", "RETURN", 1, 7, 8, "wim", "its number"),
    ("south", "TEA", "RECEIPT", 20, 0, 20, "somebody", None),
    ("south", "TEA", "ISSUE", -2, 20, 18, "vito", "its number"),
]
#: Operation, subject, roles, the order's version and status after it.
AUDIT = [
    ("placeOrder", "ann", "Customer", 1, "PENDING"),
    ("completeStep", "mia", "Manager", 2, "PENDING"),
    ("escalateReviewer", "wim", "Worker", 3, "PENDING"),
    ("reviewOrder", "mia", "Manager", 4, "PENDING"),
    ("recordPayment", "wim", "Worker", 5, "CONFIRMED"),
    ("recordPayment", "wim", "Worker", 6, "CONFIRMED"),
    ("createShipment", "vera", "Vendor", 7, "CONFIRMED"),
    ("confirmShipment", "vera", "Vendor", 8, "CONFIRMED"),
    ("dispatchShipment", "vera", "Vendor", 9, "PARTIALLY_SHIPPED"),
    ("markAsShipped", "vito", "Vendor", 10, "SHIPPED"),
    ("addShippingTrackingReference", "vito", "Vendor", 11, "SHIPPED"),
    ("deliverShipment", "vera", "Vendor", 12, "PARTIALLY_DELIVERED"),
    ("markAsDelivered", "vito", "Vendor", 13, "DELIVERED"),
    ("requestReturn", "ann", "Customer", 14, "DELIVERED"),
    ("reviewOrder", "mia", "Manager", 15, "DELIVERED"),
    ("receiveReturn", "wim", "Worker", 16, "DELIVERED"),
    ("processRefund", "wim", "Worker", 17, "DELIVERED"),
    ("reviewOrder", "mia", "Manager", 18, "DELIVERED"),
    ("markAsCompleted", "mia", "Manager", 19, "COMPLETED"),
]
