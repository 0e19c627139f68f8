"""Reading a carrier's JSON: what is not of the promised form ends the call, it is never guessed at."""

import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson

from ddd.orders.infrastructure.carriers.http import CallFailed, Reply, unavailable
from ddd.shared.domain.currencies import MINOR_UNITS
from ddd.shared.domain.money import MAX_MINOR, Money
from ddd.shared.domain.text import MAX_TEXT, is_storable

MAX_URL = 2_000
_URL = re.compile(r"https?://[!-~]+", re.ASCII)


def not_understood() -> CallFailed:
    return unavailable("The carrier's answer could not be understood.")


class Answer:
    """A JSON object, read by name."""

    __slots__ = ("_members",)

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise not_understood()
        self._members: dict[str, Any] = value

    def has(self, name: str) -> bool:
        """Whether it is there and not null."""
        return self._members.get(name) is not None

    def text(self, name: str) -> str:
        """A text, or a whole number as one; at most 255 characters. Raises CallFailed where there is none."""
        found = self.text_or_none(name)
        if found is None:
            raise not_understood()
        return found

    def text_or_none(self, name: str) -> str | None:
        value = self._members.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or not is_storable(value):
            return None
        return value

    def words(self, name: str) -> str:
        """What somebody wrote, of any length; empty where it is no text."""
        value = self._members.get(name)
        return value if isinstance(value, str) else ""

    def url(self, name: str) -> str | None:
        """An http address, None for anything else: what lands in a link must not be a script."""
        value = self._members.get(name)
        fits = isinstance(value, str) and len(value) <= MAX_URL and _URL.fullmatch(value)
        return str(value) if fits else None

    def amount(self, name: str) -> Decimal | None:
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return None
        return number if number.is_finite() and 0 <= number < 10**12 else None

    def part(self, name: str) -> "Answer | None":
        """The object under that name; None where it is missing or null."""
        value = self._members.get(name)
        return None if value is None else Answer(value)

    def each(self, name: str) -> "list[Answer]":
        """The objects listed under that name; none where it is missing or null."""
        value = self._members.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise not_understood()
        return [Answer(entry) for entry in value]

    def listed(self, name: str) -> "list[Answer]":
        """The same of a list that has to be there, be it empty. Raises CallFailed where it is not."""
        if not self.has(name):
            raise not_understood()
        return self.each(name)

    def sayings(self, name: str) -> list[str]:
        """What the entries listed under that name say, be they texts or objects with a `message` or `text`."""
        value = self._members.get(name)
        said = []
        for entry in value if isinstance(value, list) else []:
            inner = (entry.get("message") or entry.get("text")) if isinstance(entry, dict) else entry
            if isinstance(inner, str):
                said.append(inner)
        return said

    def faults(self) -> list[str]:
        """An error body of the form field → messages: what it says of each field, nested ones too."""
        return list(_faults("", self._members))


def _faults(field: str, value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{field}: {value}" if field else value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _faults(name if isinstance(name, str) else field, member)
    elif isinstance(value, list):
        for entry in value:
            yield from _faults(field, entry)


def _parse(reply: Reply) -> object:
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        raise not_understood() from None  # the error carries the whole document


def read_object(reply: Reply) -> Answer:
    """The answer's object. Raises CallFailed for anything else."""
    return Answer(_parse(reply))


def read_list(reply: Reply) -> list[Answer]:
    """The answer's objects. Raises CallFailed for anything else than a list of objects."""
    found = _parse(reply)
    if not isinstance(found, list):
        raise not_understood()
    return [Answer(entry) for entry in found]


def read_error(reply: Reply) -> Answer:
    """The object of an error's body; an empty one where the body is something else: the status is the answer."""
    try:
        return read_object(reply)
    except CallFailed:
        return Answer({})


def cost(amount: Decimal | None, currency: str | None) -> Money | None:
    """What it cost, halves of a minor unit up; None for an amount or currency that cannot be told in minor units."""
    if amount is None or currency not in MINOR_UNITS:
        return None
    minor = int(amount.scaleb(MINOR_UNITS[currency]).to_integral_value(ROUND_HALF_UP))
    return Money(minor, currency) if minor <= MAX_MINOR else None


class Rate(NamedTuple):
    """What one service would cost."""

    id: str
    carrier: str
    services: tuple[str, ...]
    amount: Decimal
    currency: str


def choose_rate(rates: Iterable[Rate], service: str | None) -> Rate | str:
    """The rate to buy, or why there is none. `service` is `Priority` or `USPS:Priority`, in any case; without one it is
    the cheapest, which only rates in one currency have."""
    offered = sorted(rates, key=lambda rate: (rate.amount, rate.id))
    if not offered:
        return "The carrier offers no rate for this shipment."
    if service is not None:
        wanted = service.casefold()
        for rate in offered:
            for name in rate.services:
                if wanted in (name.casefold(), f"{rate.carrier}:{name}".casefold()):
                    return rate
        return "The carrier does not offer the service asked for."
    if len({rate.currency for rate in offered}) > 1:
        return "The carrier's rates come in several currencies: name a service."
    return offered[0]
