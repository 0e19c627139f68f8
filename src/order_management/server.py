"""The HTTP server: granian, WSGI, one worker per core. `python -m order_management.server`, as a child of `serve`.

Eight threads in each worker: what they want committed at one moment is committed together (ADR 37).

Granian 2.8's workers, told to stop while a request runs, now and then never end although the request did (2 of 10 stops
of a bare WSGI application). So workers hold the reading end of a pipe that the first process closes when it is told to
stop, and see to their own end (`server_worker`).
"""

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Final

from granian import Granian
from granian.constants import Interfaces

from order_management.commands import SUPERVISOR
from order_management.processes import die_with_parent

THREADS: Final = 8
SECONDS_FOR_REQUESTS_IN_FLIGHT: Final = 30
# For the workers: the first process's id, and the pipe's two ends.
GRANIAN: Final = "ORDER_MANAGEMENT_GRANIAN"
PIPE: Final = "ORDER_MANAGEMENT_PIPE"


def main() -> None:
    """Serve until told to stop; then requests in flight end first."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor:
        die_with_parent(signal.SIGKILL, int(supervisor))
    reading, writing = os.pipe()
    os.environ[GRANIAN] = str(os.getpid())
    os.environ[PIPE] = f"{reading} {writing}"
    server = Granian(
        "order_management.server_worker:application",
        address=os.environ.get("HOST") or "127.0.0.1",
        port=int(os.environ.get("PORT") or "8000"),
        interface=Interfaces.WSGI,
        workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_FOR_REQUESTS_IN_FLIGHT,
        log_enabled=False,
    )
    server.on_startup(lambda: _tell_workers_of_the_stop(writing))  # by now granian's own handlers are there
    server.serve()


def _tell_workers_of_the_stop(writing: int) -> None:
    first = os.getpid()
    nothing = os.open(os.devnull, os.O_WRONLY)

    def also(theirs: Callable[[int, FrameType | None], object]) -> Callable[[int, FrameType | None], None]:
        def handler(number: int, frame: FrameType | None) -> None:
            # A worker inherits this handler, and has it until its own are there: its number is not ours to touch.
            if os.getpid() == first:
                # Closes the pipe and keeps the number taken: a worker forked from now on closes its copy of it.
                os.dup2(nothing, writing)
            theirs(number, frame)

        return handler

    for number in (signal.SIGTERM, signal.SIGINT):
        theirs = signal.getsignal(number)
        if callable(theirs):
            signal.signal(number, also(theirs))


if __name__ == "__main__":
    main()
