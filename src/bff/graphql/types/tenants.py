"""Tenants and the caller in the schema."""

import strawberry

from bff.graphql.types.common import UserError, raw_input
from ddd.shared.domain.caller import Scope
from ddd.tenants.application.vocabulary import TenantStatus, UnknownSku

strawberry.enum(Scope, description="How far a permission reaches: own orders, own lines, own branches, everything.")
strawberry.enum(TenantStatus)
strawberry.enum(UnknownSku, description="What becomes of an order line whose SKU is not in the catalogue.")


@strawberry.type(description="A company on this server, and how it wants its orders taken.")
class Tenant:
    id: strawberry.ID
    name: str
    status: TenantStatus
    default_currency: str | None = strawberry.field(description="ISO 4217.")
    stock_tracked: bool = strawberry.field(description="Off: nothing is reserved and no branch is needed.")
    unknown_sku: UnknownSku
    trust_customer_checkout: bool = strawberry.field(
        description="Whether a payment that a customer's own token reports is believed."
    )
    workflow_version: int
    version: int
    operations_off: list[str] = strawberry.field(description="What your plan does not include.")


@strawberry.type
class TenantPayload:
    tenant: Tenant | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description="The key had been used; the object is as it is now.")


@strawberry.type(description="An operation that one of the caller's roles carries, and how far it reaches.")
class Permission:
    operation: str
    scope: Scope


@strawberry.type(description="The caller, as its token says.")
class Me:
    subject: str
    tenant: str = strawberry.field(description="The tenant's id.")
    roles: list[str]
    permissions: list[Permission]
    branches: list[str] | None = strawberry.field(description="Null: all branches; empty: none.")
    customer_id: str
    vendor_id: str


@raw_input(description="What is absent or null stays as it is.")
class UpdateTenantSettingsInput:
    name: str | None = strawberry.UNSET
    default_currency: str | None = strawberry.field(default=strawberry.UNSET, description="ISO 4217.")
    stock_tracked: bool | None = strawberry.UNSET
    unknown_sku: UnknownSku | None = strawberry.UNSET
    trust_customer_checkout: bool | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
