"""Through whose eyes an order is seen."""

from uuid import uuid4

import pytest

from ddd.orders.application.available_actions import available_actions
from ddd.orders.application.part_views import line_id, line_number
from ddd.orders.application.reading import OrderParts
from ddd.orders.application.sight import OWN, WHOLE, Sight, sight_of
from ddd.orders.application.views import OrderView
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, Cancellation, CancelReason, OrderEvent
from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Caller, Role, Scope
from ddd.tenants.domain.permissions import DEFAULT_PERMISSIONS
from tests.unit.orders.support import ACTOR, NOW, ORDER_ID, caller, plain_order


def shared_order(*vendors: str | None) -> Order:
    """One line for each vendor, two units each."""
    order = plain_order(*[2] * len(vendors))
    for line, vendor in zip(order.lines, vendors, strict=True):
        line.vendor_id = vendor
    return order


def seen_by(order: Order, by: Caller, *scopes: Scope) -> Sight | None:
    return sight_of(scopes, by, order, order.lines)


def view(order: Order, by: Caller, sight: Sight) -> OrderView:
    parts = OrderParts(order.lines, order.payments, order.shipments, order.news)
    return OrderView(order, parts, sight, Grant(by, DEFAULT_PERMISSIONS), NOW)


def at_branches(*codes: str) -> Caller:
    by = caller(Role.WORKER)
    return Caller(**{name: getattr(by, name) for name in by.__slots__} | {"branches": codes})


def ship(order: Order, quantities: dict[int, int]) -> None:
    refused = order.ship(
        quantities,
        shipment_id=uuid4(),
        carrier=None,
        tracking_reference=None,
        tracking_url=None,
        shipped_at=NOW,
        actor=ACTOR,
        at=NOW,
    )
    assert refused is None


def test_all_sees_the_whole_order() -> None:
    assert seen_by(shared_order("v1"), caller(Role.AUDITOR), Scope.ALL) is WHOLE


def test_no_scope_sees_nothing() -> None:
    assert seen_by(shared_order(None), caller(Role.ADMIN)) is None


def test_own_sees_the_customers_orders_only() -> None:
    order = shared_order(None)
    assert seen_by(order, caller(Role.CUSTOMER, subject="ann"), Scope.OWN) is OWN
    assert seen_by(order, caller(Role.CUSTOMER, subject="bob"), Scope.OWN) is None


@pytest.mark.parametrize(
    ("vendors", "is_seen"),
    [(["v1"], True), ([None], True), (["v2"], False), (["v2", None], True), (["v2", "v1"], True)],
)
def test_a_vendor_sees_orders_with_a_line_of_its_own_or_an_open_one(vendors: list[str | None], is_seen: bool) -> None:
    assert (seen_by(shared_order(*vendors), caller(Role.VENDOR, subject="v1"), Scope.VENDOR) is not None) == is_seen


def test_a_branchs_staff_sees_orders_placed_at_it_or_allocated_to_it() -> None:
    order = shared_order(None, None)
    order.lines[1].branch_code = "south"
    for codes, is_seen in [(("north",), True), (("south",), True), (("east",), False), ((), False)]:
        assert (seen_by(order, at_branches(*codes), Scope.BRANCH) is WHOLE) == is_seen
    assert seen_by(order, caller(Role.WORKER), Scope.BRANCH) is WHOLE  # no list: all branches
    order.branch_code = "east"
    assert seen_by(order, at_branches("east"), Scope.BRANCH) is WHOLE


def test_of_two_scopes_the_wider_one_counts() -> None:
    by = caller(Role.CUSTOMER, Role.VENDOR, subject="ann")
    assert seen_by(shared_order("v2"), by, Scope.OWN, Scope.VENDOR) is OWN


def test_a_vendor_is_told_nothing_of_totals_payments_the_person_and_other_lines() -> None:
    order = shared_order("v1", "v2", None)
    ship(order, {1: 1, 2: 1})
    ship(order, {2: 1})
    seen = view(order, caller(Role.VENDOR, subject="v1"), Sight("v1"))
    hidden = "payment_status subtotal discount_total shipping_total tax_total total amount_due billing_address".split()
    assert [getattr(seen, name) for name in hidden] == [None] * 8
    assert seen.payments == []
    assert [line.sku for line in seen.lines] == ["S1", "S3"]
    assert [[line.sku for line in shipment.lines] for shipment in seen.shipments] == [["S1"]]
    assert (seen.customer.id, seen.customer.first_name) == (None, "Ann")
    assert [entry.data for entry in seen.timeline] == [{}] * 4


def test_a_line_id_names_a_line_of_its_order_only() -> None:
    assert line_number(ORDER_ID, line_id(ORDER_ID, 500)) == 500
    for text in ("", "1", f"{ORDER_ID}", f"{ORDER_ID}-", f"{ORDER_ID}-0", f"{ORDER_ID}-01", f"{ORDER_ID}-1 ",
                 f"{ORDER_ID}--1", f"{ORDER_ID}-１", f"{ORDER_ID}-\x00", f"{ORDER_ID}-99999", f"{ORDER_ID}-\ud800",
                 str(ORDER_ID).replace("0", "1", 1) + "-1"):  # fmt: skip
        assert line_number(ORDER_ID, text) is None


def actions(order: Order, by: Caller) -> dict[str, bool]:
    """Whether the two actions that every order has may be done."""
    found = available_actions(order, Grant(by, DEFAULT_PERMISSIONS), NOW)
    assert all((each.reason is None) == each.allowed for each in found)
    return {each.action: each.allowed for each in found if each.action in ("cancelOrder", "markAsShipped")}


def test_actions_that_a_role_lacks_are_listed_as_not_allowed() -> None:
    order = plain_order(1)
    assert actions(order, caller(Role.AUDITOR)) == {"cancelOrder": False, "markAsShipped": False}
    assert actions(order, caller(Role.CUSTOMER, subject="ann")) == {"cancelOrder": True, "markAsShipped": False}
    assert actions(order, caller(Role.VENDOR)) == {"cancelOrder": True, "markAsShipped": True}


def test_a_vendor_whose_lines_have_all_left_may_do_nothing_more() -> None:
    order = shared_order("v1", "v2")
    order.lines[0].shipped_quantity = 2
    assert actions(order, caller(Role.VENDOR, subject="v1")) == {"cancelOrder": False, "markAsShipped": False}
    assert actions(order, caller(Role.VENDOR, subject="v2")) == {"cancelOrder": True, "markAsShipped": True}


def test_a_vendor_does_not_learn_the_customers_id_from_who_did_what() -> None:
    order = shared_order("v1")
    order.news = [OrderEvent(1, "order.placed", NOW, Actor("ann", ("Customer",)))]
    order.cancellation = Cancellation(CancelReason.OTHER, None, NOW, "ann")
    assert [entry.actor.subject for entry in view(order, caller(Role.ADMIN), WHOLE).timeline] == ["ann"]
    seen = view(order, caller(Role.VENDOR), Sight("v1"))
    assert [(entry.actor.subject, entry.actor.roles) for entry in seen.timeline] == [("", ["Customer"])]
    assert seen.cancellation is not None
    assert seen.cancellation.by == ""
