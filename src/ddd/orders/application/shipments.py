"""Shipment by shipment: create, confirm, dispatch, deliver, cancel, and where it is."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ddd.orders.application.carriers import account_data, account_of, choose_account
from ddd.orders.application.change_order import Change, Changed, change_order, change_part, chosen_quantities, tracked
from ddd.orders.application.checkout import read_package
from ddd.orders.application.mark_as_shipped import web_address
from ddd.orders.application.part_views import line_number
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.orders.domain import shipping
from ddd.orders.domain.parts import PickupWindow, Shipment, ShipmentMode, ShipmentStatus
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id, parse_id


def create_shipment(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """Pack what is left, or the lines named, of a confirmed order: of one branch, which `branchCode` may name."""

    def decide(change: Change) -> list[Write] | Refusals:
        order, form = change.order, change.form
        quantities = _of_one_branch(change, chosen_quantities(change))
        carrier = form.text("carrier")
        package = read_package(form.sub("package"))
        window = _pickup_window(form.sub("pickupWindow"))
        instructions = form.text("instructions")
        if form.faults:
            return Refusals(tuple(form.faults))
        change.part_id = new_id()
        refused = shipping.create_shipment(
            order,
            quantities,
            shipment_id=change.part_id,
            mode=ShipmentMode(form.raw("mode") or ShipmentMode.WAREHOUSE),
            carrier=carrier,
            package=package,
            pickup_window=window,
            instructions=instructions,
            actor=change.actor,
            at=change.now,
        )
        return refused or []

    return change_part(caller, given, "createShipment", orders, decide)


def confirm_shipment(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """The branch or vendor takes the shipment on. A carrier with whom the tenant has an account is asked for a label,
    after the commit."""

    def decide(change: Change, shipment: Shipment) -> list[Write] | Refusals:
        account = choose_account(map(account_of, shipment.accounts), shipment.mode, shipment.carrier)
        told = None if account is None else account_data(account)
        refused = shipping.confirm_shipment(change.order, shipment, account=told, actor=change.actor, at=change.now)
        return refused or []

    return _change_shipment(caller, given, "confirmShipment", orders, decide)


def dispatch_shipment(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """The shipment leaves: its stock is issued in the same commit."""

    def decide(change: Change, shipment: Shipment) -> list[Write] | Refusals:
        order, form = change.order, change.form
        carrier = form.text("carrier")
        reference = form.text("trackingReference")
        url = web_address(form, "trackingUrl")
        shipped_at = form.date_time("shippedAt", not_after=change.now) or change.now
        if form.faults:
            return Refusals(tuple(form.faults))
        refused = shipping.dispatch_shipment(
            order,
            shipment,
            carrier=carrier,
            tracking_reference=reference,
            tracking_url=url,
            shipped_at=shipped_at,
            actor=change.actor,
            at=change.now,
        )
        if refused is not None:
            return refused
        held = tracked(order, {line.line_no: line.quantity for line in shipment.lines})
        if not held:
            return []
        return [orders.stock.issue(caller.tenant_id, order.id, held, change.now, caller.subject, order.order_number)]

    return _change_shipment(caller, given, "dispatchShipment", orders, decide)


def deliver_shipment(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """The shipment arrived."""

    def decide(change: Change, shipment: Shipment) -> list[Write] | Refusals:
        delivered_at = _delivered_at(change, [shipment])
        return change.refusals() or (
            shipping.deliver_shipment(
                change.order, shipment, delivered_at=delivered_at, actor=change.actor, at=change.now
            )
            or []
        )

    return _change_shipment(caller, given, "deliverShipment", orders, decide)


def cancel_shipment(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """Called off before it left; its units may be packed again."""
    return _change_shipment(
        caller,
        given,
        "cancelShipment",
        orders,
        lambda change, shipment: (
            shipping.cancel_shipment(change.order, shipment, actor=change.actor, at=change.now) or []
        ),
    )


def add_shipping_tracking_reference(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[Changed]:
    """Tell where a shipment is, after it left."""

    def decide(change: Change, shipment: Shipment) -> list[Write] | Refusals:
        reference = change.form.required_text("trackingReference")
        url = web_address(change.form, "trackingUrl")
        return change.refusals() or (
            shipping.add_tracking(
                change.order,
                shipment,
                tracking_reference=reference,
                tracking_url=url,
                actor=change.actor,
                at=change.now,
            )
            or []
        )

    return _change_shipment(caller, given, "addShippingTrackingReference", orders, decide)


def mark_as_delivered(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Everything on its way arrived (of a Vendor's: its own shipments)."""

    def decide(change: Change) -> list[Write] | Refusals:
        order = change.order
        theirs = [shipment for shipment in order.shipments if _is_in_sight(change, shipment)]
        delivered_at = _delivered_at(change, theirs)
        if change.form.faults:
            return Refusals(tuple(change.form.faults))
        refused = shipping.mark_as_delivered(
            order, theirs, delivered_at=delivered_at, actor=change.actor, at=change.now
        )
        return refused or []

    return change_order(caller, given, "markAsDelivered", orders, decide)


def mark_as_completed(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """The end of the order: nothing is outstanding."""

    def decide(change: Change) -> list[Write] | Refusals:
        refused = shipping.mark_as_completed(change.order, actor=change.actor, at=change.now)
        return refused or []

    return change_order(caller, given, "markAsCompleted", orders, decide)


def _change_shipment(
    caller: Caller,
    given: Mapping[str, Any],
    operation: str,
    orders: Orders,
    decide: Callable[[Change, Shipment], list[Write] | Refusals],
) -> Outcome[Changed]:
    shipment_id = parse_id(given["shipmentId"])

    def decide_one(change: Change) -> list[Write] | Refusals:
        shipment = change.order.shipment(shipment_id)
        if shipment is None or not _is_in_sight(change, shipment):
            return Refusals.of(ErrorCode.NOT_FOUND, "The order has no such shipment.", ("shipmentId",))
        change.part_id = shipment.id
        return decide(change, shipment)

    return change_part(caller, given, operation, orders, decide_one)


def _of_one_branch(change: Change, quantities: dict[int, int]) -> dict[int, int]:
    """What is to leave, cut down to the branch named; lines named that cannot leave together are noted."""
    form, order = change.form, change.order
    wanted = form.text("branchCode")
    if not form.has("lines"):
        return {
            number: units
            for number, units in quantities.items()
            if wanted is None or order.line(number).branch_code == wanted
        }
    branches = order.branches_of(quantities)
    if wanted is not None:
        if branches != [wanted]:
            form.refuse("branchCode", "Not every line named comes from this branch.")
    elif len(branches) > 1:
        for each in form.each("lines"):
            number = line_number(order.id, each.raw("orderLineId"))
            code = order.line(number).branch_code if number in quantities else None
            if code not in (None, branches[0]):
                message = f"A shipment leaves from one branch: this comes from {code}, not {branches[0]}."
                each.refuse("orderLineId", message)
    return quantities


def _is_in_sight(change: Change, shipment: Shipment) -> bool:
    """Whether every line of it is the caller's to see: nobody acts on another vendor's goods."""
    return all(change.sight.sees(change.order.line(line.line_no)) for line in shipment.lines)


def _delivered_at(change: Change, shipments: Iterable[Shipment]) -> datetime:
    """When those of the shipments that are on their way arrived: not before they left, now where nothing is said."""
    form = change.form
    told = form.date_time("deliveredAt", not_after=change.now)
    on_the_way = (each for each in shipments if each.status is not ShipmentStatus.DELIVERED)
    left = max((each.shipped_at for each in on_the_way if each.shipped_at is not None), default=None)
    if told is not None and left is not None and told < left:
        form.refuse("deliveredAt", f"It left at {left.isoformat()}.")
    return told or change.now


def _pickup_window(window: Form | None) -> PickupWindow | None:
    if window is None:
        return None
    start, end = window.date_time("start"), window.date_time("end")
    if start is None or end is None:
        return None  # a fault, noted: both are required by the schema
    if end <= start:
        window.refuse("end", "The window ends before it starts.")
        return None
    return PickupWindow(start, end)
