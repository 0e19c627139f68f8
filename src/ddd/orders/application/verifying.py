"""Do the stored orders agree with their timelines? Each is rebuilt and compared, field by field."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from ddd.orders.application.ports import Found
from ddd.orders.application.reading import order_of
from ddd.orders.application.records import OrderRecords, each_order, read
from ddd.orders.domain.rebuild import CannotRebuild, Person, rebuild
from ddd.shared.application.reader import Reader
from ddd.shared.domain.caller import Caller

#: Columns that are kept for filters, and follow from the rest.
_DERIVED: Final = ("status", "payment_status", "amount_due")
_ABSENT: Final = object()


class Verified(NamedTuple):
    """One order, and where it differs from its timeline: names of fields, never their values."""

    order_id: UUID
    differences: tuple[str, ...]


def verify_orders(
    caller: Caller, reader: Reader, records: OrderRecords, order_id: UUID | None = None
) -> Iterator[Verified]:
    """Every order of the tenant, or this one. Reads only."""
    if order_id is None:
        found: Iterator[Found] = each_order(caller, reader, records)
    else:
        found = iter(read(caller, reader, records.only(caller.tenant_id, order_id)))
    for each in found:
        yield Verified(each[0].id, differences(each))


def differences(found: Found) -> tuple[str, ...]:
    """Where the stored order and the one rebuilt from its timeline differ."""
    facts, parts = found
    stored = order_of(facts, parts)
    try:
        rebuilt = rebuild(facts.id, parts.events, Person.of(stored))
    except CannotRebuild as fault:
        return (str(fault),)
    derived = tuple(name for name in _DERIVED if getattr(facts, name) != getattr(rebuilt, name))
    return derived + tuple(_differing("", stored, rebuilt))


def _differing(path: str, stored: Any, told: Any) -> Iterator[str]:
    """The paths at which two values differ, as deep as both have the same shape."""
    if is_dataclass(stored) and type(stored) is type(told):
        for field in fields(stored):
            if field.compare:
                name = f"{path}.{field.name}" if path else field.name
                yield from _differing(name, getattr(stored, field.name), getattr(told, field.name))
    elif isinstance(stored, dict) and isinstance(told, dict):
        for key in {**stored, **told}:
            yield from _differing(f"{path}.{key}", stored.get(key, _ABSENT), told.get(key, _ABSENT))
    elif _is_list(stored) and _is_list(told) and len(stored) == len(told):
        for number, (one, other) in enumerate(zip(stored, told, strict=True), start=1):
            yield from _differing(f"{path}[{number}]", one, other)
    elif stored != told:
        yield path


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
