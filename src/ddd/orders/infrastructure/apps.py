"""How Django knows this package."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The tables of orders."""

    name = "ddd.orders.infrastructure"
    label = "orders"
