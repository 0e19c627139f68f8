"""A shipment leaves from one branch; what stock is not kept of goes along with any."""

from typing import Any

import pytest

from tests.api.living import DOCUMENTS, Life
from tests.api.orders_support import Shop, line, units
from tests.api.support import Api, Json
from tests.api.test_workflow_life import PAID

LOOK = "query($id: ID!) { getOrder(orderId: $id) { shipments { id branchCode lines { sku quantity } } } }"


@pytest.fixture
def life(api: Api) -> Life:
    life = Life(Shop({"north": {"A": 100, "B": 100}, "south": {"C": 100}}))
    life.shop.settings(unknownSku="ACCEPT")
    return life


@pytest.fixture
def order(life: Life) -> Json:
    """Two lines of north's, one of south's, one that stock is not kept of."""
    untracked = line("X", 2, name="Gift wrap")
    return life.shop.place(line("A", 2, vendorId="v1"), line("B", 2), line("C", 2), untracked, payment=PAID)


def packed(life: Life, order: Json) -> list[tuple[str | None, str]]:
    shipments = life.shop.admin.data(LOOK, {"id": order["id"]})["shipments"]
    return [(each["branchCode"], "".join(part["sku"] for part in each["lines"])) for each in shipments]


def refusal(life: Life, order: Json, **given: Any) -> Any:
    """The one refusal, after which nothing has changed."""
    before = life.shop.everything()
    answer = life.shop.admin.run(DOCUMENTS["createShipment"], {"input": {"orderId": order["id"], **given}})
    (error,) = answer["data"]["createShipment"]["errors"]
    assert life.shop.everything() == before
    return error


def test_what_lies_in_several_branches_is_packed_branch_by_branch(life: Life, order: Json) -> None:
    error = refusal(life, order)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["branchCode"])
    assert (error["message"], error["details"]) == (
        "What is left comes from north and south: name one branch, or lines of one.",
        {"branches": ["north", "south"]},
    )
    life.do("createShipment", order, branchCode="south")
    life.do("createShipment", order)
    assert packed(life, order) == [("south", "C"), ("north", "ABX")]


def test_an_order_that_cannot_be_packed_says_so_before_a_branch_is_asked_for(life: Life, order: Json) -> None:
    life.do("holdOrder", order, reason="wait")
    assert life.refused("createShipment", order) == [("ON_HOLD", None)]
    unpaid = life.shop.place(line("A"), line("C"))
    assert life.refused("createShipment", unpaid) == [("INVALID_TRANSITION", None)]


def test_lines_of_two_branches_are_refused_at_the_later_line(life: Life, order: Json) -> None:
    for mode in ("WAREHOUSE", "PICKUP", "DROPOFF"):
        error = refusal(life, order, mode=mode, lines=units(order, (1, 1), (4, 1), (3, 1), (2, 1)))
        assert (error["code"], error["field"]) == ("INVALID_INPUT", ["lines", "2", "orderLineId"])
    life.do("createShipment", order, lines=units(order, (4, 1), (1, 1), (2, 2)))
    life.do("createShipment", order, lines=units(order, (4, 1)))
    assert packed(life, order) == [("north", "ABX"), (None, "X")]


def test_a_branch_and_lines_named_must_go_together(life: Life, order: Json) -> None:
    assert refusal(life, order, branchCode="south", lines=units(order, (3, 1), (1, 1)))["field"] == ["branchCode"]
    assert refusal(life, order, branchCode="south", lines=units(order, (4, 1)))["field"] == ["branchCode"]
    assert refusal(life, order, branchCode="nowhere")["code"] == "INVALID_TRANSITION"
    life.do("createShipment", order, branchCode="south", lines=units(order, (4, 1), (3, 1)))
    life.do("createShipment", order, branchCode="north")
    life.do("createShipment", order)
    assert packed(life, order) == [("south", "CX"), ("north", "AB"), ("south", "CX")]


def test_a_vendor_packs_what_it_sees_of_one_branch(life: Life) -> None:
    order = life.shop.place(line("A", 2, vendorId="v1"), line("C", 2, vendorId="v2"), payment=PAID)
    life.do("createShipment", order, life.shop.caller("Vendor", vendor_id="v2"))
    assert packed(life, order) == [("south", "C")]


def test_the_one_call_way_still_takes_everything_at_once(life: Life, order: Json) -> None:
    life.do("markAsShipped", order)
    assert packed(life, order) == [(None, "ABCX")]
