"""What a tenant's own workflow asks the database: its document once in a process, then nothing more than the plain."""

from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from ddd.orders.application import steps
from ddd.orders.application.views import OrderView
from ddd.tenants.application.workflows import publish_workflow
from order_management.container import build_app
from tests.builders import rows
from tests.shop import Shop, value
from tests.wire import counted

pytestmark = pytest.mark.usefixtures("fresh_connection")

CHECK = {"name": "check", "title": "Check", "sequence": 1, "performer": {"roles": ["Admin"]}, "inputSchema": {
    "type": "object", "properties": {"words": {"type": "string"}}}}  # fmt: skip
DOCUMENT = {"name": "own", "statuses": {"PENDING": {"steps": [CHECK]}}}


def checking() -> Shop:
    shop = Shop()
    assert publish_workflow(shop.admin, {"document": DOCUMENT}, shop.app.tenants).errors == ()
    return shop


def trips(act: Any) -> tuple[int, int]:
    return counted(act, warm=lambda: None)[0]


def look(shop: Shop, order: OrderView) -> str | None:
    """The sub-state, of an order whose actions were told."""
    seen = shop.get(order_id=str(order.id))
    assert seen is not None
    assert {each.action: each.allowed for each in seen.available_actions}["completeStep"] == (seen.status == "PENDING")
    activity: str | None = seen.activity_status
    return activity


def test_a_document_is_read_once_in_a_process(database: BaseDatabaseWrapper) -> None:
    shop = checking()
    paid: Any = {"payment": {"state": "CAPTURED"}}
    orders = [value(shop.place(shop.checkout(**paid))) for _ in range(5)]
    assert trips(lambda: shop.place(shop.checkout(**paid))) == (2, 8)

    def perform(number: int) -> OrderView:
        given = {"orderId": str(orders[number].id), "step": "check", "input": {"words": "as Ann said"}}
        return value(steps.complete_step(shop.admin, given, shop.app.orders))

    perform(0)
    assert trips(lambda: perform(1)) == (2, 11)
    shop.app = build_app()  # another process, whose first one prepares the statement that is counted in the next
    perform(2)
    shop.app = build_app()
    assert trips(lambda: perform(3)) == (3, 12)
    assert trips(lambda: perform(4)) == (2, 11)
    look(shop, orders[0])
    known = trips(lambda: look(shop, orders[0]))
    shop.app = build_app()
    unknown = trips(lambda: look(shop, orders[0]))
    assert unknown[0] == known[0] + 1
    assert trips(lambda: look(shop, orders[0])) == known


def test_a_step_is_kept_with_who_did_it_and_words_stand_with_the_person(database: BaseDatabaseWrapper) -> None:
    shop = checking()
    order = value(shop.place(shop.checkout(payment={"state": "CAPTURED"})))
    assert (order.status, order.activity_status, look(shop, order)) == ("PENDING", "Check", "Check")
    given = {"orderId": str(order.id), "step": "check", "input": {"words": "as Ann said"}}
    done = value(steps.complete_step(shop.admin, given, shop.app.orders))
    assert (done.status, done.activity_status, look(shop, order)) == ("CONFIRMED", None, None)
    sql = "SELECT steps #>> '{outcomes,check,outcome}', steps #>> '{outcomes,check,by}' FROM orders_order"
    assert rows(shop.admin.tenant_id, sql) == [("DONE", shop.admin.subject)]
    sql = "SELECT notes ->> 'input:check' FROM orders_person"
    assert rows(shop.admin.tenant_id, sql) == [('{"words": "as Ann said"}',)]
    sql = "SELECT count(*) FROM orders_event WHERE data::text LIKE '%Ann%'"
    assert rows(shop.admin.tenant_id, sql) == [(0,)]
