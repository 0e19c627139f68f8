"""How long things take once: the start, and a change of master data on its way to its snapshots."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg

from ddd.shared.domain.clock import SystemClock
from ddd.shared.infrastructure.access import AccessReader
from ddd.shared.infrastructure.unit_of_work import PostgresUnitOfWork
from ddd.stock.application.items import update_item
from order_management.container import app
from order_management.database import URLS
from order_management.places import find_place
from tests.bench.house import CLONE, House, end, wait_for_answer
from tests.bench.worker import Worker

_READY: Final = b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


def first_start(port: int) -> float:
    """Seconds from nothing to the first answer: `serve` in a clone that has no data yet makes the database, migrates
    and starts server and relay."""
    folder = Path(tempfile.mkdtemp(prefix="oms-bench-"))
    folder.chmod(0o755)  # as root the database runs as another user, who must get in
    try:
        shutil.copytree(CLONE / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(CLONE / "manage.py", folder)
        environ = {name: value for name, value in os.environ.items() if name not in URLS.values()}
        environ |= {"PORT": str(port), "PYTHONPATH": str(folder / "src")}
        with tempfile.TemporaryFile() as log:
            began = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, str(folder / "manage.py"), "serve"], cwd=folder, env=environ,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
            )  # fmt: skip
            try:
                wait_for_answer(process, port, _READY, began, log)
                return time.perf_counter() - began
            finally:
                end(process)
                place = find_place(folder, os.environ.get("PG") or "18")
                shutil.rmtree(place.sockets, ignore_errors=True)
                shutil.rmtree(place.home, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def snapshot_lags(house: House, samples: int, load: Worker | None = None) -> list[float]:
    """Seconds from the commit of an item's new name, not drained, until orders' snapshot has it by the relay process;
    sorted. `load`: orders are placed meanwhile."""
    silent = PostgresUnitOfWork(AccessReader(), SystemClock(), lambda _tenant, _aggregate: None)
    stock = replace(app().stock, unit_of_work=silent)
    lags = []
    with house.superuser() as watcher:
        for number in range(samples):
            time.sleep(random.uniform(0.0, 0.06))  # anywhere in the relay's pauses
            name = f"Renamed {number} {time.time_ns()}"
            if load is not None:
                load.begin(act="place", connections=16, seconds=0.25)
                time.sleep(0.05)
            outcome = update_item(house.admin, {"sku": house.skus[number], "name": name}, stock)
            committed = time.perf_counter()
            if outcome.value is None:
                raise RuntimeError(f"not renamed: {outcome.errors}")
            while not _has(watcher, house, house.skus[number], name):
                if time.perf_counter() - committed > 20:
                    raise RuntimeError("the snapshot did not follow")
                time.sleep(0.0005)
            lags.append(time.perf_counter() - committed)
            if load is not None:
                load.end()
    return sorted(lags)


def _has(watcher: psycopg.Connection[Any], house: House, sku: str, name: str) -> bool:
    row = watcher.execute(
        "SELECT name FROM orders_item WHERE tenant_id = %s AND sku = %s", [house.tenant_id, sku]
    ).fetchone()
    return row is not None and row[0] == name
