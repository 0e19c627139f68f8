"""What events say, read back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderLine, Package, Shipment


def moment_of(text: str) -> datetime:
    """A time."""
    return datetime.fromisoformat(text)


def package_of(data: Mapping[str, str] | None) -> Package | None:
    """A package from its sizes that are known."""
    if data is None:
        return None
    return Package(data.get("weightKg"), data.get("lengthCm"), data.get("widthCm"), data.get("heightCm"))


def line_of(data: Mapping[str, Any]) -> OrderLine:
    """A line as it was drafted or placed."""
    branch_code = data.get("branchCode")
    return OrderLine(
        line_no=data["lineNo"],
        sku=data["sku"],
        name=data["name"],
        quantity=data["quantity"],
        unit_price=data["unitPrice"],
        discount=data.get("discount", 0),
        tax=data.get("tax", 0),
        line_total=data["lineTotal"],
        vendor_id=data.get("vendorId"),
        category=data.get("category"),
        is_free_gift=data.get("isFreeGift", False),
        is_taxable=data.get("isTaxable", True),
        package=package_of(data.get("package")),
        branch_code=branch_code,
        reserved_quantity=0 if branch_code is None else data["quantity"],
    )


def shipment_of(order: Order, text: str) -> Shipment:
    """The order's shipment of this id. KeyError where it has none."""
    shipment = order.shipment(UUID(text))
    if shipment is None:
        raise KeyError(text)
    return shipment
