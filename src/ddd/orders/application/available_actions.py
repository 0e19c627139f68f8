"""What a caller may do next with an order: the rules are those that the mutations ask."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from ddd.orders.application.reading import OrderFacts
from ddd.orders.application.sight import Sight, sight_of
from ddd.orders.domain.actions import ACTIONS, WHOLE_OR_LINES, Situation, why_not
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderLine
from ddd.orders.domain.workflow import Performing
from ddd.shared.application.access import Grant


class ActionView(NamedTuple):
    action: str
    allowed: bool
    reason: str | None


def available_actions(order: Order, grant: Grant, now: datetime) -> list[ActionView]:
    """What the caller may do next with the order, and why not: the rules are those that the mutations ask."""
    actions = []
    performing = performing_of(grant, order, order.lines)
    situations: dict[Sight, Situation] = {}
    for action in ACTIONS:
        sight = sight_of(grant.scopes(action), grant.caller, order, order.lines)
        if sight is None:
            reason = grant.why_not(action) or f"Your roles do not permit {action} on this order."
            actions.append(ActionView(action, False, reason))
            continue
        situation = situations.get(sight)
        if situation is None:
            lines = [line for line in order.lines if sight.sees(line)]
            situation = situations[sight] = Situation(order, lines, now, performing=performing)
        refusal = why_not(action, situation)
        if (
            refusal is not None
            and action in WHOLE_OR_LINES
            and sight.is_whole
            and why_not(action, replace(situation, is_whole=True)) is None
        ):
            refusal = None  # of the whole order it would be taken
        actions.append(ActionView(action, refusal is None, None if refusal is None else refusal.message))
    return actions


def performing_of(grant: Grant, order: OrderFacts, lines: Sequence[OrderLine]) -> Performing:
    """The caller as a performer of the order's steps; its permissions count as far as they reach this order."""
    caller = grant.caller

    def permits(operation: str) -> bool:
        return sight_of(grant.scopes(operation), caller, order, lines) is not None

    return Performing(caller.subject, frozenset(role.value for role in caller.roles), permits)
