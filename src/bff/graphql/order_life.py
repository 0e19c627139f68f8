"""Resolvers of what happens to an order after it is placed."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import strawberry

from bff.graphql.types.common import Info, given, payload
from bff.graphql.types.order_life import (
    AddShippingTrackingReferenceInput,
    CancelShipmentInput,
    CompleteStepInput,
    ConfirmOrderInput,
    ConfirmShipmentInput,
    CreateShipmentInput,
    DeliverShipmentInput,
    DispatchShipmentInput,
    EscalateReviewerInput,
    HoldOrderInput,
    MarkAsCompletedInput,
    MarkAsDeliveredInput,
    ProcessRefundInput,
    ReceiveReturnInput,
    RecordPaymentInput,
    RefundPayload,
    ReleaseHoldInput,
    RequestReturnInput,
    ReturnPayload,
    ReviewOrderInput,
    ShipmentPayload,
)
from bff.graphql.types.orders import OrderPayload
from ddd.orders.application import holds, payments, returns, shipments, steps
from ddd.orders.application.change_order import Changed
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.caller import Caller

P = TypeVar("P")
Handler = Callable[[Caller, Mapping[str, Any], Orders], Outcome[Changed]]


def _order(
    handler: Callable[[Caller, Mapping[str, Any], Orders], Outcome[OrderView]], info: Info, input_: object
) -> OrderPayload:
    context = info.context
    return payload(OrderPayload, "order", handler(context.caller, given(input_), context.app.orders))


def _part(handler: Handler, info: Info, input_: object, kind: Callable[..., P], name: str, parts: str) -> P:
    """A payload with the order and the part that the change was about."""
    context = info.context
    outcome = handler(context.caller, given(input_), context.app.orders)
    changed = outcome.value
    order = None if changed is None else changed.order
    part = None
    if changed is not None and order is not None:
        part = next((each for each in getattr(order, parts) if each.id == changed.part_id), None)
    return payload(kind, "order", Outcome(order, outcome.errors, outcome.replayed), **{name: part})


def _shipment(handler: Handler, info: Info, input_: object) -> ShipmentPayload:
    return _part(handler, info, input_, ShipmentPayload, "shipment", "shipments")


@strawberry.type
class OrderLifeMutations:
    @strawberry.mutation(description="PENDING becomes CONFIRMED: once paid, or as the workflow says.")
    def confirm_order(self, info: Info, input: ConfirmOrderInput) -> OrderPayload:
        return _order(payments.confirm_order, info, input)

    @strawberry.mutation(description="Take note of a payment; an order that is paid by it is confirmed.")
    def record_payment(self, info: Info, input: RecordPaymentInput) -> OrderPayload:
        return _order(payments.record_order_payment, info, input)

    @strawberry.mutation(description="Pack units of a confirmed order.")
    def create_shipment(self, info: Info, input: CreateShipmentInput) -> ShipmentPayload:
        return _shipment(shipments.create_shipment, info, input)

    @strawberry.mutation(description="The branch or vendor takes the shipment on.")
    def confirm_shipment(self, info: Info, input: ConfirmShipmentInput) -> ShipmentPayload:
        return _shipment(shipments.confirm_shipment, info, input)

    @strawberry.mutation(description="The shipment leaves; its stock is issued in the same commit.")
    def dispatch_shipment(self, info: Info, input: DispatchShipmentInput) -> ShipmentPayload:
        return _shipment(shipments.dispatch_shipment, info, input)

    @strawberry.mutation(description="The shipment arrived.")
    def deliver_shipment(self, info: Info, input: DeliverShipmentInput) -> ShipmentPayload:
        return _shipment(shipments.deliver_shipment, info, input)

    @strawberry.mutation(description="Called off before it left; its units may be packed again.")
    def cancel_shipment(self, info: Info, input: CancelShipmentInput) -> ShipmentPayload:
        return _shipment(shipments.cancel_shipment, info, input)

    @strawberry.mutation(description="Tell where a shipment is, after it left.")
    def add_shipping_tracking_reference(self, info: Info, input: AddShippingTrackingReferenceInput) -> ShipmentPayload:
        return _shipment(shipments.add_shipping_tracking_reference, info, input)

    @strawberry.mutation(description="All that is on its way arrived.")
    def mark_as_delivered(self, info: Info, input: MarkAsDeliveredInput) -> OrderPayload:
        return _order(shipments.mark_as_delivered, info, input)

    @strawberry.mutation(description="The end of the order: nothing is outstanding.")
    def mark_as_completed(self, info: Info, input: MarkAsCompletedInput) -> OrderPayload:
        return _order(shipments.mark_as_completed, info, input)

    @strawberry.mutation(description="Stop the order: until released or `until` it neither ships nor completes.")
    def hold_order(self, info: Info, input: HoldOrderInput) -> OrderPayload:
        return _order(holds.hold_order, info, input)

    @strawberry.mutation(description="Let a held order go on.")
    def release_hold(self, info: Info, input: ReleaseHoldInput) -> OrderPayload:
        return _order(holds.release_hold, info, input)

    @strawberry.mutation(description="Announce goods coming back.")
    def request_return(self, info: Info, input: RequestReturnInput) -> ReturnPayload:
        return _part(returns.request_return, info, input, ReturnPayload, "return_", "returns")

    @strawberry.mutation(description="Returned goods arrived; those to restock are on hand again in the same commit.")
    def receive_return(self, info: Info, input: ReceiveReturnInput) -> ReturnPayload:
        return _part(returns.receive_return, info, input, ReturnPayload, "return_", "returns")

    @strawberry.mutation(description="Give money back for returned or cancelled units.")
    def process_refund(self, info: Info, input: ProcessRefundInput) -> RefundPayload:
        return _part(returns.process_refund, info, input, RefundPayload, "refund", "refunds")

    @strawberry.mutation(description="Perform a step of the order's workflow.")
    def complete_step(self, info: Info, input: CompleteStepInput) -> OrderPayload:
        return _order(steps.complete_step, info, input)

    @strawberry.mutation(description="Name the one whose review of the order counts.")
    def escalate_reviewer(self, info: Info, input: EscalateReviewerInput) -> OrderPayload:
        return _order(steps.escalate_reviewer, info, input)

    @strawberry.mutation(description="The named reviewer approves, rejects or holds.")
    def review_order(self, info: Info, input: ReviewOrderInput) -> OrderPayload:
        return _order(steps.review_order, info, input)
