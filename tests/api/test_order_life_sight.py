"""Who sees and does what with shipments, returns, refunds and holds; and where people's words stand."""

import json
from typing import Any

import pytest

from tests.api.living import CUSTOMER, DOCUMENTS, Life
from tests.api.orders_support import PLACE_WHOLE, Shop, checkout, line, units
from tests.api.support import Api, ApiCaller, Json
from tests.builders import rows


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


@pytest.fixture
def shared(life: Life) -> Json:
    """A paid order of v1's, v2's and an open line, packed in a shipment for each, and one of v1's and v2's together."""
    order = life.shop.place(
        line("A", 2, "3", vendorId="v1"),
        line("B", 2, "5", vendorId="v2"),
        line("C", 2, "7"),
        customer=CUSTOMER,
        payment={"state": "CAPTURED"},
    )
    for pairs in ([(1, 1)], [(2, 1)], [(3, 1)], [(1, 1), (2, 1)]):
        life.do("createShipment", order, lines=units(order, *pairs))
    return order


def vendor(life: Life, name: str) -> ApiCaller:
    return life.shop.caller("Vendor", subject=f"subject-{name}", vendor_id=name)


def skus(order: Json) -> list[list[str]]:
    return [[each["sku"] for each in shipment["lines"]] for shipment in order["shipments"]]


def test_a_vendor_sees_the_shipments_of_its_own_and_open_lines(life: Life, shared: Json) -> None:
    assert skus(life.look(shared, vendor(life, "v1"))) == [["A"], ["C"], ["A"]]
    assert skus(life.look(shared, vendor(life, "v2"))) == [["B"], ["C"], ["B"]]
    assert skus(life.look(shared)) == [["A"], ["B"], ["C"], ["A", "B"]]


def test_a_shipment_with_another_vendors_line_is_not_found(life: Life, shared: Json) -> None:
    v1, whole = vendor(life, "v1"), life.look(shared)
    before = life.shop.everything()
    for shipment in (whole["shipments"][1], whole["shipments"][3]):
        for name in ("confirmShipment", "dispatchShipment", "deliverShipment", "cancelShipment"):
            assert life.refused(name, shared, v1, shipmentId=shipment["id"]) == [("NOT_FOUND", "shipmentId")]
        tracked = {"shipmentId": shipment["id"], "trackingReference": "T"}
        assert life.refused("addShippingTrackingReference", shared, v1, **tracked) == [("NOT_FOUND", "shipmentId")]
    assert life.shop.everything() == before


def test_a_vendor_packs_ships_and_delivers_what_is_its_own_or_open(life: Life) -> None:
    order = life.shop.place(
        line("A", 2, "3", vendorId="v1"), line("B", 2, "5", vendorId="v2"), line("C", 2), payment={"state": "CAPTURED"}
    )
    v1, v2 = vendor(life, "v1"), vendor(life, "v2")
    assert life.refused("createShipment", order, v1, lines=units(order, (2, 1))) == [
        ("NOT_FOUND", "lines.0.orderLineId")
    ]
    made = life.do("createShipment", order, v1)["shipment"]["id"]
    assert skus(life.look(order)) == [["A", "C"]]
    assert life.refused("createShipment", order, v1) == [("INVALID_TRANSITION", None)]
    life.do("confirmShipment", order, v1, shipmentId=made)
    assert life.do("dispatchShipment", order, v1, shipmentId=made)["order"]["status"] == "PARTIALLY_SHIPPED"
    life.do("markAsShipped", order, v2)
    assert life.do("markAsDelivered", order, v2)["order"]["status"] == "PARTIALLY_DELIVERED"
    assert [each["status"] for each in life.look(order)["shipments"]] == ["SHIPPED", "DELIVERED"]
    assert life.refused("markAsDelivered", order, v2) == [("INVALID_TRANSITION", None)]
    assert life.do("markAsDelivered", order, v1)["order"]["status"] == "DELIVERED"


def test_a_vendor_learns_nothing_about_money_nor_who_else_acted(life: Life, shared: Json) -> None:
    v1 = vendor(life, "v1")
    life.do("recordPayment", shared, provider="p", reference="r-secret", state="CAPTURED", amount="7.77")
    life.do("holdOrder", shared, reason="wait")
    seen = life.whole(shared, v1)
    assert (seen["payments"], seen["refunds"], seen["paymentStatus"], seen["amountDue"]) == ([], [], None, None)
    text = json.dumps(seen)
    for secret in ("r-secret", "7.77", "boss", '"c-7"', '"v2"'):  # quoted: `c-7` may stand within an id
        assert secret not in text


def test_a_customer_asks_for_the_return_of_its_own_order_only(life: Life) -> None:
    order = life.stage("shipped")
    ann, bob = (life.shop.caller("Customer", subject=name) for name in ("c-7", "bob"))
    wanted: dict[str, Any] = {"reason": "too small", "note": "sorry", "lines": units(order, (1, 1))}
    assert life.refused("requestReturn", order, bob, **wanted) == [("NOT_FOUND", "orderId")]
    made = life.do("requestReturn", order, ann, **wanted)["return"]["id"]
    (seen,) = life.look(order, ann)["returns"]
    assert seen == {"id": made, "status": "APPROVED", "reason": "too small", "note": "sorry"}
    given = {"orderId": order["id"], "returnId": made, "lines": []}
    assert ann.codes(DOCUMENTS["receiveReturn"], {"input": given}) == ["FORBIDDEN"]
    assert ann.codes(DOCUMENTS["processRefund"], {"input": {"orderId": order["id"]}}) == ["FORBIDDEN"]


def test_a_vendor_sees_returns_of_its_lines_without_the_customers_note(life: Life) -> None:
    order = life.stage("shipped")
    life.do("requestReturn", order, reason="broken", note="call Ann", lines=units(order, (1, 1)))
    (seen,) = life.look(order, vendor(life, "v1"))["returns"]
    assert (seen["reason"], seen["note"]) == ("broken", None)
    elsewhere = life.shop.place(line("A", 1, vendorId="v1"), line("B", 1, vendorId="v2"), payment={"state": "CAPTURED"})
    life.do("markAsShipped", elsewhere)
    life.do("requestReturn", elsewhere, reason="broken", lines=units(elsewhere, (2, 1)))
    assert life.look(elsewhere, vendor(life, "v1"))["returns"] == []


def test_peoples_words_stand_in_the_persons_row_and_nowhere_else(life: Life) -> None:
    order = life.stage("shipped")
    word = "Wörtlich-by-Ann"
    life.do("holdOrder", order, reason=f"{word} hold")
    life.do("releaseHold", order)
    made = life.do("requestReturn", order, reason=f"{word} r", note=f"{word} n", lines=units(order, (1, 1)))
    arrived = [{"orderLineId": order["lines"][0]["id"], "scrap": 1}]
    life.do("receiveReturn", order, returnId=made["return"]["id"], lines=arrived)
    life.do("processRefund", order, reason=f"{word} refund")
    packed = life.stage("confirmed")
    life.do("createShipment", packed, instructions=f"{word} instructions")
    life.do("cancelOrder", packed, reason="OTHER", note=f"{word} cancel")
    holding = [table for table, found in life.shop.everything().items() if word in str(found)]
    assert holding == ["orders_person"]
    seen = life.look(order)
    assert [hold["reason"] for hold in seen["holds"]] == [f"{word} hold"]
    assert (seen["returns"][0]["reason"], seen["returns"][0]["note"]) == (f"{word} r", f"{word} n")
    assert seen["refunds"][0]["reason"] == f"{word} refund"
    assert word not in json.dumps(seen["timeline"])


def test_every_change_of_an_orders_life_is_audited_and_told_once(life: Life) -> None:
    order = life.stage("returned")
    life.do("processRefund", order)
    sql = "SELECT operation FROM audit_log WHERE aggregate_id = $1::uuid ORDER BY id"
    assert [name for (name,) in rows(life.shop.tenant.id, sql, order["id"])] == [
        "placeOrder",
        "markAsShipped",
        "markAsShipped",
        "markAsDelivered",
        "requestReturn",
        "receiveReturn",
        "processRefund",
    ]
    timeline = life.look(order)["timeline"]
    assert [each["sequence"] for each in timeline] == list(range(1, len(timeline) + 1))
    sent = rows(
        life.shop.tenant.id,
        "SELECT sequence, type FROM outbox WHERE aggregate_id = $1::uuid ORDER BY sequence",
        order["id"],
    )
    assert sent == [(each["sequence"], each["type"]) for each in timeline]


def test_who_orders_for_others_as_a_vendor_is_shown_it_as_one_also_where_it_is_a_customer_too(life: Life) -> None:
    given = checkout(line("A", vendorId="v2"), customer=CUSTOMER)
    for roles in (("Vendor",), ("Vendor", "Customer")):
        vera = life.shop.caller(*roles, subject=f"vera, {len(roles)} roles")
        made = vera.data(PLACE_WHOLE, {"input": given})["order"]
        life.do("recordPayment", made, provider="p", reference="r", state="CAPTURED")
        again = vera.data(PLACE_WHOLE, {"input": given})
        assert again["replayed"]
        for seen in (made, again["order"]):
            assert (seen["lines"], seen["total"], seen["payments"], seen["customer"]["id"]) == ([], None, [], None)
