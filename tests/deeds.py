"""What may happen to an order: every operation through the application's handlers, with every input that it takes."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from ddd.orders.application import drafts, fulfilment, holds, labels, payments, returns, shipments, steps
from ddd.orders.application.cancel_order import cancel_order
from ddd.orders.application.carriers import (
    AccountFault,
    BuyOutcome,
    CarrierAccount,
    CarrierRefused,
    CarrierUnavailable,
    LabelBought,
    LabelKey,
    LabelOrdered,
    LabelRequest,
    LabelVoided,
    VoidOutcome,
)
from ddd.orders.application.expiry import expire_order
from ddd.orders.application.labels import Labels
from ddd.orders.application.mark_as_shipped import mark_as_shipped
from ddd.orders.application.migrate_orders import migrate_orders
from ddd.orders.application.ports import Orders
from ddd.orders.domain.actions import ACTIONS, Situation, why_not
from ddd.orders.domain.expiry import expires_at
from ddd.orders.domain.label import Label
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import CancelReason, ShipmentMode, ShipmentStatus
from ddd.orders.domain.status import OrderStatus, PaymentState
from ddd.orders.domain.workflow import Performing
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.money import Money
from tests.lives import CLERK, REVIEWER, Given, Life, Pick

_OVER: Final = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)
#: What ends or stops a life, or is nearly always possible, is done less often than the rest.
_RARE: Final = frozenset(
    (
        "cancelOrder expire migrateOrders holdOrder markAsCompleted recordPayment"
        " addShippingTrackingReference editDraftOrder"
    ).split()
)
#: What is seldom possible.
_OFTEN: Final = frozenset("completeStep reviewOrder createShipment confirmShipment buyLabel voidLabel".split())


class Moody:
    """Carriers that answer as it pleases them."""

    def __init__(self, pick: Pick) -> None:
        self.pick = pick

    def buy_label(self, account: CarrierAccount, request: LabelRequest) -> BuyOutcome:
        number = f"N{self.pick.number(1, 9)}"
        bought = LabelBought(number, number, f"https://track.example/{number}", f"https://label.example/{number}")
        whole = replace(bought, cost=Money(590, "SGD"), pickup_reference=f"P{number}", notice="No pickup.")
        answers: list[BuyOutcome] = [
            bought, replace(whole, ask_again_after=self.pick.one_of([None, 60])), LabelOrdered(number, 60, "Soon."),
            CarrierRefused("No rates.", final=self.pick.flag()), CarrierUnavailable("Closed."),
        ]  # fmt: skip
        return self.pick.one_of(answers)

    def void_label(self, account: CarrierAccount, label: LabelKey) -> VoidOutcome:
        answers: list[VoidOutcome] = [LabelVoided(True), LabelVoided(False), CarrierRefused("Too late.", final=True)]
        return self.pick.one_of(answers)

    def fault_of(self, tenant_id: str, account: CarrierAccount) -> AccountFault | None:
        return None


Do = Callable[[Life, Order, Caller], Outcome[Any]]
_LEFT = (ShipmentStatus.SHIPPED, ShipmentStatus.IN_TRANSIT)
_WAITING = (ShipmentStatus.PENDING, ShipmentStatus.CONFIRMED)
_STATES: Final = [each.value for each in PaymentState]


def _asked(handle: Callable[[Caller, Given, Orders], Outcome[Any]], given_for: Callable[[Life, Order], Given]) -> Do:
    """What a client does: the handler, and an input as the order stands."""

    def do(life: Life, order: Order, by: Caller) -> Outcome[Any]:
        return handle(by, {"orderId": str(order.id), **given_for(life, order)}, life.trading.app.orders)

    return do


def _labelled(work: Callable[[str, Given, Labels], object], is_due: Callable[[Label], bool]) -> Do:
    """What a job does about a label."""

    def do(life: Life, order: Order, by: Caller) -> Outcome[Any]:
        for shipment in order.shipments:
            if shipment.label is not None and is_due(shipment.label):
                named = {"orderId": str(order.id), "shipmentId": str(shipment.id)}
                work(life.tenant_id, named, replace(life.trading.labels, carriers=Moody(life.pick)))
                return Outcome(True)
        return Outcome(None)

    return do


def _migrate(life: Life, order: Order, by: Caller) -> Outcome[Any]:
    """To a version that is published for it."""
    if life.kind not in life.trading.documents:
        return Outcome(None)
    orders, version = life.trading.app.orders, life.trading.publish(life.kind, life.pick)
    dry = migrate_orders(by, {"toVersion": version, "orderIds": [str(order.id)]}, orders)
    if dry.value is None or dry.value.plan is None:
        return Outcome(None)
    run = migrate_orders(by, {"toVersion": version, "dryRun": False, "plan": dry.value.plan}, orders)
    return run if run.value is not None and run.value.moved else Outcome(None)


def _expire(life: Life, order: Order, by: Caller) -> Outcome[Any]:
    return expire_order(life.tenant_id, order.id, life.trading.system)


#: Every operation on an existing order, by its mutation's name; and what the server does by itself.
OPERATIONS: Final[Mapping[str, Do]] = {
    "editDraftOrder": _asked(drafts.edit_draft_order, lambda life, order: life.revision()),
    "submitOrder": _asked(fulfilment.submit_order, lambda life, order: {}),
    "fulfilOrder": _asked(fulfilment.fulfil_order, lambda life, order: {}),
    "migrateOrders": _migrate,
    "expire": _expire,
    "buyLabel": _labelled(labels.buy_label, lambda label: label.is_open),
    "voidLabel": _labelled(labels.void_label, lambda label: label.is_to_be_voided),
    "confirmOrder": _asked(payments.confirm_order, lambda life, order: {}),
    "recordPayment": _asked(
        payments.record_order_payment,
        lambda life, order: {
            "provider": life.pick.one_of(["stripe", "bank"]),
            "reference": life.pick.one_of(["pi_0", "pi_1"]),
            "state": life.pick.one_of(_STATES),
            "amount": life.some(life.amount),
            "method": life.some(lambda: "card"),
        },
    ),
    "cancelOrder": _asked(
        cancel_order,
        lambda life, order: {
            "reason": life.pick.one_of([each.value for each in CancelReason]),
            "note": life.some(life.pick.words),
            **life.left(order),
        },
    ),
    "markAsShipped": _asked(
        mark_as_shipped,
        lambda life, order: {
            "carrier": life.some(lambda: "DHL"),
            **life.tracking(),
            "shippedAt": life.some(life.past),
            **life.left(order),
        },
    ),
    "createShipment": _asked(
        shipments.create_shipment,
        lambda life, order: {
            "mode": life.some(lambda: life.pick.one_of([each.value for each in ShipmentMode])),
            "carrier": life.pick.one_of([None, "self_delivery", "UPS"]),
            "package": life.some(life.package),
            "pickupWindow": life.some(
                lambda: {"start": life.past(), "end": life.future()},
            ),
            "instructions": life.some(life.pick.words),
            "branchCode": "north" if life.pick.number(0, 5) == 0 else None,
            **life.left(order),
        },
    ),
    "confirmShipment": _asked(shipments.confirm_shipment, lambda life, order: life.part(order, ShipmentStatus.PENDING)),
    "dispatchShipment": _asked(
        shipments.dispatch_shipment,
        lambda life, order: {
            **life.part(order, ShipmentStatus.CONFIRMED),
            "carrier": life.some(lambda: "DHL"),
            **life.tracking(),
            "shippedAt": life.some(life.past),
        },
    ),
    "deliverShipment": _asked(
        shipments.deliver_shipment,
        lambda life, order: {**life.part(order, *_LEFT), "deliveredAt": life.some(life.past)},
    ),
    "cancelShipment": _asked(shipments.cancel_shipment, lambda life, order: life.part(order, *_WAITING)),
    "addShippingTrackingReference": _asked(
        shipments.add_shipping_tracking_reference,
        lambda life, order: {
            **life.part(order, *_LEFT, ShipmentStatus.DELIVERED),
            **life.tracking(),
            "trackingReference": f"T{life.pick.number(100, 199)}",
        },
    ),
    "markAsDelivered": _asked(shipments.mark_as_delivered, lambda life, order: {"deliveredAt": life.some(life.past)}),
    "markAsCompleted": _asked(shipments.mark_as_completed, lambda life, order: {}),
    "holdOrder": _asked(
        holds.hold_order,
        lambda life, order: {"reason": life.pick.words(), "until": life.some(life.future)},
    ),
    "releaseHold": _asked(holds.release_hold, lambda life, order: {}),
    "requestReturn": _asked(
        returns.request_return,
        lambda life, order: {
            "reason": life.pick.words(),
            "note": life.some(life.pick.words),
            "lines": life.units(
                {line.line_no: units for line in order.lines if (units := order.returnable(line)) > 0} or {1: 1}
            ),
        },
    ),
    "receiveReturn": _asked(returns.receive_return, lambda life, order: life.returned(order)),
    "processRefund": _asked(returns.process_refund, lambda life, order: life.refund(order)),
    "completeStep": _asked(steps.complete_step, lambda life, order: life.step(order)),
    "escalateReviewer": _asked(
        steps.escalate_reviewer,
        lambda life, order: {"reviewer": REVIEWER, "note": life.some(life.pick.words)},
    ),
    "reviewOrder": _asked(
        steps.review_order,
        lambda life, order: {
            "outcome": life.pick.one_of(["APPROVED", "REJECTED", "HELD"]),
            "note": life.some(life.pick.words),
        },
    ),
}


def live_on(life: Life, done: Counter[str] | None = None) -> None:
    """Do one more thing, as a rule one that is possible. `done`: how often each was, so that the rarest goes first."""
    order, _ = life.loaded()
    pick = life.pick
    if pick.number(0, 5) == 0:
        life.trading.clock.move(timedelta(minutes=pick.number(1, 200)))
    possible = _possible(life, order) if pick.number(0, 9) else []
    weights: dict[str, float] = {
        name: 1 if name in _RARE else 10 if name in _OFTEN else 5 for name in possible or OPERATIONS
    }
    if done is not None:
        weights = {name: weight / (1 + done[name]) ** 2 for name, weight in weights.items()}
    name = pick.weighted(weights)
    is_reviewers = name == "reviewOrder" or (name == "completeStep" and pick.number(0, 9) == 0)
    outcome = OPERATIONS[name](life, order, life.by(REVIEWER if is_reviewers else CLERK))
    if done is not None and outcome.value is not None:
        done[name] += 1


def _possible(life: Life, order: Order) -> list[str]:
    """What would be taken of the clerk, or of the reviewer, now; and what the server might do."""
    now = life.trading.clock.now()
    roles = frozenset({"Admin", "Manager", "Vendor"})
    people = [Performing(name, roles, lambda _: True) for name in (CLERK, REVIEWER)]
    taken = [
        action
        for action in ACTIONS
        if any(
            why_not(action, Situation(order, order.lines, now, is_whole, who)) is None
            for who in people
            for is_whole in (True, False)
        )
    ]
    own = [shipment.label for shipment in order.shipments if shipment.label is not None]
    return [
        *taken,
        *(["buyLabel"] if any(label.is_open for label in own) else []),
        *(["voidLabel"] if any(label.is_to_be_voided for label in own) else []),
        *(["migrateOrders"] if life.kind in life.trading.documents and order.status not in _OVER else []),
        *(["expire"] if expires_at(order) is not None else []),
    ]
