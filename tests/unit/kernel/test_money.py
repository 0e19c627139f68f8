"""Numbers as clients write them, and money at its currency's scale."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.shared.domain.currencies import MINOR_UNITS
from ddd.shared.domain.money import MAX_MINOR, Money, parse_decimal, round_half_up, to_minor


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("10.50", "10.50"),
        ("0", "0"),
        ("-0.5", "-0.5"),
        ("007", "7"),
        (1050, "1050"),
        (10.5, "10.5"),
        (0.1, "0.1"),
        (100.0, "100"),
        ("9" * 40 + "." + "9" * 40, "9" * 40 + "." + "9" * 40),
    ],
)
def test_plain_digits_are_a_number_as_text_integer_or_float(raw: object, number: str) -> None:
    assert parse_decimal(raw) == Decimal(number)


@pytest.mark.parametrize(
    "raw",
    [
        "1e3", "1E3", " 1", "1 ", "+1", "１", "٣", "1,5", "1.", ".5", "", "-", "--1", "1.2.3", "0x10", "1_000", "NaN",
        "Infinity", "1\n", "1\x00", "9" * 41, "0." + "1" * 41,
        0.1 + 0.2, 1e22, 1e-7, float("inf"), float("nan"), 10**40, -(10**40), True, None, [], {}, b"1",
    ],
)  # fmt: skip
def test_anything_else_is_no_number(raw: object) -> None:
    assert parse_decimal(raw) is None


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("10.50", "USD", 1050),
        ("10.5", "USD", 1050),
        ("10.500", "USD", 1050),
        ("10.505", "USD", None),
        ("1050", "JPY", 1050),
        ("1050.0", "JPY", 1050),
        ("1050.5", "JPY", None),
        ("1.050", "BHD", 1050),
        ("1.0505", "BHD", None),
        ("1.0505", "CLF", 10505),
        ("-3", "USD", -300),
        ("-0", "USD", 0),
        ("10000000000000", "USD", MAX_MINOR),
        ("10000000000000.01", "USD", None),
        ("9" * 40, "JPY", None),
    ],
)
def test_an_amount_fits_its_currencys_scale_or_is_refused(text: str, currency: str, minor: int | None) -> None:
    assert to_minor(Decimal(text), currency) == minor


def test_a_decimal_beyond_28_digits_is_not_rounded_into_the_scale() -> None:
    assert to_minor(Decimal("1." + "0" * 35 + "1"), "USD") is None
    assert to_minor(Decimal("1" * 12 + ".10" + "0" * 30), "USD") == 11111111111110


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(sorted(MINOR_UNITS)))
def test_money_written_and_read_again_is_the_same(minor: int, currency: str) -> None:
    text = str(Money(minor, currency))
    number = parse_decimal(text)
    assert number is not None
    assert to_minor(number, currency) == minor
    assert len(text.partition(".")[2]) == MINOR_UNITS[currency]


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "XAG", "XDR", "XBA", "XSU", "usd", "US", ""])
def test_codes_without_minor_units_are_no_currencies(code: str) -> None:
    assert code not in MINOR_UNITS


@pytest.mark.parametrize(("value", "rounded"), [("1/2", 1), ("3/2", 2), ("149/100", 1), ("0", 0), ("2", 2)])
def test_halves_go_up(value: str, rounded: int) -> None:
    assert round_half_up(Fraction(value)) == rounded
