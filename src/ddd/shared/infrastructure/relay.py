"""The relay: takes published events from the outbox to their subscribers, in order per aggregate, once each.

A claim is a lease: `due_at` moves ahead and `attempts` counts, so that what a killed worker held is taken again when
the lease ends. Rows that lie behind an open row of their aggregate wait. Each subscriber's inbox row commits with
what it applied. What failed is tried again later and later, then parked with its error; a parked row lets newer ones
pass, since every published event carries the whole state and the newest wins.

Jobs that an event asks for are queued by the statement that marks it done, by the relay process alone: the runtime
role, as which a write drains, has no right to the queue. A drain waits for it, as for any other relay.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.db import connections

from ddd.shared.application.events import PublishedEvent
from ddd.shared.application.jobs import Deferral
from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.job_queue import QUEUE_FROM_JSON, queued
from ddd.shared.infrastructure.statements import (
    COMMIT,
    Connection,
    Plain,
    abandon,
    connection,
    dumps,
    exchange,
    set_tenant,
)

logger = logging.getLogger(__name__)

#: Delivers an aggregate's own events before its write answers: (tenant_id, aggregate_id).
Drain = Callable[[str, UUID], None]

LEASE_SECONDS = 15
MAX_ATTEMPTS = 10
DRAIN_SECONDS = 1.0
KEEP_DAYS = 7
_BATCH = 100
_QUIET_BATCH = 2_000
_IDLE_SECONDS = 0.05

_BEGIN = Plain("BEGIN")
_OPEN = """
    SELECT o.tenant_id, o.aggregate_id, o.sequence FROM outbox o
    WHERE o.done_at IS NULL AND o.parked_at IS NULL AND o.due_at <= now() {where}
      AND NOT EXISTS (SELECT 1 FROM outbox earlier
                      WHERE earlier.tenant_id = o.tenant_id AND earlier.aggregate_id = o.aggregate_id
                        AND earlier.sequence < o.sequence AND earlier.done_at IS NULL AND earlier.parked_at IS NULL)
    ORDER BY o.due_at LIMIT {limit} FOR UPDATE SKIP LOCKED
"""
_CLAIM = """
WITH open AS ({open})
UPDATE outbox o SET due_at = now() + interval '{lease} seconds', attempts = attempts + 1 FROM open
WHERE (o.tenant_id, o.aggregate_id, o.sequence) = (open.tenant_id, open.aggregate_id, open.sequence)
RETURNING o.tenant_id, o.aggregate, o.aggregate_id, o.sequence, o.type, o.payload::text, o.occurred_at, o.attempts
"""
_CLAIM_ANY = _CLAIM.format(open=_OPEN.format(where="AND o.type = ANY ($1)", limit=_BATCH), lease=LEASE_SECONDS)
_CLAIM_OWN = _CLAIM.format(
    open=_OPEN.format(where="AND o.tenant_id = $1 AND o.aggregate_id = $2 AND o.type <> ALL ($3)", limit=1),
    lease=LEASE_SECONDS,
)
_IS_DRAINED = """
SELECT NOT EXISTS (SELECT 1 FROM outbox
                   WHERE tenant_id = $1 AND aggregate_id = $2 AND done_at IS NULL AND parked_at IS NULL)
"""
#: Events that nobody subscribes to are done as soon as they are seen, many at a time.
_FINISH_QUIET = f"""
WITH done AS (
    UPDATE outbox SET done_at = now() WHERE (tenant_id, aggregate_id, sequence) IN (
        SELECT tenant_id, aggregate_id, sequence FROM outbox
        WHERE done_at IS NULL AND parked_at IS NULL AND due_at <= now() AND type <> ALL ($1)
        ORDER BY due_at LIMIT {_QUIET_BATCH} FOR UPDATE SKIP LOCKED)
    RETURNING 1)
SELECT count(*) FROM done
"""
_ENTER = (
    "INSERT INTO inbox (tenant_id, subscriber, aggregate_id, sequence) VALUES ($1, $2, $3, $4::integer) "
    "ON CONFLICT DO NOTHING RETURNING 1"
)
_DONE = """
UPDATE outbox SET done_at = now(), error = NULL WHERE tenant_id = $1 AND aggregate_id = $2 AND sequence = $3::integer
"""
#: Whoever marks it done queues its jobs; a relay whose lease was over meanwhile finds it done, and queues nothing.
_DONE_WITH_JOBS = f"""
WITH done AS (
    UPDATE outbox SET done_at = now(), error = NULL
    WHERE tenant_id = $1 AND aggregate_id = $2 AND sequence = $3::integer AND done_at IS NULL
    RETURNING 1)
{QUEUE_FROM_JSON.format(jobs="$4", only="done")}
"""
_FAILED = """
UPDATE outbox SET error = $4, due_at = now() + $5::float8 * interval '1 second',
                  parked_at = CASE WHEN $6::boolean THEN now() END
WHERE tenant_id = $1 AND aggregate_id = $2 AND sequence = $3::integer
"""
#: No subscriber holds a relay, or a write that drains, for longer: milliseconds, for this transaction.
_GIVE_UP_AFTER = "SELECT set_config('statement_timeout', $1, true)"
_PURGE = (
    f"DELETE FROM outbox WHERE done_at IS NOT NULL AND occurred_at < now() - interval '{KEEP_DAYS} days'",
    f"DELETE FROM inbox WHERE applied_at < now() - interval '{KEEP_DAYS} days'",
    f"DELETE FROM idempotency WHERE created_at < now() - interval '{KEEP_DAYS} days'",
)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who listens: `apply` turns an event into statements, which take effect only where the event is newer."""

    name: str
    apply: Callable[[PublishedEvent], Sequence[Write]]


@dataclass(frozen=True, slots=True)
class Deferrer:
    """Who has work to do after an event: `defer` says which jobs."""

    name: str
    defer: Callable[[PublishedEvent], Sequence[Deferral]]


Listener = Subscriber | Deferrer


@dataclass(frozen=True, slots=True)
class _Claimed:
    event: PublishedEvent
    attempts: int


class Relay:
    """Moves events from the outbox to subscribers; any number of relays may run."""

    def __init__(
        self, listeners: Mapping[str, Sequence[Listener]], app_alias: str = "default", system_alias: str = "system"
    ) -> None:
        self._listeners = listeners
        self._types = [name for name, listening in listeners.items() if listening]
        self._deferring = [
            name for name, listening in listeners.items() if any(isinstance(each, Deferrer) for each in listening)
        ]
        self._app = app_alias
        self._system = system_alias

    def drain(self, tenant_id: str, aggregate_id: UUID) -> None:
        """Deliver this aggregate's open events now, as the runtime role of its tenant; at most 1 s.

        What is not done by then (another worker's lease, a failing subscriber, a lost connection) is left to the relay
        process: the write that drains has been committed, so nothing here may turn its answer into an error.
        """
        try:
            self._drain(tenant_id, aggregate_id, time.monotonic() + DRAIN_SECONDS)
        except psycopg.Error as error:
            logger.warning("relay: %s is left to the relay process (%s)", aggregate_id, type(error).__name__)
            raw = connections[self._app].connection
            if raw is None or raw.closed:
                connections[self._app].close()
            else:
                abandon(raw)

    def _drain(self, tenant_id: str, aggregate_id: UUID, until: float) -> None:
        while time.monotonic() < until:
            own = (tenant_id, str(aggregate_id), self._deferring)
            claimed = self._claim(connection(self._app), _CLAIM_OWN, own, tenant_id)
            for each in claimed:
                self._deliver(each, connection(self._app), until)
            if claimed:
                continue
            raw = connection(self._app)
            asked = (set_tenant(tenant_id), Plain(_IS_DRAINED, (tenant_id, str(aggregate_id))))
            ((is_drained,),) = exchange(raw, asked)[1]
            if is_drained:
                return
            time.sleep(0.005)

    def run_once(self) -> int:
        """Claim and deliver one batch of any tenants; how many events were taken."""
        system = connection(self._system)
        ((quiet,),) = exchange(system, (Plain(_FINISH_QUIET, (self._types,)),))[0]
        claimed = self._claim(system, _CLAIM_ANY, (self._types,), None)
        for each in claimed:
            self._deliver(each, system, time.monotonic() + LEASE_SECONDS)
        return int(quiet) + len(claimed)

    def run(self, stop: Event) -> None:
        """Until `stop` is set. Outlives the database: connections are made anew, later and later."""
        failures = 0
        next_purge = time.monotonic()
        while not stop.is_set():
            try:
                taken = self.run_once()
                if time.monotonic() >= next_purge:
                    self.purge()
                    next_purge = time.monotonic() + 3600
                failures = 0
            except psycopg.OperationalError as error:
                logger.warning("relay: the database is away (%s)", type(error).__name__)
                connections[self._system].close()
                connections[self._app].close()
                failures += 1
                stop.wait(min(5.0, 0.1 * 2**failures))
                continue
            if not taken:
                stop.wait(_IDLE_SECONDS)

    def purge(self) -> None:
        """Drop done outbox rows, inbox rows and idempotency rows older than 7 days."""
        raw = connection(self._system)
        for statement in _PURGE:
            exchange(raw, (Plain(statement),))

    def _claim(self, raw: Connection, sql: str, params: Sequence[Any], tenant_id: str | None) -> list[_Claimed]:
        claim = Plain(sql, params)
        rows = exchange(raw, (claim,) if tenant_id is None else (set_tenant(tenant_id), claim))[-1]
        return [
            _Claimed(
                PublishedEvent(tenant, aggregate, aggregate_id, sequence, type_, orjson.loads(payload), at), attempts
            )
            for tenant, aggregate, aggregate_id, sequence, type_, payload, at, attempts in rows
        ]

    def _deliver(self, claimed: _Claimed, settle_on: Connection, until: float) -> None:
        """Each subscriber in a transaction of its own; then the row is done, or will be tried again."""
        event = claimed.event
        row = (event.tenant_id, str(event.aggregate_id), str(event.sequence))
        failed: Write | None = None
        jobs: list[Deferral] = []
        for listener in self._listeners.get(event.type, ()):
            try:
                if isinstance(listener, Deferrer):
                    jobs += listener.defer(event)
                else:
                    self._apply(listener, event, until)
            except Exception as error:
                of_the_moment = isinstance(error, psycopg.OperationalError)
                raw = connections[self._app].connection
                if of_the_moment and (raw is None or raw.closed):
                    raise
                logger.exception("relay: %s failed on %s of %s", listener.name, event.type, event.aggregate_id)
                delay = min(300.0, 0.2 * 2 ** min(claimed.attempts, 16)) * random.uniform(0.8, 1.2)
                parked = claimed.attempts >= MAX_ATTEMPTS and not of_the_moment
                failed = Write(
                    _FAILED, (*row, f"{listener.name}: {type(error).__name__}: {error}"[:500], delay, parked)
                )
        done = Write(_DONE_WITH_JOBS, (*row, dumps(queued(event.tenant_id, jobs)))) if jobs else Write(_DONE, row)
        exchange(settle_on, (set_tenant(event.tenant_id), failed or done))

    def _apply(self, subscriber: Subscriber, event: PublishedEvent, until: float) -> None:
        raw = connection(self._app)
        writes = subscriber.apply(event)
        try:
            entered = exchange(
                raw,
                (
                    _BEGIN,
                    set_tenant(event.tenant_id),
                    Plain(_GIVE_UP_AFTER, (str(max(1, int(1000 * (until - time.monotonic())))),)),
                    Plain(_ENTER, (event.tenant_id, subscriber.name, str(event.aggregate_id), str(event.sequence))),
                ),
            )[-1]
            exchange(raw, (*writes, COMMIT) if entered else (COMMIT,))
        except BaseException:
            abandon(raw)
            raise
