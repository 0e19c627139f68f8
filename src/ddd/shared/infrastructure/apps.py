"""How Django knows this package."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from ddd.shared.infrastructure.instants import load_instants


class KernelConfig(AppConfig):
    """The tables of kernel."""

    name = "ddd.shared.infrastructure"
    label = "kernel"

    def ready(self) -> None:
        connection_created.connect(load_instants)
