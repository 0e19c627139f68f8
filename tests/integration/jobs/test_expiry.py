"""Orders that nobody pays are cancelled by the server, each once, however many workers look for them."""

import json
import subprocess
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ddd.orders.application.cancel_order import cancel_order
from ddd.orders.application.drafts import create_draft_order
from ddd.orders.application.expiry import FIRST, Due, expire_order, expire_orders
from ddd.orders.application.fulfilment import submit_order
from ddd.orders.application.holds import hold_order, release_hold
from ddd.orders.application.migrate_orders import migrate_orders
from ddd.orders.application.payments import record_order_payment
from ddd.orders.application.views import OrderView
from ddd.orders.domain.parts import CancelReason
from ddd.orders.infrastructure.expiry import PostgresDueOrders
from ddd.tenants.application.operator import resume_tenant, set_plan, suspend_tenant
from order_management.container import build_app, system_app
from order_management.operator import operations
from tests.builders import rows
from tests.integration.jobs.support import At, impatient_shop, let_expire, placed_before, python, statuses
from tests.ledger import faults
from tests.shop import Shop, value

LONG_AGO = timedelta(minutes=5)


class Own:
    """The due orders of one tenant: other tests' are theirs."""

    def __init__(self, shop: Shop) -> None:
        self._tenant_id = shop.admin.tenant_id
        self._all = PostgresDueOrders()

    def after(self, last: Due, now: Any, limit: int) -> list[Due]:
        return [due for due in self._all.after(last, now, 10_000) if due.tenant_id == self._tenant_id]


def expire_all(shop: Shop) -> int:
    return expire_orders(system_app().orders, Own(shop))


def pay(shop: Shop, order: OrderView, state: str = "CAPTURED", amount: str | None = None) -> tuple[Any, ...]:
    given = {
        "orderId": str(order.id),
        "provider": "stripe",
        "reference": str(order.id),
        "state": state,
        "amount": amount,
    }
    return record_order_payment(shop.admin, given, shop.app.orders).errors


def events(shop: Shop, type_: str) -> list[str]:
    found = rows(
        shop.admin.tenant_id, "SELECT aggregate_id::text FROM outbox WHERE type = $1 ORDER BY aggregate_id", type_
    )
    return [id_ for (id_,) in found]


def reserved(shop: Shop) -> int:
    return int(rows(shop.admin.tenant_id, "SELECT sum(reserved)::bigint FROM stock_level")[0][0])


def adds_up(shop: Shop) -> list[str]:
    return faults(lambda sql: rows(shop.admin.tenant_id, sql))


def test_an_unpaid_order_is_cancelled_by_the_system_and_its_stock_is_free_again(database: object) -> None:
    shop = impatient_shop()
    order = placed_before(shop, LONG_AGO)
    assert reserved(shop) == 6
    assert expire_all(shop) == 1
    seen = shop.get(order_id=str(order.id))
    assert seen is not None
    cancellation = seen.cancellation
    assert cancellation is not None
    assert (seen.status.value, cancellation.reason, cancellation.by) == (
        "CANCELLED",
        CancelReason.EXPIRED,
        "system",
    )
    last = rows(
        shop.admin.tenant_id,
        "SELECT type, subject, roles, data FROM orders_event WHERE order_id = $1::uuid ORDER BY sequence DESC LIMIT 1",
        str(order.id),
    )[0]
    assert last[:3] == ("order.cancelled", "system", "")
    data = json.loads(last[3])
    assert (data["reason"], data["status"]) == ("EXPIRED", {"before": "PENDING", "after": "CANCELLED"})
    audit = rows(
        shop.admin.tenant_id,
        "SELECT operation, subject, issuer, roles FROM audit_log WHERE aggregate_id = $1 ORDER BY id DESC LIMIT 1",
        str(order.id),
    )
    assert audit == [("cancelOrder", "system", "urn:order-management:system", "")]
    assert reserved(shop) == 0
    assert adds_up(shop) == []
    assert expire_all(shop) == 0


def test_only_what_is_due_is_found(database: object) -> None:
    shop = impatient_shop(minutes=3)
    due = placed_before(shop, LONG_AGO)
    placed_before(shop, timedelta(minutes=1))
    paid = placed_before(shop, LONG_AGO)
    assert pay(shop, paid) == ()
    half = placed_before(shop, LONG_AGO)
    assert pay(shop, half, amount="1") == ()
    cancelled = placed_before(shop, LONG_AGO)
    value(shop.cancel(cancelled))
    assert [each.order_id for each in Own(shop).after(FIRST, shop.app.orders.clock.now(), 10)] == [due.id]
    expiring = rows(shop.admin.tenant_id, "SELECT count(*) FROM orders_order WHERE expires_at IS NOT NULL")
    assert expiring == [(2,)]
    assert expire_all(shop) == 1
    assert events(shop, "order.cancelled") == sorted([str(due.id), str(cancelled.id)])


def test_an_order_keeps_the_limit_of_the_workflow_it_was_placed_under(database: object) -> None:
    shop = impatient_shop(minutes=1)
    quick = placed_before(shop, LONG_AGO)
    let_expire(shop, 60)
    slow = placed_before(shop, LONG_AGO)
    let_expire(shop, None)
    never = placed_before(shop, timedelta(days=400))
    assert expire_all(shop) == 1
    assert statuses(shop) == {str(quick.id): "CANCELLED", str(slow.id): "PENDING", str(never.id): "PENDING"}


def test_a_migrated_order_goes_by_the_limit_of_its_new_version(database: object) -> None:
    shop = impatient_shop(minutes=1)
    spared = placed_before(shop, LONG_AGO)
    let_expire(shop, 60)
    doomed = placed_before(shop, LONG_AGO)
    migrate(shop, 3, spared)
    assert expire_all(shop) == 0
    let_expire(shop, 1)
    migrate(shop, 4, doomed)
    assert expire_all(shop) == 1
    assert statuses(shop) == {str(spared.id): "PENDING", str(doomed.id): "CANCELLED"}


def migrate(shop: Shop, version: int, order: OrderView) -> None:
    given = {"toVersion": version, "orderIds": [str(order.id)]}
    plan = value(migrate_orders(shop.admin, {**given, "dryRun": True}, shop.app.orders)).plan
    run = {"toVersion": version, "dryRun": False, "plan": plan}
    assert value(migrate_orders(shop.admin, run, shop.app.orders)).moved == 1


def test_a_branch_order_has_its_time_from_when_it_was_submitted(database: object) -> None:
    shop = impatient_shop()
    made = build_app(clock=At(datetime.now(UTC) - timedelta(days=3))).orders
    given = {key: field for key, field in shop.checkout().items() if key != "idempotencyKey"}
    old, fresh, draft = (value(create_draft_order(shop.admin, given, made)) for _ in range(3))
    long_ago = build_app(clock=At(datetime.now(UTC) - LONG_AGO)).orders
    value(submit_order(shop.admin, {"orderId": str(old.id)}, long_ago))
    value(submit_order(shop.admin, {"orderId": str(fresh.id)}, shop.app.orders))
    assert expire_all(shop) == 1
    assert statuses(shop) == {str(old.id): "CANCELLED", str(fresh.id): "PENDING", str(draft.id): "DRAFT"}
    assert adds_up(shop) == []


def test_a_held_order_waits_for_its_release(database: object) -> None:
    shop = impatient_shop()
    order = placed_before(shop, LONG_AGO)
    named = {"orderId": str(order.id)}
    value(hold_order(shop.admin, {**named, "reason": "who is it"}, shop.app.orders))
    assert expire_all(shop) == 0
    # Also where the look was taken before the hold.
    refused = expire_order(shop.admin.tenant_id, order.id, system_app().orders)
    assert [each.code.value for each in refused.errors] == ["INVALID_TRANSITION"]
    assert statuses(shop) == {str(order.id): "PENDING"}
    value(release_hold(shop.admin, named, shop.app.orders))
    assert expire_all(shop) == 1


def test_a_suspended_tenants_orders_wait_until_it_is_resumed(database: object) -> None:
    shop = impatient_shop()
    placed_before(shop, LONG_AGO)
    assert suspend_tenant(shop.admin.tenant_id, operations()).errors == ()
    assert expire_all(shop) == 0
    assert Own(shop).after(FIRST, shop.app.orders.clock.now(), 10) == []
    assert resume_tenant(shop.admin.tenant_id, operations()).errors == ()
    assert expire_all(shop) == 1


def test_a_tenant_that_is_suspended_after_the_look_stands_in_nobodys_way(database: object) -> None:
    suspended, other = impatient_shop(), impatient_shop()
    found = []
    for shop in (suspended, other):
        placed_before(shop, LONG_AGO)
        found += Own(shop).after(FIRST, shop.app.orders.clock.now(), 10)
    assert suspend_tenant(suspended.admin.tenant_id, operations()).errors == ()

    class Looked:
        def after(self, last: Due, now: Any, limit: int) -> list[Due]:
            return found if last == FIRST else []

    assert expire_orders(system_app().orders, Looked()) == 1
    assert list(statuses(other).values()) == ["CANCELLED"]
    assert list(statuses(suspended).values()) == ["PENDING"]


def test_a_plan_without_cancelOrder_keeps_no_order_from_expiring(database: object) -> None:
    shop = impatient_shop()
    placed_before(shop, LONG_AGO)
    assert set_plan(shop.admin.tenant_id, ["cancelOrder"], operations()).errors == ()
    assert expire_all(shop) == 1


def test_a_run_that_is_told_to_end_leaves_the_rest_to_the_next(database: object) -> None:
    shop = impatient_shop()
    for _ in range(3):
        placed_before(shop, LONG_AGO)
    asked: list[None] = []

    def is_over() -> bool:
        asked.append(None)
        return len(asked) > 2

    assert expire_orders(system_app().orders, Own(shop), is_over) == 2
    assert expire_all(shop) == 1


# ---- Several at once

_WORKER = """
import sys
from ddd.orders.application.drafts import create_draft_order
from ddd.orders.application.expiry import expire_orders
from ddd.orders.infrastructure.expiry import PostgresDueOrders
from order_management.container import build_app, system_app
orders = system_app().orders
print("ready", flush=True)
sys.stdin.readline()
print(expire_orders(orders, PostgresDueOrders()), flush=True)
"""


def test_four_workers_at_once_cancel_each_order_once_and_payments_go_either_way_whole(
    database: object, database_environment: Mapping[str, str]
) -> None:
    shop = impatient_shop()
    due = [placed_before(shop, LONG_AGO) for _ in range(40)]
    disputed = [placed_before(shop, LONG_AGO) for _ in range(12)]
    fresh = [placed_before(shop, timedelta(0)) for _ in range(10)]
    paid = [placed_before(shop, LONG_AGO) for _ in range(5)]
    for order in paid:
        assert pay(shop, order) == ()
    workers = [python(_WORKER, database_environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        answers: dict[str, tuple[Any, ...]] = {}

        def pay_disputed() -> None:
            for order in disputed:
                answers[str(order.id)] = pay(shop, order)

        payer = threading.Thread(target=pay_disputed)
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        payer.start()
        counts = [int(worker.communicate(timeout=60)[0]) for worker in workers]
        payer.join(60)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    now = statuses(shop)
    lost = {str(order.id) for order in disputed if now[str(order.id)] == "CANCELLED"}
    assert {now[str(order.id)] for order in due} == {"CANCELLED"}
    assert {now[str(order.id)] for order in fresh} == {"PENDING"}
    assert {now[str(order.id)] for order in paid} == {"CONFIRMED"}
    # Whoever came first decided: paid and confirmed, or cancelled and the payment refused.
    for id_, errors in answers.items():
        codes = [each.code.value for each in errors]
        assert (now[id_], codes) in [("CONFIRMED", []), ("CANCELLED", ["INVALID_TRANSITION"])]
    assert events(shop, "order.cancelled") == sorted({str(order.id) for order in due} | lost)
    assert sum(counts) == len(due) + len(lost)
    open_ = len(fresh) + len(paid) + len(disputed) - len(lost)
    assert reserved(shop) == 6 * open_
    assert adds_up(shop) == []


def test_a_cancellation_and_an_expiry_at_once_are_one_cancellation(database: object) -> None:
    shop = impatient_shop()
    for _ in range(5):
        order = placed_before(shop, LONG_AGO)
        barrier = threading.Barrier(2)
        done: list[bool] = []

        def cancel(order: OrderView = order, barrier: threading.Barrier = barrier, done: list[bool] = done) -> None:
            barrier.wait()
            given = {"orderId": str(order.id), "reason": "OTHER"}
            done.append(cancel_order(shop.admin, given, shop.app.orders).value is not None)

        def expire(order: OrderView = order, barrier: threading.Barrier = barrier, done: list[bool] = done) -> None:
            barrier.wait()
            outcome = expire_order(shop.admin.tenant_id, order.id, system_app().orders)
            done.append(outcome.value is not None)

        threads = [threading.Thread(target=work) for work in (cancel, expire)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(done) == [False, True]
        assert events(shop, "order.cancelled").count(str(order.id)) == 1
    assert reserved(shop) == 0
    assert adds_up(shop) == []
