"""Orders in the schema."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from bff.graphql.scalars import RawDateTime, RawDecimal
from bff.graphql.types.common import (
    Address,
    AddressInput,
    Money,
    Package,
    PackageInput,
    PageInfo,
    UserError,
    raw_input,
)
from ddd.orders.application.vocabulary import (
    CancelReason,
    Direction,
    OrderOrderField,
    OrderStatus,
    PaymentState,
    PaymentStatus,
    RefundStatus,
    ReturnStatus,
    ShipmentMode,
    ShipmentStatus,
    StepOutcome,
)

for _words in (
    CancelReason,
    Direction,
    OrderOrderField,
    OrderStatus,
    PaymentState,
    PaymentStatus,
    RefundStatus,
    ReturnStatus,
    ShipmentMode,
    ShipmentStatus,
    StepOutcome,
):
    strawberry.enum(_words)


@strawberry.type
class Customer:
    id: str | None
    first_name: str
    last_name: str | None
    email: str | None
    phone: str | None


@strawberry.type(description="Where a line's stock is reserved.")
class Allocation:
    branch_code: str
    quantity: int


@strawberry.type
class OrderLine:
    id: strawberry.ID
    line_no: int
    sku: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money = strawberry.field(description="unitPrice × quantity − discount")
    discount: Money
    tax: Money
    vendor_id: str | None
    category: str | None
    options: JSON | None
    is_free_gift: bool
    is_taxable: bool
    package: Package | None
    reserved_quantity: int
    cancelled_quantity: int
    shipped_quantity: int = strawberry.field(description="Delivered units count as shipped, too.")
    delivered_quantity: int
    returned_quantity: int
    allocation: list[Allocation] | None = strawberry.field(description="Null where no stock is kept of the line.")


@strawberry.type
class ShipmentLine:
    order_line_id: strawberry.ID
    sku: str
    quantity: int


@strawberry.type
class PickupWindow:
    start: datetime
    end: datetime


@strawberry.type(description="Goods that leave together.")
class Shipment:
    id: strawberry.ID
    status: ShipmentStatus
    mode: ShipmentMode
    carrier: str | None
    tracking_reference: str | None
    tracking_url: str | None
    branch_code: str | None
    lines: list[ShipmentLine]
    address: Address
    label_url: str | None = strawberry.field(description="The carrier's label, to be printed. Null for a customer.")
    cost: Money | None = strawberry.field(description="What the carrier's label cost. Null for a customer.")
    problem: str | None = strawberry.field(
        description="Why the carrier's label could not be bought or taken back, or what it came without. "
        "Null for a customer."
    )
    pickup_reference: str | None = strawberry.field(
        description="The carrier's confirmation of the pickup. Null for a customer."
    )
    pickup_window: PickupWindow | None
    instructions: str | None
    package: Package | None
    shipped_at: datetime | None
    delivered_at: datetime | None


@strawberry.type
class Payment:
    state: PaymentState
    amount: Money
    method: str | None
    provider: str | None
    reference: str | None
    at: datetime


@strawberry.type
class ReturnLine:
    order_line_id: strawberry.ID
    sku: str
    quantity: int
    restocked: int
    scrapped: int


@strawberry.type(description="Goods coming back.")
class Return:
    id: strawberry.ID
    status: ReturnStatus
    reason: str
    note: str | None = strawberry.field(description="Null for a Customer or Vendor, unless it wrote it.")
    lines: list[ReturnLine]
    requested_at: datetime
    received_at: datetime | None


@strawberry.type
class RefundLine:
    order_line_id: strawberry.ID
    sku: str
    quantity: int
    returned: int = strawberry.field(description="So many of them had come back; the others were cancelled.")


@strawberry.type(description="Money given back for returned or cancelled units, or of what was paid too much.")
class Refund:
    id: strawberry.ID
    status: RefundStatus = strawberry.field(description="REQUESTED: it waits for a review. Only APPROVED ones count.")
    amount: Money
    restocking_fee: Money
    reason: str | None
    lines: list[RefundLine]
    return_id: strawberry.ID | None = strawberry.field(description="The return it is for, where one was named.")
    provider: str | None
    reference: str | None
    at: datetime


@strawberry.type
class Hold:
    reason: str | None = strawberry.field(description="Null for a Customer or Vendor, unless it wrote it.")
    until: datetime | None
    by: str
    at: datetime
    released_at: datetime | None


@strawberry.type(description="The workflow version that the order goes by: the one it was placed under or moved to.")
class OrderWorkflow:
    version: int


@strawberry.type(description="What the caller may do next: `action` is the mutation's name.")
class AvailableAction:
    action: str
    allowed: bool
    reason: str | None


@strawberry.type
class Actor:
    subject: str
    roles: list[str]


@strawberry.type(description="One event of the order's life.")
class TimelineEntry:
    sequence: int
    at: datetime
    type: str
    actor: Actor
    data: JSON


@strawberry.type(description="The latest cancellation, of the whole order or of lines.")
class Cancellation:
    reason: CancelReason
    note: str | None = strawberry.field(description="Null for a Customer or Vendor, unless it wrote it.")
    at: datetime
    by: str


_HIDDEN = "Null for a Vendor."


@strawberry.type
class Order:
    id: strawberry.ID
    order_number: str
    channel: str
    external_ref: str | None
    status: OrderStatus
    activity_status: str | None = strawberry.field(description="The tenant's own sub-state.")
    payment_status: PaymentStatus | None = strawberry.field(description=_HIDDEN)
    version: int
    currency: str
    subtotal: Money | None = strawberry.field(description=_HIDDEN)
    discount_total: Money | None = strawberry.field(description=_HIDDEN)
    shipping_total: Money | None = strawberry.field(description=_HIDDEN)
    tax_total: Money | None = strawberry.field(description=_HIDDEN)
    total: Money | None = strawberry.field(description=_HIDDEN)
    amount_due: Money | None = strawberry.field(
        description="What is still to be paid for what was not cancelled. Null for a Vendor."
    )
    taxes_included: bool
    customer: Customer
    shipping_address: Address
    billing_address: Address | None
    lines: list[OrderLine]
    shipments: list[Shipment]
    payments: list[Payment]
    returns: list[Return]
    refunds: list[Refund]
    holds: list[Hold]
    workflow: OrderWorkflow
    available_actions: list[AvailableAction]
    timeline: list[TimelineEntry]
    cancellation: Cancellation | None
    branch_code: str | None = strawberry.field(description="The branch named when the order was placed.")
    note: str | None
    metadata: JSON | None
    placed_at: datetime
    updated_at: datetime


@strawberry.type
class OrderEdge:
    cursor: str
    node: Order


@strawberry.type
class OrderConnection:
    page_info: PageInfo
    edges: list[OrderEdge]
    nodes: list[Order]
    total_count: int


@strawberry.type
class OrderPayload:
    order: Order | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description="The key had been used; the object is as it is now.")


@raw_input()
class CustomerInput:
    first_name: str
    id: str | None = strawberry.UNSET
    last_name: str | None = strawberry.UNSET
    email: str | None = strawberry.UNSET
    phone: str | None = strawberry.UNSET


@raw_input()
class OrderLineInput:
    sku: str
    quantity: int = strawberry.field(description="1 to 1,000,000.")
    unit_price: RawDecimal
    name: str | None = strawberry.UNSET
    vendor_id: str | None = strawberry.UNSET
    category: str | None = strawberry.UNSET
    options: JSON | None = strawberry.UNSET
    discount: RawDecimal | None = strawberry.field(default=strawberry.UNSET, description="Of the whole line.")
    tax: RawDecimal | None = strawberry.field(default=strawberry.UNSET, description="Of the whole line.")
    is_free_gift: bool | None = strawberry.UNSET
    is_taxable: bool | None = strawberry.UNSET
    package: PackageInput | None = strawberry.UNSET


@raw_input()
class ShippingInput:
    method: str | None = strawberry.UNSET
    delivery_time: str | None = strawberry.UNSET
    cost: RawDecimal | None = strawberry.UNSET


@raw_input(description="AUTHORIZED or CAPTURED without an amount means the whole total.")
class PaymentInput:
    state: PaymentState | None = strawberry.UNSET
    amount: RawDecimal | None = strawberry.UNSET
    method: str | None = strawberry.UNSET
    provider: str | None = strawberry.UNSET
    reference: str | None = strawberry.UNSET


@raw_input()
class DiscountInput:
    amount: RawDecimal
    code: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET


@raw_input()
class TaxInput:
    amount: RawDecimal
    name: str | None = strawberry.UNSET
    rate: RawDecimal | None = strawberry.field(default=strawberry.UNSET, description="Information; the amount counts.")


@raw_input(description="A finalised checkout.")
class PlaceOrderInput:
    idempotency_key: str
    currency: str = strawberry.field(description="ISO 4217.")
    customer: CustomerInput
    shipping_address: AddressInput
    lines: list[OrderLineInput]
    channel: str | None = strawberry.UNSET
    external_ref: str | None = strawberry.UNSET
    billing_address: AddressInput | None = strawberry.UNSET
    shipping: ShippingInput | None = strawberry.UNSET
    payment: PaymentInput | None = strawberry.UNSET
    discounts: list[DiscountInput] | None = strawberry.UNSET
    taxes: list[TaxInput] | None = strawberry.UNSET
    taxes_included: bool | None = strawberry.UNSET
    branch_code: str | None = strawberry.UNSET
    note: str | None = strawberry.UNSET
    metadata: JSON | None = strawberry.UNSET
    expected_total: RawDecimal | None = strawberry.UNSET
    placed_at: RawDateTime | None = strawberry.UNSET


@raw_input()
class OrderLineQuantityInput:
    order_line_id: strawberry.ID
    quantity: int


@raw_input()
class CancelOrderInput:
    order_id: strawberry.ID
    reason: CancelReason
    note: str | None = strawberry.UNSET
    lines: list[OrderLineQuantityInput] | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class MarkAsShippedInput:
    order_id: strawberry.ID
    carrier: str | None = strawberry.UNSET
    tracking_reference: str | None = strawberry.UNSET
    tracking_url: str | None = strawberry.UNSET
    shipped_at: RawDateTime | None = strawberry.UNSET
    lines: list[OrderLineQuantityInput] | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input(name="DateTimeRange", description="from ≤ t < until")
class DateTimeRange:
    from_: RawDateTime | None = strawberry.field(name="from", default=strawberry.UNSET)
    until: RawDateTime | None = strawberry.UNSET


@raw_input()
class OrderFilter:
    status: list[OrderStatus] | None = strawberry.UNSET
    payment_status: list[PaymentStatus] | None = strawberry.UNSET
    customer_id: str | None = strawberry.UNSET
    customer_email: str | None = strawberry.UNSET
    vendor_id: str | None = strawberry.UNSET
    branch_code: str | None = strawberry.UNSET
    sku: str | None = strawberry.UNSET
    channel: str | None = strawberry.UNSET
    placed_at: DateTimeRange | None = strawberry.UNSET
    updated_at: DateTimeRange | None = strawberry.UNSET
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Exact order number or external reference, or a prefix of e-mail or last name.",
    )


@raw_input()
class OrderOrder:
    field: OrderOrderField | None = strawberry.UNSET
    direction: Direction | None = strawberry.UNSET
