"""Goods coming back, and money going back for them. Rules come from the order's workflow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from ddd.orders.domain.actions import guard
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import (
    Actor,
    OrderLine,
    Refund,
    RefundLine,
    RefundStatus,
    Return,
    ReturnLine,
    ReturnStatus,
)
from ddd.orders.domain.status import PaymentStatus
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals
from ddd.shared.domain.money import round_half_up


@dataclass(frozen=True, slots=True)
class ReturnRules:
    """What a tenant takes back. `days` from a line's delivery (shipping where nobody told of one); None: no limit.

    `is_returnable` says it of a SKU. `fee_percent`: kept of a refund of returned goods. `cap`: at most so much of an
    order's paid total is refunded, in percent.
    """

    days: int | None = None
    is_returnable: Callable[[str], bool] = lambda sku: True
    whole_lines_only: bool = False
    needs_review: bool = False
    fee_percent: Fraction = Fraction(0)
    cap_percent: Fraction = Fraction(100)
    refund_needs_review: bool = False


def request_return(
    order: Order,
    quantities: Mapping[int, int],
    *,
    return_id: UUID,
    reason: str,
    note: str | None,
    rules: ReturnRules,
    paths: Mapping[int, tuple[str, ...]],
    actor: Actor,
    at: datetime,
) -> Refusals | None:
    """Announce goods coming back. `paths`: where the input names each line, for the refusals."""
    refused = guard("requestReturn", order, at)
    if refused is not None:
        return refused
    faults = []
    for line_no, quantity in quantities.items():
        line = order.line(line_no)
        left = order.returnable(line)
        if not rules.is_returnable(line.sku):
            faults.append(Refusal(ErrorCode.NOT_RETURNABLE, "This item is not taken back.", paths[line_no]))
        elif rules.days is not None and at > _last_arrival(order, line) + timedelta(days=rules.days):
            message = f"This item is taken back for {rules.days} days."
            faults.append(Refusal(ErrorCode.NOT_RETURNABLE, message, paths[line_no]))
        elif quantity > left:
            faults.append(
                Refusal(ErrorCode.QUANTITY_EXCEEDED, f"Only {left} can be returned.", (*paths[line_no], "quantity"))
            )
        elif rules.whole_lines_only and quantity != left:
            faults.append(Refusal(ErrorCode.NOT_RETURNABLE, "Lines are returned whole.", (*paths[line_no], "quantity")))
    if faults:
        return Refusals(tuple(faults))
    made = Return(
        id=return_id,
        status=ReturnStatus.REQUESTED if rules.needs_review else ReturnStatus.APPROVED,
        lines=tuple(ReturnLine(line_no, quantity) for line_no, quantity in quantities.items()),
        by=actor.subject,
        requested_at=at,
    )
    order.returns.append(made)
    order.note_down(f"return_reason:{return_id}", reason)
    order.note_down(f"return:{return_id}", note)
    order.touch(at)
    data = {
        "returnId": str(return_id),
        "returnStatus": {"before": None, "after": made.status.value},
        "lines": [{"lineNo": each.line_no, "quantity": each.quantity} for each in made.lines],
    }
    order.tell("order.return_requested", actor, at, data)
    return None


def review_return(order: Order, return_: Return, *, is_approved: bool, actor: Actor, at: datetime) -> Refusals | None:
    """A requested return is taken or not."""
    if return_.status is not ReturnStatus.REQUESTED:
        return Refusals.of(ErrorCode.INVALID_TRANSITION, f"A {return_.status} return waits for no review.")
    _become(
        order,
        return_,
        replace(return_, status=ReturnStatus.APPROVED if is_approved else ReturnStatus.REJECTED),
        "order.return_approved" if is_approved else "order.return_rejected",
        actor,
        at,
    )
    return None


def receive_return(
    order: Order, return_: Return, arrived: Mapping[int, tuple[int, int]], *, actor: Actor, at: datetime
) -> Refusals | None:
    """Units arrived, by line number: so many back to stock, so many scrapped."""
    if return_.status not in (ReturnStatus.APPROVED, ReturnStatus.PARTIALLY_RECEIVED):
        return Refusals.of(ErrorCode.INVALID_TRANSITION, f"A {return_.status} return is not received.")
    lines = []
    for each in return_.lines:
        restocked, scrapped = arrived.get(each.line_no, (0, 0))
        order.line(each.line_no).returned_quantity += restocked + scrapped
        lines.append(replace(each, restocked=each.restocked + restocked, scrapped=each.scrapped + scrapped))
    is_whole = all(each.received == each.quantity for each in lines)
    status = ReturnStatus.RECEIVED if is_whole else ReturnStatus.PARTIALLY_RECEIVED
    received = replace(return_, lines=tuple(lines), status=status, received_at=at)
    _become(order, return_, received, "order.return_received", actor, at, arrived)
    return None


def process_refund(
    order: Order,
    quantities: Mapping[int, int],
    *,
    is_named: bool,
    refund_id: UUID,
    amount: int | None,
    fee: int | None,
    reason: str | None,
    return_id: UUID | None,
    provider: str | None,
    reference: str | None,
    rules: ReturnRules,
    actor: Actor,
    at: datetime,
) -> Refusals | None:
    """Give money back for returned or cancelled units; never more than was asked for them, nor than was paid.

    `is_named`: somebody named lines or a return. Otherwise, where no unit is left that is worth anything, it is what
    was paid beyond what is owed. `amount` None: what the units are worth, less the fee. `fee` None: the rules' share of
    the returned units' worth. Of a line that has both, cancelled units go first: no fee is kept of them. With
    `return_id` all are returned ones. Under rules that want a review it waits for one, and does not count until then.
    """
    refused = guard("processRefund", order, at)
    if refused is not None:
        return refused
    worth = order.worth(quantities)
    if not worth and not is_named:
        quantities, worth = {}, order.overpaid
    lines = tuple(_refund_line(order, line_no, units, return_id) for line_no, units in quantities.items())
    of_returned = min(worth, order.value_of({each.line_no: each.returned for each in lines if each.returned}))
    kept = round_half_up(of_returned * rules.fee_percent / 100) if fee is None else fee
    most = max(0, worth - kept)
    paid = order.refund_limit(rules.cap_percent)
    if most == 0:
        path = None if fee is None else ("restockingFee",)
        return Refusals.of(ErrorCode.REFUND_LIMIT, "These units are worth nothing, less the fee.", path)
    if paid <= 0:
        return Refusals.of(ErrorCode.REFUND_LIMIT, "Nothing is left of what was paid.")
    wanted = min(most, paid) if amount is None else amount
    if wanted > most:
        return Refusals.of(ErrorCode.REFUND_LIMIT, "This is more than these units are worth.", ("amount",))
    if wanted > paid:
        return Refusals.of(ErrorCode.REFUND_LIMIT, "This is more than was paid.", ("amount",))
    for_cancelled = min(wanted, worth - of_returned)
    made = Refund(
        refund_id,
        wanted,
        kept,
        lines,
        for_cancelled,
        actor.subject,
        at,
        None if return_id is None else str(return_id),
        provider,
        reference,
        RefundStatus.REQUESTED,
        max(0, min(worth - of_returned, paid) - for_cancelled),
    )
    order.note_down(f"refund:{refund_id}", reason)
    order.touch(at)
    order.refunds.append(made)
    if rules.refund_needs_review:
        _tell_refund(order, None, made, order.payment_status, "order.refund_requested", actor, at)
    else:
        _settle(order, None, made, "order.refunded", RefundStatus.APPROVED, actor, at)
    return None


def review_refund(order: Order, refund: Refund, *, is_approved: bool, actor: Actor, at: datetime) -> None:
    """A refund that waits for its review counts from now on, or never: its units and money are free again."""
    order.touch(at)
    if is_approved:
        _settle(order, refund.status, refund, "order.refunded", RefundStatus.APPROVED, actor, at)
    else:
        _settle(order, refund.status, refund, "order.refund_rejected", RefundStatus.REJECTED, actor, at)


def _settle(
    order: Order,
    was: RefundStatus | None,
    refund: Refund,
    type_: str,
    status: RefundStatus,
    actor: Actor,
    at: datetime,
) -> None:
    before = order.payment_status
    settled = replace(refund, status=status, at=at)
    order.refunds[order.refunds.index(refund)] = settled
    _tell_refund(order, was, settled, before, type_, actor, at)


def _tell_refund(
    order: Order,
    was: RefundStatus | None,
    refund: Refund,
    before: PaymentStatus,
    type_: str,
    actor: Actor,
    at: datetime,
) -> None:
    data = {
        "refundId": str(refund.id),
        "refundStatus": {"before": None if was is None else was.value, "after": refund.status.value},
        "returnId": refund.return_id,
        "amount": refund.amount,
        "forCancelled": refund.for_cancelled,
        "withheld": refund.withheld,
        "provider": refund.provider,
        "reference": refund.reference,
        "restockingFee": refund.restocking_fee,
        "lines": [
            {"lineNo": each.line_no, "quantity": each.quantity, "returned": each.returned} for each in refund.lines
        ],
        "paymentStatus": {"before": before.value, "after": order.payment_status.value},
    }
    order.tell(type_, actor, at, data)


def _refund_line(order: Order, line_no: int, units: int, return_id: UUID | None) -> RefundLine:
    cancelled, _ = order.refundable_units(order.line(line_no))
    return RefundLine(line_no, units, units if return_id is not None else max(0, units - cancelled))


def _last_arrival(order: Order, line: OrderLine) -> datetime:
    """When the last of the line's units arrived, as far as anybody told, or left."""
    times = [
        each.delivered_at or each.shipped_at
        for each in order.shipments
        if each.has_left and any(packed.line_no == line.line_no for packed in each.lines)
    ]
    return max((each for each in times if each is not None), default=order.placed_at)


def _become(
    order: Order,
    return_: Return,
    new: Return,
    type_: str,
    actor: Actor,
    at: datetime,
    arrived: Mapping[int, tuple[int, int]] | None = None,
) -> None:
    order.returns[order.returns.index(return_)] = new
    order.touch(at)
    data: dict[str, object] = {
        "returnId": str(new.id),
        "returnStatus": {"before": return_.status.value, "after": new.status.value},
    }
    if arrived is not None:
        data["lines"] = [
            {"lineNo": line_no, "restocked": restocked, "scrapped": scrapped}
            for line_no, (restocked, scrapped) in arrived.items()
        ]
    order.tell(type_, actor, at, data)
