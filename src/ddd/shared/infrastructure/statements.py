"""Sending statements: prepared on the server, several to a round trip."""

from collections.abc import Sequence
from typing import Any, cast

import orjson
import psycopg
from django.db import Error as DjangoError
from django.db import connections
from psycopg.pq import TransactionStatus

from ddd.shared.application.statements import Read, Write

Connection = psycopg.Connection[Any]
SET_TENANT = "SELECT set_config('app.tenant_id', $1, true)"


def connection(alias: str) -> Connection:
    """This thread's psycopg connection behind a Django alias, opened where it is not.

    Raises psycopg's own error where it cannot be: Django wraps it in one that nobody below Django catches.
    """
    django = connections[alias]
    try:
        django.ensure_connection()
    except DjangoError as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise
    return cast(Connection, django.connection)


def send(raw: Connection, sql: str, params: Sequence[Any] = ()) -> "psycopg.RawCursor[Any]":
    """Queue one prepared statement in the open pipeline; the cursor has its rows once the pipeline is synced.

    `prepare=True` on each, never a threshold: a threshold of 1 behind an error in a pipeline leaves psycopg
    believing in a statement that the server never parsed.
    """
    cursor = psycopg.RawCursor(raw)
    cursor.execute(sql, params, prepare=True)
    return cursor


def pipelined(raw: Connection, statements: Sequence[Read[Any] | Write]) -> list["psycopg.RawCursor[Any]"]:
    """All statements in one round trip."""
    with raw.pipeline():
        return [send(raw, statement.sql, statement.params) for statement in statements]


def dumps(value: Any) -> str:
    """JSON text for a `json` parameter (one parameter for many rows: an array each costs ten times as much to send)."""
    return orjson.dumps(value, default=str).decode()


def abandon(raw: Connection) -> None:
    """End a transaction that is not to be. psycopg's own ROLLBACK would forget every prepared statement."""
    if raw.closed:
        return
    status = raw.info.transaction_status
    if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        raw.pgconn.exec_(b"ROLLBACK")
    elif status is not TransactionStatus.IDLE:
        raw.close()  # unknown: never hand it back
