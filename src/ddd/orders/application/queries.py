"""getOrder and orders: one round trip, no aggregates."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from ddd.orders.application.checkout import DEFAULT_CHANNEL
from ddd.orders.application.listing import Listing
from ddd.orders.application.ports import Found, Orders
from ddd.orders.application.reading import OrderFacts
from ddd.orders.application.sight import Sight, sight_of
from ddd.orders.application.views import OrderView
from ddd.orders.domain.parts import OrderLine
from ddd.orders.domain.workflow import Way
from ddd.shared.application.access import Grant
from ddd.shared.application.form import parse_date_time
from ddd.shared.application.pages import Page, PageRequest, encode_cursor, page_of
from ddd.shared.application.statements import Bundle, Read
from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.errors import BadArgument
from ddd.shared.domain.ids import parse_id
from ddd.shared.domain.text import is_storable

#: The parts of an order that cost a statement of their own, by the name of their field.
PARTS = frozenset({"lines", "payments", "shipments", "timeline"})


def get_order(
    caller: Caller,
    orders: Orders,
    *,
    order_id: str | None,
    order_number: str | None,
    external_ref: str | None,
    channel: str | None,
    wanted: frozenset[str] = PARTS,
) -> OrderView | None:
    """The order by exactly one of id, number and reference, or None where it is not there or not the caller's."""
    with permission_first(caller, orders, "getOrder"):
        if sum(name is not None for name in (order_id, order_number, external_ref)) != 1:
            raise BadArgument("Give exactly one of orderId, orderNumber and externalRef.")
        if channel is not None and external_ref is None:
            raise BadArgument("channel goes with externalRef only.")
    rows, tenant_id = orders.rows, caller.tenant_id
    wanted |= {"lines"}  # whose eyes see an order depends on its lines
    bundle: Bundle[list[Found]] | None = None
    if order_id is not None:
        found_id = parse_id(order_id)
        bundle = None if found_id is None else rows.by_id(tenant_id, found_id, wanted)
    elif order_number is not None:
        bundle = rows.by_number(tenant_id, order_number, wanted) if is_storable(order_number) else None
    elif external_ref is not None:
        channel = DEFAULT_CHANNEL if channel is None else channel
        if is_storable(external_ref) and is_storable(channel):
            bundle = rows.by_reference(tenant_id, channel, external_ref, wanted)
    if bundle is None:  # no id of ours: answered as one that does not exist
        (grant,) = orders.reader.fetch(caller)
        grant.require("getOrder")
        return None
    results: list[Any]
    grant, *results = orders.reader.fetch(caller, *bundle.reads)
    return _seen(bundle.assemble(*results), grant, orders)


@contextmanager
def permission_first(caller: Caller, orders: Orders, operation: str) -> Iterator[None]:
    """Around the checks of arguments: a fault is told only to a caller who may ask at all (the order of checks)."""
    try:
        yield
    except BadArgument:
        (grant,) = orders.reader.fetch(caller)
        grant.require(operation)
        raise


def order_by_id(
    caller: Caller,
    order_id: UUID,
    orders: Orders,
    sight: Callable[[Grant, OrderFacts, Sequence[OrderLine]], Sight | None],
) -> OrderView | None:
    """The order as it is now, for a replayed command, in the sight that its first answer had."""
    bundle = orders.rows.by_id(caller.tenant_id, order_id, PARTS)
    results: list[Any]
    grant, *results = orders.reader.fetch(caller, *bundle.reads)
    for facts, parts in bundle.assemble(*results):
        seen = sight(grant, facts, parts.lines)
        if seen is None:
            return None
        way = ways(caller, orders, [facts.workflow_version])[facts.workflow_version]
        return OrderView(facts, parts, seen, grant, orders.clock.now(), way)
    return None


def ways(
    caller: Caller,
    orders: Orders,
    versions: Iterable[int],
    fetch: Callable[[Sequence[Read[Any]]], Sequence[Any]] | None = None,
) -> dict[int, Way]:
    """What orders of these workflow versions go by; documents are read (a round trip) once in a process.

    `fetch`: how to read them where a transaction is open.
    """
    known = {version: orders.workflows.known(caller.tenant_id, version) for version in set(versions)}
    unread = [version for version, way in known.items() if way is None]
    if unread:
        reads = [orders.store.workflow(caller.tenant_id, version) for version in unread]
        documents = orders.reader.fetch(caller, *reads)[1:] if fetch is None else fetch(reads)
        for version, document in zip(unread, documents, strict=True):
            known[version] = orders.workflows.read(caller.tenant_id, version, document)
    return {version: way for version, way in known.items() if way is not None}


def _seen(found: Sequence[Found], grant: Grant, orders: Orders) -> OrderView | None:
    scopes = grant.require("getOrder")
    for facts, parts in found:
        sight = sight_of(scopes, grant.caller, facts, parts.lines)
        if sight is not None:
            way = ways(grant.caller, orders, [facts.workflow_version])[facts.workflow_version]
            return OrderView(facts, parts, sight, grant, orders.clock.now(), way)
    return None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of orders; `total_count` is None where it was not asked for."""

    page: Page[OrderView]
    total_count: int | None


def list_orders(
    caller: Caller,
    orders: Orders,
    listing: Listing,
    request: PageRequest,
    *,
    wanted: frozenset[str] = PARTS,
    count: bool = False,
) -> OrderPage:
    """A page of the orders in the caller's sight; what a Vendor does not see, it cannot search by either."""

    with permission_first(caller, orders, "orders"):
        request = checked(request)
    assemble: Callable[..., list[Found]] = list

    def reads(grant: Grant) -> Sequence[Read[Any]]:
        nonlocal assemble
        scopes = grant.require("orders")
        # Whose eyes see an order depends on its lines, unless they see everything.
        needed = wanted if Scope.ALL in scopes else wanted | {"lines"}
        bundle = orders.rows.page(caller, scopes, listing, request, needed)
        assemble = bundle.assemble
        return (*bundle.reads, orders.rows.count(caller, scopes, listing)) if count else bundle.reads

    grant, *results = orders.reader.ask(caller, reads)
    total = results.pop() if count else None
    scopes = grant.require("orders")
    views, cursors = [], []
    found = assemble(*results)
    by_version = ways(caller, orders, [facts.workflow_version for facts, _ in found])
    now = orders.clock.now()
    for facts, parts in found:
        sight = sight_of(scopes, caller, facts, parts.lines)
        if sight is not None:
            way = by_version[facts.workflow_version]
            views.append(OrderView(facts, parts, sight, grant, now, way))
            moment = facts.placed_at if listing.sort == "placed_at" else facts.updated_at
            cursors.append(encode_cursor(listing.sort_name, moment.isoformat(), str(facts.id)))
    return OrderPage(page_of(views, cursors, request), total)


def checked(request: PageRequest) -> PageRequest:
    """The request with its cursor's place as PostgreSQL takes it, or BadArgument."""
    if request.position is None:
        return request
    moment, last_id = parse_date_time(request.position[0]), parse_id(request.position[1])
    if moment is None or last_id is None:
        raise BadArgument("This cursor is none of ours for this list and order.")
    return replace(request, position=(moment.isoformat(), str(last_id)))
