"""Goods coming back, and money going back."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import (
    OrderEvent,
    Refund,
    RefundLine,
    RefundStatus,
    Return,
    ReturnLine,
    ReturnStatus,
)


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


def _return(order: Order, event: OrderEvent) -> Return:
    found = [each for each in order.returns if str(each.id) == event.data["returnId"]]
    return found[0]


def _change_return(order: Order, event: OrderEvent, old: Return, **changed: Any) -> None:
    status = ReturnStatus(event.data["returnStatus"]["after"])
    order.returns[order.returns.index(old)] = replace(old, status=status, **changed)


def _refund_asked_for(order: Order, event: OrderEvent) -> None:
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


def _refund_settled(order: Order, event: OrderEvent) -> None:
    """Where no review was needed this is all that is told of it."""
    if event.data["refundStatus"]["before"] is None:
        _refund_asked_for(order, event)
        return
    (asked,) = [each for each in order.refunds if str(each.id) == event.data["refundId"]]
    status = RefundStatus(event.data["refundStatus"]["after"])
    order.refunds[order.refunds.index(asked)] = replace(asked, status=status, at=event.at)


CHANGES: Final[Mapping[str, Callable[[Order, OrderEvent], None]]] = {
    "order.return_requested": _return_requested,
    "order.return_approved": _return_reviewed,
    "order.return_rejected": _return_reviewed,
    "order.return_received": _return_received,
    "order.refund_requested": _refund_asked_for,
    "order.refund_rejected": _refund_settled,
    "order.refunded": _refund_settled,
}
