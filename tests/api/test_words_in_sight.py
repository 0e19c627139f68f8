"""Whose words a Customer or a Vendor reads: its own, and what was said to it; not what staff notes down."""

import json
from typing import Any

import pytest

from tests.api.living import Life
from tests.api.orders_support import Shop, units
from tests.api.support import Api, ApiCaller, Json

LOOK = """query($id: ID!) { getOrder(orderId: $id) { holds { reason until by } cancellation { reason note }
  returns { reason note } refunds { reason } shipments { instructions } timeline { data } } }"""


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


@pytest.fixture
def ann(life: Life) -> ApiCaller:
    return life.shop.caller("Customer", subject="c-7")


@pytest.fixture
def vendor(life: Life) -> ApiCaller:
    return life.shop.caller("Vendor", subject="subject-v1", vendor_id="v1")


def seen(by: ApiCaller, order: Json) -> Any:
    return by.data(LOOK, {"id": order["id"]})


def test_a_hold_is_seen_and_why_is_the_staffs_own(life: Life, ann: ApiCaller, vendor: ApiCaller) -> None:
    order = life.stage("held")
    assert seen(life.shop.admin, order)["holds"] == [{"reason": "is it Ann's card?", "until": None, "by": "boss"}]
    assert seen(ann, order)["holds"] == [{"reason": None, "until": None, "by": "boss"}]
    assert seen(vendor, order)["holds"] == [{"reason": None, "until": None, "by": ""}]


def test_a_cancellations_note_is_read_by_staff_and_by_who_wrote_it(
    life: Life, ann: ApiCaller, vendor: ApiCaller
) -> None:
    order = life.stage("pending")
    life.do("cancelOrder", order, reason="FRAUD", note="known for it", lines=units(order, (1, 1)))
    for by, note in ((life.shop.admin, "known for it"), (ann, None), (vendor, None)):
        assert seen(by, order)["cancellation"] == {"reason": "FRAUD", "note": note}
    life.do("cancelOrder", order, vendor, reason="OUT_OF_STOCK", note="sold out", lines=units(order, (1, 1)))
    for by, note in ((life.shop.admin, "sold out"), (ann, None), (vendor, "sold out")):
        assert seen(by, order)["cancellation"]["note"] == note
    life.do("cancelOrder", order, ann, reason="CUSTOMER_REQUEST", note="too late")
    for by, note in ((life.shop.admin, "too late"), (ann, "too late"), (vendor, None)):
        assert seen(by, order)["cancellation"]["note"] == note


def test_a_returns_note_is_read_by_staff_and_by_who_wrote_it(life: Life, ann: ApiCaller, vendor: ApiCaller) -> None:
    order = life.stage("delivered")
    life.do("requestReturn", order, ann, reason="too small", note="sorry", lines=units(order, (1, 1)))
    life.do("requestReturn", order, reason="broken", note="she always says so", lines=units(order, (1, 1)))
    words = [("too small", "sorry"), ("broken", "she always says so")]
    for by, expected in (
        (life.shop.admin, words),
        (ann, [("too small", "sorry"), ("broken", None)]),
        (vendor, [("too small", None), ("broken", None)]),
    ):
        assert [(each["reason"], each["note"]) for each in seen(by, order)["returns"]] == expected


def test_a_refunds_reason_is_told_to_the_customer_and_a_shipments_instructions_to_all_who_handle_it(
    life: Life, ann: ApiCaller, vendor: ApiCaller
) -> None:
    order = life.stage("returned")
    life.do("processRefund", order, reason="came back whole")
    packed = life.stage("confirmed")
    life.do("createShipment", packed, instructions="ring twice")
    for by, reasons in ((life.shop.admin, ["came back whole"]), (ann, ["came back whole"]), (vendor, [])):
        assert [each["reason"] for each in seen(by, order)["refunds"]] == reasons
        assert [each["instructions"] for each in seen(by, packed)["shipments"]] == ["ring twice"]


def test_nothing_that_staff_noted_down_reaches_customer_or_vendor(
    life: Life, ann: ApiCaller, vendor: ApiCaller
) -> None:
    order = life.stage("delivered")
    word = "staff-only"
    life.do("holdOrder", order, reason=f"{word} hold")
    life.do("releaseHold", order)
    life.do("requestReturn", order, reason="broken", note=f"{word} return", lines=units(order, (1, 1)))
    packed = life.stage("packed")
    life.do("cancelOrder", packed, reason="OTHER", note=f"{word} cancel")
    for each in (order, packed):
        assert word in json.dumps(seen(life.shop.admin, each))
        for by in (ann, vendor):
            assert word not in json.dumps(seen(by, each))
