"""Running a management command: with a database, and with refusals in one line."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import psycopg
from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import OperationalError, connections

from order_management.database import unreachable, where_to_look
from order_management.errors import CannotStart
from order_management.processes import die_with_parent

# These look at code only, or see to the database themselves; with every other command the embedded PostgreSQL is
# started, or joined where it runs.
WITHOUT_DATABASE = frozenset(
    {"help", "--help", "--version", "version", "check", "makemigrations", "schema", "serve", "demo"}
)
# Set, to its own process id, by a parent that looks after the database; its children end with it.
SUPERVISOR = "ORDER_MANAGEMENT_SUPERVISOR"


def main(argv: list[str]) -> int:
    """Run the command; returns the exit code. A refusal is one line on stderr and 1; `--traceback` shows where."""
    signal.signal(signal.SIGTERM, _terminated)
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor:
        die_with_parent(signal.SIGKILL, int(supervisor))
    try:
        with _database(argv, supervised=bool(supervisor)):
            try:
                execute_from_command_line(argv)
            finally:
                if settings.configured:
                    connections.close_all()
    except CannotStart as refusal:
        if "--traceback" in argv:
            raise
        return _refused(str(refusal))
    except (OperationalError, psycopg.OperationalError) as error:
        if "--traceback" in argv:
            raise
        return _refused(unreachable(error, where_to_look(settings.EMBEDDED_POSTGRES)))
    except KeyboardInterrupt:
        return 130
    return 0


@contextlib.contextmanager
def _database(argv: list[str], *, supervised: bool) -> Iterator[None]:
    needed = len(argv) > 1 and argv[1] not in WITHOUT_DATABASE and not {"--help", "-h"} & set(argv[2:])
    embedded = settings.EMBEDDED_POSTGRES if needed and not supervised else None
    with embedded or contextlib.nullcontext():
        yield


def _refused(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def _terminated(number: int, frame: FrameType | None) -> None:
    """End as after an error, so that the embedded database is left, or stopped, in order."""
    raise SystemExit(128 + number)
