"""What a list of orders may be asked for."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ddd.orders.application.listing import Listing, Span, read_listing
from ddd.shared.domain.errors import BadArgument


def test_nothing_asked_is_the_newest_first() -> None:
    assert read_listing(None, None) == read_listing({}, {}) == Listing(sort="placed_at", is_descending=True)


def test_an_empty_search_is_no_filter() -> None:
    assert read_listing({"search": ""}, None) == Listing()


def test_spans_are_read_in_utc() -> None:
    listing = read_listing({"placedAt": {"from": "2026-03-01T01:00:00+01:00", "until": None}}, None)
    assert listing.placed_at == Span(datetime(2026, 3, 1, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("order_by", "name"),
    [
        ({}, "orders.placed_at.desc"),
        ({"direction": "ASC"}, "orders.placed_at.asc"),
        ({"field": "UPDATED_AT"}, "orders.updated_at.desc"),
        ({"field": "UPDATED_AT", "direction": "ASC"}, "orders.updated_at.asc"),
    ],
)
def test_each_order_has_cursors_of_its_own(order_by: dict[str, Any], name: str) -> None:
    assert read_listing(None, order_by).sort_name == name


@pytest.mark.parametrize("name", ["customerId", "customerEmail", "vendorId", "branchCode", "sku", "channel", "search"])
@pytest.mark.parametrize("value", ["\x00", "a\x00", "\ud800", "x" * 256], ids=ascii)
def test_text_that_nothing_can_have_is_a_bad_argument(name: str, value: str) -> None:
    with pytest.raises(BadArgument, match=f"filter.{name}"):
        read_listing({name: value}, None)


@pytest.mark.parametrize("name", ["placedAt", "updatedAt"])
@pytest.mark.parametrize("end", ["from", "until"])
@pytest.mark.parametrize("value", ["yesterday", "2026-03-01", "", 1, "\x00"])
def test_a_time_that_is_none_is_a_bad_argument(name: str, end: str, value: object) -> None:
    with pytest.raises(BadArgument, match=f"filter.{name}.{end}"):
        read_listing({name: {end: value}}, None)
