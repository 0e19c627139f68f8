"""How Django knows this package."""

from django.apps import AppConfig


class BranchesConfig(AppConfig):
    """The tables of branches."""

    name = "ddd.branches.infrastructure"
    label = "branches"
