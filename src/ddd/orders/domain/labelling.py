"""What becomes of a shipment's label: a carrier's answers, as changes of the order. Told twice is told once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ddd.orders.domain.label import Label, LabelState
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, Shipment, ShipmentStatus
from ddd.shared.domain.money import Money


@dataclass(frozen=True, slots=True)
class Bought:
    """The carrier took the shipment on. `notice`: what did not work beside the label."""

    carrier_reference: str
    tracking_reference: str
    tracking_url: str | None = None
    label_url: str | None = None
    cost: Money | None = None
    pickup_reference: str | None = None
    notice: str | None = None
    asks_again: bool = False


def wants_label(shipment: Shipment) -> bool:
    """Whether the carrier is to be asked for it: it has not arrived, and nobody sent it another way."""
    label = shipment.label
    if label is None or not label.is_open or shipment.status in (ShipmentStatus.DELIVERED, ShipmentStatus.CANCELLED):
        return False
    return label.state is not LabelState.WANTED or shipment.tracking_reference is None


def request_label(order: Order, shipment: Shipment, account: Mapping[str, Any], *, actor: Actor, at: datetime) -> None:
    """From here on the carrier is asked: part of the change that brought it about."""
    shipment.label = Label(account, at)
    shipment.carrier = account["carrier"]
    order.tell("order.label_requested", actor, at, {"shipmentId": str(shipment.id), "account": account})


def record_bought(
    order: Order, shipment: Shipment, label: Label, bought: Bought, *, actor: Actor, at: datetime
) -> None:
    """The label is there. What somebody wrote down of a shipment that has left stands.

    The event does not tell the label's address: whoever opens it reads the customer's.
    """
    now = replace(
        shipment,
        label=replace(
            label,
            state=LabelState.BOUGHT,
            carrier_reference=bought.carrier_reference,
            pickup_reference=bought.pickup_reference,
            asks_again=bought.asks_again,
        ),
        label_url=bought.label_url,
        cost=None if bought.cost is None else bought.cost.minor,
        cost_currency=None if bought.cost is None else bought.cost.currency,
        problem=bought.notice,
    )
    if not shipment.has_left or shipment.tracking_reference is None:
        now.tracking_reference, now.tracking_url = bought.tracking_reference, bought.tracking_url
    data = {
        "carrier": shipment.carrier,
        "carrierReference": bought.carrier_reference,
        "trackingReference": now.tracking_reference,
        "trackingUrl": now.tracking_url,
        "pickupReference": bought.pickup_reference,
        "cost": now.cost,
        "costCurrency": now.cost_currency,
        "notice": bought.notice,
        "asksAgain": bought.asks_again,
    }
    _become(order, shipment, now, "order.label_bought", data, actor, at)


def record_ordered(
    order: Order,
    shipment: Shipment,
    label: Label,
    carrier_reference: str,
    notice: str | None,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """The carrier took it on; there is nothing to track yet."""
    now = replace(
        shipment,
        label=replace(label, state=LabelState.ORDERED, carrier_reference=carrier_reference),
        problem=notice,
    )
    data = {"carrier": shipment.carrier, "carrierReference": carrier_reference, "notice": notice}
    _become(order, shipment, now, "order.label_ordered", data, actor, at)


def record_problem(
    order: Order, shipment: Shipment, label: Label, reason: str, *, final: bool, actor: Actor, at: datetime
) -> None:
    """The label could not be bought, or not be taken back. `final`: nobody tries again."""
    gives_up = final and label.is_open
    after = replace(label, state=LabelState.REFUSED, asks_again=False) if gives_up else label
    data = {"carrier": shipment.carrier, "reason": reason, "final": final}
    _become(order, shipment, replace(shipment, label=after, problem=reason), "order.label_failed", data, actor, at)


def record_voided(order: Order, shipment: Shipment, label: Label, *, actor: Actor, at: datetime) -> None:
    """No label stands any more; nobody pays for it, and nobody is to print it."""
    now = replace(
        shipment,
        label=replace(label, state=LabelState.VOIDED, asks_again=False),
        label_url=None,
        cost=None,
        cost_currency=None,
        problem=None,
    )
    _become(order, shipment, now, "order.label_voided", {"carrier": shipment.carrier}, actor, at)


def _become(
    order: Order, was: Shipment, now: Shipment, type_: str, data: Mapping[str, Any], actor: Actor, at: datetime
) -> None:
    if now == was:
        return
    order.shipments[order.shipments.index(was)] = now
    order.touch(at)
    order.tell(type_, actor, at, {"shipmentId": str(was.id), **data})
