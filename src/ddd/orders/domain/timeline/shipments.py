"""Goods going out, and their carriers' labels."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from ddd.orders.domain.label import Label, LabelState
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderEvent, PickupWindow, Shipment, ShipmentLine, ShipmentMode, ShipmentStatus
from ddd.orders.domain.timeline.reading import moment_of, package_of, shipment_of


def _shipment_created(order: Order, event: OrderEvent) -> None:
    shipment = _new_shipment(order, event)
    window = event.data["pickupWindow"]
    shipment.package = package_of(event.data["package"])
    shipment.pickup_window = window and PickupWindow(moment_of(window["start"]), moment_of(window["end"]))


def _shipped(order: Order, event: OrderEvent) -> None:
    data = event.data
    is_new = data["shipmentStatus"]["before"] is None
    shipment = _new_shipment(order, event) if is_new else _shipment(order, event)
    shipment.carrier = data["carrier"]
    shipment.tracking_reference = data["trackingReference"]
    shipment.tracking_url = data["trackingUrl"]
    shipment.shipped_at = moment_of(data["shippedAt"])
    order.take_out(shipment)


def _new_shipment(order: Order, event: OrderEvent) -> Shipment:
    data = event.data
    packed = sorted((each["lineNo"], each["quantity"]) for each in data["lines"])
    shipment = Shipment(
        id=UUID(data["shipmentId"]),
        status=ShipmentStatus.PENDING,
        mode=ShipmentMode(data["mode"]),
        lines=tuple(ShipmentLine(line_no, order.line(line_no).sku, quantity) for line_no, quantity in packed),
        carrier=data["carrier"],
        branch_code=data["branchCode"],
    )
    order.shipments.append(shipment)
    return shipment


def _shipment(order: Order, event: OrderEvent) -> Shipment:
    return shipment_of(order, event.data["shipmentId"])


def _shipment_changed(order: Order, event: OrderEvent) -> None:
    _shipment(order, event).status = ShipmentStatus(event.data["shipmentStatus"]["after"])


def _delivered(order: Order, event: OrderEvent) -> None:
    shipment = _shipment(order, event)
    for line in shipment.lines:
        order.line(line.line_no).delivered_quantity += line.quantity
    shipment.delivered_at = moment_of(event.data["deliveredAt"])
    _shipment_changed(order, event)


def _tracking_added(order: Order, event: OrderEvent) -> None:
    shipment = _shipment(order, event)
    shipment.tracking_reference = event.data["trackingReference"]
    shipment.tracking_url = event.data["trackingUrl"]


def _label_requested(order: Order, event: OrderEvent) -> None:
    shipment, account = _shipment(order, event), event.data["account"]
    shipment.label, shipment.carrier = Label(account, event.at), account["carrier"]


def _label_ordered(order: Order, event: OrderEvent) -> None:
    _change_label(
        _shipment(order, event),
        event.data["notice"],
        state=LabelState.ORDERED,
        carrier_reference=event.data["carrierReference"],
    )


def _label_bought(order: Order, event: OrderEvent) -> None:
    shipment, data = _shipment(order, event), event.data
    _change_label(
        shipment,
        data["notice"],
        state=LabelState.BOUGHT,
        carrier_reference=data["carrierReference"],
        pickup_reference=data["pickupReference"],
        asks_again=data["asksAgain"],
    )
    shipment.tracking_reference, shipment.tracking_url = data["trackingReference"], data["trackingUrl"]
    shipment.cost, shipment.cost_currency = data["cost"], data["costCurrency"]


def _label_failed(order: Order, event: OrderEvent) -> None:
    shipment = _shipment(order, event)
    gives_up = event.data["final"] and _label(shipment).is_open
    given_up = {"state": LabelState.REFUSED, "asks_again": False} if gives_up else {}
    _change_label(shipment, event.data["reason"], **given_up)


def _label_recalled(order: Order, event: OrderEvent) -> None:
    _change_label(_shipment(order, event), None, recalled_at=event.at)


def _label_voided(order: Order, event: OrderEvent) -> None:
    shipment = _shipment(order, event)
    _change_label(shipment, None, state=LabelState.VOIDED, asks_again=False)
    shipment.cost = shipment.cost_currency = None


def _label(shipment: Shipment) -> Label:
    if shipment.label is None:
        raise KeyError("label")
    return shipment.label


def _change_label(shipment: Shipment, problem: str | None, **changed: Any) -> None:
    shipment.label = replace(_label(shipment), **changed)
    shipment.problem = problem


CHANGES: Final[Mapping[str, Callable[[Order, OrderEvent], None]]] = {
    "order.shipment_created": _shipment_created,
    "order.shipment_confirmed": _shipment_changed,
    "order.shipment_cancelled": _shipment_changed,
    "order.shipped": _shipped,
    "order.delivered": _delivered,
    "order.tracking_added": _tracking_added,
    "order.label_requested": _label_requested,
    "order.label_ordered": _label_ordered,
    "order.label_bought": _label_bought,
    "order.label_failed": _label_failed,
    "order.label_recalled": _label_recalled,
    "order.label_voided": _label_voided,
}
