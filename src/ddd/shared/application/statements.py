"""Named SQL, opaque to the layers that pass it on: infrastructure makes statements, the unit of work sends them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Read(NamedTuple, Generic[T]):
    """One query. `sql` has `$1` placeholders; `build` turns the rows into what the caller wants.

    `locks`: its rows (or what else it locks) stay locked until the unit of work ends.
    """

    sql: str
    params: Sequence[Any]
    build: Callable[[list[tuple[Any, ...]]], T]
    locks: bool = False


class Write(NamedTuple):
    """One data-modifying statement; its result is not looked at: what can race is guarded by named constraints.

    `rows`: the positions of parameters that are lists of rows (JSON arrays). Where there are any, the statements of
    several commands that differ in these alone may be sent as one, with the lists joined.
    """

    sql: str
    params: Sequence[Any]
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle(Generic[T]):
    """Several queries that answer one question: sent together, then put together."""

    reads: Sequence[Read[Any]]
    assemble: Callable[..., T]
