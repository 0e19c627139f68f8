"""How Django knows this package."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """The tables of kernel."""

    name = "ddd.shared.infrastructure"
    label = "kernel"
