"""Queries never load aggregates: named statements, pipelined in one round trip with the access check."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar, overload

from ddd.shared.application.access import Grant
from ddd.shared.application.statements import Read
from ddd.shared.domain.caller import Caller

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


class Reader(Protocol):
    """Reads of one tenant. Each call raises RequestRefused for an unknown or suspended tenant."""

    @overload
    def fetch(self, caller: Caller, /) -> tuple[Grant]: ...
    @overload
    def fetch(self, caller: Caller, a: Read[A], /) -> tuple[Grant, A]: ...
    @overload
    def fetch(self, caller: Caller, a: Read[A], b: Read[B], /) -> tuple[Grant, A, B]: ...
    @overload
    def fetch(self, caller: Caller, a: Read[A], b: Read[B], c: Read[C], /) -> tuple[Grant, A, B, C]: ...
    def fetch(self, caller: Caller, /, *reads: Read[Any]) -> tuple[Any, ...]:
        """The caller's grant and the reads' results: one round trip, joined to an open scope where there is one."""
        ...

    def ask(self, caller: Caller, reads: Callable[[Grant], Sequence[Read[Any]]], /) -> tuple[Grant, *tuple[Any, ...]]:
        """Like `fetch`, for reads that depend on what the caller may see: still one round trip.

        They are made for the grant that this process saw last; where the grant turns out to have changed, they are made
        and sent again. `reads` may raise PermissionMissing.
        """
        ...

    def scope(self, caller: Caller) -> AbstractContextManager[Grant]:
        """One read-only transaction for a browsing query, from before execution until the result is built."""
        ...
