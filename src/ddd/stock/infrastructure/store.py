"""Items, levels and the ledger on PostgreSQL."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson

from ddd.shared.application.statements import Read, Write
from ddd.shared.infrastructure.statements import dumps
from ddd.stock.application.ports import BranchRow, Movement
from ddd.stock.domain.item import Description, Item, Package
from ddd.stock.domain.level import StockLevel

T = TypeVar("T")

_ITEM: Final = """
SELECT id, sku, name, description, unit, min_stock_level, package, archived, version FROM stock_item
WHERE tenant_id = $1 AND """
_ITEM_BY_SKU: Final = _ITEM + "sku = $2"
_ITEM_FOR_CHANGE: Final = _ITEM_BY_SKU + " FOR NO KEY UPDATE"
_ITEM_BY_ID: Final = _ITEM + "id = $2::uuid"
# One json parameter, so that what may be null has no type of its own.
_INSERT_ITEM: Final = """
INSERT INTO stock_item (tenant_id, id, sku, name, description, unit, min_stock_level, package, archived, version)
SELECT $1, i.id, i.sku, i.name, i.description, i.unit, i.min_stock_level, i.package, i.archived, i.version
FROM json_to_record($2::json) AS i(id uuid, sku text, name text, description text, unit text, min_stock_level integer,
                                   package jsonb, archived boolean, version integer)
"""
_UPDATE_ITEM: Final = """
UPDATE stock_item item
SET name = i.name, description = i.description, unit = i.unit, min_stock_level = i.min_stock_level,
    package = i.package, archived = i.archived, version = i.version
FROM json_to_record($2::json) AS i(id uuid, name text, description text, unit text, min_stock_level integer,
                                   package jsonb, archived boolean, version integer)
WHERE item.tenant_id = $1 AND item.id = i.id
"""
_BRANCH: Final = "SELECT code, archived FROM stock_branch WHERE tenant_id = $1 AND code = $2"
_LEVEL: Final = """
SELECT id, branch_code, sku, on_hand, reserved, incoming, version FROM stock_level WHERE tenant_id = $1 AND """
_LEVEL_BY_KEY: Final = _LEVEL + "branch_code = $2 AND sku = $3"
_LEVEL_FOR_CHANGE: Final = _LEVEL_BY_KEY + " FOR NO KEY UPDATE"
_LEVEL_BY_ID: Final = _LEVEL + "id = $2::uuid"
_OPEN_LEVEL: Final = """
INSERT INTO stock_level (tenant_id, id, branch_code, sku, on_hand, version) VALUES ($1, $2::uuid, $3, $4, 0, 0)
"""
# What was on hand before and after is told by the row itself, as it is when it changes.
_RECEIVE: Final = """
WITH movement AS (
    SELECT m.* FROM json_to_record($4::json)
        AS m(id uuid, at timestamptz, kind text, delta bigint, reason text, reference text, actor text)
), moved AS (
    UPDATE stock_level level
    SET on_hand = level.on_hand + m.delta, version = level.version + 1,
        overdraft = greatest(0, level.reserved - level.on_hand - m.delta)
    FROM movement m WHERE level.tenant_id = $1 AND level.branch_code = $2 AND level.sku = $3
    RETURNING level.on_hand, level.version
)
INSERT INTO stock_movement (tenant_id, id, at, branch_code, sku, level_version, kind, delta, on_hand_before,
                            on_hand_after, reason, reference, order_id, actor)
SELECT $1, m.id, m.at, $2, $3, moved.version, m.kind, m.delta, moved.on_hand - m.delta,
       moved.on_hand, m.reason, m.reference, NULL, m.actor
FROM moved CROSS JOIN movement m
"""


class PostgresStockStore:
    """See `ddd.stock.application.ports.StockStore`."""

    def item_by_sku(self, tenant_id: str, sku: str, *, for_change: bool = False) -> Read[Item | None]:
        sql = _ITEM_FOR_CHANGE if for_change else _ITEM_BY_SKU
        return Read(sql, (tenant_id, sku), _one(_item), for_change)

    def item_by_id(self, tenant_id: str, item_id: UUID) -> Read[Item | None]:
        return Read(_ITEM_BY_ID, (tenant_id, str(item_id)), _one(_item))

    def insert_item(self, tenant_id: str, item: Item) -> Write:
        return Write(_INSERT_ITEM, (tenant_id, _item_row(item)))

    def update_item(self, tenant_id: str, item: Item) -> Write:
        return Write(_UPDATE_ITEM, (tenant_id, _item_row(item)))

    def branch(self, tenant_id: str, code: str) -> Read[BranchRow | None]:
        return Read(_BRANCH, (tenant_id, code), _one(BranchRow))

    def level(self, tenant_id: str, branch_code: str, sku: str, *, for_change: bool = False) -> Read[StockLevel | None]:
        sql = _LEVEL_FOR_CHANGE if for_change else _LEVEL_BY_KEY
        return Read(sql, (tenant_id, branch_code, sku), _one(StockLevel), for_change)

    def level_by_id(self, tenant_id: str, level_id: UUID) -> Read[StockLevel | None]:
        return Read(_LEVEL_BY_ID, (tenant_id, str(level_id)), _one(StockLevel))

    def open_level(self, tenant_id: str, level: StockLevel) -> Write:
        return Write(_OPEN_LEVEL, (tenant_id, str(level.id), level.branch_code, level.sku))

    def receive(self, tenant_id: str, level: StockLevel, quantity: int, movement: Movement) -> Write:
        row = {
            "id": movement.id,
            "at": movement.at,
            "kind": movement.kind,
            "delta": quantity,
            "reason": movement.reason,
            "reference": movement.reference,
            "actor": movement.actor,
        }
        return Write(_RECEIVE, (tenant_id, level.branch_code, level.sku, dumps(row)))


def _one(build: Callable[..., T]) -> Callable[[list[tuple[Any, ...]]], T | None]:
    return lambda rows: build(*rows[0]) if rows else None


def _item(
    id_: UUID,
    sku: str,
    name: str,
    description: str | None,
    unit: str | None,
    min_stock_level: int | None,
    package: str | None,
    archived: bool,
    version: int,
) -> Item:
    about = Description(name, description, unit, min_stock_level, None if package is None else _package(package))
    return Item(id_, sku, about, archived, version)


def _package(text: str) -> Package:
    measures = orjson.loads(text)

    def measure(name: str) -> Decimal | None:
        return Decimal(measures[name]) if name in measures else None

    return Package(measure("weightKg"), measure("lengthCm"), measure("widthCm"), measure("heightCm"))


def _item_row(item: Item) -> str:
    about = item.about
    return dumps(
        {
            "id": item.id,
            "sku": item.sku,
            "name": about.name,
            "description": about.description,
            "unit": about.unit,
            "min_stock_level": about.min_stock_level,
            "package": None if about.package is None else _package_row(about.package),
            "archived": item.archived,
            "version": item.version,
        }
    )


def _package_row(package: Package) -> dict[str, str]:
    measures = {
        "weightKg": package.weight_kg,
        "lengthCm": package.length_cm,
        "widthCm": package.width_cm,
        "heightCm": package.height_cm,
    }
    return {name: format(value, "f") for name, value in measures.items() if value is not None}
