"""Queries: hot reads in one round trip, browsing in one read-only transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

from ddd.shared.application.access import Grant
from ddd.shared.application.statements import Read
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import PermissionMissing
from ddd.shared.infrastructure.access import Access
from ddd.shared.infrastructure.statements import COMMIT, Connection, Plain, abandon, connection, exchange, set_tenant

_BEGIN_MOMENT = Plain("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
_BEGIN_READ = Plain("BEGIN READ ONLY")
#: The hot path's connection forces generic plans; a browsing query is planned for its values.
_PLAN_FOR_VALUES = Plain("SELECT set_config('plan_cache_mode', 'auto', true)")


class PostgresReader:
    """See `ddd.shared.application.reader.Reader`."""

    def __init__(self, access: Access, alias: str = "default") -> None:
        self._access = access
        self._alias = alias

    def fetch(self, caller: Caller, *reads: Read[Any]) -> tuple[Any, ...]:
        access = self._access.read(caller)
        if connections[self._alias].in_atomic_block:  # inside a read scope: its tenant is set
            return self._send(connection(self._alias), None, access, reads)
        try:
            return self._send(connection(self._alias), caller, access, reads)
        except psycopg.OperationalError:
            if not connection_is_dead(self._alias):
                raise
            connections[self._alias].close()
            return self._send(connection(self._alias), caller, access, reads)

    def _send(
        self, raw: Connection, caller: Caller | None, access: Read[Grant], reads: tuple[Read[Any], ...]
    ) -> tuple[Any, ...]:
        if caller is None:
            rows = exchange(raw, (access, *reads))
        elif len(reads) > 1:  # several reads see one moment; a single one does so anyway
            try:
                rows = exchange(raw, (_BEGIN_MOMENT, set_tenant(caller.tenant_id), access, *reads, COMMIT))[2:-1]
            except BaseException:
                abandon(raw)
                raise
        else:
            rows = exchange(raw, (set_tenant(caller.tenant_id), access, *reads))[1:]
        grant = access.build(rows[0])
        return (grant, *(read.build(found) for read, found in zip(reads, rows[1:], strict=True)))

    def ask(self, caller: Caller, reads: Callable[[Grant], Sequence[Read[Any]]]) -> tuple[Grant, *tuple[Any, ...]]:
        guess = self._access.known(caller)
        if guess is None:
            (guess,) = self.fetch(caller)
        while True:
            try:
                made: Sequence[Read[Any]] = reads(guess)
                refused = None
            except PermissionMissing as error:
                made, refused = (), error
            grant, *results = self.fetch(caller, *made)
            if grant.permissions is guess.permissions:
                if refused is not None:
                    raise refused
                return (grant, *results)
            guess = grant

    @contextmanager
    def scope(self, caller: Caller) -> Iterator[Grant]:
        """One READ ONLY transaction that sees one tenant, for browsing queries; hot reads inside join it.

        Django believes that it is inside `atomic()`, so it neither autocommits nor reconnects. Raises RequestRefused.
        """
        django = connections[self._alias]
        if django.in_atomic_block:
            raise RuntimeError("read scopes do not nest")
        access = self._access.read(caller)
        try:
            raw = connection(self._alias)
            rows = self._open(raw, caller, access)
        except psycopg.OperationalError:
            if not connection_is_dead(self._alias):
                raise
            django.close()
            raw = connection(self._alias)
            rows = self._open(raw, caller, access)
        django.in_atomic_block = True
        django.needs_rollback = False
        try:
            yield access.build(rows)
        finally:
            django.in_atomic_block = False
            django.needs_rollback = False
            if not raw.closed:
                raw.pgconn.exec_(b"ROLLBACK")

    @staticmethod
    def _open(raw: Connection, caller: Caller, access: Read[Grant]) -> list[tuple[Any, ...]]:
        opening = (_BEGIN_READ, set_tenant(caller.tenant_id), _PLAN_FOR_VALUES, access)
        return exchange(raw, opening)[-1]


def connection_is_dead(alias: str) -> bool:
    """Whether this thread's connection was lost (other operational errors are the caller's to see)."""
    raw = connections[alias].connection
    return raw is None or raw.closed
