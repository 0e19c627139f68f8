"""The project's own app: management commands."""

from django.apps import AppConfig


class OrderManagementConfig(AppConfig):
    """Label `order_management`."""

    name = "order_management"
