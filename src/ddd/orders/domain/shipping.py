"""Goods going out, shipment by shipment. What an order's own `ship` does in one call is done here in steps."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ddd.orders.domain.actions import guard
from ddd.orders.domain.label import LabelState
from ddd.orders.domain.labelling import request_label
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, Package, PickupWindow, Shipment, ShipmentLine, ShipmentMode, ShipmentStatus
from ddd.orders.domain.placing import package_data
from ddd.orders.domain.status import OrderStatus
from ddd.shared.domain.errors import ErrorCode, Refusals


class Was(NamedTuple):
    """The statuses before a change."""

    order: OrderStatus
    shipment: ShipmentStatus | None


def create_shipment(
    order: Order,
    quantities: Mapping[int, int],
    *,
    shipment_id: UUID,
    mode: ShipmentMode,
    carrier: str | None,
    package: Package | None,
    pickup_window: PickupWindow | None,
    instructions: str | None,
    actor: Actor,
    at: datetime,
) -> Refusals | None:
    """Speak units of a confirmed order for a shipment: they have not left, but nothing else takes them.

    It leaves from one branch; what stock is not kept of goes along with any.
    """
    refused = guard("createShipment", order, at)
    if refused is not None or not quantities:
        return refused or _refused("Nothing is left to pack.")
    branches = order.branches_of(quantities)
    if len(branches) > 1:
        several = f"{', '.join(branches[:-1])} and {branches[-1]}"
        message = f"What is left comes from {several}: name one branch, or lines of one."
        return Refusals.of(ErrorCode.INVALID_INPUT, message, ("branchCode",), {"branches": branches})
    shipment = Shipment(
        id=shipment_id,
        status=ShipmentStatus.PENDING,
        mode=mode,
        lines=tuple(ShipmentLine(number, order.line(number).sku, quantity) for number, quantity in quantities.items()),
        carrier=carrier,
        branch_code=branches[0] if branches else None,
        package=package,
        pickup_window=pickup_window,
    )
    order.shipments.append(shipment)
    order.note_down(f"shipment:{shipment_id}", instructions)
    order.touch(at)
    was = Was(order.status, None)
    data = {
        "mode": mode.value,
        "carrier": carrier,
        "branchCode": shipment.branch_code,
        "package": package and package_data(package),
        "pickupWindow": pickup_window
        and {"start": pickup_window.start.isoformat(), "end": pickup_window.end.isoformat()},
        "lines": _lines(shipment),
    }
    _tell(order, shipment, "order.shipment_created", was, actor, at, data)
    return None


def confirm_shipment(
    order: Order, shipment: Shipment, *, account: Mapping[str, Any] | None = None, actor: Actor, at: datetime
) -> Refusals | None:
    """The branch or vendor took it on; the carrier with whom the tenant has an account is asked for a label."""
    refused = guard("confirmShipment", order, at)
    if refused is not None:
        return refused
    if shipment.status is not ShipmentStatus.PENDING:
        return _refused(f"A {shipment.status} shipment cannot be confirmed.")
    _become(order, shipment, ShipmentStatus.CONFIRMED, "order.shipment_confirmed", actor, at)
    if account is not None:
        request_label(order, shipment, account, actor=actor, at=at)
    return None


def dispatch_shipment(
    order: Order,
    shipment: Shipment,
    *,
    carrier: str | None,
    tracking_reference: str | None,
    tracking_url: str | None,
    shipped_at: datetime,
    actor: Actor,
    at: datetime,
) -> Refusals | None:
    """It leaves: its units count as shipped from here on."""
    refused = guard("dispatchShipment", order, at)
    if refused is not None:
        return refused
    if shipment.status is not ShipmentStatus.CONFIRMED:
        return _refused(f"A {shipment.status} shipment cannot be dispatched; it must be CONFIRMED.")
    was = Was(order.status, shipment.status)
    shipment.carrier = carrier or shipment.carrier
    shipment.tracking_reference = tracking_reference or shipment.tracking_reference
    shipment.tracking_url = tracking_url or shipment.tracking_url
    shipment.shipped_at = shipped_at
    order.take_out(shipment)
    order.touch(at)
    data = {
        "carrier": shipment.carrier,
        "trackingReference": shipment.tracking_reference,
        "trackingUrl": shipment.tracking_url,
        "branchCode": shipment.branch_code,
        "shippedAt": shipped_at.isoformat(),
        "lines": _lines(shipment),
    }
    _tell(order, shipment, "order.shipped", was, actor, at, data)
    if tracking_reference is not None:
        _recall_missing_label(order, shipment, actor, at)
    return None


def deliver_shipment(
    order: Order, shipment: Shipment, *, delivered_at: datetime, actor: Actor, at: datetime
) -> Refusals | None:
    """It arrived."""
    if shipment.status not in (ShipmentStatus.SHIPPED, ShipmentStatus.IN_TRANSIT):
        return _refused(f"A {shipment.status} shipment cannot be delivered; it must have left.")
    refused = guard("deliverShipment", order, at)
    if refused is not None:
        return refused
    deliver(order, [shipment], delivered_at=delivered_at, actor=actor, at=at)
    return None


def mark_as_delivered(
    order: Order, shipments: Iterable[Shipment], *, delivered_at: datetime, actor: Actor, at: datetime
) -> Refusals | None:
    """What has left of these arrived."""
    on_the_way = [each for each in shipments if each.has_left and each.status is not ShipmentStatus.DELIVERED]
    if not on_the_way:
        return _refused("Nothing is on its way.")
    refused = guard("markAsDelivered", order, at)
    if refused is not None:
        return refused
    deliver(order, on_the_way, delivered_at=delivered_at, actor=actor, at=at)
    return None


def deliver(order: Order, shipments: Iterable[Shipment], *, delivered_at: datetime, actor: Actor, at: datetime) -> None:
    """These arrived: one change of the order, and an event for each shipment."""
    order.touch(at)
    for shipment in shipments:
        was = Was(order.status, shipment.status)
        for line in shipment.lines:
            order.line(line.line_no).delivered_quantity += line.quantity
        shipment.delivered_at = delivered_at
        shipment.status = ShipmentStatus.DELIVERED
        data = {"deliveredAt": delivered_at.isoformat(), "lines": _lines(shipment)}
        _tell(order, shipment, "order.delivered", was, actor, at, data)
        _recall_missing_label(order, shipment, actor, at)


def cancel_shipment(order: Order, shipment: Shipment, *, actor: Actor, at: datetime) -> Refusals | None:
    """Called off before it left: its units are free for another."""
    if not shipment.holds_back:
        return _refused(f"A {shipment.status} shipment cannot be cancelled.")
    _become(order, shipment, ShipmentStatus.CANCELLED, "order.shipment_cancelled", actor, at)
    order.recall_label(shipment, actor, at)
    return None


def add_tracking(
    order: Order,
    shipment: Shipment,
    *,
    tracking_reference: str,
    tracking_url: str | None,
    actor: Actor,
    at: datetime,
) -> Refusals | None:
    """Tell where it is, after it left."""
    if not shipment.has_left:
        return _refused(f"A {shipment.status} shipment has not left.")
    was = Was(order.status, shipment.status)
    before = {"trackingReference": shipment.tracking_reference, "trackingUrl": shipment.tracking_url}
    shipment.tracking_reference = tracking_reference
    shipment.tracking_url = tracking_url or shipment.tracking_url
    order.touch(at)
    data = {"trackingReference": tracking_reference, "trackingUrl": shipment.tracking_url, "before": before}
    _tell(order, shipment, "order.tracking_added", was, actor, at, data)
    _recall_missing_label(order, shipment, actor, at)
    return None


def mark_as_completed(order: Order, *, actor: Actor, at: datetime) -> Refusals | None:
    """The end of it: everything shipped (or delivered, as the workflow says), and nothing outstanding to pay."""
    refused = guard("markAsCompleted", order, at)
    if refused is not None:
        return refused
    order.touch(at)
    order.complete(actor, at)
    return None


def _recall_missing_label(order: Order, shipment: Shipment, actor: Actor, at: datetime) -> None:
    """It went another way before the carrier had given a label: the one that may yet come is not wanted."""
    if shipment.label is not None and shipment.label.state in (LabelState.WANTED, LabelState.REFUSED):
        order.recall_label(shipment, actor, at)


def _become(order: Order, shipment: Shipment, status: ShipmentStatus, type_: str, actor: Actor, at: datetime) -> None:
    was = Was(order.status, shipment.status)
    shipment.status = status
    order.touch(at)
    _tell(order, shipment, type_, was, actor, at, {"lines": _lines(shipment)})


def _tell(
    order: Order,
    shipment: Shipment,
    type_: str,
    was: Was,
    actor: Actor,
    at: datetime,
    data: Mapping[str, object],
) -> None:
    told = {
        "shipmentId": str(shipment.id),
        **data,
        "shipmentStatus": {"before": was.shipment and was.shipment.value, "after": shipment.status.value},
        "status": {"before": was.order.value, "after": order.status.value},
    }
    order.tell(type_, actor, at, told)


def _lines(shipment: Shipment) -> list[dict[str, int]]:
    return [{"lineNo": line.line_no, "quantity": line.quantity} for line in shipment.lines]


def _refused(message: str) -> Refusals:
    return Refusals.of(ErrorCode.INVALID_TRANSITION, message)
