"""Several people change one order at once: one wins, the others are refused freshly, and nothing is half done."""

import threading
from collections import Counter
from typing import Any

import pytest

from tests.api.living import DOCUMENTS, Life
from tests.api.orders_support import Shop, units
from tests.api.support import Api, Json
from tests.builders import rows
from tests.ledger import faults


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


def together(life: Life, *requests: tuple[str, Json]) -> Counter[str]:
    """All of them at the same moment, each as a worker of its own: how often each code came back, or `ok`."""
    start, counts, lock = threading.Barrier(len(requests)), Counter[str](), threading.Lock()

    def one(place: int, name: str, given: Json) -> None:
        by = life.shop.caller("Worker", subject=f"w{place}")
        start.wait()
        answer = by.run(DOCUMENTS[name], {"input": given})
        (payload,) = answer["data"].values()
        with lock:
            counts[payload["errors"][0]["code"] if payload["errors"] else "ok"] += 1

    threads = [threading.Thread(target=one, args=(place, *request)) for place, request in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []
    return counts


def test_of_two_changes_at_one_version_one_wins(life: Life) -> None:
    for _ in range(5):
        order = life.stage("confirmed")
        given: dict[str, Any] = {"orderId": order["id"], "expectedVersion": 1}
        counts = together(
            life,
            ("createShipment", given),
            ("holdOrder", {**given, "reason": "r"}),
            ("cancelOrder", {**given, "reason": "OTHER"}),
            ("markAsShipped", given),
        )
        assert counts == {"ok": 1, "VERSION_CONFLICT": 3}
        assert life.look(order)["version"] == 2


def test_units_are_packed_once_whoever_packs_them(life: Life) -> None:
    order = life.stage("confirmed")
    one = units(order, (1, 1))
    counts = together(life, *[("createShipment", {"orderId": order["id"], "lines": one})] * 6)
    assert counts == {"ok": 2, "QUANTITY_EXCEEDED": 4}
    assert len(life.look(order)["shipments"]) == 2


def test_a_shipment_leaves_once_and_what_was_called_off_does_not_leave(life: Life) -> None:
    order = life.stage("packed")
    given = {"orderId": order["id"], "shipmentId": life.best("dispatchShipment", order)["shipmentId"]}
    counts = together(life, *[("dispatchShipment", given)] * 3, *[("cancelShipment", given)] * 3)
    assert counts == {"ok": 1, "INVALID_TRANSITION": 5}


def test_a_payment_told_at_once_by_many_is_one(life: Life) -> None:
    order = life.stage("pending")
    given = {"orderId": order["id"], "provider": "p", "reference": "r", "state": "CAPTURED", "amount": "30"}
    assert together(life, *[("recordPayment", given)] * 6) == {"ok": 6}
    seen = life.whole(order)
    assert [each["amount"]["amount"] for each in seen["payments"]] == ["30.00"]
    assert (seen["version"], seen["status"], seen["paymentStatus"]) == (2, "CONFIRMED", "PAID")


def test_returned_units_are_received_and_refunded_once(life: Life) -> None:
    order = life.stage("returning")
    levels = life.shop.levels()
    returned = life.look(order)["returns"][0]["id"]
    lines = [{"orderLineId": order["lines"][0]["id"], "restock": 2}]
    received = {"orderId": order["id"], "returnId": returned, "lines": lines}
    assert together(life, *[("receiveReturn", received)] * 5) == {"ok": 1, "QUANTITY_EXCEEDED": 4}
    (branch,) = {key for key, now in life.shop.levels().items() if now != levels[key]}
    assert life.shop.levels()[branch] == (levels[branch][0] + 2, levels[branch][1])
    assert together(life, *[("processRefund", {"orderId": order["id"]})] * 5) == {"ok": 1, "REFUND_LIMIT": 4}
    assert len(life.look(order)["refunds"]) == 1
