"""completeStep, escalateReviewer and reviewOrder: the steps of the order's workflow."""

from collections.abc import Callable, Mapping
from typing import Any

from ddd.orders.application.available_actions import performing_of
from ddd.orders.application.change_order import Change, change_order
from ddd.orders.application.ports import LineQuantity, Orders
from ddd.orders.application.views import OrderView
from ddd.orders.domain import steps
from ddd.published.workflow import StepOutcome
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import Refusals
from ddd.shared.domain.text import MAX_NOTE


def complete_step(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Perform one of the tenant's own steps."""

    def decide(change: Change) -> list[Write] | Refusals:
        order, form = change.order, change.form
        name = form.required_text("step")
        form.json("input")
        if form.faults:
            return Refusals(tuple(form.faults))
        outcome = form.raw("outcome")
        return _releasing(
            change,
            orders,
            lambda: steps.complete_step(
                order,
                name,
                None if outcome is None else StepOutcome(outcome),
                form.raw("input"),
                performing=performing_of(change.grant, order, order.lines),
                actor=change.actor,
                at=change.now,
            ),
        )

    return change_order(caller, given, "completeStep", orders, decide)


def escalate_reviewer(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Name the one whose review counts."""

    def decide(change: Change) -> list[Write] | Refusals:
        reviewer = change.form.required_text("reviewer")
        note = change.form.text("note", limit=MAX_NOTE)
        return change.refusals() or (
            steps.name_reviewer(change.order, reviewer, note, actor=change.actor, at=change.now) or []
        )

    return change_order(caller, given, "escalateReviewer", orders, decide)


def review_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """The named reviewer's word."""

    def decide(change: Change) -> list[Write] | Refusals:
        order, form = change.order, change.form
        note = form.text("note", limit=MAX_NOTE)
        if form.faults:
            return Refusals(tuple(form.faults))
        performing = performing_of(change.grant, order, order.lines)
        outcome = StepOutcome(form.raw("outcome"))
        return _releasing(
            change,
            orders,
            lambda: steps.review(order, outcome, note, performing=performing, actor=change.actor, at=change.now),
        )

    return change_order(caller, given, "reviewOrder", orders, decide)


def _releasing(change: Change, orders: Orders, act: Callable[[], Refusals | None]) -> list[Write] | Refusals:
    """What the step does, and the stock that the order needs no more after it."""
    order = change.order
    before = {line.line_no: line.reserved_quantity for line in order.lines}
    refused = act()
    if refused is not None:
        return refused
    freed = [
        LineQuantity(line.line_no, before[line.line_no] - line.reserved_quantity)
        for line in order.lines
        if line.reserved_quantity < before[line.line_no]
    ]
    return [orders.stock.release(change.caller.tenant_id, order.id, freed, change.now)] if freed else []
