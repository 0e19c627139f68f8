"""Round trips and statements of each operation, counted on the wire, for the page; `make test` asserts them."""

from collections.abc import Callable
from typing import Any

from tests.shop import Shop
from tests.wire import counted


def operations() -> list[tuple[str, int, int]]:
    """(operation, round trips, statements)."""
    shop = Shop()
    given = shop.checkout()
    shop.place(given)
    order = shop.placed()
    codes, skus = iter(["n1", "n2"]), iter(["N1", "N2"])
    short = shop.checkout()
    short["lines"][0]["quantity"] = 1_000_000
    acts: list[tuple[str, Callable[[], Any]]] = [
        ("placeOrder, 1 line", lambda: shop.place(shop.checkout(1))),
        ("placeOrder, 10 lines", lambda: shop.place(shop.checkout(10))),
        ("placeOrder, replayed", lambda: shop.place(given)),
        ("placeOrder, OUT_OF_STOCK", lambda: shop.place(short)),
        ("getOrder, all its parts", lambda: shop.get(order_id=str(order.id))),
        ("orders, all their parts", lambda: shop.page()),
        ("orders, with totalCount", lambda: shop.page(count=True)),
        ("createBranch, two snapshots up to date", lambda: shop.branch(next(codes))),
        ("createItem, one snapshot up to date", lambda: shop.item(next(skus))),
        ("receiveStock", lambda: shop.receive("S1")),
    ]
    told = []
    for name, act in acts:
        (trips, statements), _ = counted(act)
        told.append((name, trips, statements))
    for name, change in (("cancelOrder", shop.cancel), ("markAsShipped", shop.ship)):
        placed = shop.placed()
        (trips, statements), _ = counted(lambda: change(placed), warm=lambda: change(shop.placed()))  # noqa: B023
        told.append((name, trips, statements))
    return told
