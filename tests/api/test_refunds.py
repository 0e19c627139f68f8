"""What a refund tells, and which money may go back."""

from typing import Any

import pytest

from tests.api.living import Life
from tests.api.orders_support import Shop, units
from tests.api.support import Api, Json

LOOK = """query($id: ID!) { getOrder(orderId: $id) { status paymentStatus amountDue { amount }
  refunds { id amount { amount } restockingFee { amount } reason returnId provider reference
    lines { orderLineId sku quantity returned } } payments { state amount { amount } } } }"""


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


def look(life: Life, order: Json) -> Any:
    return life.shop.admin.data(LOOK, {"id": order["id"]})


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
        "amount": {"amount": "10.00"}, "restockingFee": {"amount": "0.00"}, "reason": "back", "returnId": made,
        "provider": "bank", "reference": "R-7",
        "lines": [{"orderLineId": first, "sku": "A", "quantity": 1, "returned": 1}],
    }  # fmt: skip
    assert [rest[name] for name in ("returnId", "provider", "reference", "reason")] == [None] * 4
    assert rest["lines"] == [{"orderLineId": second, "sku": "B", "quantity": 1, "returned": 0}]
