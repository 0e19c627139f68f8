"""How Django knows this package."""

from django.apps import AppConfig


class StockConfig(AppConfig):
    """The tables of stock."""

    name = "ddd.stock.infrastructure"
    label = "stock"
