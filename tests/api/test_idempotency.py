"""The same key and the same input: the same outcome, done once."""

from typing import Any

import pytest

from tests.api.orders_support import CANCEL, PLACE, PLACE_WHOLE, SHIP, SHIP_WHOLE, Shop, checkout, line
from tests.api.support import Api, ApiCaller, Json


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop()


def refused(by: ApiCaller, document: str, given: Json) -> Json:
    """The one refusal of the mutation."""
    answer = by.run(document, {"input": given})
    (payload,) = answer["data"].values()
    (error,) = payload["errors"]
    assert payload["order"] is None
    assert payload["replayed"] is False
    found: Json = error
    return found


def test_a_repeat_does_nothing_and_answers_the_order_as_it_is_now(shop: Shop) -> None:
    given = checkout(line("A", 3))
    first = shop.admin.data(PLACE_WHOLE, {"input": given})
    before = shop.everything()
    again = shop.admin.data(PLACE_WHOLE, {"input": given})
    assert (first["replayed"], again) == (False, {**first, "replayed": True})
    assert shop.everything() == before
    shop.admin.data(SHIP, {"input": {"orderId": first["order"]["id"]}})
    now = shop.admin.data(PLACE_WHOLE, {"input": given})
    assert (now["replayed"], now["order"]["status"], now["order"]["version"]) == (True, "SHIPPED", 2)


def test_input_is_the_same_in_any_field_order_with_amounts_by_value(shop: Shop) -> None:
    given = checkout(line("A", 2, "10.50", discount=1), metadata={"a": 1, "b": [2]}, discounts=[{"amount": "1.0"}])
    order = shop.admin.data(PLACE, {"input": given})["order"]
    (first_line,) = given["lines"]
    same = dict(reversed(given.items())) | {
        "lines": [dict(reversed(first_line.items())) | {"unitPrice": 10.5, "discount": "1.00"}],
        "metadata": {"b": [2], "a": 1},
        "discounts": [{"amount": 1}],
        "note": None,
    }
    assert shop.admin.data(PLACE, {"input": same}) == {"order": order, "errors": [], "replayed": True}


@pytest.mark.parametrize(
    "change",
    [
        {"note": "x"},
        {"lines": [line("A", 2)]},
        {"lines": [line("A", 1, "10.01")]},
        {"lines": [line("A"), line("B")]},
        {"metadata": {"a": 1}},
        {"currency": "EUR"},
        {"expectedTotal": 10},
        {"lines": []},
        {"lines": [line("\ud800")]},
    ],
)
def test_another_input_under_a_used_key_is_refused_whatever_it_is(shop: Shop, change: dict[str, Any]) -> None:
    given = checkout()
    shop.admin.data(PLACE, {"input": given})
    before = shop.everything()
    error = refused(shop.admin, PLACE, {**given, **change})
    assert (error["code"], error["field"], error["details"]) == ("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"], None)
    assert shop.everything() == before


def test_a_used_key_under_another_operation_is_refused(shop: Shop) -> None:
    given = checkout()
    order = shop.admin.data(PLACE, {"input": given})["order"]
    again = {"orderId": order["id"], "idempotencyKey": given["idempotencyKey"]}
    assert refused(shop.admin, SHIP, again)["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert refused(shop.admin, CANCEL, {**again, "reason": "OTHER"})["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert shop.admin.data(SHIP, {"input": {"orderId": order["id"], "idempotencyKey": "k"}})["replayed"] is False
    assert refused(shop.admin, CANCEL, {"orderId": order["id"], "reason": "OTHER", "idempotencyKey": "k"})["code"] == (
        "IDEMPOTENCY_KEY_REUSED"
    )


def test_keys_belong_to_their_caller_and_tenant(shop: Shop, api: Api) -> None:
    given = checkout()
    order = shop.admin.data(PLACE, {"input": given})["order"]
    other = shop.caller("Admin", subject="other").data(PLACE, {"input": given})
    assert other["replayed"] is False
    assert other["order"]["id"] != order["id"]
    elsewhere = Shop({"north": {"A": 9}})
    assert elsewhere.admin.data(PLACE, {"input": given})["replayed"] is False
    again = shop.caller("Manager", subject="boss").data(PLACE, {"input": given})  # issuer and sub, not role
    assert again == {"order": order, "errors": [], "replayed": True}


def test_the_key_is_looked_up_before_existence_and_version(shop: Shop) -> None:
    order = shop.place(line("A", 2))
    given = {"orderId": order["id"], "idempotencyKey": "k", "expectedVersion": 1, "carrier": "DHL"}
    first = shop.admin.data(SHIP_WHOLE, {"input": given})
    again = shop.admin.data(SHIP_WHOLE, {"input": given})
    assert again == {**first, "replayed": True}
    assert refused(shop.admin, SHIP, {**given, "expectedVersion": 9})["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert refused(shop.admin, SHIP, {**given, "orderId": "nonsense"})["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert refused(shop.admin, SHIP, {**given, "idempotencyKey": "l"})["code"] == "VERSION_CONFLICT"


def test_a_refusal_stores_nothing_and_its_key_may_be_tried_again(api: Api) -> None:
    shop = Shop({"north": {"A": 1}})
    before = shop.everything()
    given = checkout(line("A", 2))
    for _ in range(2):
        assert refused(shop.admin, PLACE, given)["code"] == "OUT_OF_STOCK"
    assert refused(shop.admin, PLACE, {**given, "note": "x" * 5_001})["code"] == "INVALID_INPUT"
    assert shop.everything() == before
    fewer = {**given, "lines": [line("A", 1)]}
    done = shop.admin.data(PLACE, {"input": fewer})
    assert done["replayed"] is False
    assert shop.admin.data(PLACE, {"input": fewer})["replayed"] is True


def test_a_cancelled_order_is_told_to_a_repeat_of_its_cancellation(shop: Shop) -> None:
    order = shop.place()
    given = {"orderId": order["id"], "reason": "OTHER", "idempotencyKey": "c"}
    first = shop.admin.data(CANCEL, {"input": given})
    assert shop.admin.data(CANCEL, {"input": given}) == {**first, "replayed": True}
    assert refused(shop.admin, CANCEL, {**given, "idempotencyKey": "d"})["code"] == "INVALID_TRANSITION"


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "😀" * 256, "\x00", "\ud800"])
def test_a_key_is_1_to_255_storable_characters(shop: Shop, key: str) -> None:
    order = shop.place()
    before = shop.everything()
    assert shop.admin.refusals(PLACE, {"input": checkout(idempotencyKey=key)}) == [("INVALID_INPUT", "idempotencyKey")]
    given = {"orderId": order["id"], "idempotencyKey": key}
    assert shop.admin.refusals(SHIP, {"input": given}) == [("INVALID_INPUT", "idempotencyKey")]
    assert shop.everything() == before


@pytest.mark.parametrize("key", ["x", "😀" * 255, " k ", "../'\"\\"])
def test_any_other_key_is_taken(shop: Shop, key: str) -> None:
    given = checkout(idempotencyKey=key)
    assert shop.admin.data(PLACE, {"input": given})["replayed"] is False
    assert shop.admin.data(PLACE, {"input": given})["replayed"] is True
    assert shop.admin.data(PLACE, {"input": {**given, "idempotencyKey": key + "x"[: 255 - len(key)]}})["replayed"] is (
        len(key) == 255
    )


def test_placing_demands_a_key(shop: Shop) -> None:
    given = checkout()
    del given["idempotencyKey"]
    assert shop.admin.codes(PLACE, {"input": given}) == ["BAD_USER_INPUT"]
