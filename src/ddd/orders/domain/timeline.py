"""What each type of event does to an order: one function for each, asked by `rebuild`.

No rule is asked: what happened was allowed when it happened. What follows by itself is left to follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import (
    Cancellation,
    CancelReason,
    Hold,
    OrderEvent,
    Package,
    Payment,
    PickupWindow,
    Refund,
    RefundLine,
    RefundStatus,
    Return,
    ReturnLine,
    ReturnStatus,
    Shipment,
    ShipmentLine,
    ShipmentMode,
    ShipmentStatus,
)
from ddd.orders.domain.status import PaymentState
from ddd.orders.domain.steps import back_to_draft
from ddd.published.workflow import StepOutcome

# -- confirmed, paid, cancelled, completed --------------------------------------------------------------------------


def _confirmed(order: Order, event: OrderEvent) -> None:
    order.confirmed_at = event.at


def _completed(order: Order, event: OrderEvent) -> None:
    order.completed_at = event.at


def _payment_recorded(order: Order, event: OrderEvent) -> None:
    data = event.data
    number = data["paymentNo"]
    state = PaymentState(data["state"]["after"])
    order.payments[number - 1 : number] = [
        Payment(number, state, data["amount"], event.at, data["method"], data["provider"], data["reference"])
    ]


def _cancelled(order: Order, event: OrderEvent) -> None:
    for shipment_id in event.data.get("shipmentIds", ()):
        _shipment(order, shipment_id).status = ShipmentStatus.CANCELLED
    for each in event.data["lines"]:
        line = order.line(each["lineNo"])
        line.cancelled_quantity += each["quantity"]
        if line.branch_code is not None:
            line.reserved_quantity -= each["quantity"]
    reason = CancelReason(event.data["reason"])
    order.cancellation = Cancellation(reason, order.notes.get("cancel"), event.at, event.actor.subject)


def _erased(order: Order, event: OrderEvent) -> None:
    """What was blanked is no part of the timeline."""


# -- shipments ------------------------------------------------------------------------------------------------------


def _shipment_created(order: Order, event: OrderEvent) -> None:
    shipment = _new_shipment(order, event)
    window = event.data["pickupWindow"]
    shipment.package = package_of(event.data["package"])
    shipment.pickup_window = window and PickupWindow(moment_of(window["start"]), moment_of(window["end"]))


def _shipped(order: Order, event: OrderEvent) -> None:
    data = event.data
    is_new = data["shipmentStatus"]["before"] is None
    shipment = _new_shipment(order, event) if is_new else _shipment(order, data["shipmentId"])
    shipment.carrier = data["carrier"]
    shipment.tracking_reference = data["trackingReference"]
    shipment.tracking_url = data["trackingUrl"]
    shipment.shipped_at = moment_of(data["shippedAt"])
    order.take_out(shipment)


def _new_shipment(order: Order, event: OrderEvent) -> Shipment:
    data = event.data
    packed = sorted((each["lineNo"], each["quantity"]) for each in data["lines"])
    shipment = Shipment(
        id=UUID(data["shipmentId"]),
        status=ShipmentStatus.PENDING,
        mode=ShipmentMode(data["mode"]),
        lines=tuple(ShipmentLine(line_no, order.line(line_no).sku, quantity) for line_no, quantity in packed),
        carrier=data["carrier"],
        branch_code=data["branchCode"],
    )
    order.shipments.append(shipment)
    return shipment


def _shipment_changed(order: Order, event: OrderEvent) -> None:
    shipment = _shipment(order, event.data["shipmentId"])
    shipment.status = ShipmentStatus(event.data["shipmentStatus"]["after"])


def _delivered(order: Order, event: OrderEvent) -> None:
    shipment = _shipment(order, event.data["shipmentId"])
    for line in shipment.lines:
        order.line(line.line_no).delivered_quantity += line.quantity
    shipment.delivered_at = moment_of(event.data["deliveredAt"])
    _shipment_changed(order, event)


def _tracking_added(order: Order, event: OrderEvent) -> None:
    shipment = _shipment(order, event.data["shipmentId"])
    shipment.tracking_reference = event.data["trackingReference"]
    shipment.tracking_url = event.data["trackingUrl"]


# -- holds, returns, refunds ----------------------------------------------------------------------------------------


def _held(order: Order, event: OrderEvent) -> None:
    until = event.data["until"]
    order.holds.append(Hold(event.data["holdNo"], event.actor.subject, event.at, until and moment_of(until)))


def _hold_released(order: Order, event: OrderEvent) -> None:
    for number in event.data["holdNos"]:
        held = order.holds[number - 1]
        order.holds[number - 1] = replace(held, released_at=event.at, released_by=event.actor.subject)


def _return_requested(order: Order, event: OrderEvent) -> None:
    order.returns.append(
        Return(
            id=UUID(event.data["returnId"]),
            status=ReturnStatus(event.data["returnStatus"]["after"]),
            lines=tuple(ReturnLine(each["lineNo"], each["quantity"]) for each in event.data["lines"]),
            by=event.actor.subject,
            requested_at=event.at,
        )
    )


def _return_reviewed(order: Order, event: OrderEvent) -> None:
    _change_return(order, event, _return(order, event))


def _return_received(order: Order, event: OrderEvent) -> None:
    arrived = {each["lineNo"]: (each["restocked"], each["scrapped"]) for each in event.data["lines"]}
    announced = _return(order, event)
    lines = []
    for each in announced.lines:
        restocked, scrapped = arrived.get(each.line_no, (0, 0))
        order.line(each.line_no).returned_quantity += restocked + scrapped
        lines.append(replace(each, restocked=each.restocked + restocked, scrapped=each.scrapped + scrapped))
    _change_return(order, event, announced, lines=tuple(lines), received_at=event.at)


def _refund_requested(order: Order, event: OrderEvent) -> None:
    data = event.data
    order.refunds.append(
        Refund(
            id=UUID(data["refundId"]),
            amount=data["amount"],
            restocking_fee=data["restockingFee"],
            lines=tuple(RefundLine(each["lineNo"], each["quantity"], each["returned"]) for each in data["lines"]),
            for_cancelled=data["forCancelled"],
            by=event.actor.subject,
            at=event.at,
            return_id=data["returnId"],
            provider=data["provider"],
            reference=data["reference"],
            status=RefundStatus(data["refundStatus"]["after"]),
            withheld=data["withheld"],
        )
    )


def _refunded(order: Order, event: OrderEvent) -> None:
    if event.data["refundStatus"]["before"] is None:
        _refund_requested(order, event)
    else:
        _refund_reviewed(order, event)


def _refund_reviewed(order: Order, event: OrderEvent) -> None:
    (asked,) = [each for each in order.refunds if str(each.id) == event.data["refundId"]]
    status = RefundStatus(event.data["refundStatus"]["after"])
    order.refunds[order.refunds.index(asked)] = replace(asked, status=status, at=event.at)


# -- steps ----------------------------------------------------------------------------------------------------------


def _step_performed(order: Order, event: OrderEvent) -> None:
    by = None if event.data.get("automatic") else event.actor.subject
    order.record_step(event.data["step"], StepOutcome(event.data["outcome"]), by, event.at)
    if event.data.get("effect") == "DRAFT":
        back_to_draft(order)


def _migrated(order: Order, event: OrderEvent) -> None:
    order.workflow_version = event.data["workflowVersion"]["after"]


def _reviewer_named(order: Order, event: OrderEvent) -> None:
    order.steps = {**order.steps, "reviewer": event.data["reviewer"]["after"]}


# -- helpers --------------------------------------------------------------------------------------------------------


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def package_of(data: Mapping[str, str] | None) -> Package | None:
    if data is None:
        return None
    return Package(data.get("weightKg"), data.get("lengthCm"), data.get("widthCm"), data.get("heightCm"))


def _shipment(order: Order, text: str) -> Shipment:
    shipment = order.shipment(UUID(text))
    if shipment is None:
        raise KeyError(text)
    return shipment


def _return(order: Order, event: OrderEvent) -> Return:
    found = [each for each in order.returns if str(each.id) == event.data["returnId"]]
    return found[0]


def _change_return(order: Order, event: OrderEvent, old: Return, **changed: Any) -> None:
    status = ReturnStatus(event.data["returnStatus"]["after"])
    order.returns[order.returns.index(old)] = replace(old, status=status, **changed)


CHANGES: Final[Mapping[str, Callable[[Order, OrderEvent], None]]] = {
    "order.confirmed": _confirmed,
    "order.payment_recorded": _payment_recorded,
    "order.cancelled": _cancelled,
    "order.lines_cancelled": _cancelled,
    "order.completed": _completed,
    "order.erased": _erased,
    "order.shipment_created": _shipment_created,
    "order.shipment_confirmed": _shipment_changed,
    "order.shipment_cancelled": _shipment_changed,
    "order.shipped": _shipped,
    "order.delivered": _delivered,
    "order.tracking_added": _tracking_added,
    "order.held": _held,
    "order.hold_released": _hold_released,
    "order.return_requested": _return_requested,
    "order.return_approved": _return_reviewed,
    "order.return_rejected": _return_reviewed,
    "order.return_received": _return_received,
    "order.refund_requested": _refund_requested,
    "order.refunded": _refunded,
    "order.refund_rejected": _refund_reviewed,
    "order.step_completed": _step_performed,
    "order.step_rejected": _step_performed,
    "order.step_held": _step_performed,
    "order.reviewer_named": _reviewer_named,
    "order.migrated": _migrated,
}
