"""Raw psycopg, without a framework around it: the other floors, in a measuring process of their own."""

import random
import time
import uuid
from collections.abc import Sequence
from typing import Any

import orjson
import psycopg

from tests.bench.worker import serve


class Raw:
    """One connection in autocommit; every statement prepared, with a generic plan."""

    def __init__(self, url: str, items: int, one_statement: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, options="-c plan_cache_mode=force_generic_plan")
        self._connection.prepare_threshold = None
        self._connection.prepare_threshold = 2**31 - 1
        self._items = items
        self._one_statement = one_statement

    def _send(self, sql: str, params: Sequence[Any]) -> "psycopg.RawCursor[Any]":
        cursor = psycopg.RawCursor(self._connection)
        cursor.execute(sql, params, prepare=True)
        return cursor

    def backend(self) -> dict[str, Any]:
        return {"pid": self._connection.info.backend_pid}

    def place(self, seconds: float) -> dict[str, Any]:
        """The order as one statement, again and again."""
        base = uuid.uuid4().int & ((1 << 64) - 1)
        deadline = time.perf_counter() + seconds
        cpu, orders = time.process_time(), 0
        while time.perf_counter() < deadline:
            skus = [f"SKU-{number:05}" for number in sorted(random.sample(range(self._items), 3))]
            new_id = uuid.UUID(int=(time.time_ns() // 1_000_000 << 80) | (base + orders) & ((1 << 64) - 1))
            try:
                self._send(self._one_statement, (str(new_id), new_id.hex[16:], *skus))
            except psycopg.errors.DeadlockDetected:
                continue
            orders += 1
        return {"orders": orders, "per_second": orders / seconds, "cpu": time.process_time() - cpu}

    def read(self, reads: Sequence[Sequence[Any]], ids: Sequence[str], columns: Sequence[Any], times: int) -> Any:
        """The same rows in one pipeline, as dicts, as JSON; the median latency in seconds.

        `reads`: statement and parameters, where "{id}" stands for an order's id.
        """
        latencies = []
        for number in range(times):
            chosen = ids[number % len(ids)] if ids else ""
            began = time.perf_counter()
            with self._connection.pipeline():
                cursors = [
                    self._send(sql, [chosen if each == "{id}" else each for each in params]) for sql, params in reads
                ]
            rows = [cursor.fetchall() for cursor in cursors]
            told = [
                [dict(zip(names, row, strict=True)) for row in found]
                for names, found in zip(columns, rows, strict=True)
            ]
            answer = orjson.dumps(told)
            latencies.append(time.perf_counter() - began)
            if not all(rows):
                raise RuntimeError("no rows")
        latencies.sort()
        return {"p50": latencies[times // 2], "bytes": len(answer), "rows": [len(found) for found in rows]}


def _setup(**given: Any) -> Any:
    raw = Raw(**given)

    def answer(act: str, **arguments: Any) -> dict[str, Any]:
        found: dict[str, Any] = getattr(raw, act)(**arguments)
        return found

    return answer


if __name__ == "__main__":
    serve(_setup)
