"""submitOrder and fulfilOrder: a draft is placed, and all of it leaves at once."""

from collections.abc import Mapping
from typing import Any

from ddd.orders.application.change_order import NO_ORDER, Change, change_order, tracked
from ddd.orders.application.checkout import check_expected, read_checkout
from ddd.orders.application.draft_input import as_input
from ddd.orders.application.placement import allocate_lines, placing_facts, reservations, short_lines
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.orders.domain import drafting
from ddd.orders.domain.actions import guard
from ddd.orders.domain.order import Order
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import Refusals
from ddd.shared.domain.ids import new_id, parse_id

SUBMIT, FULFIL = "submitOrder", "fulfilOrder"


def submit_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Place the draft: checked as a checkout is, by the catalogue and branches of now; its stock is reserved with it.

    A race for stock lost is decided again, three times.
    """
    seen_last: list[Order] = []

    def decide(change: Change) -> list[Write] | Refusals:
        order, form, tx = change.order, change.form, change.tx
        tenant_id = caller.tenant_id
        seen_last[:] = [order]
        expected = form.amount("expectedTotal", order.currency, default=None)
        check_expected(form, expected, order.total, order.currency)
        refused = change.refusals() or guard(SUBMIT, order, change.now)
        if refused is not None:
            return refused
        skus = sorted(line.sku for line in order.lines)
        seen, available = tx.fetch(orders.store.catalogue(tenant_id, skus), orders.stock.availability(tenant_id, skus))
        facts, rules = placing_facts(tx, orders, tenant_id, seen, None)
        checked = read_checkout(as_input(order), caller, facts, order.id, order.order_number, change.now)
        if isinstance(checked, Refusals):
            return checked
        writes = []
        if facts.stock_tracked:
            short = allocate_lines(order, facts, available)
            if short:
                return short_lines(order, short, "No branch can serve this line.")
            held = reservations(order)
            if held:
                writes.append(orders.stock.reserve_again(tenant_id, order.id, held, change.now))
        way = orders.workflows.read(tenant_id, rules.workflow_version, rules.workflow)
        drafting.submit(order, version=rules.workflow_version, way=way, actor=change.actor, at=change.now)
        change.is_rewritten = True
        return writes

    def short_of_stock() -> Refusals:
        # Which line lost the last race is known by a fresh read only; three were lost, so name them all.
        (order,) = seen_last
        return short_lines(order, [line.line_no for line in order.lines], "No branch can serve this line.")

    races = dict.fromkeys(orders.shortages, short_of_stock)
    return change_order(caller, given, SUBMIT, orders, decide, races=races)


def fulfil_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Every open unit leaves in this commit, or none. Its stock is locked before anything is decided."""

    def decide(change: Change) -> list[Write] | Refusals:
        order = change.order
        refused = guard(FULFIL, order, change.now)
        if refused is not None:
            return refused
        held = tracked(order, order.left(order.lines))
        (on_hand,) = change.read
        short = [line_no for line_no, units in held if on_hand.get(line_no, 0) < units]
        if short:
            return short_lines(order, short, "Less of it is on hand than the order needs.")
        refused = drafting.fulfil(order, shipment_id=new_id(), actor=change.actor, at=change.now)
        if refused is not None or not held:
            return refused or []
        return [orders.stock.issue_audited(caller, FULFIL, order.id, held, change.now, order.order_number)]

    order_id = parse_id(given["orderId"]) or NO_ORDER
    return change_order(
        caller, given, FULFIL, orders, decide, reads=(orders.stock.lock_held(caller.tenant_id, order_id),)
    )
