"""cancelOrder: whole or named lines, what has not left; its stock is free again in the same commit."""

from uuid import uuid4

import pytest

from tests.api.orders_support import CANCEL, CANCEL_WHOLE, SHIP, Shop, allowed, line, units
from tests.api.support import Api, Json


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop()


def cancel(shop: Shop, order: Json, **more: object) -> Json:
    given = {"orderId": order["id"], "reason": "OTHER", **more}
    changed: Json = shop.admin.data(CANCEL_WHOLE, {"input": given})["order"]
    assert changed == shop.get(order["id"])
    return changed


def test_a_whole_order_is_cancelled_and_its_stock_is_free_again(shop: Shop) -> None:
    free = shop.levels()
    order = shop.place(line("A", 3), line("C", 2))
    assert shop.levels() != free
    done = cancel(shop, order, reason="FRAUD", note="card stolen")
    assert (done["status"], done["version"], done["amountDue"]["amount"]) == ("CANCELLED", 2, "0.00")
    assert [(each["cancelledQuantity"], each["reservedQuantity"]) for each in done["lines"]] == [(3, 0), (2, 0)]
    cancellation = done["cancellation"]
    assert cancellation.pop("at") == done["timeline"][-1]["at"] == done["updatedAt"]
    assert cancellation == {"reason": "FRAUD", "note": "card stolen", "by": "boss"}
    assert shop.levels() == free
    assert allowed(done) == {"cancelOrder": False, "markAsShipped": False}


def test_named_lines_are_cancelled_and_the_rest_stays(shop: Shop) -> None:
    order = shop.place(line("A", 3, "2"), line("B", 2, "1"))
    some = cancel(shop, order, lines=units(order, (2, 2), (1, 1)))
    assert (some["status"], some["amountDue"]["amount"]) == ("PENDING", "4.00")
    assert [each["cancelledQuantity"] for each in some["lines"]] == [1, 2]
    assert shop.levels()[("north", "A")] == (100, 2)
    assert shop.levels()[("north", "B")] == (100, 0)
    assert [each["type"] for each in some["timeline"]] == ["order.placed", "order.lines_cancelled"]
    ended = cancel(shop, order, lines=units(order, (1, 2)))
    assert (ended["status"], ended["timeline"][-1]["type"]) == ("CANCELLED", "order.cancelled")


def test_of_a_partly_shipped_order_only_named_units_that_have_not_left(shop: Shop) -> None:
    order = shop.place(line("A", 3))
    shop.admin.data(SHIP, {"input": {"orderId": order["id"], "lines": units(order, (1, 1))}})
    before = shop.everything()
    whole = {"orderId": order["id"], "reason": "OTHER"}
    assert shop.admin.refusals(CANCEL, {"input": whole}) == [("INVALID_TRANSITION", None)]
    three = {**whole, "lines": units(order, (1, 3))}
    assert shop.admin.refusals(CANCEL, {"input": three}) == [("QUANTITY_EXCEEDED", "lines.0.quantity")]
    assert shop.everything() == before
    assert cancel(shop, order, lines=units(order, (1, 2)))["status"] == "SHIPPED"


def test_a_shipped_or_cancelled_order_is_not_cancelled(shop: Shop) -> None:
    shipped, cancelled = shop.place(), shop.place()
    shop.admin.data(SHIP, {"input": {"orderId": shipped["id"]}})
    cancel(shop, cancelled)
    before = shop.everything()
    for order in (shipped, cancelled):
        given = {"orderId": order["id"], "reason": "OTHER"}
        assert shop.admin.refusals(CANCEL, {"input": given}) == [("INVALID_TRANSITION", None)]
    assert shop.everything() == before


def test_every_fault_of_the_lines_is_told_where_it_stands_and_nothing_moves(shop: Shop) -> None:
    order, other = shop.place(line("A", 3), line("B", 2)), shop.place()
    before = shop.everything()
    lines = [
        *units(order, (1, 4), (2, 0), (2, 1), (2, -1)),
        {"orderLineId": "nonsense", "quantity": 0},
        {"orderLineId": f"{order['id']}-3", "quantity": 1},
        *units(other, (1, 1)),
        {"orderLineId": "\x00", "quantity": 1},
    ]
    given = {"orderId": order["id"], "reason": "OTHER", "note": "x" * 5_001, "lines": lines}
    assert shop.admin.refusals(CANCEL, {"input": given}) == [
        ("INVALID_INPUT", "note"),
        ("QUANTITY_EXCEEDED", "lines.0.quantity"),
        ("INVALID_INPUT", "lines.1.quantity"),
        ("INVALID_INPUT", "lines.2.orderLineId"),
        ("INVALID_INPUT", "lines.3.orderLineId"),
        ("INVALID_INPUT", "lines.3.quantity"),
        ("NOT_FOUND", "lines.4.orderLineId"),
        ("NOT_FOUND", "lines.5.orderLineId"),
        ("NOT_FOUND", "lines.6.orderLineId"),
        ("NOT_FOUND", "lines.7.orderLineId"),
    ]
    empty = {"orderId": order["id"], "reason": "OTHER", "lines": []}
    assert shop.admin.refusals(CANCEL, {"input": empty}) == [("INVALID_INPUT", "lines")]
    assert shop.everything() == before


@pytest.mark.parametrize("order_id", ["", "1", "\x00", "\ud800", str(uuid4()), "x" * 1_000])
def test_a_malformed_id_is_answered_like_an_unknown_one(shop: Shop, order_id: str) -> None:
    given = {"orderId": order_id, "reason": "OTHER", "note": "x" * 5_001, "expectedVersion": 7}
    assert shop.admin.refusals(CANCEL, {"input": given}) == [("NOT_FOUND", "orderId")]


def test_the_first_check_that_fails_answers(shop: Shop) -> None:
    order = shop.place()
    cancel(shop, order)
    before = shop.everything()
    given = {"orderId": order["id"], "reason": "OTHER", "note": "x" * 5_001, "expectedVersion": 1}
    answer = shop.admin.run(CANCEL, {"input": given})["data"]["cancelOrder"]
    (error,) = answer["errors"]
    assert (error["code"], error["field"], error["details"]) == (
        "VERSION_CONFLICT",
        ["expectedVersion"],
        {"version": 2},
    )
    assert shop.admin.refusals(CANCEL, {"input": {**given, "expectedVersion": 2}}) == [("INVALID_INPUT", "note")]
    assert shop.admin.refusals(CANCEL, {"input": {**given, "expectedVersion": 2, "note": None}}) == [
        ("INVALID_TRANSITION", None)
    ]
    assert shop.everything() == before


def test_an_order_without_reserved_stock_is_cancelled_too(shop: Shop) -> None:
    shop.settings(unknownSku="ACCEPT")
    order = shop.place(line("?", 2, name="Hat"), line("A", 1))
    assert cancel(shop, order)["status"] == "CANCELLED"
    assert shop.levels()[("north", "A")] == (100, 0)
