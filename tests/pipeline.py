"""Single statements of a test's own, as psycopg's cursors send them, inside its pipeline."""

from collections.abc import Sequence
from typing import Any

import psycopg

from ddd.shared.infrastructure.statements import Connection

SET_TENANT = "SELECT set_config('app.tenant_id', $1, true)"


def send(raw: Connection, sql: str, params: Sequence[Any] = ()) -> "psycopg.RawCursor[Any]":
    """Queue one statement in the open pipeline; the cursor has its rows once the pipeline is synced."""
    cursor = psycopg.RawCursor(raw)
    cursor.execute(sql, params)
    return cursor
