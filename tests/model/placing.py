"""The model's placeOrder, and branch orders: drafted, edited, submitted, and fulfilled in one go."""

from collections.abc import Mapping
from typing import Any

from tests.model.answers import Person, refuse, refuse_if
from tests.model.checkout import BRANCHES, CATALOGUE, PRICED, Checkout, Reader, minor
from tests.model.goods import Fate, Line, Parcel, Payment, lines_of
from tests.model.life import Act, may_not_leave
from tests.model.order import Order
from tests.model.shop import Shop, changed, confirm, go_on, waits_for_a_step


def _reader(shop: Shop, own: Order | None = None) -> Reader:
    taken = frozenset(order.checkout.reference for order in shop.orders if order is not own)
    return Reader(shop.takes_unknown, taken)


def place(shop: Shop, person: Person, given: Mapping[str, Any]) -> Order:
    """The order, with its stock reserved; Refused with everything that is wrong with the input."""
    checkout = _reader(shop).read(person, given, Checkout(), may_be_empty=False)
    order = Order(shop.flow, checkout, lines_of(checkout))
    if given.get("payment") is not None:
        order.payments.append(_payment(shop, person, given["payment"], order))
    _reserve(shop, order)
    order.is_submitted = order.is_known = True
    order.tell("order.placed")
    _begin(order)
    shop.orders.append(order)
    return order


def _begin(order: Order) -> None:
    if order.flow.is_plain and order.is_paid:
        confirm(order)
    go_on(order)


def _payment(shop: Shop, person: Person, given: Mapping[str, Any], order: Order) -> Payment:
    is_believed = shop.trusts_customers or not person.is_customer_only
    amount = given.get("amount")
    return Payment(
        given["state"] if is_believed else "PENDING",
        order.checkout.total if amount is None else minor(amount, order.checkout.currency),
        given.get("provider"),
        given.get("reference"),
    )


def _reserve(shop: Shop, order: Order) -> None:
    """The branch named, else the first that has every line, else for each line the first that has it."""
    if not shop.is_tracked:
        return
    wanted = [line for line in order.lines if line.sku in CATALOGUE and line.of(Fate.OPEN)]
    tried = [order.checkout.branch] if order.checkout.branch is not None else list(BRANCHES)

    def serves(branch: str, line: Line) -> bool:
        return shop.available(branch, line.sku) >= len(line.of(Fate.OPEN))

    whole = next((branch for branch in tried if all(serves(branch, line) for line in wanted)), None)
    chosen = {line: whole or next((branch for branch in tried if serves(branch, line)), None) for line in wanted}
    refuse([("OUT_OF_STOCK", f"lines.{line.no - 1}.quantity") for line, branch in chosen.items() if branch is None])
    for line, branch in chosen.items():
        line.branch = branch
        shop.move(line, reserved=len(line.of(Fate.OPEN)))


def draft(shop: Shop, person: Person, given: Mapping[str, Any]) -> Order:
    """Lines may wait; nothing is reserved, and nobody but the staff knows of it."""
    checkout = _reader(shop).read(person, given, Checkout(), may_be_empty=True)
    order = Order(shop.flow, checkout, lines_of(checkout))
    order.tell("order.drafted")
    shop.orders.append(order)
    return order


def edit(act: Act) -> None:
    order = act.order
    revised = _reader(act.shop, order).read(act.person, act.given, order.checkout, may_be_empty=True)
    refuse_if((order.status != "DRAFT", "INVALID_TRANSITION"))
    prices = [name for name, field in PRICED.items() if getattr(revised, field) != getattr(order.checkout, field)]
    if prices and any(line.of(Fate.CANCELLED) for line in order.lines):
        refuse([("INVALID_TRANSITION", name) for name in prices])
    if prices and order.paid("CAPTURED") - order.refunded > revised.total:
        refuse([("INVALID_INPUT", None)])
    if revised == order.checkout:
        return
    if "lines" in prices:
        order.lines = lines_of(revised)
    order.checkout = revised
    changed(order, "order.edited")


def submit(act: Act) -> None:
    order = act.order
    expected = act.amount("expectedTotal")
    if expected not in (None, order.checkout.total):
        refuse([("TOTAL_MISMATCH", "expectedTotal")])
    refuse_if(
        (order.status != "DRAFT", "INVALID_TRANSITION"),
        (not order.lines, "INVALID_TRANSITION"),
        (waits_for_a_step(order, "DRAFT"), "STEP_PENDING"),
    )
    _reserve(act.shop, order)
    order.is_submitted = order.is_known = True
    changed(order, "order.submitted")
    _begin(order)


def fulfil(act: Act) -> None:
    """All that is open leaves in one parcel, or nothing does."""
    order = act.order
    refuse_if(
        (order.status not in ("PENDING", "CONFIRMED"), "INVALID_TRANSITION"),
        (any(parcel.waits for parcel in order.parcels), "INVALID_TRANSITION"),
        *may_not_leave(order),
    )
    changed(order)
    if not order.is_confirmed:
        confirm(order)
    parcel = Parcel("PENDING", [(line, unit) for line in order.lines for unit in line.of(Fate.OPEN)])
    act.shop.send(parcel, act.now)
    order.parcels.append(parcel)
    order.tell("order.shipped", "order.fulfilled")
