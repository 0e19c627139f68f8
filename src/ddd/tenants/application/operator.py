"""The operator's use cases: they come from the machine's command line, without a token, and are safe to repeat."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from ddd.published.workflow import PLAIN_VERSION
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id
from ddd.tenants.application import publish
from ddd.tenants.application.ports import TENANT_TAKEN, Operations
from ddd.tenants.application.settings import read_settings
from ddd.tenants.application.views import TenantView
from ddd.tenants.domain.permissions import OPERATIONS
from ddd.tenants.domain.tenant import Settings, Tenant, is_tenant_id
from ddd.tenants.domain.workflow import PLAIN_WORKFLOW

OPERATOR_ISSUER = "urn:order-management:operator"
INVALID_ID = "A tenant's id is 1 to 64 of A-Z a-z 0-9 . _ -"


def operator_of(tenant_id: str) -> Caller:
    """The operator, at work in one tenant."""
    return Caller(
        tenant_id=tenant_id,
        subject="operator",
        issuer=OPERATOR_ISSUER,
        roles=frozenset(),
        customer_id="",
        vendor_id="",
        branches=None,
        issued_at=0,
        request_id=str(new_id()),
    )


def register_tenant(tenant_id: str, given: Mapping[str, Any], operations: Operations) -> Outcome[TenantView]:
    """Register the tenant, or lay the given settings over the one that is there.

    `given`: settings under their names in the API; what is absent is left as it is, at first to its default (the name
    to the id). A suspended tenant stays suspended.
    """
    if not is_tenant_id(tenant_id):
        return Outcome(None, Refusals.of(ErrorCode.INVALID_INPUT, INVALID_ID, ("tenant",)).items)
    store = operations.store

    def attempt(tx: Transaction) -> tuple[UUID, TenantView] | Refusals:
        (tenant,) = tx.fetch(store.lock(tenant_id))
        settings = read_settings(given, Settings(name=tenant_id) if tenant is None else tenant.settings)
        if isinstance(settings, Refusals):
            return settings
        if tenant is None:
            newer = Tenant.register(tenant_id, new_id(), settings)
            now = operations.clock.now()
            tx.store(store.insert(newer), store.insert_workflow(tenant_id, PLAIN_VERSION, PLAIN_WORKFLOW, now))
            _, after = Settings(name="").changes(settings)
            audit = AuditEntry("registerTenant", publish.AGGREGATE, newer.aggregate_id, {}, after)
            tx.journal(publish.registered(newer), audit)
        else:
            newer = tenant.configure(settings)
            if newer is not tenant:
                tx.store(store.update(newer))
                tx.journal([publish.changed(newer)], publish.audit("registerTenant", tenant, newer))
        return newer.aggregate_id, TenantView.of(newer)

    def taken() -> Refusals:
        return Refusals.of(ErrorCode.ALREADY_EXISTS, "The tenant is being registered by somebody else.", ("tenant",))

    return operations.unit_of_work.run(
        operator_of(tenant_id),
        Command("registerTenant", None, given),
        attempt,
        replay=lambda _: _view(tenant_id, operations),
        races={TENANT_TAKEN: taken},
        drain=True,
    )


def suspend_tenant(tenant_id: str, operations: Operations) -> Outcome[TenantView]:
    """Turn every request of the tenant away from now on; nothing of it is lost."""
    return _switch("suspendTenant", tenant_id, Tenant.suspend, operations)


def resume_tenant(tenant_id: str, operations: Operations) -> Outcome[TenantView]:
    """Let the tenant's requests in again."""
    return _switch("resumeTenant", tenant_id, Tenant.resume, operations)


def set_plan(tenant_id: str, operations_off: Collection[str], operations: Operations) -> Outcome[TenantView]:
    """Put the tenant on a plan without these operations, whole: what is not named is switched on (again)."""
    for operation in operations_off:
        if operation not in OPERATIONS:
            fault = f"There is no operation {operation}."
            return Outcome(None, Refusals.of(ErrorCode.INVALID_INPUT, fault, ("off",)).items)
    return _switch("setPlan", tenant_id, lambda tenant: tenant.subscribe(operations_off), operations)


def _switch(
    operation: str, tenant_id: str, decide: Callable[[Tenant], Tenant], operations: Operations
) -> Outcome[TenantView]:
    if not is_tenant_id(tenant_id):
        return Outcome(None, Refusals.of(ErrorCode.INVALID_INPUT, INVALID_ID, ("tenant",)).items)

    def attempt(tx: Transaction) -> tuple[UUID, TenantView] | Refusals:
        (tenant,) = tx.fetch(operations.store.lock(tenant_id))
        if tenant is None:
            return unknown_tenant(tenant_id)
        newer = decide(tenant)
        if newer is not tenant:
            tx.store(operations.store.update(newer))
            tx.journal([publish.changed(newer)], publish.audit(operation, tenant, newer))
        return newer.aggregate_id, TenantView.of(newer)

    return operations.unit_of_work.run(
        operator_of(tenant_id),
        Command(operation, None, {}),
        attempt,
        replay=lambda _: _view(tenant_id, operations),
        drain=True,
    )


def unknown_tenant(tenant_id: str) -> Refusals:
    """The refusal of a command that needs a registered tenant."""
    return Refusals.of(ErrorCode.NOT_FOUND, f"There is no tenant {tenant_id}; register it first.", ("tenant",))


def _view(tenant_id: str, operations: Operations) -> TenantView | None:
    _grant, tenant = operations.reader.fetch(operator_of(tenant_id), operations.store.get(tenant_id))
    return None if tenant is None else TenantView.of(tenant)
