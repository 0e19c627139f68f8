"""What queries and commands answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from ddd.tenants.domain.carriers import CarrierAccount
from ddd.tenants.domain.tenant import Tenant


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant and its settings."""

    id: str
    name: str
    status: str
    default_currency: str | None
    stock_tracked: bool
    unknown_sku: str
    trust_customer_checkout: bool
    workflow_version: int
    version: int
    #: What its plan does not include.
    operations_off: tuple[str, ...] = ()
    carriers: tuple[CarrierAccount, ...] = ()

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        """As the tenant is."""
        settings = tenant.settings
        return cls(
            tenant.id,
            settings.name,
            tenant.status.value,
            settings.default_currency,
            settings.stock_tracked,
            settings.unknown_sku.value,
            settings.trust_customer_checkout,
            tenant.workflow_version,
            tenant.version,
            tenant.operations_off,
            settings.carriers,
        )


@dataclass(frozen=True, slots=True)
class WorkflowView:
    """One published version. `is_current`: new orders are placed under it."""

    version: int
    name: str
    document: Mapping[str, Any]
    published_at: datetime
    is_current: bool
    #: The tenant's version, for `expectedVersion`.
    tenant_version: int
