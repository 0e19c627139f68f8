"""All carriers, each reached through a tenant's account. A sixth one is a file of its own and a line in CARRIERS."""

import logging
from collections.abc import Mapping
from typing import Final

from ddd.orders.application.carriers import (
    AccountFault,
    BuyOutcome,
    Carrier,
    CarrierAccount,
    CarrierRefused,
    Credentials,
    LabelKey,
    LabelRequest,
    VoidOutcome,
)
from ddd.orders.domain.parts import ShipmentMode
from ddd.orders.infrastructure.carriers import easypost, ninja_van, self_delivery, shipbob, shippo
from ddd.orders.infrastructure.carriers.http import Http, Misconfigured
from ddd.orders.infrastructure.carriers.tokens import Tokens
from ddd.orders.infrastructure.carriers.tools import Adapter, Tools
from ddd.shared.domain.clock import Clock

CARRIERS: Final[Mapping[str, Adapter]] = {
    easypost.NAME: Adapter(easypost.EasyPost, easypost.MODES),
    self_delivery.NAME: Adapter(self_delivery.SelfDelivery, self_delivery.MODES),
    shippo.NAME: Adapter(shippo.Shippo, shippo.MODES),
    shipbob.NAME: Adapter(shipbob.ShipBob, shipbob.MODES),
    ninja_van.NAME: Adapter(ninja_van.NinjaVan, ninja_van.MODES),
}

_log = logging.getLogger(__name__)


class CarrierDesk:
    """Carriers, as the application asks them. An account that cannot work is a refusal, not an error."""

    def __init__(
        self, credentials: Credentials, http: Http, clock: Clock, carriers: Mapping[str, Adapter] = CARRIERS
    ) -> None:
        self._credentials, self._http, self._clock = credentials, http, clock
        self._carriers = carriers
        self._tokens = Tokens()

    def buy_label(self, account: CarrierAccount, request: LabelRequest) -> BuyOutcome:
        try:
            carrier = self._open(request.key.tenant_id, account)
            self._check_mode(account, request.mode)
        except Misconfigured as fault:
            return CarrierRefused(str(fault), final=False)
        outcome = carrier.buy_label(request)
        _tell("buy", account, request.key, outcome)
        return outcome

    def void_label(self, account: CarrierAccount, label: LabelKey) -> VoidOutcome:
        try:
            carrier = self._open(label.tenant_id, account)
        except Misconfigured as fault:
            return CarrierRefused(str(fault), final=False)
        outcome = carrier.void_label(label)
        _tell("void", account, label, outcome)
        return outcome

    def fault_of(self, tenant_id: str, account: CarrierAccount) -> AccountFault | None:
        try:
            self._open(tenant_id, account)
            for mode in sorted(account.modes):
                self._check_mode(account, mode)
        except Misconfigured as fault:
            return AccountFault(fault.field, str(fault))
        return None

    def _open(self, tenant_id: str, account: CarrierAccount) -> Carrier:
        adapter = self._carriers.get(account.carrier)
        if adapter is None:
            raise Misconfigured("carrier", f"There is no carrier {account.carrier!r}.")
        secret = self._credentials.find(tenant_id, account.credentials) if account.credentials else None
        return adapter.make(account, Tools(self._http, self._clock, self._tokens, secret))

    def _check_mode(self, account: CarrierAccount, mode: ShipmentMode) -> None:
        if mode not in self._carriers[account.carrier].modes:
            raise Misconfigured("modes", f"{account.carrier} does not do {mode} shipments here.")


def _tell(what: str, account: CarrierAccount, label: LabelKey, outcome: object) -> None:
    """Ids and the kind of outcome, no reason: it may hold a carrier's words."""
    _log.info("%s at %s for shipment %s: %s", what, account.carrier, label.shipment_id, type(outcome).__name__)
