"""migrateOrders: open orders go on under a newer version of their tenant's workflow, a page at a time.

A dry run reads: it lists what would become of each order, and hands out a plan. A run takes the plan and moves its
orders in one transaction: those of which the same still comes, and no others. Both make the move by the same rule, on
the order itself; the dry run throws it away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ddd.orders.application.listing import Listing
from ddd.orders.application.migration_input import cursor_name, missing_orders, no_plan, read_choice, read_plan
from ddd.orders.application.migration_plan import Planned, encode_plan, planned
from ddd.orders.application.migration_views import MigrationOutcome, MigrationView, view_of
from ddd.orders.application.ports import Found, Orders
from ddd.orders.application.queries import ways
from ddd.orders.application.reading import order_of
from ddd.orders.domain.migration import Migration, Stand, migrate
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor
from ddd.orders.domain.status import OrderStatus
from ddd.orders.domain.workflow import Way
from ddd.shared.application.access import Grant
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.pages import PageRequest, encode_cursor
from ddd.shared.application.statements import Read
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id
from ddd.shared.domain.text import fault_of

_OPERATION: Final = "migrateOrders"
_ALL: Final = frozenset({Scope.ALL})
#: What conditions ask about stands in these.
_PARTS: Final = frozenset({"lines", "payments"})
#: A dry run's move, which nobody hears of.
_NO_RUN: Final = UUID(int=0)
_OTHERWISE: Final = "Something else would come of it now than the dry run listed."


def migrate_orders(
    caller: Caller, given: Mapping[str, Any], orders: Orders, *, count: bool = False
) -> Outcome[MigrationView]:
    """List what moving would do, or (`dryRun` false) move the orders of a plan. `count`: tell how many there are."""
    if given.get("dryRun", True):
        return _dry_run(caller, given, orders, count=count)
    return _run(caller, given, orders)


def _dry_run(caller: Caller, given: Mapping[str, Any], orders: Orders, *, count: bool) -> Outcome[MigrationView]:
    version, form = given["toVersion"], Form(given)
    listing, request = read_choice(form, version)
    if form.has("plan"):
        form.refuse("plan", "A dry run makes a plan; a run (dryRun: false) takes it.")
    key = given.get("idempotencyKey")
    if key is not None and (fault := fault_of(key, required=True)) is not None:
        form.refuse("idempotencyKey", fault)
    known = orders.workflows.known(caller.tenant_id, version)
    bundle = orders.rows.page(caller, _ALL, listing, request, _PARTS)
    counting = [orders.rows.count(caller, _ALL, listing)] if count else []

    def reads(grant: Grant) -> Sequence[Read[Any]]:
        grant.require(_OPERATION)
        asked = [] if known else [orders.store.workflow(caller.tenant_id, version)]
        return asked if form.faults else [*asked, *bundle.reads, *counting]

    results: list[Any]
    _, *results = orders.reader.ask(caller, reads)
    way = _way(caller, orders, version, known, results)
    if isinstance(way, Refusals) or form.faults:
        return Outcome(None, (*(way.items if isinstance(way, Refusals) else ()), *form.faults))
    total = results.pop() if count else None
    found: list[Found] = bundle.assemble(*results)
    page = found[: request.size]
    missing = missing_orders(form, {facts.id for facts, _ in page})
    if missing:
        return Outcome(None, missing)
    now, by_version = orders.clock.now(), ways(caller, orders, [facts.workflow_version for facts, _ in page])
    listed, entries = [], []
    for facts, parts in page:
        order = order_of(facts, parts, by_version[facts.workflow_version])
        migration = migrate(order, version, way, migration_id=_NO_RUN, actor=_actor(caller), at=now)
        outcome = MigrationOutcome.MOVABLE if migration.obstacle is None else MigrationOutcome.BLOCKED
        listed.append(view_of(order, outcome, migration))
        entries.append(planned(order.id, facts.version, migration))
    view = MigrationView(version, True, listed, total_count=total)
    if view.movable:
        view = replace(view, plan=encode_plan(version, entries))
    if len(found) > request.size:
        last = page[-1][0]
        view = replace(view, end_cursor=encode_cursor(cursor_name(version), last.placed_at.isoformat(), str(last.id)))
    return Outcome(view)


def _run(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[MigrationView]:
    version, form = given["toVersion"], Form(given)
    entries = read_plan(form, version)
    migration_id = new_id()
    known = orders.workflows.known(caller.tenant_id, version)
    locked = orders.migrations.lock(caller.tenant_id, [each.order_id for each in entries])

    def attempt(tx: Transaction) -> tuple[UUID, MigrationView] | Refusals:
        asked = [] if known else [orders.store.workflow(caller.tenant_id, version)]
        results = list(tx.fetch_all([*asked, *locked.reads] if entries else asked))
        way = _way(caller, orders, version, known, results)
        if isinstance(way, Refusals) or form.faults:
            return Refusals((*(way.items if isinstance(way, Refusals) else ()), *form.faults))
        found = {facts.id: (facts, parts) for facts, parts in locked.assemble(*results)}
        if len(found) < len(entries):  # orders are never deleted: they are another tenant's, or nobody's
            return Refusals((no_plan(),))
        by_version = ways(caller, orders, [each.workflow_version for each, _ in found.values()], tx.fetch_all)
        now, listed, moved = orders.clock.now(), [], []
        for entry in entries:
            facts, parts = found[entry.order_id]
            order = order_of(facts, parts, by_version[facts.workflow_version])
            outcome, migration = _try(order, entry, version, way, migration_id, caller, now)
            listed.append(view_of(order, outcome, migration))
            if outcome is MigrationOutcome.MOVED:
                moved.append((order, _audit(order, migration, facts.version)))
        if moved:
            tx.store(orders.migrations.save(caller, moved))
        return migration_id, MigrationView(version, False, listed)

    return orders.unit_of_work.run(
        caller,
        Command(_OPERATION, given.get("idempotencyKey"), given),
        attempt,
        replay=lambda run_id: _replayed(caller, orders, version, entries, run_id),
    )


def _way(caller: Caller, orders: Orders, version: int, known: Way | None, results: list[Any]) -> Way | Refusals:
    """The version that orders are to move to; its document, where it was read, is the first of the results."""
    if known is not None:
        return known
    document = results.pop(0)
    if not document:
        return Refusals.of(ErrorCode.NOT_FOUND, f"No version {version} was published.", ("toVersion",))
    return orders.workflows.read(caller.tenant_id, version, document)


def _try(
    order: Order, entry: Planned, version: int, way: Way, migration_id: UUID, caller: Caller, now: datetime
) -> tuple[MigrationOutcome, Migration]:
    """Move the order where what comes of it is what the plan says; one that is not MOVED is not to be stored."""
    seen = order.version
    migration = migrate(order, version, way, migration_id=migration_id, actor=_actor(caller), at=now)
    if seen != entry.version:
        return _changed(migration.before, "The order has changed since the dry run.")
    if planned(order.id, seen, migration) != entry:
        return _changed(migration.before, _OTHERWISE)
    return MigrationOutcome.MOVED if migration.obstacle is None else MigrationOutcome.BLOCKED, migration


def _changed(stand: Stand, why: str) -> tuple[MigrationOutcome, Migration]:
    return MigrationOutcome.CHANGED, Migration(stand, stand, why)


def _actor(caller: Caller) -> Actor:
    return Actor(caller.subject, tuple(sorted(caller.roles)))


def _audit(order: Order, migration: Migration, version: int) -> AuditEntry:
    before, after = migration.before, migration.after
    return AuditEntry(
        _OPERATION,
        "order",
        order.id,
        {"status": before.status.value, "version": version, "workflowVersion": before.workflow_version},
        {"status": after.status.value, "version": order.version, "workflowVersion": after.workflow_version},
    )


def _replayed(caller: Caller, orders: Orders, version: int, entries: Sequence[Planned], run_id: UUID) -> MigrationView:
    """The plan's orders as they are now: how those that this run moved stood before is told by their timelines."""
    listing = Listing(ids=tuple(each.order_id for each in entries))
    bundle = orders.rows.page(caller, _ALL, listing, PageRequest(len(entries), False, None), _PARTS | {"timeline"})
    results: list[Any]
    _, *results = orders.reader.fetch(caller, *bundle.reads)
    found = {facts.id: (facts, parts) for facts, parts in bundle.assemble(*results)}
    by_version = ways(caller, orders, {version, *(each.workflow_version for each, _ in found.values())})
    listed = []
    for entry in entries:
        facts, parts = found[entry.order_id]
        order = order_of(facts, parts, by_version[facts.workflow_version])
        told = (each.data for each in parts.events if each.type == "order.migrated")
        moved = next((data for data in told if data["migrationId"] == str(run_id)), None)
        if moved is not None:
            listed.append(view_of(order, MigrationOutcome.MOVED, Migration(_before(moved), Stand.of(order))))
            continue
        outcome, migration = _try(order, entry, version, by_version[version], _NO_RUN, caller, orders.clock.now())
        if outcome is MigrationOutcome.MOVED:  # by now it could, but this run did not
            outcome, migration = _changed(migration.before, _OTHERWISE)
        listed.append(view_of(order, outcome, migration))
    return MigrationView(version, False, listed)


def _before(moved: Mapping[str, Any]) -> Stand:
    """How an order stood before a move, as its event tells."""
    expired = moved["expiresAt"]["before"]
    return Stand(
        moved["workflowVersion"]["before"],
        OrderStatus(moved["status"]["before"]),
        tuple(moved["openSteps"]["before"]),
        moved["activityStatus"]["before"],
        None if expired is None else datetime.fromisoformat(expired),
    )
