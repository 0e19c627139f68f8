"""`availableActions` says why: what the mutation itself would answer, also where role or plan are the cause."""

import pytest

from ddd.tenants.application.operator import set_plan
from order_management.operator import operations
from tests.api.living import DOCUMENTS, Life
from tests.api.orders_support import Shop
from tests.api.support import Api, ApiCaller, Json


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


def why_not(life: Life, order: Json, action: str, by: ApiCaller | None = None) -> str | None:
    (found,) = [each for each in life.look(order, by)["availableActions"] if each["action"] == action]
    assert found["allowed"] == (found["reason"] is None)
    reason: str | None = found["reason"]
    return reason


def answered(by: ApiCaller, action: str, order: Json) -> str:
    """The message of the top-level error."""
    (error,) = by.run(DOCUMENTS[action], {"input": {"orderId": order["id"]}})["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    message: str = error["message"]
    return message


def test_a_plan_without_the_operation_is_named_as_the_cause(life: Life) -> None:
    order = life.stage("cancelled_paid")
    assert why_not(life, order, "processRefund") is None
    assert set_plan(life.shop.tenant.id, ["processRefund"], operations()).errors == ()
    expected = "Your tenant's plan does not include processRefund."
    assert why_not(life, order, "processRefund") == expected
    assert answered(life.shop.admin, "processRefund", order) == expected


def test_a_role_without_the_operation_is_named_as_the_cause(life: Life) -> None:
    order = life.stage("pending")
    ann = life.shop.caller("Customer", subject="c-7")
    assert why_not(life, order, "markAsShipped", ann) == "Your roles do not permit markAsShipped."
    assert answered(ann, "markAsShipped", order) == "Your roles do not permit markAsShipped."


def test_an_operation_that_does_not_reach_so_far_says_so(life: Life) -> None:
    order = life.stage("pending")
    worker = life.shop.caller("Worker", branches=["elsewhere"])
    life.shop.permit("Worker", cancelOrder="BRANCH")
    assert why_not(life, order, "cancelOrder", worker) == "Your roles do not permit cancelOrder on this order."
    assert why_not(life, order, "holdOrder", worker) is None
    assert life.refused("cancelOrder", order, worker, reason="OTHER") == [("NOT_FOUND", "orderId")]
