"""What is asked for with each operation on an order: mostly what makes sense, now and then what does not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.api.support import Json
from tests.model.answers import ADA, MIA, WILL
from tests.model.checkout import BRANCHES
from tests.model.flow import DAYS
from tests.model.goods import Fate, Line
from tests.model.inputs import NOWHERE, Dice, checkout, state, text
from tests.model.order import Order
from tests.model.returning import is_asked
from tests.model.shop import standing


def _named(dice: Dice, order: Order, free: Callable[[Line], int], fewest: int = 0) -> list[Json]:
    """Lines by id with quantities: mostly as many as are free, rarely none, too many, twice, or of another order."""
    lines = [line for line in order.lines if free(line)] or order.lines
    if not lines:  # a draft without any
        return [{"orderLineId": f"{NOWHERE}-1", "quantity": 1}]
    chosen = [dice.pick(lines) for _ in range(dice.rarely(1 + dice.upto(1), fewest, one_in=16))]
    if not dice.one_in(12):
        chosen = list(dict.fromkeys(chosen))
    return [
        {
            "orderLineId": dice.rarely(line.id, f"{NOWHERE}-1", "x", one_in=24),
            "quantity": dice.rarely(1 + dice.upto(max(0, free(line) - 1)), free(line) + 1, 0, -1, one_in=12),
        }
        for line in chosen
    ]


def _some_lines(dice: Dice, order: Order) -> Json:
    """Of those that neither have left nor are packed; or none named."""
    return {"lines": _named(dice, order, lambda line: len(line.of(Fate.OPEN)))} if dice.one_in(2) else {}


def _when(dice: Dice, name: str) -> Json:
    long_ago = datetime.now(UTC) - timedelta(days=DAYS + 2)
    return {name: long_ago.isoformat()} if dice.one_in(6) else {}


def _parcel(dice: Dice, order: Order, *statuses: str) -> Json:
    fitting = [parcel.id for parcel in order.parcels if parcel.status in statuses]
    every = [parcel.id for parcel in order.parcels] + [NOWHERE, "x"]
    return {"shipmentId": dice.pick(every if not fitting or dice.one_in(8) else fitting)}


def _pay(dice: Dice, order: Order) -> Json:
    given: Json = {"provider": "p", "reference": f"r{dice.upto(2)}", "state": state(dice)}
    if dice.one_in(2):
        amount = dice.pick((order.due, order.due // 2, order.checkout.total, order.checkout.total + 1, 700))
        given["amount"] = text(amount, order.checkout.currency)
    if dice.one_in(8):
        given["currency"] = dice.pick(("EUR", "JPY"))
    return given


def _ask_back(dice: Dice, order: Order) -> Json:
    return {"reason": "broken", "lines": _named(dice, order, lambda line: len(line.returnable))}


def _receive(dice: Dice, order: Order) -> Json:
    fitting = [each for each in order.returns if each.status in ("APPROVED", "PARTIALLY_RECEIVED")]
    if not order.returns or dice.one_in(24):
        return {"returnId": NOWHERE, "lines": []}
    made = dice.pick(order.returns if not fitting or dice.one_in(8) else fitting)

    def away(line: Line) -> int:
        return sum(unit.back is None for unit in made.of(line))

    lines = _named(dice, order, away)
    for each in lines:
        count = max(0, each.pop("quantity"))
        scrap = dice.upto(count)
        each |= {"restock": count - scrap, "scrap": scrap}
    return {"returnId": made.id, "lines": lines}


def _refund(dice: Dice, order: Order) -> Json:
    given: Json = {}
    if order.returns and dice.one_in(3):
        given["returnId"] = dice.rarely(dice.pick(order.returns).id, NOWHERE, one_in=12)
    if dice.one_in(2):
        given["lines"] = _named(dice, order, lambda line: sum(order.unrefunded(line)))
    if dice.one_in(3):
        given["amount"] = text(dice.pick((1, 100, 500, order.checkout.total, 0)), order.checkout.currency)
    if dice.one_in(5):
        given["restockingFee"] = text(dice.pick((0, 1, 100, 5_000)), order.checkout.currency)
    if dice.one_in(12):
        given["currency"] = dice.pick(("EUR", "JPY"))
    return given


def _step(dice: Dice, order: Order) -> Json:
    waiting = [step.name for step in standing(order, order.status)]
    names = [step.name for step in order.flow.steps] + ["nothing"]
    given: Json = {"step": dice.pick(names if not waiting or dice.one_in(8) else waiting)}
    if dice.one_in(2):
        given["outcome"] = dice.pick(("APPROVED", "DONE", "REJECTED", "HELD"))
    if dice.one_in(24):
        given["input"] = {"a": 1}
    return given


def _edit(dice: Dice, order: Order) -> Json:
    """One or two fields as another checkout has them, or cleared."""
    other = checkout(dice, WILL, False, order.checkout.currency)
    other = {"discounts": [], "externalRef": None, "branchCode": None, "taxesIncluded": False, **other}
    fields = [name for name in other if name not in ("currency", "shippingAddress", "expectedTotal")]
    return {name: other[name] for name in (dice.pick(fields), dice.rarely("lines", *fields, one_in=2))}


@dataclass(frozen=True)
class Form:
    """How an operation is asked for. `fits`: orders with which it is likely to be taken."""

    fits: Callable[[Order], bool]
    build: Callable[[Dice, Order], Json] = lambda dice, order: {}


def _has(*statuses: str) -> Callable[[Order], bool]:
    return lambda order: any(parcel.status in statuses for parcel in order.parcels)


def _is(*statuses: str) -> Callable[[Order], bool]:
    return lambda order: order.status in statuses


def _has_steps(order: Order) -> bool:
    return any(step.by for step in standing(order, order.status))


def _awaits_review(order: Order) -> bool:
    return is_asked(order) or any(not step.by for step in standing(order, order.status))


def _may_ship(order: Order) -> bool:
    is_ready = _is("PENDING", "CONFIRMED", "PARTIALLY_SHIPPED")(order) and not order.is_held
    return is_ready and (order.is_paid or order.flow.may_ship_unpaid)


def _may_pack(order: Order) -> bool:
    is_ready = _is("CONFIRMED", "PARTIALLY_SHIPPED")(order) and not order.is_held
    return is_ready and any(line.of(Fate.OPEN) for line in order.lines)


REASONS: Final = ("CUSTOMER_REQUEST", "FRAUD", "OTHER")
FORMS: Final[dict[str, Form]] = {
    "editDraftOrder": Form(_is("DRAFT"), _edit),
    "submitOrder": Form(
        lambda order: order.status == "DRAFT" and bool(order.lines),
        lambda dice, order: (
            {"expectedTotal": text(max(0, order.checkout.total - dice.upto(1)), order.checkout.currency)}
            if dice.one_in(6)
            else {}
        ),
    ),
    "fulfilOrder": Form(lambda order: _is("PENDING", "CONFIRMED")(order) and not order.is_held),
    "confirmOrder": Form(
        lambda order: order.status == "PENDING" and (order.is_paid or order.flow.is_confirmed_by_hand)
    ),
    "recordPayment": Form(lambda order: order.due > 0 or order.status == "CANCELLED", _pay),
    "cancelOrder": Form(
        _is("PENDING", "CONFIRMED", "PARTIALLY_SHIPPED", "DRAFT"),
        lambda dice, order: {"reason": dice.pick(REASONS), **(_some_lines(dice, order) if not dice.one_in(3) else {})},
    ),
    "markAsShipped": Form(_may_ship, lambda dice, order: {**_some_lines(dice, order), **_when(dice, "shippedAt")}),
    "createShipment": Form(
        _may_pack,
        lambda dice, order: {
            **_some_lines(dice, order),
            **({"branchCode": dice.pick(BRANCHES)} if dice.one_in(3) else {}),
        },
    ),
    "confirmShipment": Form(
        lambda order: _has("PENDING")(order) and not order.is_held, lambda dice, order: _parcel(dice, order, "PENDING")
    ),
    "dispatchShipment": Form(
        lambda order: _has("CONFIRMED")(order) and not order.is_held,
        lambda dice, order: {
            **_parcel(dice, order, "CONFIRMED"),
            **_when(dice, "shippedAt"),
            **({"trackingReference": f"T{dice.upto(9)}"} if dice.one_in(2) else {}),
        },
    ),
    "deliverShipment": Form(
        _has("SHIPPED"), lambda dice, order: {**_parcel(dice, order, "SHIPPED"), **_when(dice, "deliveredAt")}
    ),
    "cancelShipment": Form(
        _has("PENDING", "CONFIRMED"), lambda dice, order: _parcel(dice, order, "PENDING", "CONFIRMED")
    ),
    "addShippingTrackingReference": Form(
        _has("SHIPPED", "DELIVERED"),
        lambda dice, order: {
            **_parcel(dice, order, "SHIPPED", "DELIVERED"),
            "trackingReference": dice.rarely("T1", " ", one_in=12),
        },
    ),
    "markAsDelivered": Form(_has("SHIPPED"), lambda dice, order: _when(dice, "deliveredAt")),
    "markAsCompleted": Form(lambda order: _is("SHIPPED", "DELIVERED")(order) and not order.due),
    "holdOrder": Form(
        lambda order: not order.is_held and not _is("COMPLETED", "CANCELLED")(order),
        lambda dice, order: {"reason": "why?", **({"until": "2999-01-01T00:00:00Z"} if dice.one_in(4) else {})},
    ),
    "releaseHold": Form(lambda order: order.is_held),
    "requestReturn": Form(lambda order: any(line.returnable for line in order.lines), _ask_back),
    "receiveReturn": Form(
        lambda order: any(each.status in ("APPROVED", "PARTIALLY_RECEIVED") for each in order.returns), _receive
    ),
    "processRefund": Form(
        lambda order: order.overpaid > 0 or any(sum(order.unrefunded(line)) for line in order.lines),
        _refund,
    ),
    "completeStep": Form(_has_steps, _step),
    "escalateReviewer": Form(
        lambda order: _awaits_review(order) and order.reviewer is None,
        lambda dice, order: {"reviewer": dice.pick((MIA, WILL, ADA)).name},
    ),
    "reviewOrder": Form(
        lambda order: _awaits_review(order) and order.reviewer is not None,
        lambda dice, order: {"outcome": dice.pick(("APPROVED", "APPROVED", "REJECTED", "DONE", "HELD"))},
    ),
}
#: What brings an order on is done more often than what is always possible.
OFTEN: Final = {
    "confirmOrder": 3,
    "submitOrder": 3,
    "recordPayment": 4,
    "markAsShipped": 2,
    "createShipment": 8,
    "confirmShipment": 6,
    "dispatchShipment": 8,
    "deliverShipment": 2,
    "requestReturn": 2,
    "receiveReturn": 3,
    "processRefund": 2,
    "completeStep": 6,
    "escalateReviewer": 6,
    "reviewOrder": 8,
    "releaseHold": 3,
}
