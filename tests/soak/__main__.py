"""`make soak`: the long proofs, in parts. What is done is remembered for this commit; an interrupted run goes on.

    python -m tests.soak [PART …] [--again]

Figures go to `docs/proof.md` after each part.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.soak.agreeing import live_and_compare
from tests.soak.buying import Crowd, adds_up, create_receive_place, the_last_units, the_same_key
from tests.soak.house import CLONE, House, Shop
from tests.soak.killing import VICTIMS, kill_in_turn

STATE = CLONE / ".data" / "soak.json"
PROOF = CLONE / "docs" / "proof.md"
ROUNDS = 50
KILLS_IN_A_PART = 10
REQUESTS_IN_A_PART = 5_500

Figures = dict[str, Any]


def last_units_in_one_branch() -> Figures:
    return _rounds((7,))


def last_units_over_three_branches() -> Figures:
    return _rounds((3, 2, 2))


def _rounds(spread: tuple[int, ...]) -> Figures:
    with House() as house, Crowd() as crowd:
        shop = Shop(house)
        heard: Counter[str] = Counter()
        for _ in range(ROUNDS):
            heard += the_last_units(shop, crowd, spread)
        adds_up(shop.query)
        deadlocks = house.query_as("oms_system", "SELECT deadlocks FROM pg_stat_database WHERE datname LIKE 'order%'")
        assert deadlocks == [(0,)], deadlocks
    return {"rounds": ROUNDS, "units": sum(spread), **heard, "deadlocks": 0, "5xx": 0}


def same_key() -> Figures:
    with House() as house, Crowd() as crowd:
        shop = Shop(house)
        for number in range(ROUNDS):
            the_same_key(shop, crowd, 1 if number % 2 else 100)
        adds_up(shop.query)
    return {"rounds": ROUNDS, "for the last unit": ROUNDS // 2, "orders": ROUNDS, "replays": 15 * ROUNDS}


def without_relay() -> Figures:
    with House("database", "server") as house:
        assert house.pid_of("relay") is None
        shop = Shop(house)
        ordered = create_receive_place(shop, 200)
        adds_up(shop.query)
    return {"created, received and ordered": 200, "orders": ordered}


def kills() -> Figures:
    with House() as house:
        outcome = kill_in_turn(house, Shop(house), kills=KILLS_IN_A_PART, buyers=8, orders_between=100)
    return {
        "killed in turn": ", ".join(VICTIMS),
        "kills": outcome.kills,
        "orders acknowledged": outcome.acknowledged,
        "acknowledged and lost": 0,
        "unanswered": outcome.unanswered,
        "of these whole in the database": outcome.unanswered_but_there,
        "half there": 0,
        "longest pause in answers, s": round(outcome.longest_pause, 1),
        "snapshots level again after, s": round(outcome.catching_up, 1),
    }


def life() -> Figures:
    return live_and_compare(REQUESTS_IN_A_PART)


LIVES = [f"life against its model, {which} quarter" for which in ("first", "second", "third", "last")]
PARTS: dict[str, Callable[[], Figures]] = {
    "last units in one branch": last_units_in_one_branch,
    "last units over three branches": last_units_over_three_branches,
    "same key": same_key,
    "without relay": without_relay,
    "kills, first half": kills,
    "kills, second half": kills,
    **dict.fromkeys(LIVES, life),
}
SAYS = {
    "last units in one branch": "32 clients over HTTP buy the last 7 units at once",
    "last units over three branches": "The same, the 7 units lying as 3 + 2 + 2 in three branches",
    "same key": "The same checkout with the same key 16 times at once",
    "without relay": "Create an item, receive it, order it, without a pause, the relay stopped",
    "kills, first half": "kill -9 of one part after the other while 8 clients order and master data changes",
    "kills, second half": "The same again, in a new house",
    **dict.fromkeys(LIVES, "Anybody does anything with orders, by chance; each answer and each state is compared"),
}


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=CLONE, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _commit() -> str:
    commit = _git("rev-parse", "--short=12", "HEAD") or "no commit"
    return (
        f"{commit} with changes" if _git("status", "--porcelain", "--", "src", "tests/soak", "tests/model") else commit
    )


def _load(commit: str) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(STATE.read_text())
    except (OSError, ValueError):
        state = {}
    return state if state.get("commit") == commit else {"commit": commit, "parts": {}}


def _save(state: dict[str, Any]) -> None:
    STATE.parent.mkdir(exist_ok=True)
    aside = STATE.with_suffix(".new")
    aside.write_text(json.dumps(state, indent=1))
    aside.replace(STATE)
    lines = [
        "# Proof: nothing sold twice, nothing lost",
        "",
        "Written by `make soak`; a part ends with an error, unlisted, where a figure is not what it must be.",
        "After each part every level's reserved units equal its reservations and its open lines, every order's",
        "timeline and outbox run from 1 without a gap, and on hand equals the ledger.",
        "",
        f"Commit {state['commit']} · {os.cpu_count()} CPUs · Python {platform.python_version()}"
        f" · PostgreSQL {os.environ.get('PG') or '18'} (embedded)",
    ]
    for name, done in state["parts"].items():
        lines += ["", f"## {name.capitalize()}", "", f"{SAYS[name]}. {done['at']}, {done['seconds']} s.", ""]
        lines += ["| | |", "|---|---|"] + [f"| {key} | {value} |" for key, value in done["figures"].items()]
    PROOF.write_text("\n".join(lines) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description="The long proofs.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of: {'; '.join(PARTS)}")
    parser.add_argument("--again", action="store_true", help="also what is done for this commit")
    asked = parser.parse_args()
    for unknown in set(asked.parts) - set(PARTS):
        print(f"there is no part {unknown!r}; there are: {'; '.join(PARTS)}", file=sys.stderr)
        return 1
    commit = _commit()
    state = _load(commit)
    for name in asked.parts or PARTS:
        if name in state["parts"] and not asked.again:
            print(f"{name}: done at {state['parts'][name]['at']}")
            continue
        print(f"{name} …", flush=True)
        began = time.monotonic()
        figures = PARTS[name]()
        seconds = round(time.monotonic() - began)
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        state["parts"][name] = {"at": at, "seconds": seconds, "figures": figures}
        _save(state)
        print(f"{name}: {figures} in {seconds} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
