"""An order as the model keeps it. Written from the API and the issue; it shares no code with the server."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tests.model.answers import Person
from tests.model.checkout import Checkout
from tests.model.flow import Flow
from tests.model.goods import LEFT, Fate, Line, Parcel, Payment, Refund, Returned, Unit


@dataclass(eq=False)
class Order:
    """Everything that is known of an order; what follows from it is computed."""

    flow: Flow
    checkout: Checkout
    lines: list[Line]
    id: str = ""
    version: int = 1
    timeline: list[str] = field(default_factory=list)
    #: Placed, or submitted as a draft; a workflow may take it back. `is_known`: it was, once.
    is_submitted: bool = False
    is_known: bool = False
    is_confirmed: bool = False
    is_completed: bool = False
    payments: list[Payment] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    returns: list[Returned] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    #: Each hold, whether it is in force.
    holds: list[bool] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    reviewer: str | None = None
    cancel_reason: str | None = None

    @property
    def live(self) -> list[Unit]:
        return [unit for line in self.lines for unit in line.units if unit.fate is not Fate.CANCELLED]

    @property
    def is_over(self) -> bool:
        """Cancelled as a whole; of a draft without lines somebody said so."""
        return not self.live if self.lines else self.cancel_reason is not None

    @property
    def status(self) -> str:
        if self.is_over:
            return "CANCELLED"
        if not self.is_submitted:
            return "DRAFT"
        if self.is_completed:
            return "COMPLETED"
        live = self.live
        arrived = [unit for unit in live if unit.fate is Fate.ARRIVED]
        away = [unit for unit in live if unit.fate in LEFT]
        if len(away) == len(live):
            return "DELIVERED" if len(arrived) == len(live) else "PARTIALLY_DELIVERED" if arrived else "SHIPPED"
        if away:
            return "PARTIALLY_SHIPPED"
        return "CONFIRMED" if self.is_confirmed else "PENDING"

    @property
    def is_held(self) -> bool:
        return any(self.holds)

    # -- money ----------------------------------------------------------------------------------------------------

    def unit_value(self, line: Line) -> Fraction:
        """What a unit costs: of its line and the line's tax, and of the order's discounts and taxes by the line's part
        of the subtotal. Shipping belongs to no unit, and a discount beyond the goods is one on shipping."""
        all_ = self.checkout
        whole_tax, line_tax = (0, 0) if all_.taxes_included else (sum(all_.taxes), line.wanted.tax)
        goods = max(0, all_.subtotal - sum(all_.discounts) + whole_tax)
        part = Fraction(line.wanted.price, all_.subtotal) if all_.subtotal else Fraction(0)
        return (part * goods + line_tax) / len(line.units)

    def value(self, units: Mapping[Line, int]) -> int:
        """Of so many units together, to the nearest minor unit, halves upwards."""
        exact = sum((self.unit_value(line) * count for line, count in units.items()), Fraction(0))
        return int(exact + Fraction(1, 2))

    @property
    def owed(self) -> int:
        """For what was not cancelled."""
        cancelled = {line: len(line.of(Fate.CANCELLED)) for line in self.lines}
        return 0 if self.is_over else self.checkout.total - self.value(cancelled)

    def paid(self, state: str) -> int:
        return sum(payment.amount for payment in self.payments if payment.state == state)

    @property
    def refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds if refund.counts)

    @property
    def due(self) -> int:
        """Of what is owed; money that went back for cancelled units pays for nothing any more."""
        kept = self.paid("CAPTURED") - sum(refund.for_cancelled for refund in self.refunds if refund.counts)
        return 0 if self.is_over else max(0, self.owed - kept)

    @property
    def overpaid(self) -> int:
        """Beyond what is owed, and not settled by any refund."""
        settled = sum(refund.for_cancelled + refund.kept for refund in self.refunds if refund.stands)
        return max(0, self.paid("CAPTURED") - self.owed - settled)

    @property
    def is_paid(self) -> bool:
        return self.paid("AUTHORIZED") >= self.due

    @property
    def payment_status(self) -> str:
        captured = self.paid("CAPTURED")
        if self.refunded:
            return "REFUNDED" if self.refunded >= captured else "PARTIALLY_REFUNDED"
        if captured >= (self.checkout.total if self.is_over else self.owed):
            return "PAID"
        if captured:
            return "PARTIALLY_PAID"
        return "AUTHORIZED" if self.paid("AUTHORIZED") else "UNPAID"

    def unrefunded(self, line: Line) -> tuple[int, int]:
        """Units that no refund stands for: cancelled ones, and ones that came back."""
        standing = [refund for refund in self.refunds if refund.stands]
        cancelled = sum(refund.cancelled.get(line, 0) for refund in standing)
        returned = sum(refund.returned.get(line, 0) for refund in standing)
        return len(line.of(Fate.CANCELLED)) - cancelled, line.back - returned

    # -- who sees it ----------------------------------------------------------------------------------------------

    def sight(self, person: Person, operation: str) -> "Sight | None":
        """None: for this person and operation the order does not exist."""
        roles = person.roles_for(operation)
        if roles.difference(("Customer", "Vendor")):
            return EVERYTHING
        if not self.is_known:
            return None
        if "Customer" in roles and self.checkout.customer_id == person.name:
            return EVERYTHING
        if "Vendor" in roles and any(line.vendor in (None, person.name) for line in self.lines):
            return Sight(person.name)
        return None

    # -- parts ----------------------------------------------------------------------------------------------------

    def tell(self, *types: str) -> None:
        self.timeline += types

    def line(self, id_: str) -> Line | None:
        return next((line for line in self.lines if line.id == id_), None)

    def parcel(self, id_: str) -> Parcel | None:
        return next((parcel for parcel in self.parcels if parcel.id == id_), None)

    def returned(self, id_: str) -> Returned | None:
        return next((each for each in self.returns if each.id == id_), None)


@dataclass(frozen=True)
class Sight:
    """A vendor sees its own and open lines, everybody else the whole."""

    vendor: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.vendor is None

    def sees(self, line: Line) -> bool:
        return self.is_whole or line.vendor in (None, self.vendor)

    def all_of(self, lines: Iterable[Line]) -> bool:
        return all(self.sees(line) for line in lines)


EVERYTHING = Sight()
