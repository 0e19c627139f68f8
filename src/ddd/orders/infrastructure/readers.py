"""Queries about orders: named statements, rows in, facts and parts out."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from ddd.orders.application.listing import Listing, Span
from ddd.orders.application.ports import Found
from ddd.orders.application.reading import OrderParts
from ddd.orders.infrastructure.rows import (
    EVENT_COLUMNS,
    LINE_COLUMNS,
    ORDER_COLUMNS,
    PAYMENT_COLUMNS,
    SHIPMENT_COLUMNS,
    OrderRow,
    event_of,
    line_of,
    payment_of,
    shipment_of,
)
from ddd.shared.application.pages import PageRequest
from ddd.shared.application.statements import Bundle, Read
from ddd.shared.domain.caller import Caller, Scope

_ORDERS = f"""
SELECT {ORDER_COLUMNS} FROM orders_order o JOIN orders_person p ON p.tenant_id = o.tenant_id AND p.order_id = o.id
WHERE o.tenant_id = $1 AND """


class _Part(NamedTuple):
    """One kind of parts: its statement up to the ids, its order, what a row becomes, its place in OrderParts."""

    sql: str
    order: str
    build: Callable[[tuple[Any, ...]], Any]


def _part(columns: str, table: str, alias: str, order: str, build: Callable[[tuple[Any, ...]], Any]) -> _Part:
    sql = (
        f"SELECT {alias}.order_id, {columns} FROM {table} {alias} WHERE {alias}.tenant_id = $1 AND {alias}.order_id = "
    )
    return _Part(sql, f" ORDER BY {alias}.order_id, {order}", build)


#: By the name of the field that shows them, in the order of OrderParts.
PARTS = {
    "lines": _part(LINE_COLUMNS, "orders_line", "l", "l.line_no", line_of),
    "payments": _part(PAYMENT_COLUMNS, "orders_payment", "y", "y.payment_no", payment_of),
    "shipments": _part(SHIPMENT_COLUMNS, "orders_shipment", "s", "s.id", shipment_of),
    "timeline": _part(EVENT_COLUMNS, "orders_event", "e", "e.sequence", event_of),
}
#: Others than staff do not see a draft before that.
_WAS_SUBMITTED = "(o.submitted_at IS NOT NULL OR o.sent_back_at IS NOT NULL)"
_BY_ID = "$2::uuid"
_BY_NUMBER = "(SELECT id FROM orders_order WHERE tenant_id = $1 AND order_number = $2)"
_BY_REFERENCE = "(SELECT id FROM orders_order WHERE tenant_id = $1 AND channel = $2 AND external_ref = $3)"


class PostgresOrderReader:
    """See `ddd.orders.application.ports.OrderReader`."""

    def by_id(self, tenant_id: str, order_id: UUID, wanted: frozenset[str]) -> Bundle[list[Found]]:
        return bundle_of(f"o.id = {_BY_ID}", _BY_ID, (tenant_id, str(order_id)), wanted)

    def by_number(self, tenant_id: str, number: str, wanted: frozenset[str]) -> Bundle[list[Found]]:
        return bundle_of(f"o.id = {_BY_NUMBER}", _BY_NUMBER, (tenant_id, number), wanted)

    def by_reference(self, tenant_id: str, channel: str, reference: str, wanted: frozenset[str]) -> Bundle[list[Found]]:
        return bundle_of(f"o.id = {_BY_REFERENCE}", _BY_REFERENCE, (tenant_id, channel, reference), wanted)

    def page(
        self, caller: Caller, scopes: frozenset[Scope], listing: Listing, request: PageRequest, wanted: frozenset[str]
    ) -> Bundle[list[Found]]:
        where = _Where(caller.tenant_id)
        where.add_listing(caller, scopes, listing)
        descending = listing.is_descending != request.is_backward
        sort = f"o.{listing.sort}"
        if request.position is not None:
            at, order_id = request.position
            where.add(f"({sort}, o.id) {'<' if descending else '>'} ({{}}::timestamptz, {{}}::uuid)", at, order_id)
        direction = "DESC" if descending else "ASC"
        tail = f"{where} ORDER BY {sort} {direction}, o.id {direction} LIMIT {request.size + 1}"
        ids = f"ANY (ARRAY(SELECT o.id FROM orders_order o {where.join} WHERE o.tenant_id = $1 AND {tail}))"
        return bundle_of(tail, ids, where.params, wanted)

    def count(self, caller: Caller, scopes: frozenset[Scope], listing: Listing) -> Read[int]:
        where = _Where(caller.tenant_id)
        where.add_listing(caller, scopes, listing)
        sql = f"SELECT count(*) FROM orders_order o {where.join} WHERE o.tenant_id = $1 AND {where}"
        return Read(sql, where.params, lambda rows: int(rows[0][0]))


def bundle_of(
    condition: str, ids: str, params: Sequence[Any], wanted: frozenset[str], *, locks: bool = False
) -> Bundle[list[Found]]:
    """The orders of the condition on `o`, which may say how they are sorted and locked; and the parts of their ids."""
    kinds = [name for name in PARTS if name in wanted]
    reads: list[Read[Any]] = [Read(_ORDERS + condition, params, lambda rows: list(map(OrderRow._make, rows)), locks)]
    for name in kinds:
        part = PARTS[name]
        reads.append(Read(part.sql + ids + part.order, params, _grouped(part.build)))

    def assemble(rows: list[OrderRow], *parts: _Groups) -> list[Found]:
        read = dict(zip(kinds, parts, strict=True))
        groups = [read.get(name, {}) for name in PARTS]
        return [(row, OrderParts(*[group.get(row.id.int, ()) for group in groups])) for row in rows]

    return Bundle(reads, assemble)


#: Parts by their order's id, as an integer: a UUID's own hash and comparison are written in Python.
_Groups = dict[int, list[Any]]


def _grouped(build: Callable[[tuple[Any, ...]], Any]) -> Callable[[list[tuple[Any, ...]]], _Groups]:
    def group(rows: list[tuple[Any, ...]]) -> _Groups:
        groups: _Groups = defaultdict(list)
        for row in rows:
            groups[row[0].int].append(build(row[1:]))
        return groups

    return group


class _Where:
    """A condition in the making, with its parameters; `$1` is the tenant."""

    def __init__(self, tenant_id: str) -> None:
        self.params: list[Any] = [tenant_id]
        self.join = ""
        self._conditions: list[str] = []

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "true"

    def part(self, condition: str, *params: Any) -> str:
        """The condition with `{}` replaced by numbered placeholders."""
        numbers = []
        for value in params:
            self.params.append(value)
            numbers.append(f"${len(self.params)}")
        return condition.format(*numbers)

    def add(self, condition: str, *params: Any) -> None:
        self._conditions.append(self.part(condition, *params))

    def add_listing(self, caller: Caller, scopes: frozenset[Scope], listing: Listing) -> None:
        """What the caller sees, cut down by what it asks for."""
        whole = self._seen_whole(caller, scopes)
        as_vendor = Scope.VENDOR in scopes and whole != "true"
        if listing.status:
            self.add("o.status = ANY ({}::text[])", list(listing.status))
        if listing.channel is not None:
            self.add("o.channel = {}", listing.channel)
        if listing.ids is not None:
            self.add("o.id = ANY ({}::uuid[])", [str(each) for each in listing.ids])
        if listing.older_than is not None:
            self.add("o.workflow_version < {}::integer", str(listing.older_than))
            self.add("o.status NOT IN ('COMPLETED', 'CANCELLED')")
        if listing.workflow_version is not None:
            self.add("o.workflow_version = {}::integer", str(listing.workflow_version))
        self._add_span("placed_at", listing.placed_at)
        self._add_span("updated_at", listing.updated_at)
        # From here on it matters through whose eyes: a Vendor does not search by what it does not see.
        all_eyes = [whole, *self._hidden_from_vendors(listing), *self._about_lines(listing, "true")]
        views = [" AND ".join(all_eyes)]
        if as_vendor and not (listing.payment_status or listing.customer_id is not None or listing.customer_email):
            own = self.part("(l.vendor_id = {} OR l.vendor_id IS NULL)", caller.vendor_id)
            vendor = [_WAS_SUBMITTED, _some_line(own), *self._about_lines(listing, own)]
            if listing.search:
                vendor.append(self._search(listing.search, with_email=False))
            views.append(" AND ".join(vendor))
        self._conditions.append("(" + " OR ".join(f"({view})" for view in views) + ")")

    def _seen_whole(self, caller: Caller, scopes: frozenset[Scope]) -> str:
        if Scope.ALL in scopes or (Scope.BRANCH in scopes and caller.branches is None):
            return "true"
        views = []
        if Scope.BRANCH in scopes:
            codes = list(caller.branches or ())
            views.append(
                self.part("o.branch_code = ANY ({}::text[])", codes)
                + " OR "
                + _some_line(self.part("l.branch_code = ANY ({}::text[])", codes))
            )
        if Scope.OWN in scopes:
            views.append(self.part("o.customer_id = {}", caller.customer_id) + f" AND {_WAS_SUBMITTED}")
        return "(" + " OR ".join(views) + ")" if views else "false"

    def _hidden_from_vendors(self, listing: Listing) -> list[str]:
        conditions = []
        if listing.payment_status:
            conditions.append(self.part("o.payment_status = ANY ({}::text[])", list(listing.payment_status)))
        if listing.customer_id is not None:
            conditions.append(self.part("o.customer_id = {}", listing.customer_id))
        if listing.customer_email:
            self._join_person()
            conditions.append(self.part("p.email_folded = {}", listing.customer_email))
        if listing.search:
            conditions.append(self._search(listing.search, with_email=True))
        return conditions

    def _about_lines(self, listing: Listing, seen: str) -> list[str]:
        conditions = []
        if listing.vendor_id is not None:
            conditions.append(_some_line(self.part("l.vendor_id = {}", listing.vendor_id) + f" AND {seen}"))
        if listing.sku is not None:
            conditions.append(_some_line(self.part("l.sku = {}", listing.sku) + f" AND {seen}"))
        if listing.branch_code is not None:
            allocated = _some_line(self.part("l.branch_code = {}", listing.branch_code) + f" AND {seen}")
            conditions.append(self.part("(o.branch_code = {} OR ", listing.branch_code) + allocated + ")")
        return conditions

    def _search(self, text: str, *, with_email: bool) -> str:
        """Exact number or reference, or a prefix in any case: a range, so that the index serves it under any plan."""
        self._join_person()
        folded = text.casefold()
        until = folded + "\U0010ffff"
        conditions = [
            self.part("o.order_number = {}", text),
            self.part("o.external_ref = {}", text),
            self.part("(p.last_name_folded >= {} AND p.last_name_folded < {})", folded, until),
        ]
        if with_email:
            conditions.append(self.part("(p.email_folded >= {} AND p.email_folded < {})", folded, until))
        return "(" + " OR ".join(conditions) + ")"

    def _add_span(self, column: str, span: Span) -> None:
        if span.start is not None:
            self.add(f"o.{column} >= {{}}::timestamptz", span.start.isoformat())
        if span.until is not None:
            self.add(f"o.{column} < {{}}::timestamptz", span.until.isoformat())

    def _join_person(self) -> None:
        self.join = "JOIN orders_person p ON p.tenant_id = o.tenant_id AND p.order_id = o.id"


def _some_line(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM orders_line l WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id AND {condition})"
