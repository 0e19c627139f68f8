"""Carriers as the root puts them together: the desk, and what tenants ask of it before they keep an account."""

import os
from dataclasses import asdict
from functools import cache

from django.conf import settings

from ddd.orders.application.carriers import Carriers, account_of
from ddd.orders.infrastructure.carriers.credentials import OperatorsCredentials
from ddd.orders.infrastructure.carriers.desk import CarrierDesk
from ddd.orders.infrastructure.carriers.http import Http
from ddd.shared.domain.clock import SystemClock
from ddd.tenants.domain.carriers import CarrierAccount


@cache
def carrier_desk() -> CarrierDesk:
    """All carriers, with the operator's secrets."""
    return CarrierDesk(OperatorsCredentials(os.environ), Http(settings.CARRIER_ORIGINS), SystemClock())


class AccountChecks:
    """See `ddd.tenants.application.ports.CarrierAccounts`."""

    def __init__(self, carriers: Carriers) -> None:
        self._carriers = carriers

    def fault_of(self, tenant_id: str, account: CarrierAccount) -> tuple[str, str] | None:
        fault = self._carriers.fault_of(tenant_id, account_of(asdict(account)))
        return None if fault is None else (fault.field, fault.reason)
