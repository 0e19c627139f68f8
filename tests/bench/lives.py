"""What workflows cost: the same operations under the built-in workflow, under a ready one, and by the code of before.

Each side is a process with a database of its own on the same PostgreSQL. They take turns, a few operations each, and
tell CPU time, their own and their backend's: what else the machine does meets all of them.
"""

import os
import random
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from order_management import database as roles
from order_management.postgres import EmbeddedPostgres
from order_management.roles import ensure_roles
from tests.bench.house import CLONE, PREFIX
from tests.bench.life import OPERATIONS
from tests.bench.worker import Worker

PLAIN: Final = "plain"
APPROVAL: Final = "approval"
BEFORE: Final = "before"
_ITEMS: Final = 30
_TURN: Final = 5  # lives
_WORKFLOW: Final = CLONE / "docs" / "workflows" / "approval.json"
Cpu = dict[str, dict[str, float]]  # operation -> `server` and `postgres`, CPU seconds of one


@dataclass(slots=True)
class Costs:
    """What was seen of each side: CPU of its operations round by round, and what they ask of the database."""

    against: str | None = None  # the commit
    rounds: dict[str, list[Cpu]] = field(default_factory=dict)
    counts: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)


def measure(embedded: EmbeddedPostgres, *, rounds: int, lives: int, against: str | None) -> Costs:
    """`lives`: so many orders of each side are paid, shipped and delivered in a round, and as many are cancelled."""
    with ExitStack() as stack:
        trees = {PLAIN: CLONE, APPROVAL: CLONE}
        costs = Costs()
        if against is not None:
            costs.against, trees[BEFORE] = stack.enter_context(_tree_of(against))
        sides = {name: stack.enter_context(_side(embedded, name, tree)) for name, tree in trees.items()}
        for _ in range(2):  # the second time by plans that know the tables
            _round(sides, lives)
            for name in sides:
                with embedded.connect(_database(name)) as superuser:
                    superuser.execute("VACUUM ANALYZE")
        _round(sides, lives)
        costs.rounds = {name: [] for name in sides}
        for _ in range(rounds):
            for name, cpu in _round(sides, lives).items():
                costs.rounds[name].append(cpu)
        costs.counts = {name: side.ask(act="counts") for name, side in sides.items()}
        return costs


def _round(sides: dict[str, Worker], lives: int) -> dict[str, Cpu]:
    """CPU of one operation, of each. Turns are short: what slows one side down for a moment slows the others, too."""
    used: dict[str, Cpu] = {name: {each: {"server": 0.0, "postgres": 0.0} for each in OPERATIONS} for name in sides}
    times = dict.fromkeys(OPERATIONS, 0)
    for _ in range(lives // _TURN):
        for operation in OPERATIONS:
            for name in random.sample(list(sides), len(sides)):
                told = sides[name].ask(act="run", operation=operation, lives=_TURN)
                for part, seconds in used[name][operation].items():
                    used[name][operation][part] = seconds + told[part]
            times[operation] += told["times"]
    return {
        name: {each: {part: seconds / times[each] for part, seconds in parts.items()} for each, parts in cpu.items()}
        for name, cpu in used.items()
    }


@contextmanager
def _side(embedded: EmbeddedPostgres, name: str, tree: Path) -> Iterator[Worker]:
    """The process of one side, its shop opened; its database goes with it."""
    database = _database(name)
    with roles.connect_as_login(os.environ, embedded) as login:
        roles.create_test_database(login, database)
        try:
            with embedded.connect(database) as superuser:  # the side's own `migrate` is no superuser's
                ensure_roles(superuser, roles.logins(os.environ, embedded))
            urls = {variable: embedded.url(database, roles.ROLES[alias]) for alias, variable in roles.URLS.items()}
            environ = {**urls, "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(CLONE)]), "LOG_LEVEL": "WARNING"}
            workflow = str(_WORKFLOW) if name == APPROVAL else None
            worker = Worker("life", environ=environ, items=_ITEMS, workflow=workflow)
            try:
                yield worker
            finally:
                worker.close()
        finally:
            roles.drop_test_database(login, database)


def _database(side: str) -> str:
    return f"{PREFIX}{side}_{os.getpid()}"


@contextmanager
def _tree_of(commit: str) -> Iterator[tuple[str, Path]]:
    """The commit's short name, and its `src` in a folder that goes afterwards."""
    known = subprocess.run(
        ["git", "rev-parse", "--short", "--verify", f"{commit}^{{commit}}"], cwd=CLONE, capture_output=True, text=True
    )
    if known.returncode:
        raise SystemExit(f"there is no commit {commit} here to measure against")
    name = known.stdout.strip()
    with tempfile.TemporaryDirectory(prefix="oms-bench-") as folder:
        archive = subprocess.run(["git", "archive", name, "src"], cwd=CLONE, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        yield name, Path(folder)
