"""What every adapter is given, and the form of an adapter."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ddd.orders.application.carriers import Carrier, CarrierAccount, LabelRequest, Party, Secret
from ddd.orders.domain.parts import ShipmentMode
from ddd.orders.infrastructure.carriers.http import Http, Misconfigured, refused
from ddd.orders.infrastructure.carriers.tokens import Tokens
from ddd.shared.domain.clock import Clock


@dataclass(frozen=True, slots=True)
class Tools:
    """`secret` is the account's; None where it names none."""

    http: Http
    clock: Clock
    tokens: Tokens
    secret: Secret | None = field(repr=False)

    def secret_part(self, name: str) -> str:
        """A part of the account's secret, fit for a header. Raises Misconfigured where it is missing."""
        found = self.secret.part(name) if self.secret else None
        if found is None or not all("!" <= character <= "~" for character in found):
            raise Misconfigured("credentials", f"The account's secret is missing, or has no usable part {name!r}.")
        return found


def sender(request: LabelRequest) -> Party:
    """Who sends it, for a carrier that asks. Raises CallFailed where nobody said."""
    if request.origin is None:
        raise refused("No address to send from: give the branch one, or the carrier account a sender.", final=False)
    return request.origin


class Adapter(NamedTuple):
    """How a carrier is reached. `make` raises Misconfigured for an account that cannot work."""

    make: Callable[[CarrierAccount, Tools], Carrier]
    modes: frozenset[ShipmentMode]
