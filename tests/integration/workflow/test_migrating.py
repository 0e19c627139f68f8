"""Moving orders on PostgreSQL: what it asks the database, what it locks, and that a plan holds for its moment alone."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from ddd.orders.application import holds
from ddd.orders.application.migrate_orders import migrate_orders
from ddd.orders.application.migration_views import MigrationView
from ddd.shared.infrastructure.statements import connection
from ddd.tenants.application.workflows import publish_workflow
from order_management.container import build_app
from tests.builders import rows
from tests.shop import Shop, value
from tests.wire import counted

CHECK = {"name": "check", "title": "Check", "sequence": 1, "performer": {"roles": ["Admin"]},
         "condition": "order.total.amount > 1.0"}  # fmt: skip


class SetClock:
    """Says what it was told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


def publish(shop: Shop, **settings: Any) -> None:
    document = {"name": "own", "statuses": {"PENDING": {"steps": [CHECK]}}, "settings": settings}
    assert publish_workflow(shop.admin, {"document": document}, shop.app.tenants).errors == ()


def migrated(shop: Shop, **given: Any) -> MigrationView:
    return value(migrate_orders(shop.admin, {"toVersion": 2, "dryRun": True, **given}, shop.app.orders))


def run(shop: Shop, plan: str | None) -> MigrationView:
    return migrated(shop, dryRun=False, plan=plan)


@pytest.mark.usefixtures("fresh_connection")
def test_a_dry_run_is_one_round_trip_and_a_run_two_however_many_orders_move(database: BaseDatabaseWrapper) -> None:
    shop = Shop()
    orders = [shop.placed() for _ in range(23)]
    publish(shop)
    ids = [str(order.id) for order in orders]
    choices: list[dict[str, Any]] = [{"orderIds": some} for some in (ids[:1], ids[1:2], ids[2:3], ids[3:])]
    dry = [counted(partial(migrated, shop, **choice)) for choice in choices]
    assert [counts for counts, _ in dry] == [(1, 7)] * 4
    plans = [view.plan for _, view in dry]
    run(shop, plans[0])
    runs = [counted(partial(run, shop, plan), warm=lambda: None) for plan in plans[1:]]
    assert [counts for counts, _ in runs] == [(2, 9)] * 3
    assert [view.moved for _, view in runs] == [1, 1, 20]
    sql = "SELECT workflow_version, version, activity_status, count(*) FROM orders_order GROUP BY 1, 2, 3"
    assert rows(shop.admin.tenant_id, sql) == [(2, 2, "Check", 23)]
    sql = "SELECT count(*) FROM orders_event WHERE type = 'order.migrated'"
    assert rows(shop.admin.tenant_id, sql) == [(23,)]


def test_a_moved_order_is_stored_as_it_was_told_and_another_process_goes_by_its_version(
    database: BaseDatabaseWrapper,
) -> None:
    shop = Shop()
    order = shop.placed()
    publish(shop, confirmation="AT_ONCE")
    (moved,) = run(shop, migrated(shop).plan).orders
    assert (moved.status_after, moved.steps_after, moved.activity_after) == ("PENDING", ("check",), "Check")
    shop.app = build_app()
    seen = shop.get(order_id=str(order.id))
    assert seen is not None
    assert (seen.status, seen.activity_status, seen.workflow.version) == ("PENDING", "Check", 2)
    assert {each.action: each.allowed for each in seen.available_actions}["completeStep"]
    publish(shop)
    shop.app = build_app()  # neither version is known here
    plan = value(migrate_orders(shop.admin, {"toVersion": 3, "dryRun": True}, shop.app.orders)).plan
    shop.app = build_app()
    given = {"toVersion": 3, "dryRun": False, "plan": plan, "idempotencyKey": "k"}
    first = migrate_orders(shop.admin, given, shop.app.orders)
    assert value(first).moved == 1
    shop.app = build_app()
    assert migrate_orders(shop.admin, given, shop.app.orders) == replace(first, replayed=True)


def test_a_plan_does_not_outlive_the_hold_under_which_it_was_made(database: BaseDatabaseWrapper) -> None:
    clock = SetClock()
    shop = Shop()
    shop.app = build_app(clock)
    order = shop.placed()
    until = (clock.moment + timedelta(hours=1)).isoformat()
    value(holds.hold_order(shop.admin, {"orderId": str(order.id), "reason": "r", "until": until}, shop.app.orders))
    document = {"name": "own", "statuses": ["PENDING"], "settings": {"confirmation": "AT_ONCE"}}
    assert publish_workflow(shop.admin, {"document": document}, shop.app.tenants).errors == ()
    held = migrated(shop)
    assert held.orders[0].status_after == "PENDING"
    clock.moment += timedelta(hours=2)
    (stayed,) = run(shop, held.plan).orders
    assert (stayed.outcome, stayed.status_after) == ("CHANGED", "PENDING")
    assert stayed.obstacle == "Something else would come of it now than the dry run listed."
    again = migrated(shop)
    assert again.orders[0].status_after == "CONFIRMED"
    assert run(shop, again.plan).orders[0].status_after == "CONFIRMED"


def test_a_dry_run_waits_for_nobody_and_a_run_waits_for_whoever_changes_an_order(database: BaseDatabaseWrapper) -> None:
    shop = Shop()
    order, other = shop.placed(), shop.placed()
    publish(shop)
    plan = migrated(shop).plan
    blocker = connection("owner")
    done: list[MigrationView] = []
    with blocker.transaction():
        sql = "UPDATE orders_order SET version = version + 1 WHERE tenant_id = %s AND id = %s"
        blocker.execute(sql, [shop.admin.tenant_id, order.id])
        assert migrated(shop).movable == 2

        def moving() -> None:
            done.append(run(shop, plan))

        thread = threading.Thread(target=moving)
        thread.start()
        thread.join(0.5)
        assert (thread.is_alive(), done) == (True, [])
        sql = "SELECT count(*) FROM orders_order WHERE workflow_version = 2"
        assert rows(shop.admin.tenant_id, sql) == [(0,)]
    thread.join(10)
    assert {each.order_id: each.outcome.value for each in done[0].orders} == {order.id: "CHANGED", other.id: "MOVED"}


def test_a_moved_order_expires_as_its_new_version_says(database: BaseDatabaseWrapper) -> None:
    shop = Shop()
    order, paid = shop.placed(), value(shop.place(shop.checkout(payment={"state": "CAPTURED"})))
    document = {"name": "own", "statuses": ["PENDING"], "settings": {"unpaidExpiryMinutes": 90}}
    assert publish_workflow(shop.admin, {"document": document}, shop.app.tenants).errors == ()
    assert run(shop, migrated(shop).plan).moved == 2
    sql = "SELECT id, expires_at FROM orders_order"
    due = order.placed_at + timedelta(minutes=90)
    assert dict(rows(shop.admin.tenant_id, sql)) == {order.id: due, paid.id: None}
    publish(shop)
    plan = value(migrate_orders(shop.admin, {"toVersion": 3, "dryRun": True}, shop.app.orders)).plan
    value(migrate_orders(shop.admin, {"toVersion": 3, "dryRun": False, "plan": plan}, shop.app.orders))
    assert dict(rows(shop.admin.tenant_id, sql)) == {order.id: None, paid.id: None}
