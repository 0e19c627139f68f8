"""Stock's queries that are no lists."""

from ddd.shared.domain.caller import Caller
from ddd.shared.domain.text import is_storable
from ddd.stock.application.checks import reaches
from ddd.stock.application.ports import Stock
from ddd.stock.application.views import ItemView, StockLevelView, item_view, level_view


def item(caller: Caller, sku: str, stock: Stock) -> ItemView | None:
    """The item with this SKU, archived ones too, or None. Raises PermissionMissing, RequestRefused."""
    known = sku if is_storable(sku) else ""
    grant, found = stock.reader.fetch(caller, stock.store.item_by_sku(caller.tenant_id, known))
    grant.require("item")
    return None if found is None else item_view(found)


def stock_level(caller: Caller, branch_code: str, sku: str, stock: Stock) -> StockLevelView | None:
    """The level, or None: never opened, or beyond the caller's branches. Raises PermissionMissing, RequestRefused."""
    storable = is_storable(branch_code) and is_storable(sku)
    read = stock.store.level(caller.tenant_id, branch_code if storable else "", sku if storable else "")
    grant, found = stock.reader.fetch(caller, read)
    grant.require("stockLevel")
    if found is None or not reaches(grant, "stockLevel", found.branch_code):
        return None
    return level_view(found)
