"""A measuring process for `shop`: the lives of orders by the code that is on its path, today's or another commit's."""

import os
from collections.abc import Callable
from typing import Any, Final

import django

from tests.bench.worker import serve

#: As an order meets them. In each round half of the orders are paid, shipped and delivered, and half are cancelled.
OPERATIONS: Final = ("placeOrder", "recordPayment", "markAsShipped", "markAsDelivered", "cancelOrder")


def _setup(**given: Any) -> Callable[..., dict[str, Any]]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "order_management.settings"
    django.setup()
    from tests.bench.shop import Shop  # noqa: PLC0415 - it imports models

    shop = Shop(**given)

    def answer(act: str, **arguments: Any) -> dict[str, Any]:
        found: dict[str, Any] = getattr(shop, act)(**arguments)
        return found

    return answer


if __name__ == "__main__":
    serve(_setup)
