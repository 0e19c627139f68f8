"""The catalogue."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final
from uuid import UUID

#: Measures of a package beyond this are a slip of the pen.
MAX_MEASURE: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Package:
    """What one unit weighs (kilograms) and measures (centimetres), as far as it is known."""

    weight_kg: Decimal | None = None
    length_cm: Decimal | None = None
    width_cm: Decimal | None = None
    height_cm: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What may change about an item."""

    name: str
    description: str | None = None
    unit: str | None = None
    min_stock_level: int | None = None
    package: Package | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that stock is kept of.

    A manager creates it under a SKU, which never changes: orders, levels and the ledger are written in terms of it.
    Its description may change at any time. When it is no longer sold it is archived, for good: no order takes it any
    more and nothing is received, but what is reserved still ships and what was written still reads. `version` counts
    its changes from 1, and each is published.
    """

    id: UUID
    sku: str
    about: Description
    archived: bool = False
    version: int = 1

    def described(self, about: Description) -> "Item":
        """The item with another description; for one that is not archived."""
        return replace(self, about=about, version=self.version + 1)

    def put_away(self) -> "Item":
        """The item, archived; for one that is not yet."""
        return replace(self, archived=True, version=self.version + 1)
