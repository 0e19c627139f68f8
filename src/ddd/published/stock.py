"""What stock publishes."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ItemChanged:
    """An item of the catalogue was made, changed or archived; the SKU never changes."""

    type: ClassVar[str] = "item.changed.v1"

    item_id: str
    version: int
    sku: str
    name: str
    archived: bool
