"""A tenant's changes, as they are told to the other contexts and to the audit."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ddd.published import to_payload
from ddd.published.tenants import TenantChanged, WorkflowPublished
from ddd.published.workflow import PLAIN_VERSION
from ddd.shared.application.events import AuditEntry, OutboxEvent
from ddd.tenants.domain.carriers import CarrierAccount
from ddd.tenants.domain.tenant import Tenant
from ddd.tenants.domain.workflow import PLAIN_WORKFLOW

AGGREGATE = "tenant"


def registered(tenant: Tenant) -> list[OutboxEvent]:
    """The workflow first: whoever hears of the tenant knows the workflow that it points to."""
    event = WorkflowPublished(tenant.id, PLAIN_VERSION, PLAIN_WORKFLOW)
    workflow = OutboxEvent(AGGREGATE, tenant.aggregate_id, 1, WorkflowPublished.type, to_payload(event))
    return [workflow, changed(tenant)]


def workflow_published(tenant: Tenant, document: Mapping[str, Any]) -> list[OutboxEvent]:
    """As at registration: the version, then the tenant that points to it."""
    event = WorkflowPublished(tenant.id, tenant.workflow_version, document)
    sequence = tenant.event_sequence - 1
    workflow = OutboxEvent(AGGREGATE, tenant.aggregate_id, sequence, WorkflowPublished.type, to_payload(event))
    return [workflow, changed(tenant)]


def changed(tenant: Tenant) -> OutboxEvent:
    """The whole state, as of `tenant.version`."""
    settings = tenant.settings
    event = TenantChanged(
        tenant_id=tenant.id,
        version=tenant.version,
        status=tenant.status.value,
        name=settings.name,
        default_currency=settings.default_currency,
        stock_tracked=settings.stock_tracked,
        unknown_sku=settings.unknown_sku.value,
        trust_customer_checkout=settings.trust_customer_checkout,
        workflow_version=tenant.workflow_version,
        permissions=tenant.permissions,
        operations_off=tenant.operations_off,
        carriers=[_without_sender(account) for account in settings.carriers],
    )
    return OutboxEvent(AGGREGATE, tenant.aggregate_id, tenant.event_sequence, TenantChanged.type, to_payload(event))


def _without_sender(account: CarrierAccount) -> dict[str, Any]:
    return {name: value for name, value in asdict(account).items() if name != "sender"}


def audit(operation: str, before: Tenant, after: Tenant) -> AuditEntry:
    """What changed from one to the other."""
    old, new = before.settings.changes(after.settings)
    if before.status is not after.status:
        old["status"], new["status"] = before.status.value, after.status.value
    if before.workflow_version != after.workflow_version:
        old["workflow_version"], new["workflow_version"] = before.workflow_version, after.workflow_version
    if before.operations_off != after.operations_off:
        old["operations_off"], new["operations_off"] = list(before.operations_off), list(after.operations_off)
    if before.permissions != after.permissions:
        roles = {*before.permissions, *after.permissions}
        differing = [
            role for role in sorted(roles) if before.permissions.get(role, {}) != after.permissions.get(role, {})
        ]
        for told, tenant in ((old, before), (new, after)):
            told["permissions"] = {role: dict(tenant.permissions.get(role, {})) for role in differing}
    return AuditEntry(operation, AGGREGATE, after.aggregate_id, old, new)
