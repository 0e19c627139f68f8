"""What every change of an existing order goes through: found, in scope, at the expected version, then decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ddd.orders.application.part_views import line_number
from ddd.orders.application.ports import LineQuantity, Orders
from ddd.orders.application.queries import order_by_id
from ddd.orders.application.reading import OrderFacts, OrderParts
from ddd.orders.application.sight import Sight, sight_of
from ddd.orders.application.views import OrderView
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, OrderEvent, OrderLine
from ddd.orders.domain.workflow import PLAIN_WAY
from ddd.shared.application.access import Grant
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import parse_id

#: What a malformed id is read as: an order that is not there.
NO_ORDER = UUID(int=0)
MAX_NAMED_LINES = 500


@dataclass(slots=True)
class Change:
    """One attempt to change one order.

    `tx`: for reads that depend on the order; `read`: what came of those that did not. `part_id`: the shipment, return
    or refund that it made or changed. `is_rewritten`: it was a draft, and any part of it may have changed.
    """

    caller: Caller
    order: Order
    form: Form
    sight: Sight
    actor: Actor
    now: datetime
    grant: Grant
    tx: Transaction
    read: Sequence[Any] = ()
    part_id: UUID | None = None
    is_rewritten: bool = False

    def refusals(self) -> Refusals | None:
        """What is wrong with the input, as far as it was read."""
        return self.form.refusals


class Changed(NamedTuple):
    """The order after a change, and the part that the change was about."""

    order: OrderView | None
    part_id: UUID | None


Decide = Callable[[Change], list[Write] | Refusals]


def answered_sight(operation: str) -> Callable[[Grant, OrderFacts, Sequence[OrderLine]], Sight | None]:
    """What a command answers of the order: as `getOrder` shows it; where that does not, as the operation reaches."""

    def sight(grant: Grant, order: OrderFacts, lines: Sequence[OrderLine]) -> Sight | None:
        def by(name: str) -> Sight | None:
            return sight_of(grant.scopes(name), grant.caller, order, lines)

        return by("getOrder") or by(operation)

    return sight


def change_order(
    caller: Caller,
    given: Mapping[str, Any],
    operation: str,
    orders: Orders,
    decide: Decide,
    *,
    reads: Sequence[Read[Any]] = (),
    races: Mapping[str, Callable[[], Refusals]] | None = None,
) -> Outcome[OrderView]:
    """Lock the order, let `decide` change it, store what came of it. `decide` answers other contexts' statements.

    `reads` are sent along with the order's own, once it is locked; `races` as in UnitOfWork.
    """
    outcome = change_part(caller, given, operation, orders, decide, reads=reads, races=races)
    order = None if outcome.value is None else outcome.value.order
    return Outcome(order, outcome.errors, outcome.replayed)


def change_part(
    caller: Caller,
    given: Mapping[str, Any],
    operation: str,
    orders: Orders,
    decide: Decide,
    *,
    reads: Sequence[Read[Any]] = (),
    races: Mapping[str, Callable[[], Refusals]] | None = None,
) -> Outcome[Changed]:
    """Like `change_order`, where the change is about a part; its id is what a replayed key leads back to."""
    order_id = parse_id(given["orderId"]) or NO_ORDER

    seen_by = answered_sight(operation)

    def attempt(tx: Transaction) -> tuple[UUID, Changed] | Refusals:
        order: Order | None
        past: list[OrderEvent]
        order, lines, payments, shipments, past, *read = tx.fetch_all(
            (
                orders.store.lock(caller.tenant_id, order_id),
                orders.store.lines(caller.tenant_id, order_id),
                orders.store.payments(caller.tenant_id, order_id),
                orders.store.shipments(caller.tenant_id, order_id),
                orders.store.events(caller.tenant_id, order_id),
                *reads,
            )
        )
        if order is None:
            return _not_found()
        order.lines, order.payments, order.shipments = lines, payments, shipments
        scopes = tx.grant.scopes(operation)
        sight = sight_of(scopes, caller, order, order.lines)
        if sight is None:
            return _not_found()
        expected = given.get("expectedVersion")
        if expected is not None and expected != order.version:
            return Refusals.of(
                ErrorCode.VERSION_CONFLICT,
                f"The order is at version {order.version}.",
                ("expectedVersion",),
                {"version": order.version},
            )
        before = {"status": order.status.value, "version": order.version}
        form = Form(given)
        actor = Actor(caller.subject, tuple(sorted(caller.roles)))
        change = Change(caller, order, form, sight, actor, orders.clock.now(), tx.grant, tx, read)
        way = orders.workflows.known(caller.tenant_id, order.workflow_version)
        if way is None:
            (document,) = tx.fetch(orders.store.workflow(caller.tenant_id, order.workflow_version))
            way = orders.workflows.read(caller.tenant_id, order.workflow_version, document)
        order.way = way
        writes = decide(change)
        if isinstance(writes, Refusals):
            return writes
        if order.news:  # told twice is told once
            if way is not PLAIN_WAY:  # under the built-in workflow only a payment brings an order on by itself
                order.go_on(actor, change.now)
            after = {"status": order.status.value, "version": order.version}
            audit = AuditEntry(operation, "order", order.id, before, after)
            store = orders.drafts.rewrite if change.is_rewritten else orders.store.save
            tx.store(*writes, store(caller, order, audit))
        seen = seen_by(tx.grant, order, order.lines) or sight
        parts = OrderParts(order.lines, order.payments, order.shipments, [*past, *order.news])
        view = OrderView(order, parts, seen, tx.grant, change.now)
        return change.part_id or order.id, Changed(view, change.part_id)

    return orders.unit_of_work.run(
        caller,
        Command(operation, given.get("idempotencyKey"), given),
        attempt,
        replay=lambda id_: Changed(order_by_id(caller, order_id, orders, seen_by), None if id_ == order_id else id_),
        races=races,
    )


def chosen_quantities(change: Change) -> dict[int, int]:
    """Units by line number: of the lines named, else everything that is left of the lines in sight.

    Faults are noted in the form: a line named twice, a quantity below 1, above what is left, a line out of sight.
    """
    form, order = change.form, change.order
    given = form.raw("lines")
    if given is None:
        return order.left(line for line in order.lines if change.sight.sees(line))
    if not 1 <= len(given) <= MAX_NAMED_LINES:
        form.refuse("lines", f"Name 1 to {MAX_NAMED_LINES} lines, or leave lines out for all that is left.")
        return {}
    chosen: dict[int, int] = {}
    left = order.left(order.lines)
    for each in form.each("lines"):
        number = line_number(order.id, each.raw("orderLineId"))
        line = order.line(number) if number is not None and number <= len(order.lines) else None
        if line is None or not change.sight.sees(line):
            each.refuse("orderLineId", "The order has no such line.", ErrorCode.NOT_FOUND)
            continue
        is_named_twice = line.line_no in chosen
        if is_named_twice:
            each.refuse("orderLineId", "This line is named twice.")
        quantity = each.raw("quantity")
        if quantity < 1:
            each.refuse("quantity", "A quantity is at least 1.")
        elif not is_named_twice and quantity > left.get(line.line_no, 0):
            each.refuse("quantity", f"Only {left.get(line.line_no, 0)} are left.", ErrorCode.QUANTITY_EXCEEDED)
        chosen[line.line_no] = quantity
    return chosen


def tracked(order: Order, quantities: Mapping[int, int]) -> list[LineQuantity]:
    """The part of it that stock is kept of."""
    return [
        LineQuantity(line_no, quantity)
        for line_no, quantity in quantities.items()
        if order.line(line_no).branch_code is not None
    ]


def _not_found() -> Refusals:
    return Refusals.of(ErrorCode.NOT_FOUND, "There is no such order.", ("orderId",))
