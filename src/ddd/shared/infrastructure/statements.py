"""Sending statements: prepared on the server, all of one round trip in one go.

psycopg's own pipeline and cursors cost 15 to 25 µs of Python for each statement, which is most of what a short
transaction costs; here it is libpq's pipeline mode and psycopg's C adaptation, without the cursors (about 5 µs). What
is prepared is remembered by connection, and only once the server said that it is.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

import orjson
import psycopg
from django.db import Error as DjangoError
from django.db import connections
from psycopg import abc, errors, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from ddd.shared.application.statements import Read, Write

Connection = psycopg.Connection[Any]
Rows = list[tuple[Any, ...]]

#: Lists are filtered by texts made as asked for: beyond so many, a connection forgets what it prepared.
_MOST_PREPARED: Final = 300
_FORMATS: Final = [PyFormat.AUTO] * 16
_FAILED: Final = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED)
_prepared: WeakKeyDictionary[Connection, dict[tuple[str, tuple[int, ...]], bytes]] = WeakKeyDictionary()


class Plain(NamedTuple):
    """A statement whose rows nobody builds anything of."""

    sql: str
    params: Sequence[Any] = ()


def set_tenant(tenant_id: str) -> Plain:
    """From here until the transaction ends, row-level security shows this tenant alone."""
    return Plain("SELECT set_config('app.tenant_id', $1, true)", (tenant_id,))


COMMIT: Final = Plain("COMMIT")


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


#: What `exchange` sends.
Statement = Read[Any] | Write | Plain


def exchange(raw: Connection, statements: Sequence[Statement]) -> list[Rows]:
    """The rows of each statement, in one round trip. The first that fails is raised, and what follows it is not run.

    Without BEGIN among them they are one transaction of their own.
    """
    pgconn = raw.pgconn
    names = _prepared.get(raw)
    if names is None:
        names = _prepared[raw] = {}
    elif len(names) >= _MOST_PREPARED:
        pgconn.exec_(b"DEALLOCATE ALL")
        names.clear()
    adapt = Transformer(raw)
    commands: list[Callable[[], None]] = []
    is_preparing: list[bool] = []
    fresh: dict[tuple[str, tuple[int, ...]], bytes] = {}
    for statement in statements:
        sql, params = statement.sql, statement.params
        values: Sequence[Any] = adapt.dump_sequence(params, _FORMATS[: len(params)]) if params else ()
        types, formats = (adapt.types or (), adapt.formats) if params else ((), ())
        name = names.get((sql, types)) or fresh.get((sql, types))
        if name is None:
            name = fresh[sql, types] = b"oms_%d" % (len(names) + len(fresh))
            commands.append(partial(pgconn.send_prepare, name, sql.encode(), types))
            is_preparing.append(True)
        commands.append(partial(pgconn.send_query_prepared, name, values, formats))
        is_preparing.append(False)
    commands.append(pgconn.pipeline_sync)
    pgconn.enter_pipeline_mode()
    try:
        results = raw.wait(_communicate(pgconn, commands))
    except BaseException:
        raw.close()  # in the middle of an answer: of no use to anybody
        raise
    pgconn.exit_pipeline_mode()
    return _rows(raw, adapt, names, fresh, is_preparing, results)


def _communicate(pgconn: PGconn, commands: Sequence[Callable[[], None]]) -> Generator[Any, Any, list[list[PGresult]]]:
    """Queue everything in libpq's buffer, then wait for the socket: as often as it has something, not per command."""
    for command in commands:
        command()
    yield from generators.send(pgconn)
    results: list[list[PGresult]] = []
    while len(results) < len(commands):
        results.append((yield from generators.fetch_many(pgconn)))
    return results


def _rows(
    raw: Connection,
    adapt: abc.Transformer,
    names: dict[tuple[str, tuple[int, ...]], bytes],
    fresh: dict[tuple[str, tuple[int, ...]], bytes],
    is_preparing: Sequence[bool],
    results: Sequence[Sequence[PGresult]],
) -> list[Rows]:
    found: list[Rows] = []
    unnamed = iter(fresh.items())
    for preparing, (result, *_) in zip(is_preparing, results, strict=False):
        if result.status in _FAILED:
            error = errors.error_from_result(result)
            if isinstance(error, errors.InvalidSqlStatementName | errors.DuplicatePreparedStatement):
                raw.close()  # somebody else took our statements away: begin anew on another connection
            raise error
        if preparing:
            key, name = next(unnamed)
            names[key] = name
        elif result.ntuples:
            adapt.set_pgresult(result)
            found.append(adapt.load_rows(0, result.ntuples, tuple))
        else:
            found.append([])
    return found


def dumps(value: Any) -> str:
    """JSON text for a `json` parameter (one parameter for many rows: an array each costs ten times as much to send)."""
    return orjson.dumps(value, default=str).decode()


def text_array(texts: Iterable[str]) -> str:
    """The literal of a `text[]` parameter (a Python list costs ten times as much to send). NUL is the caller's to keep
    out."""
    return "{" + ",".join(['"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in texts]) + "}"


def abandon(raw: Connection) -> None:
    """End a transaction that is not to be. psycopg's own ROLLBACK would take every prepared statement away."""
    if raw.closed:
        return
    status = raw.info.transaction_status
    if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        raw.pgconn.exec_(b"ROLLBACK")
    elif status is not TransactionStatus.IDLE:
        raw.close()  # unknown: never hand it back
