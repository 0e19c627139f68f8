"""Walking a JSON document: what fits comes back typed, what does not is noted at its path, in the document's order."""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from ddd.published.workflow.model import Fault
from ddd.shared.domain.money import parse_decimal
from ddd.shared.domain.text import MAX_TEXT, fault_of


class Node:
    """One JSON object of the document. Nodes of one document share the list of faults."""

    __slots__ = ("_value", "faults", "path")

    def __init__(self, value: Mapping[str, Any], path: tuple[str, ...], faults: list[Fault]) -> None:
        self._value = value
        self.path = path
        self.faults = faults

    def refuse(self, message: str, *below: str) -> None:
        """Note a fault at this object, or at the place below it."""
        self.faults.append(Fault((*self.path, *below), message))

    def only(self, *known: str) -> None:
        """Every other member is a fault: a misspelt name must not pass for silence."""
        for name in self._value:
            if name not in known:
                self.refuse(f"There is no such member; they are {', '.join(known)}.", _shown(name))

    def __contains__(self, name: str) -> bool:
        return name in self._value

    def raw(self, name: str) -> Any:
        return self._value.get(name)

    def _typed(self, name: str, kind: type | tuple[type, ...], what: str) -> Any:
        """The member where it is of this JSON type; None where it is absent or at fault. A boolean is no number."""
        if name not in self._value:
            return None
        value = self._value[name]
        is_boolean = isinstance(value, bool)
        if not isinstance(value, kind) or (is_boolean and kind is not bool):
            self.refuse(f"This must be {what}.", name)
            return None
        return value

    def required(self, name: str) -> bool:
        """Whether the member is there; noted where it is not."""
        if name in self._value:
            return True
        self.refuse("This is required.", name)
        return False

    def text(self, name: str, *, limit: int = MAX_TEXT, check: Callable[[str], str | None] | None = None) -> str | None:
        """Text that is not blank, of at most `limit` code points, to which `check` does not object."""
        value: str | None = self._typed(name, str, "text")
        if value is None:
            return None
        fault = fault_of(value, limit=limit, required=True) or (check(value) if check is not None else None)
        if fault is not None:
            self.refuse(fault, name)
            return None
        return value

    def choice(self, name: str, allowed: Collection[str]) -> str | None:
        """One of the allowed words, exact."""
        value: str | None = self._typed(name, str, "text")
        if value is not None and value not in allowed:
            self.refuse(f"This is none of {', '.join(allowed)}.", name)
            return None
        return value

    def choices(self, name: str, allowed: Collection[str], at_most: int) -> tuple[str, ...] | None:
        """A list, not empty, of different allowed words."""
        values = self.list(name, at_most)
        if values is None:
            return None
        sound = len(values) > 0
        if not sound:
            self.refuse("At least one is needed.", name)
        for position, value in enumerate(values):
            if not isinstance(value, str) or value not in allowed:
                self.refuse(f"This is none of {', '.join(allowed)}.", name, str(position))
                sound = False
            elif value in values[:position]:
                self.refuse("This stands here twice.", name, str(position))
                sound = False
        return tuple(values) if sound else None

    def integer(self, name: str, lowest: int, highest: int) -> int | None:
        value: int | None = self._typed(name, int, "a whole number")
        if value is not None and not lowest <= value <= highest:
            self.refuse(f"This must be from {lowest:,} to {highest:,}.", name)
            return None
        return value

    def percent(self, name: str) -> Decimal | None:
        """0 to 100 with two decimals at most."""
        value = self._typed(name, (int, float), "a number")
        if value is None:
            return None
        number = parse_decimal(value)
        if number is None or not 0 <= number <= 100 or number != round(number, 2):
            self.refuse("This must be from 0 to 100, with two decimals at most.", name)
            return None
        return number

    def flag(self, name: str, default: bool) -> bool:
        value: bool | None = self._typed(name, bool, "true or false")
        return default if value is None else value

    def list(self, name: str, at_most: int) -> "list[Any] | None":
        value: list[Any] | None = self._typed(name, list, "a list")
        if value is not None and len(value) > at_most:
            self.refuse(f"At most {at_most} are allowed.", name)
            return None
        return value

    def sub(self, name: str) -> "Node | None":
        """The object below; None where it is absent or none."""
        value = self._typed(name, dict, "an object")
        return None if value is None else Node(value, (*self.path, name), self.faults)

    def each(self, name: str, at_most: int) -> "Iterator[Node]":
        """The objects of a list."""
        for position, value in enumerate(self.list(name, at_most) or ()):
            if isinstance(value, dict):
                yield Node(value, (*self.path, name, str(position)), self.faults)
            else:
                self.refuse("This must be an object.", name, str(position))

    def members(self) -> Iterator[str]:
        """The names of the members, in the document's order."""
        yield from self._value


def _shown(name: str) -> str:
    """A member's name, fit for a path: bounded, and free of what has no UTF-8 form."""
    return name[:MAX_TEXT].encode("utf-8", "replace").decode().replace("\x00", "?")
