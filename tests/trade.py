"""A tenant that sells: branches, items, stock and orders, made by the handlers as a client would make them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ddd.branches.application.branches import create_branch
from ddd.orders.application.cancel_order import cancel_order
from ddd.orders.application.mark_as_shipped import mark_as_shipped
from ddd.orders.application.place_order import place_order
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.orders.application.workflows import Workflows
from ddd.orders.infrastructure.drafting import PostgresDraftStore
from ddd.orders.infrastructure.migrating import PostgresMigrationStore
from ddd.orders.infrastructure.readers import PostgresOrderReader
from ddd.orders.infrastructure.store import PostgresOrderStore
from ddd.published.workflow import FACTS
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.clock import SystemClock
from ddd.shared.infrastructure.access import AccessReader
from ddd.shared.infrastructure.cel import CelConditions
from ddd.shared.infrastructure.reader import PostgresReader
from ddd.shared.infrastructure.regular_expressions import Re2Patterns
from ddd.stock.application.items import create_item
from ddd.stock.application.levels import receive_stock
from ddd.stock.application.reservations import NO_LEVEL, SHORT
from ddd.stock.infrastructure.reservations import StockReservations
from ddd.tenants.application.trust import Trust
from ddd.tenants.application.trust_issuer import trust_issuer
from order_management.operator import operations
from tests.builders import branches, caller, registered, stock, unit_of_work


def orders() -> Orders:
    """What the handlers of orders work with."""
    return Orders(
        unit_of_work=unit_of_work(),
        reader=PostgresReader(AccessReader()),
        store=PostgresOrderStore(heard=frozenset()),
        rows=PostgresOrderReader(),
        drafts=PostgresDraftStore(heard=frozenset()),
        migrations=PostgresMigrationStore(heard=frozenset()),
        stock=StockReservations(),
        shortages=(SHORT, NO_LEVEL),
        clock=SystemClock(),
        workflows=Workflows(
            reader=PostgresReader(AccessReader()), conditions=CelConditions(FACTS), patterns=Re2Patterns()
        ),
    )


def open_shop(stocked: dict[str, dict[str, int]]) -> str:
    """The id of a new tenant with these branches, in this order of priority: code -> SKU -> units received."""
    tenant_id = registered()
    admin = caller(tenant_id)
    skus = dict.fromkeys(sku for goods in stocked.values() for sku in goods)
    for priority, code in enumerate(stocked):
        made = create_branch(
            admin, {"code": code, "name": code, "timezone": "Europe/Berlin", "priority": priority}, branches()
        )
        assert made.errors == ()
    for sku in skus:
        assert create_item(admin, {"sku": sku, "name": f"Item {sku}"}, stock()).errors == ()
    for code, goods in stocked.items():
        for sku, quantity in goods.items():
            receive(tenant_id, code, sku, quantity)
    return tenant_id


def receive(tenant_id: str, branch: str, sku: str, quantity: int) -> None:
    """Book units into a branch."""
    given = {"branchCode": branch, "sku": sku, "quantity": quantity}
    assert receive_stock(caller(tenant_id), given, stock()).errors == ()


def checkout(*lines: tuple[str, int], **given: Any) -> dict[str, Any]:
    """The input of placeOrder for these (SKU, quantity), with a key of its own."""
    return {
        "idempotencyKey": secrets.token_hex(12),
        "currency": "EUR",
        "customer": {"firstName": "Ann", "lastName": "Lee", "email": "ann@example.org", "phone": "+49 30 1234"},
        "shippingAddress": {"line1": "Main Street 1", "city": "Berlin", "country": "DE"},
        "lines": [{"sku": sku, "quantity": quantity, "unitPrice": "9.90"} for sku, quantity in lines],
        **given,
    }


def placed(buyer: Caller, given: dict[str, Any]) -> OrderView:
    """The order that comes of this input."""
    outcome = place_order(buyer, given, orders())
    assert outcome.value is not None, outcome.errors
    return outcome.value


@dataclass(frozen=True, slots=True)
class FullHouse:
    """A tenant with a row in every table; what of it can be named."""

    tenant_id: str
    branch: str
    sku: str
    orders: Sequence[OrderView]


def full_house() -> FullHouse:
    """A tenant in which everything has happened once: an open, a shipped, a cancelled order, a paid one."""
    sku, branch = f"SKU-{secrets.token_hex(4)}", f"branch-{secrets.token_hex(4)}"
    tenant_id = open_shop({branch: {sku: 100}})
    admin = caller(tenant_id)
    made = [
        placed(admin, checkout((sku, 2), externalRef=f"ref-{secrets.token_hex(4)}", **extra))
        for extra in ({}, {"payment": {"state": "CAPTURED"}}, {}, {"note": "ring twice"})
    ]
    shipped = mark_as_shipped(admin, {"orderId": str(made[1].id), "carrier": "DHL"}, orders())
    assert shipped.errors == ()
    trust = Trust(tenant_id, f"https://{secrets.token_hex(8)}.example", ("orders",), tenant_value=tenant_id)
    assert trust_issuer(trust, operations()).errors == ()
    cancelled = cancel_order(admin, {"orderId": str(made[2].id), "reason": "OTHER", "note": "no more"}, orders())
    assert cancelled.errors == ()
    return FullHouse(tenant_id, branch, sku, made)
