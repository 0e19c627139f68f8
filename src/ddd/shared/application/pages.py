"""Relay connections by keyset (GraphQL Cursor Connections Specification): exactly one of `first`, `last`, 0 to 100."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from ddd.shared.domain.errors import BadArgument
from ddd.shared.domain.text import is_storable

T = TypeVar("T")
MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A checked request for a page. `size` rows, walking forward or backward from the row that `position` names."""

    size: int
    is_backward: bool
    position: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page in the list's own order, whichever way it was walked."""

    nodes: Sequence[T]
    cursors: Sequence[str]
    has_next_page: bool
    has_previous_page: bool


def page_request(
    sort: str, first: int | None, after: str | None, last: int | None, before: str | None, *, parts: int = 2
) -> PageRequest:
    """The page that a client asks for, or BadArgument. `sort` names field and direction; a cursor belongs to it."""
    if (first is None) == (last is None):
        raise BadArgument("Give exactly one of first and last.")
    size = first if first is not None else last
    assert size is not None
    if not 0 <= size <= MAX_PAGE:
        raise BadArgument(f"A page has 0 to {MAX_PAGE} entries.")
    if (first is not None and before is not None) or (last is not None and after is not None):
        raise BadArgument("after goes with first, before goes with last.")
    cursor = after if first is not None else before
    position = None if cursor is None else _decode(sort, cursor, parts)
    return PageRequest(size, last is not None, position)


def encode_cursor(sort: str, *position: str) -> str:
    """An opaque cursor: the sort and the row's place in it."""
    return base64.urlsafe_b64encode(orjson.dumps([sort, *position])).decode().rstrip("=")


def _decode(sort: str, cursor: str, parts: int) -> tuple[str, ...]:
    fault = BadArgument("This cursor is none of ours for this list and order.")
    if len(cursor) > 5_000 or not cursor.isascii():
        raise fault
    try:
        position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise fault from None
    if (
        not isinstance(position, list)
        or len(position) != parts + 1
        or position[0] != sort
        or not all(isinstance(part, str) and is_storable(part) for part in position)
    ):
        raise fault
    return tuple(position[1:])


def page_of(rows: Sequence[T], cursors: Sequence[str], request: PageRequest) -> Page[T]:
    """The page from up to `size + 1` rows, in the order in which they were walked."""
    more = len(rows) > request.size
    nodes, marks = list(rows[: request.size]), list(cursors[: request.size])
    if request.is_backward:
        nodes.reverse()
        marks.reverse()
        return Page(nodes, marks, has_next_page=request.position is not None, has_previous_page=more)
    return Page(nodes, marks, has_next_page=more, has_previous_page=request.position is not None)
