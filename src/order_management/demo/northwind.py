"""Northwind as inputs of the API: pure, from the CSV files beside it (their licence is in `data/`).

What Northwind does not say is settled here:
- Branches are its four regions. Product n lies in the region whose number is n modulo 4, so 4, 8, 12 … in region 4.
- Stock at the opening of a product's branch is all that the history sells of it, and the units in stock at its end.
- A line's discount is unit price × quantity × rate, rounded half up to cents, line by line. Freight is the shipping
  cost; there are no taxes. Nothing is paid.
- Dates have no time: midnight UTC. A person's name is split at the first blank. Discontinued products are not archived,
  since the history sells them.
- Addresses have no place for the firm that goods are sent to (`ship_name`): it is kept in the metadata.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

Input = Mapping[str, Any]
Row = dict[str, str]

DATA: Final = Path(__file__).parent / "data"
CHANNEL: Final = "northwind"
CURRENCY: Final = "USD"
_CENT: Final = Decimal("0.01")

COUNTRIES: Final[Mapping[str, str]] = {
    "Argentina": "AR",
    "Austria": "AT",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Denmark": "DK",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Ireland": "IE",
    "Italy": "IT",
    "Mexico": "MX",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "UK": "GB",
    "USA": "US",
    "Venezuela": "VE",
}
#: Where most of a region's territories lie: New York and Boston, California, Michigan, Texas.
TIMEZONES: Final[Mapping[str, str]] = {
    "Eastern": "America/New_York",
    "Western": "America/Los_Angeles",
    "Northern": "America/Detroit",
    "Southern": "America/Chicago",
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`receipts[i]` is the opening stock of `items[i]`. In the API's words: CreateBranchInput and so on."""

    branches: Sequence[Input]
    items: Sequence[Input]
    receipts: Sequence[Input]


@dataclass(frozen=True, slots=True)
class PastOrder:
    """One order of the history: PlaceOrderInput, and MarkAsShippedInput without the order's id where it was shipped."""

    number: str
    placing: Input
    shipping: Input | None


@dataclass(frozen=True, slots=True)
class Northwind:
    catalogue: Catalogue
    orders: Sequence[PastOrder]


def read(folder: Path = DATA) -> Northwind:
    """The whole of it, orders by number."""
    lines = list(_rows(folder, "order_details"))
    products = list(_rows(folder, "products"))
    return Northwind(_catalogue(list(_rows(folder, "region")), products, lines), list(_orders(folder, products, lines)))


def sku(product_id: str) -> str:
    """Two digits, so that SKUs sort as the numbers do."""
    return f"NW-{int(product_id):02}"


def line_discount(unit_price: Decimal, quantity: int, rate: Decimal) -> Decimal:
    """The line's discount in whole cents, half a cent rounded up."""
    return (unit_price * quantity * rate).quantize(_CENT, ROUND_HALF_UP)


def _catalogue(regions: Sequence[Row], products: Sequence[Row], lines: Sequence[Row]) -> Catalogue:
    branch_of = {int(row["region_id"]) % len(regions): _branch_code(row) for row in regions}
    sold: Counter[str] = Counter()
    for line in lines:
        sold[line["product_id"]] += int(line["quantity"])
    return Catalogue(
        branches=[
            {
                "code": _branch_code(row),
                "name": row["region_description"],
                "timezone": TIMEZONES[row["region_description"]],
                "priority": int(row["region_id"]),
            }
            for row in regions
        ],
        items=[
            {
                "sku": sku(row["product_id"]),
                "name": row["product_name"],
                "unit": row["quantity_per_unit"],
                "minStockLevel": int(row["reorder_level"]),
            }
            for row in products
        ],
        receipts=[
            {
                "branchCode": branch_of[int(row["product_id"]) % len(regions)],
                "sku": sku(row["product_id"]),
                "quantity": sold[row["product_id"]] + int(row["units_in_stock"]),
                "reason": "opening stock",
            }
            for row in products
        ],
    )


def _branch_code(region: Row) -> str:
    return region["region_description"].upper()


def _orders(folder: Path, products: Sequence[Row], lines: Sequence[Row]) -> Iterator[PastOrder]:
    customers = {row["customer_id"]: row for row in _rows(folder, "customers")}
    shippers = {row["shipper_id"]: row["company_name"] for row in _rows(folder, "shippers")}
    categories = {row["category_id"]: row["category_name"] for row in _rows(folder, "categories")}
    about = {
        row["product_id"]: {"name": row["product_name"], "category": categories[row["category_id"]]} for row in products
    }
    lines_of: dict[str, list[Row]] = {}
    for line in lines:
        lines_of.setdefault(line["order_id"], []).append(line)
    for row in sorted(_rows(folder, "orders"), key=lambda row: int(row["order_id"])):
        number = row["order_id"]
        yield PastOrder(
            number,
            _placing(row, customers[row["customer_id"]], lines_of[number], about),
            _shipping(row, shippers[row["ship_via"]]) if row["shipped_date"] else None,
        )


def _placing(row: Row, customer: Row, lines: Sequence[Row], about: Mapping[str, Mapping[str, str]]) -> Input:
    first_name, _, last_name = customer["contact_name"].partition(" ")
    order_lines, total = [], Decimal(row["freight"])
    for line in lines:
        price, quantity = Decimal(line["unit_price"]), int(line["quantity"])
        discount = line_discount(price, quantity, Decimal(line["discount"]))
        total += price * quantity - discount
        order_lines.append(
            {
                "sku": sku(line["product_id"]),
                "quantity": quantity,
                "unitPrice": str(price),
                "discount": str(discount),
                **about[line["product_id"]],
            }
        )
    return {
        "idempotencyKey": f"northwind-{row['order_id']}",
        "channel": CHANNEL,
        "externalRef": row["order_id"],
        "currency": CURRENCY,
        "customer": _given(
            {
                "id": row["customer_id"],
                "firstName": first_name,
                "lastName": last_name,
                "phone": customer["phone"],
            }
        ),
        "shippingAddress": _address(row, "ship_"),
        "billingAddress": _address(customer, ""),
        "lines": order_lines,
        "shipping": {"cost": row["freight"]},
        "expectedTotal": str(total),
        "placedAt": _midnight(row["order_date"]),
        "metadata": {"shipName": row["ship_name"], "requiredDate": row["required_date"]},
    }


def _shipping(row: Row, carrier: str) -> Input:
    return {
        "idempotencyKey": f"northwind-{row['order_id']}-shipped",
        "carrier": carrier,
        "shippedAt": _midnight(row["shipped_date"]),
    }


def _address(row: Row, prefix: str) -> Input:
    return _given(
        {
            "line1": row[f"{prefix}address"],
            "city": row[f"{prefix}city"],
            "state": row[f"{prefix}region"],
            "postalCode": row[f"{prefix}postal_code"],
            "country": COUNTRIES[row[f"{prefix}country"]],
        }
    )


def _given(fields: Mapping[str, str]) -> Input:
    return {name: value for name, value in fields.items() if value}


def _midnight(date: str) -> str:
    return f"{date}T00:00:00Z"


def _rows(folder: Path, name: str) -> Iterator[Row]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
