"""The HTTP server: granian, WSGI, one worker per core. `python -m order_management.server`, as a child of `serve`.

Two threads in each worker: on writes they share the database's flushes, on reads more would only switch.
"""

import os
import signal

from granian import Granian
from granian.constants import Interfaces

from order_management.commands import SUPERVISOR
from order_management.processes import die_with_parent

THREADS = 2
SECONDS_FOR_REQUESTS_IN_FLIGHT = 30
GRANIAN = "ORDER_MANAGEMENT_GRANIAN"


def main() -> None:
    """Serve until told to stop; then requests in flight end first."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor:
        die_with_parent(signal.SIGKILL, int(supervisor))
    os.environ[GRANIAN] = str(os.getpid())
    Granian(
        "order_management.server_worker:application",
        address=os.environ.get("HOST") or "127.0.0.1",
        port=int(os.environ.get("PORT") or "8000"),
        interface=Interfaces.WSGI,
        workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_FOR_REQUESTS_IN_FLIGHT,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main()
