"""holdOrder and releaseHold."""

from collections.abc import Mapping
from typing import Any

from ddd.orders.application.change_order import Change, change_order
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.orders.domain import holding
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import Refusals


def hold_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Stop the order, until released or `until`."""

    def decide(change: Change) -> list[Write] | Refusals:
        form = change.form
        reason = form.required_text("reason")
        until = form.date_time("until")
        if until is not None and until <= change.now:
            form.refuse("until", "This lies in the past.")
        if form.faults:
            return Refusals(tuple(form.faults))
        return holding.hold(change.order, reason=reason, until=until, actor=change.actor, at=change.now) or []

    return change_order(caller, given, "holdOrder", orders, decide)


def release_hold(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Let the order go on."""

    def decide(change: Change) -> list[Write] | Refusals:
        return holding.release_hold(change.order, actor=change.actor, at=change.now) or []

    return change_order(caller, given, "releaseHold", orders, decide)
