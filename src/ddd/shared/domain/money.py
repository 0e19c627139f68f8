"""Money: integer minor units and a currency inside, `Decimal` at the edge."""

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

from ddd.shared.domain.currencies import MINOR_UNITS

#: Whole minor units beyond this are refused, so that no sum of an order's 500 lines leaves a 64-bit column.
MAX_MINOR = 10**15
#: Room for every digit that a client may send: the default of 28 would round an amount into its scale.
EXACT = Context(prec=100)
_DECIMAL = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_LONGEST = 82


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents, fils, yen) of an ISO 4217 currency."""

    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The amount at the currency's ISO 4217 scale: `10.50` USD, `1050` JPY, `1.050` BHD."""
        return Decimal(self.minor).scaleb(-MINOR_UNITS[self.currency])

    def __str__(self) -> str:
        return format(self.amount, "f")


def parse_decimal(raw: object) -> Decimal | None:
    """The number that a client wrote as text, integer or float, or None.

    Text must match `-?digits[.digits]`, ASCII, without exponent. A float is taken at its shortest text form;
    one with more than 15 significant digits may not be what was sent (IEEE 754 binary64) and is refused.
    """
    if isinstance(raw, bool):
        return None
    if isinstance(raw, float):
        text = repr(raw)
        if len(text.replace(".", "").lstrip("-0")) > 15:
            return None
    elif isinstance(raw, int):
        if not -(10**40) < raw < 10**40:
            return None
        text = str(raw)
    elif isinstance(raw, str) and len(raw) <= _LONGEST:
        text = raw
    else:
        return None
    return _number(text)


@lru_cache(maxsize=10_000)  # an input's amounts are read more than once, and prices come again
def _number(text: str) -> Decimal | None:
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def to_minor(number: Decimal, currency: str) -> int | None:
    """`number` in minor units, or None where it has more non-zero decimals than the currency, or is too large."""
    scaled = number.scaleb(MINOR_UNITS[currency], EXACT)
    minor = int(scaled)
    return minor if minor == scaled and abs(minor) <= MAX_MINOR else None


def round_half_up(value: Fraction) -> int:
    """Whole minor units; halves go up (away from zero for the non-negative amounts of this house)."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
