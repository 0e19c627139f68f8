"""Real worker processes: what they do, keep and say of a job; what comes of it when they are killed."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ddd.shared.application.jobs import Deferral
from ddd.shared.infrastructure.job_queue import KEEP_DAYS, JobQueue
from ddd.shared.infrastructure.statements import connection
from order_management.processes import is_alive, wait_until
from tests.backends import backends, end_backends
from tests.builders import registered
from tests.integration.jobs.support import (
    WorkerProcess,
    as_system,
    defer,
    impatient_shop,
    placed_before,
    queue,
    statuses,
    until,
)
from tests.integration.kernel.support import counted, marks

Environment = Mapping[str, str]


@pytest.fixture(scope="module")
def worker(database_environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """One for all tests that leave it alive."""
    with WorkerProcess(database_environment, tmp_path_factory.mktemp("worker")) as process:
        yield process


def trouble(tenant_id: str) -> list[tuple[Any, ...]]:
    """How often each of the tenant's jobs ended by surprise, and why it was not done the last time."""
    return as_system(
        "SELECT t.surprises, t.reason FROM job_trouble t JOIN procrastinate_jobs j ON j.id = t.job_id"
        " WHERE j.args ->> 'tenant_id' = $1 ORDER BY j.id",
        tenant_id,
    )


def begun(folder: Path) -> list[int]:
    """The processes that have begun to hang."""
    return [int(path.name.removeprefix("began-")) for path in folder.glob("began-*")]


def test_a_job_is_done_for_its_tenant_and_told_without_what_it_was_called_with(
    database: object, worker: WorkerProcess
) -> None:
    tenant_id, other = registered(), registered()
    defer(tenant_id, Deferral("tests.count", {"name": "secret-name"}))
    until(tenant_id, "succeeded")
    assert (counted(tenant_id, "secret-name"), counted(other, "secret-name")) == (1, 0)
    ((job_id, _, _),) = queue(tenant_id)
    (line,) = worker.lines(tenant=tenant_id)
    assert line.pop("duration_ms") >= 0
    del line["time"]
    assert line == {
        "level": "INFO",
        "logger": "order_management.worker",
        "message": "job",
        "job": job_id,
        "name": "tests.count",
        "tenant": tenant_id,
        "outcome": "done",
    }
    assert "secret-name" not in worker.said()


def test_a_surprise_is_tried_again_until_it_has_failed_with_its_error_kept_but_never_logged(
    database: object, worker: WorkerProcess
) -> None:
    tenant_id = registered()
    defer(
        tenant_id,
        Deferral("tests.fail", {"name": "often", "times": 9}),
        Deferral("tests.fail", {"name": "once", "times": 1}),
    )
    until(tenant_id, "failed", "succeeded")
    assert (counted(tenant_id, "often"), counted(tenant_id, "once")) == (3, 2)
    assert trouble(tenant_id) == [(3, "ValueError: of Ann Lee"), (1, "ValueError: of Ann Lee")]
    failed, done = (id_ for id_, _, _ in queue(tenant_id))
    outcomes = {id_: [line["outcome"] for line in worker.lines(job=id_)] for id_ in (failed, done)}
    assert outcomes == {failed: ["error", "error", "failed"], done: ["error", "done"]}
    (line,) = worker.lines(job=failed, outcome="failed")
    assert (line["level"], line["error"][0]["type"]) == ("ERROR", "builtins.ValueError")
    assert "Ann" not in worker.said()
    # Tried again by the operator it is as new: three times more, then it has failed again.
    assert JobQueue().retry(failed)
    assert not JobQueue().retry(done)
    assert wait_until(lambda: counted(tenant_id, "often") == 6, 20)
    until(tenant_id, "failed", "succeeded")


def test_work_that_asks_for_another_time_gets_it_as_often_as_it_asks(database: object, worker: WorkerProcess) -> None:
    tenant_id = registered()
    began = time.monotonic()
    defer(
        tenant_id,
        Deferral("tests.come_again", {"name": "soon", "times": 5}),
        Deferral("tests.come_again", {"name": "late", "times": 1, "seconds": 4}),
    )
    until(tenant_id, "succeeded", "succeeded")
    assert time.monotonic() - began > 4
    assert (counted(tenant_id, "soon"), counted(tenant_id, "late")) == (6, 2)
    assert trouble(tenant_id) == [(0, "the carrier is asleep")] * 2
    outcomes = sorted(line["outcome"] for line in worker.lines(tenant=tenant_id))
    assert outcomes == ["done"] * 2 + ["retry"] * 6


def test_a_job_that_this_release_does_not_know_is_put_off(database: object, worker: WorkerProcess) -> None:
    tenant_id = registered()
    defer(tenant_id, Deferral("tests.of_tomorrow"))
    assert wait_until(lambda: bool(trouble(tenant_id)), 30)
    assert [status for _, _, status in queue(tenant_id)] in (["todo"], ["doing"])
    assert trouble(tenant_id)[0][1] == "LookupError: this worker's release knows no such job"
    as_system("DELETE FROM procrastinate_jobs WHERE args ->> 'tenant_id' = $1 AND status = 'todo'", tenant_id)


def test_a_worker_that_is_told_to_stop_ends_without_a_word(database: object, worker: WorkerProcess) -> None:
    assert worker.stop() == 0
    assert worker.lines(logger="asyncio") == []
    assert [line for line in worker.lines() if line["logger"] != "order_management.worker"] == []


def test_what_a_killed_worker_was_doing_is_taken_back_and_done_once(
    database: object, database_environment: Environment, tmp_path: Path
) -> None:
    tenant_id = registered()
    defer(tenant_id, Deferral("tests.hang", {"folder": str(tmp_path), "name": "n"}, lock="shipment:1"))
    with WorkerProcess(database_environment, tmp_path) as first:
        assert wait_until(lambda: bool(begun(tmp_path)), 30)
        os.kill(first.process.pid, signal.SIGKILL)
        assert wait_until(lambda: not is_alive(first.process.pid), 5)
    assert [status for _, _, status in queue(tenant_id)] == ["doing"]
    (tmp_path / "go").touch()
    with WorkerProcess(database_environment, tmp_path) as second:
        until(tenant_id, "succeeded")
        assert second.stop() == 0
    assert counted(tenant_id, "n") == 1
    assert len(begun(tmp_path)) == 2
    assert trouble(tenant_id) == [(1, "its worker ended")]
    assert [line["outcome"] for line in second.lines(tenant=tenant_id)] == ["taken back", "done"]


def test_a_job_that_kills_its_workers_fails_in_the_end(
    database: object, database_environment: Environment, tmp_path: Path
) -> None:
    tenant_id = registered()
    defer(tenant_id, Deferral("tests.kill_worker"))
    for _ in range(2):
        with WorkerProcess(database_environment, tmp_path) as worker:
            assert worker.process.wait(40) == -signal.SIGKILL
    with WorkerProcess(database_environment, tmp_path) as last:
        until(tenant_id, "failed")
        assert last.stop() == 0
    assert trouble(tenant_id) == [(2, "its worker ended")]


def test_jobs_with_one_lock_run_one_at_a_time_in_their_order_on_however_many_workers(
    database: object, database_environment: Environment, tmp_path: Path
) -> None:
    tenant_id = registered()
    jobs = [
        Deferral("tests.one_at_a_time", {"folder": str(tmp_path), "name": "n", "mark": str(number)}, lock="one")
        for number in range(8)
    ]
    defer(tenant_id, *jobs)
    with WorkerProcess(database_environment, tmp_path), WorkerProcess(database_environment, tmp_path):
        until(tenant_id, *["succeeded"] * 8)
    assert marks(tenant_id, "n") == [str(number) for number in range(8)]


def test_told_to_stop_a_worker_ends_its_job_and_takes_no_other(
    database: object, database_environment: Environment, tmp_path: Path
) -> None:
    tenant_id = registered()
    defer(tenant_id, Deferral("tests.hang", {"folder": str(tmp_path), "name": "n"}))
    with WorkerProcess(database_environment, tmp_path) as worker:
        assert wait_until(lambda: bool(begun(tmp_path)), 30)
        worker.process.terminate()
        time.sleep(0.5)
        defer(tenant_id, Deferral("tests.count", {"name": "later"}))
        (tmp_path / "go").touch()
        assert worker.process.wait(10) == 0
    assert [status for _, _, status in queue(tenant_id)] == ["succeeded", "todo"]
    assert (counted(tenant_id, "n"), counted(tenant_id, "later")) == (1, 0)
    with WorkerProcess(database_environment, tmp_path):
        until(tenant_id, "succeeded", "succeeded")


def test_told_to_stop_a_worker_gives_back_what_does_not_end(
    database: object, database_environment: Environment, tmp_path: Path
) -> None:
    tenant_id = registered()
    defer(tenant_id, Deferral("tests.hang", {"folder": str(tmp_path), "name": "n"}))
    with WorkerProcess(database_environment, tmp_path) as worker:
        assert wait_until(lambda: bool(begun(tmp_path)), 30)
        assert worker.stop(seconds=10) == 0
    held = as_system(
        "SELECT status::text, worker_id FROM procrastinate_jobs WHERE args ->> 'tenant_id' = $1", tenant_id
    )
    assert held == [("doing", None)]
    (tmp_path / "go").touch()
    with WorkerProcess(database_environment, tmp_path):
        until(tenant_id, "succeeded")
    assert counted(tenant_id, "n") == 1


def test_a_worker_outlives_its_connections(database: object, database_environment: Environment, tmp_path: Path) -> None:
    tenant_id = registered()
    with WorkerProcess(database_environment, tmp_path) as worker:
        for name in ("before", "after", "later"):
            defer(tenant_id, Deferral("tests.count", {"name": name}))
            assert wait_until(lambda name=name: counted(tenant_id, name) == 1, 30)  # type: ignore[misc]
            end_backends(backends())  # its threads', its queue's and its listener's
        until(tenant_id, *["succeeded"] * 3)
        assert worker.process.poll() is None
        assert worker.stop() == 0


def test_how_a_job_ended_is_said_again_where_the_connection_died_of_saying_it(
    database: object, database_environment: Environment, tmp_path: Path
) -> None:
    tenant_id = registered()
    defer(tenant_id, Deferral("tests.hang", {"folder": str(tmp_path), "name": "n"}))
    with WorkerProcess(database_environment, tmp_path) as worker:
        assert wait_until(lambda: bool(begun(tmp_path)), 30)
        with connection("owner").transaction():
            connection("owner").execute("LOCK TABLE procrastinate_jobs IN SHARE MODE")  # nobody changes a job now
            (tmp_path / "go").touch()
            assert wait_until(lambda: counted(tenant_id, "n") == 1, 20)
            time.sleep(0.5)  # by now it has begun to say so
            assert end_backends(backends("query LIKE '%%procrastinate_finish_job%%' AND wait_event_type = 'Lock'"))
        until(tenant_id, "succeeded")
        assert worker.stop() == 0
    assert counted(tenant_id, "n") == 1


def test_the_clock_has_unpaid_orders_expired_by_whichever_worker(
    database: object, database_environment: Environment, tmp_path: Path
) -> None:
    shop = impatient_shop()
    for _ in range(4):
        placed_before(shop, timedelta(minutes=5))
    placed_before(shop, timedelta(0))
    workers = [WorkerProcess(database_environment, tmp_path, "expire", "broken") for _ in range(2)]

    def expired() -> int:
        """What the workers' log says, of all tenants."""
        said = [line for each in workers for line in each.lines(name="tests.expire", outcome="done")]
        return sum(line["count"] for line in said)

    with workers[0], workers[1]:
        assert wait_until(lambda: sorted(statuses(shop).values()) == ["CANCELLED"] * 4 + ["PENDING"], 40)
        assert wait_until(lambda: expired() >= 4, 10)
        assert wait_until(lambda: any(each.lines(name="tests.broken") for each in workers), 30)
    assert "Ann" not in "".join(each.said() for each in workers)
    # A run that fails is kept with its error, and the next one comes all the same.
    broken = as_system(
        "SELECT DISTINCT j.status::text, t.reason FROM procrastinate_jobs j JOIN job_trouble t ON t.job_id = j.id"
        " WHERE j.task_name = 'tests.broken' AND j.status <> 'doing'"
    )
    assert broken == [("failed", "RuntimeError: of Ann Lee")]


# ---- What is kept


@pytest.mark.parametrize(
    ("queue_name", "status", "days", "is_kept"),
    [
        ("tenants", "succeeded", KEEP_DAYS - 1, True),
        ("tenants", "succeeded", KEEP_DAYS + 1, False),
        ("tenants", "failed", KEEP_DAYS - 1, True),
        ("tenants", "failed", KEEP_DAYS + 1, False),
        ("tenants", "todo", KEEP_DAYS + 100, True),
        ("tenants", "doing", KEEP_DAYS + 100, True),
        ("house", "succeeded", 0, True),
        ("house", "succeeded", 2, False),
        ("house", "aborted", 2, False),
        ("house", "failed", 2, True),
        ("house", "failed", KEEP_DAYS + 1, False),
    ],
)
def test_finished_jobs_go_when_their_time_is_over(
    database: object, queue_name: str, status: str, days: int, is_kept: bool
) -> None:
    ((job_id,),) = as_system(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
        " VALUES ($1, 'tests.old', $2::procrastinate_job_status) RETURNING id",
        queue_name,
        status,
    )
    as_system(
        "INSERT INTO procrastinate_events (job_id, type, at)"
        " VALUES ($1::bigint, 'started', now() - $2::integer * interval '1 day')",
        str(job_id),
        str(days),
    )
    as_system(
        "UPDATE procrastinate_events SET at = at - $2::integer * interval '1 day' WHERE job_id = $1::bigint"
        " AND type = 'deferred'",
        str(job_id),
        str(days),
    )
    JobQueue().note(job_id, "an old story", surprises=1)
    JobQueue().purge()
    left = as_system("SELECT count(*) FROM procrastinate_jobs WHERE id = $1", job_id)
    assert left == [(int(is_kept),)]
    as_system("DELETE FROM procrastinate_jobs WHERE id = $1", job_id)
    assert as_system("SELECT count(*) FROM job_trouble WHERE job_id = $1", job_id) == [(0,)]
