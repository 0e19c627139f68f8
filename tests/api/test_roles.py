"""Who may do what with which order: roles × operations × scopes, seen and unseen, and that a refusal moves nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ddd.tenants.application.operator import suspend_tenant
from order_management.operator import operations
from tests.api.orders_support import (
    CANCEL,
    CANCEL_WHOLE,
    GET,
    LIST,
    PLACE,
    SHIP,
    SHIP_WHOLE,
    Shop,
    allowed,
    checkout,
    line,
    units,
)
from tests.api.support import Api, ApiCaller, Json

EVERYBODY = ["Customer", "Vendor", "Admin", "Manager", "Worker", "Auditor"]
MAY = {
    "getOrder": set(EVERYBODY),
    "orders": set(EVERYBODY),
    "placeOrder": set(EVERYBODY) - {"Auditor"},
    "cancelOrder": set(EVERYBODY) - {"Auditor"},
    "markAsShipped": set(EVERYBODY) - {"Auditor", "Customer"},
}


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop()


def request(operation: str, order: Json) -> tuple[str, Json]:
    """The operation on the order, as it would succeed for an Admin."""
    return {
        "getOrder": (GET, {"id": order["id"]}),
        "orders": (LIST, {"first": 1}),
        "placeOrder": (PLACE, {"input": checkout()}),
        "cancelOrder": (CANCEL, {"input": {"orderId": order["id"], "reason": "OTHER"}}),
        "markAsShipped": (SHIP, {"input": {"orderId": order["id"]}}),
    }[operation]


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("operation", MAY)
def test_a_role_has_the_operations_of_the_table_and_no_others(shop: Shop, operation: str, role: str) -> None:
    order = shop.place(customer={"firstName": "Ann", "id": "ann"})
    before = shop.everything()
    by = shop.caller(role, subject="ann")
    document, variables = request(operation, order)
    response = by.post(document, variables)
    answer = json.loads(response.content)
    if role in MAY[operation]:
        assert "errors" not in answer
        (value,) = answer["data"].values()
        assert not value.get("errors")
    else:
        assert response.status_code == 200
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
        assert answer["data"] is None
        assert shop.everything() == before


def test_permission_is_asked_before_everything_else(shop: Shop) -> None:
    auditor = shop.caller("Auditor")
    assert auditor.codes(CANCEL, {"input": {"orderId": "\x00", "reason": "OTHER", "lines": []}}) == ["FORBIDDEN"]
    assert auditor.codes(PLACE, {"input": {**checkout(), "lines": [], "idempotencyKey": ""}}) == ["FORBIDDEN"]
    shop.permit("Auditor", orders=None)
    assert auditor.codes(LIST, {"first": 1_000}) == ["FORBIDDEN"]
    assert auditor.codes(LIST, {"first": 1, "filter": {"search": "\x00"}}) == ["FORBIDDEN"]


def test_a_changed_role_map_is_in_force_for_the_next_request(shop: Shop) -> None:
    order = shop.place()
    worker = shop.caller("Worker")
    assert worker.data(GET, {"id": order["id"]})["id"] == order["id"]
    shop.permit("Worker", getOrder=None)
    assert worker.codes(GET, {"id": order["id"]}) == ["FORBIDDEN"]
    shop.permit("Worker", getOrder="ALL")
    assert worker.data(GET, {"id": order["id"]})["id"] == order["id"]


def test_a_suspended_tenant_is_told_so_before_any_argument_is_judged(shop: Shop) -> None:
    order = shop.place()
    assert suspend_tenant(shop.tenant.id, operations()).errors == ()
    before = shop.everything()
    for document, variables in (
        (LIST, {"first": 1_000}),
        (LIST, {"first": 1, "after": "x"}),
        (GET, {}),
        (GET, {"id": order["id"]}),
        (CANCEL, {"input": {"orderId": order["id"], "reason": "OTHER"}}),
        (PLACE, {"input": checkout(currency="")}),
    ):
        response = shop.admin.post(document, variables)
        codes = [error["extensions"]["code"] for error in json.loads(response.content)["errors"]]
        assert (response.status_code, codes) == (403, ["TENANT_SUSPENDED"])
    assert shop.everything() == before


def hidden_from(shop: Shop, by: ApiCaller, order: Json) -> None:
    """To this caller the order is not there, by any name or operation, and nothing of it moves."""
    for names in ({"id": order["id"]}, {"number": order["orderNumber"]}, {"ref": order["externalRef"]}):
        assert by.run(GET, names) == {"data": {"getOrder": None}}
    for filter_ in (None, {"search": order["orderNumber"]}, {"search": order["externalRef"]}, {"sku": "A"}):
        found = by.data(LIST, {"first": 100, "filter": filter_})
        assert (found["nodes"], found["totalCount"]) == ([], 0)
    before = shop.everything()
    wrong: Json = {"orderId": order["id"], "expectedVersion": 77, "lines": []}
    for document, given in ((CANCEL, {**wrong, "reason": "OTHER"}), (SHIP, wrong)):
        answer = by.run(document, {"input": given})
        if "errors" in answer:
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
        else:
            (payload,) = answer["data"].values()
            assert [(each["code"], each["field"], each["details"]) for each in payload["errors"]] == [
                ("NOT_FOUND", ["orderId"], None)
            ]
    assert shop.everything() == before


def test_a_customer_sees_and_cancels_its_own_orders_only(shop: Shop) -> None:
    ann = shop.caller("Customer", subject="s-1", customer_id="ann")
    mine = shop.place(customer={"firstName": "Ann", "id": "ann"}, externalRef="E-1", payment={"state": "CAPTURED"})
    assert shop.get(mine["id"], ann) == {**mine, "availableActions": shop.get(mine["id"], ann)["availableActions"]}  # type: ignore[index]  # it is there
    assert allowed(shop.get(mine["id"], ann) or {}) == {"cancelOrder": True, "markAsShipped": False}
    for other in ("bob", "s-1"):
        hidden_from(shop, shop.caller("Customer", subject=other), mine)
    nobodys = shop.place(externalRef="E-2")
    assert nobodys["customer"]["id"] is None
    assert shop.get(nobodys["id"], ann) is None
    assert [each["id"] for each in ann.data(LIST, {"first": 100})["nodes"]] == [mine["id"]]
    cancelled = ann.data(CANCEL_WHOLE, {"input": {"orderId": mine["id"], "reason": "CUSTOMER_REQUEST"}})["order"]
    assert (cancelled["status"], cancelled["cancellation"]["by"]) == ("CANCELLED", "s-1")


@pytest.fixture
def shared(shop: Shop) -> Json:
    """An order of a line of v1's, one of v2's and an open one, with everything about the customer."""
    return shop.place(
        line("A", 2, "3", vendorId="v1"),
        line("B", 2, "5", vendorId="v2"),
        line("C", 2, "7"),
        customer={"firstName": "Ann", "id": "c-7", "lastName": "Lee", "email": "ann@example.org", "phone": "1"},
        billingAddress={"line1": "2 Main St", "country": "US"},
        payment={"state": "CAPTURED", "amount": "1"},
        externalRef="E-1",
        by=shop.caller("Customer", "Manager", subject="c-7"),
    )


def test_a_vendor_sees_its_own_and_open_lines_the_name_and_where_to_send_it(shop: Shop, shared: Json) -> None:
    v1 = shop.caller("Vendor", subject="s-1", vendor_id="v1")
    seen = shop.get(shared["id"], v1)
    assert seen is not None
    hidden = "paymentStatus subtotal discountTotal shippingTotal taxTotal total amountDue billingAddress".split()
    assert [seen[name] for name in hidden] == [None] * 8
    assert (seen["payments"], seen["refunds"]) == ([], [])
    assert seen["customer"] == {"id": None, "firstName": "Ann", "lastName": "Lee", "email": None, "phone": None}
    assert seen["shippingAddress"] == shared["shippingAddress"]
    assert seen["lines"] == [shared["lines"][0], shared["lines"][2]]
    assert '"c-7"' not in json.dumps(seen)  # quoted: an id may have these letters within
    assert "ann@" not in json.dumps(seen)
    assert [each["type"] for each in seen["timeline"]] == ["order.placed"]
    assert allowed(seen) == {"cancelOrder": True, "markAsShipped": True}


def test_a_vendor_without_a_line_in_it_does_not_see_the_order(shop: Shop) -> None:
    order = shop.place(line("A", vendorId="v1"), externalRef="E-1")
    hidden_from(shop, shop.caller("Vendor", subject="v2"), order)
    hidden_from(shop, shop.caller("Vendor", subject="v1", vendor_id="v2"), order)


def test_a_vendor_ships_its_own_and_open_lines(shop: Shop, shared: Json) -> None:
    v1 = shop.caller("Vendor", subject="v1")
    seen = v1.data(SHIP_WHOLE, {"input": {"orderId": shared["id"]}})["order"]
    assert seen["status"] == "PARTIALLY_SHIPPED"
    assert [[(each["sku"], each["quantity"]) for each in shipment["lines"]] for shipment in seen["shipments"]] == [
        [("A", 2), ("C", 2)]
    ]
    whole = shop.get(shared["id"])
    assert whole is not None
    assert [each["shippedQuantity"] for each in whole["lines"]] == [2, 0, 2]
    assert allowed(seen) == {"cancelOrder": False, "markAsShipped": False}
    before = shop.everything()
    for document, more in ((SHIP, {}), (CANCEL, {"reason": "OTHER"})):
        assert v1.refusals(document, {"input": {"orderId": shared["id"], **more}}) == [("INVALID_TRANSITION", None)]
    assert shop.everything() == before
    v2 = shop.caller("Vendor", subject="v2")
    theirs = v2.data(SHIP_WHOLE, {"input": {"orderId": shared["id"]}})["order"]
    assert theirs["status"] == "SHIPPED"
    assert [[each["sku"] for each in shipment["lines"]] for shipment in theirs["shipments"]] == [["C"], ["B"]]


def test_a_vendor_cancels_its_own_and_open_lines(shop: Shop, shared: Json) -> None:
    v1 = shop.caller("Vendor", subject="v1")
    seen = v1.data(CANCEL_WHOLE, {"input": {"orderId": shared["id"], "reason": "OUT_OF_STOCK"}})["order"]
    assert (seen["status"], seen["timeline"][-1]["type"]) == ("PENDING", "order.lines_cancelled")
    assert seen["cancellation"]["by"] == "v1"
    whole = shop.get(shared["id"])
    assert whole is not None
    assert [each["cancelledQuantity"] for each in whole["lines"]] == [2, 0, 2]


@pytest.mark.parametrize(("document", "more"), [(SHIP, {}), (CANCEL, {"reason": "OTHER"})])
def test_another_vendors_line_is_not_found(shop: Shop, shared: Json, document: str, more: Json) -> None:
    v1 = shop.caller("Vendor", subject="v1")
    before = shop.everything()
    lines = units(shared, (2, 99), (1, 1), (1, 1))
    assert v1.refusals(document, {"input": {"orderId": shared["id"], "lines": lines, **more}}) == [
        ("NOT_FOUND", "lines.0.orderLineId"),
        ("INVALID_INPUT", "lines.2.orderLineId"),
    ]
    assert shop.everything() == before


def test_a_vendor_finds_nothing_by_what_it_does_not_see(shop: Shop, shared: Json) -> None:
    v1 = shop.caller("Vendor", subject="v1")

    def count(**filter_: Any) -> tuple[int, int]:
        """What v1 and what an Admin finds."""
        found = [by.data(LIST, {"first": 100, "filter": filter_}) for by in (v1, shop.admin)]
        assert [len(each["nodes"]) for each in found] == [each["totalCount"] for each in found]
        return found[0]["totalCount"], found[1]["totalCount"]

    assert count() == (1, 1)
    assert count(search="ann@") == (0, 1)
    assert count(customerEmail="ann@example.org") == (0, 1)
    assert count(customerId="c-7") == (0, 1)
    assert count(paymentStatus=["PARTIALLY_PAID"]) == (0, 1)
    assert count(sku="B") == (0, 1)
    assert count(vendorId="v2") == (0, 1)
    number = shared["orderNumber"]
    for name, value in [
        *[("search", text) for text in ("lee", "E-1", number)],
        *[("sku", "A"), ("sku", "C"), ("vendorId", "v1"), ("channel", "default"), ("branchCode", "south")],
        ("status", ["PENDING"]),
    ]:
        assert count(**{name: value}) == (1, 1)


def test_who_is_both_customer_and_vendor_sees_its_own_whole_and_others_in_part(shop: Shop, shared: Json) -> None:
    both = shop.caller("Customer", "Vendor", subject="x", customer_id="c-8", vendor_id="v1")
    own = shop.place(line("A", vendorId="v2"), customer={"firstName": "Xi", "id": "c-8"})
    assert (shop.get(own["id"], both) or {})["total"] == {"amount": "10.00", "currency": "USD"}
    assert (shop.get(shared["id"], both) or {})["total"] is None
    found = both.data(LIST, {"first": 100, "filter": {"customerId": "c-8"}})
    assert [each["id"] for each in found["nodes"]] == [own["id"]]
    assert both.data(LIST, {"first": 100})["totalCount"] == 2


def test_an_auditor_reads_everything(shop: Shop, shared: Json) -> None:
    auditor = shop.caller("Auditor")
    seen = shop.get(shared["id"], auditor)
    assert seen == {**shared, "availableActions": (seen or {})["availableActions"]}
    assert allowed(seen or {}) == {"cancelOrder": False, "markAsShipped": False}
    assert auditor.data(LIST, {"first": 1, "filter": {"search": "ann@"}})["totalCount"] == 1


def test_a_branchs_staff_sees_and_ships_what_was_placed_at_or_allocated_to_its_branches(shop: Shop) -> None:
    operations = {"getOrder": "BRANCH", "orders": "BRANCH", "markAsShipped": "BRANCH", "cancelOrder": "BRANCH"}
    shop.permit("Worker", **operations)
    north = shop.place(line("A"), externalRef="N")
    south = shop.place(line("C"), externalRef="S")
    both = shop.place(line("A", 99), line("C", 99), branchCode=None, externalRef="NS")
    in_north = shop.caller("Worker", branches=["north"])
    in_south = shop.caller("Worker", branches=["south"])
    anywhere = shop.caller("Worker", subject="w")
    nowhere = shop.caller("Worker", branches=[])

    def sees(by: ApiCaller) -> set[str]:
        found = {each["id"] for each in by.data(LIST, {"first": 100})["nodes"]}
        assert found == {each["id"] for each in (north, south, both) if shop.get(each["id"], by)}
        return {each["externalRef"] for each in (north, south, both) if each["id"] in found}

    branches = {each["allocation"][0]["branchCode"] for each in both["lines"]}
    assert branches == {"south"} or branches == {"north", "south"}
    assert sees(in_south) == {"S", "NS"}
    assert "N" in sees(in_north)
    assert "S" not in sees(in_north)
    assert sees(anywhere) == {"N", "S", "NS"}
    hidden_from(shop, nowhere, north)
    assert in_south.refusals(SHIP, {"input": {"orderId": north["id"]}}) == [("NOT_FOUND", "orderId")]
    assert in_north.data(SHIP, {"input": {"orderId": north["id"]}})["order"]["status"] == "SHIPPED"


def moves(shop: Shop) -> list[Callable[[Json], None]]:
    """Ways in which an order may have gone so far: nothing, part or all of it shipped or cancelled, both."""

    def ship(order: Json, *pairs: tuple[int, int]) -> None:
        shop.admin.data(SHIP, {"input": {"orderId": order["id"], **({"lines": units(order, *pairs)} if pairs else {})}})

    def cancel(order: Json, *pairs: tuple[int, int]) -> None:
        lines = {"lines": units(order, *pairs)} if pairs else {}
        shop.admin.data(CANCEL, {"input": {"orderId": order["id"], "reason": "OTHER", **lines}})

    def half_and_half(order: Json) -> None:
        ship(order, (1, 2))
        cancel(order, (2, 2))

    return [
        lambda order: None,
        lambda order: ship(order, (1, 1)),
        lambda order: ship(order, (1, 2)),
        lambda order: ship(order),
        lambda order: cancel(order, (1, 2)),
        lambda order: cancel(order),
        half_and_half,
    ]


@pytest.mark.parametrize("role", ["Customer", "Vendor", "Worker", "Auditor"])
def test_available_actions_agree_with_the_mutations(shop: Shop, role: str) -> None:
    by = shop.caller(role, subject="c-7", vendor_id="v1")
    for go in moves(shop):
        for action, document in (("cancelOrder", CANCEL), ("markAsShipped", SHIP)):
            order = shop.place(
                line("A", 2, vendorId="v1"), line("B", 2, vendorId="v2"), customer={"firstName": "A", "id": "c-7"}
            )
            go(order)
            seen = shop.get(order["id"], by)
            assert seen is not None
            left = [
                {"orderLineId": each["id"], "quantity": n}
                for each in seen["lines"]
                if (n := each["quantity"] - each["cancelledQuantity"] - each["shippedQuantity"])
            ]
            given: Json = {"orderId": order["id"], **({"reason": "OTHER"} if action == "cancelOrder" else {})}
            forms = [given, {**given, "lines": left}]
            taken = False
            for form in forms:
                answer = by.run(document, {"input": form})
                taken = taken or ("errors" not in answer and not answer["data"][action]["errors"])
            assert allowed(seen)[action] == taken
