"""The parts of an order. Amounts are minor units of the order's currency, times are UTC."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ddd.orders.domain.label import Label
from ddd.orders.domain.status import PaymentState


class ShipmentStatus(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    IN_TRANSIT = "IN_TRANSIT"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"


class ShipmentMode(StrEnum):
    PICKUP = "PICKUP"
    DROPOFF = "DROPOFF"
    WAREHOUSE = "WAREHOUSE"


class CancelReason(StrEnum):
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    FRAUD = "FRAUD"
    ADDRESS = "ADDRESS"
    DUPLICATE = "DUPLICATE"
    EXPIRED = "EXPIRED"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Address:
    """`country` is ISO 3166-1 alpha-2."""

    line1: str
    country: str
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Whose order it is; all but the id are a person's values."""

    id: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Package:
    """Weight in kilograms, lengths in centimetres, as decimal text."""

    weight_kg: str | None = None
    length_cm: str | None = None
    width_cm: str | None = None
    height_cm: str | None = None


@dataclass(slots=True)
class OrderLine:
    """One SKU of the order. `branch_code` is where its stock is reserved, None where stock is not kept of it."""

    line_no: int
    sku: str
    name: str
    quantity: int
    unit_price: int
    discount: int
    tax: int
    line_total: int
    vendor_id: str | None = None
    category: str | None = None
    options: Any = None
    is_free_gift: bool = False
    is_taxable: bool = True
    package: Package | None = None
    branch_code: str | None = None
    reserved_quantity: int = 0
    cancelled_quantity: int = 0
    shipped_quantity: int = 0
    delivered_quantity: int = 0
    returned_quantity: int = 0

    @property
    def open_quantity(self) -> int:
        """Ordered and not cancelled."""
        return self.quantity - self.cancelled_quantity

    @property
    def unshipped_quantity(self) -> int:
        """What is left to ship or to cancel."""
        return self.open_quantity - self.shipped_quantity


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as a provider tells it."""

    payment_no: int
    state: PaymentState
    amount: int
    at: datetime
    method: str | None = None
    provider: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    line_no: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PickupWindow:
    start: datetime
    end: datetime


@dataclass(slots=True)
class Shipment:
    """Goods that leave together.

    Made from confirmed lines it holds its units back (PENDING, CONFIRMED), leaves (SHIPPED, then IN_TRANSIT by a
    carrier's scan), arrives (DELIVERED), or is cancelled before it left, which gives its units back. `branch_code` is
    set where all of them come from one branch.
    """

    id: UUID
    status: ShipmentStatus
    mode: ShipmentMode
    lines: tuple[ShipmentLine, ...]
    carrier: str | None = None
    tracking_reference: str | None = None
    tracking_url: str | None = None
    branch_code: str | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    package: Package | None = None
    pickup_window: PickupWindow | None = None
    label_url: str | None = None
    #: What the label cost: minor units and their currency, which is the carrier's.
    cost: int | None = None
    cost_currency: str | None = None
    #: What staff should know of the carrier's label: why it could not be bought or taken back, what it came without.
    problem: str | None = None
    label: Label | None = None
    #: The tenant's carrier accounts, while it waits to be confirmed. Not part of its state: whoever loads it sets them.
    accounts: Sequence[Mapping[str, Any]] = field(default=(), repr=False, compare=False)

    @property
    def has_left(self) -> bool:
        return self.status in _LEFT

    @property
    def holds_back(self) -> bool:
        """Its units are spoken for and have not left."""
        return self.status in _HOLDING_BACK


_LEFT = frozenset({ShipmentStatus.SHIPPED, ShipmentStatus.IN_TRANSIT, ShipmentStatus.DELIVERED})
_HOLDING_BACK = frozenset({ShipmentStatus.PENDING, ShipmentStatus.CONFIRMED})


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody stopped the order: it neither ships nor completes. The reason stands with the person's values."""

    hold_no: int
    by: str
    at: datetime
    until: datetime | None = None
    released_at: datetime | None = None
    released_by: str | None = None

    def is_active(self, now: datetime) -> bool:
        return self.released_at is None and (self.until is None or now < self.until)


class ReturnStatus(StrEnum):
    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    PARTIALLY_RECEIVED = "PARTIALLY_RECEIVED"
    RECEIVED = "RECEIVED"


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Units of one line on their way back; what came of those that arrived: back in stock, or scrapped."""

    line_no: int
    quantity: int
    restocked: int = 0
    scrapped: int = 0

    @property
    def received(self) -> int:
        return self.restocked + self.scrapped


@dataclass(frozen=True, slots=True)
class Return:
    """Goods coming back. Why, in somebody's words, stands with the person's values."""

    id: UUID
    status: ReturnStatus
    lines: tuple[ReturnLine, ...]
    by: str
    requested_at: datetime
    received_at: datetime | None = None


class RefundStatus(StrEnum):
    """REQUESTED: it waits for a review, its units and money spoken for. Only an APPROVED one counts."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Units of one line that a refund is for; so many of them had come back, the others were cancelled."""

    line_no: int
    quantity: int
    returned: int


@dataclass(frozen=True, slots=True)
class Refund:
    """Money going back, in minor units of the order's currency. Why, in words, stands with the person's values.

    `for_cancelled`: the part of the amount that is for cancelled units, or for what was paid too much. They are not
    owed, so it no longer counts as paid; for returned units what is owed and what is paid go down together. `withheld`:
    what could have gone back beside it, and was kept, as a fee or by choice.
    """

    id: UUID
    amount: int
    restocking_fee: int
    lines: tuple[RefundLine, ...]
    for_cancelled: int
    by: str
    at: datetime
    return_id: str | None = None
    provider: str | None = None
    reference: str | None = None
    status: RefundStatus = RefundStatus.APPROVED
    withheld: int = 0

    @property
    def counts(self) -> bool:
        return self.status is RefundStatus.APPROVED

    @property
    def stands(self) -> bool:
        """Whether nobody else may have its units and money."""
        return self.status is not RefundStatus.REJECTED


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The latest cancellation, of the whole order or of lines."""

    reason: CancelReason
    note: str | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: the token's subject and the roles it acted with."""

    subject: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One entry of the timeline. `data` holds ids, amounts and field names, never a person's values."""

    sequence: int
    type: str
    at: datetime
    actor: Actor
    data: Mapping[str, Any] = field(default_factory=dict)


def what_is_left(lines: Iterable[OrderLine], shipments: Iterable[Shipment] = ()) -> dict[int, int]:
    """Units that have neither left, nor been cancelled, nor packed, by line number; lines without any are not there.

    Packed: in a shipment that holds them back.
    """
    packed: dict[int, int] = {}
    for shipment in shipments:
        if shipment.holds_back:
            for each in shipment.lines:
                packed[each.line_no] = packed.get(each.line_no, 0) + each.quantity
    left = {}
    for line in lines:
        units = line.unshipped_quantity - packed.get(line.line_no, 0)
        if units > 0:
            left[line.line_no] = units
    return left
