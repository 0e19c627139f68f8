"""A command of the kernel's own: it counts, so that an effect that came twice shows."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from ddd.shared.application.events import AuditEntry, OutboxEvent
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import Refusals
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.unit_of_work import PostgresUnitOfWork
from tests.builders import rows, unit_of_work

OPERATION = "createItem"  # one that an Admin may do
OTHER_OPERATION = "createBranch"
#: A snapshot row serves as the counter: `version` counts, `name` remembers in which order.
_COUNT = """
INSERT INTO orders_item (tenant_id, sku, name, archived, version) VALUES ($1, $2, $3, false, 1)
ON CONFLICT (tenant_id, sku) DO UPDATE
    SET version = orders_item.version + 1, name = orders_item.name || ' ' || excluded.name
"""


def count(tenant_id: str, name: str, mark: str = "x") -> Write:
    return Write(_COUNT, (tenant_id, name, mark))


def counted(tenant_id: str, name: str) -> int:
    found = rows(tenant_id, "SELECT version FROM orders_item WHERE sku = $1", name)
    return int(found[0][0]) if found else 0


def marks(tenant_id: str, name: str) -> list[str]:
    found = rows(tenant_id, "SELECT name FROM orders_item WHERE sku = $1", name)
    return str(found[0][0]).split() if found else []


def locked(tenant_id: str, name: str) -> Read[int]:
    return Read(
        "SELECT version FROM orders_item WHERE tenant_id = $1 AND sku = $2 FOR NO KEY UPDATE",
        (tenant_id, name),
        lambda found: int(found[0][0]) if found else 0,
        locks=True,
    )


def run(
    who: Caller,
    attempt: Callable[[Transaction], tuple[UUID, str] | Refusals],
    key: str | None = None,
    given: Mapping[str, Any] | None = None,
    *,
    operation: str = OPERATION,
    work: PostgresUnitOfWork | None = None,
    **options: Any,
) -> Outcome[str]:
    """The attempt as a unit of work; a replay answers `again <id>`."""
    return (work or unit_of_work()).run(
        who, Command(operation, key, given or {}), attempt, replay=lambda id_: f"again {id_}", **options
    )


def counting(
    who: Caller, name: str = "n", id_: UUID | None = None, *, decide: Callable[[int], Refusals | None] | None = None
) -> Callable[[Transaction], tuple[UUID, str] | Refusals]:
    """An attempt that counts one, leaves an event and an audit row, and answers `done <id>`."""
    aggregate = id_ or new_id()

    def attempt(tx: Transaction) -> tuple[UUID, str] | Refusals:
        (before,) = tx.fetch(locked(who.tenant_id, name))
        refused = decide(before) if decide else None
        if refused:
            return refused
        tx.store(count(who.tenant_id, name))
        event = OutboxEvent("probe", aggregate, before + 1, "probe.counted", {})
        tx.journal([event], AuditEntry(OPERATION, "probe", aggregate))
        return aggregate, f"done {aggregate}"

    return attempt


def left(tenant_id: str) -> tuple[int, int, int, int]:
    """Rows in this tenant: counters, idempotency, outbox and audit rows of probes."""
    ((found),) = rows(
        tenant_id,
        "SELECT (SELECT count(*) FROM orders_item), (SELECT count(*) FROM idempotency),"
        " (SELECT count(*) FROM outbox WHERE aggregate = 'probe'),"
        " (SELECT count(*) FROM audit_log WHERE aggregate = 'probe')",
    )
    return (found[0], found[1], found[2], found[3])
