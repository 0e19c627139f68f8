"""What is sent: the storefront's order, a client's reads, and the statements of the same rows for the raw floor."""

import json
import random
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from ddd.orders.application.listing import read_listing
from ddd.orders.infrastructure.readers import PostgresOrderReader
from ddd.orders.infrastructure.rows import LINE_COLUMNS, ORDER_COLUMNS
from ddd.shared.application.pages import page_request
from ddd.shared.application.statements import Read
from ddd.shared.domain.caller import Caller, Scope
from tests.bench.load import KEY

PAGE: Final = 50
_PLACE: Final = """
mutation Place($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    order { id orderNumber status version total { amount currency } }
    errors { code message field }
    replayed
  }
}
"""
#: Twelve leaves of an order and twelve of each line.
_FIELDS: Final = """
id orderNumber status paymentStatus version currency channel placedAt
branchCode total { amount } customer { lastName } shippingAddress { country }
lines { id lineNo sku name quantity reservedQuantity shippedQuantity isFreeGift
        unitPrice { amount } lineTotal { amount } discount { amount } tax { amount } }
"""
_GET: Final = f"query Get($id: ID!) {{ getOrder(orderId: $id) {{ {_FIELDS} }} }}"
_LIST: Final = (
    f"query List {{ orders(first: {PAGE}) {{ nodes {{ {_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)


def orders(skus: Sequence[str], how_many: int) -> list[str]:
    """Bodies of `placeOrder` with three lines each; the idempotency key is patched in when one is sent."""
    return [
        json.dumps(
            {
                "query": _PLACE,
                "variables": {
                    "input": {
                        "idempotencyKey": KEY,
                        "currency": "EUR",
                        "customer": {
                            "id": f"customer-{number % 500}",
                            "firstName": "Ada",
                            "lastName": "Lovelace",
                            "email": f"ada.{number % 500}@example.org",
                        },
                        "shippingAddress": {
                            "line1": "1 Main Street",
                            "city": "Berlin",
                            "postalCode": "10115",
                            "country": "DE",
                        },
                        "lines": [
                            {"sku": sku, "quantity": quantity, "unitPrice": "19.90"}
                            for quantity, sku in enumerate(random.sample(list(skus), 3), start=1)
                        ],
                    }
                },
            }
        )
        for number in range(how_many)
    ]


def get(order_id: str) -> str:
    return json.dumps({"query": _GET, "variables": {"id": order_id}})


def page() -> str:
    return json.dumps({"query": _LIST})


def _names(columns: str) -> list[str]:
    return [column.strip().partition(".")[2] for column in columns.split(",")]


#: Names of the rows' columns, in the order of the statements below.
COLUMNS: Final = [_names(ORDER_COLUMNS), ["order_id", *_names(LINE_COLUMNS)]]


def raw_get(tenant_id: str) -> list[tuple[str, list[Any]]]:
    """Order and lines by id; "{id}" stands for it."""
    reads = PostgresOrderReader().by_id(tenant_id, UUID(int=0), frozenset({"lines"})).reads
    return [(read.sql, ["{id}" if each == str(UUID(int=0)) else each for each in read.params]) for read in reads]


def raw_page(caller: Caller) -> list[tuple[str, list[Any]]]:
    """The newest fifty (and the one that tells of a next page) with their lines."""
    listing = read_listing(None, None)
    request = page_request(listing.sort_name, PAGE, None, None, None)
    reads: Sequence[Read[Any]] = (
        PostgresOrderReader().page(caller, frozenset({Scope.ALL}), listing, request, frozenset({"lines"})).reads
    )
    return [(read.sql, list(read.params)) for read in reads]
