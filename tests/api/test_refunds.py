"""What a refund tells, and which money may go back."""

from typing import Any

import pytest

from tests.api.living import Life
from tests.api.orders_support import Shop, units
from tests.api.support import Api, Json
from tests.api.test_workflow_life import PAID, Tenant
from tests.builders import rows
from tests.ledger import faults

LOOK = """query($id: ID!) { getOrder(orderId: $id) { status paymentStatus amountDue { amount } version
  refunds { id status amount { amount } restockingFee { amount } reason returnId provider reference
    lines { orderLineId sku quantity returned } } payments { state amount { amount } }
  timeline { type data } } }"""
REVIEWED = {"name": "own", "statuses": ["PENDING"], "settings": {"refunds": {"review": True}}}


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


@pytest.fixture
def tenant(api: Api) -> Tenant:
    """Orders under a workflow that has refunds reviewed."""
    tenant = Tenant()
    tenant.publish(REVIEWED)
    return tenant


def look(life: Life, order: Json) -> Any:
    return life.shop.admin.data(LOOK, {"id": order["id"]})


def standing(life: Life, order: Json) -> tuple[str, list[tuple[str, str]]]:
    """Payment status, and of each refund its status and amount."""
    seen = look(life, order)
    return seen["paymentStatus"], [(each["status"], each["amount"]["amount"]) for each in seen["refunds"]]


def test_a_refund_tells_for_which_units_it_is_and_how_it_was_paid(life: Life) -> None:
    order = life.stage("partially_shipped")
    first, second = (each["id"] for each in order["lines"])
    made = life.do("requestReturn", order, reason="broken", lines=units(order, (1, 1)))["return"]["id"]
    life.do("receiveReturn", order, returnId=made, lines=[{"orderLineId": first, "restock": 1}])
    life.do("cancelOrder", order, reason="OTHER", lines=units(order, (2, 1)))
    life.do("processRefund", order, returnId=made, provider="bank", reference="R-7", reason="back")
    life.do("processRefund", order)
    (of_return, rest) = look(life, order)["refunds"]
    assert of_return.pop("id")
    assert of_return == {
        "status": "APPROVED", "amount": {"amount": "10.00"}, "restockingFee": {"amount": "0.00"}, "reason": "back",
        "returnId": made, "provider": "bank", "reference": "R-7",
        "lines": [{"orderLineId": first, "sku": "A", "quantity": 1, "returned": 1}],
    }  # fmt: skip
    assert [rest[name] for name in ("returnId", "provider", "reference", "reason")] == [None] * 4
    assert rest["lines"] == [{"orderLineId": second, "sku": "B", "quantity": 1, "returned": 0}]


# ---- Money that moved late, or too much


def test_a_capture_told_after_the_cancellation_is_recorded_and_goes_back(life: Life) -> None:
    order = life.place(payment={"state": "AUTHORIZED", "provider": "bank", "reference": "auth-1"})
    life.do("cancelOrder", order, reason="CUSTOMER_REQUEST")
    told: Json = {"provider": "bank", "reference": "auth-1", "state": "CAPTURED"}
    assert life.refused("recordPayment", order, **told, amount="30.01") == [("INVALID_INPUT", "amount")]
    assert life.refused("processRefund", order) == [("REFUND_LIMIT", None)]
    recorded = life.do("recordPayment", order, **told)["order"]
    assert recorded["status"] == "CANCELLED"
    assert standing(life, order) == ("PAID", [])
    made = life.do("processRefund", order, reason="it was cancelled")
    assert standing(life, order) == ("REFUNDED", [("APPROVED", "30.00")])
    assert life.refused("processRefund", order) == [("REFUND_LIMIT", None)]
    assert made["order"]["status"] == "CANCELLED"
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []


def test_a_voided_authorisation_of_a_cancelled_order_is_known(life: Life) -> None:
    order = life.place(payment={"state": "AUTHORIZED", "provider": "bank", "reference": "auth-1"})
    life.do("cancelOrder", order, reason="CUSTOMER_REQUEST")
    assert standing(life, order) == ("AUTHORIZED", [])
    life.do("recordPayment", order, provider="bank", reference="auth-1", state="FAILED")
    assert standing(life, order) == ("UNPAID", [])


def test_money_that_comes_in_after_the_refund_of_a_cancelled_order_goes_back_too(life: Life) -> None:
    order = life.place(payment={"state": "CAPTURED", "amount": "12"})
    life.do("recordPayment", order, provider="bank", reference="rest", state="AUTHORIZED", amount="18")
    life.do("cancelOrder", order, reason="CUSTOMER_REQUEST")
    life.do("processRefund", order)
    life.do("recordPayment", order, provider="bank", reference="rest", state="CAPTURED")
    assert standing(life, order) == ("PARTIALLY_REFUNDED", [("APPROVED", "12.00")])
    life.do("processRefund", order)
    assert standing(life, order) == ("REFUNDED", [("APPROVED", "12.00"), ("APPROVED", "18.00")])


def test_more_than_the_total_is_recorded_and_the_excess_can_go_back(life: Life) -> None:
    order = life.stage("shipped")
    life.do("recordPayment", order, provider="bank", reference="twice", state="CAPTURED", amount="30")
    assert standing(life, order) == ("PAID", [])
    assert life.refused("processRefund", order, amount="30.01") == [("REFUND_LIMIT", "amount")]
    life.do("processRefund", order)
    seen = look(life, order)
    assert (seen["paymentStatus"], seen["amountDue"]["amount"]) == ("PARTIALLY_REFUNDED", "0.00")
    (made,) = seen["refunds"]
    assert (made["amount"]["amount"], made["lines"]) == ("30.00", [])
    assert life.refused("processRefund", order) == [("REFUND_LIMIT", None)]
    life.do("markAsCompleted", order)


# ---- Refunds that somebody reviews


def returned(tenant: Tenant) -> Json:
    order = tenant.returned()
    assert tenant.seen(order)["workflow"] == {"version": 2}
    return order


def test_a_refund_counts_once_the_named_reviewer_approved_it(tenant: Tenant) -> None:
    order = returned(tenant)
    made = tenant.do("processRefund", order, amount="15", reason="broken")
    refund_id = made["refund"]["id"]
    assert standing(tenant, order) == ("PAID", [("REQUESTED", "15.00")])
    assert tenant.refused("reviewOrder", order, outcome="APPROVED") == [("FORBIDDEN", None)]
    assert tenant.why_not(order, "reviewOrder") == "The return or refund is not yours to review."
    assert tenant.why_not(order, "escalateReviewer") is None
    tenant.do("escalateReviewer", order, reviewer="rea")
    assert tenant.refused("reviewOrder", order, outcome="APPROVED") == [("FORBIDDEN", None)]
    assert tenant.refused("reviewOrder", order, tenant.reviewer, outcome="HELD") == [("INVALID_INPUT", "outcome")]
    assert tenant.why_not(order, "reviewOrder", tenant.reviewer) is None
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="APPROVED", note="seen the photo")
    assert standing(tenant, order) == ("PARTIALLY_REFUNDED", [("APPROVED", "15.00")])
    assert tenant.refused("reviewOrder", order, tenant.reviewer, outcome="APPROVED") == [("INVALID_TRANSITION", None)]
    told = look(tenant, order)["timeline"]
    assert [each["type"] for each in told[-3:]] == ["order.refund_requested", "order.reviewer_named", "order.refunded"]
    for each, before, after in ((told[-3], None, "REQUESTED"), (told[-1], "REQUESTED", "APPROVED")):
        assert each["data"]["refundId"] == refund_id
        assert each["data"]["refundStatus"] == {"before": before, "after": after}
    assert told[-3]["data"]["paymentStatus"] == {"before": "PAID", "after": "PAID"}
    assert told[-1]["data"]["paymentStatus"] == {"before": "PAID", "after": "PARTIALLY_REFUNDED"}
    assert (told[-1]["data"]["amount"], told[-1]["data"]["lines"]) == (1_500, told[-3]["data"]["lines"])


def test_what_waits_for_a_review_is_spoken_for_and_free_again_once_it_is_rejected(tenant: Tenant) -> None:
    order = returned(tenant)
    tenant.do("processRefund", order)
    assert tenant.refused("processRefund", order) == [("REFUND_LIMIT", None)]
    assert tenant.why_not(order, "processRefund") is not None
    tenant.do("escalateReviewer", order, reviewer="rea")
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="REJECTED")
    assert standing(tenant, order) == ("PAID", [("REJECTED", "20.00")])
    assert look(tenant, order)["timeline"][-1]["type"] == "order.refund_rejected"
    assert tenant.why_not(order, "processRefund") is None
    tenant.do("processRefund", order)
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="APPROVED")
    assert standing(tenant, order) == ("PARTIALLY_REFUNDED", [("REJECTED", "20.00"), ("APPROVED", "20.00")])


def test_a_refund_for_cancelled_units_that_waits_leaves_them_paid(tenant: Tenant) -> None:
    order = tenant.place(payment=PAID)
    tenant.do("cancelOrder", order, reason="OTHER", lines=units(order, (1, 1)))
    tenant.do("processRefund", order)
    assert standing(tenant, order) == ("PAID", [("REQUESTED", "10.00")])
    tenant.do("escalateReviewer", order, reviewer="rea")
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="DONE")
    assert standing(tenant, order) == ("PARTIALLY_REFUNDED", [("APPROVED", "10.00")])
    assert look(tenant, order)["amountDue"]["amount"] == "0.00"


def test_a_return_is_reviewed_before_a_refund_and_a_plain_workflow_reviews_neither(tenant: Tenant) -> None:
    tenant.publish({**REVIEWED, "settings": {"refunds": {"review": True}, "returns": {"review": True}}})
    order = tenant.shipped()
    tenant.do("recordPayment", order, provider="bank", reference="twice", state="CAPTURED", amount="5")
    tenant.do("processRefund", order)
    tenant.do("requestReturn", order, reason="broken", lines=units(order, (1, 1)))
    tenant.do("escalateReviewer", order, reviewer="rea")
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="APPROVED")
    assert tenant.look(order)["returns"][0]["status"] == "APPROVED"
    assert standing(tenant, order) == ("PAID", [("REQUESTED", "5.00")])
    tenant.do("reviewOrder", order, tenant.reviewer, outcome="APPROVED")
    assert standing(tenant, order) == ("PARTIALLY_REFUNDED", [("APPROVED", "5.00")])
    plain = Life(Shop())
    assert standing(plain, plain.refunded()) == ("PARTIALLY_REFUNDED", [("APPROVED", "20.00")])
