"""Stopping an order for a while."""

from dataclasses import replace
from datetime import datetime

from ddd.orders.domain.actions import guard
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, Hold
from ddd.shared.domain.errors import Refusals


def hold(order: Order, *, reason: str, until: datetime | None, actor: Actor, at: datetime) -> Refusals | None:
    """From now on, until released or `until`, the order neither ships nor completes."""
    refused = guard("holdOrder", order, at)
    if refused is not None:
        return refused
    order.touch(at)
    stop(order, reason=reason, until=until, actor=actor, at=at)
    return None


def stop(order: Order, *, reason: str, until: datetime | None, actor: Actor, at: datetime) -> None:
    """The hold itself, as part of a change."""
    made = Hold(len(order.holds) + 1, actor.subject, at, until)
    order.holds.append(made)
    order.note_down(f"hold:{made.hold_no}", reason)
    data = {"holdNo": made.hold_no, "until": until.isoformat() if until else None}
    order.tell("order.held", actor, at, data)


def release_hold(order: Order, *, actor: Actor, at: datetime) -> Refusals | None:
    """Every hold that is in force ends."""
    refused = guard("releaseHold", order, at)
    if refused is not None:
        return refused
    active = [each for each in order.holds if each.is_active(at)]
    for each in active:
        order.holds[order.holds.index(each)] = replace(each, released_at=at, released_by=actor.subject)
    order.touch(at)
    order.tell("order.hold_released", actor, at, {"holdNos": [each.hold_no for each in active]})
    return None
