"""What stock's handlers need of the outside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from ddd.shared.application.reader import Reader
from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import UnitOfWork
from ddd.shared.domain.clock import Clock
from ddd.stock.domain.item import Item
from ddd.stock.domain.level import MovementKind, StockLevel

#: Another item took the SKU meanwhile.
SKU_TAKEN: Final = "stock_item_sku_key"
#: Another receipt opened the level meanwhile.
LEVEL_TAKEN: Final = "stock_level_pkey"


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the ledger to be; what was on hand before and after the row itself says."""

    id: UUID
    at: datetime
    kind: MovementKind
    reason: str | None
    reference: str | None
    actor: str


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch as stock knows it."""

    code: str
    archived: bool


class StockStore(Protocol):
    """Named statements on items, levels and the ledger. Reads answer None for what is not there."""

    def item_by_sku(self, tenant_id: str, sku: str, *, for_change: bool = False) -> Read[Item | None]:
        """`for_change`: locked until the transaction ends."""
        ...

    def item_by_id(self, tenant_id: str, item_id: UUID) -> Read[Item | None]: ...
    def insert_item(self, tenant_id: str, item: Item) -> Write:
        """May abort by SKU_TAKEN."""
        ...

    def update_item(self, tenant_id: str, item: Item) -> Write: ...
    def branch(self, tenant_id: str, code: str) -> Read[BranchRow | None]: ...
    def level(self, tenant_id: str, branch_code: str, sku: str, *, for_change: bool = False) -> Read[StockLevel | None]:
        """`for_change`: locked until the transaction ends."""
        ...

    def level_by_id(self, tenant_id: str, level_id: UUID) -> Read[StockLevel | None]: ...
    def open_level(self, tenant_id: str, level: StockLevel) -> Write:
        """An empty level of version 0. May abort by LEVEL_TAKEN."""
        ...

    def receive(self, tenant_id: str, level: StockLevel, quantity: int, movement: Movement) -> Write:
        """So many more on hand and the movement; `level` says only which."""
        ...


@dataclass(frozen=True, slots=True)
class Stock:
    """The context's ports, as the root fills them."""

    unit_of_work: UnitOfWork
    reader: Reader
    store: StockStore
    clock: Clock
