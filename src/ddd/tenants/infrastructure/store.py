"""Tenants on PostgreSQL."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from ddd.shared.application.statements import Read, Write
from ddd.shared.infrastructure.statements import dumps
from ddd.tenants.application.trust import Trust
from ddd.tenants.application.views import WorkflowView
from ddd.tenants.domain.carriers import CarrierAccount, Sender, SenderAddress
from ddd.tenants.domain.tenant import Settings, Tenant, TenantStatus, UnknownSku

_GET = """
SELECT tenant_id, aggregate_id, name, default_currency, stock_tracked, unknown_sku, trust_customer_checkout, status,
       workflow_version, permissions, version, event_sequence, operations_off, carriers
FROM tenants_tenant WHERE tenant_id = $1
"""
_LOCK = f"{_GET} FOR NO KEY UPDATE"
_INSERT = """
INSERT INTO tenants_tenant (tenant_id, aggregate_id, name, default_currency, stock_tracked, unknown_sku,
                            trust_customer_checkout, status, workflow_version, permissions, version, event_sequence,
                            operations_off, carriers)
VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9::integer, $10::jsonb, $11::integer, $12::integer, $13::jsonb,
        $14::jsonb)
"""
_UPDATE = """
UPDATE tenants_tenant
SET name = $3, default_currency = $4, stock_tracked = $5, unknown_sku = $6, trust_customer_checkout = $7, status = $8,
    workflow_version = $9::integer, permissions = $10::jsonb, version = $11::integer, event_sequence = $12::integer,
    operations_off = $13::jsonb, carriers = $14::jsonb
WHERE tenant_id = $1 AND aggregate_id = $2::uuid
"""
_INSERT_WORKFLOW = """
INSERT INTO tenants_workflow (tenant_id, version, document, published_at)
VALUES ($1, $2::integer, $3::jsonb, $4::timestamptz)
"""
_WORKFLOW = "SELECT document FROM tenants_workflow WHERE tenant_id = $1 AND version = $2::integer"
_WORKFLOW_VIEW = """
SELECT w.version, w.document, w.published_at, w.version = t.workflow_version, t.version
FROM tenants_tenant t JOIN tenants_workflow w
    ON w.tenant_id = t.tenant_id AND w.version = coalesce($2::integer, t.workflow_version)
WHERE t.tenant_id = $1
"""
_SAME_WORKFLOW = """
SELECT w.version, w.document, w.published_at, w.version = t.workflow_version, t.version
FROM tenants_tenant t JOIN tenants_workflow w ON w.tenant_id = t.tenant_id
WHERE t.tenant_id = $1 AND w.document - 'version' = $2::jsonb - 'version'
ORDER BY w.version DESC LIMIT 1
"""
_LOCK_ISSUER = "SELECT pg_advisory_xact_lock(hashtextextended('tenants_trust ' || $1, 0))"
_PUT_TRUST = """
INSERT INTO tenants_trust (tenant_id, issuer, audiences, jwks_url, tenant_path, subject_path, roles_path, vendor_path,
                           customer_path, branches_path, tenant_value, role_map, single_tenant)
VALUES ($1, $2, $3::jsonb, $4, $5::jsonb, $6::jsonb, $7::jsonb, $8::jsonb, $9::jsonb, $10::jsonb, $11, $12::jsonb, $13)
ON CONFLICT (tenant_id, issuer) DO UPDATE
SET audiences = excluded.audiences, jwks_url = excluded.jwks_url, tenant_path = excluded.tenant_path,
    subject_path = excluded.subject_path, roles_path = excluded.roles_path, vendor_path = excluded.vendor_path,
    customer_path = excluded.customer_path, branches_path = excluded.branches_path,
    tenant_value = excluded.tenant_value, role_map = excluded.role_map, single_tenant = excluded.single_tenant
"""


class PostgresTenantStore:
    """See `ddd.tenants.application.ports.TenantStore`."""

    def get(self, tenant_id: str) -> Read[Tenant | None]:
        return Read(_GET, (tenant_id,), _build)

    def lock(self, tenant_id: str) -> Read[Tenant | None]:
        return Read(_LOCK, (tenant_id,), _build, locks=True)

    def insert(self, tenant: Tenant) -> Write:
        return Write(_INSERT, _params(tenant))

    def update(self, tenant: Tenant) -> Write:
        return Write(_UPDATE, _params(tenant))

    def insert_workflow(self, tenant_id: str, version: int, document: Mapping[str, Any], at: datetime) -> Write:
        return Write(_INSERT_WORKFLOW, (tenant_id, str(version), dumps(document), at.isoformat()))

    def workflow(self, tenant_id: str, version: int) -> Read[Mapping[str, Any] | None]:
        return Read(_WORKFLOW, (tenant_id, str(version)), lambda rows: orjson.loads(rows[0][0]) if rows else None)

    def workflow_view(self, tenant_id: str, version: int | None) -> Read[WorkflowView | None]:
        return Read(_WORKFLOW_VIEW, (tenant_id, None if version is None else str(version)), _build_workflow)

    def same_workflow(self, tenant_id: str, document: Mapping[str, Any]) -> Read[WorkflowView | None]:
        return Read(_SAME_WORKFLOW, (tenant_id, dumps(document)), _build_workflow)

    def lock_issuer(self, issuer: str) -> Read[None]:
        return Read(_LOCK_ISSUER, (issuer,), lambda rows: None, locks=True)

    def put_trust(self, trust: Trust) -> Write:
        return Write(
            _PUT_TRUST,
            (
                trust.tenant_id,
                trust.issuer,
                dumps(trust.audiences),
                trust.jwks_url,
                dumps(trust.tenant_path),
                dumps(trust.subject_path),
                dumps(trust.roles_path),
                dumps(trust.vendor_path),
                dumps(trust.customer_path),
                dumps(trust.branches_path),
                trust.tenant_value,
                None if trust.role_map is None else dumps(trust.role_map),
                trust.single_tenant,
            ),
        )


def _params(tenant: Tenant) -> tuple[Any, ...]:
    settings = tenant.settings
    return (
        tenant.id,
        str(tenant.aggregate_id),
        settings.name,
        settings.default_currency,
        settings.stock_tracked,
        settings.unknown_sku.value,
        settings.trust_customer_checkout,
        tenant.status.value,
        str(tenant.workflow_version),
        dumps(tenant.permissions),
        str(tenant.version),
        str(tenant.event_sequence),
        dumps(tenant.operations_off),
        dumps([asdict(account) for account in settings.carriers]),
    )


def _build(rows: list[tuple[Any, ...]]) -> Tenant | None:
    if not rows:
        return None
    (tenant_id, aggregate_id, name, currency, tracked, unknown_sku, trusted, status, workflow, permissions, version,
     sequence, operations_off, carriers) = rows[0]  # fmt: skip
    return Tenant(
        id=tenant_id,
        aggregate_id=UUID(str(aggregate_id)),
        settings=Settings(name, currency, tracked, UnknownSku(unknown_sku), trusted, _accounts(carriers)),
        status=TenantStatus(status),
        workflow_version=workflow,
        permissions=orjson.loads(permissions),
        version=version,
        event_sequence=sequence,
        operations_off=tuple(orjson.loads(operations_off)),
    )


def _accounts(text: str) -> tuple[CarrierAccount, ...]:
    return tuple(
        CarrierAccount(**{**data, "modes": tuple(data["modes"]), "sender": _sender(data["sender"])})
        for data in orjson.loads(text)
    )


def _sender(data: dict[str, Any] | None) -> Sender | None:
    return None if data is None else Sender(**{**data, "address": SenderAddress(**data["address"])})


def _build_workflow(rows: list[tuple[Any, ...]]) -> WorkflowView | None:
    if not rows:
        return None
    version, document, published_at, is_current, tenant_version = rows[0]
    read = orjson.loads(document)
    return WorkflowView(version, read["name"], read, published_at, is_current, tenant_version)
