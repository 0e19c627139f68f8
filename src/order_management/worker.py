"""The worker: takes jobs from the queue and does them, a few at a time, each in a thread; any number may run.

    queue      procrastinate's worker, as `oms_system`, on asyncio connections of its own
    job        its handler, as `oms_app` for one tenant, on its thread's connections

A worker says every few seconds that it lives. The jobs of one that has not for a while are taken back by a periodic
job of whichever workers there are. Told to stop, a worker takes nothing new, waits for what runs, and gives back what
does not come to its end.
"""

import asyncio
import logging
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, cast

import psycopg
from django.db import OperationalError, connections
from django.utils import timezone
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision, exceptions
from procrastinate.contrib.django import connector_params
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker as QueueWorker

from bff.http.logs import fields
from ddd.shared.application.jobs import Job, Periodic
from ddd.shared.infrastructure.job_queue import HOUSE, TENANTS, JobQueue
from ddd.shared.infrastructure.statements import abandon

logger = logging.getLogger(__name__)

TAKE_BACK: Final = "house.take_back"
_LONGEST_PAUSE: Final = timedelta(hours=1)
_QUEUE_CONNECTIONS: Final = 4
_SECONDS_WITHOUT_DATABASE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How much and how often; in seconds.

    `grace`, for jobs that run when it is told to stop, is shorter than `stalled_after`: it says no more then that it
    lives. `first_pause` after an error, doubled with each; `take_back`: when to look for killed workers' jobs (cron).
    """

    threads: int = 4
    looks_every: float = 5.0
    heartbeat_every: float = 5.0
    stalled_after: float = 30.0
    grace: float = 20.0
    first_pause: float = 5.0
    take_back: str = "* * * * *"


class _Again(Exception):
    """Ends a job that is to be run again."""

    def __init__(self, after: timedelta) -> None:
        self.after = after


class _Failed(Exception):
    """Ends a job that is not."""


class _AsDecided(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> RetryDecision | None:
        return RetryDecision(retry_at=timezone.now() + exception.after) if isinstance(exception, _Again) else None


class _Manager(JobManager):
    """Says how a job ended until the database has heard it.

    Procrastinate tries once: a connection lost at that moment would leave the job taken as long as its worker lives.
    """

    async def finish_job(self, job: QueuedJob, status: Status, delete_job: bool) -> None:
        await _surely(lambda: super(_Manager, self).finish_job(job, status, delete_job))

    async def retry_job(self, job: QueuedJob, *args: Any, **kwargs: Any) -> None:
        try:
            await _surely(lambda: super(_Manager, self).retry_job(job, *args, **kwargs))
        except exceptions.UniqueViolation:  # one with its queueing lock waits already, and will do the work
            await self.finish_job(job, Status.ABORTED, delete_job=False)


async def _surely(say: Callable[[], Awaitable[None]]) -> None:
    deadline, pause = time.monotonic() + _SECONDS_WITHOUT_DATABASE, 0.1
    while True:
        try:
            return await say()
        except exceptions.UniqueViolation:
            raise
        except exceptions.ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.OperationalError) or time.monotonic() > deadline:
                raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, 5.0)


class _Tasks(dict[str, Any]):
    """The known tasks; a job of another release, which this worker does not know, is put off and not failed at once."""

    def __init__(self, known: Mapping[str, Any], unknown: Any) -> None:
        super().__init__(known)
        self._unknown = unknown

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name, self._unknown)


class Worker:
    """One worker process. `run()` until SIGTERM or SIGINT; a second signal does not wait for what runs."""

    def __init__(self, jobs: Sequence[Job], periodic: Sequence[Periodic], pace: Pace | None = None) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._periodic = periodic
        self._pace = pace or Pace()
        self._queue = JobQueue()
        self._stopping = False
        self._main: asyncio.Task[None] | None = None
        self._worker: QueueWorker | None = None
        self._app: App | None = None

    def run(self) -> None:
        asyncio.run(self._live())

    # ---- Its life

    async def _live(self) -> None:
        """Outlives the database: begins anew on new connections, later and later."""
        self._main = asyncio.current_task()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._pace.threads, "job"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        app = self._app = self._application()
        pause = 0.1
        try:
            while not self._stopping:
                began = time.monotonic()
                try:
                    await self._work(app)
                except (exceptions.ConnectorException, psycopg.OperationalError) as error:
                    logger.warning("worker: begins anew (%s)", type(error.__cause__ or error).__name__)
                if not self._stopping:
                    pause = 0.1 if time.monotonic() - began > 10 else min(2 * pause, 5.0)
                    await asyncio.sleep(pause)
        except asyncio.CancelledError:
            if not self._stopping:
                raise

    async def _work(self, app: App) -> None:
        try:
            await app.open_async()
            self._worker = QueueWorker(
                app,
                queues=[TENANTS, HOUSE],
                concurrency=self._pace.threads,
                fetch_job_polling_interval=self._pace.looks_every,
                update_heartbeat_interval=self._pace.heartbeat_every,
                stalled_worker_timeout=self._pace.stalled_after,
                install_signal_handlers=False,
            )
            await cast(Any, self._worker).run()
        finally:
            self._worker = None
            await app.close_async()

    def _stop(self) -> None:
        if self._stopping:
            self._give_up()
            return
        self._stopping = True
        if self._worker is None:
            assert self._main is not None
            self._main.cancel()  # it waits for the database
            return
        cast(Any, self._worker).stop()
        asyncio.get_running_loop().call_later(self._pace.grace, self._give_up)

    def _give_up(self) -> None:
        logger.warning("worker: what does not end is given back")
        self._last = asyncio.get_running_loop().create_task(self._give_back())

    async def _give_back(self) -> None:
        """Jobs of a worker that is not there are taken back at once. Threads cannot be ended but with their process.

        So nothing else is put in order: an embedded database that this command started stays, as after a kill -9.
        """
        try:
            if self._app is not None and self._worker is not None and self._worker.worker_id is not None:
                await asyncio.wait_for(self._app.job_manager.unregister_worker(self._worker.worker_id), 2)
        finally:
            os._exit(0)

    # ---- What it does

    def _application(self) -> App:
        connector = PsycopgConnector(kwargs=connector_params("system"), min_size=1, max_size=_QUEUE_CONNECTIONS)
        app = App(connector=connector)
        app.job_manager = _Manager(connector)
        for job in self._jobs.values():
            self._register(app, job)
        unknown = Job("unknown", _nobody_knows)
        app.tasks = _Tasks(app.tasks, self._register(app, unknown))
        for each in self._periodic:
            task = app.task(
                name=each.name,
                queue=HOUSE,
                pass_context=True,
                queueing_lock=each.name,
                lock=each.name if each.runs_alone else None,
            )(_named(partial(self._do_periodic, each)))
            app.periodic(cron=each.cron)(task)

        # Not alone: one whose worker was killed would stand in its successors' way for ever.
        async def take_back(context: JobContext, timestamp: int) -> None:
            await self._take_back(context.app.job_manager)

        task = app.task(name=TAKE_BACK, queue=HOUSE, pass_context=True, queueing_lock=TAKE_BACK, priority=1)(take_back)
        app.periodic(cron=self._pace.take_back)(task)
        return app

    def _register(self, app: App, job: Job) -> Any:
        return app.task(name=job.name, queue=TENANTS, pass_context=True, retry=_AsDecided())(
            _named(partial(self._do, job))
        )

    def _do(self, job: Job, context: JobContext, tenant_id: str, args: Mapping[str, Any]) -> None:
        """One try of one job, in a thread."""
        started = time.monotonic()
        name, job_id = context.job.task_name, context.job.id
        assert job_id is not None

        def tell(outcome: str, error: Exception | None = None) -> None:
            level = logging.INFO if error is None else logging.ERROR if outcome == "failed" else logging.WARNING
            _tell(level, job_id, name, tenant_id, started, outcome, error)

        try:
            answer = job.work(tenant_id, args)
        except Exception as error:
            of_the_moment = isinstance(error, psycopg.OperationalError | OperationalError)
            surprises = self._note(job_id, _reason(error), 0 if of_the_moment else 1)
            if surprises >= job.attempts:
                tell("failed", error)
                raise _Failed from error
            tell("error", error)
            raise _Again(self._pause(max(1, surprises))) from error
        finally:
            _tidy()
        if answer is None:
            tell("done")
            return
        self._note(job_id, answer.reason, 0)
        tell("retry")
        raise _Again(answer.after)

    def _do_periodic(self, each: Periodic, context: JobContext, timestamp: int) -> None:
        started = time.monotonic()
        job_id = context.job.id
        assert job_id is not None
        try:
            done = each.work(lambda: self._stopping)
        except Exception as error:
            self._note(job_id, _reason(error), 1)
            _tell(logging.ERROR, job_id, each.name, None, started, "failed", error)
            raise _Failed from error
        finally:
            _tidy()
        # A run that found nothing to do is no news.
        _tell(logging.INFO if done else logging.DEBUG, job_id, each.name, None, started, "done", count=done)

    async def _take_back(self, manager: JobManager) -> None:
        """What workers held that have not said for a while that they live: waits again, the house's own is dropped."""
        for lost in await manager.get_stalled_jobs(seconds_since_heartbeat=self._pace.stalled_after):
            assert lost.id is not None
            is_tenants = lost.queue == TENANTS
            surprises = await asyncio.to_thread(self._note, lost.id, "its worker ended", 1)
            job = self._jobs.get(lost.task_name)
            outcome = "failed" if job is not None and surprises >= job.attempts else "taken back"
            try:
                if not is_tenants:  # comes again by itself
                    await manager.finish_job(lost, Status.ABORTED, delete_job=False)
                elif outcome == "failed":
                    await manager.finish_job(lost, Status.FAILED, delete_job=False)
                else:
                    await manager.retry_job(lost)
            except exceptions.ConnectorException:
                continue  # another worker was here first
            level = logging.ERROR if outcome == "failed" else logging.WARNING
            tenant_id = cast("str | None", lost.task_kwargs.get("tenant_id"))
            _tell(level, lost.id, lost.task_name, tenant_id, None, outcome)
        await manager.prune_stalled_workers(self._pace.stalled_after)

    def _note(self, job_id: int, reason: str, surprises: int) -> int:
        """How often the job has ended by surprise; 0 where the database cannot be asked: then it is tried again."""
        try:
            return self._queue.note(job_id, reason, surprises=surprises)
        except psycopg.Error as error:
            logger.warning("worker: why job %s was not done could not be kept (%s)", job_id, type(error).__name__)
            return 0
        finally:
            _tidy()

    def _pause(self, tries: int) -> timedelta:
        pause = timedelta(seconds=self._pace.first_pause * 2 ** min(tries - 1, 16)) * random.uniform(0.8, 1.2)
        return min(pause, _LONGEST_PAUSE)


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """Procrastinate asks a task's function for its name, which a partial has not."""

    def task(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return task


def _nobody_knows(tenant_id: str, args: Mapping[str, Any]) -> None:
    raise LookupError("this worker's release knows no such job")


def _reason(error: Exception) -> str:
    """Class and first line: PostgreSQL's further ones quote whole rows."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0] if said else ''}"


def _tidy() -> None:
    """Leave no dead connection and no open transaction of this thread to the next job."""
    for connection in connections.all(initialized_only=True):
        raw = connection.connection
        if raw is not None:
            abandon(raw)
            if raw.closed:
                connection.close()


def _tell(
    level: int,
    job_id: int,
    name: str,
    tenant_id: str | None,
    started: float | None,
    outcome: str,
    error: Exception | None = None,
    count: int | None = None,
) -> None:
    duration = None if started is None else round(1000 * (time.monotonic() - started), 2)
    named = fields(job=job_id, name=name, tenant=tenant_id, duration_ms=duration, outcome=outcome, count=count)
    logger.log(level, "job", extra=named, exc_info=error)
