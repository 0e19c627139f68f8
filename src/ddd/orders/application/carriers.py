"""The port to carriers: a label is bought for a shipment after its commit, by a job, never inside a transaction.

Asking is safe to repeat. Whatever became of an earlier call (a time-out, a cut connection, a killed worker), the next
one first looks for what was bought under our reference, the shipment's id, and only then buys. One thing is left to
the caller: two calls for one shipment must not run at the same time (a lock per shipment on the job).

A person's name, address and contact go to the carrier and nowhere else: `repr` hides them, and a carrier's own words
are freed of them before they become a reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from ddd.orders.domain.parts import Address, Package, PickupWindow, ShipmentMode
from ddd.shared.domain.money import Money


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whom goods are fetched from or brought to."""

    name: str = field(repr=False)
    address: Address = field(repr=False)
    company: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)

    @property
    def private_texts(self) -> tuple[str, ...]:
        """Everything of it that must not be repeated to anyone but the carrier."""
        address = self.address
        texts = (self.name, self.company, self.phone, self.email)
        where = (address.line1, address.line2, address.city, address.postal_code)
        return tuple(text for text in (*texts, *where) if text)


@dataclass(frozen=True, slots=True)
class LabelLine:
    sku: str
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LabelKey:
    """Which label. `asked_at`: when it was first wanted, the same in every repetition (a carrier whose API cannot look
    a reference up is searched back to that time). `carrier_reference`: the carrier's own id, where one is known."""

    tenant_id: str
    shipment_id: UUID
    asked_at: datetime
    carrier_reference: str | None = None


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What a label is bought for. `service` goes before the account's; None is the account's, else the cheapest.

    `origin`: where it is fetched or sent from, None where nobody said; not every carrier asks.
    """

    key: LabelKey
    order_number: str
    mode: ShipmentMode
    origin: Party | None
    destination: Party
    lines: tuple[LabelLine, ...]
    package: Package | None = None
    pickup_window: PickupWindow | None = None
    instructions: str | None = field(default=None, repr=False)
    service: str | None = None

    @property
    def private_texts(self) -> tuple[str, ...]:
        mine = (self.instructions,) if self.instructions else ()
        return (*self.parties_texts, *mine)

    @property
    def parties_texts(self) -> tuple[str, ...]:
        """The private texts of the two parties."""
        return (*(self.origin.private_texts if self.origin else ()), *self.destination.private_texts)


@dataclass(frozen=True, slots=True)
class LabelBought:
    """The carrier took the shipment on.

    `cost` is what the carrier told, None where it bills later. `notice` tells staff what did not work beside the label
    (a pickup that nobody could arrange); with `ask_again_after` seconds, the same request asked again goes on with it.
    """

    carrier_reference: str
    tracking_reference: str
    tracking_url: str | None = None
    label_url: str | None = None
    cost: Money | None = None
    pickup_reference: str | None = None
    notice: str | None = None
    ask_again_after: int | None = None


@dataclass(frozen=True, slots=True)
class LabelOrdered:
    """Taken on, and nothing to track yet: the same request asked again after so many seconds tells more."""

    carrier_reference: str
    ask_again_after: int
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class CarrierRefused:
    """A no, in words for staff. Final: the same request would meet it again. Else the reason lies outside the request
    (credentials, balance, no rates today), and asking again, rarely, makes sense."""

    reason: str
    final: bool


@dataclass(frozen=True, slots=True)
class CarrierUnavailable:
    """No answer that could be used; what was asked may have been done all the same. `retry_after` in seconds, where the
    carrier named it or what was sent may still be at work there."""

    reason: str
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class LabelVoided:
    """No label stands. `existed`: there was one, and the carrier took it back (the refund may follow later)."""

    existed: bool


BuyOutcome = LabelBought | LabelOrdered | CarrierRefused | CarrierUnavailable
VoidOutcome = LabelVoided | CarrierRefused | CarrierUnavailable


class Carrier(Protocol):
    """One tenant's account with one carrier. Raises nothing that is expected of a carrier."""

    def buy_label(self, request: LabelRequest) -> BuyOutcome:
        """Buy one label, or find the one that was bought for this shipment already."""
        ...

    def void_label(self, label: LabelKey) -> VoidOutcome:
        """Take the label back, of a shipment that is cancelled before it leaves; safe to repeat."""
        ...


@dataclass(frozen=True, slots=True)
class CarrierAccount:
    """A tenant's account with a carrier: data, kept with the tenant's settings.

    `credentials` is the name of a secret, never the secret. `base_url` chooses among the addresses that the carrier's
    adapter knows (its sandbox), or the operator allows; None is the real one. `options` are the carrier's own words.
    """

    carrier: str
    modes: frozenset[ShipmentMode]
    credentials: str | None = None
    base_url: str | None = None
    service: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountFault:
    """Why an account would not work, and which field of it says so."""

    field: str
    reason: str


def choose_account(
    accounts: Iterable[CarrierAccount], mode: ShipmentMode, carrier: str | None = None
) -> CarrierAccount | None:
    """The first account that serves the mode, of the named carrier where one is named. None: nobody buys a label."""
    for account in accounts:
        if mode in account.modes and carrier in (None, account.carrier):
            return account
    return None


class Secret:
    """The named parts of one credential; what is printed of it are the names."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = dict(parts)

    def part(self, name: str) -> str | None:
        return self._parts.get(name) or None

    def __repr__(self) -> str:
        return f"Secret({', '.join(sorted(self._parts))})"


class Credentials(Protocol):
    """Where the operator keeps the tenants' secrets."""

    def find(self, tenant_id: str, name: str) -> Secret | None:
        """The tenant's secret of that name; another tenant's is not found."""
        ...


class Carriers(Protocol):
    """All carriers, each reached through a tenant's account."""

    def buy_label(self, account: CarrierAccount, request: LabelRequest) -> BuyOutcome: ...

    def void_label(self, account: CarrierAccount, label: LabelKey) -> VoidOutcome: ...

    def fault_of(self, tenant_id: str, account: CarrierAccount) -> AccountFault | None:
        """Why this account would not work, as far as can be told without asking the carrier; None where it may."""
        ...


def account_of(data: Mapping[str, Any]) -> CarrierAccount:
    """The account from what its tenant told."""
    return CarrierAccount(
        carrier=data["carrier"],
        modes=frozenset(map(ShipmentMode, data["modes"])),
        credentials=data["credentials"],
        base_url=data["base_url"],
        service=data["service"],
        options=data["options"],
    )


def account_data(account: CarrierAccount) -> dict[str, Any]:
    """The account as its tenant told it."""
    return {
        "carrier": account.carrier,
        "modes": sorted(account.modes),
        "credentials": account.credentials,
        "base_url": account.base_url,
        "service": account.service,
        "options": dict(account.options),
    }
