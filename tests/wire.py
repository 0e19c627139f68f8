"""What goes over the wire: how often a connection waited for the server, and how many statements it ran.

libpq itself writes the protocol down (PQtrace), so nothing that psycopg or Django does on the side escapes. A round
trip is a message that makes the server answer for what was sent since the last one: Sync (the end of a pipeline, or of
a statement outside one), Query (the simple protocol), Flush (rows wanted before the pipeline's end). psycopg also
sends a Flush behind a Sync, at a moment that varies; that one asks for nothing.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from psycopg.pq import Trace

from ddd.shared.infrastructure.statements import connection

T = TypeVar("T")


@dataclass(slots=True)
class Wire:
    """Counts, filled in when the recording ends. `statements`: run, BEGIN and COMMIT among them; `parsed`: prepared
    anew, which a warm connection does not do."""

    trips: int = 0
    statements: int = 0
    parsed: int = 0

    @property
    def counts(self) -> tuple[int, int]:
        """(round trips, statements)."""
        return self.trips, self.statements


@contextmanager
def recorded(alias: str = "default") -> Iterator[Wire]:
    """Record this thread's connection behind a Django alias; one that is opened anew meanwhile is not seen."""
    raw = connection(alias)
    wire = Wire()
    with tempfile.TemporaryFile() as file:
        # libpq's FILE owns the descriptor that it is given, and is never closed: it gets one of its own.
        raw.pgconn.trace(os.dup(file.fileno()))
        raw.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS | Trace.REGRESS_MODE)
        try:
            yield wire
        finally:
            raw.pgconn.untrace()
            file.seek(0)
            lines = [line.split("\t") for line in file.read().decode(errors="replace").splitlines()]
    sent = Counter(line[2] for line in lines if len(line) > 2 and line[0] == "F")
    ready = sum(1 for line in lines if len(line) > 2 and line[0] == "B" and line[2] == "ReadyForQuery")
    if ready != sent["Sync"] + sent["Query"]:
        raise RuntimeError(f"an answer is still on its way: {ready} of {sent['Sync'] + sent['Query']}")
    unanswered = False
    for kind in (line[2] for line in lines if len(line) > 2 and line[0] == "F"):
        if kind in ("Sync", "Query") or (kind == "Flush" and unanswered):
            wire.trips += 1
        unanswered = kind not in ("Sync", "Query", "Flush")
    wire.statements = sent["Execute"] + sent["Query"]
    wire.parsed = sent["Parse"]


def counted(act: Callable[[], T], *, warm: Callable[[], object] | None = None) -> tuple[tuple[int, int], T]:
    """((round trips, statements), answer) of one call, after another one like it has prepared its statements."""
    (warm or act)()
    with recorded() as wire:
        answer = act()
    if wire.parsed:
        raise RuntimeError(f"{wire.parsed} statements were prepared: the warm-up did something else")
    return wire.counts, answer
