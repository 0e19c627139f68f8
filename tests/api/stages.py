"""An order in each of the nine statuses, and each mutation on it in the form that fits best."""

from typing import Any, Final

from tests.api.living import CUSTOMER, Life
from tests.api.moving import newer, plan
from tests.api.orders_support import Shop, line, units
from tests.api.support import Json

STATUSES: Final = (
    "DRAFT PENDING CONFIRMED PARTIALLY_SHIPPED SHIPPED PARTIALLY_DELIVERED DELIVERED COMPLETED CANCELLED".split()
)


def _step(status: str, name: str, **more: Any) -> Json:
    return {
        "name": f"{name}-{status.lower().replace('_', '-')}",
        "title": name,
        "sequence": 1,
        "required": False,
        **more,
    }


def _check(status: str) -> Json:
    leads_to = "DRAFT" if status == "PENDING" else status
    return _step(
        status,
        "check",
        performer={"roles": ["Worker", "Manager"]},
        outcomes=["DONE", "REJECTED"],
        onRejected={"leadsTo": leads_to},
    )


#: In each status somebody may check the order; before goods leave the named reviewer may look at it, and later at what
#: is asked back. None of it holds the order up. It is confirmed by hand.
WORKFLOW: Final[Json] = {
    "name": "every",
    "statuses": {
        **{status: {"steps": [_check(status)]} for status in STATUSES[3:-2]},
        **{
            status: {"steps": [_check(status), _step(status, "review", performer={"reviewer": True})]}
            for status in STATUSES[:3]
        },
    },
    "settings": {"confirmation": "MANUAL", "returns": {"review": True}},
}


class Stages(Life):
    """Three units of v1's and four open ones, Ann's, under the workflow above; Ann's subject is the reviewer, too."""

    def __init__(self) -> None:
        super().__init__(Shop({"north": {"A": 100_000, "B": 100_000}}))
        self.version = newer(self.shop, WORKFLOW)
        self.clerk = self.shop.caller("Worker", subject=CUSTOMER["id"])

    def at(self, status: str) -> Json:
        """An order there, as it was placed."""
        order: Json = getattr(self, f"_{status.lower()}")()
        seen = self.look(order)
        assert seen["status"] == status
        return order

    def form(self, name: str, order: Json, status: str) -> Json:
        """The input with which the mutation is taken, if any is."""
        if name == "migrateOrders":
            return plan(self.shop.admin, order, self.version)
        given = self.best(name, order)
        step = f"check-{status.lower().replace('_', '-')}"
        more: dict[str, Json] = {
            "cancelOrder": {"lines": units(order, (2, 1))} if status == "PARTIALLY_SHIPPED" else {},
            "completeStep": {"step": step if status in STATUSES[:-2] else "check-delivered"},
            "escalateReviewer": {"reviewer": CUSTOMER["id"]},
            "reviewOrder": {"outcome": "APPROVED" if status in STATUSES[3:] else "DONE"},
        }
        return {**given, **more.get(name, {})}

    def prepare(self, name: str, order: Json) -> None:
        """What only this mutation wants."""
        if name == "releaseHold":
            self.do("holdOrder", order, reason="why?")
        if name == "migrateOrders":
            self.version = newer(self.shop, WORKFLOW)

    def _new(self, **more: Any) -> Json:
        return self.shop.place(line("A", 3, "10", vendorId="v1"), line("B", 4, "5"), customer=CUSTOMER, **more)

    def _named(self, order: Json) -> Json:
        self.do("escalateReviewer", order, reviewer=CUSTOMER["id"])
        return order

    def _draft(self) -> Json:
        order = self._new()
        self.do("completeStep", order, self.clerk, step="check-pending", outcome="REJECTED")
        return self._named(order)

    def _pending(self) -> Json:
        return self._named(self._new())

    def _confirmed(self) -> Json:
        order = self._new(payment={"state": "CAPTURED"})
        self.do("confirmOrder", order)
        self._pack(order)
        return self._named(order)

    def _pack(self, order: Json) -> None:
        """A unit waits to be taken on, another is ready to leave."""
        for _ in range(2):
            made = self.do("createShipment", order, lines=units(order, (2, 1)))
        self.do("confirmShipment", order, shipmentId=made["shipment"]["id"])

    def _partially_shipped(self) -> Json:
        order = self._sent((1, 3))
        self._pack(order)
        return order

    def _sent(self, *shipments: tuple[int, int]) -> Json:
        """A unit was cancelled, one is on its way back, and another asked back."""
        order = self._new(payment={"state": "CAPTURED"})
        for each in shipments:
            self.do("markAsShipped", order, lines=units(order, each))
        self.do("cancelOrder", order, reason="OTHER", lines=units(order, (2, 1)))
        self.do("requestReturn", order, reason="broken", lines=units(order, (1, 1)))
        self.do("reviewOrder", self._named(order), self.clerk, outcome="APPROVED")
        self.do("requestReturn", order, reason="broken", lines=units(order, (1, 1)))
        return order

    def _shipped(self) -> Json:
        return self._sent((1, 3), (2, 3))

    def _partially_delivered(self) -> Json:
        order = self._shipped()
        self.do("deliverShipment", order, shipmentId=self.look(order)["shipments"][0]["id"])
        return order

    def _delivered(self) -> Json:
        order = self._shipped()
        self.do("markAsDelivered", order)
        return order

    def _completed(self) -> Json:
        """Of a part nobody told that it arrived."""
        order = self._partially_delivered()
        self.do("markAsCompleted", order)
        return order

    def _cancelled(self) -> Json:
        order = self._confirmed()
        self.do("cancelOrder", order, reason="OTHER")
        return order
