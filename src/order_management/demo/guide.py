"""What the demo has to say: what was done, and how to go on from here."""

import json
import secrets
from typing import Any, Final

from order_management.demo.northwind import CHANNEL, Catalogue
from order_management.demo.replay import Ledger

#: The second tenant's whole world. Its SKU is one of Northwind's too: nobody minds.
GLOBEX: Final = Catalogue(
    branches=[{"code": "MAIN", "name": "Main street", "timezone": "America/Denver"}],
    items=[{"sku": "NW-01", "name": "Chai"}, {"sku": "GX-01", "name": "Hammock"}],
    receipts=[
        {"branchCode": "MAIN", "sku": "NW-01", "quantity": 10, "reason": "opening stock"},
        {"branchCode": "MAIN", "sku": "GX-01", "quantity": 5, "reason": "opening stock"},
    ],
)
_PLACE_ORDER: Final = (
    "mutation PlaceOrder($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id orderNumber status"
    " total { amount currency } } errors { code message field } replayed } }"
)
_GET_ORDER: Final = (
    "query GetOrder($externalRef: String, $channel: String) { getOrder(externalRef: $externalRef, channel: $channel)"
    " { id orderNumber status total { amount currency } lines { sku name quantity lineTotal { amount } }"
    " shipments { carrier shippedAt } } }"
)


def what_was_done(ledger: Ledger, orders: int, seconds: float) -> str:
    """The replay's outcome: counts of this run, and its pace."""
    there = orders - ledger.placed
    return (
        f"{ledger.placed} orders placed, {ledger.shipped} shipped; {there} orders were there already\n"
        f"{orders / seconds:,.0f} orders per second ({orders} placed or found in {seconds:.1f} s)"
    )


def how_to_go_on(host: str, port: int, tokens: dict[str, str]) -> str:
    """A token, two requests to paste into a shell, and GraphiQL."""
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql/"
    token = tokens["northwind"]
    order = {
        "idempotencyKey": f"try-{secrets.token_hex(4)}",
        "currency": "USD",
        "customer": {"id": "ada", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"},
        "shippingAddress": {"line1": "12 St James Square", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB"},
        "lines": [{"sku": "NW-40", "quantity": 2, "unitPrice": "18.40"}],
    }
    return f"""
A token of northwind's Admin, for a day:
{token}

Place an order (again with the same key: the same order, replayed):
{_curl(url, token, _PLACE_ORDER, {"input": order})}

Read one back:
{_curl(url, token, _GET_ORDER, {"externalRef": "10248", "channel": CHANNEL})}

The second tenant, globex, sees nothing of all this; a token of its Admin:
{tokens["globex"]}

GraphiQL: {url} in a browser; its Headers pane takes {{"Authorization": "Bearer <token>"}}
Ctrl-C stops."""


def _curl(url: str, token: str, document: str, variables: dict[str, Any]) -> str:
    """For any POSIX shell: the JSON holds no single quote."""
    body = json.dumps({"query": document, "variables": variables})
    return (
        f"curl -sS -w '\\n' {url} \\\n"
        f"  -H 'Authorization: Bearer {token}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )
