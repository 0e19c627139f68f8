"""A tenant as the model keeps it, and what an order goes through whatever is done with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.model.answers import Fault
from tests.model.flow import Flow, Step
from tests.model.goods import Fate, Line, Parcel, Unit, Units
from tests.model.order import Order, Sight

_DONE = ("DONE", "APPROVED")


@dataclass(eq=False)
class Shop:
    """Stock is on hand and reserved, by branch and SKU."""

    flow: Flow
    is_tracked: bool = True
    takes_unknown: bool = False
    trusts_customers: bool = False
    levels: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)

    def receive(self, branch: str, sku: str, count: int) -> None:
        self.levels.setdefault((branch, sku), [0, 0])[0] += count

    def available(self, branch: str, sku: str) -> int:
        on_hand, reserved = self.levels.get((branch, sku), (0, 0))
        return on_hand - reserved

    def move(self, line: Line, *, on_hand: int = 0, reserved: int = 0) -> None:
        """Of a line that stock is kept of; nothing moves for the others."""
        if line.branch is not None:
            level = self.levels[line.branch, line.sku]
            level[0] += on_hand
            level[1] += reserved

    # -- units ----------------------------------------------------------------------------------------------------

    def cancel(self, line: Line, units: list[Unit]) -> None:
        self.move(line, reserved=-len(units))
        for unit in units:
            unit.fate = Fate.CANCELLED

    def send(self, parcel: Parcel, at: datetime) -> None:
        """It leaves, with the stock."""
        parcel.left_at = at
        for line, _ in parcel.units:
            self.move(line, on_hand=-1, reserved=-1)
        parcel.become("SHIPPED", Fate.GONE)

    def give_up(self, order: Order) -> None:
        """A draft holds nothing."""
        for line in order.lines:
            self.move(line, reserved=-line.reserved)
            line.branch = None


def named_units(order: Order, sight: Sight, given: Mapping[str, Any], faults: list[Fault]) -> Units:
    """Open units of the lines that the input names, or all in sight where it names none."""
    if given.get("lines") is None:
        return [(line, unit) for line in order.lines if sight.sees(line) for unit in line.of(Fate.OPEN)]
    if not given["lines"]:
        faults.append(("INVALID_INPUT", "lines"))
    return choose(order, sight, given["lines"], faults, lambda line: line.of(Fate.OPEN))


def choose(order: Order, sight: Sight, lines: list[dict[str, Any]], faults: list[Fault], free: Any) -> Units:
    """So many units of each line named, out of those that are free; what is wrong is noted at its path."""
    found: Units = []
    seen: set[str] = set()
    for place, each in enumerate(lines):
        line = order.line(each["orderLineId"])
        if line is None or not sight.sees(line):
            faults.append(("NOT_FOUND", f"lines.{place}.orderLineId"))
            continue
        count = each["quantity"]
        if line.id in seen:
            faults.append(("INVALID_INPUT", f"lines.{place}.orderLineId"))
        units = free(line)
        if count < 1:
            faults.append(("INVALID_INPUT", f"lines.{place}.quantity"))
        elif count > len(units) and line.id not in seen:
            faults.append(("QUANTITY_EXCEEDED", f"lines.{place}.quantity"))
        seen.add(line.id)
        found += [(line, unit) for unit in units[: max(0, count)]]
    return found


# -- steps of the workflow ----------------------------------------------------------------------------------------


def standing(order: Order, status: str) -> list[Step]:
    """The steps of the status that are in force and not done, in their order."""
    vendors = {line.vendor for line in order.lines}
    return [
        step
        for step in order.flow.steps
        if step.status == status
        and order.outcomes.get(step.name) not in _DONE
        and step.concerns(order.checkout.total, len(order.lines), vendors)
    ]


def waits_for_a_step(order: Order, *statuses: str) -> bool:
    """Whether one of these statuses, each about to be left, has a required step to be done."""
    return any(step.is_required for status in statuses for step in standing(order, status))


def activity(order: Order) -> str | None:
    open_steps = standing(order, order.status)
    return next((step.title for step in sorted(open_steps, key=lambda step: not step.is_required)), None)


def confirm(order: Order) -> None:
    order.is_confirmed = True
    order.tell("order.confirmed")


def go_on(order: Order) -> None:
    """What a shaped workflow does by itself after each change; the plain one waits for a payment."""
    if order.flow.is_plain or order.is_held:
        return
    is_due = order.is_paid and not order.flow.is_confirmed_by_hand
    if order.status == "PENDING" and is_due and not waits_for_a_step(order, "PENDING"):
        confirm(order)
    if order.status == "DELIVERED" and order.flow.completes_by_itself and not order.due:
        order.is_completed = True
        order.tell("order.completed")


def leaving(order: Order) -> list[str]:
    """The statuses that goods which leave now bring the order out of."""
    return ["PENDING", "CONFIRMED"] if order.status == "PENDING" else [order.status]


def changed(order: Order, *types: str) -> None:
    """One change: a version and its events."""
    order.version += 1
    order.tell(*types)
