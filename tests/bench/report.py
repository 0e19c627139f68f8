"""The page: what was measured, as ratios first."""

import datetime
import platform
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.life import OPERATIONS
from tests.bench.lives import APPROVAL, BEFORE, PLAIN, Costs, Cpu
from tests.bench.machine import cores

if TYPE_CHECKING:
    from tests.bench.run import Results

_CLONE = Path(__file__).resolve().parents[2]
_LIFE = "an order"
_COMPARED = ((PLAIN, BEFORE), (APPROVAL, PLAIN))


def page(results: "Results") -> str:
    """docs/benchmarks.md."""
    return "\n".join([*_head(results), *_place(results), *_cpu(results), *_reads(results), *_trips(results),
                      *workflows(results.costs), *_moments(results)]) + "\n"  # fmt: skip


def _head(results: "Results") -> list[str]:
    how = "a quick run, which is not to be quoted" if results.quick else f"{len(results.ours)} rounds"
    return [
        "# Benchmarks",
        "",
        "Made by `make bench`; do not edit. Ours and the floors take turns in one run, on one PostgreSQL and the same"
        " cores, which the load generator shares, too. So ratios count; the absolute figures are this machine's, on"
        " this day.",
        "",
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, commit {_commit()}; {cores()} cores,"
        f" Python {platform.python_version()}, PostgreSQL {results.postgres} (embedded, durable commits); {how},"
        f" medians, {results.seconds:.0f} s; {results.orders:,} orders in the table at the end.",
        f"Everything else on the machine (PostgreSQL's shared processes, too) took"
        f" {_median(results.ours, 'others'):.0%} of the cores while ours was measured; well above a tenth, it was not"
        " quiet enough to quote: a program beside it costs us more than the floors, which have more processes to be"
        " scheduled.",
        "",
    ]


def _place(results: "Results") -> list[str]:
    ours = _median(results.ours, "per_second")
    floors = [
        ("pgbench, seven statements, 16 clients, prepared", results.seven),
        ("psycopg, one prepared statement, 2 processes", results.one),
    ]
    rows = [
        [
            name,
            f"{_median(floor, 'per_second'):,.0f}",
            f"**{_ratio(results.ours, floor, 'per_second'):.2f}**",
            _spread([mine["per_second"] / its["per_second"] for mine, its in zip(results.ours, floor, strict=True)]),
        ]
        for name, floor in floors
    ]
    return [
        "## placeOrder over HTTP",
        "",
        "16 keep-alive connections, orders of 3 lines over many SKUs with ample stock, a storefront's real token,"
        " server and relay as `make run` starts them. The floors write plain tables of their own: no policies, no"
        " snapshots read, no audit, no timeline, one index beside the primary keys.",
        "",
        f"Ours: **{ours:,.0f} orders/s**, p50 {_median(results.ours, 'p50') * 1e3:.1f} ms,"
        f" p99 {_median(results.ours, 'p99') * 1e3:.1f} ms. Target: 0.25 of the seven statements; aim: 0.35.",
        "",
        *_table(["floor", "orders/s", "ours / floor", "lowest to highest round"], rows),
    ]


def _cpu(results: "Results") -> list[str]:
    def micro(rounds: list[dict[str, float]], *names: str) -> str:
        return f"{statistics.median(sum(each[name] for name in names) for each in rounds) * 1e6:,.0f}"

    total = ("server", "postgres")
    ratios = [
        f"{_median_of_sums(results.ours, total) / _median_of_sums(floor, ('client', 'postgres')):.1f}"
        for floor in (results.seven, results.one)
    ]
    rows = [
        ["ours", micro(results.ours, "server"), micro(results.ours, "postgres"), micro(results.ours, *total), "1"],
        ["seven statements", micro(results.seven, "client"), micro(results.seven, "postgres"),
         micro(results.seven, "client", "postgres"), ratios[0]],
        ["one statement", micro(results.one, "client"), micro(results.one, "postgres"),
         micro(results.one, "client", "postgres"), ratios[1]],
    ]  # fmt: skip
    return [
        "CPU per order, µs (PostgreSQL's backends; its shared processes are not counted):",
        "",
        *_table(["", "server or client", "PostgreSQL", "sum", "ours / this"], rows),
        f"Beside it: the relay {micro(results.ours, 'relay')} and its backends"
        f" {micro(results.ours, 'postgres of the relay')}, the load generator {micro(results.ours, 'client')}.",
        "",
    ]


def _reads(results: "Results") -> list[str]:
    def row(name: str, what: str, target: str) -> list[str]:
        ours, raw = results.reads[name], results.reads[f"{name} raw"]
        return [
            what,
            f"{_median(ours, 'p50') * 1e3:.2f}",
            f"{_median(raw, 'p50') * 1e3:.2f}",
            f"**{_ratio(ours, raw, 'p50'):.1f}**",
            target,
            f"{ours[0]['bytes'] / 1000:.1f} kB",
        ]

    return [
        "## Reads, one connection",
        "",
        "Against the same rows, fetched by the same statements in one pipeline, prepared, as superuser, made dicts and"
        " written by orjson. p50 in ms; 12 leaf fields of each order and 12 of each line.",
        "",
        *_table(
            ["", "ours", "raw", "ours / raw", "target", "answer"],
            [
                row("getOrder", "getOrder, 3 lines", "≤ 5"),
                row("page", "orders(first: 50), 3 lines each", ""),
            ],
        ),
    ]


def _trips(results: "Results") -> list[str]:
    return [
        "## Round trips and statements",
        "",
        "Counted on the wire; `make test` asserts them. BEGIN, the tenant's setting, COMMIT and ROLLBACK are"
        " statements, too.",
        "",
        *_table(
            ["operation", "round trips", "statements"],
            [[name, str(trips), str(statements)] for name, trips, statements in results.operations],
        ),
    ]


def workflows(costs: Costs) -> list[str]:
    """What workflows cost."""
    sides = [side for side in (PLAIN, BEFORE, APPROVAL) if side in costs.rounds]

    def cpu(round_: Cpu, operation: str) -> float:
        if operation != _LIFE:
            return sum(round_[operation].values())
        return (sum(cpu(round_, each) for each in OPERATIONS) + cpu(round_, "placeOrder")) / 2

    def row(operation: str) -> list[str]:
        rounds = {side: [cpu(each, operation) for each in costs.rounds[side]] for side in sides}
        cells = [f"{statistics.median(rounds[side]) * 1e6:,.0f}" for side in sides]
        for ours, its in _COMPARED:
            if ours in sides and its in sides:
                ratios = [mine / other for mine, other in zip(rounds[ours], rounds[its], strict=True)]
                cells.append(f"**{statistics.median(ratios):.2f}** ({_spread(ratios)})")
        if operation == _LIFE:
            return [operation, *cells, ""]
        counts = " · ".join("{} / {}".format(*costs.counts[side][operation]) for side in sides)
        return [operation, *cells, counts]

    names = {PLAIN: "plain", BEFORE: f"commit {costs.against}", APPROVAL: "approval"}
    compared = [f"{names[ours]} / {names[its]}" for ours, its in _COMPARED if ours in sides and its in sides]
    head = ["CPU, µs", *(names[side] for side in sides), *compared, "round trips / statements"]
    before = (
        f" `{names[BEFORE]}`: the code of that commit, the same way; target: at most 1.10 of it."
        if costs.against
        else ""
    )
    return [
        "## What workflows cost",
        "",
        "CPU of one operation over GraphQL, orders of 3 lines: of the process that serves it and of its PostgreSQL"
        " backend; `an order`: one that is paid, shipped and delivered and one that is cancelled, halved. `plain`: a"
        " tenant under the built-in workflow; `approval`: under the ready one of that name, orders below its"
        f" limit.{before} A process and a database each, in short turns;"
        f" {len(costs.rounds[PLAIN])} rounds, medians (of a ratio: lowest to highest round).",
        "",
        *_table(head, [row(each) for each in (*OPERATIONS, _LIFE)]),
    ]


def _moments(results: "Results") -> list[str]:
    def lags(found: list[float]) -> list[str]:
        return [f"{found[len(found) // 2] * 1e3:.0f}", f"{found[len(found) * 99 // 100] * 1e3:.0f}"]

    return [
        "## Memory, start, snapshots",
        "",
        *_table(
            ["PSS, MB", ""],
            [[name, ", ".join(f"{each:.0f}" for each in found)] for name, found in results.memory.items()],
        ),
        *_table(
            ["to the first answer, s", "median"],
            [
                ["server, the database up and migrated", f"{statistics.median(results.starts):.2f}"],
                ["first ever: initdb, migrations, server and relay", f"{statistics.median(results.first_starts):.2f}"],
            ],
        ),
        "From the commit of an item's change until the relay process has delivered it to orders' snapshot, ms (who"
        " changes master data through the API does not wait for it: its answer comes after the delivery):",
        "",
        *_table(
            ["", "p50", "p99"],
            [["relay idle", *lags(results.lags)], ["16 connections place orders", *lags(results.lags_under_load)]],
        ),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]


def _median(rounds: list[dict[str, Any]], name: str) -> float:
    return float(statistics.median(each[name] for each in rounds))


def _median_of_sums(rounds: list[dict[str, float]], names: Sequence[str]) -> float:
    return statistics.median(sum(each[name] for name in names) for each in rounds)


def _ratio(ours: list[dict[str, Any]], floor: list[dict[str, Any]], name: str) -> float:
    """The median of the rounds' own ratios: neighbours in time had the same machine."""
    return float(statistics.median(mine[name] / its[name] for mine, its in zip(ours, floor, strict=True)))


def _spread(ratios: list[float]) -> str:
    return f"{min(ratios):.2f} to {max(ratios):.2f}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        found = subprocess.run(["git", *arguments], cwd=_CLONE, capture_output=True, text=True, check=False)
        return found.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    return f"{commit} with changes" if git("status", "--porcelain", "--", "src") else commit
