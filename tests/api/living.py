"""Orders led to every stage of their life over HTTP, and each operation on them in the form that fits best."""

from collections.abc import Callable
from typing import Any

from tests.api.orders_support import GET, PAYLOAD, Shop, checkout, line, mutation, units
from tests.api.support import ApiCaller, Json

PARTS = {
    **dict.fromkeys(
        "createShipment confirmShipment dispatchShipment deliverShipment cancelShipment"
        " addShippingTrackingReference".split(),
        "shipment",
    ),
    "requestReturn": "return",
    "receiveReturn": "return",
    "processRefund": "refund",
}
#: Every action on an existing order, by its mutation's name.
OPERATIONS = (
    "editDraftOrder submitOrder fulfilOrder"
    " confirmOrder recordPayment cancelOrder markAsShipped createShipment confirmShipment dispatchShipment"
    " deliverShipment cancelShipment addShippingTrackingReference markAsDelivered markAsCompleted holdOrder"
    " releaseHold requestReturn receiveReturn processRefund"
).split()
SMALL = "order { id version status } errors { code field message details } replayed"
#: Those that need a workflow with steps.
STEPS = "completeStep escalateReviewer reviewOrder".split()
DOCUMENTS = {
    name: mutation(name, f"{{ {SMALL} {PARTS[name] + ' { id }' if name in PARTS else ''} }}")
    for name in (*OPERATIONS, *STEPS)
}
DRAFT = mutation("createDraftOrder", PAYLOAD)
NOWHERE = "01930000-0000-7000-8000-000000000000"
CUSTOMER = {"firstName": "Ann", "id": "c-7"}
LINES = (line("A", 2, "10", vendorId="v1"), line("B", 2, "5"))
LOOK = """query($id:ID) { getOrder(orderId:$id) { id version status paymentStatus amountDue { amount }
  lines { id lineNo sku quantity shippedQuantity cancelledQuantity deliveredQuantity returnedQuantity }
  shipments { id status lines { sku quantity } } returns { id status reason note } refunds { id reason }
  holds { reason } availableActions { action allowed reason } timeline { sequence type data } } }"""


class Life:
    """One shop, and its orders at any stage."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def place(self, **more: Any) -> Json:
        """Two units of v1's and two open ones, Ann's."""
        return self.shop.place(*LINES, **{"customer": CUSTOMER, **more})

    def draft(self, *lines: Json, by: ApiCaller | None = None, **more: Any) -> Json:
        """The same as a draft, of these lines where some are given."""
        given = {**checkout(*(lines or LINES)), "customer": CUSTOMER, **more}
        order: Json = (by or self.shop.admin).data(DRAFT, {"input": given})["order"]
        return order

    def do(self, name: str, order: Json, by: ApiCaller | None = None, **given: Any) -> Any:
        return (by or self.shop.admin).data(DOCUMENTS[name], {"input": {"orderId": order["id"], **given}})

    def refused(
        self, name: str, order: Json, by: ApiCaller | None = None, **given: Any
    ) -> list[tuple[str, str | None]]:
        variables = {"input": {"orderId": order["id"], **given}}
        return (by or self.shop.admin).refusals(DOCUMENTS[name], variables)

    def look(self, order: Json, by: ApiCaller | None = None) -> Any:
        return (by or self.shop.admin).data(LOOK, {"id": order["id"]})

    def whole(self, order: Json, by: ApiCaller | None = None) -> Any:
        return (by or self.shop.admin).data(GET, {"id": order["id"]})

    # -- stages ---------------------------------------------------------------------------------------------------

    def pending(self) -> Json:
        return self.place()

    def confirmed(self) -> Json:
        return self.place(payment={"state": "CAPTURED"})

    def packed(self) -> Json:
        """One unit waits to be confirmed, one is ready to leave, two are not packed."""
        order = self.confirmed()
        for _ in range(2):
            made = self.do("createShipment", order, lines=units(order, (1, 1)))
        self.do("confirmShipment", order, shipmentId=made["shipment"]["id"])
        return order

    def packed_whole(self) -> Json:
        order = self.confirmed()
        self.do("createShipment", order)
        return order

    def held(self) -> Json:
        order = self.packed()
        self.do("holdOrder", order, reason="is it Ann's card?")
        return order

    def partially_shipped(self) -> Json:
        order = self.confirmed()
        self.do("markAsShipped", order, lines=units(order, (1, 2)))
        return order

    def shipped(self) -> Json:
        order = self.partially_shipped()
        self.do("markAsShipped", order)
        return order

    def shipped_unpaid(self) -> Json:
        order = self.pending()
        self.do("markAsShipped", order)
        return order

    def partially_delivered(self) -> Json:
        order = self.shipped()
        self.do("deliverShipment", order, shipmentId=self.look(order)["shipments"][0]["id"])
        return order

    def delivered(self) -> Json:
        order = self.shipped()
        self.do("markAsDelivered", order)
        return order

    def returning(self) -> Json:
        order = self.delivered()
        self.do("requestReturn", order, reason="broken", lines=units(order, (1, 2)))
        return order

    def returned(self) -> Json:
        order = self.returning()
        lines = [{"orderLineId": order["lines"][0]["id"], "restock": 1, "scrap": 1}]
        self.do("receiveReturn", order, returnId=self.look(order)["returns"][0]["id"], lines=lines)
        return order

    def refunded(self) -> Json:
        order = self.returned()
        self.do("processRefund", order)
        return order

    def completed(self) -> Json:
        order = self.shipped()
        self.do("markAsCompleted", order)
        return order

    def cancelled(self) -> Json:
        order = self.pending()
        self.do("cancelOrder", order, reason="OTHER")
        return order

    def cancelled_paid(self) -> Json:
        order = self.packed()
        self.do("cancelOrder", order, reason="OTHER")
        return order

    def stage(self, name: str) -> Json:
        make: Callable[[], Json] = getattr(self, name)
        return make()

    # -- the best form of each operation --------------------------------------------------------------------------

    def best(self, name: str, order: Json) -> Json:
        """The input with which the operation is taken, if any is."""
        seen = self.look(order)
        given: Json = {"orderId": order["id"]}

        def shipment(*statuses: str) -> Json:
            found = [each["id"] for each in seen["shipments"] if each["status"] in statuses]
            others = [each["id"] for each in seen["shipments"]]
            return {**given, "shipmentId": [*found, *others, NOWHERE][0]}

        first = [{"orderLineId": order["lines"][0]["id"], "quantity": 1}]
        whole = seen["status"] in ("DRAFT", "PENDING", "CONFIRMED", "CANCELLED")
        left = [
            {"orderLineId": each["id"], "quantity": units}
            for each in seen["lines"]
            if (units := each["quantity"] - each["cancelledQuantity"] - each["shippedQuantity"])
        ]
        return_id = [*(each["id"] for each in seen["returns"]), NOWHERE][0]
        forms: dict[str, Callable[[], Json]] = {
            "editDraftOrder": lambda: {**given, "note": "for the window"},
            "recordPayment": lambda: {**given, "provider": "p", "reference": "r", "state": "CAPTURED"},
            "cancelOrder": lambda: {**given, "reason": "OTHER", **({} if whole or not left else {"lines": left})},
            "confirmShipment": lambda: shipment("PENDING"),
            "dispatchShipment": lambda: shipment("CONFIRMED"),
            "deliverShipment": lambda: shipment("SHIPPED", "IN_TRANSIT"),
            "cancelShipment": lambda: shipment("PENDING", "CONFIRMED"),
            "addShippingTrackingReference": lambda: {
                **shipment("SHIPPED", "IN_TRANSIT", "DELIVERED"),
                "trackingReference": "T1",
            },
            "holdOrder": lambda: {**given, "reason": "fraud?"},
            "requestReturn": lambda: {**given, "reason": "broken", "lines": first},
            "receiveReturn": lambda: {
                **given,
                "returnId": return_id,
                "lines": [{"orderLineId": order["lines"][0]["id"], "restock": 1}],
            },
        }
        return forms[name]() if name in forms else given
