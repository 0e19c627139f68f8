"""Carriers as the root puts them together: the desk, what tenants ask of it, and where goods come from."""

import os
from dataclasses import asdict
from functools import cache
from typing import Any

from django.conf import settings

from ddd.branches.application.ports import BranchStore
from ddd.orders.application import carriers as orders
from ddd.orders.application.label_requests import Place
from ddd.orders.domain.parts import Address
from ddd.orders.infrastructure.carriers.credentials import OperatorsCredentials
from ddd.orders.infrastructure.carriers.desk import CarrierDesk
from ddd.orders.infrastructure.carriers.http import Http
from ddd.shared.application.statements import Read
from ddd.shared.domain.clock import SystemClock
from ddd.tenants.application.ports import TenantStore
from ddd.tenants.domain.carriers import CarrierAccount


@cache
def carrier_desk() -> CarrierDesk:
    """All carriers, with the operator's secrets."""
    return CarrierDesk(OperatorsCredentials(os.environ), Http(settings.CARRIER_ORIGINS), SystemClock())


class AccountChecks:
    """See `ddd.tenants.application.ports.CarrierAccounts`."""

    def __init__(self, carriers: orders.Carriers) -> None:
        self._carriers = carriers

    def fault_of(self, tenant_id: str, account: CarrierAccount) -> tuple[str, str] | None:
        fault = self._carriers.fault_of(tenant_id, orders.account_of(asdict(account)))
        return None if fault is None else (fault.field, fault.reason)


class HouseOrigins:
    """See `ddd.orders.application.label_requests.Origins`."""

    def __init__(self, branches: BranchStore, tenants: TenantStore) -> None:
        self._branches, self._tenants = branches, tenants

    def branch(self, tenant_id: str, code: str | None) -> Read[Place | None]:
        read = self._branches.get(tenant_id, code or "")

        def build(rows: list[tuple[Any, ...]]) -> Place | None:
            found = read.build(rows)
            if found is None or found.address is None:
                return None
            return Place(found.name, Address(**asdict(found.address)))

        return Read(read.sql, read.params, build)

    def sender(self, tenant_id: str, account: orders.CarrierAccount) -> Read[orders.Party | None]:
        read = self._tenants.get(tenant_id)

        def build(rows: list[tuple[Any, ...]]) -> orders.Party | None:
            tenant = read.build(rows)
            for each in tenant.settings.carriers if tenant is not None else ():
                if each.carrier == account.carrier and account.modes & set(each.modes) and each.sender is not None:
                    return orders.Party(**{**asdict(each.sender), "address": Address(**asdict(each.sender.address))})
            return None

        return Read(read.sql, read.params, build)
