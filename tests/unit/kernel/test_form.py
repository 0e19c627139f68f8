"""Reading input: typed values, and faults at their paths in the order in which they stand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ddd.shared.application.form import Form, parse_date_time
from ddd.shared.domain.errors import ErrorCode

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def paths(form: Form) -> list[str]:
    """The dotted paths of the form's faults, all of them INVALID_INPUT."""
    assert {fault.code for fault in form.faults} <= {ErrorCode.INVALID_INPUT}
    return [".".join(fault.field or ()) for fault in form.faults]


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2026-03-01T09:30:00Z", NOW),
        ("2026-03-01t09:30:00z", NOW),
        ("2026-03-01T10:30:00+01:00", NOW),
        ("2026-02-28T23:30:00-10:00", NOW),
        ("2026-03-01T09:30:00.5Z", NOW.replace(microsecond=500_000)),
        ("2026-03-01T09:30:00.123456789Z", NOW.replace(microsecond=123_456)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_an_rfc_3339_time_is_read_in_utc(raw: str, moment: datetime) -> None:
    assert parse_date_time(raw) == moment


@pytest.mark.parametrize(
    "raw",
    [
        "2026-03-01", "2026-03-01T09:30:00", "2026-03-01T09:30Z", "20260301T093000Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T09:30:60Z", "2026-03-01T09:30:00+24:00",
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-03-01T09:30:00Z\n",
        "２０２６-03-01T09:30:00Z", "now", "", "\x00", 1772357400, 1.5, True, None,
    ],
)  # fmt: skip
def test_any_other_time_is_none(raw: object) -> None:
    assert parse_date_time(raw) is None


def test_faults_stand_at_their_paths_in_the_order_of_reading() -> None:
    form = Form({"a": "x" * 256, "b": {"c": "\x00"}, "d": [{"e": 0}, {"e": 1}, {"e": 2_000_000}]})
    form.text("a")
    sub = form.sub("b")
    assert sub is not None
    sub.text("c")
    assert [each.quantity("e") for each in form.each("d")] == [0, 1, 0]
    form.required_text("f")
    form.refuse(None, "all of it")
    assert paths(form) == ["a", "b.c", "d.0.e", "d.2.e", "f", ""]
    assert form.faults[-1].field is None


def test_null_counts_as_absent() -> None:
    form = Form({"a": None})
    assert (form.text("a"), form.has("a"), form.sub("a"), list(form.each("a")), form.json("a")) == (
        None, False, None, [], None,
    )  # fmt: skip
    assert form.faults == []


@pytest.mark.parametrize("raw", [0, -1, 1_000_001, True, 1.0, "1", None])
def test_a_quantity_is_a_whole_number_from_1_to_a_million(raw: object) -> None:
    form = Form({"q": raw})
    assert form.quantity("q") == 0
    assert paths(form) == ["q"]


def test_an_amount_is_in_minor_units_of_the_currency() -> None:
    form = Form({"a": "1.5", "b": "-1", "c": "1.555", "d": "x"})
    assert [form.amount(name, "USD") for name in "abcde"] == [150, None, None, None, 0]
    assert paths(form) == ["b", "c", "d"]


def test_without_a_currency_only_the_number_itself_is_checked() -> None:
    form = Form({"a": "1.555", "b": "1e3"})
    assert (form.amount("a", ""), form.amount("b", "")) == (0, None)
    assert paths(form) == ["b"]


def test_a_decimal_may_have_a_minimum_or_none() -> None:
    form = Form({"a": "-1"})
    assert form.decimal("a", minimum=None) == Decimal(-1)
    assert form.decimal("a") is None
    assert paths(form) == ["a"]


def test_a_time_in_the_future_is_refused() -> None:
    form = Form({"a": "2026-03-01T09:30:00Z", "b": "2026-03-01T09:30:00.000001Z"})
    assert form.date_time("a", not_after=NOW) == NOW
    assert form.date_time("b", not_after=NOW) is None
    assert paths(form) == ["b"]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        {"k": "x" * 7_990},
        {"k": "é" * 3_995},
        {"k" * 300: "x" * 500},
        ["x"] * 1_900,
        nested(31),
        0, "", False, [], {}, 1.5, 2**64 - 1, -(2**63), {"a": [None, True, {"b": "😀"}]},
    ],
)  # fmt: skip
def test_json_up_to_8_kb_comes_back_as_it_is(value: Any) -> None:
    form = Form({"m": value})
    assert form.json("m") == value
    assert form.faults == []


@pytest.mark.parametrize(
    "value",
    [
        {"k": "x" * 8_000},
        {"k": "é" * 4_000},
        {"é" * 4_000: 1},
        ["x"] * 2_100,
        nested(32),
        nested(150),
        {"k": "\x00"},
        {"\x00": 1},
        ["\ud800"],
        {"\ud800": 1},
        float("nan"),
        [float("inf")],
        2**64,
        [-(2**63) - 1],
        {"n": 10**40},
    ],
)
def test_json_that_is_too_large_too_deep_or_cannot_be_stored_is_refused(value: Any) -> None:
    form = Form({"m": value})
    assert form.json("m") is None
    assert paths(form) == ["m"]
