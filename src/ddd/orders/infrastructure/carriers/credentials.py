"""The operator's secrets for carriers, from a file or the environment: never in the database, never in a log.

`CARRIER_SECRETS_FILE` names a JSON file, `CARRIER_SECRETS` is the JSON itself: tenant → name → parts, such as
`{"northwind": {"easypost": {"api_key": "…"}}}`. The tenant stands first, so that naming another tenant's secret finds
nothing. The file is read each time: a rotated secret is in force for the next label.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import orjson

from ddd.orders.application.carriers import Secret

_log = logging.getLogger(__name__)


def are_secrets(text: str) -> bool:
    """Whether the text is JSON of the form tenant → name → parts, all of them texts."""
    try:
        tenants = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(tenants, dict) or not all(isinstance(names, dict) for names in tenants.values()):
        return False
    return all(
        isinstance(parts, dict) and all(isinstance(part, str) for part in parts.values())
        for names in tenants.values()
        for parts in names.values()
    )


class OperatorsCredentials:
    """Credentials as the operator gives them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def find(self, tenant_id: str, name: str) -> Secret | None:
        found = self._read()
        for step in (tenant_id, name):
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict) or not all(isinstance(part, str) for part in found.values()):
            return None
        return Secret(found)

    def _read(self) -> object:
        file, text = self._environment.get("CARRIER_SECRETS_FILE"), self._environment.get("CARRIER_SECRETS")
        try:
            if file:
                return orjson.loads(Path(file).read_bytes())
            return orjson.loads(text) if text else {}
        except OSError as error:
            _log.error("the carriers' secrets cannot be read: %s", error.strerror)
        except orjson.JSONDecodeError:
            _log.error("the carriers' secrets are not JSON")  # the error would carry them
        return {}
