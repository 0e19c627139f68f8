"""A tenant with branches, goods and somebody who may do everything: the application's handlers at hand, by name."""

import secrets
from collections.abc import Mapping
from typing import Any, TypeVar

from bff.app import App
from ddd.branches.application.branches import create_branch
from ddd.orders.application.cancel_order import cancel_order
from ddd.orders.application.listing import read_listing
from ddd.orders.application.mark_as_shipped import mark_as_shipped
from ddd.orders.application.place_order import place_order
from ddd.orders.application.queries import get_order, list_orders
from ddd.orders.application.views import OrderView
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.pages import page_request
from ddd.shared.domain.caller import Caller
from ddd.stock.application.items import create_item
from ddd.stock.application.levels import receive_stock
from order_management.container import build_app
from tests.builders import caller, registered

T = TypeVar("T")


def value(outcome: Outcome[T]) -> T:
    assert outcome.value is not None, outcome.errors
    return outcome.value


class Shop:
    """A tenant of its own with two branches, ten SKUs in both, and an Admin."""

    def __init__(self) -> None:
        self.app: App = build_app()
        self.admin: Caller = caller(registered())
        for code in ("b1", "b2"):
            self.branch(code)
        for number in range(10):
            sku = f"S{number}"
            self.item(sku)
            for code in ("b1", "b2"):
                self.receive(sku, code)

    def branch(self, code: str) -> Outcome[Any]:
        given = {"code": code, "name": code, "timezone": "UTC", "idempotencyKey": secrets.token_hex(8)}
        return create_branch(self.admin, given, self.app.branches)

    def item(self, sku: str) -> Outcome[Any]:
        given = {"sku": sku, "name": sku, "idempotencyKey": secrets.token_hex(8)}
        return create_item(self.admin, given, self.app.stock)

    def receive(self, sku: str, branch: str = "b1") -> Outcome[Any]:
        given = {"branchCode": branch, "sku": sku, "quantity": 1_000, "idempotencyKey": secrets.token_hex(8)}
        return receive_stock(self.admin, given, self.app.stock)

    def checkout(self, lines: int = 3, **given: Any) -> dict[str, Any]:
        return {
            "idempotencyKey": secrets.token_hex(8),
            "currency": "USD",
            "customer": {"firstName": "Ada"},
            "shippingAddress": {"line1": "1 Main Street", "country": "US"},
            "lines": [{"sku": f"S{number}", "quantity": 2, "unitPrice": "9.90"} for number in range(lines)],
            **given,
        }

    def place(self, given: Mapping[str, Any] | None = None, by: Caller | None = None) -> Outcome[OrderView]:
        return place_order(by or self.admin, self.checkout() if given is None else given, self.app.orders)

    def placed(self) -> OrderView:
        return value(self.place())

    def cancel(self, order: OrderView, **given: Any) -> Outcome[OrderView]:
        return cancel_order(self.admin, {"orderId": str(order.id), "reason": "OTHER", **given}, self.app.orders)

    def ship(self, order: OrderView, **given: Any) -> Outcome[OrderView]:
        return mark_as_shipped(self.admin, {"orderId": str(order.id), **given}, self.app.orders)

    def get(self, **name: str) -> OrderView | None:
        return get_order(
            self.admin,
            self.app.orders,
            order_id=name.get("order_id"),
            order_number=name.get("order_number"),
            external_ref=name.get("external_ref"),
            channel=None,
        )

    def page(self, *, count: bool = False, after: str | None = None, **filter_: Any) -> Any:
        listing = read_listing(filter_, None)
        request = page_request(listing.sort_name, 50, after, None, None)
        return list_orders(self.admin, self.app.orders, listing, request, count=count)
