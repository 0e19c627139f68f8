"""The workflow's engine: which steps wait, what a completion leads to, when a status may be left, what is due."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import assume, given
from hypothesis import strategies as st

from ddd.orders.domain.facts import amount_facts
from ddd.orders.domain.migration import why_not_migrate
from ddd.orders.domain.standing import Standings, StepState, Verdict
from ddd.orders.domain.workflow import Course, Due, DueKind, Effect, Performed, Performing
from ddd.published.workflow import FACTS, STATUSES, StepOutcome, Workflow, read_workflow
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.facts import Facts, Failed
from ddd.shared.infrastructure.cel import CelConditions

SAMPLES = Path(settings.BASE_DIR) / "docs" / "workflows"
CONDITIONS = CelConditions(FACTS)
DONE, APPROVED, REJECTED, HELD = StepOutcome.DONE, StepOutcome.APPROVED, StepOutcome.REJECTED, StepOutcome.HELD


def workflow(document: Mapping[str, Any]) -> Workflow:
    found = read_workflow(document)
    assert isinstance(found, Workflow), found
    return found


def sample(name: str) -> Workflow:
    return workflow(json.loads((SAMPLES / f"{name}.json").read_text()))


def steps(*given_: Mapping[str, Any], status: str = "PENDING", **settings_: Any) -> Workflow:
    """A workflow with these steps in one status; sequence 1, 2, 3 … and any staff unless said otherwise."""
    document: dict[str, Any] = {"name": "w", "statuses": {status: {"steps": []}}, "settings": settings_}
    for number, step in enumerate(given_, 1):
        full = {"title": step["name"], "sequence": number, "performer": {"roles": ["Worker"]}, **step}
        document["statuses"][status]["steps"].append(full)
    return workflow(document)


def truth(expression: str, _: Facts) -> bool | Failed:
    """Conditions for tests: `true`, `false`, anything else fails."""
    return {"true": True, "false": False}.get(expression, Failed("so"))


def course(of: Workflow, **records: StepOutcome) -> Course:
    return Course(of, records, dict, truth)


def states(standings: Standings) -> dict[str, str]:
    return {each.step.name: each.state.value for each in standings.steps}


def refused(answer: object) -> tuple[ErrorCode, Mapping[str, Any] | None]:
    assert isinstance(answer, Refusals)
    (item,) = answer.items
    return item.code, item.details


def who(*roles: str, subject: str = "ann", permits: str = "") -> Performing:
    return Performing(subject, frozenset(roles), lambda operation: operation == permits)


# ---- How steps stand


def test_without_steps_nothing_waits_and_no_facts_are_made() -> None:
    def never() -> Facts:
        raise AssertionError

    plain = Course(sample("plain"), {}, never, truth)
    for status in STATUSES:
        assert plain.standing(status) == Standings(status)
        assert plain.why_not_leave(status, "COMPLETED") is None
    assert plain.standing("PENDING").activity_status is None


def test_later_steps_are_blocked_by_an_earlier_required_one_only() -> None:
    of = steps({"name": "a", "required": False}, {"name": "b"}, {"name": "c"}, {"name": "d", "required": False})
    assert states(course(of).standing("PENDING")) == {"a": "WAITING", "b": "WAITING", "c": "BLOCKED", "d": "BLOCKED"}
    assert states(course(of, b=DONE).standing("PENDING")) == {
        "a": "WAITING", "b": "DONE", "c": "WAITING", "d": "BLOCKED"
    }  # fmt: skip


def test_steps_of_one_sequence_wait_side_by_side() -> None:
    of = steps({"name": "a", "sequence": 1}, {"name": "b", "sequence": 1}, {"name": "c", "sequence": 2})
    assert states(course(of).standing("PENDING")) == {"a": "WAITING", "b": "WAITING", "c": "BLOCKED"}
    assert states(course(of, b=DONE).standing("PENDING")) == {"a": "WAITING", "b": "DONE", "c": "BLOCKED"}


def test_a_condition_that_does_not_hold_skips_and_one_that_fails_does_not() -> None:
    of = steps(
        {"name": "a", "condition": "false"}, {"name": "b", "condition": "boom"}, {"name": "c", "condition": "true"}
    )
    standings = course(of).standing("PENDING")
    assert states(standings) == {"a": "SKIPPED", "b": "WAITING", "c": "BLOCKED"}
    assert standings.verdicts() == (
        Verdict("a", "SKIPPED", None),
        Verdict("b", "CONDITION_FAILED", "so"),
        Verdict("b", "LEFT_UNDONE", None),
        Verdict("c", "LEFT_UNDONE", None),
    )
    assert course(of, b=DONE, c=DONE).standing("PENDING").verdicts() == (Verdict("a", "SKIPPED", None),)


def test_what_is_shown_is_the_required_step_that_waits_else_an_optional_one() -> None:
    of = steps({"name": "a", "required": False, "activityStatus": "Maybe"}, {"name": "b", "activityStatus": "In b"})
    assert course(of).standing("PENDING").activity_status == "In b"
    assert course(of, b=DONE).standing("PENDING").activity_status == "Maybe"
    assert course(of, a=DONE, b=DONE).standing("PENDING").activity_status is None


def test_a_condition_sees_the_status_of_its_own_step() -> None:
    seen: list[Any] = []

    def spy(expression: str, facts: Facts) -> bool:
        seen.append(facts["order.status"])
        return True

    of = steps({"name": "a", "condition": "x"}, status="CONFIRMED")
    Course(of, {}, lambda: {"order.status": "PENDING"}, spy).why_not_leave("PENDING", "SHIPPED")
    assert seen == ["CONFIRMED"]


# ---- Leaving a status


def test_a_pending_step_is_named() -> None:
    of = steps({"name": "a"}, {"name": "b"})
    assert refused(course(of).why_not_leave("PENDING", "CONFIRMED")) == (
        ErrorCode.STEP_PENDING, {"step": "a", "status": "PENDING"}
    )  # fmt: skip
    assert refused(course(of, a=APPROVED).why_not_leave("PENDING", "CONFIRMED"))[1] == {
        "step": "b",
        "status": "PENDING",
    }
    assert course(of, a=APPROVED, b=DONE).why_not_leave("PENDING", "CONFIRMED") is None


@pytest.mark.parametrize("outcome", [HELD, REJECTED])
def test_a_step_that_was_held_or_rejected_still_waits(outcome: StepOutcome) -> None:
    of = steps({"name": "a", "outcomes": ["DONE", "HELD", "REJECTED"], "onRejected": {"leadsTo": "PENDING"}})
    assert refused(course(of, a=outcome).why_not_leave("PENDING", "CONFIRMED"))[0] is ErrorCode.STEP_PENDING
    assert states(course(of, a=outcome).standing("PENDING")) == {"a": "WAITING"}


def test_optional_steps_and_cancelling_never_wait() -> None:
    assert course(steps({"name": "a", "required": False})).why_not_leave("PENDING", "CONFIRMED") is None
    assert course(steps({"name": "a"})).why_not_leave("PENDING", "CANCELLED") is None


@pytest.mark.parametrize(
    ("status", "towards", "asked"),
    [
        ("DRAFT", "PENDING", {"DRAFT"}),
        ("DRAFT", "SHIPPED", {"DRAFT", "PENDING", "CONFIRMED"}),
        ("PENDING", "CONFIRMED", {"PENDING"}),
        ("PENDING", "SHIPPED", {"PENDING", "CONFIRMED"}),
        ("CONFIRMED", "PARTIALLY_SHIPPED", {"CONFIRMED"}),
        ("PARTIALLY_SHIPPED", "SHIPPED", {"PARTIALLY_SHIPPED"}),
        ("SHIPPED", "COMPLETED", {"SHIPPED"}),
        ("DELIVERED", "COMPLETED", {"DELIVERED"}),
    ],
)
def test_every_milestone_that_is_passed_is_asked(status: str, towards: str, asked: set[str]) -> None:
    found = {
        each
        for each in STATUSES[:7]
        if course(steps({"name": "a"}, status=each)).why_not_leave(status, towards) is not None
    }
    assert found == asked


def test_the_settings_say_when_an_order_is_confirmed_ships_and_completes() -> None:
    plain = course(sample("plain"))
    assert refused(plain.why_not_confirm(is_paid=False))[0] is ErrorCode.PAYMENT_OUTSTANDING
    assert plain.why_not_confirm(is_paid=True) is None
    assert plain.why_not_ship("PENDING", is_paid=False) is None
    assert plain.why_not_complete("SHIPPED", is_settled=True) is None
    assert refused(plain.why_not_complete("SHIPPED", is_settled=False))[0] is ErrorCode.PAYMENT_OUTSTANDING
    strict = course(
        steps(confirmation="MANUAL", mayShipUnpaid=False, completion={"from": "DELIVERED", "automatic": False})
    )
    assert strict.why_not_confirm(is_paid=False) is None
    assert refused(strict.why_not_ship("CONFIRMED", is_paid=False))[0] is ErrorCode.PAYMENT_OUTSTANDING
    assert strict.why_not_ship("CONFIRMED", is_paid=True) is None
    assert refused(strict.why_not_complete("SHIPPED", is_settled=True))[0] is ErrorCode.INVALID_TRANSITION
    assert strict.why_not_complete("DELIVERED", is_settled=True) is None


# ---- Performing a step


@pytest.mark.parametrize(
    ("performer", "by", "reviewer", "is_theirs"),
    [
        ({"roles": ["Manager", "Admin"]}, who("Worker", "Admin"), None, True),
        ({"roles": ["Manager"]}, who("Worker"), "ann", False),
        ({"permission": "reviewOrder"}, who("Worker", permits="reviewOrder"), None, True),
        ({"permission": "reviewOrder"}, who("Admin", permits="orders"), None, False),
        ({"reviewer": True}, who("Worker"), "ann", True),
        ({"reviewer": True}, who("Admin"), "bob", False),
        ({"reviewer": True}, who("Admin"), None, False),
        ({"system": True}, who("Admin"), None, False),
        ({"system": True}, None, None, True),
        ({"roles": ["Manager"]}, None, None, False),
    ],
)
def test_only_the_performer_performs(
    performer: Mapping[str, Any], by: Performing | None, reviewer: str | None, is_theirs: bool
) -> None:
    answer = course(steps({"name": "a", "performer": performer})).why_not_perform("a", "PENDING", by, reviewer)
    assert (answer is None) == is_theirs
    if answer is not None:
        assert refused(answer)[0] is ErrorCode.FORBIDDEN


def test_why_a_step_cannot_be_performed_now() -> None:
    of = steps({"name": "a"}, {"name": "b"}, {"name": "c", "condition": "false"})
    by = who("Worker")
    assert course(of).why_not_perform("a", "PENDING", by) is None
    assert refused(course(of).why_not_perform("x", "PENDING", by))[0] is ErrorCode.NOT_FOUND
    assert refused(course(of).why_not_perform("b", "PENDING", by)) == (
        ErrorCode.STEP_OUT_OF_ORDER, {"step": "a", "status": "PENDING"}
    )  # fmt: skip
    assert refused(course(of).why_not_perform("a", "CONFIRMED", by)) == (
        ErrorCode.STEP_OUT_OF_ORDER, {"step": "a", "status": "PENDING"}
    )  # fmt: skip
    assert refused(course(of, a=DONE).why_not_perform("a", "PENDING", by))[0] is ErrorCode.INVALID_TRANSITION
    assert refused(course(of).why_not_perform("c", "PENDING", by))[0] is ErrorCode.INVALID_TRANSITION


def test_where_each_outcome_leads() -> None:
    def led(outcome: StepOutcome, **on_rejected: str) -> Performed:
        of = steps(
            {"name": "a", "outcomes": ["DONE", "APPROVED", "HELD", "REJECTED"], "onRejected": on_rejected or
             {"leadsTo": "PENDING"}}
        )  # fmt: skip
        answer = course(of).perform("a", outcome)
        assert isinstance(answer, Performed)
        return answer

    assert led(DONE).effect is led(APPROVED).effect is Effect.GOES_ON
    assert led(HELD).effect is Effect.HOLD
    assert led(REJECTED).effect is Effect.STAYS
    assert led(REJECTED, leadsTo="DRAFT").effect is Effect.DRAFT
    cancelled = led(REJECTED, leadsTo="CANCELLED", reason="FRAUD")
    assert (cancelled.effect, cancelled.reason) == (Effect.CANCEL, "FRAUD")
    assert led(REJECTED, leadsTo="CANCELLED").reason == "OTHER"


def test_an_outcome_that_the_step_does_not_have_is_refused() -> None:
    assert refused(course(steps({"name": "a"})).perform("a", APPROVED))[0] is ErrorCode.INVALID_INPUT
    assert refused(course(steps({"name": "a"})).perform("b", DONE))[0] is ErrorCode.NOT_FOUND


def test_the_review_that_is_awaited_is_the_reviewers_step_whose_turn_it_is() -> None:
    of = steps({"name": "a"}, {"name": "b", "performer": {"reviewer": True}})
    assert course(of).awaited_review("PENDING") is None
    assert course(of, a=DONE).awaited_review("PENDING") == of.step("b")
    assert course(of, a=DONE, b=DONE).awaited_review("PENDING") is None


# ---- What is due by itself


def test_an_order_is_confirmed_by_itself_as_the_settings_say() -> None:
    for mode, paid, unpaid in (("WHEN_PAID", True, False), ("AT_ONCE", True, True), ("MANUAL", False, False)):
        of = course(steps(confirmation=mode))
        assert (of.due("PENDING", is_paid=True, is_settled=True) == Due(DueKind.CONFIRM)) == paid
        assert (of.due("PENDING", is_paid=False, is_settled=False) == Due(DueKind.CONFIRM)) == unpaid
    assert course(steps({"name": "a"})).due("PENDING", is_paid=True, is_settled=True) is None
    assert course(steps({"name": "a"}), a=DONE).due("PENDING", is_paid=True, is_settled=True) == Due(DueKind.CONFIRM)


def test_an_order_completes_by_itself_when_delivered_and_settled() -> None:
    of = course(steps(completion={"automatic": True}))
    assert of.due("DELIVERED", is_paid=True, is_settled=True) == Due(DueKind.COMPLETE)
    assert of.due("DELIVERED", is_paid=True, is_settled=False) is None
    assert of.due("SHIPPED", is_paid=True, is_settled=True) is None
    assert course(steps()).due("DELIVERED", is_paid=True, is_settled=True) is None


@pytest.mark.parametrize(("when", "is_due"), [("true", True), ("false", False), ("boom", False), (None, True)])
def test_the_servers_step_is_due_once_its_condition_holds_and_never_by_a_failure(
    when: str | None, is_due: bool
) -> None:
    performer = {"system": True} if when is None else {"system": True, "when": when}
    of = steps({"name": "a", "performer": performer}, confirmation="AT_ONCE")
    expected = Due(DueKind.STEP, "a") if is_due else None
    assert course(of).due("PENDING", is_paid=False, is_settled=False) == expected
    assert course(of, a=DONE).due("PENDING", is_paid=False, is_settled=False) == Due(DueKind.CONFIRM)


# ---- The samples, by CEL


def of_sample(name: str, minor: int, country: str, **more: Any) -> Course:
    known = {**amount_facts("order.total", minor, "EUR"), "customer.country": country, "order.vendors": ["v"], **more}
    return Course(sample(name), {}, lambda: known, CONDITIONS.evaluate)


@pytest.mark.parametrize(
    ("minor", "country", "expected"),
    [
        (100_000, "DE", {"approve": "SKIPPED", "export-review": "SKIPPED"}),
        (100_001, "SG", {"approve": "WAITING", "export-review": "SKIPPED"}),
        (100_001, "DE", {"approve": "WAITING", "export-review": "BLOCKED"}),
    ],
)
def test_approval_is_asked_for_above_a_thousand(minor: int, country: str, expected: dict[str, str]) -> None:
    assert states(of_sample("approval", minor, country).standing("PENDING")) == expected


def test_a_marketplace_order_waits_for_its_payment_then_goes_on_by_itself() -> None:
    unpaid = of_sample("marketplace", 9_900, "DE", **{"order.paymentStatus": "UNPAID"})
    assert unpaid.due("PENDING", is_paid=False, is_settled=False) is None
    assert unpaid.standing("PENDING").activity_status == "Waiting for payment"
    paid = of_sample("marketplace", 9_900, "DE", **{"order.paymentStatus": "PAID"})
    assert paid.due("PENDING", is_paid=True, is_settled=True) == Due(DueKind.STEP, "await-payment")
    done = Course(paid.workflow, {"await-payment": DONE}, paid.facts, paid.evaluate)
    assert done.due("PENDING", is_paid=True, is_settled=True) == Due(DueKind.CONFIRM)


# ---- Moving to another version


def test_an_order_moves_where_every_outcome_of_its_steps_has_a_place() -> None:
    old, new = steps({"name": "a"}, {"name": "b"}), steps({"name": "a"}, {"name": "c", "activityStatus": "In c"})
    gone = "Step b was performed, and the newer version does not have it there."
    assert why_not_migrate(course(old, a=DONE), new, "PENDING") is None
    assert why_not_migrate(course(old, a=DONE, b=DONE), new, "PENDING") == gone
    assert why_not_migrate(course(old), new, "COMPLETED") == "A COMPLETED order is over."
    approving = steps({"name": "a", "outcomes": ["APPROVED"]})
    ended = "Step a ended DONE, which is none of its outcomes in the newer version."
    assert why_not_migrate(course(old, a=DONE), approving, "PENDING") == ended
    elsewhere = steps({"name": "a"}, status="CONFIRMED")
    assert why_not_migrate(course(old, a=DONE), elsewhere, "PENDING") == gone.replace("Step b", "Step a")


# ---- For any workflow


@st.composite
def random_steps(draw: st.DrawFn) -> Workflow:
    chosen = []
    for number in range(draw(st.integers(0, 6))):
        step: dict[str, Any] = {
            "name": f"s{number}",
            "sequence": draw(st.integers(1, 3)),
            "required": draw(st.booleans()),
            "outcomes": ["DONE", "HELD", "REJECTED"],
            "onRejected": {"leadsTo": "PENDING"},
        }
        condition = draw(st.sampled_from([None, "true", "false", "boom"]))
        chosen.append(step if condition is None else {**step, "condition": condition})
    return steps(*chosen)


@given(random_steps(), st.data())
def test_whoever_does_what_waits_always_gets_through_and_never_before(of: Workflow, data: st.DataObject) -> None:
    records: dict[str, StepOutcome] = {}
    for _ in range(20):
        now = course(of, **records)
        standings = now.standing("PENDING")
        # The refusal and what is shown speak of the same step; a status is left exactly when nothing required is open.
        is_open = [each for each in standings.steps if each.is_open and each.step.is_required]
        why_not = now.why_not_leave("PENDING", "CONFIRMED")
        assert (why_not is None) == (not is_open)
        if why_not is not None:
            assert refused(why_not)[1] == {"step": is_open[0].step.name, "status": "PENDING"}
            assert standings.activity_status == is_open[0].step.activity_status
        waiting = [each for each in standings.steps if each.state is StepState.WAITING]
        # What may be performed is what waits: the two never disagree.
        for each in standings.steps:
            allowed = now.why_not_perform(each.step.name, "PENDING", who("Worker")) is None
            assert allowed == (each.state is StepState.WAITING)
        if why_not is None:
            break
        assert waiting, "something required is open, and nothing can be done about it"
        step = data.draw(st.sampled_from(waiting)).step
        performed = now.perform(step.name, data.draw(st.sampled_from([DONE, DONE, HELD, REJECTED])))
        assert isinstance(performed, Performed)
        records[step.name] = performed.outcome
    assume(course(of, **records).why_not_leave("PENDING", "CONFIRMED") is None)
    # No required step in force was passed by, a failed guard included.
    for each in course(of, **records).standing("PENDING").steps:
        if each.step.is_required and each.step.condition != "false":
            assert records[each.step.name] is DONE
