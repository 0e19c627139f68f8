"""An order's facts, as conditions see them: `ddd.published.workflow.FACTS`, every one of them. No person's values."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from ddd.orders.domain.parts import Address, Customer, OrderLine
from ddd.orders.domain.status import OrderStatus, PaymentStatus
from ddd.shared.domain.facts import Fact, Facts
from ddd.shared.domain.money import Money


class Considered(Protocol):
    """What an aggregate and a row of it have in common, as far as conditions ask."""

    @property
    def status(self) -> OrderStatus: ...
    @property
    def payment_status(self) -> PaymentStatus: ...
    @property
    def channel(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def subtotal(self) -> int: ...
    @property
    def discount_total(self) -> int: ...
    @property
    def shipping_total(self) -> int: ...
    @property
    def tax_total(self) -> int: ...
    @property
    def amount_due(self) -> int: ...
    @property
    def taxes_included(self) -> bool: ...
    @property
    def branch_code(self) -> str | None: ...
    @property
    def customer(self) -> Customer: ...
    @property
    def shipping_address(self) -> Address: ...


def amount_facts(name: str, minor: int, currency: str) -> dict[str, Fact]:
    """One amount in its three forms; `.amount` is the binary64 nearest to the decimal."""
    return {
        f"{name}.amount": float(Money(minor, currency).amount),
        f"{name}.minor": minor,
        f"{name}.currency": currency,
    }


def order_facts(order: Considered, lines: Sequence[OrderLine]) -> Facts:
    """The facts of the order as it is now. What it does not have is the empty text."""
    facts: dict[str, Fact] = {
        "order.currency": order.currency,
        "order.channel": order.channel,
        "order.status": order.status.value,
        "order.paymentStatus": order.payment_status.value,
        "order.branchCode": order.branch_code or "",
        "order.taxesIncluded": order.taxes_included,
        "order.lineCount": len(lines),
        "order.quantity": sum(line.open_quantity for line in lines),
        "order.skus": _distinct(line.sku for line in lines),
        "order.categories": _distinct(line.category for line in lines),
        "order.vendors": _distinct(line.vendor_id for line in lines),
        "order.branches": _distinct(line.branch_code for line in lines),
        "customer.id": order.customer.id or "",
        "customer.country": order.shipping_address.country or "",
    }
    for name, minor in (
        ("order.total", order.total),
        ("order.subtotal", order.subtotal),
        ("order.discountTotal", order.discount_total),
        ("order.shippingTotal", order.shipping_total),
        ("order.taxTotal", order.tax_total),
        ("order.amountDue", order.amount_due),
    ):
        facts.update(amount_facts(name, minor, order.currency))
    return facts


def _distinct(texts: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
