"""Goods do not arrive before they leave; they may have left before the order reached the server."""

from datetime import UTC, datetime

import pytest

from tests.api.living import Life
from tests.api.orders_support import Shop, units
from tests.api.support import Api

LEFT, EARLIER, LATER = "2026-03-02T10:00:00Z", "2026-03-02T09:59:59.999Z", "2026-03-02T10:00:01+00:00"


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


def test_a_shipment_is_not_delivered_before_it_left(life: Life) -> None:
    order = life.stage("confirmed")
    life.do("markAsShipped", order, shippedAt=LEFT)
    shipment = life.look(order)["shipments"][0]["id"]
    before = life.shop.everything()
    refused = life.refused("deliverShipment", order, shipmentId=shipment, deliveredAt=EARLIER)
    assert refused == [("INVALID_INPUT", "deliveredAt")]
    assert life.refused("markAsDelivered", order, deliveredAt=EARLIER) == [("INVALID_INPUT", "deliveredAt")]
    assert life.shop.everything() == before
    life.do("deliverShipment", order, shipmentId=shipment, deliveredAt=LEFT)
    assert life.whole(order)["shipments"][0]["deliveredAt"] == LEFT


def test_of_all_that_is_on_its_way_nothing_is_delivered_before_the_last_of_it_left(life: Life) -> None:
    order = life.stage("confirmed")
    life.do("markAsShipped", order, shippedAt=EARLIER, lines=units(order, (1, 2)))
    arrived = life.look(order)["shipments"][0]["id"]
    life.do("markAsShipped", order, shippedAt=LATER)
    assert life.refused("markAsDelivered", order, deliveredAt=LEFT) == [("INVALID_INPUT", "deliveredAt")]
    vendor = life.shop.caller("Vendor", subject="v1", vendor_id="v1")
    life.do("deliverShipment", order, vendor, shipmentId=arrived, deliveredAt=LEFT)
    life.do("markAsDelivered", order, deliveredAt=LATER)
    assert life.look(order)["status"] == "DELIVERED"


def test_goods_may_have_left_before_the_order_reached_the_server(life: Life) -> None:
    order = life.stage("confirmed")
    life.do("markAsShipped", order, shippedAt=LEFT)
    (seen,) = life.whole(order)["shipments"]
    assert seen["shippedAt"] == LEFT
    assert datetime.fromisoformat(order["placedAt"]) > datetime(2026, 3, 2, 10, tzinfo=UTC)
