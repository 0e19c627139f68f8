"""The life of an order after it is placed: paid, packed, sent, delivered, completed, returned, refunded."""

from typing import Any

import pytest

from tests.api.support import Api, ApiCaller

_ORDER = """
id version status paymentStatus amountDue { amount } lines { id sku shippedQuantity deliveredQuantity returnedQuantity
cancelledQuantity reservedQuantity } shipments { id status branchCode trackingReference lines { sku quantity } }
returns { id status lines { sku quantity restocked scrapped } } refunds { id amount { amount } }
holds { reason releasedAt }
payments { state amount { amount } reference } timeline { sequence type }
availableActions { action allowed reason }
"""


def _mutation(name: str, input_type: str, part: str = "") -> str:
    return (
        f"mutation($input: {input_type}!) {{ {name}(input: $input) {{ order {{ {_ORDER} }} {part} "
        "errors { code field message } replayed } }"
    )


class Shop:
    """One tenant with stock of A and B in two branches, and somebody of each role."""

    def __init__(self) -> None:
        tenant = Api.tenant()
        self.admin = tenant.caller("Admin")
        self.worker = tenant.caller("Worker", subject="w")
        for code, sku in (("north", "A"), ("south", "B")):
            self.do(
                self.admin, "createBranch", {"code": code, "name": code, "timezone": "Europe/Berlin"}, "branch { id }"
            )
            self.do(self.admin, "createItem", {"sku": sku, "name": sku}, "item { id }")
            self.do(
                self.admin, "receiveStock", {"branchCode": code, "sku": sku, "quantity": 10}, "stockLevel { onHand }"
            )

    @staticmethod
    def do(caller: ApiCaller, name: str, input_: dict[str, Any], selection: str) -> Any:
        kind = name[0].upper() + name[1:] + "Input"
        document = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection} errors {{ code field }} }} }}"
        return caller.data(document, {"input": input_})

    def place(self, key: str = "k1", **more: Any) -> Any:
        return self.act(
            "placeOrder",
            idempotencyKey=key,
            currency="EUR",
            customer={"firstName": "Ann"},
            shippingAddress={"line1": "Road 1", "country": "DE"},
            lines=[{"sku": "A", "quantity": 4, "unitPrice": "2.50"}, {"sku": "B", "quantity": 2, "unitPrice": "5"}],
            **more,
        )

    def act(self, name: str, part: str = "", caller: ApiCaller | None = None, **input_: Any) -> Any:
        kind = name[0].upper() + name[1:] + "Input"
        payload = (caller or self.admin).data(_mutation(name, kind, part), {"input": input_})
        return payload if part else payload["order"]

    def refused(self, name: str, **input_: Any) -> list[tuple[str, str | None]]:
        kind = name[0].upper() + name[1:] + "Input"
        return self.admin.refusals(_mutation(name, kind), {"input": input_})

    def stock(self, branch: str, sku: str) -> tuple[int, int]:
        document = "query($b: String!, $s: String!) { stockLevel(branchCode: $b, sku: $s) { onHand reserved } }"
        level = self.admin.data(document, {"b": branch, "s": sku})
        return level["onHand"], level["reserved"]


@pytest.fixture
def shop(database: object) -> Shop:
    return Shop()


def _types(order: dict[str, Any]) -> list[str]:
    return [entry["type"] for entry in order["timeline"]]


def test_an_order_is_paid_packed_sent_delivered_and_completed(shop: Shop) -> None:
    order = shop.place()
    id_ = order["id"]
    assert (order["status"], order["amountDue"]["amount"]) == ("PENDING", "20.00")
    assert shop.refused("confirmOrder", orderId=id_) == [("PAYMENT_OUTSTANDING", None)]

    paid = {"orderId": id_, "provider": "stripe", "reference": "pi_1"}
    order = shop.act("recordPayment", **paid, state="AUTHORIZED")
    assert (order["status"], order["paymentStatus"]) == ("CONFIRMED", "AUTHORIZED")
    order = shop.act("recordPayment", **paid, state="CAPTURED", amount="20")
    assert (order["paymentStatus"], order["amountDue"]["amount"], len(order["payments"])) == ("PAID", "0.00", 1)
    version = order["version"]
    order = shop.act("recordPayment", **paid, state="CAPTURED", amount="20.0")
    assert order["version"] == version  # told twice is told once

    first = order["lines"][0]["id"]
    packed = shop.act(
        "createShipment",
        "shipment { id status branchCode }",
        orderId=id_,
        lines=[{"orderLineId": first, "quantity": 3}],
    )
    parcel = packed["shipment"]
    assert (parcel["status"], parcel["branchCode"], packed["order"]["status"]) == ("PENDING", "north", "CONFIRMED")
    assert shop.refused("markAsShipped", orderId=id_, lines=[{"orderLineId": first, "quantity": 2}]) == [
        ("QUANTITY_EXCEEDED", "lines.0.quantity")
    ]
    named = {"orderId": id_, "shipmentId": parcel["id"]}
    assert shop.refused("dispatchShipment", **named) == [("INVALID_TRANSITION", None)]
    shop.act("confirmShipment", "shipment { status }", **named)
    assert shop.stock("north", "A") == (10, 4)
    order = shop.act("dispatchShipment", **named, carrier="DHL", trackingReference="T1")
    assert (order["status"], shop.stock("north", "A")) == ("PARTIALLY_SHIPPED", (7, 1))
    order = shop.act("markAsShipped", orderId=id_)
    assert (order["status"], shop.stock("south", "B")) == ("SHIPPED", (8, 0))
    order = shop.act("deliverShipment", **named)
    assert order["status"] == "PARTIALLY_DELIVERED"
    order = shop.act("markAsDelivered", orderId=id_)
    assert order["status"] == "DELIVERED"
    order = shop.act("markAsCompleted", orderId=id_)
    assert order["status"] == "COMPLETED"
    assert _types(order) == [
        "order.placed",
        "order.payment_recorded",
        "order.confirmed",
        "order.payment_recorded",
        "order.shipment_created",
        "order.shipment_confirmed",
        "order.shipped",
        "order.shipped",
        "order.delivered",
        "order.delivered",
        "order.completed",
    ]


def test_a_cancelled_shipment_gives_its_units_back(shop: Shop) -> None:
    order = shop.place(payment={"state": "CAPTURED"})
    for branch in ("north", "south"):
        made = shop.act("createShipment", "shipment { id lines { quantity } }", orderId=order["id"], branchCode=branch)
    assert shop.refused("createShipment", orderId=order["id"]) == [("INVALID_TRANSITION", None)]
    shop.act("cancelShipment", orderId=order["id"], shipmentId=made["shipment"]["id"])
    again = shop.act("createShipment", "shipment { lines { sku quantity } }", orderId=order["id"])
    assert again["shipment"]["lines"] == [{"sku": "B", "quantity": 2}]


def test_a_whole_cancellation_calls_open_shipments_off(shop: Shop) -> None:
    order = shop.place(payment={"state": "CAPTURED"})
    shop.act("createShipment", orderId=order["id"], branchCode="north")
    order = shop.act("cancelOrder", orderId=order["id"], reason="CUSTOMER_REQUEST")
    assert (order["status"], order["shipments"][0]["status"]) == ("CANCELLED", "CANCELLED")
    assert (shop.stock("north", "A"), shop.stock("south", "B")) == ((10, 0), (10, 0))


def test_a_held_order_neither_ships_nor_completes(shop: Shop) -> None:
    id_ = shop.place(payment={"state": "CAPTURED"})["id"]
    order = shop.act("holdOrder", orderId=id_, reason="fraud check")
    assert [hold["reason"] for hold in order["holds"]] == ["fraud check"]
    for name in ("markAsShipped", "createShipment"):
        assert shop.refused(name, orderId=id_) == [("ON_HOLD", None)]
    shop.act("releaseHold", orderId=id_)
    assert shop.act("markAsShipped", orderId=id_)["status"] == "SHIPPED"
    assert shop.refused("releaseHold", orderId=id_) == [("INVALID_TRANSITION", None)]


def test_returned_units_are_restocked_or_scrapped_and_refunded_at_what_was_paid(shop: Shop) -> None:
    order = shop.place(payment={"state": "CAPTURED"})
    id_, first = order["id"], order["lines"][0]["id"]
    assert shop.refused(
        "requestReturn", orderId=id_, reason="broken", lines=[{"orderLineId": first, "quantity": 1}]
    ) == [("NOT_RETURNABLE", None)]
    shop.act("markAsShipped", orderId=id_)
    shop.act("markAsDelivered", orderId=id_)
    asked = shop.act(
        "requestReturn",
        "return { id status lines { quantity } }",
        orderId=id_,
        reason="broken",
        lines=[{"orderLineId": first, "quantity": 3}],
    )
    assert asked["return"]["status"] == "APPROVED"
    received = shop.act(
        "receiveReturn",
        "return { status lines { restocked scrapped } }",
        orderId=id_,
        returnId=asked["return"]["id"],
        lines=[{"orderLineId": first, "restock": 2, "scrap": 1}],
    )
    assert received["return"] == {"status": "RECEIVED", "lines": [{"restocked": 2, "scrapped": 1}]}
    assert shop.stock("north", "A") == (8, 0)
    assert shop.refused("processRefund", orderId=id_, amount="7.51") == [("REFUND_LIMIT", "amount")]
    refunded = shop.act("processRefund", "refund { amount { amount } }", orderId=id_, restockingFee="0.50")
    assert (refunded["refund"]["amount"]["amount"], refunded["order"]["paymentStatus"]) == (
        "7.00",
        "PARTIALLY_REFUNDED",
    )
    assert shop.refused("processRefund", orderId=id_) == [("REFUND_LIMIT", None)]


def test_a_payment_in_another_currency_or_beyond_its_authorisation_is_refused(shop: Shop) -> None:
    id_ = shop.place()["id"]
    told = {"orderId": id_, "provider": "stripe", "reference": "pi_1"}
    assert shop.refused("recordPayment", **told, state="CAPTURED", currency="USD") == [
        ("CURRENCY_MISMATCH", "currency")
    ]
    shop.act("recordPayment", **told, state="AUTHORIZED", amount="15")
    assert shop.refused("recordPayment", **told, state="CAPTURED", amount="15.01") == [("INVALID_INPUT", "amount")]
    order = shop.act("recordPayment", **told, state="CAPTURED", amount="10")
    assert (order["paymentStatus"], order["amountDue"]["amount"], order["status"]) == (
        "PARTIALLY_PAID",
        "10.00",
        "PENDING",
    )


def test_a_replayed_key_leads_back_to_the_part_it_made(shop: Shop) -> None:
    id_ = shop.place(payment={"state": "CAPTURED"})["id"]
    given = {"orderId": id_, "branchCode": "north", "idempotencyKey": "ship"}
    made, again = (shop.act("createShipment", "shipment { id }", **given) for _ in range(2))
    assert (again["replayed"], again["shipment"]) == (True, made["shipment"])
