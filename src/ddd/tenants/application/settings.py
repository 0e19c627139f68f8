"""The tenant's own settings: read and changed by its Admin."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.application.versions import version_conflict
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.currencies import MINOR_UNITS
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.tenants.application import publish
from ddd.tenants.application.carriers import FaultOf, read_carriers
from ddd.tenants.application.ports import Tenants
from ddd.tenants.application.views import TenantView
from ddd.tenants.domain.tenant import Settings, UnknownSku

_UNKNOWN_SKU = frozenset(choice.value for choice in UnknownSku)


def get_tenant(caller: Caller, tenants: Tenants) -> TenantView | None:
    """The caller's tenant. One round trip. Raises PermissionMissing, RequestRefused."""
    grant, tenant = tenants.reader.fetch(caller, tenants.store.get(caller.tenant_id))
    grant.require("tenant")
    return None if tenant is None else TenantView.of(tenant)


def update_tenant_settings(caller: Caller, given: Mapping[str, Any], tenants: Tenants) -> Outcome[TenantView]:
    """Change the settings that are given; in force for the next request everywhere.

    What is not given, or null, stays. Settings that are in force already make no new version.
    """

    def attempt(tx: Transaction) -> tuple[UUID, TenantView] | Refusals:
        (tenant,) = tx.fetch(tenants.store.lock(caller.tenant_id))
        if tenant is None:
            return Refusals.of(ErrorCode.NOT_FOUND, "There is no such tenant.")
        if (conflict := version_conflict(given, tenant.version)) is not None:
            return conflict
        settings = read_settings(given, tenant.settings, partial(tenants.carriers.fault_of, tenant.id))
        if isinstance(settings, Refusals):
            return settings
        newer = tenant.configure(settings)
        if newer is not tenant:
            tx.store(tenants.store.update(newer))
            tx.journal([publish.changed(newer)], publish.audit("updateTenantSettings", tenant, newer))
        return newer.aggregate_id, TenantView.of(newer)

    def replay(_: UUID) -> TenantView | None:
        _grant, tenant = tenants.reader.fetch(caller, tenants.store.get(caller.tenant_id))
        return None if tenant is None else TenantView.of(tenant)

    command = Command("updateTenantSettings", given.get("idempotencyKey"), given)
    return tenants.unit_of_work.run(caller, command, attempt, replay=replay, drain=True)


def read_settings(given: Mapping[str, Any], current: Settings, fault_of: FaultOf | None = None) -> Settings | Refusals:
    """The current settings with what is given laid over them, or every fault in it, in the fields' order.

    `fault_of` looks at carrier accounts; without it they are not read.
    """
    form = Form(given)
    changes: dict[str, Any] = {}
    for name in given:
        if not form.has(name):
            continue
        if name == "name":
            changes["name"] = form.required_text(name)
        elif name == "defaultCurrency":
            changes["default_currency"] = form.choice(name, MINOR_UNITS, "ISO 4217 currency with minor units")
        elif name == "stockTracked":
            changes["stock_tracked"] = form.flag(name, current.stock_tracked)
        elif name == "unknownSku":
            choice = form.choice(name, _UNKNOWN_SKU, "rule for unknown SKUs (REFUSE or ACCEPT)")
            changes["unknown_sku"] = UnknownSku(choice or current.unknown_sku)
        elif name == "trustCustomerCheckout":
            changes["trust_customer_checkout"] = form.flag(name, current.trust_customer_checkout)
        elif name == "carriers" and fault_of is not None:
            changes["carriers"] = read_carriers(form, fault_of)
    return form.refusals or replace(current, **changes)
