"""Facts: named values that a tenant's conditions may ask about, and what comes of asking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

Fact = str | int | float | bool | Sequence[str]
#: Dotted name -> value: `order.total.amount` -> 1000.5.
Facts = Mapping[str, Fact]


class FactType(StrEnum):
    """What a fact's value is."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    NUMBER = "NUMBER"  # IEEE 754 binary64
    FLAG = "FLAG"
    TEXTS = "TEXTS"


@dataclass(frozen=True, slots=True)
class Failed:
    """A condition that could not be told: neither true nor false. The reason quotes no values."""

    reason: str
