"""What is wrong with an input is told whole, at its path, in its order; and nothing moves."""

from typing import Any

import pytest

from tests.api.living import NOWHERE, Life
from tests.api.orders_support import Shop, units
from tests.api.support import Api

LONG = "x" * 256
FUTURE = "2999-01-01T00:00:00Z"


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


CASES: list[tuple[str, str, dict[str, Any], list[tuple[str, str | None]]]] = [
    (
        "pending",
        "recordPayment",
        {
            "provider": " ",
            "reference": "\x00",
            "state": "CAPTURED",
            "amount": "1.001",
            "currency": "EUR",
            "method": LONG,
        },
        [
            ("INVALID_INPUT", "provider"),
            ("INVALID_INPUT", "reference"),
            ("INVALID_INPUT", "amount"),
            ("CURRENCY_MISMATCH", "currency"),
            ("INVALID_INPUT", "method"),
        ],
    ),
    (
        "pending",
        "recordPayment",
        {"provider": "p", "reference": "r", "state": "CAPTURED", "amount": "-1"},
        [("INVALID_INPUT", "amount")],
    ),
    (
        "confirmed",
        "createShipment",
        {"lines": [], "carrier": LONG, "package": {"weightKg": "-1"}, "instructions": "\x00"},
        [
            ("INVALID_INPUT", "lines"),
            ("INVALID_INPUT", "carrier"),
            ("INVALID_INPUT", "package.weightKg"),
            ("INVALID_INPUT", "instructions"),
        ],
    ),
    (
        "confirmed",
        "createShipment",
        {"pickupWindow": {"start": "2030-01-02T00:00:00Z", "end": "2030-01-02T00:00:00Z"}},
        [("INVALID_INPUT", "pickupWindow.end")],
    ),
    (
        "confirmed",
        "createShipment",
        {"pickupWindow": {"start": "soon", "end": "2030-01-02"}},
        [("INVALID_INPUT", "pickupWindow.start"), ("INVALID_INPUT", "pickupWindow.end")],
    ),
    (
        "packed",
        "dispatchShipment",
        {"carrier": LONG, "trackingUrl": "javascript:alert(1)", "shippedAt": FUTURE},
        [("INVALID_INPUT", "carrier"), ("INVALID_INPUT", "trackingUrl"), ("INVALID_INPUT", "shippedAt")],
    ),
    ("shipped", "deliverShipment", {"deliveredAt": FUTURE}, [("INVALID_INPUT", "deliveredAt")]),
    ("shipped", "markAsDelivered", {"deliveredAt": "yesterday"}, [("INVALID_INPUT", "deliveredAt")]),
    (
        "shipped",
        "addShippingTrackingReference",
        {"trackingReference": "", "trackingUrl": "ftp://x"},
        [("INVALID_INPUT", "trackingReference"), ("INVALID_INPUT", "trackingUrl")],
    ),
    (
        "pending",
        "holdOrder",
        {"reason": " ", "until": "2020-01-01T00:00:00Z"},
        [("INVALID_INPUT", "reason"), ("INVALID_INPUT", "until")],
    ),
    (
        "shipped",
        "requestReturn",
        {"reason": "", "lines": []},
        [("INVALID_INPUT", "lines"), ("INVALID_INPUT", "reason")],
    ),
    ("returning", "receiveReturn", {"lines": []}, [("INVALID_INPUT", "lines")]),
    (
        "returned",
        "processRefund",
        {"lines": [], "amount": "0", "currency": "EUR", "restockingFee": "-1", "reason": LONG, "reference": "\x00"},
        [
            ("INVALID_INPUT", "lines"),
            ("INVALID_INPUT", "amount"),
            ("CURRENCY_MISMATCH", "currency"),
            ("INVALID_INPUT", "restockingFee"),
            ("INVALID_INPUT", "reason"),
            ("INVALID_INPUT", "reference"),
        ],
    ),
    ("returned", "processRefund", {"returnId": NOWHERE}, [("NOT_FOUND", "returnId")]),
    ("returning", "receiveReturn", {"returnId": "x"}, [("NOT_FOUND", "returnId")]),
    ("packed", "confirmShipment", {"shipmentId": "\x00"}, [("NOT_FOUND", "shipmentId")]),
]


@pytest.mark.parametrize(("stage", "name", "given", "faults"), CASES)
def test_every_fault_of_an_input_is_told(
    life: Life, stage: str, name: str, given: dict[str, Any], faults: list[tuple[str, str | None]]
) -> None:
    order = life.stage(stage)
    before = life.shop.everything()
    best = {field: value for field, value in life.best(name, order).items() if field != "orderId"}
    assert life.refused(name, order, **{**best, **given}) == faults
    assert life.shop.everything() == before


def test_lines_named_are_judged_one_by_one(life: Life) -> None:
    order = life.stage("returned")
    shop, (first, second) = life.shop, order["lines"]
    before = shop.everything()
    named = [*units(order, (1, 3), (1, 0)), {"orderLineId": "x", "quantity": 1}, *units(order, (2, 0))]
    twice_and_unknown = [
        ("INVALID_INPUT", "lines.1.orderLineId"),
        ("INVALID_INPUT", "lines.1.quantity"),
        ("NOT_FOUND", "lines.2.orderLineId"),
    ]
    assert life.refused("processRefund", order, lines=named) == [
        ("QUANTITY_EXCEEDED", "lines.0.quantity"),
        *twice_and_unknown,
        ("INVALID_INPUT", "lines.3.quantity"),
    ]
    assert life.refused("requestReturn", order, reason="r", lines=named) == [
        *twice_and_unknown,
        ("INVALID_INPUT", "lines.3.quantity"),
    ]
    assert life.refused("requestReturn", order, reason="r", lines=units(order, (2, 3))) == [
        ("QUANTITY_EXCEEDED", "lines.0.quantity")
    ]
    received = [
        {"orderLineId": second["id"], "restock": 1},
        {"orderLineId": first["id"], "restock": -1, "scrap": 1_000_001},
        {"orderLineId": first["id"], "restock": 0},
    ]
    assert life.refused("receiveReturn", order, returnId=life.look(order)["returns"][0]["id"], lines=received) == [
        ("NOT_FOUND", "lines.0.orderLineId"),
        ("INVALID_INPUT", "lines.1.restock"),
        ("INVALID_INPUT", "lines.1.scrap"),
        ("INVALID_INPUT", "lines.1"),
        ("INVALID_INPUT", "lines.2.orderLineId"),
        ("INVALID_INPUT", "lines.2"),
    ]
    assert shop.everything() == before


def test_a_shipment_may_be_of_one_branchs_lines(life: Life) -> None:
    shop = life.shop
    order = shop.place({"sku": "A", "quantity": 1, "unitPrice": "1"}, {"sku": "C", "quantity": 1, "unitPrice": "1"},
                       payment={"state": "CAPTURED"})  # fmt: skip
    branches = [each["allocation"][0]["branchCode"] for each in order["lines"]]
    if branches[0] == branches[1]:  # both come from the one branch that has C
        assert life.refused("createShipment", order, branchCode="north") == [("INVALID_TRANSITION", None)]
    assert life.refused("createShipment", order, branchCode="nowhere", lines=units(order, (2, 1))) == [
        ("INVALID_INPUT", "branchCode")
    ]
    life.do("createShipment", order, branchCode=branches[1])
    made = life.look(order)["shipments"][0]
    assert [each["sku"] for each in made["lines"]] == [
        sku for sku, branch in zip("AC", branches, strict=True) if branch == branches[1]
    ]


def test_where_stock_is_not_kept_the_whole_life_moves_none(api: Api) -> None:
    shop = Shop()
    shop.settings(stockTracked=False, unknownSku="ACCEPT")
    life = Life(shop)
    levels = shop.levels()
    order = life.returned()
    life.do("processRefund", order)
    assert life.do("markAsCompleted", order)["order"]["status"] == "COMPLETED"
    life.cancelled_paid()
    assert shop.levels() == levels
    assert shop.everything()["stock_reservation"] == []
