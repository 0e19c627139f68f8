"""How much lies where."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

#: More than this in one place is refused: it is what GraphQL's Int holds.
MAX_ON_HAND: Final = 2**31 - 1


class MovementKind(StrEnum):
    """Why what is on hand changed."""

    RECEIPT = "RECEIPT"
    ISSUE = "ISSUE"
    RETURN = "RETURN"


@dataclass(frozen=True, slots=True)
class StockLevel:
    """An item's stock in one branch.

    The first receipt opens it. What is on hand lies there; part of it is reserved for orders, and only the rest is
    available. An order reserves in its own commit, gives back when it is cancelled, and takes what it reserved when it
    ships. Every change of what is on hand leaves a movement behind. Reservations run in SQL, where they race, guarded
    by the table's checks; what comes in is decided here, with the row locked.
    """

    id: UUID
    branch_code: str
    sku: str
    on_hand: int = 0
    reserved: int = 0
    incoming: int = 0
    version: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    def received(self, quantity: int) -> "StockLevel | None":
        """The level with so many more on hand, or None where that is more than a level holds."""
        if self.on_hand + quantity > MAX_ON_HAND:
            return None
        return replace(self, on_hand=self.on_hand + quantity, version=self.version + 1)
