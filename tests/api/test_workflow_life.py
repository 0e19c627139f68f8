"""Orders of tenants that shaped their workflow: what waits for a step, who does it, and where it leads."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.api.living import DOCUMENTS, Life
from tests.api.orders_support import Shop, line, units
from tests.api.support import Api, ApiCaller, Json
from tests.builders import rows
from tests.ledger import faults

SAMPLES = Path(settings.BASE_DIR) / "docs" / "workflows"
PUBLISH = (
    "mutation($input:PublishWorkflowInput!){publishWorkflow(input:$input){workflow{version} errors{code message}}}"
)
LOOK = """query($id:ID!) { getOrder(orderId:$id) { status activityStatus workflow{version} holds{reason releasedAt}
  returns{id status} availableActions{action allowed reason} timeline{type data actor{subject}} } }"""
PAID = {"state": "CAPTURED"}


class Tenant(Life):
    """A shop whose orders from now on stand under one of the ready workflows, or another document."""

    def __init__(self) -> None:
        super().__init__(Shop())
        self.manager = self.shop.caller("Manager", subject="mia")
        self.reviewer = self.shop.caller("Worker", subject="rea")

    def publish(self, workflow: str | Json) -> None:
        document = json.loads((SAMPLES / f"{workflow}.json").read_text()) if isinstance(workflow, str) else workflow
        self.shop.admin.data(PUBLISH, {"input": {"document": document}})

    def dear(self, **more: Any) -> Json:
        """Two units at 600."""
        return self.shop.place(line("A", 2, "600"), **more)

    def seen(self, order: Json, by: ApiCaller | None = None) -> Any:
        return (by or self.shop.admin).data(LOOK, {"id": order["id"]})

    def stands(self, order: Json) -> tuple[str, str | None]:
        seen = self.seen(order)
        return seen["status"], seen["activityStatus"]

    def why_not(self, order: Json, action: str, by: ApiCaller | None = None) -> str | None:
        """What `availableActions` says; None where it is allowed."""
        (found,) = [each for each in self.seen(order, by)["availableActions"] if each["action"] == action]
        assert found["allowed"] == (found["reason"] is None)
        reason: str | None = found["reason"]
        return reason

    def refusal(self, name: str, order: Json, by: ApiCaller | None = None, **given: Any) -> Json:
        """The one refusal, after which nothing has changed."""
        before = self.shop.everything()
        answer = (by or self.shop.admin).run(DOCUMENTS[name], {"input": {"orderId": order["id"], **given}})
        (error,) = answer["data"][name]["errors"]
        assert self.shop.everything() == before
        assert isinstance(error, dict)
        return error


@pytest.fixture
def tenant(api: Api) -> Tenant:
    return Tenant()


def test_an_order_over_1000_waits_for_its_approvals_and_old_orders_go_on_as_before(tenant: Tenant) -> None:
    old = tenant.dear()
    tenant.publish("approval")
    assert (
        tenant.do("recordPayment", old, provider="p", reference="1", state="CAPTURED")["order"]["status"] == "CONFIRMED"
    )
    assert tenant.seen(old)["workflow"] == {"version": 1}

    order = tenant.dear(payment=PAID)
    assert tenant.stands(order) == ("PENDING", "Waiting for approval")
    for name in ("confirmOrder", "markAsShipped"):
        error = tenant.refusal(name, order)
        assert (error["code"], error["details"]) == ("STEP_PENDING", {"step": "approve", "status": "PENDING"})
        assert tenant.why_not(order, name) == error["message"]
    assert tenant.refusal("reviewOrder", order, outcome="APPROVED")["code"] == "FORBIDDEN"
    tenant.do("escalateReviewer", order, reviewer="rea", note="knows the customs")
    early = tenant.refusal("reviewOrder", order, tenant.reviewer, outcome="APPROVED")
    assert (early["code"], early["details"]["step"]) == ("STEP_OUT_OF_ORDER", "approve")

    assert tenant.why_not(order, "completeStep", tenant.reviewer) == "Step approve is not yours to do."
    for by, given, expected in (
        (tenant.reviewer, {"step": "approve"}, ("FORBIDDEN", ["step"])),
        (tenant.manager, {"step": "nix"}, ("NOT_FOUND", ["step"])),
        (tenant.manager, {"step": "approve", "input": {"nix": 1}}, ("INVALID_INPUT", ["input", "nix"])),
        (tenant.manager, {"step": "approve", "outcome": "DONE"}, ("INVALID_INPUT", ["outcome"])),
        (tenant.manager, {"step": "thank-you-note"}, ("STEP_OUT_OF_ORDER", ["step"])),
        (tenant.shop.caller("Worker", subject="rea"), {"step": "export-review"}, ("FORBIDDEN", ["step"])),
    ):
        error = tenant.refusal("completeStep", order, by, **given)
        assert (error["code"], error["field"]) == expected
    assert tenant.why_not(order, "completeStep", tenant.manager) is None
    tenant.do("completeStep", order, tenant.manager, step="approve", input={"ticket": "Ann said so"})
    assert tenant.stands(order) == ("PENDING", "In review")

    assert tenant.refusal("reviewOrder", order, tenant.manager, outcome="APPROVED")["code"] == "FORBIDDEN"
    assert tenant.why_not(order, "reviewOrder", tenant.manager) == "Step export-review is not yours to do."
    assert tenant.why_not(order, "reviewOrder", tenant.reviewer) is None
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="REJECTED", note="Ann's papers are missing")
    assert tenant.stands(order) == ("PENDING", "In review")
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="APPROVED")
    assert tenant.stands(order) == ("CONFIRMED", "Put a note into the parcel")
    tenant.do("markAsShipped", order)
    tenant.do("markAsDelivered", order)
    assert tenant.stands(order) == ("COMPLETED", None)

    told = tenant.seen(order)["timeline"]
    assert [each["type"] for each in told] == [
        "order.placed", "order.reviewer_named", "order.step_completed", "order.step_rejected", "order.step_completed",
        "order.confirmed", "order.shipped", "order.delivered", "order.completed",
    ]  # fmt: skip
    assert told[1]["data"] == {"reviewer": {"before": None, "after": "rea"}, "version": 2}
    assert told[2]["data"]["activityStatus"] == {"before": "Waiting for approval", "after": "In review"}
    assert told[3]["data"] == {"step": "export-review", "outcome": "REJECTED", "effect": "STAYS", "version": 4}
    assert told[6]["data"]["steps"] == [{"step": "thank-you-note", "verdict": "LEFT_UNDONE", "reason": None}]
    assert "Ann" not in json.dumps(told)
    assert faults(lambda sql: rows(tenant.shop.tenant.id, sql)) == []


def test_a_small_order_passes_and_the_steps_skipped_are_told(tenant: Tenant) -> None:
    tenant.publish("approval")
    order = tenant.place(payment=PAID)
    seen = tenant.seen(order)
    assert seen["status"] == "CONFIRMED"
    assert seen["timeline"][1]["data"]["steps"] == [
        {"step": "approve", "verdict": "SKIPPED", "reason": None},
        {"step": "export-review", "verdict": "SKIPPED", "reason": None},
    ]
    unpaid = tenant.place()
    assert tenant.refusal("markAsShipped", unpaid)["code"] == "PAYMENT_OUTSTANDING"
    tenant.do("markAsShipped", order)
    assert tenant.refusal("markAsCompleted", order)["code"] == "INVALID_TRANSITION"  # only once it is delivered


def test_a_rejected_order_is_cancelled_where_the_workflow_says_so_and_its_stock_is_free(tenant: Tenant) -> None:
    tenant.publish("approval")
    free = tenant.shop.levels()
    order = tenant.dear(payment=PAID)
    assert tenant.shop.levels() != free
    tenant.do("completeStep", order, tenant.manager, step="approve", outcome="REJECTED")
    assert tenant.stands(order) == ("CANCELLED", None)
    assert tenant.shop.levels() == free
    assert [each["type"] for each in tenant.seen(order)["timeline"]] == [
        "order.placed", "order.step_rejected", "order.cancelled"
    ]  # fmt: skip
    assert tenant.refusal("completeStep", order, tenant.manager, step="approve")["code"] == "STEP_OUT_OF_ORDER"
    assert faults(lambda sql: rows(tenant.shop.tenant.id, sql)) == []


def approval(leads_to: str, **reason: str) -> Json:
    """Above 1,000 a Manager approves; a rejected order goes where it is said."""
    step = {
        "name": "approve", "title": "Approve", "sequence": 1, "performer": {"roles": ["Manager"]},
        "condition": "order.total.amount > 1000", "outcomes": ["APPROVED", "REJECTED"],
        "onRejected": {"leadsTo": leads_to, **reason}, "activityStatus": "Waiting for approval",
    }  # fmt: skip
    return {"name": f"to {leads_to}", "statuses": {"PENDING": {"steps": [step]}}}


def test_each_order_lives_under_the_version_it_was_placed_under_whatever_is_published_later(tenant: Tenant) -> None:
    plain = tenant.dear()
    tenant.publish(approval("CANCELLED", reason="FRAUD"))
    to_cancelled, just_not = tenant.dear(payment=PAID), tenant.shop.place(line("A", 2, "500"), payment=PAID)
    just = tenant.shop.place(line("A", 1, "1000.01"), payment=PAID)
    tenant.publish(approval("DRAFT"))
    to_draft = tenant.dear(payment=PAID)
    tenant.publish(approval("PENDING"))
    stays = tenant.dear(payment=PAID)
    orders = [plain, just_not, just, to_cancelled, to_draft, stays]
    assert [tenant.seen(each)["workflow"]["version"] for each in orders] == [1, 2, 2, 2, 3, 4]
    waits = ("PENDING", "Waiting for approval")
    expected = [("PENDING", None), ("CONFIRMED", None), waits, waits, waits, waits]
    assert [tenant.stands(each) for each in orders] == expected

    assert tenant.refusal("completeStep", plain, tenant.manager, step="approve")["code"] == "NOT_FOUND"
    for name, status in (("markAsShipped", "SHIPPED"), ("markAsDelivered", "DELIVERED")):  # pay later
        assert tenant.do(name, plain)["order"]["status"] == status
    assert tenant.refusal("markAsCompleted", plain)["code"] == "PAYMENT_OUTSTANDING"
    tenant.do("recordPayment", plain, provider="p", reference="1", state="CAPTURED")
    assert tenant.do("markAsCompleted", plain)["order"]["status"] == "COMPLETED"

    assert tenant.do("completeStep", just, tenant.manager, step="approve")["order"]["status"] == "CONFIRMED"
    for order, where in ((to_cancelled, ("CANCELLED", None)), (to_draft, ("DRAFT", None)), (stays, waits)):
        tenant.do("completeStep", order, tenant.manager, step="approve", outcome="REJECTED")
        assert tenant.stands(order) == where
    assert tenant.seen(to_cancelled)["timeline"][-1]["data"]["reason"] == "FRAUD"
    held = {sku: reserved for (branch, sku), (_, reserved) in tenant.shop.levels().items() if branch == "north"}
    assert (
        held["A"] == 2 + 1 + 2
    )  # `just_not`, `just`, `stays`: the rejected ones hold nothing, the shipped ones neither
    assert tenant.do("completeStep", stays, tenant.manager, step="approve")["order"]["status"] == "CONFIRMED"
    assert faults(lambda sql: rows(tenant.shop.tenant.id, sql)) == []


def test_a_held_order_goes_on_by_itself_once_it_is_released(tenant: Tenant) -> None:
    tenant.publish("approval")
    order = tenant.dear(payment=PAID, shippingAddress={"line1": "1 Orchard Rd", "country": "SG"})
    tenant.do("completeStep", order, tenant.manager, step="approve", outcome="HELD")
    assert tenant.stands(order) == ("PENDING", "Waiting for approval")
    assert [each["reason"] for each in tenant.seen(order)["holds"]] == ["Approve a large order"]
    tenant.do("completeStep", order, tenant.manager, step="approve")
    assert tenant.stands(order) == ("PENDING", None)
    tenant.do("releaseHold", order)
    assert tenant.stands(order)[0] == "CONFIRMED"


def test_a_rejected_order_goes_back_to_a_draft_that_holds_no_stock(tenant: Tenant) -> None:
    step = {
        "name": "check", "title": "Check", "sequence": 1, "performer": {"roles": ["Admin"]},
        "outcomes": ["APPROVED", "REJECTED"], "onRejected": {"leadsTo": "DRAFT"},
    }  # fmt: skip
    tenant.publish({"name": "own", "statuses": {"PENDING": {"steps": [step]}}})
    free = tenant.shop.levels()
    order = tenant.dear()
    tenant.do("completeStep", order, step="check", outcome="REJECTED")
    assert tenant.stands(order) == ("DRAFT", None)
    assert tenant.shop.levels() == free
    assert tenant.seen(order)["timeline"][1]["data"]["status"] == {"before": "PENDING", "after": "DRAFT"}
    tenant.do("cancelOrder", order, reason="OTHER")
    assert tenant.stands(order) == ("CANCELLED", None)
    assert faults(lambda sql: rows(tenant.shop.tenant.id, sql)) == []


def test_the_server_does_its_own_steps_and_returns_and_refunds_wait_for_the_reviewer(tenant: Tenant) -> None:
    tenant.publish("marketplace")
    order = tenant.shop.place(line("A", 2, "10", vendorId="v1"))
    assert tenant.stands(order) == ("PENDING", "Waiting for payment")
    tenant.do("recordPayment", order, provider="p", reference="1", state="CAPTURED")
    assert tenant.stands(order) == ("CONFIRMED", "Waiting for the vendor")
    told = tenant.seen(order)["timeline"][2]["data"]
    assert told == {"step": "await-payment", "outcome": "DONE", "automatic": True, "version": 2}
    assert tenant.refusal("markAsShipped", order)["details"]["step"] == "vendor-accepts"
    vendor = tenant.shop.caller("Vendor", vendor_id="v1")
    missing = tenant.refusal("completeStep", order, vendor, step="vendor-accepts")
    assert (missing["code"], missing["field"]) == ("INVALID_INPUT", ["input", "readyInDays"])
    tenant.do("completeStep", order, vendor, step="vendor-accepts", input={"readyInDays": 2})
    tenant.do("markAsShipped", order, vendor)
    tenant.do("markAsDelivered", order)
    assert tenant.stands(order) == ("COMPLETED", None)

    asked = tenant.do("requestReturn", order, reason="broken", lines=units(order, (1, 1)))["return"]["id"]
    back = {"returnId": asked, "lines": [{"orderLineId": order["lines"][0]["id"], "restock": 1}]}
    assert tenant.refusal("receiveReturn", order, **back)["code"] == "INVALID_TRANSITION"
    tenant.do("escalateReviewer", order, reviewer="rea")
    assert tenant.refusal("reviewOrder", order, tenant.manager, outcome="APPROVED")["code"] == "FORBIDDEN"
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="APPROVED")
    tenant.do("receiveReturn", order, **back)
    tenant.do("processRefund", order)
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="APPROVED")
    refunded = next(each for each in tenant.seen(order)["timeline"] if each["type"] == "order.refunded")
    assert (refunded["data"]["amount"], refunded["data"]["restockingFee"]) == (900, 100)
    assert faults(lambda sql: rows(tenant.shop.tenant.id, sql)) == []


def test_under_the_plain_workflow_there_are_no_steps(tenant: Tenant) -> None:
    order = tenant.dear(payment=PAID)
    assert tenant.stands(order) == ("CONFIRMED", None)
    assert tenant.refusal("completeStep", order, step="approve")["code"] == "NOT_FOUND"
    cases: tuple[tuple[str, Json], ...] = (
        ("escalateReviewer", {"reviewer": "rea"}),
        ("reviewOrder", {"outcome": "APPROVED"}),
    )
    for name, given in cases:
        error = tenant.refusal(name, order, **given)
        assert (error["code"], error["message"]) == ("INVALID_TRANSITION", tenant.why_not(order, name))
    assert tenant.why_not(order, "completeStep") == "No step of this order is to be done."
