"""The project's own app: management commands and system checks."""

from django.apps import AppConfig


class OrderManagementConfig(AppConfig):
    """Registers the checks."""

    name = "order_management"

    def ready(self) -> None:
        from order_management import checks  # noqa: F401, PLC0415 (registers itself; needs the apps)
