"""The queue of jobs: procrastinate's tables, as our own statements see them. Only `oms_system` may touch them.

What a job is called with: `tenant_id`, and `args` as the deferral gave them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from ddd.shared.application.jobs import Deferral
from ddd.shared.infrastructure.statements import Plain, Rows, connection, exchange

#: The queue of tenants' jobs; `HOUSE` is that of the periodic ones, which belong to no tenant.
TENANTS: Final = "tenants"
HOUSE: Final = "house"
MAX_REASON: Final = 500

#: The last part of a statement: queues the jobs of one JSON parameter, if the part named `only` has a row. Of two that
#: share a queueing lock the second is left out. procrastinate's own function would raise there; its INSERT is this one.
QUEUE_FROM_JSON: Final = f"""
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
SELECT '{TENANTS}', j.job, 0, j.lock, j.queueing_lock, j.args, now() + j.seconds * interval '1 second'
FROM {{only}}, json_to_recordset({{jobs}}::json) AS j
    (job text, lock text, queueing_lock text, args jsonb, seconds float8)
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
"""

#: Finished jobs of tenants, and the house's failed ones, are kept so long; its others come every minute.
KEEP_DAYS: Final = 90
_KEEP_HOUSE_DAYS: Final = 1
_PURGE_BATCH: Final = 5_000
_PURGE: Final = f"""
WITH gone AS (
    DELETE FROM procrastinate_jobs WHERE id IN (
        SELECT j.id FROM procrastinate_jobs j
        WHERE j.status IN ('succeeded', 'failed', 'cancelled', 'aborted') AND NOT EXISTS (
            SELECT 1 FROM procrastinate_events e WHERE e.job_id = j.id
              AND e.at > now() - make_interval(days => CASE WHEN j.queue_name = '{HOUSE}' AND j.status <> 'failed'
                                                            THEN {_KEEP_HOUSE_DAYS} ELSE {KEEP_DAYS} END))
        ORDER BY j.id LIMIT {_PURGE_BATCH})
    RETURNING 1)
SELECT count(*) FROM gone
"""
_NOTE: Final = """
INSERT INTO job_trouble (job_id, surprises, reason) VALUES ($1::bigint, $2::integer, $3)
ON CONFLICT (job_id) DO UPDATE SET surprises = job_trouble.surprises + excluded.surprises, reason = excluded.reason,
                                   at = now()
RETURNING surprises
"""
_LIST: Final = f"""
SELECT j.id, j.task_name, coalesce(j.args ->> 'tenant_id', ''), j.status::text, j.attempts, j.scheduled_at, t.reason
FROM procrastinate_jobs j LEFT JOIN job_trouble t ON t.job_id = j.id
WHERE j.status = ANY ($1::procrastinate_job_status[]) AND (j.queue_name = '{TENANTS}' OR j.status = 'failed')
ORDER BY j.id DESC LIMIT $2::integer
"""
_RETRY: Final = f"""
WITH chosen AS (
    SELECT id FROM procrastinate_jobs
    WHERE id = $1::bigint AND status = 'failed' AND queue_name = '{TENANTS}' FOR UPDATE),
forgiven AS (UPDATE job_trouble SET surprises = 0 FROM chosen WHERE job_id = chosen.id)
SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM chosen
"""


def queued(tenant_id: str, jobs: Sequence[Deferral]) -> list[dict[str, Any]]:
    """The rows for QUEUE_FROM_JSON. Locks are each tenant's own."""
    return [
        {
            "job": each.job,
            "lock": _own(tenant_id, each.lock),
            "queueing_lock": _own(tenant_id, each.queueing_lock),
            "args": {"tenant_id": tenant_id, "args": each.args},
            "seconds": each.after.total_seconds() or None,
        }
        for each in jobs
    ]


def _own(tenant_id: str, lock: str | None) -> str | None:
    return None if lock is None else f"{tenant_id}:{lock}"


class JobRow(NamedTuple):
    """A job of the queue. `due`: not before then; None: as soon as a worker is free. `reason`: of the last trouble."""

    id: int
    name: str
    tenant_id: str
    status: str
    attempts: int
    due: datetime | None
    reason: str | None


class JobQueue:
    """What the house does with the queue beside working on it."""

    def __init__(self, alias: str = "system") -> None:
        self._alias = alias

    def note(self, job_id: int, reason: str, *, surprises: int) -> int:
        """Keep why the job was not done; how often it has ended by surprise, with these."""
        return int(self._ask(_NOTE, str(job_id), str(surprises), reason[:MAX_REASON])[0][0])

    def purge(self) -> int:
        """Drop finished jobs: after 90 days; the house's own, unless they failed, after one. How many went."""
        gone = 0
        while True:
            batch = int(self._ask(_PURGE)[0][0])
            gone += batch
            if batch < _PURGE_BATCH:
                return gone

    def jobs(self, statuses: Sequence[str], limit: int) -> list[JobRow]:
        """Tenants' jobs, and what of the house's has failed; the newest first."""
        return [JobRow(*row) for row in self._ask(_LIST, list(statuses), str(limit))]

    def retry(self, job_id: int) -> bool:
        """Have a tenant's failed job tried again as if it were new. False: there is none of this id."""
        return bool(self._ask(_RETRY, str(job_id)))

    def _ask(self, sql: str, *params: Any) -> Rows:
        return exchange(connection(self._alias), (Plain(sql, params),))[0]
