"""Idempotency rows: which key was used, for which input, and which aggregate came of it."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import Command
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.ids import new_id
from ddd.shared.domain.money import EXACT, parse_decimal
from ddd.shared.domain.text import fault_of
from ddd.shared.infrastructure.statements import dumps

_COLUMNS = "operation, fingerprint, aggregate_id"
KEY_COLUMNS = 3
_FIND = f"SELECT {_COLUMNS} FROM idempotency WHERE tenant_id = $1 AND key_hash = $2"
_USE = "INSERT INTO idempotency (tenant_id, key_hash, operation, fingerprint, aggregate_id) VALUES ($1, $2, $3, $4, $5)"
_USE_MANY = """
INSERT INTO idempotency (tenant_id, key_hash, operation, fingerprint, aggregate_id)
SELECT * FROM json_to_recordset($1::json)
    AS k(tenant_id text, key_hash bytea, operation text, fingerprint bytea, aggregate_id uuid)
"""
#: A twin that came second waits at this key, then learns the first one's outcome.
KEY_TAKEN = "idempotency_pkey"
#: Input fields that hold amounts: `10`, `10.0` and `"10.00"` are the same input.
_AMOUNTS = frozenset(
    [
        "unitPrice",
        "discount",
        "tax",
        "amount",
        "cost",
        "rate",
        "expectedTotal",
        "weightKg",
        "lengthCm",
        "widthCm",
        "heightCm",
        "restockingFee",
    ]
)
#: Free data of the client's, compared as it is.
_FREE = frozenset({"metadata", "options"})


@cache
def with_key(sql: str, params: int) -> str:
    """The query, whose rows are to end with the key's columns; its own parameters are followed by the key's."""
    return f"""
SELECT asked.*, {_COLUMNS} FROM ({sql}) AS asked
LEFT JOIN idempotency ON idempotency.tenant_id = ${params + 1} AND key_hash = ${params + 2}
"""


class UsedKey(NamedTuple):
    operation: str
    fingerprint: bytes
    aggregate_id: UUID


class KeyRow(NamedTuple):
    """The row that says that a key has been used."""

    tenant_id: str
    key_hash: bytes
    operation: str
    fingerprint: bytes
    aggregate_id: str


def use_keys(rows: Sequence[KeyRow]) -> Write:
    """Write these rows, in this order."""
    if len(rows) == 1:
        return Write(_USE, rows[0])
    return Write(_USE_MANY, (dumps([row._asdict() | _as_text(row) for row in rows]),))


def _as_text(row: KeyRow) -> dict[str, str]:
    """Its binary columns as PostgreSQL reads them."""
    return {"key_hash": f"\\x{row.key_hash.hex()}", "fingerprint": f"\\x{row.fingerprint.hex()}"}


class KeyUse:
    """One command's key. A command without one gets a key of its own, so that a commit in doubt can be asked for."""

    __slots__ = ("_hash", "_operation", "_tenant_id", "fault", "fingerprint", "is_given")

    def __init__(self, caller: Caller, command: Command) -> None:
        #: What is wrong with the client's key: nothing can have been stored under it, nothing will be.
        self.fault = None if command.key is None else fault_of(command.key, required=True)
        self.is_given = command.key is not None and self.fault is None
        key = command.key if command.key is not None else f"\x00{new_id()}"
        owner = f"{caller.issuer}\x1f{caller.subject}\x1f{key}"
        self._tenant_id = caller.tenant_id
        self._hash = hashlib.sha256(owner.encode("utf-8", "surrogatepass")).digest()
        self._operation = command.operation
        self.fingerprint = fingerprint(command.operation, command.given)

    def find(self) -> Read[UsedKey | None]:
        return Read(_FIND, (self._tenant_id, self._hash), self.used)

    @staticmethod
    def used(rows: Sequence[tuple[Any, ...]]) -> UsedKey | None:
        """What the key's columns say."""
        return UsedKey(*rows[0]) if rows and rows[0][0] is not None else None

    def row(self, aggregate_id: UUID) -> KeyRow:
        return KeyRow(self._tenant_id, self._hash, self._operation, self.fingerprint, str(aggregate_id))


def fingerprint(operation: str, given: Mapping[str, Any]) -> bytes:
    """SHA-256 of operation and given fields: the same in any field order, amounts by value, null as absent."""
    plain = orjson.dumps(
        [operation, _canonical(given)], option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str
    )
    return hashlib.sha256(plain).digest()


def _canonical(given: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or name == "idempotencyKey":
            continue
        if name in _FREE:
            plain[name] = _free(value)
        elif isinstance(value, dict):
            plain[name] = _canonical(value)
        elif isinstance(value, list):
            plain[name] = [_canonical(each) if isinstance(each, dict) else _text(each) for each in value]
        else:
            plain[name] = _amount(value) if name in _AMOUNTS else _text(value)
    return plain


def _free(value: Any) -> str:
    try:
        return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
    except TypeError:  # nested too deep, or text that is no UTF-8: refused when it is checked, so never stored
        return "unserialisable"


def _amount(raw: Any) -> str:
    number = parse_decimal(raw)
    return _text(raw) if number is None else format(number.normalize(EXACT), "f") if number else "0"


def _text(value: Any) -> Any:
    """Text as it is; what JSON cannot carry (a lone surrogate, a huge number) in a form that no text has."""
    if isinstance(value, str):
        return value if value.isascii() else [value.encode("utf-8", "surrogatepass").hex()]
    return value if isinstance(value, bool) else str(value)
