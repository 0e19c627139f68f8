"""Tenants and the caller in the schema."""

import strawberry
from strawberry.scalars import JSON

from bff.graphql.types.common import Address, AddressInput, UserError, raw_input
from ddd.orders.application.vocabulary import ShipmentMode
from ddd.shared.domain.caller import Scope
from ddd.tenants.application.vocabulary import TenantStatus, UnknownSku

strawberry.enum(Scope, description="How far a permission reaches: own orders, own lines, own branches, everything.")
strawberry.enum(TenantStatus)
strawberry.enum(UnknownSku, description="What becomes of an order line whose SKU is not in the catalogue.")


@strawberry.type(description="Who sends, where the shipment's branch does not say otherwise.")
class CarrierSender:
    name: str
    company: str | None
    phone: str | None
    email: str | None
    address: Address


@strawberry.type(description="An account with a carrier, for shipments of these modes.")
class CarrierAccount:
    carrier: str
    modes: list[ShipmentMode]
    credentials: str | None = strawberry.field(description="The name of the secret that the operator keeps.")
    base_url: str | None = strawberry.field(description="Null: the carrier's own address.")
    service: str | None = strawberry.field(description="Null: the cheapest, or the carrier's standard.")
    options: JSON = strawberry.field(description="The carrier's own words.")
    sender: CarrierSender | None


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
    carriers: list[CarrierAccount] = strawberry.field(
        description="Who carries: the first account that serves a shipment's mode buys its label."
    )


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


@raw_input()
class CarrierSenderInput:
    name: str
    address: AddressInput
    company: str | None = strawberry.UNSET
    phone: str | None = strawberry.UNSET
    email: str | None = strawberry.UNSET


@raw_input()
class CarrierAccountInput:
    carrier: str = strawberry.field(description="easypost, self_delivery, shippo, shipbob or ninja_van.")
    modes: list[ShipmentMode]
    credentials: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name of a secret that the operator keeps for you; never the secret."
    )
    base_url: str | None = strawberry.field(
        default=strawberry.UNSET, description="The carrier's sandbox, or an origin that the operator allows."
    )
    service: str | None = strawberry.UNSET
    options: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="The carrier's own words: an object of texts."
    )
    sender: CarrierSenderInput | None = strawberry.UNSET


@raw_input(description="What is absent or null stays as it is.")
class UpdateTenantSettingsInput:
    name: str | None = strawberry.UNSET
    default_currency: str | None = strawberry.field(default=strawberry.UNSET, description="ISO 4217.")
    stock_tracked: bool | None = strawberry.UNSET
    unknown_sku: UnknownSku | None = strawberry.UNSET
    trust_customer_checkout: bool | None = strawberry.UNSET
    carriers: list[CarrierAccountInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All accounts; an empty list takes them away."
    )
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
