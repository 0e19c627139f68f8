"""The unit of work: one command, one transaction, two round trips.

    attempt(tx)            tx.fetch(...)   first trip:  tenant, the reads, access and idempotency key
                           decide          no database
                           tx.store(...)   queued
    return                 second trip: tenant, key row, the stored statements in their order, journal

An attempt is run again from the start when it lost a race (a deadlock, a named constraint); it must not have effects
of its own. A read that locks makes both trips one transaction (BEGIN, COMMIT); else each is one by itself, nothing is
idle in transaction, and the second may be shared with other commands' (see `Write.rows`). Within the first trip every
read sees what the reads before it waited for: lock first, then look.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, overload
from uuid import UUID

from ddd.shared.application.access import Grant
from ddd.shared.application.events import AuditEntry, OutboxEvent
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Read, Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import Refusals

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Command:
    """How the kernel sees a command: its operation's name, the client's key, and the input that the key stands for.

    `given`: the fields the client gave, as JSON-like data, for the fingerprint; the key itself is not among them.
    """

    operation: str
    key: str | None
    given: Mapping[str, Any]


class Transaction(Protocol):
    """One attempt of a unit of work."""

    @property
    def grant(self) -> Grant:
        """What the caller may do, as of the first trip."""
        ...

    @overload
    def fetch(self) -> tuple[()]: ...
    @overload
    def fetch(self, a: Read[A], /) -> tuple[A]: ...
    @overload
    def fetch(self, a: Read[A], b: Read[B], /) -> tuple[A, B]: ...
    @overload
    def fetch(self, a: Read[A], b: Read[B], c: Read[C], /) -> tuple[A, B, C]: ...
    @overload
    def fetch(self, a: Read[A], b: Read[B], c: Read[C], d: Read[D], /) -> tuple[A, B, C, D]: ...
    @overload
    def fetch(self, a: Read[A], b: Read[B], c: Read[C], d: Read[D], e: Read[E], /) -> tuple[A, B, C, D, E]: ...
    def fetch(self, *reads: Read[Any]) -> tuple[Any, ...]:
        """The reads' results, in one round trip, in this order.

        The first call of an attempt also opens the transaction, asks for access and looks the idempotency key up,
        after the reads (so that what waited for a twin's lock sees the twin's key). A caller without permission and a
        key that was used never come back from it.
        """
        ...

    def fetch_all(self, reads: Sequence[Read[Any]]) -> tuple[Any, ...]:
        """Like `fetch`, for reads that are counted at run time."""
        ...

    def store(self, *writes: Write) -> None:
        """Queue statements; they are sent, in this order, with COMMIT."""
        ...

    def journal(self, events: Sequence[OutboxEvent], audit: AuditEntry) -> None:
        """Queue the outbox rows and the audit row of this change."""
        ...


class UnitOfWork(Protocol):
    """The only opener of transactions that write."""

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
        """Run the attempt to its end: committed whole, or refused with nothing moved.

        `attempt` answers the aggregate's id and the value, or refusals. `replay` loads the object of a key that was
        used, as it is now. `races` names the constraints that an attempt may lose a race on: it is tried again from a
        fresh read, three times in all, then the refusal stands. `drain`: deliver the aggregate's own events to the
        snapshots before answering, at most 1 s (read your writes).

        Raises RequestRefused (unknown or suspended tenant, no role), PermissionMissing.
        """
        ...
