"""Pages by keyset: what may be asked for, and what a page says of its neighbours."""

import base64

import pytest

from ddd.shared.application.pages import encode_cursor, page_of, page_request
from ddd.shared.domain.errors import BadArgument

SORT = "orders.placed_at.desc"
CURSOR = encode_cursor(SORT, "2026-03-01T00:00:00+00:00", "Ω id")


def test_a_cursor_names_its_place_again() -> None:
    forward = page_request(SORT, 10, CURSOR, None, None)
    backward = page_request(SORT, None, None, 10, CURSOR)
    assert forward.position == backward.position == ("2026-03-01T00:00:00+00:00", "Ω id")
    assert (forward.size, forward.is_backward, backward.is_backward) == (10, False, True)


@pytest.mark.parametrize(
    ("first", "after", "last", "before"),
    [
        (None, None, None, None),
        (1, None, 1, None),
        (0, None, 0, None),
        (-1, None, None, None),
        (101, None, None, None),
        (None, None, -1, None),
        (None, None, 101, None),
        (1, None, None, CURSOR),
        (None, CURSOR, 1, None),
        (1, CURSOR, None, CURSOR),
    ],
)
def test_exactly_one_of_first_and_last_from_0_to_100_with_its_own_cursor(
    first: int | None, after: str | None, last: int | None, before: str | None
) -> None:
    with pytest.raises(BadArgument):
        page_request(SORT, first, after, last, before)


def coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "Ω", "\x00", "\ud800", "=", "a" * 5_000, CURSOR[:-3], CURSOR + "!!",
        encode_cursor("orders.placed_at.asc", "a", "b"),
        encode_cursor(SORT, "a"),
        encode_cursor(SORT, "a", "b", "c"),
        encode_cursor(SORT, "a", "\x00"),
        coded("{}"), coded("null"), coded(f'["{SORT}",1,2]'), coded(f'["{SORT}","a","\\ud800"]'), coded("[" * 2_000),
    ],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_a_bad_argument(cursor: str) -> None:
    with pytest.raises(BadArgument):
        page_request(SORT, 1, cursor, None, None)


def test_a_page_forward_knows_of_more_by_one_row_too_many() -> None:
    request = page_request(SORT, 2, None, None, None)
    page = page_of([1, 2, 3], ["a", "b", "c"], request)
    assert (page.nodes, page.cursors) == ([1, 2], ["a", "b"])
    assert (page.has_next_page, page.has_previous_page) == (True, False)
    assert not page_of([1, 2], ["a", "b"], request).has_next_page


def test_a_page_backward_stands_in_the_lists_own_order() -> None:
    page = page_of([3, 2, 1], ["c", "b", "a"], page_request(SORT, None, None, 2, CURSOR))
    assert (page.nodes, page.cursors) == ([2, 3], ["b", "c"])
    assert (page.has_next_page, page.has_previous_page) == (True, True)


def test_a_page_of_nothing_has_no_rows() -> None:
    page = page_of([1], ["a"], page_request(SORT, 0, None, None, None))
    assert (page.nodes, page.has_next_page) == ([], True)
