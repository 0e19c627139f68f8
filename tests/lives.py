"""Random lives of orders, led through the application's own handlers: every operation, every input it takes."""

import json
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from django.conf import settings

from bff.app import App
from ddd.orders.application import holds, payments, returns, shipments, steps
from ddd.orders.application.cancel_order import cancel_order
from ddd.orders.application.mark_as_shipped import mark_as_shipped
from ddd.orders.application.migrate_orders import migrate_orders
from ddd.orders.application.part_views import line_id
from ddd.orders.application.place_order import place_order
from ddd.orders.domain.actions import ACTIONS, Situation, why_not
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import CancelReason, OrderEvent, ShipmentMode, ShipmentStatus
from ddd.orders.domain.status import PaymentState
from ddd.orders.domain.workflow import Performing
from ddd.published.workflow import StepOutcome
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.caller import Caller, Role
from ddd.tenants.application.workflows import publish_workflow
from order_management.container import build_app
from tests.builders import caller, fetched, registered, tenants
from tests.trade import open_shop

T = TypeVar("T")
Given = dict[str, Any]

GOODS: Final = ("A", "B", "C", "D")
CLERK, REVIEWER = "clerk", "rea"
_LETTERS: Final = "abcXYZ019äß漢字😀'%_{}<>\\" + '"'
#: What ends or stops a life, or is nearly always possible, is done less often than the rest.
_RARE: Final = frozenset(
    "cancelOrder holdOrder cancelShipment markAsCompleted recordPayment addShippingTrackingReference".split()
)
_SAMPLES = Path(settings.BASE_DIR) / "docs" / "workflows"
#: What is seldom possible.
_OFTEN: Final = frozenset("completeStep escalateReviewer reviewOrder".split())


class Pick:
    """Where a life's choices come from: the same seed leads the same life."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one_of(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)

    def flag(self) -> bool:
        return self._random.random() < 0.5

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def words(self) -> str:
        """Somebody's own: a name, an address, a remark; of any script."""
        return "".join(self._random.choices(_LETTERS, k=self.number(1, 20)))


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        self._now += timedelta(microseconds=1)
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by


def _step(name: str, **more: Any) -> Given:
    return {"name": name, "title": name, "sequence": 10, "performer": {"roles": ["Admin"]}, **more}


#: Every kind of step, condition, outcome and way back that a document can say.
WINDING: Final[Given] = {
    "name": "winding",
    "statuses": {
        "PENDING": {
            "steps": [
                _step("screen", performer={"system": True, "when": "order.quantity < 4"}, required=False),
                _step("odd", condition="order.lineCount > 1000"),
                _step(
                    "check",
                    sequence=20,
                    condition="order.quantity > 2",
                    outcomes=["APPROVED", "REJECTED", "HELD"],
                    onRejected={"leadsTo": "DRAFT"},
                    inputSchema={"type": "object", "properties": {"said": {"type": "string", "maxLength": 60}}},
                ),
                _step("wish", sequence=30, required=False, activityStatus="Thinking of a wish"),
            ]
        },
        "CONFIRMED": {
            "steps": [
                _step("pack", performer={"permission": "markAsShipped"}, condition="order.quantity > 3"),
                _step(
                    "look-again",
                    sequence=20,
                    performer={"reviewer": True},
                    condition="order.total.amount > 50",
                    outcomes=["APPROVED", "REJECTED", "HELD"],
                    onRejected={"leadsTo": "CANCELLED", "reason": "FRAUD"},
                ),
            ]
        },
        "SHIPPED": {"steps": [_step("call", required=False)]},
        "DELIVERED": {"steps": [_step("inspect", outcomes=["APPROVED", "HELD"], condition="size(order.skus) > 1")]},
    },
    "settings": {
        "confirmation": "AT_ONCE",
        "mayShipUnpaid": True,
        "completion": {"from": "DELIVERED", "automatic": True},
        "returns": {"windowDays": 30, "nonReturnableSkus": ["D"], "partial": True, "review": True},
        "refunds": {"restockingFeePercent": 10, "capPercent": 90, "review": False},
    },
}


#: The same with fewer steps, which who has done the others cannot move to.
SHORTER: Final[Given] = {**WINDING, "statuses": {"PENDING": WINDING["statuses"]["PENDING"]}}


class Trading:
    """Tenants of every kind, each with two branches and goods in both, under one clock."""

    def __init__(self) -> None:
        self.clock = Hands()
        self.app: App = build_app(self.clock)
        self.tenants: dict[str, str] = {
            "plain": self._open(),
            "approval": self._open(json.loads((_SAMPLES / "approval.json").read_text())),
            "marketplace": self._open(json.loads((_SAMPLES / "marketplace.json").read_text())),
            "winding": self._open(WINDING),
            "moving": self._open(),
            "untracked": registered(stockTracked=False, unknownSku="ACCEPT"),
        }

    @staticmethod
    def _open(document: Given | None = None) -> str:
        tenant_id = open_shop({code: dict.fromkeys(GOODS, 1_000_000) for code in ("north", "south")})
        if document is not None:
            assert publish_workflow(caller(tenant_id), {"document": document}, tenants()).errors == ()
        return tenant_id


class Life:
    """One order of one of the tenants, from nothing on."""

    def __init__(self, trading: Trading, kind: str, pick: Pick) -> None:
        self.trading = trading
        self.tenant_id = trading.tenants[kind]
        self.kind = kind
        self.is_tracked = kind != "untracked"
        self.pick = pick
        self.order_id = UUID(int=0)

    # -- what there is ------------------------------------------------------------------------------------------

    def loaded(self) -> tuple[Order, list[OrderEvent]]:
        """The order as the store reads it, and its timeline."""
        store, tenant_id = self.trading.app.orders.store, self.tenant_id
        order: Order = fetched(tenant_id, store.lock(tenant_id, self.order_id))
        order.lines = fetched(tenant_id, store.lines(tenant_id, self.order_id))
        order.payments = fetched(tenant_id, store.payments(tenant_id, self.order_id))
        order.shipments = fetched(tenant_id, store.shipments(tenant_id, self.order_id))
        workflows = self.trading.app.workflows
        document = fetched(tenant_id, store.workflow(tenant_id, order.workflow_version))
        order.way = workflows.read(tenant_id, order.workflow_version, document)
        return order, fetched(tenant_id, store.events(tenant_id, self.order_id))

    def by(self, subject: str = CLERK) -> Caller:
        return caller(self.tenant_id, Role.ADMIN, Role.MANAGER, Role.VENDOR, subject=subject)

    def may(self, order: Order) -> list[str]:
        """The actions that would be taken of the clerk, or of the reviewer, now."""
        now = self.trading.clock.now()
        people = [
            Performing(name, frozenset({"Admin", "Manager", "Vendor"}), lambda _: True) for name in (CLERK, REVIEWER)
        ]
        return [
            action
            for action in ACTIONS
            if any(
                why_not(action, Situation(order, order.lines, now, is_whole, who)) is None
                for who in people
                for is_whole in (True, False)
            )
        ]

    # -- what happens -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Place the order."""
        outcome = place_order(self.by(), self.checkout(), self.trading.app.orders)
        assert outcome.value is not None, outcome.errors
        self.order_id = outcome.value.id

    def go_on(self) -> tuple[str, bool]:
        """Do one more thing, as a rule one that is possible: its name, and whether it was taken."""
        order, _ = self.loaded()
        pick = self.pick
        if pick.number(0, 5) == 0:
            self.trading.clock.move(timedelta(minutes=pick.number(1, 200)))
        if self.kind == "moving" and pick.number(0, 7) == 0:
            return "migrateOrders", self.move()
        name = self._next(order)
        handle, given_for = OPERATIONS[name]
        is_reviewers = name == "reviewOrder" or (name == "completeStep" and pick.number(0, 9) == 0)
        given = {"orderId": str(self.order_id), **given_for(self, order)}
        outcome = handle(self.by(REVIEWER if is_reviewers else CLERK), given, self.trading.app.orders)
        return name, outcome.value is not None

    def move(self) -> bool:
        """The tenant publishes its workflow anew, and the order goes by that version from now on, if it can."""
        app, by = self.trading.app, self.by()
        published = publish_workflow(by, {"document": self.pick.one_of([WINDING, SHORTER])}, app.tenants).value
        assert published is not None
        dry = {"toVersion": published.version, "dryRun": True, "orderIds": [str(self.order_id)]}
        listed = migrate_orders(by, dry, app.orders).value
        assert listed is not None
        if listed.plan is None:
            return False
        run = {"toVersion": published.version, "dryRun": False, "plan": listed.plan}
        moved = migrate_orders(by, run, app.orders).value
        assert moved is not None
        return moved.moved == 1

    def _next(self, order: Order) -> str:
        possible = self.may(order) if self.pick.number(0, 9) else []
        weighted = [name for name in possible for _ in range(1 if name in _RARE else 10 if name in _OFTEN else 5)]
        return self.pick.one_of(weighted or ACTIONS)

    # -- inputs -------------------------------------------------------------------------------------------------

    def some(self, make: Callable[[], Any]) -> Any:
        """What is optional: there or not."""
        return make() if self.pick.flag() else None

    def amount(self, low: int = 1, high: int = 9_999) -> str:
        return f"{self.pick.number(low, high) / 100:.2f}"

    def address(self) -> Given:
        words, some = self.pick.words, self.some
        return {
            "line1": words(), "line2": some(words), "city": some(words), "state": some(words),
            "postalCode": some(words), "country": self.pick.one_of(["DE", "SG", "US"]),
        }  # fmt: skip

    def package(self) -> Given:
        sizes = {name: self.some(self.amount) for name in ("weightKg", "lengthCm", "widthCm", "heightCm")}
        return {name: size for name, size in sizes.items() if size is not None}

    def free_data(self) -> Any:
        words = self.pick.words
        return self.pick.one_of([words(), {words(): [words(), 1.5, None, True]}, [{"deep": {"deeper": words()}}], 7])

    def line(self, sku: str) -> Given:
        pick, some = self.pick, self.some
        quantity = pick.number(1, 4)
        gift = pick.number(0, 7) == 0
        taxable = gift or pick.flag()
        price = 0 if gift else pick.number(1_000, 40_000)
        return {
            "sku": sku, "quantity": quantity, "unitPrice": f"{price / 100:.2f}",
            "name": f"Good {sku}" if not self.is_tracked or pick.flag() else None,
            "vendorId": some(lambda: pick.one_of([CLERK, "v-2"])), "category": some(lambda: "toys"),
            "options": some(self.free_data), "discount": None if gift else some(lambda: self.amount(0, 999)),
            "tax": None if gift or not taxable else some(self.amount), "isFreeGift": gift, "isTaxable": taxable,
            "package": some(self.package),
        }  # fmt: skip

    def checkout(self) -> Given:
        pick, some, words = self.pick, self.some, self.pick.words
        skus = [sku for sku in GOODS if pick.flag()] or ["A"]
        lines = [self.line(sku) for sku in skus]
        costs = any(not each["isFreeGift"] for each in lines)
        discount = {"amount": "1.00", "code": some(lambda: "SPRING"), "description": some(words)}
        return {
            "idempotencyKey": secrets.token_hex(12),
            "currency": "EUR",
            "customer": {
                "id": some(lambda: pick.one_of(["c-1", "c-2"])), "firstName": words(), "lastName": some(words),
                "email": some(lambda: f"{''.join(filter(str.isalnum, words()))}x@mail.example"), "phone": some(words),
            },
            "shippingAddress": self.address(),
            "billingAddress": some(self.address),
            "lines": lines,
            "channel": some(lambda: "web"),
            "externalRef": some(lambda: secrets.token_hex(8)),
            "shipping": some(
                lambda: {"method": some(lambda: "post"), "deliveryTime": some(words), "cost": some(self.amount)}
            ),
            "payment": some(
                lambda: {
                    "state": some(lambda: pick.one_of([each.value for each in PaymentState])),
                    "amount": some(self.amount), "method": some(lambda: "card"), "provider": some(lambda: "stripe"),
                    "reference": some(lambda: "pi_0"),
                }
            ),
            "discounts": some(lambda: [discount, {"amount": "0.50"}]) if costs else None,
            "taxes": some(lambda: [{"amount": "2.00", "name": some(lambda: "VAT"), "rate": some(lambda: "0.19")}]),
            "taxesIncluded": some(pick.flag),
            "branchCode": some(lambda: "south") if self.is_tracked else None,
            "note": some(words),
            "metadata": some(self.free_data),
            "placedAt": some(self.past),
        }  # fmt: skip

    def past(self) -> str:
        return (self.trading.clock.now() - timedelta(minutes=self.pick.number(1, 500))).isoformat()

    def future(self) -> str:
        return (self.trading.clock.now() + timedelta(minutes=self.pick.number(1, 500))).isoformat()

    def units(self, quantities: Mapping[int, int]) -> list[Given]:
        """Some of these units, by line; one at least."""
        chosen = [number for number in quantities if self.pick.flag()] or list(quantities)[:1]
        return [
            {"orderLineId": line_id(self.order_id, number), "quantity": self.pick.number(1, quantities[number])}
            for number in sorted(chosen, reverse=self.pick.flag())
        ]

    def left(self, order: Order) -> Given:
        left = order.left(order.lines)
        return {"lines": self.units(left)} if left and self.pick.flag() else {}

    def part(self, order: Order, *statuses: ShipmentStatus) -> Given:
        fitting = [each for each in order.shipments if each.status in statuses] or order.shipments
        return {"shipmentId": str(self.pick.one_of(fitting).id) if fitting else str(UUID(int=1))}

    def tracking(self) -> Given:
        return {
            "trackingReference": self.some(lambda: f"T{self.pick.number(1, 99)}"),
            "trackingUrl": self.some(lambda: "https://track.example/1"),
        }

    def returned(self, order: Order) -> Given:
        if not order.returns:
            return {"returnId": str(UUID(int=1)), "lines": []}
        return_ = self.pick.one_of(order.returns)
        lines: list[Given] = []
        for each in return_.lines:
            missing = each.quantity - each.received
            if missing and (not lines or self.pick.flag()):
                restock = self.pick.number(0, missing)
                scrap = self.pick.number(0 if restock else 1, missing - restock) if restock < missing else 0
                line = line_id(self.order_id, each.line_no)
                lines.append({"orderLineId": line, "restock": restock, "scrap": scrap})
        return {"returnId": str(return_.id), "lines": lines}

    def refund(self, order: Order) -> Given:
        refundable = {line.line_no: units for line in order.lines if (units := order.refundable(line)) > 0}
        received = [str(each.id) for each in order.returns if any(line.received for line in each.lines)]
        return {
            "lines": self.some(lambda: self.units(refundable)) if refundable else None,
            "returnId": self.pick.one_of(received) if received and self.pick.number(0, 3) == 0 else None,
            "amount": self.amount() if self.pick.number(0, 3) == 0 else None,
            "restockingFee": self.amount(0, 500) if self.pick.number(0, 3) == 0 else None,
            "reason": self.some(self.pick.words),
            "provider": self.some(lambda: "stripe"),
            "reference": self.some(lambda: "re_1"),
        }

    def step(self, order: Order) -> Given:
        standings = order.course().standing(order.status.value).steps
        names = [each.step.name for each in standings if each.is_open]
        names = names or [step.name for steps in order.way.workflow.steps.values() for step in steps] or ["none"]
        name = self.pick.one_of(names)
        step = order.way.workflow.step(name)
        schema = step.input_schema if step is not None else None
        inputs: dict[str, Callable[[], Given]] = {
            "check": lambda: {"said": self.pick.words()},
            "approve": lambda: {"ticket": self.pick.words()},
            "vendor-accepts": lambda: {"readyInDays": self.pick.number(0, 30)},
        }
        outcomes = step.outcomes if step is not None else (StepOutcome.DONE,)
        return {
            "step": name,
            "outcome": self.some(lambda: self.pick.one_of(outcomes).value),
            "input": None if schema is None else inputs[name](),
        }


Handle = Callable[[Caller, Given, Any], Outcome[Any]]
_LEFT = (ShipmentStatus.SHIPPED, ShipmentStatus.IN_TRANSIT)
_WAITING = (ShipmentStatus.PENDING, ShipmentStatus.CONFIRMED)
_STATES: Final = [each.value for each in PaymentState]
#: Every operation on an existing order, by its mutation's name: the handler, and an input as the order stands.
OPERATIONS: Final[Mapping[str, tuple[Handle, Callable[[Life, Order], Given]]]] = {
    "confirmOrder": (payments.confirm_order, lambda life, order: {}),
    "recordPayment": (
        payments.record_order_payment,
        lambda life, order: {
            "provider": life.pick.one_of(["stripe", "bank"]),
            "reference": life.pick.one_of(["pi_0", "pi_1"]),
            "state": life.pick.one_of(_STATES),
            "amount": life.some(life.amount),
            "method": life.some(lambda: "card"),
        },
    ),
    "cancelOrder": (
        cancel_order,
        lambda life, order: {
            "reason": life.pick.one_of([each.value for each in CancelReason]),
            "note": life.some(life.pick.words),
            **life.left(order),
        },
    ),
    "markAsShipped": (
        mark_as_shipped,
        lambda life, order: {
            "carrier": life.some(lambda: "DHL"),
            **life.tracking(),
            "shippedAt": life.some(life.past),
            **life.left(order),
        },
    ),
    "createShipment": (
        shipments.create_shipment,
        lambda life, order: {
            "mode": life.some(lambda: life.pick.one_of([each.value for each in ShipmentMode])),
            "carrier": life.some(lambda: "UPS"),
            "package": life.some(life.package),
            "pickupWindow": life.some(
                lambda: {"start": life.past(), "end": life.future()},
            ),
            "instructions": life.some(life.pick.words),
            "branchCode": "north" if life.pick.number(0, 5) == 0 else None,
            **life.left(order),
        },
    ),
    "confirmShipment": (shipments.confirm_shipment, lambda life, order: life.part(order, ShipmentStatus.PENDING)),
    "dispatchShipment": (
        shipments.dispatch_shipment,
        lambda life, order: {
            **life.part(order, ShipmentStatus.CONFIRMED),
            "carrier": life.some(lambda: "DHL"),
            **life.tracking(),
            "shippedAt": life.some(life.past),
        },
    ),
    "deliverShipment": (
        shipments.deliver_shipment,
        lambda life, order: {**life.part(order, *_LEFT), "deliveredAt": life.some(life.past)},
    ),
    "cancelShipment": (shipments.cancel_shipment, lambda life, order: life.part(order, *_WAITING)),
    "addShippingTrackingReference": (
        shipments.add_shipping_tracking_reference,
        lambda life, order: {
            **life.part(order, *_LEFT, ShipmentStatus.DELIVERED),
            **life.tracking(),
            "trackingReference": f"T{life.pick.number(100, 199)}",
        },
    ),
    "markAsDelivered": (shipments.mark_as_delivered, lambda life, order: {"deliveredAt": life.some(life.past)}),
    "markAsCompleted": (shipments.mark_as_completed, lambda life, order: {}),
    "holdOrder": (
        holds.hold_order,
        lambda life, order: {"reason": life.pick.words(), "until": life.some(life.future)},
    ),
    "releaseHold": (holds.release_hold, lambda life, order: {}),
    "requestReturn": (
        returns.request_return,
        lambda life, order: {
            "reason": life.pick.words(),
            "note": life.some(life.pick.words),
            "lines": life.units(
                {line.line_no: units for line in order.lines if (units := order.returnable(line)) > 0} or {1: 1}
            ),
        },
    ),
    "receiveReturn": (returns.receive_return, lambda life, order: life.returned(order)),
    "processRefund": (returns.process_refund, lambda life, order: life.refund(order)),
    "completeStep": (steps.complete_step, lambda life, order: life.step(order)),
    "escalateReviewer": (
        steps.escalate_reviewer,
        lambda life, order: {"reviewer": REVIEWER, "note": life.some(life.pick.words)},
    ),
    "reviewOrder": (
        steps.review_order,
        lambda life, order: {
            "outcome": life.pick.one_of(["APPROVED", "REJECTED", "HELD"]),
            "note": life.some(life.pick.words),
        },
    ),
}
