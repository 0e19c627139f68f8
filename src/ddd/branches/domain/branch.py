"""The branch: a place that holds stock."""

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Self
from uuid import UUID

from ddd.shared.domain.errors import ErrorCode, Refusals

#: Lower is tried first when an order looks for stock.
DEFAULT_PRIORITY = 100


@cache
def timezones() -> frozenset[str]:
    """The IANA time zone names, exact, from the pinned `tzdata`: the same on every machine."""
    names = frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
    return names - {"Factory"}  # a placeholder for a clock that nobody has set, no place


@dataclass(frozen=True, slots=True)
class Address:
    """Where it stands. `country` is ISO 3166-1 alpha-2."""

    line1: str
    country: str
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch's life: it is created under a code that never changes, its name, address, time zone and priority may,
    and in the end it is archived. From then on it takes no new stock and no order, and does not change; what it did
    stays readable, and its code stays taken.
    """

    id: UUID
    code: str
    name: str
    address: Address | None
    timezone: str
    priority: int
    archived: bool
    version: int

    @classmethod
    def create(
        cls, id: UUID, code: str, name: str, address: Address | None, timezone: str, priority: int = DEFAULT_PRIORITY
    ) -> Self:
        """A new branch, open."""
        return cls(id, code, name, address, timezone, priority, archived=False, version=1)

    def update(self, **fields: Any) -> Self:
        """With these fields, as the next version; unchanged where they are so already."""
        newer = replace(self, **fields)
        return self if newer == self else replace(newer, version=self.version + 1)

    def closed(self) -> Refusals | None:
        """The refusal of any change to an archived branch."""
        if not self.archived:
            return None
        return Refusals.of(ErrorCode.INVALID_TRANSITION, "This branch is archived.", ("code",))

    def archive(self) -> Self:
        """Closed for good."""
        return replace(self, archived=True, version=self.version + 1)
