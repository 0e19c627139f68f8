"""A model of the life of orders, and the server: the same requests, the same answers, the same state after each.

`make soak` runs it whole: LIFE_REQUESTS of them, figures to the file LIFE_FIGURES.
"""

import json
import logging
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase

from ddd.orders.application.sight import Sight
from ddd.orders.domain.order import Order
from ddd.shared.application.statements import Write
from ddd.stock.infrastructure.reservations import StockReservations
from tests.api.everything import order_mutations
from tests.model.machine import Life, live
from tests.model.world import MAKERS, OPERATIONS

REQUESTS = int(os.environ.get("LIFE_REQUESTS", "600"))


@pytest.fixture(autouse=True)
def _quiet(database: object, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "bff.request")


def test_the_model_knows_every_mutation_on_orders() -> None:
    of_many_at_once = {"migrateOrders"}  # under other workflows than they were placed under: its own tests
    assert {*MAKERS, *OPERATIONS} == order_mutations() - of_many_at_once


def test_server_and_model_agree_on_every_answer_and_every_state() -> None:
    live(REQUESTS)
    assert Life.tally.total() >= REQUESTS
    if "LIFE_FIGURES" in os.environ:
        Path(os.environ["LIFE_FIGURES"]).write_text(json.dumps(_figures(Life.tally)))


def _figures(tally: Counter[tuple[str, str]]) -> dict[str, Any]:
    def sum_of(*answers: str) -> int:
        return sum(count for (_, answer), count in tally.items() if answer in answers)

    taken = {name: tally[name, "done"] for name in (*MAKERS, *OPERATIONS)}
    refused = Counter[str]()
    for (_, answer), count in tally.items():
        refused[answer] += count if answer not in ("done", "replayed") else 0
    return {
        "requests": tally.total(),
        "runs, each of two tenants": Life.runs,
        "taken": sum_of("done"),
        "repeated with their key": sum_of("replayed"),
        "refused": refused.total(),
        "disagreements": 0,
        "taken, by operation": ", ".join(f"{name} {count}" for name, count in taken.items()),
        "refused, by code": ", ".join(f"{code} {count}" for code, count in refused.most_common() if count),
    }


def _nothing(*_: object, **__: object) -> Write:
    return Write("SELECT $1", ("",))


#: What somebody might break, by where it stands.
BROKEN: dict[str, tuple[type, str, Any]] = {
    "stock is not released": (StockReservations, "release", _nothing),
    "held orders ship": (Order, "is_held", lambda self, now: False),
    "vendors see everything": (Sight, "sees", lambda self, line: True),
    "a change keeps the version": (Order, "touch", lambda self, at: None),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_noticed(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    where, name, instead = BROKEN[what]
    monkeypatch.setattr(where, name, instead)
    with pytest.raises(AssertionError):
        live(REQUESTS, Phase.generate)
