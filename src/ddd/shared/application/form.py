"""Reading a client's input: what fits comes back typed, what does not is noted at its path, in input order."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals
from ddd.shared.domain.money import parse_decimal, to_minor
from ddd.shared.domain.text import MAX_TEXT, fault_of

#: RFC 3339 §5.6 date-time, with the upper-case letters that we write; years 0001-9999.
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
MAX_JSON_BYTES = 8_000
MAX_QUANTITY = 1_000_000


def parse_date_time(raw: object) -> datetime | None:
    """The RFC 3339 time written as text, in UTC, or None."""
    if not isinstance(raw, str) or not _DATE_TIME.fullmatch(raw):
        return None
    try:
        # Python reads six decimals at most.
        text = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", raw)
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Form:
    """One input object. Sub-forms share the list of faults: they stand in the order in which they were found."""

    __slots__ = ("_given", "_path", "faults")

    def __init__(
        self, given: Mapping[str, Any], path: tuple[str, ...] = (), faults: list[Refusal] | None = None
    ) -> None:
        self._given = given
        self._path = path
        self.faults: list[Refusal] = [] if faults is None else faults

    def refuse(
        self,
        name: str | None,
        message: str,
        code: ErrorCode = ErrorCode.INVALID_INPUT,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Note a fault at a field of this object (None: at the object itself)."""
        path = self._path if name is None else (*self._path, name)
        self.faults.append(Refusal(code, message, path or None, details))

    @property
    def path(self) -> tuple[str, ...]:
        """Where this object stands in the input."""
        return self._path

    def at(self, path: tuple[str, ...]) -> "Form":
        """The object at another path, to note faults there."""
        return Form({}, path, self.faults)

    @property
    def refusals(self) -> Refusals | None:
        return Refusals(tuple(self.faults)) if self.faults else None

    def has(self, name: str) -> bool:
        """Whether the field was given (null counts as not given)."""
        return self._given.get(name) is not None

    def raw(self, name: str) -> Any:
        return self._given.get(name)

    def text(self, name: str, *, required: bool = False, limit: int = MAX_TEXT) -> str | None:
        """Text of at most `limit` code points; None where absent."""
        value = self._given.get(name)
        if value is None:
            if required:
                self.refuse(name, "This is required.")
            return None
        fault = fault_of(value, limit=limit, required=required)
        if fault is not None:
            self.refuse(name, fault)
            return None
        return str(value)

    def required_text(self, name: str, *, limit: int = MAX_TEXT) -> str:
        """Text that must not be blank; "" where it is at fault (the fault is noted)."""
        return self.text(name, required=True, limit=limit) or ""

    def choice(
        self, name: str, allowed: frozenset[str] | Mapping[str, Any], what: str, *, required: bool = True
    ) -> str:
        """One of the allowed codes, exact; "" where it is at fault."""
        value = self.text(name, required=required)
        if value is None:
            return ""
        if value not in allowed:
            self.refuse(name, f"This is no {what}.")
            return ""
        return value

    def decimal(self, name: str, *, minimum: Decimal | None = Decimal(0)) -> Decimal | None:
        """A plain number; None where absent or at fault."""
        raw = self._given.get(name)
        if raw is None:
            return None
        number = parse_decimal(raw)
        if number is None:
            self.refuse(name, "This is no decimal number (digits, at most one point, no exponent).")
        elif minimum is not None and number < minimum:
            self.refuse(name, "This must not be negative." if minimum == 0 else f"This must be at least {minimum}.")
        else:
            return number
        return None

    def amount(self, name: str, currency: str, *, required: bool = False, default: int | None = 0) -> int | None:
        """A non-negative amount in minor units of `currency` ("": the currency is at fault, the scale unchecked)."""
        if self._given.get(name) is None:
            if required:
                self.refuse(name, "This is required.")
            return default
        number = self.decimal(name)
        if number is None:
            return None
        if not currency:
            return 0
        minor = to_minor(number, currency)
        if minor is None:
            self.refuse(name, f"This has more decimals than {currency} has, or is too large.")
        return minor

    def quantity(self, name: str) -> int:
        """A whole number of units, 1 to 1,000,000; 0 where it is at fault."""
        value = self._given.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_QUANTITY:
            self.refuse(name, f"A quantity is a whole number from 1 to {MAX_QUANTITY:,}.")
            return 0
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._given.get(name)
        return default if value is None else bool(value)

    def date_time(self, name: str, *, not_after: datetime | None = None) -> datetime | None:
        """An RFC 3339 time in UTC; None where absent or at fault."""
        raw = self._given.get(name)
        if raw is None:
            return None
        moment = parse_date_time(raw)
        if moment is None:
            self.refuse(name, "This is no RFC 3339 date and time.")
        elif not_after is not None and moment > not_after:
            self.refuse(name, "This lies in the future.")
            return None
        return moment

    def json(self, name: str, *, limit: int = MAX_JSON_BYTES) -> Any:
        """Free JSON of at most `limit` bytes, storable; None where absent or at fault."""
        value = self._given.get(name)
        if value is None:
            return None
        fault = _json_fault(value, limit)
        if fault is not None:
            self.refuse(name, fault)
            return None
        return value

    def sub(self, name: str) -> "Form | None":
        """The nested object, or None where absent."""
        value = self._given.get(name)
        return None if value is None else Form(value, (*self._path, name), self.faults)

    def each(self, name: str) -> Iterator["Form"]:
        """The objects of a list, each a form with its position in its path."""
        for position, value in enumerate(self._given.get(name) or ()):
            yield Form(value, (*self._path, name, str(position)), self.faults)


def _json_fault(value: Any, limit: int) -> str | None:
    """Size, depth and storability of free JSON, without recursion: a hostile depth must not exhaust the stack."""
    size = 0
    level = [value]
    for _ in range(32):
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                for key in each:
                    if (fault := fault_of(key, limit=limit)) is not None:
                        return fault
                    size += len(key.encode()) + 4
                below.extend(each.values())
            elif isinstance(each, list):
                size += 2
                below.extend(each)
            elif isinstance(each, str):
                if (fault := fault_of(each, limit=limit)) is not None:
                    return fault
                size += len(each.encode()) + 3
            else:
                size += len(str(each)) + 1
            if isinstance(each, float) and (each != each or abs(each) == float("inf")):
                return "JSON has no such number."
            if isinstance(each, int) and not -(2**63) <= each < 2**64:
                return "A whole number beyond 64 bits would not come back as it went: send it as text."
        if size > limit:
            return f"At most {limit:,} bytes of JSON are allowed."
        if not below:
            return None
        level = below
    return "This JSON is nested too deep (at most 32 levels)."
