"""Scalars hand input on as it was written and write output in one form."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError, parse_value

from bff.graphql import scalars


@pytest.mark.parametrize("value", ["10.50", "not a number", "", 10, 10.5, -1, "\ud800"])
def test_strings_and_numbers_pass_raw(value: Any) -> None:
    assert scalars.decimal_from_value(value) is value
    assert scalars.instant_from_value(value) is value


@pytest.mark.parametrize("value", [True, False, [], {}, ["1"], {"a": 1}])
def test_what_can_be_no_scalar_is_refused(value: Any) -> None:
    for scalar in (scalars.decimal_from_value, scalars.instant_from_value):
        with pytest.raises(GraphQLError, match="must be a string or a number"):
            scalar(value)


def test_a_literal_number_keeps_every_digit() -> None:
    assert scalars.decimal_from_literal(parse_value("12345678901234567890.10")) == "12345678901234567890.10"
    assert scalars.decimal_from_literal(parse_value("7")) == "7"
    assert scalars.instant_from_literal(parse_value('"2026-03-01T00:00:00Z"')) == "2026-03-01T00:00:00Z"
    for literal in ("true", "[1]", "{a:1}", "WORD"):
        with pytest.raises(GraphQLError):
            scalars.decimal_from_literal(parse_value(literal))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "2026-03-01T09:30:00Z"),
        (datetime(2026, 3, 1, 9, 30, 0, 120_000, tzinfo=UTC), "2026-03-01T09:30:00.120000Z"),
        (datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2026-03-01T04:00:00Z"),
        (datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(0))), "2026-03-01T09:30:00Z"),
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"),
    ],
)
def test_an_instant_is_written_in_utc(value: object, text: str) -> None:
    assert scalars.instant_to_text(value) == text


@pytest.mark.parametrize(("value", "text"), [("10.50", "10.50"), (Decimal("1E+3"), "1000"), (Decimal("0.10"), "0.10")])
def test_a_decimal_is_written_without_an_exponent(value: object, text: str) -> None:
    assert scalars.decimal_to_text(value) == text


def test_our_own_mistakes_are_errors() -> None:
    for value in (datetime(2026, 3, 1), 5):  # noqa: DTZ001  (a naive datetime is the case)
        with pytest.raises(TypeError):
            scalars.instant_to_text(value)
    for number in (Decimal("NaN"), 1.5):
        with pytest.raises(TypeError):
            scalars.decimal_to_text(number)


def test_json_passes_as_it_came_however_deep_up_to_200() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert scalars.json_from_value(deep) is deep
    with pytest.raises(GraphQLError, match="too deeply"):
        scalars.json_from_value([deep])
    with pytest.raises(GraphQLError, match="too large"):
        scalars.json_from_value({"a": [float("inf")]})
    assert scalars.json_from_literal(parse_value('{a:[1,2.5,"x",true,null]}')) == {"a": [1, 2.5, "x", True, None]}
