"""Drafts of tenants that shaped their workflow, and placed orders that a workflow sent back to be drafts."""

from typing import Any

import pytest

from tests.api.living import DOCUMENTS, LINES, Life
from tests.api.orders_support import Shop, line, units
from tests.api.support import Api, ApiCaller, Json
from tests.builders import rows
from tests.ledger import faults

PUBLISH = "mutation($input:PublishWorkflowInput!){publishWorkflow(input:$input){workflow{version} errors{message}}}"
LOOK = """query($id:ID!) { getOrder(orderId:$id) { status activityStatus workflow{version} placedAt paymentStatus
  amountDue{amount} lines{lineNo sku reservedQuantity allocation{branchCode}}
  availableActions{action allowed reason} timeline{type data} } }"""


def step(name: str, **more: Any) -> Json:
    return {"name": name, "title": name.title(), "sequence": 1, "performer": {"roles": ["Admin"]}, **more}


#: An order that an Admin may send back.
CHECKED = step("check", outcomes=["APPROVED", "REJECTED"], onRejected={"leadsTo": "DRAFT"})


class Branch(Life):
    """A shop that publishes workflows."""

    def publish(self, **steps: list[Json]) -> None:
        document = {"name": "own", "statuses": {status: {"steps": found} for status, found in steps.items()}}
        self.shop.admin.data(PUBLISH, {"input": {"document": document}})

    def seen(self, order: Json, by: ApiCaller | None = None) -> Any:
        return (by or self.shop.admin).data(LOOK, {"id": order["id"]})

    def why_not(self, order: Json, action: str) -> str | None:
        (found,) = [each for each in self.seen(order)["availableActions"] if each["action"] == action]
        assert found["allowed"] == (found["reason"] is None)
        reason: str | None = found["reason"]
        return reason

    def refusal(self, name: str, order: Json, **given: Any) -> Json:
        """The one refusal, after which nothing has changed."""
        before = self.shop.everything()
        answer = self.shop.admin.run(DOCUMENTS[name], {"input": {"orderId": order["id"], **given}})
        (error,) = answer["data"][name]["errors"]
        assert self.shop.everything() == before
        assert isinstance(error, dict)
        return error

    def sent_back(self, **more: Any) -> Json:
        self.publish(PENDING=[CHECKED])
        order = self.place(**more)
        self.do("completeStep", order, step="check", outcome="REJECTED")
        return order

    def adds_up(self) -> bool:
        return faults(lambda sql: rows(self.shop.tenant.id, sql)) == []


@pytest.fixture
def branch(api: Api) -> Branch:
    return Branch(Shop())


def test_a_draft_waits_for_its_own_steps(branch: Branch) -> None:
    branch.publish(DRAFT=[step("count"), step("stamp", sequence=2, performer={"system": True})])
    order = branch.draft()
    seen = branch.seen(order)
    assert (seen["status"], seen["activityStatus"]) == ("DRAFT", "Count")
    error = branch.refusal("submitOrder", order)
    assert (error["code"], error["details"]) == ("STEP_PENDING", {"step": "count", "status": "DRAFT"})
    assert branch.why_not(order, "submitOrder") == error["message"]
    branch.do("editDraftOrder", order, note="n")
    branch.do("completeStep", order, step="count")
    assert branch.why_not(order, "submitOrder") is None
    branch.do("submitOrder", order)
    types = [each["type"] for each in branch.seen(order)["timeline"]]
    assert types == ["order.drafted", "order.edited", "order.step_completed", "order.step_completed", "order.submitted"]


def test_a_draft_goes_by_the_version_in_force_when_it_is_submitted(branch: Branch) -> None:
    branch.publish(DRAFT=[step("check"), step("thank", required=False)])
    order = branch.draft()
    branch.do("completeStep", order, step="check")
    branch.publish(PENDING=[CHECKED], DRAFT=[step("weigh")])
    assert branch.seen(order)["workflow"] == {"version": 2}
    assert branch.why_not(order, "submitOrder") is None  # it stands by the steps that it was drafted under
    branch.do("submitOrder", order)
    seen = branch.seen(order)
    assert (seen["workflow"], seen["status"], seen["activityStatus"]) == ({"version": 3}, "PENDING", "Check")
    data = seen["timeline"][-1]["data"]
    assert (data["workflowVersion"], data["steps"]) == (
        3,
        [{"step": "thank", "verdict": "LEFT_UNDONE", "reason": None}],
    )
    # What was checked of the draft, under another version, is no check of the order.
    assert branch.refusal("fulfilOrder", order)["details"] == {"step": "check", "status": "PENDING"}
    branch.do("completeStep", order, step="check")
    branch.do("fulfilOrder", order)
    assert branch.adds_up()


def test_what_was_sent_back_keeps_its_version_and_its_time_and_is_reserved_anew(branch: Branch) -> None:
    order = branch.sent_back()
    placed = branch.seen(order)
    assert (placed["status"], placed["workflow"]) == ("DRAFT", {"version": 2})
    branch.publish(PENDING=[step("weigh")])
    branch.do("submitOrder", order)
    seen = branch.seen(order)
    assert (seen["workflow"], seen["status"], seen["activityStatus"]) == ({"version": 2}, "PENDING", "Check")
    assert seen["placedAt"] == placed["placedAt"]
    assert [each["reservedQuantity"] for each in seen["lines"]] == [2, 2]
    assert branch.adds_up()
    branch.do("completeStep", order, step="check", outcome="REJECTED")  # and once more
    branch.do("submitOrder", order)
    branch.do("completeStep", order, step="check")
    branch.do("fulfilOrder", order)
    assert branch.seen(order)["status"] == "SHIPPED"
    assert branch.adds_up()


def test_a_customer_keeps_seeing_the_order_that_was_sent_back(branch: Branch) -> None:
    order = branch.sent_back()
    for by in (branch.shop.caller("Customer", subject="c-7"), branch.shop.caller("Vendor", vendor_id="v1")):
        assert branch.seen(order, by)["status"] == "DRAFT"


def test_other_lines_of_what_was_sent_back_are_reserved_in_place_of_the_first(branch: Branch) -> None:
    free = branch.shop.levels()
    order = branch.sent_back(branchCode="north")
    branch.do("editDraftOrder", order, lines=[line("C", 5, "1")], branchCode=None)
    assert branch.adds_up()
    branch.do("submitOrder", order)
    assert branch.shop.levels() == {**free, ("south", "C"): (100, 5)}
    assert branch.seen(order)["lines"] == [
        {"lineNo": 1, "sku": "C", "reservedQuantity": 5, "allocation": [{"branchCode": "south"}]}
    ]
    branch.do("cancelOrder", order, reason="OTHER")
    assert branch.shop.levels() == free
    assert branch.adds_up()


def test_what_was_paid_before_it_was_sent_back_counts(branch: Branch) -> None:
    order = branch.sent_back(payment={"state": "CAPTURED"})
    assert branch.refusal("editDraftOrder", order, currency="EUR")["code"] == "CURRENCY_MISMATCH"
    error = branch.refusal("editDraftOrder", order, lines=[line("A", 1, "10")])
    assert (error["code"], error["field"]) == ("INVALID_INPUT", None)
    branch.do("editDraftOrder", order, lines=[*LINES, line("C", 1, "2")])
    seen = branch.seen(order)
    assert (seen["paymentStatus"], seen["amountDue"]["amount"]) == ("PARTIALLY_PAID", "2.00")
    branch.do("submitOrder", order)
    branch.do("completeStep", order, step="check")
    assert branch.seen(order)["status"] == "PENDING"
    branch.do("recordPayment", order, provider="p", reference="2", state="CAPTURED")
    assert branch.seen(order)["status"] == "CONFIRMED"


def test_of_what_was_cancelled_in_part_the_price_stands_and_the_rest_is_reserved(branch: Branch) -> None:
    branch.publish(PENDING=[CHECKED])
    order = branch.place(payment={"state": "CAPTURED", "amount": "30"})
    branch.do("cancelOrder", order, reason="OTHER", lines=units(order, (1, 1), (2, 2)))
    branch.do("processRefund", order)
    branch.do("completeStep", order, step="check", outcome="REJECTED")
    given: dict[str, Any] = {"lines": [line("C")], "currency": "EUR", "shipping": {"cost": "1"}, "taxesIncluded": True,
                             "discounts": [{"amount": "1"}], "taxes": [{"amount": "1"}]}  # fmt: skip
    for name, value in given.items():
        error = branch.refusal("editDraftOrder", order, **{name: value})
        assert (error["code"], error["field"]) == ("INVALID_TRANSITION", [name])
    branch.do("editDraftOrder", order, note="n", customer={"firstName": "Bo"})
    branch.do("submitOrder", order)
    seen = branch.seen(order)
    assert [(each["lineNo"], each["reservedQuantity"]) for each in seen["lines"]] == [(1, 1), (2, 0)]
    assert (seen["amountDue"]["amount"], branch.adds_up()) == ("0.00", True)
    branch.do("completeStep", order, step="check")
    branch.do("fulfilOrder", order)
    assert branch.seen(order)["status"] == "SHIPPED"
    assert branch.adds_up()


def test_a_capture_told_while_an_order_is_a_draft_again_is_recorded(branch: Branch) -> None:
    authorised = {"state": "AUTHORIZED", "provider": "p", "reference": "1"}
    order = branch.sent_back(payment=authorised)
    assert branch.seen(order)["status"] == "DRAFT"
    assert branch.why_not(order, "recordPayment") is None
    branch.do("recordPayment", order, provider="p", reference="1", state="CAPTURED")
    assert (branch.seen(order)["status"], branch.seen(order)["paymentStatus"]) == ("DRAFT", "PAID")
    new = branch.draft()
    assert branch.refusal("recordPayment", new, provider="p", reference="2", state="CAPTURED")["code"] == (
        "INVALID_TRANSITION"
    )


def test_where_too_much_was_paid_all_but_the_price_may_be_edited(branch: Branch) -> None:
    order = branch.sent_back()
    branch.do("recordPayment", order, provider="p", reference="r", state="CAPTURED", amount="31")  # of 30
    assert branch.refusal("editDraftOrder", order, shipping={"cost": "0.50"})["code"] == "INVALID_INPUT"
    branch.do("editDraftOrder", order, note="ring twice")
    branch.do("editDraftOrder", order, shipping={"cost": "1"})
    assert branch.seen(order)["amountDue"] == {"amount": "0.00"}
