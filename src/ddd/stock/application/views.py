"""What handlers and queries answer."""

from dataclasses import dataclass
from uuid import UUID

from ddd.stock.domain.item import Item, Package
from ddd.stock.domain.level import StockLevel


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item as clients see it. `package`: weight in kilograms, measures in centimetres."""

    id: UUID
    sku: str
    name: str
    description: str | None
    unit: str | None
    min_stock_level: int | None
    package: Package | None
    archived: bool
    version: int


@dataclass(frozen=True, slots=True)
class StockLevelView:
    """A level as clients see it; `available` is on hand less reserved."""

    id: UUID
    branch_code: str
    sku: str
    on_hand: int
    reserved: int
    available: int
    incoming: int
    version: int


def item_view(item: Item) -> ItemView:
    about = item.about
    return ItemView(
        item.id,
        item.sku,
        about.name,
        about.description,
        about.unit,
        about.min_stock_level,
        about.package,
        item.archived,
        item.version,
    )


def level_view(level: StockLevel) -> StockLevelView:
    return StockLevelView(
        level.id,
        level.branch_code,
        level.sku,
        level.on_hand,
        level.reserved,
        level.available,
        level.incoming,
        level.version,
    )
