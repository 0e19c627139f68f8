"""requestReturn, receiveReturn and processRefund."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from ddd.orders.application.change_order import Change, Changed, change_part
from ddd.orders.application.part_views import line_number
from ddd.orders.application.payments import own_currency
from ddd.orders.application.ports import LineReservation, Orders
from ddd.orders.application.workflows import return_rules
from ddd.orders.domain import returning
from ddd.orders.domain.parts import OrderLine, Return
from ddd.shared.application.form import MAX_QUANTITY, Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id, parse_id
from ddd.shared.domain.text import MAX_NOTE


def request_return(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """Announce goods coming back, by the rules of the order's workflow."""

    def decide(change: Change) -> list[Write] | Refusals:
        form = change.form
        named = _named_lines(change)
        reason = form.required_text("reason")
        note = form.text("note", limit=MAX_NOTE)
        if form.faults:
            return Refusals(tuple(form.faults))
        change.part_id = new_id()
        refused = returning.request_return(
            change.order,
            {line.line_no: units for line, units, _ in named},
            return_id=change.part_id,
            reason=reason,
            note=note,
            rules=return_rules(change.order.way.workflow, orders.workflows.patterns),
            paths={line.line_no: path for line, _, path in named},
            actor=change.actor,
            at=change.now,
        )
        return refused or []

    return change_part(caller, given, "requestReturn", orders, decide)


def receive_return(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """Units arrived: those to restock are on hand again in the same commit, in the branch that they came from."""
    return_id = parse_id(given["returnId"])

    def decide(change: Change) -> list[Write] | Refusals:
        order, form = change.order, change.form
        return_ = _return(change, return_id)
        if return_ is None:
            return _no_return()
        announced = {each.line_no: each for each in return_.lines}
        arrived: dict[int, tuple[int, int]] = {}
        restock: list[LineReservation] = []
        for each in form.each("lines"):
            line = _line(change, each)
            if line is None:
                continue
            expected = announced.get(line.line_no)
            if expected is None:
                each.refuse("orderLineId", "This line is not in the return.", ErrorCode.NOT_FOUND)
                continue
            is_named_twice = line.line_no in arrived
            if is_named_twice:
                each.refuse("orderLineId", "This line is named twice.")
            restocked, scrapped = _units(each, "restock"), _units(each, "scrap")
            if restocked + scrapped < 1:
                each.refuse(None, "Say how many are restocked or scrapped.")
            elif restocked + scrapped > expected.quantity - expected.received and not is_named_twice:
                each.refuse(None, "More than was announced.", ErrorCode.QUANTITY_EXCEEDED)
            arrived[line.line_no] = (restocked, scrapped)
            if restocked and line.branch_code is not None:
                restock.append(LineReservation(line.line_no, line.branch_code, line.sku, restocked))
        if not arrived and not form.faults:
            form.refuse("lines", "Name at least one line.")
        if form.faults:
            return Refusals(tuple(form.faults))
        change.part_id = return_.id
        refused = returning.receive_return(order, return_, arrived, actor=change.actor, at=change.now)
        if refused is not None:
            return refused
        if not restock:
            return []
        return [
            orders.stock.take_back(caller.tenant_id, order.id, restock, change.now, caller.subject, order.order_number)
        ]

    return change_part(caller, given, "receiveReturn", orders, decide)


def process_refund(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """Give money back for returned or cancelled units: of the lines named, of one return, or of all there are.

    Where none are named and none are left: what was paid beyond what is owed.
    """

    def decide(change: Change) -> list[Write] | Refusals:
        order, form = change.order, change.form
        return_id = None
        if form.has("returnId"):
            return_ = _return(change, parse_id(form.raw("returnId")))
            if return_ is None:
                return _no_return()
            return_id = return_.id
        quantities = _refunded_units(change, return_id)
        amount = form.amount("amount", order.currency, default=None)
        if amount == 0:
            form.refuse("amount", "A refund is more than nothing.")
        own_currency(form, order.currency)
        fee = form.amount("restockingFee", order.currency, default=None)
        reason = form.text("reason")
        provider, reference = form.text("provider"), form.text("reference")
        if form.faults:
            return Refusals(tuple(form.faults))
        is_named = form.has("lines") or return_id is not None
        if is_named and not quantities:
            return Refusals.of(ErrorCode.REFUND_LIMIT, "Nothing was returned or cancelled that is not refunded yet.")
        change.part_id = new_id()
        refused = returning.process_refund(
            order,
            quantities,
            is_named=is_named,
            refund_id=change.part_id,
            amount=amount,
            fee=fee,
            reason=reason,
            return_id=return_id,
            provider=provider,
            reference=reference,
            rules=return_rules(change.order.way.workflow, orders.workflows.patterns),
            actor=change.actor,
            at=change.now,
        )
        return refused or []

    return change_part(caller, given, "processRefund", orders, decide)


def _refunded_units(change: Change, return_id: UUID | None) -> dict[int, int]:
    order, form = change.order, change.form
    if form.has("lines"):
        named = _named_lines(change, lambda line: order.refundable(line, return_id))
        return {line.line_no: units for line, units, _ in named}
    refundable = {line.line_no: order.refundable(line, return_id) for line in order.lines}
    return {line_no: count for line_no, count in refundable.items() if count > 0}


def _named_lines(
    change: Change, left: Callable[[OrderLine], int] | None = None
) -> list[tuple[OrderLine, int, tuple[str, ...]]]:
    """Lines named in the input with their units and paths; faults are noted, also more units than are `left`."""
    form = change.form
    found: list[tuple[OrderLine, int, tuple[str, ...]]] = []
    seen: set[int] = set()
    for each in form.each("lines"):
        line = _line(change, each)
        if line is None:
            continue
        is_named_twice = line.line_no in seen
        if is_named_twice:
            each.refuse("orderLineId", "This line is named twice.")
        seen.add(line.line_no)
        units = each.quantity("quantity")
        if left is not None and units > left(line) and not is_named_twice:
            each.refuse("quantity", f"Only {left(line)} are left.", ErrorCode.QUANTITY_EXCEEDED)
        found.append((line, units, each.path))
    if not found and not form.faults:
        form.refuse("lines", "Name at least one line.")
    return found


def _line(change: Change, named: Form) -> OrderLine | None:
    number = line_number(change.order.id, named.raw("orderLineId"))
    line = change.order.line(number) if number is not None and number <= len(change.order.lines) else None
    if line is None or not change.sight.sees(line):
        named.refuse("orderLineId", "The order has no such line.", ErrorCode.NOT_FOUND)
        return None
    return line


def _units(form: Form, name: str) -> int:
    value = form.raw(name)
    if value is None:
        return 0
    if not 0 <= value <= MAX_QUANTITY:
        form.refuse(name, f"A whole number from 0 to {MAX_QUANTITY:,}.")
        return 0
    return int(value)


def _return(change: Change, return_id: UUID | None) -> Return | None:
    return next((each for each in change.order.returns if each.id == return_id), None)


def _no_return() -> Refusals:
    return Refusals.of(ErrorCode.NOT_FOUND, "The order has no such return.", ("returnId",))
