"""What queries and commands answer."""

from dataclasses import dataclass
from typing import Self

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
        )
