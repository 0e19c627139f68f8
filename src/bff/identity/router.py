"""Logins work as `oms_system`: the role that serves orders never sees a password hash, a session or a private key."""

from typing import Any

_LABELS = frozenset({"auth", "sessions", "identity"})


class IdentityRouter:
    """A Django database router for the apps of the built-in identity provider."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "system" if model._meta.app_label in _LABELS else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return self.db_for_read(model)
