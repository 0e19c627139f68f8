"""The published language: what contexts tell each other, versioned. The only thing that contexts share.

Every event carries the whole state of its subject, so that the newest one is enough. `to_payload` and `from_payload`
are JSON's side of it; unknown members are ignored, so that a newer publisher may speak to an older subscriber.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

E = TypeVar("E")


def to_payload(event: Any) -> dict[str, Any]:
    """The event as JSON-like data."""
    return asdict(event)


def from_payload(kind: type[E], payload: Mapping[str, Any]) -> E:
    """The event from JSON-like data."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass, by this package's rule
    return kind(**{name: value for name, value in payload.items() if name in known})
