"""Branches, items and stock levels in the schema: over a row when browsed, over the application's view elsewhere."""

from typing import Any, ClassVar, Final

import strawberry
import strawberry_django
from django.db.models import Q

from bff.graphql.browse.lists import Browsing
from bff.graphql.types.common import Address, Package, UserError
from ddd.branches.infrastructure import models as branches
from ddd.stock.infrastructure import models as stock

_REPLAYED = "The key had been used; the object is as it is now."


@strawberry_django.type(branches.Branch, description="A place that holds stock.")
class Branch:
    # No type is ever chosen by its value's class; the library's own check would turn the application's views away.
    is_type_of: ClassVar[None] = None

    id: strawberry.ID
    code: str
    name: str
    timezone: str = strawberry_django.field(description="IANA, such as `Europe/Berlin`.")
    priority: int = strawberry_django.field(description="Lower is tried first.")
    archived: bool
    version: int

    @strawberry_django.field(only=["address"])
    def address(self, root: strawberry.Parent[Any]) -> Address | None:
        found = root.address
        return Address(**found) if isinstance(found, dict) else found


@strawberry_django.type(stock.ItemRow, description="What stock is kept of.")
class Item:
    is_type_of: ClassVar[None] = None

    id: strawberry.ID
    sku: str
    name: str
    description: str | None
    unit: str | None
    min_stock_level: int | None
    archived: bool
    version: int

    @strawberry_django.field(only=["package"])
    def package(self, root: strawberry.Parent[Any]) -> Package | None:
        found = root.package
        return _package(found) if isinstance(found, dict) else found


@strawberry_django.type(stock.StockLevelRow, description="How much of an item lies in a branch.")
class StockLevel:
    is_type_of: ClassVar[None] = None

    id: strawberry.ID
    branch_code: str
    sku: str
    on_hand: int
    reserved: int
    available: int = strawberry_django.field(description="onHand − reserved")
    incoming: int
    version: int


# Inputs and not `filter_type`: that adds AND, OR, NOT and DISTINCT, nested as deep as a client likes.


@strawberry_django.input(branches.Branch, partial=True)
class BranchFilter:
    code: str | None
    archived: bool | None

    @strawberry_django.filter_field(description="A prefix of code or name, in any case.")
    def search(self, value: str, prefix: str) -> Q:
        return Q(**{f"{prefix}code__istartswith": value}) | Q(**{f"{prefix}name__istartswith": value})


@strawberry_django.input(stock.ItemRow, partial=True)
class ItemFilter:
    sku: str | None
    archived: bool | None

    @strawberry_django.filter_field(description="A prefix of SKU or name, in any case.")
    def search(self, value: str, prefix: str) -> Q:
        return Q(**{f"{prefix}sku__istartswith": value}) | Q(**{f"{prefix}name__istartswith": value})


@strawberry_django.input(stock.StockLevelRow, partial=True)
class StockLevelFilter:
    branch_code: str | None
    sku: str | None

    @strawberry_django.filter_field(description="Levels of which less than this is available.")
    def available_below(self, value: int, prefix: str) -> Q:
        return Q(**{f"{prefix}available__lt": value})


BRANCHES: Final = Browsing(
    "branches",
    "Branch",
    branches.Branch,
    {"PRIORITY": ("priority", "code"), "CODE": ("code",), "NAME": ("name", "code")},
    branch="code",
)
ITEMS: Final = Browsing("items", "Item", stock.ItemRow, {"SKU": ("sku",), "NAME": ("name", "sku")}, branch=None)
STOCK_LEVELS: Final = Browsing(
    "stockLevels",
    "StockLevel",
    stock.StockLevelRow,
    {
        "SKU": ("sku", "branch_code"),
        "BRANCH_CODE": ("branch_code", "sku"),
        # No index names a quantity (reservations would rewrite it): these two sort the tenant's levels.
        "AVAILABLE": ("available", "sku", "branch_code"),
        "ON_HAND": ("on_hand", "sku", "branch_code"),
    },
    branch="branch_code",
)


@strawberry.type
class BranchPayload:
    branch: Branch | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description=_REPLAYED)


@strawberry.type
class ItemPayload:
    item: Item | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description=_REPLAYED)


@strawberry.type
class StockLevelPayload:
    stock_level: StockLevel | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description=_REPLAYED)


def _package(stored: dict[str, Any]) -> Package:
    return Package(
        weight_kg=stored.get("weightKg"),
        length_cm=stored.get("lengthCm"),
        width_cm=stored.get("widthCm"),
        height_cm=stored.get("heightCm"),
    )
