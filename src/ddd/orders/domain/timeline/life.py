"""Confirmed, paid, cancelled, completed, held; the workflow's steps, and another version of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Cancellation, CancelReason, Hold, OrderEvent, Payment, ShipmentStatus
from ddd.orders.domain.status import PaymentState
from ddd.orders.domain.steps import back_to_draft
from ddd.orders.domain.timeline.reading import moment_of, shipment_of
from ddd.published.workflow import StepOutcome


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
        shipment_of(order, shipment_id).status = ShipmentStatus.CANCELLED
    for each in event.data["lines"]:
        line = order.line(each["lineNo"])
        line.cancelled_quantity += each["quantity"]
        if line.branch_code is not None:
            line.reserved_quantity -= each["quantity"]
    reason = CancelReason(event.data["reason"])
    order.cancellation = Cancellation(reason, order.notes.get("cancel"), event.at, event.actor.subject)


def _held(order: Order, event: OrderEvent) -> None:
    until = event.data["until"]
    order.holds.append(Hold(event.data["holdNo"], event.actor.subject, event.at, until and moment_of(until)))


def _hold_released(order: Order, event: OrderEvent) -> None:
    for number in event.data["holdNos"]:
        held = order.holds[number - 1]
        order.holds[number - 1] = replace(held, released_at=event.at, released_by=event.actor.subject)


def _step_performed(order: Order, event: OrderEvent) -> None:
    by = None if event.data.get("automatic") else event.actor.subject
    order.record_step(event.data["step"], StepOutcome(event.data["outcome"]), by, event.at)
    if event.data.get("effect") == "DRAFT":
        back_to_draft(order, event.at)


def _reviewer_named(order: Order, event: OrderEvent) -> None:
    order.steps = {**order.steps, "reviewer": event.data["reviewer"]["after"]}


def _migrated(order: Order, event: OrderEvent) -> None:
    order.workflow_version = event.data["workflowVersion"]["after"]


def _erased(order: Order, event: OrderEvent) -> None:
    """What was blanked is no part of the timeline."""


CHANGES: Final[Mapping[str, Callable[[Order, OrderEvent], None]]] = {
    "order.confirmed": _confirmed,
    "order.payment_recorded": _payment_recorded,
    "order.cancelled": _cancelled,
    "order.lines_cancelled": _cancelled,
    "order.completed": _completed,
    "order.held": _held,
    "order.hold_released": _hold_released,
    "order.step_completed": _step_performed,
    "order.step_rejected": _step_performed,
    "order.step_held": _step_performed,
    "order.reviewer_named": _reviewer_named,
    "order.migrated": _migrated,
    "order.erased": _erased,
}
