"""Jobs: work that follows a commit and may take long, done by a worker process for one tenant at a time.

    Deferral   what a change leaves to be done: the relay queues it in the transaction that marks the event done
    Job        what a worker does then, by the name that deferrals use

A job may run twice (a worker is killed between its effect and its end): it looks first, or its effect is one that
comes to the same twice. It holds no transaction open while it talks to somebody outside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Retry:
    """The work could not be done now, as may happen: again after a while. `reason` is kept, so no person's values."""

    after: timedelta
    reason: str


#: Does the work: (tenant_id, args). None: done, or nothing left to do.
Work = Callable[[str, Mapping[str, Any]], Retry | None]


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of job.

    What `work` raises is a surprise: it is logged and tried again, later and later, `attempts` times in all; then the
    job has failed, with the error kept, until an operator has it tried again. A `Retry` is none: it may be answered
    as often as the work itself finds right.
    """

    name: str
    work: Work
    attempts: int = 10


@dataclass(frozen=True, slots=True)
class Deferral:
    """One job to be done. The tenant is that of the event.

    `args`: ids, never a person's values. Jobs of one tenant with the same `lock` run one at a time, in the order in
    which they were queued, a job that waits for its retry included. While a job with the same `queueing_lock` waits to
    be run, a further one is not queued. `after`: not before this time has passed.
    """

    job: str
    args: Mapping[str, Any] = field(default_factory=dict)
    lock: str | None = None
    queueing_lock: str | None = None
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work of the house itself, for all tenants: queued once each time that `cron` (UTC) says, however many workers.

    `work` is told how to learn that it should come to an end and leave the rest to the next time; it answers how much
    it did. What it raises is logged: the next time is the next try. `runs_alone`: while one run lasts, no other starts.
    """

    name: str
    cron: str
    work: Callable[[Callable[[], bool]], int]
    runs_alone: bool = True
