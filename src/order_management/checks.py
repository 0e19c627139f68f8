"""System checks: what Django is told before anything runs, so that bad configuration is refused in words."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

CONFIGURATION = "configuration"  # the tag of checks that need no schema or URLs to be loaded


@register(CONFIGURATION)
def origins_are_origins(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """`DEV_ISSUERS` and `CORS_ALLOWED_ORIGINS` hold scheme, host and port, nothing else."""
    found: list[CheckMessage] = []
    for name in ("DEV_ISSUERS", "CORS_ALLOWED_ORIGINS"):
        for origin in getattr(settings, name):
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}" or "@" in origin:
                found.append(
                    Error(f"{name}: {origin!r} is no origin", hint="Write it as https://shop.example:8443.",
                          id="order_management.E001")
                )  # fmt: skip
    return found


@register(CONFIGURATION)
def databases_are_three_roles(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The aliases lead to one database: a migration on one and requests on another would pass unnoticed."""
    names = {alias: settings.DATABASES[alias]["NAME"] for alias in settings.DATABASES}
    if len(set(names.values())) > 1:
        return [
            Error(
                f"DATABASE_URL, DATABASE_OWNER_URL and DATABASE_SYSTEM_URL name different databases: {names}",
                hint="They are three logins to one database.",
                id="order_management.E002",
            )
        ]
    return []


@register(CONFIGURATION)
def secret_key_is_long(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Sessions and the built-in provider's cookies are signed with it."""
    if len(settings.SECRET_KEY) < 32:
        return [
            Error("SECRET_KEY is shorter than 32 characters", hint="Leave it out: one is made and kept in .data.",
                  id="order_management.E003")
        ]  # fmt: skip
    return []
