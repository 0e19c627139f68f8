"""Which role may do what in a tenant: read and set by its Admin, in force for the next request everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.application.versions import version_conflict
from ddd.shared.domain.caller import Caller, Role, Scope
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.tenants.application import publish
from ddd.tenants.application.me import PermissionView
from ddd.tenants.application.ports import Tenants
from ddd.tenants.application.views import TenantView
from ddd.tenants.domain.permissions import KEPT_BY_ADMIN, OPERATIONS, READS, scopes_of

_ROLES = frozenset(role.value for role in Role)
_SCOPES = frozenset(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class RolePermissionsView:
    """What one role carries, by operation."""

    role: str
    permissions: tuple[PermissionView, ...]


def role_permissions(caller: Caller, tenants: Tenants) -> list[RolePermissionsView]:
    """Every role with what it carries; what the tenant's plan leaves out is not looked at. One round trip.

    Raises PermissionMissing, RequestRefused.
    """
    grant, tenant = tenants.reader.fetch(caller, tenants.store.get(caller.tenant_id))
    grant.require("rolePermissions")
    carried = {} if tenant is None else tenant.permissions
    return [
        RolePermissionsView(
            role.value,
            tuple(
                PermissionView(operation, Scope(scope)) for operation, scope in sorted(carried.get(role, {}).items())
            ),
        )
        for role in Role
    ]


def set_role_permissions(caller: Caller, given: Mapping[str, Any], tenants: Tenants) -> Outcome[TenantView]:
    """Give each role that is named exactly these permissions; the others keep theirs. An empty list takes all away.

    An Admin always keeps `rolePermissions` and `setRolePermissions`: no tenant locks itself out. An Auditor writes
    nothing. `expectedVersion` is the tenant's.
    """

    def attempt(tx: Transaction) -> tuple[UUID, TenantView] | Refusals:
        (tenant,) = tx.fetch(tenants.store.lock(caller.tenant_id))
        if tenant is None:
            return Refusals.of(ErrorCode.NOT_FOUND, "There is no such tenant.")
        if (conflict := version_conflict(given, tenant.version)) is not None:
            return conflict
        permissions = read_permissions(given, tenant.permissions)
        if isinstance(permissions, Refusals):
            return permissions
        newer = tenant.permit(permissions)
        if newer is not tenant:
            tx.store(tenants.store.update(newer))
            tx.journal([publish.changed(newer)], publish.audit("setRolePermissions", tenant, newer))
        return newer.aggregate_id, TenantView.of(newer)

    def replay(_: UUID) -> TenantView | None:
        _grant, tenant = tenants.reader.fetch(caller, tenants.store.get(caller.tenant_id))
        return None if tenant is None else TenantView.of(tenant)

    command = Command("setRolePermissions", given.get("idempotencyKey"), given)
    return tenants.unit_of_work.run(caller, command, attempt, replay=replay, drain=True)


def read_permissions(
    given: Mapping[str, Any], current: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]] | Refusals:
    """The current map with the roles that are given laid over it, or every fault in them."""
    form = Form(given)
    permissions = {role: dict(carried) for role, carried in current.items()}
    seen = set()
    if not given.get("roles"):
        form.refuse("roles", "Name at least one role.")
    for each in form.each("roles"):
        role = each.choice("role", _ROLES, "role")
        if role and role in seen:
            each.refuse("role", "This role stands here twice.")
        seen.add(role)
        carried = _carried(each, role)
        if role == Role.ADMIN:
            missing = [operation for operation in KEPT_BY_ADMIN if operation not in carried]
            if missing:
                each.refuse("permissions", f"An Admin always keeps {' and '.join(missing)}.")
        permissions[role] = carried
    return form.refusals or permissions


def _carried(form: Form, role: str) -> dict[str, str]:
    carried: dict[str, str] = {}
    for each in form.each("permissions"):
        operation = each.choice("operation", OPERATIONS, "operation")
        scope = each.choice("scope", _SCOPES, "scope")
        if not operation or not scope:
            continue
        if operation in carried:
            each.refuse("operation", "This operation stands here twice.")
        elif role == Role.AUDITOR and operation not in READS:
            each.refuse("operation", "An Auditor writes nothing.")
        elif Scope(scope) not in scopes_of(operation):
            allowed = " or ".join(sorted(scopes_of(operation)))
            each.refuse("scope", f"{operation} is carried with {allowed} only.")
        carried[operation] = scope
    return carried
