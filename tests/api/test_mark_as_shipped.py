"""markAsShipped: goods leave in one shipment; their reserved stock is issued in the same commit."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.orders_support import CANCEL, SHIP, SHIP_WHOLE, Shop, allowed, line, units
from tests.api.support import Api, Json
from tests.builders import rows


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop()


def ship(shop: Shop, order: Json, **more: object) -> Json:
    changed: Json = shop.admin.data(SHIP_WHOLE, {"input": {"orderId": order["id"], **more}})["order"]
    assert changed == shop.get(order["id"])
    return changed


def test_what_is_left_is_shipped_and_its_stock_issued(shop: Shop) -> None:
    order = shop.place(line("A", 3), line("C", 2))
    done = ship(
        shop, order, carrier="DHL", trackingReference="T1", trackingUrl="https://t.example/?n=1",
        shippedAt="2026-01-02T00:00:00+01:00",
    )  # fmt: skip
    assert (done["status"], done["version"], done["paymentStatus"]) == ("SHIPPED", 2, "UNPAID")
    (shipment,) = done["shipments"]
    assert shipment.pop("id") == done["timeline"][-1]["data"]["shipmentId"]
    assert shipment == {
        "status": "SHIPPED",
        "mode": "WAREHOUSE",
        "carrier": "DHL",
        "trackingReference": "T1",
        "trackingUrl": "https://t.example/?n=1",
        "branchCode": "south",
        "lines": [
            {"orderLineId": done["lines"][0]["id"], "sku": "A", "quantity": 3},
            {"orderLineId": done["lines"][1]["id"], "sku": "C", "quantity": 2},
        ],
        "address": {"line1": "1 Main St"},
        "shippedAt": "2026-01-01T23:00:00Z",
        "deliveredAt": None,
    }
    assert [(each["shippedQuantity"], each["reservedQuantity"]) for each in done["lines"]] == [(3, 0), (2, 0)]
    assert shop.levels()[("south", "A")] == (97, 0)
    assert shop.levels()[("south", "C")] == (98, 0)
    assert [each["type"] for each in done["timeline"]] == ["order.placed", "order.confirmed", "order.shipped"]
    assert allowed(done) == {"cancelOrder": False, "markAsShipped": False}
    moved = "SELECT sku, delta, actor, reference FROM stock_movement WHERE delta < 0 ORDER BY sku"
    assert rows(shop.tenant.id, moved) == [
        ("A", -3, "boss", order["orderNumber"]),
        ("C", -2, "boss", order["orderNumber"]),
    ]


def test_an_order_leaves_in_several_shipments(shop: Shop) -> None:
    order = shop.place(line("A", 3), line("B", 2), payment={"state": "CAPTURED"})
    assert order["status"] == "CONFIRMED"
    first = ship(shop, order, lines=units(order, (2, 1)))
    assert (first["status"], allowed(first)) == ("PARTIALLY_SHIPPED", {"cancelOrder": True, "markAsShipped": True})
    second = ship(shop, order, lines=units(order, (1, 3)))
    assert second["status"] == "PARTIALLY_SHIPPED"
    third = ship(shop, order)
    assert third["status"] == "SHIPPED"
    assert [[(each["sku"], each["quantity"]) for each in shipment["lines"]] for shipment in third["shipments"]] == [
        [("B", 1)], [("A", 3)], [("B", 1)],
    ]  # fmt: skip
    assert shop.levels()[("north", "A")] == (97, 0)
    assert shop.levels()[("north", "B")] == (98, 0)


def test_nothing_is_shipped_twice_or_after_it_was_cancelled(shop: Shop) -> None:
    order, cancelled = shop.place(line("A", 2)), shop.place()
    ship(shop, order)
    shop.admin.data(CANCEL, {"input": {"orderId": cancelled["id"], "reason": "OTHER"}})
    before = shop.everything()
    for each in (order, cancelled):
        assert shop.admin.refusals(SHIP, {"input": {"orderId": each["id"]}}) == [("INVALID_TRANSITION", None)]
    named = {"orderId": order["id"], "lines": units(order, (1, 1))}
    assert shop.admin.refusals(SHIP, {"input": named}) == [("QUANTITY_EXCEEDED", "lines.0.quantity")]
    assert shop.everything() == before


def test_every_fault_is_told_where_it_stands_and_nothing_moves(shop: Shop) -> None:
    order = shop.place(line("A", 2))
    before = shop.everything()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    given = {
        "orderId": order["id"],
        "carrier": "x" * 256,
        "trackingReference": "\x00",
        "trackingUrl": "javascript:alert(1)",
        "shippedAt": tomorrow,
        "lines": units(order, (1, 3), (1, 1)),
    }
    assert shop.admin.refusals(SHIP, {"input": given}) == [
        ("INVALID_INPUT", "carrier"),
        ("INVALID_INPUT", "trackingReference"),
        ("INVALID_INPUT", "trackingUrl"),
        ("INVALID_INPUT", "shippedAt"),
        ("QUANTITY_EXCEEDED", "lines.0.quantity"),
        ("INVALID_INPUT", "lines.1.orderLineId"),
    ]
    assert shop.admin.refusals(SHIP, {"input": {"orderId": order["id"], "lines": []}}) == [("INVALID_INPUT", "lines")]
    assert shop.everything() == before


@pytest.mark.parametrize(
    "url", ["", "t.example", "//t.example", "ftp://t.example", "https://", "https://[", "http://a b"]
)
def test_a_tracking_address_is_http_or_https(shop: Shop, url: str) -> None:
    order = shop.place()
    given = {"orderId": order["id"], "trackingUrl": url}
    assert shop.admin.refusals(SHIP, {"input": given}) == [("INVALID_INPUT", "trackingUrl")]


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-01", "2026-01-01T00:00:00", 1, 1.5])
def test_a_bad_moment_is_invalid(shop: Shop, moment: object) -> None:
    order = shop.place()
    assert shop.admin.refusals(SHIP, {"input": {"orderId": order["id"], "shippedAt": moment}}) == [
        ("INVALID_INPUT", "shippedAt")
    ]


def test_a_customer_alone_does_not_say_when_it_left_even_where_it_may_ship(shop: Shop) -> None:
    shop.permit("Customer", markAsShipped="OWN")
    ann = shop.caller("Customer", subject="ann")
    order = shop.place(by=ann)
    given = {"orderId": order["id"], "shippedAt": "2026-01-01T00:00:00Z"}
    assert ann.refusals(SHIP, {"input": given}) == [("INVALID_INPUT", "shippedAt")]
    assert ann.data(SHIP, {"input": {"orderId": order["id"]}})["order"]["status"] == "SHIPPED"


def test_the_expected_version_is_compared_and_told(shop: Shop) -> None:
    order = shop.place(line("A", 2))
    given = {"orderId": order["id"], "expectedVersion": 2, "carrier": "x" * 256}
    (error,) = shop.admin.run(SHIP, {"input": given})["data"]["markAsShipped"]["errors"]
    assert (error["code"], error["details"]) == ("VERSION_CONFLICT", {"version": 1})
    assert ship(shop, order, expectedVersion=1, lines=units(order, (1, 1)))["version"] == 2
    assert ship(shop, order, expectedVersion=2)["version"] == 3


def test_goods_that_stock_is_not_kept_of_leave_without_a_movement(shop: Shop) -> None:
    shop.settings(unknownSku="ACCEPT")
    order = shop.place(line("?", 2, name="Hat"))
    done = ship(shop, order)
    assert (done["status"], done["shipments"][0]["branchCode"]) == ("SHIPPED", None)
