"""One page of a browsing list: filtered, ordered and cut by keyset, loading the columns that the client selected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import strawberry
import strawberry_django
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from graphql import GraphQLObjectType
from strawberry_django.optimizer import optimize

from bff.graphql.selection import fields_at, selected
from bff.graphql.types.common import Info, PageInfo, given
from ddd.shared.application.pages import PageRequest, encode_cursor, page_of, page_request
from ddd.shared.domain.errors import BadArgument
from ddd.shared.domain.text import fault_of

Node = TypeVar("Node")

_OF_THE_PAGE = frozenset({"edges", "nodes", "pageInfo"})


@strawberry.type
class Edge(Generic[Node]):
    cursor: str
    node: Node


@strawberry.type
class Connection(Generic[Node]):
    page_info: PageInfo
    edges: list[Edge[Node]]
    nodes: list[Node]
    total_count: int


@dataclass(frozen=True, slots=True)
class Paging:
    """The arguments by which a client asks for a page."""

    first: int | None
    after: str | None
    last: int | None
    before: str | None


@dataclass(frozen=True, slots=True)
class Browsing:
    """One browsing list.

    `operation`: its name, for the permission. `node`: the GraphQL type. `sorts`: the client's word -> the columns, the
    last of which makes the order total; the first word is the default. `branch`: the column that holds a branch's code,
    by which a permission for some branches narrows; None where rows belong to no branch.
    """

    operation: str
    node: str
    model: type[Model]
    sorts: Mapping[str, tuple[str, ...]]
    branch: str | None


def browse(
    info: Info, listing: Browsing, filter_: object | None, order_by: object | None, paging: Paging
) -> Connection[Any]:
    """The page that a client asks for: one query, and one more where it asks for `totalCount`.

    Raises PermissionMissing, BadArgument.
    """
    rows = _visible(info, listing)
    sort = {} if order_by is None else given(order_by)
    word = sort.get("field") or next(iter(listing.sorts))
    is_descending = (sort.get("direction") or "ASC") == "DESC"
    columns = listing.sorts[word]
    name = f"{listing.operation}.{word}.{'desc' if is_descending else 'asc'}"
    request = page_request(name, paging.first, paging.after, paging.last, paging.before, parts=len(columns))
    place = _place(listing.model, columns, request)
    rows = _filtered(info, rows, filter_)
    asked = selected(info._raw_info)
    found = _page_rows(info, listing, rows, columns, place, request, is_descending) if asked & _OF_THE_PAGE else []
    marks = [encode_cursor(name, *(str(getattr(row, column)) for column in columns)) for row in found]
    page = page_of(found, marks, request)
    return Connection(
        page_info=PageInfo(
            has_next_page=page.has_next_page,
            has_previous_page=page.has_previous_page,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, page.nodes, strict=True)],
        nodes=list(page.nodes),
        total_count=rows.count() if "totalCount" in asked else 0,
    )


def _visible(info: Info, listing: Browsing) -> QuerySet[Any]:
    """The rows that the caller may see. The tenant is named here and enforced again by row-level security."""
    grant = info.context.grant
    if grant is None:
        raise RuntimeError("a browsing list runs in a read scope")
    grant.require(listing.operation)
    rows = listing.model._default_manager.filter(tenant_id=grant.caller.tenant_id)
    reach = grant.branches(listing.operation)
    if listing.branch is None or reach is None:
        return rows
    return rows.filter(**{f"{listing.branch}__in": reach})


def _filtered(info: Info, rows: QuerySet[Any], filter_: Any) -> QuerySet[Any]:
    if filter_ is None:
        return rows
    for field in filter_.__strawberry_definition__.fields:
        value = getattr(filter_, field.python_name)
        fault = fault_of(value) if isinstance(value, str) else None
        if fault is not None:
            name = info.schema.config.name_converter.get_graphql_name(field)
            raise BadArgument(f"filter.{name}: {fault}")
    return strawberry_django.filters.apply(filter_, rows, info)


def _place(model: type[Model], columns: tuple[str, ...], request: PageRequest) -> tuple[Value, ...] | None:
    """The row that the cursor names, as values of its columns. Raises BadArgument."""
    if request.position is None:
        return None
    values = []
    for column, text in zip(columns, request.position, strict=True):
        field: Any = model._meta.get_field(column)
        field = getattr(field, "output_field", field)  # a generated column has its type inside
        try:
            value = field.to_python(text)
            field.run_validators(value)  # an integer's range
        except ValidationError:
            value = None
        if str(value) != text:
            raise BadArgument("This cursor is none of ours for this list and order.")
        values.append(Value(value, output_field=field))
    return tuple(values)


def _page_rows(
    info: Info,
    listing: Browsing,
    rows: QuerySet[Any],
    columns: tuple[str, ...],
    place: tuple[Value, ...] | None,
    request: PageRequest,
    is_descending: bool,
) -> list[Any]:
    """Up to one more row than the page has, in the direction in which it is walked."""
    down = is_descending != request.is_backward
    if place is not None:
        rows = rows.filter(_Beyond(_Row(*map(F, columns)), _Row(*place), down=down))
    rows = rows.order_by(*(f"-{column}" if down else column for column in columns))
    return list(rows.only(*columns, *_selected_columns(info, listing, rows))[: request.size + 1])


def _selected_columns(info: Info, listing: Browsing, rows: QuerySet[Any]) -> set[str]:
    """What strawberry-django's optimizer would load for each place in the document where a node is selected.

    Asked place by place: two places may give one alias to different fields.
    """
    raw = info._raw_info
    returned = cast(GraphQLObjectType, raw.schema.get_type(listing.node))
    columns: set[str] = set()
    for field_node in (*fields_at(raw, "nodes"), *fields_at(raw, "edges", "node")):
        narrowed = raw._replace(field_nodes=[field_node], return_type=returned)
        columns |= set(optimize(rows.all(), narrowed).query.deferred_loading[0])
    return columns


class _Row(Func):
    """Columns or values side by side: `(a, b)`."""

    template = "(%(expressions)s)"
    output_field = BooleanField()  # never read: only `_Beyond` takes one


class _Beyond(Func):
    """A row comparison (SQL:2016, part 2, 8.2): one index condition, where `a > x OR (a = x AND b > y)` is a filter
    over everything before it."""

    template = "%(expressions)s"
    output_field = BooleanField()

    def __init__(self, columns: _Row, place: _Row, *, down: bool) -> None:
        super().__init__(columns, place, arg_joiner=" < " if down else " > ")
