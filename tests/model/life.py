"""The model's operations on an order that is there: payments, goods going out, holds, steps.

Each raises Refused before it changes anything, and answers the part that it made or changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.model.answers import Fault, Person, refuse, refuse_if
from tests.model.checkout import minor
from tests.model.goods import Fate, Line, Parcel, Payment, Refund, Returned, branches_of
from tests.model.order import Order, Sight
from tests.model.shop import Shop, changed, confirm, go_on, leaving, named_units, waits_for_a_step

Part = Parcel | Returned | Refund | None
#: What a payment may become.
_NEXT = {
    "PENDING": ("AUTHORIZED", "CAPTURED", "FAILED"),
    "AUTHORIZED": ("CAPTURED", "FAILED"),
    "FAILED": ("AUTHORIZED", "CAPTURED"),
    "CAPTURED": (),
}


@dataclass
class Act:
    """One attempt: who does what with which order, and how much of it that person sees."""

    shop: Shop
    order: Order
    person: Person
    sight: Sight
    given: Mapping[str, Any]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def get(self, name: str) -> Any:
        return self.given.get(name)

    def amount(self, name: str) -> int | None:
        value = self.get(name)
        return None if value is None else minor(value, self.order.checkout.currency)

    def moment(self, name: str) -> datetime:
        """Now, where no time is named."""
        value = self.get(name)
        return self.now if value is None else datetime.fromisoformat(value)


Operation = Callable[[Act], Part]


# -- confirm and pay ------------------------------------------------------------------------------------------------


def confirm_order(act: Act) -> None:
    order = act.order
    refuse_if(
        (order.status != "PENDING", "INVALID_TRANSITION"),
        (not order.is_paid and not order.flow.is_confirmed_by_hand, "PAYMENT_OUTSTANDING"),
        (waits_for_a_step(order, "PENDING"), "STEP_PENDING"),
    )
    changed(order)
    confirm(order)


def record_payment(act: Act) -> None:
    order, state = act.order, act.given["state"]
    if act.get("currency") not in (None, order.checkout.currency):
        refuse([("CURRENCY_MISMATCH", "currency")])
    name = (act.given["provider"], act.given["reference"])
    known = next((each for each in order.payments if (each.provider, each.reference) == name), None)
    amount = act.amount("amount")
    if amount is None:
        amount = order.due if known is None else known.amount
    is_draft = order.status == "DRAFT" and not order.is_known  # what was sent back takes what is told late
    if known is None:
        refuse_if((is_draft, "INVALID_TRANSITION"))
        order.payments.append(Payment(state, amount, *name))
    else:
        is_told_twice = (known.state, known.amount) == (state, amount)
        refuse_if(
            (is_draft, "INVALID_TRANSITION"),
            (not is_told_twice and state not in _NEXT[known.state], "INVALID_TRANSITION", "state"),
            (known.state == "AUTHORIZED" and amount > known.amount, "INVALID_INPUT", "amount"),
        )
        if is_told_twice:
            return
        known.state, known.amount = state, amount
    changed(order, "order.payment_recorded")
    if order.flow.is_plain and order.status == "PENDING" and order.is_paid:
        confirm(order)


# -- cancel and hold ------------------------------------------------------------------------------------------------


def cancel_order(act: Act) -> None:
    order, faults = act.order, list[Fault]()
    is_whole = act.get("lines") is None and act.sight.is_whole
    if is_whole:
        units = [(line, unit) for line in order.lines for unit in line.of(Fate.OPEN, Fate.PACKED)]
    else:
        units = named_units(order, act.sight, act.given, faults)
    refuse(faults)
    may = ("DRAFT", "PENDING", "CONFIRMED") + (() if is_whole else ("PARTIALLY_SHIPPED",))
    refuse_if((order.status not in may, "INVALID_TRANSITION"), (not units, "INVALID_TRANSITION"))
    if is_whole:
        call_off(order)
    for line, unit in units:
        act.shop.cancel(line, [unit])
    order.cancel_reason = act.given["reason"]
    changed(order, "order.lines_cancelled" if order.live else "order.cancelled")


def call_off(order: Order) -> None:
    for parcel in order.parcels:
        if parcel.waits:
            parcel.status = "CANCELLED"


def hold_order(act: Act) -> None:
    refuse_if((act.order.status in ("COMPLETED", "CANCELLED"), "INVALID_TRANSITION"))
    act.order.holds.append(True)
    changed(act.order, "order.held")


def release_hold(act: Act) -> None:
    refuse_if((not act.order.is_held, "INVALID_TRANSITION"))
    act.order.holds = [False] * len(act.order.holds)
    changed(act.order, "order.hold_released")


# -- goods going out ------------------------------------------------------------------------------------------------


def may_not_leave(order: Order) -> tuple[tuple[bool, str], ...]:
    """What keeps goods in."""
    return (
        (order.is_held, "ON_HOLD"),
        (not order.is_paid and not order.flow.may_ship_unpaid, "PAYMENT_OUTSTANDING"),
        (waits_for_a_step(order, *leaving(order)), "STEP_PENDING"),
    )


def mark_as_shipped(act: Act) -> None:
    order, faults = act.order, list[Fault]()
    units = named_units(order, act.sight, act.given, faults)
    refuse(faults)
    refuse_if(
        (order.status not in ("PENDING", "CONFIRMED", "PARTIALLY_SHIPPED"), "INVALID_TRANSITION"),
        (not units, "INVALID_TRANSITION"),
        *may_not_leave(order),
    )
    changed(order)
    if not order.is_confirmed:
        confirm(order)
    parcel = Parcel("PENDING", units, tracking=act.get("trackingReference"))
    act.shop.send(parcel, act.moment("shippedAt"))
    order.parcels.append(parcel)
    order.tell("order.shipped")


def create_shipment(act: Act) -> Parcel:
    order, faults = act.order, list[Fault]()
    units = named_units(order, act.sight, act.given, faults)
    wanted, named = act.get("branchCode"), _lines_named(act)
    if act.get("lines") is None:
        units = [(line, unit) for line, unit in units if wanted in (None, line.branch)]
    elif wanted is not None and branches_of(line for _, line in named) != [wanted]:
        faults.append(("INVALID_INPUT", "branchCode"))
    elif wanted is None:
        first = branches_of(line for _, line in named)[:1]
        elsewhere = [place for place, line in named if line.branch not in (None, *first)]
        faults += [("INVALID_INPUT", f"lines.{place}.orderLineId") for place in elsewhere]
    refuse(faults)
    refuse_if(
        (order.status not in ("CONFIRMED", "PARTIALLY_SHIPPED"), "INVALID_TRANSITION"),
        (not units, "INVALID_TRANSITION"),
        (order.is_held, "ON_HOLD"),
        (len(branches_of(line for line, _ in units)) > 1, "INVALID_INPUT", "branchCode"),
    )
    parcel = Parcel("PENDING", units)
    parcel.become("PENDING", Fate.PACKED)
    order.parcels.append(parcel)
    changed(order, "order.shipment_created")
    return parcel


def _lines_named(act: Act) -> list[tuple[int, Line]]:
    """Those that are in sight, with their places in the input."""
    found = [(place, act.order.line(each["orderLineId"])) for place, each in enumerate(act.get("lines") or ())]
    return [(place, line) for place, line in found if line is not None and act.sight.sees(line)]


def _parcel(act: Act) -> Parcel:
    """Nobody acts on another vendor's goods."""
    parcel = act.order.parcel(act.given["shipmentId"])
    if parcel is None or not act.sight.all_of(parcel.lines):
        refuse([("NOT_FOUND", "shipmentId")])
    assert parcel is not None
    return parcel


def confirm_shipment(act: Act) -> Parcel:
    parcel = _parcel(act)
    refuse_if((parcel.status != "PENDING", "INVALID_TRANSITION"), (act.order.is_held, "ON_HOLD"))
    parcel.status = "CONFIRMED"
    changed(act.order, "order.shipment_confirmed")
    return parcel


def dispatch_shipment(act: Act) -> Parcel:
    parcel = _parcel(act)
    refuse_if((parcel.status != "CONFIRMED", "INVALID_TRANSITION"), *may_not_leave(act.order))
    act.shop.send(parcel, act.moment("shippedAt"))
    parcel.tracking = act.get("trackingReference") or parcel.tracking
    changed(act.order, "order.shipped")
    return parcel


def cancel_shipment(act: Act) -> Parcel:
    parcel = _parcel(act)
    refuse_if((not parcel.waits, "INVALID_TRANSITION"))
    parcel.become("CANCELLED", Fate.OPEN)
    changed(act.order, "order.shipment_cancelled")
    return parcel


def add_tracking(act: Act) -> Parcel:
    parcel = _parcel(act)
    if not act.given["trackingReference"].strip():
        refuse([("INVALID_INPUT", "trackingReference")])
    refuse_if((not parcel.has_left, "INVALID_TRANSITION"))
    parcel.tracking = act.given["trackingReference"]
    changed(act.order, "order.tracking_added")
    return parcel


def deliver_shipment(act: Act) -> Parcel:
    parcel = _parcel(act)
    _deliver(act, [parcel])
    return parcel


def mark_as_delivered(act: Act) -> None:
    _deliver(act, [each for each in act.order.parcels if each.status == "SHIPPED" and act.sight.all_of(each.lines)])


def _deliver(act: Act, parcels: list[Parcel]) -> None:
    order, at = act.order, act.moment("deliveredAt")
    if any(parcel.status == "SHIPPED" and parcel.left_at and at < parcel.left_at for parcel in parcels):
        refuse([("INVALID_INPUT", "deliveredAt")])
    leaves = order.status in ("SHIPPED", "PARTIALLY_DELIVERED") and waits_for_a_step(order, order.status)
    refuse_if(
        (not parcels or any(parcel.status != "SHIPPED" for parcel in parcels), "INVALID_TRANSITION"),
        (leaves, "STEP_PENDING"),
    )
    for parcel in parcels:
        parcel.become("DELIVERED", Fate.ARRIVED)
        parcel.arrived_at = at
    changed(order, *["order.delivered"] * len(parcels))


def mark_as_completed(act: Act) -> None:
    order = act.order
    refuse_if(
        (order.status not in order.flow.completes_from, "INVALID_TRANSITION"),
        (order.due > 0, "PAYMENT_OUTSTANDING"),
        (order.is_held, "ON_HOLD"),
        (waits_for_a_step(order, order.status), "STEP_PENDING"),
    )
    order.is_completed = True
    changed(order, "order.completed")


def then_goes_on(operation: Operation) -> Operation:
    """Each change is followed by what the workflow does by itself; a payment told twice is no change."""

    def act_and_go_on(act: Act) -> Part:
        before = act.order.version
        part = operation(act)
        if act.order.version != before:
            go_on(act.order)
        return part

    return act_and_go_on
