"""Every mutation × role × stage of an order: allowed, or refused with the right code, and a refusal changes nothing.

`availableActions` is asked at every stage too: it must say what the mutations then do.
"""

import json
from typing import Any

import pytest

from ddd.orders.domain.actions import ACTIONS
from tests.api.living import DOCUMENTS, OPERATIONS, STEPS, Life
from tests.api.orders_support import Shop
from tests.api.support import Api, ApiCaller, Json
from tests.builders import rows
from tests.ledger import faults

STAFF = {"Admin", "Manager", "Worker"}
WHO = {
    **dict.fromkeys(OPERATIONS, STAFF | {"Vendor"}),
    "editDraftOrder": STAFF,
    "submitOrder": {"Admin", "Manager"},
    "fulfilOrder": {"Admin", "Manager"},
    "cancelOrder": STAFF | {"Vendor", "Customer"},
    "holdOrder": STAFF,
    "releaseHold": STAFF,
    "requestReturn": STAFF | {"Customer"},
    "receiveReturn": STAFF,
    "processRefund": STAFF,
}
ROLES = ["Customer", "Vendor", "Admin", "Manager", "Worker", "Auditor"]
OK = "ok"
_NEW = {  # nothing has been packed, has left or come back
    "confirmShipment": "NOT_FOUND",
    "dispatchShipment": "NOT_FOUND",
    "deliverShipment": "NOT_FOUND",
    "cancelShipment": "NOT_FOUND",
    "addShippingTrackingReference": "NOT_FOUND",
    "requestReturn": "NOT_RETURNABLE",
    "receiveReturn": "NOT_FOUND",
    "processRefund": "REFUND_LIMIT",
}
_GONE = {  # all of it has left, nothing came back
    "recordPayment": OK,
    "addShippingTrackingReference": OK,
    "deliverShipment": OK,
    "markAsDelivered": OK,
    "markAsCompleted": OK,
    "holdOrder": OK,
    "requestReturn": OK,
    "receiveReturn": "NOT_FOUND",
    "processRefund": "REFUND_LIMIT",
}
_ARRIVED = {**_GONE, "deliverShipment": "INVALID_TRANSITION", "markAsDelivered": "INVALID_TRANSITION"}
#: What each operation answers at each stage to a role that may; what is not named is INVALID_TRANSITION.
STAGES: dict[str, dict[str, str]] = {
    "pending": {
        **_NEW,
        "confirmOrder": "PAYMENT_OUTSTANDING",
        **dict.fromkeys("recordPayment cancelOrder markAsShipped fulfilOrder holdOrder".split(), OK),
    },
    "confirmed": {
        **_NEW,
        **dict.fromkeys("recordPayment cancelOrder markAsShipped fulfilOrder createShipment holdOrder".split(), OK),
    },
    "packed": {
        **_NEW,
        **dict.fromkeys("recordPayment cancelOrder markAsShipped createShipment holdOrder".split(), OK),
        **dict.fromkeys("confirmShipment dispatchShipment cancelShipment".split(), OK),
        **dict.fromkeys("deliverShipment addShippingTrackingReference".split(), "INVALID_TRANSITION"),
    },
    "packed_whole": {
        **_NEW,
        **dict.fromkeys("recordPayment cancelOrder holdOrder confirmShipment cancelShipment".split(), OK),
        **dict.fromkeys("dispatchShipment deliverShipment addShippingTrackingReference".split(), "INVALID_TRANSITION"),
    },
    "held": {
        **_NEW,
        **dict.fromkeys("recordPayment cancelOrder cancelShipment holdOrder releaseHold".split(), OK),
        **dict.fromkeys("markAsShipped createShipment confirmShipment dispatchShipment".split(), "ON_HOLD"),
        **dict.fromkeys("deliverShipment addShippingTrackingReference".split(), "INVALID_TRANSITION"),
    },
    "partially_shipped": {
        **_GONE,
        **dict.fromkeys("cancelOrder markAsShipped createShipment".split(), OK),
        "markAsCompleted": "INVALID_TRANSITION",
    },
    "shipped": _GONE,
    "shipped_unpaid": {**_GONE, "markAsCompleted": "PAYMENT_OUTSTANDING"},
    "partially_delivered": _GONE,
    "delivered": _ARRIVED,
    "returning": {**_ARRIVED, "requestReturn": "QUANTITY_EXCEEDED", "receiveReturn": OK},
    "returned": {
        **_ARRIVED,
        "requestReturn": "QUANTITY_EXCEEDED",
        "receiveReturn": "QUANTITY_EXCEEDED",
        "processRefund": OK,
    },
    "refunded": {**_ARRIVED, "requestReturn": "QUANTITY_EXCEEDED", "receiveReturn": "QUANTITY_EXCEEDED"},
    "completed": {**_GONE, "markAsCompleted": "INVALID_TRANSITION", "holdOrder": "INVALID_TRANSITION"},
    "cancelled": {**_NEW, "recordPayment": OK},
    "cancelled_paid": {
        **_NEW,
        "recordPayment": OK,
        **dict.fromkeys(
            "confirmShipment dispatchShipment deliverShipment cancelShipment addShippingTrackingReference".split(),
            "INVALID_TRANSITION",
        ),
        "processRefund": OK,
    },
    "draft": {**_NEW, **dict.fromkeys("editDraftOrder submitOrder cancelOrder holdOrder".split(), OK)},
}
#: Of a whole that is packed only the whole may be cancelled, which a Vendor cannot name.
_BY_ROLE = {("packed_whole", "Vendor", "cancelOrder"): "INVALID_TRANSITION"}


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


def answer(by: ApiCaller, name: str, given: Any) -> str:
    """`ok`, or the code of the one refusal."""
    response = by.run(DOCUMENTS[name], {"input": given})
    if "errors" in response:
        (error,) = response["errors"]
        assert response["data"] is None
        return str(error["extensions"]["code"])
    (payload,) = response["data"].values()
    assert (payload["order"] is None) == bool(payload["errors"])
    if not payload["errors"]:
        return OK
    (error,) = payload["errors"]
    assert error["message"]
    return str(error["code"])


def answer_to(stage: str, role: str, name: str) -> str:
    if role not in WHO[name]:
        return "FORBIDDEN"
    if stage == "draft" and role not in STAFF:
        return "NOT_FOUND"
    return _BY_ROLE.get((stage, role, name)) or STAGES[stage].get(name, "INVALID_TRANSITION")


def test_the_table_names_every_action_of_the_server() -> None:
    assert sorted([*OPERATIONS, *STEPS]) == sorted(ACTIONS)
    assert all(set(row) <= set(OPERATIONS) for row in STAGES.values())


@pytest.mark.parametrize("stage", STAGES)
def test_each_operation_is_taken_or_refused_as_the_table_says(life: Life, stage: str) -> None:
    shop = life.shop
    order = life.stage(stage)
    wrong = []
    for role in ROLES:
        by = shop.caller(role, subject="c-7", vendor_id="v1")
        outcomes = {name: answer_to(stage, role, name) for name in OPERATIONS}
        found = life.look(order, by)
        assert (found is None) == (stage == "draft" and role in ("Customer", "Vendor"))
        actions = [] if found is None else found["availableActions"]
        seen = {each["action"]: each["allowed"] for each in actions}
        # `returning` and later: other lines than the one asked for may still come back.
        other_form = {"requestReturn"} if outcomes["requestReturn"] == "QUANTITY_EXCEEDED" else set()
        wrong += [
            (role, name, "availableActions", seen[name], outcome)
            for name, outcome in outcomes.items()
            if name not in other_form and seen.get(name, False) != (outcome == OK)
        ]
        before = shop.everything()
        for name, outcome in outcomes.items():
            if outcome != OK and (got := answer(by, name, life.best(name, order))) != outcome:
                wrong.append((role, name, "got", got, outcome))
        assert shop.everything() == before
        for name, outcome in outcomes.items():
            if outcome == OK:
                mine = life.stage(stage)
                version = life.look(mine)["version"]
                got = answer(by, name, life.best(name, mine))
                if (got, life.look(mine)["version"]) != (OK, version + 1):
                    wrong.append((role, name, "got", got, life.look(mine)["version"] - version))
    assert wrong == []
    assert faults(lambda sql: rows(shop.tenant.id, sql)) == []


ALLOWED_AT = {
    name: next(stage for stage, row in STAGES.items() if row.get(name) == OK)
    for name in OPERATIONS
    if name != "confirmOrder"
}
#: Other input under the same key, for each operation.
OTHER: dict[str, Json] = {
    "recordPayment": {"method": "cash"},
    "cancelOrder": {"note": "other"},
    "requestReturn": {"note": "other"},
    "processRefund": {"reason": "other"},
    "receiveReturn": {"expectedVersion": 99},
}


def confirmable(life: Life) -> Any:
    """PENDING, and nothing is due any more."""
    order = life.place(payment={"state": "CAPTURED", "amount": "20"})
    life.do("cancelOrder", order, reason="OTHER", lines=[{"orderLineId": order["lines"][1]["id"], "quantity": 2}])
    return order


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_is_done_once_per_key_at_the_version_expected(life: Life, name: str) -> None:
    shop = life.shop
    order = confirmable(life) if name == "confirmOrder" else life.stage(ALLOWED_AT[name])
    version = life.look(order)["version"]
    given = {**life.best(name, order), "idempotencyKey": f"key-{name}"}
    before = shop.everything()
    for expected_version in (version - 1, version + 1, 0):
        response = shop.admin.run(DOCUMENTS[name], {"input": {**given, "expectedVersion": expected_version}})
        (payload,) = response["data"].values()
        (error,) = payload["errors"]
        assert (error["code"], error["field"], error["details"]) == (
            "VERSION_CONFLICT",
            ["expectedVersion"],
            {"version": version},
        )
    assert shop.everything() == before
    given["expectedVersion"] = version
    first = shop.admin.data(DOCUMENTS[name], {"input": given})
    assert (first["replayed"], first["order"]["version"]) == (False, version + 1)
    after = shop.everything()
    again = shop.admin.data(DOCUMENTS[name], {"input": given})
    assert again == {**first, "replayed": True}
    other = {**given, **OTHER.get(name, {"expectedVersion": version + 1})}
    assert shop.admin.refusals(DOCUMENTS[name], {"input": other}) == [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]
    assert shop.everything() == after


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_order_out_of_sight_is_not_found_before_anything_about_it_is_judged(life: Life, name: str) -> None:
    order = life.stage("packed")
    given = {**life.best(name, order), "expectedVersion": 99}
    before = life.shop.everything()
    if "Customer" in WHO[name]:
        assert answer(life.shop.caller("Customer", subject="somebody-else"), name, given) == "NOT_FOUND"
    only_theirs = life.shop.place(
        customer={"firstName": "Bo", "id": "c-7"},
        lines=[{"sku": "A", "quantity": 1, "unitPrice": "1", "vendorId": "v2"}],
    )
    vendor = life.shop.caller("Vendor", vendor_id="v1")
    if "Vendor" in WHO[name]:
        assert answer(vendor, name, {**given, "orderId": only_theirs["id"]}) == "NOT_FOUND"
    for unknown in ("", "x", "\x00", json.dumps(order["id"])):
        assert answer(life.shop.admin, name, {**given, "orderId": unknown}) == "NOT_FOUND"
    after = life.shop.everything()
    assert {table: len(after[table]) - len(before[table]) for table in ("orders_order", "orders_shipment")} == {
        "orders_order": 1,
        "orders_shipment": 0,
    }
