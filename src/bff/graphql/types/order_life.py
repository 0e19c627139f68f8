"""What happens to an order after it is placed: inputs and payloads."""

import strawberry
from strawberry.scalars import JSON

from bff.graphql.scalars import RawDateTime, RawDecimal
from bff.graphql.types.common import PackageInput, UserError, raw_input
from bff.graphql.types.orders import Order, OrderLineQuantityInput, Refund, Return, Shipment
from ddd.orders.application.vocabulary import PaymentState, ShipmentMode, StepOutcome

_REPLAYED = "The key had been used; the object is as it is now."


@strawberry.type
class ShipmentPayload:
    order: Order | None
    shipment: Shipment | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description=_REPLAYED)


@strawberry.type
class ReturnPayload:
    order: Order | None
    return_: Return | None = strawberry.field(name="return")
    errors: list[UserError]
    replayed: bool = strawberry.field(description=_REPLAYED)


@strawberry.type
class RefundPayload:
    order: Order | None
    refund: Refund | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description=_REPLAYED)


@raw_input()
class ConfirmOrderInput:
    order_id: strawberry.ID
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input(description="What a payment provider told. The same provider and reference are one payment.")
class RecordPaymentInput:
    order_id: strawberry.ID
    provider: str
    reference: str
    state: PaymentState
    amount: RawDecimal | None = strawberry.field(
        default=strawberry.UNSET, description="Without it: what is known of the payment, else what is due."
    )
    currency: str | None = strawberry.field(default=strawberry.UNSET, description="The order's; another is refused.")
    method: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class PickupWindowInput:
    start: RawDateTime
    end: RawDateTime


@raw_input(description="Without lines: all that is left. A shipment leaves from one branch.")
class CreateShipmentInput:
    order_id: strawberry.ID
    lines: list[OrderLineQuantityInput] | None = strawberry.UNSET
    branch_code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Only what comes from this branch; wanted where what is left lies in several.",
    )
    mode: ShipmentMode | None = strawberry.UNSET
    carrier: str | None = strawberry.UNSET
    package: PackageInput | None = strawberry.UNSET
    pickup_window: PickupWindowInput | None = strawberry.UNSET
    instructions: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class ConfirmShipmentInput:
    order_id: strawberry.ID
    shipment_id: strawberry.ID
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class DispatchShipmentInput:
    order_id: strawberry.ID
    shipment_id: strawberry.ID
    carrier: str | None = strawberry.UNSET
    tracking_reference: str | None = strawberry.UNSET
    tracking_url: str | None = strawberry.UNSET
    shipped_at: RawDateTime | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class DeliverShipmentInput:
    order_id: strawberry.ID
    shipment_id: strawberry.ID
    delivered_at: RawDateTime | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class CancelShipmentInput:
    order_id: strawberry.ID
    shipment_id: strawberry.ID
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class AddShippingTrackingReferenceInput:
    order_id: strawberry.ID
    shipment_id: strawberry.ID
    tracking_reference: str
    tracking_url: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input(description="All that is on its way.")
class MarkAsDeliveredInput:
    order_id: strawberry.ID
    delivered_at: RawDateTime | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class MarkAsCompletedInput:
    order_id: strawberry.ID
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class HoldOrderInput:
    order_id: strawberry.ID
    reason: str
    until: RawDateTime | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class ReleaseHoldInput:
    order_id: strawberry.ID
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class RequestReturnInput:
    order_id: strawberry.ID
    lines: list[OrderLineQuantityInput]
    reason: str
    note: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input(description="Of the units of a line that arrived: so many back to stock, so many scrapped.")
class ReceivedLineInput:
    order_line_id: strawberry.ID
    restock: int | None = strawberry.UNSET
    scrap: int | None = strawberry.UNSET


@raw_input()
class ReceiveReturnInput:
    order_id: strawberry.ID
    return_id: strawberry.ID
    lines: list[ReceivedLineInput]
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input(
    description="For the lines named, one return, or all that came back or was cancelled and is not refunded yet; "
    "where nothing of that is left, for what was paid beyond what is owed."
)
class ProcessRefundInput:
    order_id: strawberry.ID
    return_id: strawberry.ID | None = strawberry.UNSET
    lines: list[OrderLineQuantityInput] | None = strawberry.UNSET
    amount: RawDecimal | None = strawberry.field(
        default=strawberry.UNSET, description="Without it: what the units are worth, less the restocking fee."
    )
    currency: str | None = strawberry.field(default=strawberry.UNSET, description="The order's; another is refused.")
    restocking_fee: RawDecimal | None = strawberry.UNSET
    reason: str | None = strawberry.UNSET
    provider: str | None = strawberry.UNSET
    reference: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input(description="A step of the order's workflow. Without an outcome: done, or approved, as the step has it.")
class CompleteStepInput:
    order_id: strawberry.ID
    step: str
    input: JSON | None = strawberry.field(default=strawberry.UNSET, description="As the step's input schema says.")
    outcome: StepOutcome | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class EscalateReviewerInput:
    order_id: strawberry.ID
    reviewer: str = strawberry.field(description="The subject (`sub`) of the one whose review counts from now on.")
    note: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input(
    description="The named reviewer's word on the step that waits for it, else on the return, else the refund, "
    "asked for first."
)
class ReviewOrderInput:
    order_id: strawberry.ID
    outcome: StepOutcome
    note: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
