"""A checkout and what placing it asks of the snapshots, without a database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ddd.orders.application.checkout import read_checkout
from ddd.orders.application.ports import BranchSnapshot, PlacingFacts
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, Address, Customer, OrderLine
from ddd.orders.domain.placing import record_placed
from ddd.shared.domain.caller import Caller, Role
from ddd.shared.domain.errors import Refusals

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ORDER_ID = UUID("01912d68-7b3a-7c4e-8f00-0123456789ab")
ACTOR = Actor("clerk", ("Admin",))
FACTS = PlacingFacts(
    stock_tracked=True,
    accepts_unknown_sku=False,
    trusts_customer_checkout=False,
    workflow_version=1,
    branches=(BranchSnapshot("north", 1, False), BranchSnapshot("south", 2, False), BranchSnapshot("old", 3, True)),
    item_names={"A": "Apple", "B": "Bread", "C": "Cheese"},
    same_ref=None,
)


def caller(*roles: Role, subject: str = "shop") -> Caller:
    """Somebody in these roles; a storefront's service token (Admin) where none is named."""
    return Caller(
        tenant_id="t",
        subject=subject,
        issuer="https://login.example",
        roles=frozenset(roles or (Role.ADMIN,)),
        customer_id=subject,
        vendor_id=subject,
        branches=None,
        issued_at=0,
        request_id="r",
    )


def a_line(sku: str = "A", quantity: int = 1, price: Any = "10", **more: Any) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, "unitPrice": price, **more}


def checkout(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The input of placeOrder; one apple at 10 USD where no line is given."""
    return {
        "idempotencyKey": "k",
        "currency": "USD",
        "customer": {"firstName": "Ann"},
        "shippingAddress": {"line1": "1 Main St", "country": "US"},
        "lines": list(lines) or [a_line()],
        **more,
    }


def read(given: dict[str, Any], by: Caller | None = None, facts: PlacingFacts = FACTS) -> Order | Refusals:
    """What comes of the checkout at `NOW`."""
    return read_checkout(given, by or caller(), facts, ORDER_ID, "7K3M-Q9XD", NOW)


def order_of(given: dict[str, Any], by: Caller | None = None, facts: PlacingFacts = FACTS) -> Order:
    """The order of a checkout without a fault, placed."""
    order = read(given, by, facts)
    assert isinstance(order, Order), order
    record_placed(order, ACTOR, NOW)
    return order


def faults(
    given: dict[str, Any], by: Caller | None = None, facts: PlacingFacts = FACTS
) -> list[tuple[str, str | None]]:
    """Code and dotted path of everything that is wrong with the checkout, in the order in which it is told."""
    answer = read(given, by, facts)
    assert isinstance(answer, Refusals), answer
    assert all(each.message for each in answer.items)
    return [(each.code.value, None if each.field is None else ".".join(each.field)) for each in answer.items]


def plain_order(*quantities: int, price: int = 1_000) -> Order:
    """A placed order with one reserved line for each quantity, in branch `north`."""
    lines = [
        OrderLine(
            line_no=number,
            sku=f"S{number}",
            name=f"S{number}",
            quantity=quantity,
            unit_price=price,
            discount=0,
            tax=0,
            line_total=price * quantity,
            branch_code="north",
            reserved_quantity=quantity,
        )
        for number, quantity in enumerate(quantities, start=1)
    ]
    total = sum(line.line_total for line in lines)
    order = Order(
        id=ORDER_ID,
        order_number="7K3M-Q9XD",
        channel="default",
        currency="USD",
        customer=Customer("ann", "Ann", None, None, None),
        shipping_address=Address("1 Main St", "US"),
        lines=lines,
        subtotal=total,
        discount_total=0,
        shipping_total=0,
        tax_total=0,
        total=total,
        placed_at=NOW,
        updated_at=NOW,
    )
    record_placed(order, ACTOR, NOW)
    return order
