"""Where a claim stands in a token: a list of keys, from the outermost in."""

import json
from typing import Final

from ddd.shared.domain.text import fault_of

MAX_KEYS: Final = 10


def parse_path(text: str) -> tuple[str, ...] | None:
    """A plain key, never split at dots (`https://acme.example/roles` is one), or a JSON list of keys; None: neither."""
    if not text.startswith("["):
        return (text,) if fault_of(text, required=True) is None else None
    try:
        keys = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        return None
    if not all(isinstance(key, str) and fault_of(key, required=True) is None for key in keys):
        return None
    return tuple(keys)
