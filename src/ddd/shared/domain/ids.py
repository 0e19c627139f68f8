"""Identifiers: UUIDv7 for aggregates (RFC 9562 §5.7), made by the application."""

import os
import re
import time
from uuid import UUID

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def new_id() -> UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits; sorts by time of making."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def parse_id(text: str) -> UUID | None:
    """The id written as `text`, or None where it is no id: a malformed id is answered as an unknown one.

    Only the canonical form counts (RFC 9562 §4: 36 characters with hyphens, any case).
    """
    return UUID(text) if _ID.fullmatch(text) else None  # UUID() itself takes blanks, underscores, any script's digits
