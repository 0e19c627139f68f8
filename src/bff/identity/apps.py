"""The Django app."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Label `identity`."""

    name = "bff.identity"
    label = "identity"
