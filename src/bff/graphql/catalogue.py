"""Resolvers of branches, items and stock levels."""

from typing import Annotated, Final, cast

import strawberry

from bff.graphql.browse.lists import Connection, Paging, browse
from bff.graphql.browse.types import (
    BRANCHES,
    ITEMS,
    STOCK_LEVELS,
    Branch,
    BranchFilter,
    BranchPayload,
    Item,
    ItemFilter,
    ItemPayload,
    StockLevel,
    StockLevelFilter,
    StockLevelPayload,
)
from bff.graphql.types.catalogue import (
    ArchiveBranchInput,
    ArchiveItemInput,
    BranchOrder,
    CreateBranchInput,
    CreateItemInput,
    ItemOrder,
    ReceiveStockInput,
    StockLevelOrder,
    UpdateBranchInput,
    UpdateItemInput,
)
from bff.graphql.types.common import Info, given, payload
from ddd.branches.application.branches import archive_branch, create_branch, get_branch, update_branch
from ddd.stock.application.items import archive_item, create_item, update_item
from ddd.stock.application.levels import receive_stock
from ddd.stock.application.queries import item, stock_level

#: Query fields that make their own round trip.
HOT: Final = frozenset({"branch", "item", "stockLevel"})


@strawberry.type
class CatalogueQueries:
    @strawberry.field(description="Branches in your reach, the one tried first at the head unless asked otherwise.")
    def branches(
        self,
        info: Info,
        filter_: Annotated[BranchFilter | None, strawberry.argument(name="filter")] = None,
        order_by: BranchOrder | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Branch]:
        return browse(info, BRANCHES, filter_, order_by, Paging(first, after, last, before))

    @strawberry.field(description="The branch of this code; null where there is none in your reach.")
    def branch(self, info: Info, code: str) -> Branch | None:
        context = info.context
        return cast("Branch | None", get_branch(context.caller, code, context.app.branches))

    @strawberry.field(description="The catalogue, by SKU unless asked otherwise.")
    def items(
        self,
        info: Info,
        filter_: Annotated[ItemFilter | None, strawberry.argument(name="filter")] = None,
        order_by: ItemOrder | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Item]:
        return browse(info, ITEMS, filter_, order_by, Paging(first, after, last, before))

    @strawberry.field(description="The item of this SKU; null where there is none.")
    def item(self, info: Info, sku: str) -> Item | None:
        context = info.context
        return cast("Item | None", item(context.caller, sku, context.app.stock))

    @strawberry.field(description="Stock per branch in your reach, by SKU unless asked otherwise.")
    def stock_levels(
        self,
        info: Info,
        filter_: Annotated[StockLevelFilter | None, strawberry.argument(name="filter")] = None,
        order_by: StockLevelOrder | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[StockLevel]:
        return browse(info, STOCK_LEVELS, filter_, order_by, Paging(first, after, last, before))

    @strawberry.field(description="An item's stock in a branch; null where none was ever received in your reach.")
    def stock_level(self, info: Info, branch_code: str, sku: str) -> StockLevel | None:
        context = info.context
        return cast("StockLevel | None", stock_level(context.caller, branch_code, sku, context.app.stock))


@strawberry.type
class CatalogueMutations:
    @strawberry.mutation(description="Open a branch under a new code.")
    def create_branch(self, info: Info, input: CreateBranchInput) -> BranchPayload:
        context = info.context
        return payload(BranchPayload, "branch", create_branch(context.caller, given(input), context.app.branches))

    @strawberry.mutation(description="Change a branch's name, address, time zone or priority.")
    def update_branch(self, info: Info, input: UpdateBranchInput) -> BranchPayload:
        context = info.context
        return payload(BranchPayload, "branch", update_branch(context.caller, given(input), context.app.branches))

    @strawberry.mutation(description="Close a branch for good: no order is allocated to it any more.")
    def archive_branch(self, info: Info, input: ArchiveBranchInput) -> BranchPayload:
        context = info.context
        return payload(BranchPayload, "branch", archive_branch(context.caller, given(input), context.app.branches))

    @strawberry.mutation(description="Put an item into the catalogue under a new SKU.")
    def create_item(self, info: Info, input: CreateItemInput) -> ItemPayload:
        context = info.context
        return payload(ItemPayload, "item", create_item(context.caller, given(input), context.app.stock))

    @strawberry.mutation(description="Change an item's description.")
    def update_item(self, info: Info, input: UpdateItemInput) -> ItemPayload:
        context = info.context
        return payload(ItemPayload, "item", update_item(context.caller, given(input), context.app.stock))

    @strawberry.mutation(description="Sell an item no more; what is reserved still ships.")
    def archive_item(self, info: Info, input: ArchiveItemInput) -> ItemPayload:
        context = info.context
        return payload(ItemPayload, "item", archive_item(context.caller, given(input), context.app.stock))

    @strawberry.mutation(description="Book goods into a branch; the first receipt opens its level.")
    def receive_stock(self, info: Info, input: ReceiveStockInput) -> StockLevelPayload:
        context = info.context
        return payload(StockLevelPayload, "stock_level", receive_stock(context.caller, given(input), context.app.stock))
