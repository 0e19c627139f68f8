"""One run: everything that is compared is measured in turns, round by round, on one PostgreSQL."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from order_management.postgres import EmbeddedPostgres
from tests.bench import requests
from tests.bench.counts import operations
from tests.bench.floors import CLIENTS, ONE_STATEMENT, TABLES, PgBench, backends
from tests.bench.house import CLONE, RELAY_CONNECTIONS, SERVER_CONNECTIONS, House, Process, opened, own_postgres
from tests.bench.lives import Costs, measure
from tests.bench.machine import busy_seconds, children, cores, cpu_seconds, pss_megabytes
from tests.bench.moments import first_start, snapshot_lags
from tests.bench.report import page, workflows
from tests.bench.worker import Worker


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    items: int
    rounds: int
    seconds: int  # of each way to place orders, in each round
    gets: int
    pages: int
    starts: int
    lags: int
    turns: int  # of the workflows' sides
    lives: int  # that each side leads in a turn


FULL = Scale(items=1_000, rounds=10, seconds=3, gets=200, pages=40, starts=3, lags=60, turns=9, lives=40)
QUICK = Scale(items=200, rounds=3, seconds=2, gets=60, pages=10, starts=1, lags=15, turns=3, lives=15)


@dataclass(slots=True)
class Results:
    """What was seen; rates per second, times in seconds, memory in megabytes. A list has a figure per round."""

    quick: bool
    postgres: str = ""
    ours: list[dict[str, float]] = field(default_factory=list)
    seven: list[dict[str, float]] = field(default_factory=list)
    one: list[dict[str, float]] = field(default_factory=list)
    reads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    operations: list[tuple[str, int, int]] = field(default_factory=list)
    memory: dict[str, list[float]] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)
    first_starts: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    lags_under_load: list[float] = field(default_factory=list)
    costs: Costs = field(default_factory=Costs)
    orders: int = 0
    seconds: float = 0.0


def run_workflows(*, quick: bool, against: str | None) -> int:
    """Measure what workflows cost, nothing else, and tell. Returns the exit code."""
    embedded = own_postgres()
    with embedded:
        print("\n".join(workflows(_costs(embedded, QUICK if quick else FULL, against))))
    return 0


def _costs(embedded: EmbeddedPostgres, scale: Scale, against: str | None) -> Costs:
    return measure(embedded, rounds=scale.turns, lives=scale.lives, against=against)


def run(*, quick: bool, out: str | None, against: str | None) -> int:
    """Measure and tell. `against`: a commit whose code is compared with today's. Returns the exit code."""
    began = time.monotonic()
    scale = QUICK if quick else FULL
    results = Results(quick)
    for _ in range(scale.starts):
        results.first_starts.append(first_start(settings.PORT))
    with opened(scale.items) as house, house.superuser() as watcher:
        say(f"{scale.items} items in two branches; {scale.rounds} rounds")
        with watcher.transaction():
            watcher.execute(TABLES.format(items=scale.items))
        watcher.execute("VACUUM ANALYZE")
        results.postgres = str(watcher.info.parameter_status("server_version")).partition(" ")[0]
        results.operations = operations()
        for _ in range(scale.starts):
            server, seconds = house.start_server()
            results.starts.append(seconds)
            if len(results.starts) < scale.starts:
                house.stop(server)
        relay = house.start_relay()
        _rounds(house, watcher, server, relay, scale, results)
        house.stop()
        say("what workflows cost")
        results.costs = _costs(house.embedded, scale, against)
    results.seconds = time.monotonic() - began
    text = page(results)
    print(text)
    target = Path(out) if out else None if quick else CLONE / "docs" / "benchmarks.md"
    if target is not None:
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
        say(f"written to {target.name}")
    return 0


def _rounds(
    house: House, watcher: psycopg.Connection[Any], server: Process, relay: Process, scale: Scale, results: Results
) -> None:
    superuser_url = house.embedded.url(house.database, "postgres")
    with ExitStack() as stack:
        pgbench = stack.enter_context(closing(PgBench(house.embedded, house.database, scale.items)))
        token = house.token("storefront", "Worker")
        load = stack.enter_context(
            closing(Worker("load", port=house.port, token=token, orders=requests.orders(house.skus, 1_000)))
        )
        raws = [
            stack.enter_context(
                closing(Worker("raw", url=superuser_url, items=scale.items, one_statement=ONE_STATEMENT))
            )
            for _ in range(2)
        ]
        raw_backends = [raw.ask(act="backend")["pid"] for raw in raws]
        server_pids = [server.pid, *children(server.pid)]
        warm = load.ask(act="place", connections=CLIENTS, seconds=3.0)
        # Generic plans made while the tables were empty stand until there are statistics (autovacuum's job).
        watcher.execute("VACUUM ANALYZE")
        pgbench.run(1, watcher)
        for number in range(scale.rounds):
            results.ours.append(_ours(load, watcher, server_pids, relay.pid, scale.seconds))
            results.seven.append(pgbench.run(scale.seconds, watcher))
            results.one.append(_one(raws, raw_backends, scale.seconds))
            ids = warm["ids"]
            _reads(house, load, raws[0], ids, scale, results)
            say(
                f"round {number + 1}: placeOrder {results.ours[-1]['per_second']:.0f}/s,"
                f" seven statements {results.seven[-1]['per_second']:.0f}/s,"
                f" one statement {results.one[-1]['per_second']:.0f}/s"
            )
        measured = {"each worker": server_pids[1:], "the server's first process": [server.pid], "relay": [relay.pid]}
        results.memory = {name: [pss_megabytes(pid) for pid in pids] for name, pids in measured.items()}
        results.lags = snapshot_lags(house, scale.lags)
        results.lags_under_load = snapshot_lags(house, scale.lags // 3, load)
        row = watcher.execute("SELECT count(*) FROM orders_order").fetchone()
        results.orders = row[0] if row else 0


@contextmanager
def _cpu(of: dict[str, Callable[[], list[int]]], into: dict[str, float]) -> Iterator[None]:
    """CPU seconds that each group of processes used meanwhile."""
    before = {name: cpu_seconds(pids()) for name, pids in of.items()}
    yield
    for name, pids in of.items():
        into[name] = cpu_seconds(pids()) - before[name]


def _ours(
    load: Worker, watcher: psycopg.Connection[Any], server: list[int], relay: int, seconds: int
) -> dict[str, float]:
    used: dict[str, float] = {}
    groups = {
        "server": lambda: server,
        "postgres": lambda: backends(watcher, SERVER_CONNECTIONS),
        "relay": lambda: [relay],
        "postgres of the relay": lambda: backends(watcher, RELAY_CONNECTIONS),
    }
    busy, began = busy_seconds(), time.monotonic()
    with _cpu(groups, used):
        told = load.ask(act="place", connections=CLIENTS, seconds=seconds)
    used["client"] = told["cpu"]
    others = (busy_seconds() - busy - sum(used.values())) / (time.monotonic() - began) / cores()
    per_order = {name: cpu / told["orders"] for name, cpu in used.items()}
    return {"per_second": told["per_second"], "p50": told["p50"], "p99": told["p99"], "others": others, **per_order}


def _one(raws: list[Worker], backend_pids: list[int], seconds: int) -> dict[str, float]:
    used: dict[str, float] = {}
    with _cpu({"postgres": lambda: backend_pids}, used):
        for raw in raws:
            raw.begin(act="place", seconds=seconds)
        told = [raw.end() for raw in raws]
    orders = sum(each["orders"] for each in told)
    return {
        "per_second": orders / seconds,
        "postgres": used["postgres"] / orders,
        "client": sum(each["cpu"] for each in told) / orders,
    }


def _reads(house: House, load: Worker, raw: Worker, ids: list[str], scale: Scale, results: Results) -> None:
    of_page = requests.raw_page(house.admin)
    asked: dict[str, Callable[[], dict[str, Any]]] = {
        "getOrder": lambda: load.ask(act="read", bodies=[requests.get(id_) for id_ in ids], times=scale.gets),
        "getOrder raw": lambda: raw.ask(
            act="read", reads=requests.raw_get(house.tenant_id), ids=ids, columns=requests.COLUMNS, times=scale.gets
        ),
        "page": lambda: load.ask(act="read", bodies=[requests.page()], times=scale.pages),
        "page raw": lambda: raw.ask(act="read", reads=of_page, ids=[], columns=requests.COLUMNS, times=scale.pages),
    }
    for name, ask in asked.items():
        results.reads.setdefault(name, []).append(ask())


def say(message: str) -> None:
    print(message, flush=True)
