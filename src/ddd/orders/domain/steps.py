"""Performing the workflow's steps, and what comes of it for the order.

Events hold ids, names and outcomes; people's words and what they handed in stand in the order's notes.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ddd.orders.domain import holding
from ddd.orders.domain.actions import guard
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, CancelReason, RefundStatus, ReturnStatus, what_is_left
from ddd.orders.domain.returning import review_refund, review_return
from ddd.orders.domain.workflow import Effect, Performed, Performing
from ddd.published.workflow import PerformerKind, Step, StepOutcome, input_faults
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals

_TOLD = {
    StepOutcome.DONE: "order.step_completed",
    StepOutcome.APPROVED: "order.step_completed",
    StepOutcome.REJECTED: "order.step_rejected",
    StepOutcome.HELD: "order.step_held",
}


def complete_step(
    order: Order,
    name: str,
    outcome: StepOutcome | None,
    given: Any,
    *,
    performing: Performing,
    actor: Actor,
    at: datetime,
) -> Refusals | None:
    """Perform a step that is not the named reviewer's. `outcome` None: done, or approved, as the step has it."""
    course = order.course()
    step = course.workflow.step(name)
    if step is not None and step.performer.kind is PerformerKind.REVIEWER:
        return Refusals.of(ErrorCode.FORBIDDEN, f"Step {name} is reviewed by the reviewer (reviewOrder).", ("step",))
    refused = course.why_not_perform(name, order.status.value, performing)
    if step is None or (refused is not None and refused.items[0].code is ErrorCode.FORBIDDEN):
        return refused
    if outcome is None:
        outcome = next((each for each in step.outcomes if each in (StepOutcome.DONE, StepOutcome.APPROVED)), None)
        if outcome is None:
            return Refusals.of(ErrorCode.INVALID_INPUT, "Say what came of the step.", ("outcome",))
    faulty = _input_refusals(step, given)
    if faulty is not None:
        return faulty
    performed = course.perform(name, outcome)
    if isinstance(performed, Refusals) or refused is not None:
        return performed if isinstance(performed, Refusals) else refused
    order.note_down(f"input:{name}", None if given is None else json.dumps(given, ensure_ascii=False))
    _follow(order, performed, actor, at)
    return None


def review(
    order: Order, outcome: StepOutcome, note: str | None, *, performing: Performing, actor: Actor, at: datetime
) -> Refusals | None:
    """The named reviewer's word: on the step that waits for it, else the return, else the refund, asked for first."""
    refused = guard("reviewOrder", order, at, performing=performing)
    course = order.course()
    standings = course.standing(order.status.value).steps
    step = next((each.step for each in standings if each.is_open and _is_reviewers(each.step)), None)
    if refused is not None and (step is None or refused.items[0].code is ErrorCode.FORBIDDEN):
        return refused
    if step is not None:
        performed = course.perform(step.name, outcome)
        if isinstance(performed, Refusals) or refused is not None:
            return performed if isinstance(performed, Refusals) else refused
        order.note_down(f"step:{step.name}", note)
        _follow(order, performed, actor, at)
        return None
    if outcome is StepOutcome.HELD:
        message = "A return or refund is approved or rejected."
        return Refusals.of(ErrorCode.INVALID_INPUT, message, ("outcome",))
    is_approved = outcome is not StepOutcome.REJECTED
    return_ = next((each for each in order.returns if each.status is ReturnStatus.REQUESTED), None)
    if return_ is not None:
        order.note_down(f"review:{return_.id}", note)
        return review_return(order, return_, is_approved=is_approved, actor=actor, at=at)
    refund = next(each for each in order.refunds if each.status is RefundStatus.REQUESTED)
    order.note_down(f"review:{refund.id}", note)
    review_refund(order, refund, is_approved=is_approved, actor=actor, at=at)
    return None


def name_reviewer(order: Order, reviewer: str, note: str | None, *, actor: Actor, at: datetime) -> Refusals | None:
    """From now on only this subject's review counts."""
    refused = guard("escalateReviewer", order, at)
    if refused is not None:
        return refused
    before = order.reviewer
    order.steps = {**order.steps, "reviewer": reviewer}
    order.note_down("reviewer", note)
    order.touch(at)
    order.tell("order.reviewer_named", actor, at, {"reviewer": {"before": before, "after": reviewer}})
    return None


def _is_reviewers(step: Step) -> bool:
    return step.performer.kind is PerformerKind.REVIEWER


def _input_refusals(step: Step, given: Any) -> Refusals | None:
    if step.input_schema is None:
        if given is None:
            return None
        return Refusals.of(ErrorCode.INVALID_INPUT, f"Step {step.name} takes no input.", ("input",))
    faults = input_faults(step.input_schema, {} if given is None else given)
    refusals = tuple(Refusal(ErrorCode.INVALID_INPUT, each.message, ("input", *each.path)) for each in faults)
    return Refusals(refusals) if refusals else None


def _follow(order: Order, performed: Performed, actor: Actor, at: datetime) -> None:
    """Keep the outcome, tell of it, and go where it leads: nowhere that a step's status does not allow."""
    step, outcome, effect, reason = performed
    before = order.status
    order.touch(at)
    order.record_step(step.name, outcome, actor.subject, at)
    data: dict[str, Any] = {"step": step.name, "outcome": outcome.value, "effect": effect.value}
    if effect is Effect.DRAFT:
        back_to_draft(order, at)
        data["status"] = _change(before.value, order.status.value)
    order.tell(_TOLD[outcome], actor, at, data)
    if effect is Effect.HOLD:
        holding.stop(order, reason=step.title, until=None, actor=actor, at=at)
    elif effect is Effect.CANCEL:
        left = what_is_left(order.lines)
        order.call_off(left, whole=True, reason=CancelReason(reason or "OTHER"), note=None, actor=actor, at=at)


def back_to_draft(order: Order, at: datetime) -> None:
    """Nothing is reserved for a draft, and no step of it is done."""
    order.submitted_at = None
    order.sent_back_at = at
    order.steps = {}
    for line in order.lines:
        line.branch_code = None
        line.reserved_quantity = 0


def _change(before: str, after: str) -> Mapping[str, str]:
    return {"before": before, "after": after}
