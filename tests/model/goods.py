"""The parts of an order as the model keeps them: every unit of goods by itself, with its own fate.

Quantities are counted, never kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tests.model.checkout import Checkout, Wanted


class Fate(Enum):
    """What has become of a unit. PACKED waits in a parcel; GONE and ARRIVED have left in one."""

    OPEN = "open"
    PACKED = "packed"
    GONE = "gone"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"


LEFT = (Fate.GONE, Fate.ARRIVED)


@dataclass(eq=False)
class Unit:
    fate: Fate = Fate.OPEN
    #: Announced to come back, in a return that was not rejected.
    coming_back: bool = False
    #: Came back: `stock` or `scrap`.
    back: str | None = None


@dataclass(eq=False)
class Line:
    """A vendor's, or open to every vendor. `branch` None: nothing of it is reserved."""

    no: int
    wanted: Wanted
    units: list[Unit]
    branch: str | None = None
    id: str = ""

    @property
    def sku(self) -> str:
        return self.wanted.sku

    @property
    def vendor(self) -> str | None:
        return self.wanted.vendor

    def of(self, *fates: Fate) -> list[Unit]:
        return [unit for unit in self.units if unit.fate in fates]

    @property
    def reserved(self) -> int:
        return 0 if self.branch is None else len(self.of(Fate.OPEN, Fate.PACKED))

    @property
    def back(self) -> int:
        return sum(unit.back is not None for unit in self.units)

    @property
    def returnable(self) -> list[Unit]:
        return [unit for unit in self.of(*LEFT) if not unit.coming_back]


Units = list[tuple[Line, Unit]]


def branches_of(lines: Iterable[Line]) -> list[str]:
    """Each once. Of what stock is not kept lies nowhere."""
    return list(dict.fromkeys(line.branch for line in lines if line.branch is not None))


@dataclass(eq=False)
class Parcel:
    status: str
    units: Units
    id: str = ""
    tracking: str | None = None
    left_at: datetime | None = None
    arrived_at: datetime | None = None

    @property
    def lines(self) -> list[Line]:
        return list(dict.fromkeys(line for line, _ in self.units))

    @property
    def has_left(self) -> bool:
        return self.status in ("SHIPPED", "DELIVERED")

    @property
    def waits(self) -> bool:
        return self.status in ("PENDING", "CONFIRMED")

    @property
    def branch(self) -> str | None:
        """The one that all of it comes from."""
        branches = branches_of(self.lines)
        return branches[0] if len(branches) == 1 else None

    def become(self, status: str, fate: Fate) -> None:
        self.status = status
        for _, unit in self.units:
            unit.fate = fate


@dataclass(eq=False)
class Returned:
    """A return: the very units that were announced."""

    status: str
    units: Units
    id: str = ""

    @property
    def lines(self) -> list[Line]:
        return list(dict.fromkeys(line for line, _ in self.units))

    def of(self, line: Line) -> list[Unit]:
        return [unit for its, unit in self.units if its is line]


@dataclass(eq=False)
class Payment:
    state: str
    amount: int
    provider: str | None
    reference: str | None


@dataclass(eq=False)
class Refund:
    """`cancelled`, `returned`: the units that it is for. Of its money `for_cancelled` is for units that nobody owes any
    more, `kept` what was not given back of them."""

    status: str
    amount: int
    fee: int
    for_cancelled: int
    kept: int
    cancelled: dict[Line, int]
    returned: dict[Line, int]
    of: Returned | None = None
    id: str = ""

    @property
    def counts(self) -> bool:
        return self.status == "APPROVED"

    @property
    def stands(self) -> bool:
        """Made or asked for: its units and money are spoken for."""
        return self.status != "REJECTED"


def lines_of(checkout: Checkout) -> list[Line]:
    return [Line(no, wanted, [Unit() for _ in range(wanted.pieces)]) for no, wanted in enumerate(checkout.lines, 1)]
