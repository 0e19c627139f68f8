"""getOrder: by exactly one name, in the caller's sight, with its whole story."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.orders_support import CANCEL_WHOLE, GET, SHIP_WHOLE, Shop, checkout, line, units
from tests.api.support import Api


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop()


def test_an_order_is_found_by_id_number_and_reference(shop: Shop) -> None:
    order = shop.place(externalRef="E-1")
    web = shop.place(externalRef="E-1", channel="web")
    for names, found in [
        ({"id": order["id"]}, order),
        ({"id": order["id"].upper()}, order),
        ({"number": order["orderNumber"]}, order),
        ({"ref": "E-1"}, order),
        ({"ref": "E-1", "channel": "default"}, order),
        ({"ref": "E-1", "channel": "web"}, web),
        ({"id": order["id"], "number": None, "ref": None, "channel": None}, order),
    ]:
        assert shop.admin.data(GET, names) == found


@pytest.mark.parametrize(
    "names",
    [
        {"id": ""},
        {"id": "1"},
        {"id": "\x00"},
        {"id": "\ud800"},
        {"id": str(uuid4())},
        {"id": "01912d68-7b3a-7c4e-8f00-0123456789a１"},
        {"number": ""},
        {"number": "AAAA-AAAA"},
        {"number": "\x00"},
        {"number": "\ud800"},
        {"number": "x" * 10_000},
        {"ref": "e-1"},
        {"ref": "E-1", "channel": "web"},
        {"ref": "E-1", "channel": "\x00"},
        {"ref": "\x00"},
    ],
)
def test_a_malformed_or_unknown_name_is_answered_with_null(shop: Shop, names: dict[str, str]) -> None:
    shop.place(externalRef="E-1")
    assert shop.admin.run(GET, names) == {"data": {"getOrder": None}}


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"id": "x", "number": "y"},
        {"number": "x", "ref": "y"},
        {"id": "x", "number": "y", "ref": "z"},
        {"id": "x", "channel": "web"},
        {"number": "x", "channel": "web"},
        {"channel": "web"},
    ],
)
def test_any_other_choice_of_names_is_bad_user_input(shop: Shop, names: dict[str, str]) -> None:
    answer = shop.admin.run(GET, names)
    assert answer["data"] == {"getOrder": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


def test_permission_is_asked_before_the_arguments_are_judged(shop: Shop) -> None:
    shop.permit("Worker", getOrder=None)
    assert shop.caller("Worker").codes(GET, {}) == ["FORBIDDEN"]
    assert shop.caller("Worker").codes(GET, {"id": "x"}) == ["FORBIDDEN"]


def test_an_order_of_another_tenant_is_not_there(shop: Shop, api: Api) -> None:
    order = shop.place(externalRef="E-1")
    other = Shop({"north": {"A": 1}})
    for names in ({"id": order["id"]}, {"number": order["orderNumber"]}, {"ref": "E-1"}):
        assert other.admin.run(GET, names) == {"data": {"getOrder": None}}


def test_the_timeline_tells_every_event_with_its_data(shop: Shop) -> None:
    order = shop.place(
        line("A", 3, "2"), line("C", 1, "4"), customer={"firstName": "Ann", "id": "c-7"}, externalRef="E"
    )
    cancelled = shop.admin.data(
        CANCEL_WHOLE, {"input": {"orderId": order["id"], "reason": "CUSTOMER_REQUEST", "lines": units(order, (1, 1))}}
    )["order"]
    worker = shop.caller("Worker", "Auditor", subject="packer")
    given = {"orderId": order["id"], "carrier": "DHL", "trackingReference": "T1", "trackingUrl": "https://t.example/1"}
    shipped = worker.data(SHIP_WHOLE, {"input": {**given, "shippedAt": "2026-01-01T00:00:00Z"}})["order"]
    found = shop.get(order["id"])
    assert found is not None
    assert found["timeline"] == shipped["timeline"]
    placed, lines_cancelled, confirmed, left = found["timeline"]
    assert [placed, lines_cancelled] == cancelled["timeline"]
    assert [each["sequence"] for each in found["timeline"]] == [1, 2, 3, 4]
    assert (placed["type"], placed["actor"]) == ("order.placed", {"subject": "boss", "roles": ["Admin"]})
    assert placed["data"] == {
        "orderNumber": order["orderNumber"],
        "channel": "default",
        "externalRef": "E",
        "currency": "USD",
        "customerId": "c-7",
        "branchCode": None,
        "workflowVersion": 1,
        "placedAt": placed["data"]["placedAt"],
        "subtotal": 1000,
        "discountTotal": 0,
        "shippingTotal": 0,
        "taxTotal": 0,
        "total": 1000,
        "taxesIncluded": False,
        "lines": [
            {
                "lineNo": 1,
                "sku": "A",
                "name": "Item A",
                "quantity": 3,
                "unitPrice": 200,
                "lineTotal": 600,
                "branchCode": "south",
            },
            {
                "lineNo": 2,
                "sku": "C",
                "name": "Item C",
                "quantity": 1,
                "unitPrice": 400,
                "lineTotal": 400,
                "branchCode": "south",
            },
        ],
        "payments": [],
        "status": {"before": None, "after": "PENDING"},
        "version": 1,
    }
    assert lines_cancelled["type"] == "order.lines_cancelled"
    assert lines_cancelled["data"] == {
        "reason": "CUSTOMER_REQUEST",
        "lines": [{"lineNo": 1, "quantity": 1}],
        "status": {"before": "PENDING", "after": "PENDING"},
        "version": 2,
    }
    assert (confirmed["type"], confirmed["data"]) == (
        "order.confirmed", {"status": {"before": "PENDING", "after": "CONFIRMED"}, "version": 3},
    )  # fmt: skip
    assert (left["type"], left["actor"]) == ("order.shipped", {"subject": "packer", "roles": ["Auditor", "Worker"]})
    data: dict[str, Any] = left["data"]
    assert data.pop("shippedAt").startswith("2026-01-01T00:00:00")
    assert data == {
        "shipmentId": shipped["shipments"][0]["id"],
        "mode": "WAREHOUSE",
        "carrier": "DHL",
        "trackingReference": "T1",
        "trackingUrl": "https://t.example/1",
        "branchCode": "south",
        "lines": [{"lineNo": 1, "quantity": 2}, {"lineNo": 2, "quantity": 1}],
        "shipmentStatus": {"before": None, "after": "SHIPPED"},
        "status": {"before": "CONFIRMED", "after": "SHIPPED"},
        "version": 3,
    }


def test_one_field_alone_is_answered_like_all_of_them(shop: Shop) -> None:
    order = shop.place(line("A", 2), payment={"state": "CAPTURED"})
    shop.admin.data(SHIP_WHOLE, {"input": {"orderId": order["id"], "lines": units(order, (1, 1))}})
    whole = shop.get(order["id"])
    assert whole is not None
    for name, below in [
        ("status", ""),
        ("shipments", "{lines{sku quantity}}"),
        ("payments", "{state}"),
        ("timeline", "{sequence type}"),
        ("availableActions", "{action allowed reason}"),
        ("lines", "{sku}"),
        ("amountDue", "{amount}"),
    ]:
        document = f"query($id:ID){{ getOrder(orderId:$id){{ ...part }} }} fragment part on Order {{ {name} {below} }}"
        part = shop.admin.data(document, {"id": order["id"]})[name]
        assert cut(whole[name], part) == part


def cut(whole: Any, pattern: Any) -> Any:
    """Of the whole what the pattern has, too."""
    if isinstance(pattern, dict):
        return {name: cut(whole[name], pattern[name]) for name in pattern}
    if isinstance(pattern, list):
        assert len(whole) == len(pattern) > 0
        return [cut(one, other) for one, other in zip(whole, pattern, strict=True)]
    return whole


def test_metadata_of_any_shape_comes_back(shop: Shop) -> None:
    values: list[Any] = ["text", 1, 1.5, True, [], {}, [None, {"ключ": "😀", "deep": [[[1]]]}], 2**64 - 1]
    for value in values:
        given = checkout(metadata=value)
        order = shop.place(**{name: each for name, each in given.items() if name not in ("lines", "idempotencyKey")})
        found = shop.get(order["id"])
        assert found is not None
        assert order["metadata"] == found["metadata"] == value
