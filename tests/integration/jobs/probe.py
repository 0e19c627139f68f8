"""The jobs of a worker process that tests look at. What a job did stands in its tenant's counters and files."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from ddd.orders.application.expiry import expire_orders
from ddd.orders.infrastructure.expiry import PostgresDueOrders
from ddd.shared.application.jobs import Job, Periodic, Retry
from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.statements import connection, exchange, set_tenant
from order_management.container import system_app
from order_management.worker import Pace, Worker
from tests.integration.kernel.support import count, counted

PACE = Pace(
    threads=3,
    looks_every=0.2,
    heartbeat_every=0.3,
    stalled_after=3,
    grace=1.5,
    first_pause=0.05,
    take_back="* * * * * *",
)
#: What an exception may quote: kept with the job as far as its first line, never logged.
WORDS = "of Ann Lee\nand what she wrote"


def _write(tenant_id: str, *writes: Write) -> None:
    exchange(connection("default"), (set_tenant(tenant_id), *writes))


def count_one(tenant_id: str, args: Mapping[str, Any]) -> None:
    _write(tenant_id, count(tenant_id, args["name"], args.get("mark", "x")))


def hang(tenant_id: str, args: Mapping[str, Any]) -> None:
    """Says that it has begun, then waits until it may go on; a second time it finds that nothing is left to do."""
    began = Path(args["folder"]) / f"began-{os.getpid()}"
    began.touch()
    while not (Path(args["folder"]) / "go").exists():
        time.sleep(0.02)
    if not counted(tenant_id, args["name"]):
        count_one(tenant_id, args)


def fail(tenant_id: str, args: Mapping[str, Any]) -> None:
    count_one(tenant_id, args)
    if counted(tenant_id, args["name"]) <= args["times"]:
        raise ValueError(WORDS)


def come_again(tenant_id: str, args: Mapping[str, Any]) -> Retry | None:
    count_one(tenant_id, args)
    if counted(tenant_id, args["name"]) <= args["times"]:
        return Retry(timedelta(seconds=args.get("seconds", 0)), "the carrier is asleep")
    return None


def one_at_a_time(tenant_id: str, args: Mapping[str, Any]) -> None:
    """Two at once would see the same file."""
    place = Path(args["folder"]) / "held"
    place.touch(exist_ok=False)
    time.sleep(0.15)
    place.unlink()
    count_one(tenant_id, args)


def kill_worker(tenant_id: str, args: Mapping[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


JOBS = (
    Job("tests.count", count_one),
    Job("tests.hang", hang),
    Job("tests.fail", fail, attempts=3),
    Job("tests.come_again", come_again, attempts=2),
    Job("tests.one_at_a_time", one_at_a_time, attempts=1),
    Job("tests.kill_worker", kill_worker, attempts=2),
)


def _broken(is_over: Callable[[], bool]) -> int:
    raise RuntimeError(WORDS)


PERIODIC = {
    "expire": Periodic(
        "tests.expire", "* * * * * *", lambda is_over: expire_orders(system_app().orders, PostgresDueOrders(), is_over)
    ),
    "broken": Periodic("tests.broken", "* * * * * *", _broken),
}


def main() -> None:
    Worker(JOBS, [PERIODIC[name] for name in sys.argv[1:]], PACE).run()
