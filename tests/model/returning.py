"""The model's operations on goods that come back, on money for them, and on steps and reviews."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from tests.model.answers import Fault, refuse, refuse_if
from tests.model.goods import Fate, Line, Refund, Returned, Unit
from tests.model.life import Act, call_off
from tests.model.order import Order
from tests.model.shop import changed, choose, standing


def _rounded(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))


def _is_late(act: Act, line: Line) -> bool:
    """Since the last of the line's units arrived, or left where nobody told of that."""
    left = [parcel for parcel in act.order.parcels if parcel.has_left and line in parcel.lines]
    last = max((at for parcel in left if (at := parcel.arrived_at or parcel.left_at)), default=act.now)
    days = act.order.flow.return_days
    return days is not None and act.now > last + timedelta(days=days)


def request_return(act: Act) -> Returned:
    order, flow, faults = act.order, act.order.flow, list[Fault]()
    choose(order, act.sight, act.given["lines"], faults, lambda line: line.units)
    faults = [fault for fault in faults if fault[0] != "QUANTITY_EXCEEDED"]  # that is a matter of the order's state
    if not act.given["lines"]:
        faults.append(("INVALID_INPUT", "lines"))
    refuse(faults)
    if not any(line.returnable for line in order.lines):
        refuse([("NOT_RETURNABLE", None)])
    units = []
    for place, each in enumerate(act.given["lines"]):
        line, count = order.line(each["orderLineId"]), each["quantity"]
        assert line is not None
        free = line.returnable
        if line.sku in flow.never_returned or _is_late(act, line):
            faults.append(("NOT_RETURNABLE", f"lines.{place}"))
        elif count > len(free):
            faults.append(("QUANTITY_EXCEEDED", f"lines.{place}.quantity"))
        elif not flow.returns_in_part and count < len(free):
            faults.append(("NOT_RETURNABLE", f"lines.{place}.quantity"))
        units += [(line, unit) for unit in free[:count]]
    refuse(faults)
    made = Returned("REQUESTED" if flow.reviews_returns else "APPROVED", units)
    for _, unit in units:
        unit.coming_back = True
    order.returns.append(made)
    changed(order, "order.return_requested")
    return made


def _return(act: Act) -> Returned:
    found = act.order.returned(act.given["returnId"])
    if found is None:
        refuse([("NOT_FOUND", "returnId")])
    assert found is not None
    return found


def receive_return(act: Act) -> Returned:
    made, faults = _return(act), list[Fault]()
    if not act.given["lines"]:
        faults.append(("INVALID_INPUT", "lines"))
    seen = set()
    for place, each in enumerate(act.given["lines"]):
        line = act.order.line(each["orderLineId"])
        count = each.get("restock", 0) + each.get("scrap", 0)
        if line is None or not made.of(line):
            faults.append(("NOT_FOUND", f"lines.{place}.orderLineId"))
            continue
        if line in seen:
            faults.append(("INVALID_INPUT", f"lines.{place}.orderLineId"))
        if count < 1:
            faults.append(("INVALID_INPUT", f"lines.{place}"))
        elif count > sum(unit.back is None for unit in made.of(line)) and line not in seen:
            faults.append(("QUANTITY_EXCEEDED", f"lines.{place}"))
        seen.add(line)
    refuse(faults)
    refuse_if((made.status not in ("APPROVED", "PARTIALLY_RECEIVED"), "INVALID_TRANSITION"))
    for each in act.given["lines"]:
        line = act.order.line(each["orderLineId"])
        assert line is not None
        away = [unit for unit in made.of(line) if unit.back is None]
        restock, scrap = each.get("restock", 0), each.get("scrap", 0)
        for unit, back in zip(away, ["stock"] * restock + ["scrap"] * scrap, strict=False):
            unit.back = back
        act.shop.move(line, on_hand=restock)
    is_whole = all(unit.back for _, unit in made.units)
    made.status = "RECEIVED" if is_whole else "PARTIALLY_RECEIVED"
    changed(act.order, "order.return_received")
    return made


@dataclass
class _Asked:
    """What a refund is for: units by line, and how many of them had come back."""

    units: dict[Line, int]
    came_back: dict[Line, int]


def _asked(act: Act, made: Returned | None) -> _Asked:
    order = act.order

    def free(line: Line) -> range:
        cancelled, back = order.unrefunded(line)
        if made is None:
            return range(cancelled + back)
        arrived = sum(unit.back is not None for unit in made.of(line))
        done = sum(each.returned.get(line, 0) for each in order.refunds if each.stands and each.of is made)
        return range(min(back, arrived - done))

    faults: list[Fault] = []
    if act.get("lines") is None:
        units = {line: len(free(line)) for line in order.lines if free(line)}
    else:
        if not act.given["lines"]:
            faults.append(("INVALID_INPUT", "lines"))
        found = choose(order, act.sight, act.given["lines"], faults, free)
        units = {line: sum(its is line for its, _ in found) for line, _ in found}
    if act.amount("amount") == 0:
        faults.append(("INVALID_INPUT", "amount"))
    if act.get("currency") not in (None, order.checkout.currency):
        faults.append(("CURRENCY_MISMATCH", "currency"))
    refuse(faults)
    # Of a line that has both, cancelled units go first.
    came_back = {line: n if made else max(0, n - order.unrefunded(line)[0]) for line, n in units.items()}
    return _Asked(units, came_back)


def _worth(order: Order, units: Mapping[Line, int]) -> int:
    """What is left to be given for these units; the last of an order cancelled whole bring its shipping, too."""
    if not units:
        return 0
    standing = [refund for refund in order.refunds if refund.stands]
    before = {
        line: sum(each.cancelled.get(line, 0) + each.returned.get(line, 0) for each in standing) for line in order.lines
    }
    after = {line: before[line] + units.get(line, 0) for line in order.lines}
    is_all = all(len(line.of(Fate.CANCELLED)) == len(line.units) == after[line] for line in order.lines)
    return max(0, (order.checkout.total if is_all else order.value(after)) - order.value(before))


def process_refund(act: Act) -> Refund:
    """For units that were cancelled or came back; where none are left that are worth anything, of what is overpaid."""
    order, flow = act.order, act.order.flow
    made = None if act.get("returnId") is None else _return(act)
    is_named = act.get("lines") is not None or made is not None
    asked = _asked(act, made)
    worth = _worth(order, asked.units)
    if not worth and not is_named:
        asked, worth = _Asked({}, {}), order.overpaid
    for_returned = min(worth, order.value(asked.came_back))
    given_fee = act.amount("restockingFee")
    fee = _rounded(for_returned * flow.fee) if given_fee is None else given_fee
    most = worth - fee
    left = _rounded(order.paid("CAPTURED") * flow.cap) - sum(each.amount for each in order.refunds if each.stands)
    amount = act.amount("amount")
    refuse_if(
        (worth == 0 or left <= 0, "REFUND_LIMIT"),
        (most <= 0 and given_fee is None, "REFUND_LIMIT"),
        (most <= 0 and given_fee is not None, "REFUND_LIMIT", "restockingFee"),
        (amount is not None and amount > min(most, left), "REFUND_LIMIT", "amount"),
    )
    amount = min(most, left) if amount is None else amount
    for_cancelled = min(amount, worth - for_returned)
    refund = Refund(
        status="REQUESTED" if flow.reviews_refunds else "APPROVED",
        amount=amount,
        fee=fee,
        for_cancelled=for_cancelled,
        kept=max(0, min(worth - for_returned, left) - for_cancelled),
        cancelled={line: count - asked.came_back[line] for line, count in asked.units.items()},
        returned=dict(asked.came_back),
        of=made,
    )
    order.refunds.append(refund)
    changed(order, "order.refund_requested" if flow.reviews_refunds else "order.refunded")
    return refund


# -- steps and reviews ------------------------------------------------------------------------------------------------


def complete_step(act: Act) -> None:
    order, outcome = act.order, act.get("outcome")
    step = next((each for each in order.flow.steps if each.name == act.given["step"]), None)
    if step is None:
        return refuse([("NOT_FOUND", "step")])
    if not set(step.by).intersection(act.person.roles):
        return refuse([("FORBIDDEN", "step")])
    if act.get("input") is not None:
        return refuse([("INVALID_INPUT", "input")])
    outcome = outcome or step.outcomes[0]
    if outcome not in step.outcomes:
        return refuse([("INVALID_INPUT", "outcome")])
    waiting = standing(order, order.status)
    refuse_if(
        (step.status != order.status, "STEP_OUT_OF_ORDER", "step"),
        (step.status == order.status and step not in waiting, "INVALID_TRANSITION", "step"),
        (_is_behind(step, waiting), "STEP_OUT_OF_ORDER", "step"),
    )
    return _follow(act, step, outcome)


def _is_behind(step: Any, waiting: list[Any]) -> bool:
    return step in waiting and any(each.is_required for each in waiting[: waiting.index(step)])


def _follow(act: Act, step: Any, outcome: str) -> None:
    """Where an outcome leads."""
    order = act.order
    order.outcomes[step.name] = outcome
    if outcome == "HELD":
        order.holds.append(True)
        return changed(order, "order.step_held", "order.held")
    if outcome != "REJECTED":
        return changed(order, "order.step_completed")
    changed(order, "order.step_rejected")
    if step.rejected_to == "DRAFT":
        act.shop.give_up(order)
        order.is_submitted, order.outcomes, order.reviewer = False, {}, None
    elif step.rejected_to == "CANCELLED":
        call_off(order)
        for line in order.lines:
            act.shop.cancel(line, line.of(Fate.OPEN, Fate.PACKED))
        order.cancel_reason = "FRAUD"
        order.tell("order.cancelled")
    return None


def is_asked(order: Order) -> bool:
    """Whether a return or refund waits for its review."""
    statuses = [each.status for each in order.returns] + [each.status for each in order.refunds]
    return "REQUESTED" in statuses


def escalate_reviewer(act: Act) -> None:
    order = act.order
    is_wanted = any(not step.by for step in standing(order, order.status))
    refuse_if((not is_wanted and not is_asked(order), "INVALID_TRANSITION"))
    order.reviewer = act.given["reviewer"]
    changed(order, "order.reviewer_named")


def review_order(act: Act) -> None:
    order, outcome = act.order, act.given["outcome"]
    waiting = standing(order, order.status)
    step = next((each for each in waiting if not each.by), None)
    every: list[Returned | Refund] = [*order.returns, *order.refunds]
    asked = next((each for each in every if each.status == "REQUESTED"), None)
    refuse_if((step is None and asked is None, "INVALID_TRANSITION"))
    if order.reviewer != act.person.name:
        refuse([("FORBIDDEN", "step" if step is not None else None)])
    if outcome not in (step.outcomes if step is not None else ("DONE", "APPROVED", "REJECTED")):
        refuse([("INVALID_INPUT", "outcome")])
    if step is not None:
        refuse_if((_is_behind(step, waiting), "STEP_OUT_OF_ORDER", "step"))
        return _follow(act, step, outcome)
    assert asked is not None
    asked.status = "REJECTED" if outcome == "REJECTED" else "APPROVED"
    if isinstance(asked, Refund):
        return changed(order, "order.refund_rejected" if outcome == "REJECTED" else "order.refunded")
    if outcome == "REJECTED":
        for _, unit in asked.units:
            unit.coming_back = False
        asked.units = [(line, Unit()) for line, _ in asked.units]  # they may come back in another return
    return changed(order, "order.return_rejected" if outcome == "REJECTED" else "order.return_approved")
