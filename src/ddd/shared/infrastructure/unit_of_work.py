"""The unit of work on PostgreSQL: two pipelined round trips on this thread's own connection."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

import psycopg
from django.db import connections
from psycopg import errors

from ddd.shared.application.access import Grant
from ddd.shared.application.events import AuditEntry, OutboxEvent
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.clock import Clock
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals
from ddd.shared.infrastructure.access import Access
from ddd.shared.infrastructure.groups import Groups, LostCommit
from ddd.shared.infrastructure.idempotency import KEY_COLUMNS, KEY_TAKEN, KeyUse, UsedKey, use_keys, with_key
from ddd.shared.infrastructure.journal import write_journal
from ddd.shared.infrastructure.relay import Drain
from ddd.shared.infrastructure.statements import (
    COMMIT,
    Connection,
    Plain,
    Rows,
    Statement,
    abandon,
    connection,
    exchange,
    set_tenant,
)

T = TypeVar("T")

#: Lost to another transaction, through nobody's fault: begin again.
_LOST = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)
_CONNECTION_TRIES = 4
_RACE_TRIES = 3
_BEGIN = Plain("BEGIN ISOLATION LEVEL READ COMMITTED")


def _access_and_key(access: Read[Grant], key: KeyUse) -> Plain:
    find = key.find()
    return Plain(with_key(access.sql, len(access.params)), (*access.params, *find.params))


class _KeyUsed(Exception):
    """Ends an attempt whose key had been used."""

    def __init__(self, used: UsedKey) -> None:
        self.used = used


class PostgresTransaction:
    """One attempt. Statements are queued until the attempt has decided."""

    def __init__(
        self,
        raw: Connection,
        caller: Caller,
        command: Command,
        access: Read[Grant],
        key: KeyUse,
        clock: Clock,
        *,
        in_doubt: bool,
    ):
        self._raw = raw
        self._caller = caller
        self._command = command
        self._access = access
        self._key = key
        self._clock = clock
        # A key of the kernel's own can have been used only by an attempt whose commit is in doubt.
        self._asks_for_key = key.is_given or in_doubt
        self._grant: Grant | None = None
        self._tenant = set_tenant(caller.tenant_id)
        #: Whether BEGIN was sent; else each trip is a transaction of its own.
        self._is_open = False
        self.writes: list[Write] = []

    @property
    def grant(self) -> Grant:
        if self._grant is None:
            raise RuntimeError("fetch first: access is read in the first round trip")
        return self._grant

    def fetch(self, *reads: Read[Any]) -> tuple[Any, ...]:
        opening: tuple[Statement, ...] = (self._tenant,)
        if self._is_open:
            opening = ()
        elif any(read.locks for read in reads):
            self._is_open = True
            opening = (_BEGIN, self._tenant)
        asks: tuple[Statement, ...] = ()
        if self._grant is None:  # last, so that what waited for a twin's lock sees the twin's key
            asks = (_access_and_key(self._access, self._key) if self._asks_for_key else self._access,)
        rows = exchange(self._raw, (*opening, *reads, *asks))[len(opening) :]
        if self._grant is None:
            self._learn(rows[-1])
        return tuple(read.build(found) for read, found in zip(reads, rows, strict=False))

    def _learn(self, rows: Rows) -> None:
        """What the caller may do, and what its key was used for. Raises what ends the attempt."""
        if not self._asks_for_key:
            self._grant = self._access.build(rows)
            self._grant.require(self._command.operation)
            return
        self._grant = self._access.build([row[:-KEY_COLUMNS] for row in rows])
        self._grant.require(self._command.operation)
        used = self._key.used([row[-KEY_COLUMNS:] for row in rows])
        if used is not None:
            raise _KeyUsed(used)

    def commit(self, aggregate_id: UUID, groups: Groups) -> None:
        """Send what was stored, behind the key, and have it committed: in a group, where that is possible."""
        key = self._key.row(aggregate_id)
        if self._is_open:
            exchange(self._raw, (use_keys([key]), *self.writes, COMMIT))
        elif self.writes and all(write.rows for write in self.writes):
            groups.commit(self._raw, self._caller.tenant_id, key, self.writes)
        else:
            exchange(self._raw, (self._tenant, use_keys([key]), *self.writes))

    def fetch_all(self, reads: Sequence[Read[Any]]) -> tuple[Any, ...]:
        return self.fetch(*reads)

    def store(self, *writes: Write) -> None:
        self.writes.extend(writes)

    def journal(self, events: Sequence[OutboxEvent], audit: AuditEntry) -> None:
        self.writes.append(write_journal(self._caller, self._clock.now(), events, audit))


class PostgresUnitOfWork:
    """See `ddd.shared.application.unit_of_work.UnitOfWork`."""

    def __init__(self, access: Access, clock: Clock, drain: Drain, alias: str = "default") -> None:
        self._access = access
        self._clock = clock
        self._drain = drain
        self._alias = alias
        self.groups = Groups()

    def run(
        self,
        caller: Caller,
        command: Command,
        attempt: Callable[[Transaction], tuple[UUID, T] | Refusals],
        *,
        replay: Callable[[UUID], T | None],
        races: Mapping[str, Callable[[], Refusals]] | None = None,
        drain: bool = False,
    ) -> Outcome[T]:
        if connections[self._alias].in_atomic_block:
            raise RuntimeError("a unit of work owns its transaction: it never starts inside another one")
        key = KeyUse(caller, command)
        races = races or {}
        failures = lost_races = 0
        in_doubt = False
        while True:
            raw: Connection | None = None
            sent = False
            try:
                raw = connection(self._alias)
                access = self._access.read(caller)
                tx = PostgresTransaction(raw, caller, command, access, key, self._clock, in_doubt=in_doubt)
                answer = attempt(cast(Transaction, tx))
                if key.fault is not None:
                    others = answer.items if isinstance(answer, Refusals) else ()
                    answer = Refusals((Refusal(ErrorCode.INVALID_INPUT, key.fault, ("idempotencyKey",)), *others))
                if isinstance(answer, Refusals):
                    abandon(raw)
                    return Outcome(None, answer.items)
                aggregate_id, value = answer
                sent = True
                tx.commit(aggregate_id, self.groups)
                break
            except _KeyUsed as known:
                abandon(cast(Connection, raw))
                return self._replayed(command, key, known.used, replay, own=in_doubt and not key.is_given)
            except errors.IntegrityError as error:
                abandon(cast(Connection, raw))
                constraint = error.diag.constraint_name or ""
                if constraint == KEY_TAKEN:
                    used = self._find(caller, key)
                    if used is not None:
                        return self._replayed(command, key, used, replay, own=in_doubt and not key.is_given)
                    continue  # the twin was rolled back or its key has expired in between
                lost_races += 1
                if constraint not in races:
                    raise
                if lost_races >= _RACE_TRIES:
                    return Outcome(None, races[constraint]().items)
            except _LOST:
                abandon(cast(Connection, raw))
                failures += 1
                if failures >= _CONNECTION_TRIES:
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**failures))
            except LostCommit:  # in doubt like below, whether this thread's connection died or another's
                if raw is not None and raw.closed:
                    connections[self._alias].close()
                in_doubt = True
                failures += 1
                if failures >= _CONNECTION_TRIES:
                    raise
                time.sleep(random.uniform(0, 0.05 * 2**failures))
            except psycopg.OperationalError:
                # A dead connection. Where COMMIT had been sent the outcome is in doubt: the next attempt looks for the
                # key after its other reads, and writes it first, so it either learns of the commit or is the first.
                if raw is not None and not raw.closed:
                    abandon(raw)
                    raise
                connections[self._alias].close()
                in_doubt = in_doubt or sent
                failures += 1
                if failures >= _CONNECTION_TRIES:
                    raise
                time.sleep(random.uniform(0, 0.05 * 2**failures))
            except BaseException:
                if raw is not None:
                    abandon(raw)
                raise
        if drain:  # committed by now: whatever happens to the drain, the relay process does the rest
            self._drain(caller.tenant_id, aggregate_id)
        return Outcome(value)

    def _find(self, caller: Caller, key: KeyUse) -> UsedKey | None:
        raw = connection(self._alias)
        read = key.find()
        return read.build(exchange(raw, (set_tenant(caller.tenant_id), read))[1])

    def _replayed(
        self, command: Command, key: KeyUse, used: UsedKey, replay: Callable[[UUID], T | None], *, own: bool
    ) -> Outcome[T]:
        if used.operation != command.operation or used.fingerprint != key.fingerprint:
            return Outcome(
                None,
                Refusals.of(
                    ErrorCode.IDEMPOTENCY_KEY_REUSED,
                    "This idempotency key was used for another operation or input.",
                    ("idempotencyKey",),
                ).items,
            )
        return Outcome(replay(used.aggregate_id), replayed=not own)
