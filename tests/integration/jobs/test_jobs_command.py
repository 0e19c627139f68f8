"""`manage.py jobs`: the operator sees what has failed, and why, and has it tried again."""

import io

import pytest
from django.core.management import CommandError, call_command

from ddd.shared.application.jobs import Deferral
from ddd.shared.infrastructure.job_queue import JobQueue
from tests.builders import registered
from tests.integration.jobs.support import as_system, defer, queue


def jobs(tenant_id: str, *words: str) -> list[str]:
    """The lines about this tenant."""
    out = io.StringIO()
    call_command("jobs", *words, stdout=out)
    return [line for line in out.getvalue().splitlines() if f" {tenant_id} " in line]


def failed(tenant_id: str, job_id: int, reason: str) -> None:
    """As a worker leaves a job that it gives up."""
    as_system(
        "UPDATE procrastinate_jobs SET status = 'failed', attempts = 3 WHERE args ->> 'tenant_id' = $1 AND id = $2",
        tenant_id,
        job_id,
    )
    JobQueue().note(job_id, reason, surprises=3)


def test_open_and_failed_jobs_are_listed_with_why_they_were_not_done(database: object) -> None:
    tenant_id = registered()
    defer(tenant_id, Deferral("tests.one"), Deferral("tests.two", {"orderId": "o-1"}), Deferral("tests.three"))
    one, two, three = (id_ for id_, _, _ in queue(tenant_id))
    failed(tenant_id, two, "ValueError: \x1b[31mno\nsuch thing")
    as_system("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = $1", three)
    lines = [
        f"{two} tests.two {tenant_id} failed tries 3: ValueError: \\x1b[31mno such thing",
        f"{one} tests.one {tenant_id} todo tries 0",
    ]
    assert jobs(tenant_id) == lines
    assert jobs(tenant_id, "--failed") == lines[:1]
    as_system("DELETE FROM procrastinate_jobs WHERE id = $1", one)


def test_a_failed_job_is_tried_again_as_if_it_were_new(database: object) -> None:
    tenant_id = registered()
    defer(tenant_id, Deferral("tests.one"))
    ((job_id, _, _),) = queue(tenant_id)
    with pytest.raises(CommandError, match=f"No tenant's job {job_id} has failed"):
        call_command("jobs", "--retry", str(job_id))
    failed(tenant_id, job_id, "ValueError: no")
    out = io.StringIO()
    call_command("jobs", "--retry", str(job_id), stdout=out)
    assert out.getvalue() == f"job {job_id} is tried again\n"
    assert queue(tenant_id) == [(job_id, "tests.one", "todo")]
    assert JobQueue().note(job_id, "once more", surprises=1) == 1
    as_system("DELETE FROM procrastinate_jobs WHERE id = $1", job_id)


def test_a_failed_job_is_not_tried_again_beside_one_that_does_its_work(database: object) -> None:
    tenant_id = registered()
    job = Deferral("tests.one", queueing_lock="same")
    defer(tenant_id, job)
    ((first, _, _),) = queue(tenant_id)
    failed(tenant_id, first, "ValueError: no")
    defer(tenant_id, job)
    with pytest.raises(CommandError, match=f"Another job waits already that does the work of {first}"):
        call_command("jobs", "--retry", str(first))
    assert [status for _, _, status in queue(tenant_id)] == ["failed", "todo"]
    as_system("DELETE FROM procrastinate_jobs WHERE args ->> 'tenant_id' = $1 AND status = 'todo'", tenant_id)


def test_procrastinates_own_worker_which_knows_no_job_of_ours_cannot_be_started_by_mistake() -> None:
    with pytest.raises(CommandError, match=r"done by `manage\.py worker`"):
        call_command("procrastinate", "worker")
