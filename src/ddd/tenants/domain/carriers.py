"""A tenant's accounts with carriers: data, and never a secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

#: The words for how a shipment comes to its carrier.
MODES: Final = ("PICKUP", "DROPOFF", "WAREHOUSE")


@dataclass(frozen=True, slots=True)
class SenderAddress:
    """`country` is ISO 3166-1 alpha-2."""

    line1: str
    country: str
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, where a shipment's branch does not say otherwise. A small shop may be somebody's home: what is told of
    it, in events and in the audit, is that there is one."""

    name: str
    address: SenderAddress
    company: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class CarrierAccount:
    """An account with a carrier, for shipments of these modes.

    `credentials` is the name of a secret that the operator keeps for the tenant. `options` are the carrier's own words.
    """

    carrier: str
    modes: Sequence[str]
    credentials: str | None = None
    base_url: str | None = None
    service: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    sender: Sender | None = None
