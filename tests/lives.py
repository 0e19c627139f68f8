"""Orders that anything may happen to, in tenants of every kind; what happens is in `deeds`."""

import json
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from django.conf import settings

from bff.app import App
from ddd.orders.application.draft_input import FIELDS
from ddd.orders.application.drafts import create_draft_order
from ddd.orders.application.labels import Labels
from ddd.orders.application.part_views import line_id
from ddd.orders.application.place_order import place_order
from ddd.orders.application.ports import Orders
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderEvent, ShipmentStatus
from ddd.orders.domain.status import PaymentState
from ddd.published.workflow import StepOutcome
from ddd.shared.domain.caller import Caller, Role
from ddd.shared.infrastructure.access import SystemAccess
from ddd.tenants.application.settings import update_tenant_settings
from ddd.tenants.application.workflows import publish_workflow
from order_management.container import build_app, labels
from tests.builders import caller, fetched, registered, tenants
from tests.trade import open_shop

T = TypeVar("T")
Given = dict[str, Any]

GOODS: Final = ("A", "B", "C", "D")
CLERK, REVIEWER = "clerk", "rea"
_SAMPLES: Final = Path(settings.BASE_DIR) / "docs" / "workflows"
_LETTERS: Final = "abcXYZ019äß漢字😀'%_{}<>\\" + '"'


class Pick:
    """Where a life's choices come from: the same seed leads the same life."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one_of(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)

    def weighted(self, choices: Mapping[T, float]) -> T:
        return self._random.choices(list(choices), list(choices.values()))[0]

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


class Trading:
    """Tenants of every kind, each with two branches and goods in both, and a carrier, under one clock."""

    def __init__(self) -> None:
        self.clock = Hands()
        self.app: App = build_app(self.clock)
        self.system: Orders = build_app(self.clock, SystemAccess()).orders
        self.labels: Labels = replace(labels(), orders=self.system)
        ready = {name: json.loads((_SAMPLES / f"{name}.json").read_text()) for name in ("approval", "marketplace")}
        #: The versions that orders of a tenant may move between.
        self.documents: dict[str, list[Given]] = {
            "approval": [ready["approval"], {**ready["approval"], "settings": {"unpaidExpiryMinutes": 60}}],
            "marketplace": [ready["marketplace"]],
            "winding": [WINDING, {**WINDING, "settings": {"confirmation": "MANUAL", "refunds": {"review": True}}}],
        }
        self.tenants: dict[str, str] = {"untracked": registered(stockTracked=False, unknownSku="ACCEPT")}
        for kind in ("plain", *self.documents):
            self.tenants[kind] = open_shop({code: dict.fromkeys(GOODS, 1_000_000) for code in ("north", "south")})
            accounts = [{"carrier": "self_delivery", "modes": ["WAREHOUSE", "DROPOFF"]}]
            settled = update_tenant_settings(caller(self.tenants[kind]), {"carriers": accounts}, tenants())
            assert settled.errors == ()
        for kind in self.documents:
            self.publish(kind, Pick(0))

    def publish(self, kind: str, pick: Pick) -> int:
        """The number of a new version for the tenant's orders."""
        given = {"document": pick.one_of(self.documents[kind])}
        published = publish_workflow(caller(self.tenants[kind]), given, tenants())
        assert published.value is not None, published.errors
        return published.value.version


class Life:
    """One order of one of the tenants, from nothing on."""

    def __init__(self, trading: Trading, kind: str, pick: Pick) -> None:
        self.trading = trading
        self.kind = kind
        self.tenant_id = trading.tenants[kind]
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

    # -- what happens -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Place the order, or draft it."""
        given = self.checkout()
        if self.pick.number(0, 3):
            outcome = place_order(self.by(), given, self.trading.app.orders)
        else:
            outcome = create_draft_order(self.by(), given, self.trading.app.orders)
        assert outcome.value is not None, outcome.errors
        self.order_id = outcome.value.id

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

    def revision(self) -> Given:
        """Some fields of another draft."""
        given = self.checkout()
        return {name: given.get(name) for name in FIELDS if self.pick.number(0, 2) == 0}

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
