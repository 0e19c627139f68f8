"""What a dry run hands out, and a run must bring: which orders move to which version, as they were then.

A plan is opaque text that names the version, each order with the version it was seen at, and a digest of what was
listed for it. So a run does what was listed and nothing else: an order that has changed since, or of which something
else would come now (a hold ran out), stays where it is.
"""

import base64
import binascii
import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from ddd.orders.domain.migration import Migration

#: So many orders move in one transaction at most.
MAX_PLANNED: Final = 200
_FORM: Final = 1
_HEAD: Final = struct.Struct(">BI")  # the plan's form, the workflow version
_ENTRY: Final = struct.Struct(">16sI8s")  # order, its version, digest


class Planned(NamedTuple):
    """One order of a plan, at the version at which the dry run saw it."""

    order_id: UUID
    version: int
    digest: bytes


def planned(order_id: UUID, version: int, migration: Migration) -> Planned:
    """The order's entry; `version` is the one before the migration."""
    listed = json.dumps([str(order_id), version, migration.before, migration.after, migration.obstacle], default=str)
    return Planned(order_id, version, hashlib.sha256(listed.encode()).digest()[:8])


def encode_plan(version: int, entries: Sequence[Planned]) -> str:
    """The plan as text: about 40 characters for each order."""
    raw = _HEAD.pack(_FORM, version) + b"".join(_ENTRY.pack(each.order_id.bytes, *each[1:]) for each in entries)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_plan(text: str, version: int) -> list[Planned] | None:
    """The entries of a plan for this workflow version; None for text that is no such plan."""
    if not text.isascii() or len(text) > 2 * (_HEAD.size + MAX_PLANNED * _ENTRY.size):
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    count, rest = divmod(len(raw) - _HEAD.size, _ENTRY.size)
    if rest or not 1 <= count <= MAX_PLANNED or _HEAD.unpack_from(raw) != (_FORM, version):
        return None
    entries = [Planned(UUID(bytes=id_), *about) for id_, *about in _ENTRY.iter_unpack(raw[_HEAD.size :])]
    return entries if len({each.order_id for each in entries}) == count else None
