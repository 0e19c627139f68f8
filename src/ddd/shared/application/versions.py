"""The optimistic lock: a client says which version it has seen."""

from collections.abc import Mapping
from typing import Any

from ddd.shared.domain.errors import ErrorCode, Refusals


def version_conflict(given: Mapping[str, Any], current: int) -> Refusals | None:
    """The refusal where `expectedVersion` was given and is not the current one."""
    expected = given.get("expectedVersion")
    if expected is None or expected == current:
        return None
    return Refusals.of(
        ErrorCode.VERSION_CONFLICT,
        f"This has changed meanwhile: it is at version {current}.",
        ("expectedVersion",),
        {"version": current},
    )
