"""createDraftOrder and editDraftOrder: a branch's order before it is placed. It reserves nothing, and nobody pays."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ddd.orders.application.change_order import Change, answered_sight, change_order
from ddd.orders.application.checkout import look_at, read_checkout
from ddd.orders.application.draft_input import FIELDS, as_input, draft_of
from ddd.orders.application.place_order import number_taken, reference_taken
from ddd.orders.application.placement import placing_facts
from ddd.orders.application.ports import BranchSnapshot, Catalogue, Orders, PlacingFacts, SameReference
from ddd.orders.application.queries import order_by_id
from ddd.orders.application.reading import OrderParts
from ddd.orders.application.sight import WHOLE
from ddd.orders.application.views import OrderView
from ddd.orders.domain import drafting
from ddd.orders.domain.order import Order
from ddd.orders.domain.order_number import new_order_number
from ddd.orders.domain.parts import Actor
from ddd.shared.application.access import Grant
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id

CREATE, EDIT = "createDraftOrder", "editDraftOrder"


def create_draft_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Write a draft, or say everything that is wrong with it. Lines may wait; all else is read as a checkout is.

    FORBIDDEN at `branchCode` where the caller's permission does not reach the branch.
    """
    written = draft_of(given)
    looked = look_at(written)
    order_id = new_id()
    store = orders.store
    reads: list[Read[Any]] = [store.catalogue(caller.tenant_id, looked.skus)]
    if looked.external_ref is not None:
        reads.append(store.same_reference(caller.tenant_id, looked.channel, looked.external_ref))

    def attempt(tx: Transaction) -> tuple[UUID, OrderView] | Refusals:
        seen: Catalogue | None
        same: list[SameReference | None]
        seen, *same = tx.fetch_all(reads)
        facts, rules = placing_facts(tx, orders, caller.tenant_id, seen, same[0] if same else None)
        refused = _out_of_reach(tx.grant, CREATE, written)
        if refused is not None:
            return refused
        now = orders.clock.now()
        checked = {**written, "expectedTotal": given.get("expectedTotal")}
        order = read_checkout(checked, caller, facts, order_id, new_order_number(), now, fewest_lines=0)
        if isinstance(order, Refusals):
            return order
        order.way = orders.workflows.read(caller.tenant_id, rules.workflow_version, rules.workflow)
        drafting.record_drafted(order, Actor(caller.subject, tuple(sorted(caller.roles))), now)
        audit = AuditEntry(CREATE, "order", order.id, after={"status": order.status.value, "version": order.version})
        tx.store(store.insert(caller, order, audit))
        sight = answered_sight(CREATE)(tx.grant, order, order.lines) or WHOLE
        return order.id, OrderView(order, OrderParts(order.lines, events=order.news), sight, tx.grant, now)

    return orders.unit_of_work.run(
        caller,
        Command(CREATE, given.get("idempotencyKey"), given),
        attempt,
        replay=lambda id_: order_by_id(caller, id_, orders, answered_sight(CREATE)),
        races={store.NUMBER_TAKEN: number_taken, store.EXTERNAL_REF_TAKEN: reference_taken},
    )


def edit_draft_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Replace the fields that are given, each as a whole: null clears what may be absent. Told twice is told once."""
    written = draft_of(given)

    def decide(change: Change) -> list[Write] | Refusals:
        order, tx = change.order, change.tx
        refused = _out_of_reach(change.grant, EDIT, written) if "branchCode" in written else None
        if refused is not None:
            return refused
        before = as_input(order)
        merged = {**before, **written}
        wanted = look_at(merged)
        same = None
        if wanted.external_ref is not None and (wanted.channel, wanted.external_ref) != (
            order.channel,
            order.external_ref,
        ):
            (same,) = tx.fetch(orders.store.same_reference(caller.tenant_id, wanted.channel, wanted.external_ref))
        facts, _ = placing_facts(tx, orders, caller.tenant_id, change.read[0], same)
        revised = read_checkout(
            {**merged, "expectedTotal": given.get("expectedTotal")},
            caller,
            _with_what_stands(facts, order, written),
            order.id,
            order.order_number,
            change.now,
            fewest_lines=0,
        )
        if isinstance(revised, Refusals):
            return revised
        after = as_input(revised)
        fields = [name for name in FIELDS if before[name] != after[name]]
        change.is_rewritten = True
        return drafting.edit(order, revised, fields, actor=change.actor, at=change.now) or []

    # A field that is null and one that is absent are not the same input here, as they are everywhere else.
    cleared = sorted(name for name, value in written.items() if value is None)
    return change_order(
        caller,
        {**given, "cleared": cleared} if cleared else given,
        EDIT,
        orders,
        decide,
        reads=(orders.store.catalogue(caller.tenant_id, look_at(written).skus),),
        races={orders.store.EXTERNAL_REF_TAKEN: reference_taken},
    )


def _with_what_stands(facts: PlacingFacts, order: Order, written: Mapping[str, Any]) -> PlacingFacts:
    """What an edit leaves alone is not judged anew: what was closed meanwhile is told when the draft is submitted."""
    if "lines" not in written:
        facts = facts._replace(item_names={line.sku: line.name for line in order.lines})
    if "branchCode" not in written and order.branch_code is not None:
        facts = facts._replace(branches=(BranchSnapshot(order.branch_code, 0, archived=False),))
    return facts


def _out_of_reach(grant: Grant, operation: str, written: Mapping[str, Any]) -> Refusals | None:
    """Why the caller may not draft for the branch named (or for none), or None."""
    reached = grant.branches(operation)
    if reached is None or written.get("branchCode") in reached:
        return None
    return Refusals.of(ErrorCode.FORBIDDEN, "Your permission does not reach this branch.", ("branchCode",))
