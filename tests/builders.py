"""What most tests begin with: a tenant of their own, somebody to act in it, and the ports that the root would give."""

import secrets
from typing import Any

from ddd.branches.application.ports import Branches
from ddd.branches.infrastructure.store import PostgresBranchStore
from ddd.published.workflow import FACTS
from ddd.shared.application.statements import Read
from ddd.shared.domain.caller import Caller, Role
from ddd.shared.domain.clock import SystemClock
from ddd.shared.infrastructure.access import AccessReader
from ddd.shared.infrastructure.cel import CelConditions
from ddd.shared.infrastructure.reader import PostgresReader
from ddd.shared.infrastructure.regular_expressions import Re2Patterns
from ddd.shared.infrastructure.relay import Relay
from ddd.shared.infrastructure.statements import connection
from ddd.shared.infrastructure.unit_of_work import PostgresUnitOfWork
from ddd.stock.application.ports import Stock
from ddd.stock.infrastructure.store import PostgresStockStore
from ddd.tenants.application.operator import register_tenant
from ddd.tenants.application.ports import Tenants
from ddd.tenants.infrastructure.store import PostgresTenantStore
from order_management.carriers import AccountChecks, carrier_desk
from order_management.operator import operations
from order_management.registry import SUBSCRIBERS
from tests.pipeline import SET_TENANT, send


def new_tenant_id() -> str:
    """A tenant's id that no other test has."""
    return f"t-{secrets.token_hex(8)}"


def registered(**settings: Any) -> str:
    """The id of a tenant that is registered with these settings (their names in the API)."""
    tenant_id = new_tenant_id()
    outcome = register_tenant(tenant_id, settings, operations())
    assert outcome.errors == ()
    return tenant_id


def caller(tenant_id: str, *roles: Role, subject: str = "somebody", branches: tuple[str, ...] | None = None) -> Caller:
    """Whom a verified token speaks of; an Admin where no role is named."""
    return Caller(
        tenant_id=tenant_id,
        subject=subject,
        issuer="https://login.example",
        roles=frozenset(roles or (Role.ADMIN,)),
        customer_id=subject,
        vendor_id=subject,
        branches=branches,
        issued_at=0,
        request_id=secrets.token_hex(8),
    )


def unit_of_work() -> PostgresUnitOfWork:
    """As the server's: permissions are asked, snapshots follow before a master-data write answers."""
    return PostgresUnitOfWork(AccessReader(), SystemClock(), Relay(SUBSCRIBERS).drain)


def tenants() -> Tenants:
    """What the handlers of tenants work with."""
    return Tenants(
        unit_of_work(),
        PostgresReader(AccessReader()),
        PostgresTenantStore(),
        SystemClock(),
        CelConditions(FACTS),
        Re2Patterns(),
        AccountChecks(carrier_desk()),
    )


def branches() -> Branches:
    """What the handlers of branches work with."""
    return Branches(unit_of_work(), PostgresReader(AccessReader()), PostgresBranchStore())


def stock() -> Stock:
    """What the handlers of stock work with."""
    return Stock(unit_of_work(), PostgresReader(AccessReader()), PostgresStockStore(), SystemClock())


def rows(tenant_id: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """What the runtime role sees in this tenant; `$1` placeholders."""
    raw = connection("default")
    with raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        cursor = send(raw, sql, params)
    return cursor.fetchall()


def fetched(tenant_id: str, read: Read[Any]) -> Any:
    """What a read answers in this tenant."""
    return read.build(rows(tenant_id, read.sql, *read.params))


def audited(tenant_id: str) -> list[str]:
    """The operations that left an audit row, the oldest first."""
    return [operation for (operation,) in rows(tenant_id, "SELECT operation FROM audit_log ORDER BY id")]


def published(tenant_id: str) -> list[tuple[int, str]]:
    """Sequence and type of the tenant's published events."""
    found = rows(tenant_id, "SELECT sequence, type FROM outbox ORDER BY aggregate_id, sequence")
    return [(sequence, type_) for sequence, type_ in found]
