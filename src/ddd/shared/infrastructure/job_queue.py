"""The queue of jobs: procrastinate's tables, as our own statements see them. Only `oms_system` may touch them.

What a job is called with: `tenant_id`, and `args` as the deferral gave them.
"""

from collections.abc import Sequence
from typing import Any, Final

from ddd.shared.application.jobs import Deferral

#: The queue of tenants' jobs; `HOUSE` is that of the periodic ones, which belong to no tenant.
TENANTS: Final = "tenants"
HOUSE: Final = "house"

#: The last part of a statement: queues the jobs of one JSON parameter, if the part named `only` has a row. Of two that
#: share a queueing lock the second is left out. procrastinate's own function would raise there; its INSERT is this one.
QUEUE_FROM_JSON: Final = f"""
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
SELECT '{TENANTS}', j.job, 0, j.lock, j.queueing_lock, j.args, now() + j.seconds * interval '1 second'
FROM {{only}}, json_to_recordset({{jobs}}::json) AS j
    (job text, lock text, queueing_lock text, args jsonb, seconds float8)
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
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
