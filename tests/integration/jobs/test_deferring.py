"""Jobs get into the queue with the event that asks for them: once, for its tenant, by the relay alone."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from psycopg import errors

from ddd.orders.application.place_order import place_order
from ddd.orders.infrastructure.store import PostgresOrderStore
from ddd.shared.application.events import PublishedEvent
from ddd.shared.application.jobs import Deferral
from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.relay import DRAIN_SECONDS, Deferrer, Relay, Subscriber
from ddd.shared.infrastructure.statements import connection
from order_management.processes import wait_until
from order_management.registry import SUBSCRIBERS
from tests.builders import caller, registered, rows
from tests.integration.jobs.support import PROBE, after, as_system, defer, is_done, publish, queue
from tests.shop import Shop
from tests.trade import orders


def test_an_events_jobs_are_queued_when_it_is_done(database: object) -> None:
    tenant_id = registered()
    aggregate = publish(tenant_id)
    assert queue(tenant_id) == []
    later = Deferral("tests.later", {"orderId": "o"}, lock="shipment:1", after=timedelta(minutes=5))
    after(Deferral("tests.now", {"orderId": "o"}), later).run_once()
    assert is_done(tenant_id, aggregate)
    found = as_system(
        "SELECT task_name, queue_name, lock, args::text, round(extract(epoch FROM scheduled_at - now()) / 60)::int"
        " FROM procrastinate_jobs WHERE args ->> 'tenant_id' = $1 ORDER BY id",
        tenant_id,
    )
    args = f'{{"args": {{"orderId": "o"}}, "tenant_id": "{tenant_id}"}}'
    assert found == [
        ("tests.now", "tenants", None, args, None),
        ("tests.later", "tenants", f"{tenant_id}:shipment:1", args, 5),
    ]


def test_a_relay_whose_lease_was_over_queues_nothing_again(database: object) -> None:
    tenant_id = registered()
    aggregate = publish(tenant_id)

    def overtaken(event: PublishedEvent) -> list[Deferral]:
        as_system("UPDATE outbox SET done_at = now() WHERE tenant_id = $1", tenant_id)  # as another relay would
        return [Deferral("tests.count")]

    Relay({**SUBSCRIBERS, PROBE: (Deferrer("tests.jobs", overtaken),)}).run_once()
    assert is_done(tenant_id, aggregate)
    assert queue(tenant_id) == []


def test_jobs_wait_for_every_listener_and_are_queued_once(database: object) -> None:
    tenant_id = registered()
    aggregate = publish(tenant_id)
    broken = [Write("SELECT 1 / $1::int", ("0",))]
    relay = Relay(
        {
            **SUBSCRIBERS,
            PROBE: (
                Deferrer("tests.jobs", lambda event: [Deferral("tests.count")]),
                Subscriber("tests.broken", lambda event: broken),
            ),
        }
    )
    for _ in range(2):
        relay.run_once()
        as_system("UPDATE outbox SET due_at = now() WHERE tenant_id = $1", tenant_id)
    assert not is_done(tenant_id, aggregate)
    assert queue(tenant_id) == []
    broken.clear()
    relay.run_once()
    assert is_done(tenant_id, aggregate)
    assert [name for _, name, _ in queue(tenant_id)] == ["tests.count"]


def test_a_deferrer_that_fails_is_asked_again(database: object) -> None:
    tenant_id = registered()
    aggregate = publish(tenant_id)
    faults = [KeyError("shipmentId")]

    def say(event: PublishedEvent) -> list[Deferral]:
        if faults:
            raise faults.pop()
        return [Deferral("tests.count")]

    relay = Relay({**SUBSCRIBERS, PROBE: (Deferrer("tests.jobs", say),)})
    relay.run_once()
    assert (is_done(tenant_id, aggregate), queue(tenant_id)) == (False, [])
    error = rows(tenant_id, "SELECT error FROM outbox WHERE aggregate_id = $1", str(aggregate))
    assert error == [("tests.jobs: KeyError: 'shipmentId'",)]
    as_system("UPDATE outbox SET due_at = now() WHERE tenant_id = $1", tenant_id)
    relay.run_once()
    assert (is_done(tenant_id, aggregate), len(queue(tenant_id))) == (True, 1)


def test_while_one_waits_another_with_its_queueing_lock_is_not_queued_unless_it_is_another_tenants(
    database: object,
) -> None:
    first, second = registered(), registered()
    job = Deferral("tests.refresh", queueing_lock="refresh")
    defer(first, job, job)
    defer(first, job)
    defer(second, job)
    assert (len(queue(first)), len(queue(second))) == (1, 1)
    as_system("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = $1", queue(first)[0][0])
    defer(first, job)
    assert [status for _, _, status in queue(first)] == ["doing", "todo"]
    as_system("DELETE FROM procrastinate_jobs WHERE args ->> 'tenant_id' = $1", first)


def test_a_write_that_drains_leaves_events_with_jobs_to_the_relay_process(database: object) -> None:
    tenant_id = registered()
    relay = after(Deferral("tests.count"))
    aggregate = publish(tenant_id)
    began = time.monotonic()
    relay.drain(tenant_id, aggregate)
    assert DRAIN_SECONDS <= time.monotonic() - began < DRAIN_SECONDS + 1
    assert (is_done(tenant_id, aggregate), queue(tenant_id)) == (False, [])
    other = publish(tenant_id)
    drain = threading.Thread(target=relay.drain, args=(tenant_id, other))
    drain.start()
    assert wait_until(lambda: bool(relay.run_once()) and is_done(tenant_id, other), 10)
    drain.join(10)
    assert not drain.is_alive()
    assert len(queue(tenant_id)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM procrastinate_jobs",
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('tenants', 'x')",
        "UPDATE procrastinate_jobs SET status = 'cancelled'",
        "DELETE FROM procrastinate_jobs",
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('tenants', 'x', 0, NULL, NULL, '{}'::jsonb, NULL)"
        "::procrastinate_job_to_defer_v1])",
        "SELECT procrastinate_fetch_job_v2(NULL, 1)",
        "SELECT reason FROM job_trouble",
        "UPDATE procrastinate_workers SET last_heartbeat = now()",
    ],
)
def test_the_role_that_serves_requests_has_no_way_to_the_queue(database: object, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
        connection("default").execute(statement.encode())


def test_only_the_order_events_that_somebody_hears_are_left_to_the_relay(database: object) -> None:
    shop = Shop()
    ports = orders()
    paid = shop.checkout(payment={"state": "CAPTURED"})
    for heard, open_ in (
        (frozenset[str](), []),
        (frozenset({"order.placed", "tenant.changed.v1"}), ["order.placed"]),
        (frozenset({"order.confirmed"}), ["order.confirmed"]),
    ):
        ports = replace(ports, store=PostgresOrderStore(heard=heard))
        given = {**paid, "idempotencyKey": f"{sorted(heard)}"}
        outcome = place_order(caller(shop.admin.tenant_id), given, ports)
        assert outcome.value is not None
        query = "SELECT type FROM outbox WHERE aggregate_id = $1 AND done_at IS NULL"
        assert rows(shop.admin.tenant_id, query, str(outcome.value.id)) == [(type_,) for type_ in open_]
