"""placeOrder as a storefront meets it."""

from typing import Any

import pytest

from tests.api.orders_support import PLACE, PLACE_WHOLE, Shop, checkout, line
from tests.api.support import Api, Json


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop()


def test_a_finalised_checkout_becomes_an_order_with_its_stock_reserved(shop: Shop) -> None:
    storefront = shop.caller("Admin", subject="web")
    given = checkout(
        line("A", 2, "10.10", discount="0.20", tax="1.50", vendorId="v1", category="fruit", options={"cut": True},
             package={"weightKg": "1.250", "lengthCm": 2}),
        line("C", 1, 5, name="Old cheese", isTaxable=False),
        line("B", 1, 0, isFreeGift=True),
        channel="web",
        externalRef="W-1",
        customer={"firstName": "Zoë", "id": "c-7", "lastName": "Lee", "email": "zoe@example.org", "phone": "+1 2"},
        shippingAddress={"line1": "1 Main St", "country": "CA", "postalCode": "K1A 0B1", "city": "Ottawa"},
        billingAddress={"line1": "2 Main St", "country": "US"},
        shipping={"method": "post", "cost": "4.90"},
        payment={"state": "CAPTURED", "method": "card", "provider": "bank", "reference": "R-1"},
        discounts=[{"amount": "1", "code": "ONE"}],
        taxes=[{"amount": "2", "name": "state", "rate": "0.07"}],
        note="ring twice",
        metadata={"basket": [1, "two", None]},
        expectedTotal="32.40",
        placedAt="2026-01-02T03:04:05Z",
    )  # fmt: skip
    payload = storefront.data(PLACE_WHOLE, {"input": given})
    order: Json = payload["order"]
    assert payload["replayed"] is False
    told = {name: order[name] for name in ("status", "paymentStatus", "version", "currency", "channel", "externalRef")}
    assert told == {
        "status": "CONFIRMED", "paymentStatus": "PAID", "version": 1, "currency": "USD", "channel": "web",
        "externalRef": "W-1",
    }  # fmt: skip
    amounts = "subtotal discountTotal shippingTotal taxTotal total amountDue".split()
    assert [order[name]["amount"] for name in amounts] == ["25.00", "1.00", "4.90", "3.50", "32.40", "0.00"]
    assert order["customer"] == {
        "id": "c-7", "firstName": "Zoë", "lastName": "Lee", "email": "zoe@example.org", "phone": "+1 2",
    }  # fmt: skip
    assert order["shippingAddress"] == {
        "line1": "1 Main St", "line2": None, "city": "Ottawa", "state": None, "postalCode": "K1A 0B1", "country": "CA",
    }  # fmt: skip
    assert order["billingAddress"] == {"line1": "2 Main St", "country": "US"}
    first, second, third = order["lines"]
    assert first["lineTotal"] == {"amount": "20.00"}
    assert first["unitPrice"] == {"amount": "10.10", "currency": "USD"}
    assert (first["discount"], first["tax"]) == ({"amount": "0.20"}, {"amount": "1.50"})
    assert (first["vendorId"], first["category"], first["options"]) == ("v1", "fruit", {"cut": True})
    assert first["package"] == {"weightKg": "1.250", "lengthCm": "2", "widthCm": None, "heightCm": None}
    assert [each["name"] for each in order["lines"]] == ["Item A", "Old cheese", "Item B"]
    assert (second["isTaxable"], third["isFreeGift"]) == (False, True)
    assert [each["allocation"] for each in order["lines"]] == [
        [{"branchCode": "south", "quantity": 2}],
        [{"branchCode": "south", "quantity": 1}],
        [{"branchCode": "south", "quantity": 1}],
    ]
    assert [each["reservedQuantity"] for each in order["lines"]] == [2, 1, 1]
    assert order["payments"] == [
        {"state": "CAPTURED", "amount": {"amount": "32.40"}, "method": "card", "provider": "bank", "reference": "R-1"}
    ]
    assert (order["placedAt"], order["note"], order["metadata"]) == (
        "2026-01-02T03:04:05Z", "ring twice", {"basket": [1, "two", None]},
    )  # fmt: skip
    assert [(each["sequence"], each["type"], each["actor"]) for each in order["timeline"]] == [
        (1, "order.placed", {"subject": "web", "roles": ["Admin"]}),
        (2, "order.confirmed", {"subject": "web", "roles": ["Admin"]}),
    ]
    assert shop.get(order["id"], storefront) == order
    assert shop.levels()[("south", "A")] == (100, 2)
    assert shop.levels()[("north", "A")] == (100, 0)


@pytest.mark.parametrize(
    ("currency", "price", "total"), [("USD", "10.5", "10.50"), ("JPY", "1050", "1050"), ("BHD", "1.05", "1.050")]
)
def test_amounts_are_told_at_the_currencys_scale(shop: Shop, currency: str, price: str, total: str) -> None:
    order = shop.place(line(price=price), currency=currency)
    assert order["total"] == {"amount": total, "currency": currency}


def test_the_highest_priority_that_has_every_line_serves_else_line_by_line(api: Api) -> None:
    shop = Shop({"north": {"A": 9, "B": 9}, "south": {"A": 9, "C": 9}, "west": {"A": 1, "C": 1}})

    def branches(*lines: Json, **more: Any) -> list[str]:
        order = shop.place(*lines, **more)
        return [each["allocation"][0]["branchCode"] for each in order["lines"]]

    assert branches(line("A"), line("B")) == ["north", "north"]
    assert branches(line("A"), line("C")) == ["south", "south"]
    assert branches(line("C"), line("A"), line("B")) == ["south", "north", "north"]
    assert branches(line("A"), branchCode="west") == ["west"]


def test_short_lines_are_told_at_their_quantities_and_nothing_moves(shop: Shop) -> None:
    before = shop.everything()
    given = checkout(line("A", 101), line("B", 1), line("C", 101))
    assert shop.admin.refusals(PLACE, {"input": given}) == [
        ("OUT_OF_STOCK", "lines.0.quantity"),
        ("OUT_OF_STOCK", "lines.2.quantity"),
    ]
    named = checkout(line("A", 1), line("C", 1), branchCode="north")
    assert shop.admin.refusals(PLACE, {"input": named}) == [("OUT_OF_STOCK", "lines.1.quantity")]
    assert shop.everything() == before


def test_faults_in_the_input_are_told_before_stock_and_nothing_moves(shop: Shop) -> None:
    before = shop.everything()
    given = checkout(
        line("A", 101),
        line("A", 0, "1e3"),
        line("nope\x00", 1, "1"),
        line("nope", 1, 0.1 + 0.2),
        customer={"firstName": "\ud800", "email": "x"},
        branchCode="nowhere",
        note="x" * 5_001,
        expectedTotal="0.001",
    )
    assert shop.admin.refusals(PLACE, {"input": given}) == [
        ("INVALID_INPUT", "customer.firstName"),
        ("INVALID_INPUT", "customer.email"),
        ("DUPLICATE_SKU", "lines.1.sku"),
        ("INVALID_INPUT", "lines.1.quantity"),
        ("INVALID_INPUT", "lines.1.unitPrice"),
        ("INVALID_INPUT", "lines.2.sku"),
        ("NOT_FOUND", "lines.3.sku"),
        ("INVALID_INPUT", "lines.3.unitPrice"),
        ("NOT_FOUND", "branchCode"),
        ("INVALID_INPUT", "note"),
        ("INVALID_INPUT", "expectedTotal"),
    ]
    assert shop.everything() == before


def test_a_literal_number_is_taken_digit_by_digit(shop: Shop) -> None:
    document = """mutation { placeOrder(input: {idempotencyKey: "k", currency: "USD", customer: {firstName: "Ann"},
      shippingAddress: {line1: "x", country: "US"}, metadata: {n: 1.5, s: [1]},
      lines: [{sku: "A", quantity: 1, unitPrice: %s}]})
      { order { total { amount } } errors { code field } replayed } }"""
    assert shop.admin.refusals(document % "0.30000000000000004") == [("INVALID_INPUT", "lines.0.unitPrice")]
    assert shop.admin.refusals(document % "1e1") == [("INVALID_INPUT", "lines.0.unitPrice")]
    assert shop.admin.data(document % "0.30")["order"] == {"total": {"amount": "0.30"}}


def test_a_total_that_differs_tells_both(shop: Shop) -> None:
    answer = shop.admin.run(PLACE, {"input": checkout(expectedTotal=9)})
    (error,) = answer["data"]["placeOrder"]["errors"]
    assert (error["code"], error["field"]) == ("TOTAL_MISMATCH", ["expectedTotal"])
    assert error["details"] == {"expected": "9.00", "actual": "10.00"}


def test_channel_and_external_reference_are_unique_together(shop: Shop) -> None:
    order = shop.place(externalRef="E-1")
    before = shop.everything()
    answer = shop.admin.run(PLACE, {"input": checkout(externalRef="E-1", channel="default")})["data"]["placeOrder"]
    (error,) = answer["errors"]
    assert (error["code"], error["field"], error["details"]) == ("ALREADY_EXISTS", ["externalRef"], {"id": order["id"]})
    assert shop.everything() == before
    assert shop.place(externalRef="E-1", channel="web")["id"] != order["id"]
    assert shop.place(externalRef="e-1")["id"] != order["id"]
    assert shop.place(externalRef="")["externalRef"] is None
    assert shop.place(externalRef="")["externalRef"] is None


def test_a_customer_learns_no_id_of_anothers_order_by_its_reference(shop: Shop) -> None:
    shop.place(externalRef="E-1", by=shop.caller("Customer", subject="ann"))
    bob = shop.caller("Customer", subject="bob")
    (error,) = bob.run(PLACE, {"input": checkout(externalRef="E-1")})["data"]["placeOrder"]["errors"]
    assert (error["code"], error["details"]) == ("ALREADY_EXISTS", None)


def test_a_customer_orders_for_itself_and_its_word_is_no_payment(shop: Shop) -> None:
    ann = shop.caller("Customer", subject="sub-ann", customer_id="c-ann")
    paying = {"payment": {"state": "CAPTURED"}}
    order = shop.place(by=ann, **paying)
    assert (order["customer"]["id"], order["status"], order["paymentStatus"]) == ("c-ann", "PENDING", "UNPAID")
    assert [each["state"] for each in order["payments"]] == ["PENDING"]
    before = shop.everything()
    given = checkout(customer={"firstName": "Ann", "id": "c-bob"}, placedAt="2026-01-01T00:00:00Z")
    assert ann.refusals(PLACE, {"input": given}) == [("INVALID_INPUT", "customer.id"), ("INVALID_INPUT", "placedAt")]
    assert shop.everything() == before
    shop.settings(trustCustomerCheckout=True)
    assert shop.place(by=ann, **paying)["status"] == "CONFIRMED"


def test_an_untracked_tenant_reserves_nothing_and_needs_no_branch(api: Api) -> None:
    shop = Shop({"north": {"A": 1}})
    shop.settings(stockTracked=False)
    order = shop.place(line("A", 50))
    assert [(each["allocation"], each["reservedQuantity"]) for each in order["lines"]] == [(None, 0)]
    assert shop.levels() == {("north", "A"): (1, 0)}
    assert shop.admin.refusals(PLACE, {"input": checkout(line("?", name="x"))}) == [("NOT_FOUND", "lines.0.sku")]


def test_an_unknown_sku_is_taken_unreserved_where_the_tenant_accepts_it(shop: Shop) -> None:
    shop.settings(unknownSku="ACCEPT")
    order = shop.place(line("?", 3, name="Hat"), line("A", 2))
    assert [(each["name"], each["reservedQuantity"]) for each in order["lines"]] == [("Hat", 0), ("Item A", 2)]
    assert [each["allocation"] is None for each in order["lines"]] == [True, False]
    assert shop.admin.refusals(PLACE, {"input": checkout(line("?"))}) == [("INVALID_INPUT", "lines.0.name")]


def test_an_archived_branch_or_item_is_not_sold_from(shop: Shop) -> None:
    shop.admin.data('mutation{archiveBranch(input:{code:"north"}){errors{code}}}')
    assert shop.place()["lines"][0]["allocation"] == [{"branchCode": "south", "quantity": 1}]
    assert shop.admin.refusals(PLACE, {"input": checkout(branchCode="north")}) == [("BRANCH_CLOSED", "branchCode")]


def test_a_vendor_that_places_an_order_sees_its_part_of_it_also_when_it_asks_again(shop: Shop) -> None:
    vendor = shop.caller("Vendor", subject="v1")
    given = checkout(line("A", vendorId="v2"), line("B", vendorId="v1"))
    first = vendor.data(PLACE_WHOLE, {"input": given})
    assert [each["sku"] for each in first["order"]["lines"]] == ["B"]
    assert first["order"]["total"] is None
    strange = checkout(line("A", vendorId="v2"))
    made = vendor.data(PLACE_WHOLE, {"input": strange})
    again = vendor.data(PLACE_WHOLE, {"input": strange})
    assert made["order"]["lines"] == []
    assert again == {**made, "replayed": True}
    assert shop.get(made["order"]["id"], vendor) is None


def test_500_lines_are_placed_and_501_refused(api: Api) -> None:
    shop = Shop({"north": {"A": 1}})
    shop.settings(unknownSku="ACCEPT")
    lines = [line(f"S{number}", name="x", price="0.01") for number in range(501)]
    order = shop.place(*lines[:500])
    assert (len(order["lines"]), order["total"]["amount"]) == (500, "5.00")
    assert shop.admin.refusals(PLACE, {"input": checkout(*lines)}) == [("INVALID_INPUT", "lines")]
