"""The workflow's engine: which steps an order has before it, what performing one leads to, and what is due by itself.

Pure: facts and conditions are handed in, nothing is stored. A `Course` is one order under one workflow version:

    course = Course(workflow, records, facts, evaluate)
    course.standing(status)                 the steps of the status; `.activity_status`, `.pending`, `.verdicts()`
    course.why_not_leave(status, towards)   STEP_PENDING, naming the step, or None
    course.why_not_confirm / _ship / _complete(…)    the same with the workflow's settings
    course.why_not_perform(name, status, performer)  whether somebody may do the step now, or why not
    course.awaited_review(status)                    the named reviewer's step, for `reviewOrder`
    course.perform(name, outcome)           the record to keep, and where it leads
    course.due(status, is_paid=…, is_settled=…)      the next thing that the server does by itself, or None

`availableActions` and the mutations ask the same methods. After every change of the order the caller does what is `due`
until nothing is, then keeps `standing(status).activity_status`. `records` are the outcomes in force, by step name: each
`perform` adds one, an `Effect.DRAFT` takes all away. When a status is left, `verdicts()` are the skipped and failed
conditions and the optional steps left undone, to be recorded with the event.

Conditions are asked anew each time, until the status is left: a step stands by the facts of now. A condition that
cannot be told counts as holding: a guard that fails is not passed by.
`facts` is called for each condition: hand in one that remembers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from ddd.orders.domain.standing import Standing, Standings, StepState
from ddd.published.workflow import PLAIN, Confirmation, PerformerKind, Step, StepOutcome, Workflow
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.facts import Facts, Failed

Evaluate = Callable[[str, Facts], bool | Failed]
#: The milestones that one command may pass at once (shipping a PENDING order confirms it): each one's steps count.
_MILESTONES: Final = ("DRAFT", "PENDING", "CONFIRMED")
_DONE: Final = frozenset({StepOutcome.DONE, StepOutcome.APPROVED})


class Performing(NamedTuple):
    """Somebody who would perform a step. `permits` says whether its roles carry an operation."""

    subject: str
    roles: frozenset[str]
    permits: Callable[[str], bool]


class Effect(StrEnum):
    """Where an outcome leads the order."""

    GOES_ON = "GOES_ON"  # the step is done
    STAYS = "STAYS"  # rejected: it waits until it is done after all
    HOLD = "HOLD"  # put the order on hold
    CANCEL = "CANCEL"  # cancel it whole, for the reason
    DRAFT = "DRAFT"  # a draft again: stock released, every record taken away


class Performed(NamedTuple):
    """The record of a step (`records[step] = outcome`), and where it leads. `reason`: of the cancellation."""

    step: Step
    outcome: StepOutcome
    effect: Effect
    reason: str | None


class DueKind(StrEnum):
    """What the server does by itself."""

    STEP = "STEP"
    CONFIRM = "CONFIRM"
    COMPLETE = "COMPLETE"


class Due(NamedTuple):
    """The next automatic action; `step` names the system's step to perform as DONE."""

    kind: DueKind
    step: str | None = None


def _no_facts() -> Facts:
    return {}


def _no_conditions(_: str, __: Facts) -> bool | Failed:
    return Failed("Nothing is there to evaluate conditions.")


class Way(NamedTuple):
    """What an order goes by: its version of the tenant's workflow, and who tells whether a condition holds."""

    workflow: Workflow
    evaluate: Evaluate


PLAIN_WAY: Final = Way(PLAIN, _no_conditions)


@dataclass(frozen=True, slots=True)
class Course:
    """One order under one version of a workflow. `facts` is called only where there is a condition to be asked."""

    workflow: Workflow
    records: Mapping[str, StepOutcome] = field(default_factory=dict)
    facts: Callable[[], Facts] = _no_facts
    evaluate: Evaluate = _no_conditions

    # -- how it stands ------------------------------------------------------------------------------------------

    def standing(self, status: str) -> Standings:
        """The steps of the status, as they would stand were the order in it."""
        steps = self.workflow.steps.get(status, ())
        if not steps:
            return Standings(status)
        found = []
        blocked_above: int | None = None  # the sequence of the first required step that waits
        for step in steps:
            outcome = self.records.get(step.name)
            if outcome in _DONE:
                found.append(Standing(step, StepState.DONE, None, outcome))
                continue
            holds = True if step.condition is None else self._ask(step.condition, status)
            failure = holds.reason if isinstance(holds, Failed) else None
            if holds is False:
                found.append(Standing(step, StepState.SKIPPED, None, outcome))
                continue
            is_blocked = blocked_above is not None and step.sequence > blocked_above
            found.append(Standing(step, StepState.BLOCKED if is_blocked else StepState.WAITING, failure, outcome))
            if step.is_required and blocked_above is None:
                blocked_above = step.sequence
        return Standings(status, tuple(found))

    def _ask(self, expression: str, status: str) -> bool | Failed:
        return self.evaluate(expression, {**self.facts(), "order.status": status})

    # -- leaving a status ---------------------------------------------------------------------------------------

    def why_not_leave(self, status: str, towards: str) -> Refusals | None:
        """Why the order may not go on from the status, or None: its required steps, and those of every milestone that
        is passed on the way to `towards`, must be done. Cancelling never waits.
        """
        if not self.workflow.steps or towards == "CANCELLED":
            return None
        passed = [status]
        if status in _MILESTONES:
            passed = [each for each in _MILESTONES[_MILESTONES.index(status) :] if each != towards]
            if towards in _MILESTONES:
                passed = [each for each in passed if _MILESTONES.index(each) < _MILESTONES.index(towards)]
        for each in passed:
            pending = self.standing(each).pending
            if pending is not None:
                return _pending(pending)
        return None

    def why_not_confirm(self, *, is_paid: bool) -> Refusals | None:
        """Why a PENDING order may not be confirmed, or None."""
        if self.workflow.settings.confirmation is Confirmation.WHEN_PAID and not is_paid:
            return Refusals.of(ErrorCode.PAYMENT_OUTSTANDING, "The order is confirmed once it is paid.")
        return self.why_not_leave("PENDING", "CONFIRMED")

    def why_not_ship(self, status: str, *, is_paid: bool) -> Refusals | None:
        """Why goods may not leave, or None, as far as the workflow is asked."""
        if not is_paid and not self.workflow.settings.may_ship_unpaid:
            return Refusals.of(ErrorCode.PAYMENT_OUTSTANDING, "The order ships once it is paid.")
        return self.why_not_leave(status, "SHIPPED")

    def why_not_complete(self, status: str, *, is_settled: bool) -> Refusals | None:
        """Why a shipped order may not be completed, or None. `is_settled`: nothing is left to pay."""
        if status != "DELIVERED" and self.workflow.settings.completion_from == "DELIVERED":
            return Refusals.of(ErrorCode.INVALID_TRANSITION, "The order is completed once it is delivered.")
        if not is_settled:
            return Refusals.of(ErrorCode.PAYMENT_OUTSTANDING, "Something is still to be paid.")
        return self.why_not_leave(status, "COMPLETED")

    # -- performing a step --------------------------------------------------------------------------------------

    def why_not_perform(
        self, name: str, status: str, performing: Performing | None, reviewer: str | None = None
    ) -> Refusals | None:
        """Why the step may not be performed now by this caller (None: by the server itself), or None."""
        step = self.workflow.step(name)
        if step is None:
            return Refusals.of(ErrorCode.NOT_FOUND, "The order's workflow has no such step.", ("step",))
        reason = _why_not_by(step, performing, reviewer)
        if reason is not None:
            return Refusals.of(ErrorCode.FORBIDDEN, reason, ("step",))
        if step.status != status:
            return Refusals.of(
                ErrorCode.STEP_OUT_OF_ORDER,
                f"Step {name} is done while an order is {step.status}; this one is {status}.",
                ("step",),
                {"step": name, "status": step.status},
            )
        standings = self.standing(status)
        standing = standings.of(name)
        assert standing is not None
        if standing.state is StepState.DONE:
            return Refusals.of(ErrorCode.INVALID_TRANSITION, f"Step {name} is done already.", ("step",))
        if standing.state is StepState.SKIPPED:
            return Refusals.of(ErrorCode.INVALID_TRANSITION, f"Step {name} does not concern this order.", ("step",))
        if standing.state is StepState.BLOCKED:
            before = standings.pending
            assert before is not None
            return Refusals.of(
                ErrorCode.STEP_OUT_OF_ORDER,
                f"Step {before.name} comes before {name}.",
                ("step",),
                {"step": before.name, "status": status},
            )
        return None

    def awaited_review(self, status: str) -> Step | None:
        """The named reviewer's step that may be done now, the first: what `reviewOrder` performs."""
        return next(
            (
                each.step
                for each in self.standing(status).steps
                if each.state is StepState.WAITING and each.step.performer.kind is PerformerKind.REVIEWER
            ),
            None,
        )

    def perform(self, name: str, outcome: StepOutcome) -> Performed | Refusals:
        """What the outcome of a step leads to; whether it may be performed at all was asked before."""
        step = self.workflow.step(name)
        if step is None:
            return Refusals.of(ErrorCode.NOT_FOUND, "The order's workflow has no such step.", ("step",))
        if outcome not in step.outcomes:
            allowed = ", ".join(step.outcomes)
            return Refusals.of(ErrorCode.INVALID_INPUT, f"The outcomes of step {name} are {allowed}.", ("outcome",))
        if outcome in _DONE:
            return Performed(step, outcome, Effect.GOES_ON, None)
        if outcome is StepOutcome.HELD:
            return Performed(step, outcome, Effect.HOLD, None)
        rejection = step.on_rejected
        assert rejection is not None  # the reader sees to it
        if rejection.leads_to == "CANCELLED":
            return Performed(step, outcome, Effect.CANCEL, rejection.reason)
        # A step of DRAFT that leads to DRAFT stays, as in every other status.
        goes_back = rejection.leads_to == "DRAFT" and step.status != "DRAFT"
        return Performed(step, outcome, Effect.DRAFT if goes_back else Effect.STAYS, None)

    # -- by itself ----------------------------------------------------------------------------------------------

    def due(self, status: str, *, is_paid: bool, is_settled: bool) -> Due | None:
        """The next thing that the server does by itself; each brings the order on, so asking again comes to an end.

        An order on hold has nothing due: the caller does not ask.
        """
        for each in self.standing(status).steps:
            performer = each.step.performer
            if each.state is not StepState.WAITING or performer.kind is not PerformerKind.SYSTEM:
                continue
            # What cannot be told has not come about.
            if performer.when is None or self._ask(performer.when, status) is True:
                return Due(DueKind.STEP, each.step.name)
        settings = self.workflow.settings
        if status == "PENDING" and settings.confirmation is not Confirmation.MANUAL:
            is_due = is_paid or settings.confirmation is Confirmation.AT_ONCE
            if is_due and self.why_not_leave("PENDING", "CONFIRMED") is None:
                return Due(DueKind.CONFIRM)
        if status == "DELIVERED" and settings.completes_by_itself:
            why_not = self.why_not_complete("DELIVERED", is_settled=is_settled)
            return Due(DueKind.COMPLETE) if why_not is None else None
        return None


def _pending(step: Step) -> Refusals:
    return Refusals.of(
        ErrorCode.STEP_PENDING,
        f"Step {step.name} ({step.title}) is still to be done.",
        None,
        {"step": step.name, "status": step.status},
    )


def _why_not_by(step: Step, performing: Performing | None, reviewer: str | None) -> str | None:
    """Why this caller does not perform the step, whatever the order's state, or None."""
    performer = step.performer
    if performer.kind is PerformerKind.SYSTEM:
        return None if performing is None else f"Step {step.name} is done by the server itself."
    if performing is None:
        return f"Step {step.name} is done by people."
    if performer.kind is PerformerKind.ROLES:
        is_theirs = not performing.roles.isdisjoint(performer.roles)
    elif performer.kind is PerformerKind.PERMISSION:
        is_theirs = performing.permits(performer.permission or "")
    elif reviewer is None:
        return f"Step {step.name} waits for a reviewer to be named (escalateReviewer)."
    else:
        is_theirs = performing.subject == reviewer
    return None if is_theirs else f"Step {step.name} is not yours to do."
