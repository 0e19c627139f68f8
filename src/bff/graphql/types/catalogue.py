"""What clients say of branches, items and stock."""

from enum import StrEnum

import strawberry

from bff.graphql.types.common import AddressInput, PackageInput, raw_input
from ddd.orders.application.vocabulary import Direction


@strawberry.enum
class BranchOrderField(StrEnum):
    PRIORITY = "PRIORITY"
    CODE = "CODE"
    NAME = "NAME"


@strawberry.enum
class ItemOrderField(StrEnum):
    SKU = "SKU"
    NAME = "NAME"


@strawberry.enum
class StockLevelOrderField(StrEnum):
    SKU = "SKU"
    BRANCH_CODE = "BRANCH_CODE"
    AVAILABLE = "AVAILABLE"
    ON_HAND = "ON_HAND"


@raw_input(description="PRIORITY ASC unless said otherwise; ties by code.")
class BranchOrder:
    field: BranchOrderField | None = strawberry.UNSET
    direction: Direction | None = strawberry.UNSET


@raw_input(description="SKU ASC unless said otherwise; ties by SKU.")
class ItemOrder:
    field: ItemOrderField | None = strawberry.UNSET
    direction: Direction | None = strawberry.UNSET


@raw_input(description="SKU ASC unless said otherwise; ties by SKU and branch.")
class StockLevelOrder:
    field: StockLevelOrderField | None = strawberry.UNSET
    direction: Direction | None = strawberry.UNSET


@raw_input()
class CreateBranchInput:
    code: str = strawberry.field(description="Never changes, never used again.")
    name: str
    timezone: str = strawberry.field(description="IANA, such as `Europe/Berlin`.")
    address: AddressInput | None = strawberry.UNSET
    priority: int | None = strawberry.field(default=strawberry.UNSET, description="Lower is tried first; 100.")
    idempotency_key: str | None = strawberry.UNSET


@raw_input(description="What is absent or null stays as it is.")
class UpdateBranchInput:
    code: str
    name: str | None = strawberry.UNSET
    timezone: str | None = strawberry.field(default=strawberry.UNSET, description="IANA, such as `Europe/Berlin`.")
    address: AddressInput | None = strawberry.UNSET
    priority: int | None = strawberry.field(default=strawberry.UNSET, description="Lower is tried first.")
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class ArchiveBranchInput:
    code: str
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class CreateItemInput:
    sku: str = strawberry.field(description="Never changes, never used again.")
    name: str
    description: str | None = strawberry.UNSET
    unit: str | None = strawberry.UNSET
    min_stock_level: int | None = strawberry.UNSET
    package: PackageInput | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET


@raw_input(description="What is absent or null stays as it is; an empty text or package empties the field.")
class UpdateItemInput:
    sku: str
    name: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    unit: str | None = strawberry.UNSET
    min_stock_level: int | None = strawberry.UNSET
    package: PackageInput | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class ArchiveItemInput:
    sku: str
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class ReceiveStockInput:
    branch_code: str
    sku: str
    quantity: int = strawberry.field(description="1 to 1,000,000.")
    reference: str | None = strawberry.UNSET
    reason: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.field(
        default=strawberry.UNSET, description="0 for a level that is not open yet."
    )
