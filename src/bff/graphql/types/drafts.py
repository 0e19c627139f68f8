"""Drafts, submitted and fulfilled: inputs."""

import strawberry
from strawberry.scalars import JSON

from bff.graphql.scalars import RawDecimal
from bff.graphql.types.common import AddressInput, raw_input
from bff.graphql.types.orders import CustomerInput, DiscountInput, OrderLineInput, ShippingInput, TaxInput


@raw_input(description="A branch's order before it is placed: a checkout without payment, whose lines may wait.")
class CreateDraftOrderInput:
    currency: str = strawberry.field(description="ISO 4217.")
    customer: CustomerInput
    shipping_address: AddressInput
    lines: list[OrderLineInput] | None = strawberry.UNSET
    channel: str | None = strawberry.UNSET
    external_ref: str | None = strawberry.UNSET
    billing_address: AddressInput | None = strawberry.UNSET
    shipping: ShippingInput | None = strawberry.UNSET
    discounts: list[DiscountInput] | None = strawberry.UNSET
    taxes: list[TaxInput] | None = strawberry.UNSET
    taxes_included: bool | None = strawberry.UNSET
    branch_code: str | None = strawberry.UNSET
    note: str | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET
    expected_total: RawDecimal | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET


@raw_input(description="What is given replaces what is there, each field as a whole; null clears it.")
class EditDraftOrderInput:
    order_id: strawberry.ID
    currency: str | None = strawberry.UNSET
    customer: CustomerInput | None = strawberry.UNSET
    shipping_address: AddressInput | None = strawberry.UNSET
    lines: list[OrderLineInput] | None = strawberry.UNSET
    channel: str | None = strawberry.UNSET
    external_ref: str | None = strawberry.UNSET
    billing_address: AddressInput | None = strawberry.UNSET
    shipping: ShippingInput | None = strawberry.UNSET
    discounts: list[DiscountInput] | None = strawberry.UNSET
    taxes: list[TaxInput] | None = strawberry.UNSET
    taxes_included: bool | None = strawberry.UNSET
    branch_code: str | None = strawberry.UNSET
    note: str | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET
    expected_total: RawDecimal | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class SubmitOrderInput:
    order_id: strawberry.ID
    expected_total: RawDecimal | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class FulfilOrderInput:
    order_id: strawberry.ID
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
