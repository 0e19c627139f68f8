"""For any workflow: what `availableActions` asks and what the mutations then do never disagree."""

import copy
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from ddd.orders.domain import drafting, payments, shipping, steps
from ddd.orders.domain.actions import Situation, guard, why_not
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import CancelReason, what_is_left
from ddd.orders.domain.status import OrderStatus
from ddd.orders.domain.workflow import Performing, Way
from ddd.published.workflow import StepOutcome, Workflow, read_workflow
from ddd.shared.domain.errors import Refusals
from ddd.shared.domain.facts import Facts, Failed
from tests.unit.orders.living import pay
from tests.unit.orders.support import ACTOR, NOW, plain_order

CLERK = Performing(ACTOR.subject, frozenset({"Admin"}), lambda _: True)
BY: dict[str, Any] = {"actor": ACTOR, "at": NOW}
OUTCOMES = [*[StepOutcome.DONE] * 4, StepOutcome.HELD, StepOutcome.REJECTED]
STATUSES = ["DRAFT", "PENDING", "CONFIRMED", "SHIPPED", "DELIVERED"]
PERFORMERS: list[dict[str, Any]] = [
    {"roles": ["Admin"]},
    {"roles": ["Admin"]},
    {"roles": ["Vendor"]},
    {"reviewer": True},
    {"system": True},
]


def evaluate(expression: str, facts: Facts) -> bool | Failed:
    return Failed("boom") if expression == "boom" else expression == "true"


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    statuses: dict[str, Any] = {}
    for number in range(draw(st.integers(0, 5))):
        status = draw(st.sampled_from(STATUSES))
        performer = draw(st.sampled_from(PERFORMERS))
        step: dict[str, Any] = {
            "name": f"s{number}",
            "title": "S",
            "sequence": draw(st.integers(1, 3)),
            "required": draw(st.booleans()),
            "performer": performer,
        }
        if "system" not in performer:
            step |= {"outcomes": ["DONE", "HELD", "REJECTED"], "onRejected": {"leadsTo": status}}
            if status in ("PENDING", "CONFIRMED") and draw(st.booleans()):
                step["onRejected"] = {"leadsTo": "CANCELLED", "reason": "OTHER"}
            elif status == "PENDING" and draw(st.booleans()):
                step["onRejected"] = {"leadsTo": "DRAFT"}
        condition = draw(st.sampled_from([None, "true", "false", "boom"]))
        statuses.setdefault(status, {"steps": []})["steps"].append(
            step if condition is None else {**step, "condition": condition}
        )
    chosen = {
        "confirmation": draw(st.sampled_from(["WHEN_PAID", "MANUAL", "AT_ONCE"])),
        "mayShipUnpaid": draw(st.booleans()),
        "completion": {"from": draw(st.sampled_from(["SHIPPED", "DELIVERED"])), "automatic": draw(st.booleans())},
    }
    found = read_workflow({"name": "any", "statuses": statuses, "settings": chosen})
    assert isinstance(found, Workflow), found
    return found


def _ship(order: Order) -> Refusals | None:
    about: dict[str, Any] = {"carrier": None, "tracking_reference": None, "tracking_url": None, "shipped_at": NOW}
    return order.ship(order.left(order.lines), shipment_id=uuid4(), **about, **BY)


def _cancel(order: Order) -> Refusals | None:
    return order.cancel(what_is_left(order.lines), whole=True, reason=CancelReason.OTHER, note=None, **BY)


def _step(order: Order, outcome: StepOutcome) -> Refusals | None:
    """The first of the workflow's steps that is taken; the last refusal where none is."""
    refused: Refusals | None = Refusals(())
    for names in order.way.workflow.steps.values():
        for step in names:
            refused = steps.complete_step(order, step.name, outcome, None, performing=CLERK, **BY)
            if refused is None:
                return None
    return refused


def _submit(order: Order) -> Refusals | None:
    refused = guard("submitOrder", order, NOW)
    if refused is None:
        drafting.submit(order, version=order.workflow_version, way=order.way, **BY)
    return refused


FORMS: dict[str, Callable[[Order, StepOutcome], Refusals | bool | None]] = {
    "editDraftOrder": lambda order, _: drafting.edit(order, copy.copy(order), ["note"], **BY),
    "submitOrder": lambda order, _: _submit(order),
    "fulfilOrder": lambda order, _: drafting.fulfil(order, shipment_id=uuid4(), **BY),
    "confirmOrder": lambda order, _: payments.confirm(order, **BY),
    "markAsShipped": lambda order, _: _ship(order),
    "cancelOrder": lambda order, _: _cancel(order),
    "markAsDelivered": lambda order, _: shipping.mark_as_delivered(order, order.shipments, delivered_at=NOW, **BY),
    "markAsCompleted": lambda order, _: shipping.mark_as_completed(order, **BY),
    "completeStep": _step,
    "escalateReviewer": lambda order, _: steps.name_reviewer(order, ACTOR.subject, None, **BY),
    "reviewOrder": lambda order, outcome: steps.review(order, outcome, None, performing=CLERK, **BY),
    "recordPayment": lambda order, _: pay(order, reference=str(uuid4())),
}
#: What brings an order to another status by being done.
MOVING = {"submitOrder", "fulfilOrder", "confirmOrder", "markAsShipped", "markAsDelivered", "markAsCompleted"}


@settings(max_examples=100, deadline=None)
@given(workflows(), st.data())
def test_an_action_is_available_exactly_when_the_mutation_takes_it(of: Workflow, data: st.DataObject) -> None:
    order = plain_order(2, 1)
    if data.draw(st.booleans()):
        order.submitted_at = None
    order.way = Way(of, evaluate)
    order.go_on(ACTOR, NOW)
    for _ in range(12):
        outcome = data.draw(st.sampled_from(OUTCOMES))
        taken = []
        for action, act in FORMS.items():
            told = why_not(action, Situation(order, order.lines, NOW, action == "cancelOrder", CLERK))
            tried = copy.deepcopy(order, {id(order.way): order.way})  # the workflow itself is one and the same
            refused = act(tried, outcome)
            assert (told is None) == (not isinstance(refused, Refusals)), (action, told, refused)
            if told is None:
                if action in MOVING:
                    assert order.course().why_not_leave(order.status.value, tried.status.value) is None, action
                tried.go_on(ACTOR, NOW)
                # What is due was done: nothing more is.
                assert (
                    tried.is_held(NOW)
                    or tried.course().due(tried.status.value, is_paid=tried.is_paid, is_settled=not tried.amount_due)
                    is None
                )
                assert tried.activity_status == tried.course().standing(tried.status.value).activity_status
                if tried.status is not OrderStatus.CANCELLED:
                    taken.append(tried)
        if not taken:
            break
        order = data.draw(st.sampled_from(taken))
