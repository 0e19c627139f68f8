"""Resolvers of orders: caller in, command out, result mapped."""

from typing import Annotated, cast

import strawberry

from bff.graphql.selection import order_parts, selected
from bff.graphql.types.common import Info, PageInfo, given, payload
from bff.graphql.types.orders import (
    CancelOrderInput,
    MarkAsShippedInput,
    Order,
    OrderConnection,
    OrderEdge,
    OrderFilter,
    OrderOrder,
    OrderPayload,
    PlaceOrderInput,
)
from ddd.orders.application.cancel_order import cancel_order
from ddd.orders.application.listing import read_listing
from ddd.orders.application.mark_as_shipped import mark_as_shipped
from ddd.orders.application.place_order import place_order
from ddd.orders.application.queries import get_order, list_orders, permission_first
from ddd.shared.application.pages import page_request

#: Query fields that make their own round trip.
HOT = frozenset({"getOrder", "orders"})


@strawberry.type
class OrderQueries:
    @strawberry.field(description="The order by exactly one of its names; null where it is not there or not yours.")
    def get_order(
        self,
        info: Info,
        order_id: strawberry.ID | None = None,
        order_number: str | None = None,
        external_ref: str | None = None,
        channel: str | None = None,
    ) -> Order | None:
        context = info.context
        found = get_order(
            context.caller,
            context.app.orders,
            order_id=order_id,
            order_number=order_number,
            external_ref=external_ref,
            channel=channel,
            wanted=order_parts(selected(info._raw_info)),
        )
        return cast("Order | None", found)

    @strawberry.field(description="Orders in your sight, the newest first unless asked otherwise.")
    def orders(
        self,
        info: Info,
        filter_: Annotated[OrderFilter | None, strawberry.argument(name="filter")] = None,
        order_by: OrderOrder | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> OrderConnection:
        context = info.context
        with permission_first(context.caller, context.app.orders, "orders"):
            listing = read_listing(
                None if filter_ is None else given(filter_), None if order_by is None else given(order_by)
            )
            request = page_request(listing.sort_name, first, after, last, before)
        raw = info._raw_info
        asked = selected(raw)
        found = list_orders(
            context.caller,
            context.app.orders,
            listing,
            request,
            wanted=order_parts(selected(raw, "nodes") | selected(raw, "edges", "node")),
            count="totalCount" in asked,
        )
        page = found.page
        nodes = cast("list[Order]", page.nodes)
        marked = zip(page.cursors, nodes, strict=True) if "edges" in asked else ()
        return OrderConnection(
            page_info=PageInfo(
                has_next_page=page.has_next_page,
                has_previous_page=page.has_previous_page,
                start_cursor=page.cursors[0] if page.cursors else None,
                end_cursor=page.cursors[-1] if page.cursors else None,
            ),
            edges=[OrderEdge(cursor=cursor, node=node) for cursor, node in marked],
            nodes=nodes,
            total_count=found.total_count or 0,
        )


@strawberry.type
class OrderMutations:
    @strawberry.mutation(description="Place a finalised checkout; its stock is reserved in the same commit.")
    def place_order(self, info: Info, input: PlaceOrderInput) -> OrderPayload:
        context = info.context
        return payload(OrderPayload, "order", place_order(context.caller, given(input), context.app.orders))

    @strawberry.mutation(description="Cancel the order, or some of its units that have not left.")
    def cancel_order(self, info: Info, input: CancelOrderInput) -> OrderPayload:
        context = info.context
        return payload(OrderPayload, "order", cancel_order(context.caller, given(input), context.app.orders))

    @strawberry.mutation(description="Ship what is left, or the lines named, in one shipment.")
    def mark_as_shipped(self, info: Info, input: MarkAsShippedInput) -> OrderPayload:
        context = info.context
        return payload(OrderPayload, "order", mark_as_shipped(context.caller, given(input), context.app.orders))
