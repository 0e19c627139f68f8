"""Named SQL, opaque to the layers that pass it on: infrastructure makes statements, the unit of work sends them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """One query. `sql` has `$1` placeholders; `build` turns the rows into what the caller wants."""

    sql: str
    params: Sequence[Any]
    build: Callable[[list[tuple[Any, ...]]], T]


@dataclass(frozen=True, slots=True)
class Write:
    """One data-modifying statement; its result is not looked at: what can race is guarded by named constraints."""

    sql: str
    params: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Bundle(Generic[T]):
    """Several queries that answer one question: sent together, then put together."""

    reads: Sequence[Read[Any]]
    assemble: Callable[..., T]
