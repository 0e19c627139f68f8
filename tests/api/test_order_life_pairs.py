"""Every two changes of one order at once: what comes of it is what comes of one after the other, in some order.

Each pair runs on orders that are made alike: A then B, B then A, both at once; and, where either would be taken, both
at once with the version that both saw: then one is.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.living import DOCUMENTS, NOWHERE, OPERATIONS, STEPS, Life
from tests.api.moving import moved, newer, plan
from tests.api.orders_support import Shop, mutation, units
from tests.api.support import Api, ApiCaller, Json
from tests.builders import rows
from tests.ledger import faults

EVERY = [*OPERATIONS, *STEPS, "migrateOrders"]
#: Steps hold nothing up, returns wait for the reviewer, and an order is confirmed by somebody.
WORKFLOW: Json = {
    "name": "pairs",
    "statuses": {
        status: {
            "steps": [
                {
                    "name": f"look-{status.lower().replace('_', '-')}",
                    "title": "Look",
                    "sequence": 1,
                    "required": False,
                    "performer": {"roles": ["Manager"]},
                }
            ]
        }
        for status in ("DRAFT", "PENDING", "CONFIRMED", "PARTIALLY_SHIPPED", "SHIPPED")
    },
    "settings": {"confirmation": "MANUAL", "returns": {"review": True}},
}
LOOK = """query($id:ID) { getOrder(orderId:$id) { version status activityStatus paymentStatus amountDue { amount }
  lines { quantity reservedQuantity shippedQuantity cancelledQuantity deliveredQuantity returnedQuantity }
  payments { state amount { amount } } shipments { id status trackingReference lines { quantity } }
  returns { id status lines { quantity restocked scrapped } } refunds { amount { amount } } holds { releasedAt }
  workflow { version } timeline { sequence type } } }"""
#: Stock's side of one order: what is held for it, and what came of it and back.
STOCK = """
SELECT line_no, quantity, 'held' FROM stock_reservation WHERE order_id = $1::uuid AND quantity > 0
UNION ALL
SELECT 0, sum(delta)::integer, kind FROM stock_movement WHERE order_id = $1::uuid
GROUP BY 1, kind ORDER BY 3, 1
"""
SHIP = mutation("markAsShipped", "{ order { shipments { id } } errors { code } }")
Given = dict[str, Json]


class Pairs(Life):
    """Orders in several situations, with the input that each operation is given there."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        super().__init__(Shop({"north": {"A": 100_000, "B": 100_000}}))
        self._threads = threads
        self.version = newer(self.shop, WORKFLOW)
        self.clerks = [self.shop.caller("Manager", subject=f"clerk-{number}") for number in (1, 2)]
        self.reviewer = self.shop.caller("Worker", subject="rea")

    # -- situations -----------------------------------------------------------------------------------------------

    def paper(self) -> tuple[Json, Given]:
        order = self.draft({"sku": "A", "quantity": 4, "unitPrice": "10"})
        return order, self.given(order, "draft")

    def new(self) -> tuple[Json, Given]:
        order = self.shop.place({"sku": "A", "quantity": 4, "unitPrice": "10"})
        return order, self.given(order, "pending")

    def stopped(self) -> tuple[Json, Given]:
        order, _ = self.new()
        self.do("confirmOrder", order)
        packed = self.do("createShipment", order, lines=units(order, (1, 1)))["shipment"]["id"]
        self.do("holdOrder", order, reason="why?")
        return order, self.given(order, "confirmed", packed=packed)

    def sent(self) -> tuple[Json, Given]:
        order = self.shop.place({"sku": "A", "quantity": 4, "unitPrice": "10"}, payment={"state": "CAPTURED"})
        return order, self.given(order, "shipped", sent=self._ship(order, 4))

    def loaded(self) -> tuple[Json, Given]:
        """Units on their way, ready to leave, packed, and open."""
        order = self.shop.place({"sku": "A", "quantity": 8, "unitPrice": "10"}, payment={"state": "CAPTURED"})
        return order, self.given(order, "partially-shipped", sent=self._ship(order, 3), **self._pack(order))

    def coming(self) -> tuple[Json, Given]:
        """Units cancelled, on their way back, and asked back."""
        order = self.shop.place({"sku": "A", "quantity": 4, "unitPrice": "10"}, payment={"state": "CAPTURED"})
        sent = self._ship(order, 3)
        return order, self.given(order, "shipped", sent=sent, coming=self._ask_back(order))

    def busy(self) -> tuple[Json, Given]:
        """Both."""
        order, given = self.loaded()
        coming = self._ask_back(order)
        given["receiveReturn"]["returnId"] = coming
        return order, given

    def _ship(self, order: Json, count: int) -> str:
        given = {"orderId": order["id"], "lines": units(order, (1, count))}
        shipment: str = self.shop.admin.data(SHIP, {"input": given})["order"]["shipments"][0]["id"]
        return shipment

    def _pack(self, order: Json) -> dict[str, str]:
        ready, packed = (
            self.do("createShipment", order, lines=units(order, (1, 1)))["shipment"]["id"] for _ in range(2)
        )
        self.do("confirmShipment", order, shipmentId=ready)
        return {"ready": ready, "packed": packed}

    def _ask_back(self, order: Json) -> str:
        self.do("cancelOrder", order, reason="OTHER", lines=units(order, (1, 1)))
        coming, _ = (
            self.do("requestReturn", order, reason="broken", lines=units(order, (1, 1)))["return"]["id"]
            for _ in range(2)
        )
        self.do("escalateReviewer", order, reviewer="rea")
        self.do("reviewOrder", order, self.reviewer, outcome="APPROVED")
        return str(coming)

    def given(
        self,
        order: Json,
        status: str,
        sent: str = NOWHERE,
        ready: str = NOWHERE,
        packed: str = NOWHERE,
        coming: str = NOWHERE,
    ) -> Given:
        """What each operation is asked for."""
        one, id_ = units(order, (1, 1)), {"orderId": order["id"]}
        whole = {} if status in ("draft", "pending") else {"lines": one}
        parts: Given = {
            "editDraftOrder": {"lines": [{"sku": "A", "quantity": 3, "unitPrice": "10"}]},
            "recordPayment": {"provider": "p", "reference": "r", "state": "CAPTURED", "amount": "7"},
            "cancelOrder": {"reason": "OTHER", **whole},
            "markAsShipped": {},
            "createShipment": {"lines": one},
            "confirmShipment": {"shipmentId": packed},
            "dispatchShipment": {"shipmentId": ready},
            "deliverShipment": {"shipmentId": sent},
            "cancelShipment": {"shipmentId": packed if ready is NOWHERE else ready},
            "addShippingTrackingReference": {"shipmentId": sent, "trackingReference": "T1"},
            "holdOrder": {"reason": "why?"},
            "requestReturn": {"reason": "broken", "lines": one},
            "receiveReturn": {"returnId": coming, "lines": [{"orderLineId": one[0]["orderLineId"], "restock": 1}]},
            "completeStep": {"step": f"look-{status}"},
            "escalateReviewer": {"reviewer": "somebody-else"},
            "reviewOrder": {"outcome": "REJECTED"},
        }
        return {name: {**id_, **parts.get(name, {})} for name in EVERY}

    # -- runs -----------------------------------------------------------------------------------------------------

    def ask(self, place: int, name: str, given: Json) -> str:
        """`ok` or the refusal's code; of `migrateOrders` what became of the order."""
        if name == "migrateOrders":
            return moved(self.shop.admin, given).replace("MOVED", "ok")
        by: ApiCaller = self.reviewer if name == "reviewOrder" else self.clerks[place]
        (payload,) = by.run(DOCUMENTS[name], {"input": given})["data"].values()
        return str(payload["errors"][0]["code"]) if payload["errors"] else "ok"

    def state(self, order: Json) -> Json:
        """Everything of the order but names and times; its parts in an order that does not tell who came first."""
        seen = self.shop.admin.data(LOOK, {"id": order["id"]})
        for kind in ("shipments", "returns"):
            seen[kind] = sorted(str({**each, "id": ""}) for each in seen[kind])
        seen["holds"] = [each["releasedAt"] is None for each in seen["holds"]]
        seen["workflow"] = seen["workflow"]["version"] == self.version
        return {**seen, "stock": rows(self.shop.tenant.id, STOCK, order["id"])}

    def made(self, situation: str, names: tuple[str, ...]) -> tuple[Json, Given]:
        """An order in the situation, and what is asked for with each of these operations."""
        order, given = SITUATIONS[situation](self)
        if "migrateOrders" in names:
            self.version = newer(self.shop, WORKFLOW)
            given["migrateOrders"] = plan(self.shop.admin, order, self.version)
        return order, given

    def one_after_the_other(self, make: str, first: int, names: tuple[str, str]) -> tuple[list[str], list[Json]]:
        """Codes by place, and the states before, between and after."""
        order, given = self.made(make, names)
        states, codes = [self.state(order)], ["", ""]
        for place in (first, 1 - first):
            codes[place] = self.ask(place, names[place], given[names[place]])
            states.append(self.state(order))
        return codes, states

    def at_once(self, make: str, names: tuple[str, str], version: int | None = None) -> tuple[list[str], Json]:
        order, given = self.made(make, names)
        more = {} if version is None else {"expectedVersion": version}
        start = threading.Barrier(2)

        def one(place: int) -> str:
            start.wait(30)
            name = names[place]
            return self.ask(place, name, given[name] if name == "migrateOrders" else {**given[name], **more})

        codes = list(self._threads.map(one, (0, 1)))
        return codes, self.state(order)


SITUATIONS: dict[str, Callable[[Pairs], tuple[Json, Given]]] = {
    "paper": Pairs.paper,
    "new": Pairs.new,
    "stopped": Pairs.stopped,
    "sent": Pairs.sent,
    "loaded": Pairs.loaded,
    "coming": Pairs.coming,
    "busy": Pairs.busy,
}
#: What is taken in each situation, were it alone; those that are quickly made stand first.
TAKEN = {
    "paper": set("editDraftOrder submitOrder cancelOrder holdOrder completeStep migrateOrders".split()),
    "new": set(
        "fulfilOrder confirmOrder recordPayment cancelOrder markAsShipped holdOrder completeStep migrateOrders".split()
    ),
    "stopped": set("recordPayment cancelOrder cancelShipment holdOrder releaseHold completeStep migrateOrders".split()),
    "sent": set(
        "recordPayment deliverShipment addShippingTrackingReference markAsDelivered markAsCompleted holdOrder"
        " requestReturn completeStep migrateOrders".split()
    ),
    "loaded": set(
        "recordPayment cancelOrder markAsShipped createShipment confirmShipment dispatchShipment deliverShipment"
        " cancelShipment addShippingTrackingReference markAsDelivered holdOrder requestReturn completeStep"
        " migrateOrders".split()
    ),
    "coming": set(
        "recordPayment deliverShipment addShippingTrackingReference markAsDelivered markAsCompleted holdOrder"
        " requestReturn receiveReturn processRefund completeStep escalateReviewer reviewOrder migrateOrders".split()
    ),
    "busy": set(EVERY) - set("editDraftOrder submitOrder fulfilOrder confirmOrder markAsCompleted releaseHold".split()),
}


def situation_for(a: str, b: str) -> tuple[str, bool]:
    """One in which both are taken, if there is one, else one in which the first is; and whether both are."""
    both = [name for name, taken in TAKEN.items() if {a, b} <= taken]
    return (both[0], True) if both else (next(name for name, taken in TAKEN.items() if a in taken), False)


@pytest.fixture
def pairs(api: Api, caplog: pytest.LogCaptureFixture) -> Iterator[Pairs]:
    caplog.set_level(logging.WARNING, "bff.request")  # thousands of requests
    with ThreadPoolExecutor(2) as threads:
        yield Pairs(threads)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_taken_alone_is_as_the_table_says(pairs: Pairs, situation: str) -> None:
    taken = set()
    for name in EVERY:
        _, given = pairs.made(situation, (name,))
        if pairs.ask(0, name, given[name]) == "ok":
            taken.add(name)
    assert taken == TAKEN[situation]


@pytest.mark.parametrize("a", EVERY)
def test_of_two_at_once_comes_what_comes_of_one_after_the_other(pairs: Pairs, a: str) -> None:
    for names in [(a, b) for b in EVERY[EVERY.index(a) :]]:
        situation, both_are_taken = situation_for(*names)
        one, states = pairs.one_after_the_other(situation, 0, names)
        other, turned = (one[::-1], states) if len(set(names)) == 1 else pairs.one_after_the_other(situation, 1, names)
        assert states[0] == turned[0]
        allowed = [(one, states[2]), (other, turned[2])]
        assert pairs.at_once(situation, names) in allowed, (names, situation)
        if both_are_taken:
            codes, state = pairs.at_once(situation, names, states[0]["version"])
            winner = codes.index("ok")
            too_late = "CHANGED" if names[1 - winner] == "migrateOrders" else "VERSION_CONFLICT"
            assert codes[1 - winner] == too_late, (names, situation)
            assert state == (states, turned)[winner][1], (names, situation)
    assert faults(lambda sql: rows(pairs.shop.tenant.id, sql)) == []
