"""How Django knows this package."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """The tables of tenants."""

    name = "ddd.tenants.infrastructure"
    label = "tenants"
