"""Several people submit, fulfil and cancel at once: nothing is sold twice, nothing is half done."""

import threading
from collections import Counter
from typing import Any

import pytest

from tests.api.living import DOCUMENTS, DRAFT, Life
from tests.api.orders_support import PLACE, Shop, checkout, line
from tests.api.support import Api, Json
from tests.builders import rows
from tests.ledger import faults

MUTATIONS = {**DOCUMENTS, "createDraftOrder": DRAFT, "placeOrder": PLACE}


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop({"north": {"A": 3, "B": 50}, "south": {"B": 50}}))


def together(life: Life, *requests: tuple[str, Json]) -> Counter[str]:
    """All of them at the same moment, each as a manager of its own: how often each outcome came back, by operation."""
    start, counts, lock = threading.Barrier(len(requests)), Counter[str](), threading.Lock()

    def one(place: int, name: str, given: Json) -> None:
        by = life.shop.caller("Manager", subject=f"m{place}")
        start.wait()
        answer = by.run(MUTATIONS[name], {"input": given})
        (payload,) = answer["data"].values()
        with lock:
            counts[f"{name} {payload['errors'][0]['code'] if payload['errors'] else 'ok'}"] += 1

    threads = [threading.Thread(target=one, args=(place, *request)) for place, request in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []
    return counts


@pytest.mark.parametrize(("given", "code"), [({"expectedVersion": 1}, "VERSION_CONFLICT"), ({}, "INVALID_TRANSITION")])
def test_a_draft_is_submitted_once(life: Life, given: Json, code: str) -> None:
    for _ in range(3):
        order = life.draft(line("B", 2))
        before = life.shop.levels()
        counts = together(life, *[("submitOrder", {"orderId": order["id"], **given})] * 3)
        assert counts == {"submitOrder ok": 1, f"submitOrder {code}": 2}
        after = life.shop.levels()
        assert sum(held for _, held in after.values()) == sum(held for _, held in before.values()) + 2
        assert [each["type"] for each in life.whole(order)["timeline"]] == ["order.drafted", "order.submitted"]


def test_a_reference_is_drafted_or_placed_once(life: Life) -> None:
    given = {"lines": [line("B", 1)], "externalRef": "W-1"}
    requests = [("createDraftOrder", {**checkout(), **given}) for _ in range(3)]
    counts = together(life, *requests, ("placeOrder", {**checkout(), **given}))
    assert sorted(outcome.split()[1] for outcome in counts.elements()) == ["ALREADY_EXISTS"] * 3 + ["ok"]


def test_of_eight_drafts_for_the_last_three_units_three_are_placed(life: Life) -> None:
    orders = [life.draft(line("A", 1), line("B", 1)) for _ in range(8)]
    counts = together(life, *[("submitOrder", {"orderId": order["id"]}) for order in orders])
    assert counts == {"submitOrder ok": 3, "submitOrder OUT_OF_STOCK": 5}
    assert life.shop.levels()[("north", "A")] == (3, 3)
    assert Counter(life.whole(order)["status"] for order in orders) == {"PENDING": 3, "DRAFT": 5}
    ((left,),) = rows(life.shop.tenant.id, "SELECT sum(quantity)::int FROM stock_reservation WHERE sku = 'B'")
    assert left == 3


def test_fulfilled_or_cancelled_but_not_both(life: Life) -> None:
    seen: Counter[str] = Counter()
    for _ in range(6):
        order = life.draft(line("B", 2))
        life.do("submitOrder", order)
        before = life.shop.levels()
        given: dict[str, Any] = {"orderId": order["id"]}
        counts = together(
            life, ("fulfilOrder", given), ("cancelOrder", {**given, "reason": "OTHER"}), ("fulfilOrder", given)
        )
        status = life.whole(order)["status"]
        seen[status] += 1
        assert (
            counts
            == {
                "SHIPPED": {
                    "fulfilOrder ok": 1,
                    "fulfilOrder INVALID_TRANSITION": 1,
                    "cancelOrder INVALID_TRANSITION": 1,
                },
                "CANCELLED": {"fulfilOrder INVALID_TRANSITION": 2, "cancelOrder ok": 1},
            }[status]
        )
        on_hand = {key: hand for key, (hand, _) in life.shop.levels().items()}
        gone = sum(hand for hand, _ in before.values()) - sum(on_hand.values())
        assert gone == (2 if status == "SHIPPED" else 0)
        ((audited,),) = rows(
            life.shop.tenant.id,
            "SELECT count(*) FROM audit_log a JOIN stock_movement m ON m.id = a.id WHERE m.order_id = $1::uuid",
            order["id"],
        )
        assert audited == (1 if status == "SHIPPED" else 0)
    assert seen.total() == 6


def test_orders_that_share_items_are_fulfilled_at_once_without_a_deadlock(life: Life) -> None:
    orders = []
    for number in range(6):
        lines = [line("A", 1), line("B", 1)] if number < 3 else [line("B", 2)]
        order = life.draft(*(lines if number % 2 else reversed(lines)))
        life.do("submitOrder", order)
        orders.append(order)
    counts = together(life, *[("fulfilOrder", {"orderId": order["id"]}) for order in orders])
    assert counts == {"fulfilOrder ok": 6}


def test_an_edit_and_a_submission_at_one_version_do_not_meet(life: Life) -> None:
    for _ in range(4):
        order = life.draft(line("B", 1))
        given: dict[str, Any] = {"orderId": order["id"], "expectedVersion": 1}
        counts = together(
            life, ("submitOrder", given), ("editDraftOrder", {**given, "lines": [line("B", 2), line("A", 1)]})
        )
        assert sorted(code.split()[1] for code in counts.elements()) == ["VERSION_CONFLICT", "ok"]
        seen = life.whole(order)
        assert (seen["version"], seen["status"], len(seen["lines"])) in {(2, "PENDING", 1), (2, "DRAFT", 2)}
