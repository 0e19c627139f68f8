"""`manage.py jobs`: what waits, runs or has failed; `--retry` has a failed job tried again."""

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from psycopg import errors

from ddd.shared.infrastructure.job_queue import JobQueue, JobRow
from order_management.operator import one_line

_MOST: Final = 200
_OPEN: Final = ("todo", "doing")


class Command(BaseCommand):
    help = f"The newest {_MOST} jobs that are not done, one a line."

    requires_system_checks = ()  # they load the whole schema, and concern the server

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--failed", action="store_true", help="only those that have failed")
        parser.add_argument("--retry", type=int, metavar="ID", help="have this failed job tried again")

    def handle(self, *args: Any, **options: Any) -> None:
        queue = JobQueue()
        try:
            if options["retry"] is not None:
                self._retry(queue, options["retry"])
                return
            for job in queue.jobs(("failed",) if options["failed"] else (*_OPEN, "failed"), _MOST):
                self.stdout.write(_line(job))
        except errors.UndefinedTable:
            raise CommandError("The database is not set up yet; run `manage.py migrate`.") from None

    def _retry(self, queue: JobQueue, job_id: int) -> None:
        try:
            if not queue.retry(job_id):
                raise CommandError(f"No tenant's job {job_id} has failed.")
        except errors.UniqueViolation:
            raise CommandError(f"Another job waits already that does the work of {job_id}.") from None
        self.stdout.write(f"job {job_id} is tried again")


def _line(job: JobRow) -> str:
    due = f" due {job.due.isoformat(timespec='seconds')}" if job.status == "todo" and job.due is not None else ""
    reason = "" if job.reason is None else f": {one_line(job.reason)}"
    return f"{job.id} {job.name} {job.tenant_id or '-'} {job.status}{due} tries {job.attempts}{reason}"
