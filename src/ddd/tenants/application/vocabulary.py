"""The words of tenants that clients use, for the front to declare."""

from ddd.tenants.domain.tenant import TenantStatus, UnknownSku

__all__ = ["TenantStatus", "UnknownSku"]
