"""Orders that nobody pays, and processes of their own on the tests' database."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from ddd.orders.application.place_order import place_order
from ddd.orders.application.views import OrderView
from ddd.shared.application.events import AuditEntry, OutboxEvent
from ddd.shared.application.jobs import Deferral
from ddd.shared.infrastructure.journal import write_journal
from ddd.shared.infrastructure.relay import Deferrer, Relay
from ddd.shared.infrastructure.statements import connection
from ddd.tenants.application.workflows import publish_workflow
from order_management.container import build_app
from order_management.processes import wait_until
from order_management.registry import SUBSCRIBERS
from tests.builders import caller, rows, tenants
from tests.pipeline import SET_TENANT, send
from tests.shop import Shop, value

CLONE = Path(__file__).resolve().parents[3]
PROBE = f"probe.{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class At:
    """A clock that stands still."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


def impatient_shop(minutes: int = 1) -> Shop:
    """A shop whose orders are to be paid within so many minutes."""
    shop = Shop()
    let_expire(shop, minutes)
    return shop


def let_expire(shop: Shop, minutes: int | None) -> None:
    """Publish a workflow with this limit."""
    settings = {} if minutes is None else {"unpaidExpiryMinutes": minutes}
    document = {"name": "quick", "statuses": {}, "settings": settings}
    assert publish_workflow(shop.admin, {"document": document}, tenants()).errors == ()


def placed_before(shop: Shop, ago: timedelta, **given: Any) -> OrderView:
    """An order that was placed so long ago."""
    app = build_app(clock=At(datetime.now(UTC) - ago))
    return value(place_order(shop.admin, shop.checkout(**given), app.orders))


def statuses(shop: Shop) -> dict[str, str]:
    """Status by order id."""
    return {str(id_): status for id_, status in rows(shop.admin.tenant_id, "SELECT id, status FROM orders_order")}


def python(code: str, environment: Mapping[str, str], *arguments: str, **streams: Any) -> subprocess.Popen[str]:
    """A process of the server's own code; `code` begins after Django is set up."""
    return subprocess.Popen(
        [sys.executable, "-c", f"import django\ndjango.setup()\n{code}", *arguments],
        cwd=CLONE,
        env={
            **os.environ,
            **environment,
            "PYTHONPATH": os.pathsep.join(("src", ".")),
            "DJANGO_SETTINGS_MODULE": "order_management.settings",
        },
        text=True,
        **streams,
    )


# ---- The queue


def after(*jobs: Deferral) -> Relay:
    """The house's relay, which queues these jobs after each probe."""
    return Relay({**SUBSCRIBERS, PROBE: (Deferrer("tests.jobs", lambda event: jobs),)})


def publish(tenant_id: str) -> UUID:
    """An event that probes listen to, committed; its aggregate's id."""
    aggregate = uuid4()
    event = OutboxEvent("probe", aggregate, 1, PROBE, {})
    journal = write_journal(caller(tenant_id), datetime.now(UTC), [event], AuditEntry("probe", "probe", aggregate))
    raw = connection("default")
    with raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        send(raw, journal.sql, journal.params)
    return aggregate


def is_done(tenant_id: str, aggregate: UUID) -> bool:
    """Whether the event is out of the outbox."""
    query = "SELECT done_at IS NOT NULL FROM outbox WHERE aggregate_id = $1"
    return bool(rows(tenant_id, query, str(aggregate))[0][0])


def defer(tenant_id: str, *jobs: Deferral) -> None:
    """Queue the jobs, as after an event."""
    aggregate = publish(tenant_id)
    relay = after(*jobs)
    assert wait_until(lambda: bool(relay.run_once()) and is_done(tenant_id, aggregate), 20)


def as_system(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """What the system role sees of all tenants."""
    raw = connection("system")
    with raw.pipeline():
        cursor = send(raw, sql, params)
    return cursor.fetchall() if cursor.description else []


def queue(tenant_id: str) -> list[tuple[int, str, str]]:
    """Id, name and status of the tenant's jobs, the oldest first."""
    found = as_system(
        "SELECT id, task_name, status::text FROM procrastinate_jobs WHERE args ->> 'tenant_id' = $1 ORDER BY id",
        tenant_id,
    )
    return [(id_, name, status) for id_, name, status in found]


def until(tenant_id: str, *statuses: str, seconds: float = 40) -> None:
    """Wait until the tenant's jobs stand so."""
    assert wait_until(lambda: [status for _, _, status in queue(tenant_id)] == list(statuses), seconds), queue(
        tenant_id
    )


class WorkerProcess:
    """A real worker process, with the jobs of `probe.py` and a quick pace, as long as the `with` lasts."""

    def __init__(self, environment: Mapping[str, str], folder: Path, *periodic: str) -> None:
        self._environment = environment
        self._log = folder / f"worker-{uuid4()}"
        self._periodic = periodic

    def __enter__(self) -> "WorkerProcess":
        code = "from tests.integration.jobs.probe import main\nmain()"
        with self._log.open("wb") as log:
            self.process = python(code, self._environment, *self._periodic, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 30) -> int:
        self.process.terminate()
        return self.process.wait(seconds)

    def said(self) -> str:
        return self._log.read_text()

    def lines(self, **wanted: Any) -> list[dict[str, Any]]:
        """Its lines of log that have these fields."""
        found = [json.loads(line) for line in self.said().splitlines(keepends=True) if line.endswith("}\n")]
        return [line for line in found if wanted.items() <= line.items()]
