"""placeOrder: a finalised checkout becomes an order, with its stock reserved in the same commit."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from ddd.orders.application.checkout import look_at, read_checkout
from ddd.orders.application.placement import allocate_lines, out_of_stock, placing_facts, reservations
from ddd.orders.application.ports import Catalogue, Orders, SameReference
from ddd.orders.application.queries import order_by_id
from ddd.orders.application.reading import OrderFacts, OrderParts
from ddd.orders.application.sight import WHOLE, Sight, sight_of
from ddd.orders.application.views import OrderView
from ddd.orders.domain.allocation import Availability
from ddd.orders.domain.order_number import new_order_number
from ddd.orders.domain.parts import Actor, OrderLine
from ddd.orders.domain.placing import record_placed
from ddd.shared.application.access import Grant
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Read
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id

OPERATION = "placeOrder"


def place_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Place the order, or say everything that is wrong with it. A race for stock lost is decided again, three times."""
    looked = look_at(given)
    # Made once: the order is the same one in every attempt.
    order_id = new_id()

    store = orders.store
    reads: list[Read[Any]] = [
        store.catalogue(caller.tenant_id, looked.skus),
        orders.stock.availability(caller.tenant_id, looked.skus),
    ]
    if looked.external_ref is not None:
        reads.append(store.same_reference(caller.tenant_id, looked.channel, looked.external_ref))

    def attempt(tx: Transaction) -> tuple[UUID, OrderView] | Refusals:
        # Availability is read before the key is looked up: who sees a twin's unit gone also sees the twin's key.
        seen: Catalogue | None
        available: Availability
        same: list[SameReference | None]
        seen, available, *same = tx.fetch_all(reads)
        facts, rules = placing_facts(tx, orders, caller.tenant_id, seen, same[0] if same else None)
        now = orders.clock.now()
        order = read_checkout(given, caller, facts, order_id, new_order_number(), now)
        if isinstance(order, Refusals):
            return order
        order.way = orders.workflows.read(caller.tenant_id, rules.workflow_version, rules.workflow)
        if facts.stock_tracked:
            short = allocate_lines(order, facts, available)
            if short:
                return out_of_stock(short)
            held = reservations(order)
            if held:
                tx.store(orders.stock.reserve(caller.tenant_id, order.id, held, now))
        record_placed(order, Actor(caller.subject, tuple(sorted(caller.roles))), now)
        audit = AuditEntry(OPERATION, "order", order.id, after={"status": order.status.value, "version": order.version})
        tx.store(orders.store.insert(caller, order, audit))
        sight = _makers_sight(tx.grant, order, order.lines)
        parts = OrderParts(order.lines, order.payments, order.shipments, order.news)
        return order.id, OrderView(order, parts, sight, tx.grant, now)

    def short_of_stock() -> Refusals:
        # Which line lost the last race is known by a fresh read only; three were lost, so name them all.
        return out_of_stock(range(1, len(given["lines"]) + 1))

    races = dict.fromkeys(orders.shortages, short_of_stock)
    races[orders.store.NUMBER_TAKEN] = number_taken
    races[orders.store.EXTERNAL_REF_TAKEN] = reference_taken
    return orders.unit_of_work.run(
        caller,
        Command(OPERATION, given.get("idempotencyKey"), given),
        attempt,
        replay=lambda id_: order_by_id(caller, id_, orders, _makers_sight),
        races=races,
    )


def _makers_sight(grant: Grant, order: OrderFacts, lines: Sequence[OrderLine]) -> Sight:
    """What the caller that placed the order is answered, also where it went to branches or vendors beyond its reach."""
    scopes = grant.scopes("getOrder") or grant.scopes(OPERATION)
    sight = sight_of(scopes, grant.caller, order, lines)
    if sight is not None:
        return sight
    reaches_as_vendor = Scope.VENDOR in scopes and Scope.BRANCH not in scopes
    return Sight(grant.caller.vendor_id) if reaches_as_vendor else WHOLE


def number_taken() -> Refusals:
    raise RuntimeError("three order numbers in a row were taken")


def reference_taken() -> Refusals:
    return Refusals.of(
        ErrorCode.ALREADY_EXISTS,
        "An order with this channel and external reference is there already.",
        ("externalRef",),
    )
