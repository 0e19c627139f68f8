"""Who the caller is, and what it may do."""

from dataclasses import dataclass

from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Caller, Scope
from ddd.tenants.application.ports import Tenants


@dataclass(frozen=True, slots=True)
class PermissionView:
    """One operation, one reach; an operation stands there once for each reach that the caller's roles give it."""

    operation: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class MeView:
    """A caller. `branches` None: all of them."""

    subject: str
    tenant: str
    roles: tuple[str, ...]
    permissions: tuple[PermissionView, ...]
    branches: tuple[str, ...] | None
    customer_id: str
    vendor_id: str

    @classmethod
    def of(cls, grant: Grant) -> "MeView":
        """As the token and the tenant's permissions say."""
        caller = grant.caller
        operations = sorted({each for role in caller.roles for each in grant.permissions.get(role, ())})
        return cls(
            caller.subject,
            caller.tenant_id,
            tuple(sorted(caller.roles)),
            tuple(PermissionView(each, scope) for each in operations for scope in sorted(grant.scopes(each))),
            caller.branches,
            caller.customer_id,
            caller.vendor_id,
        )


def me(caller: Caller, tenants: Tenants) -> MeView:
    """The caller itself: whoever has a role here may ask. One round trip. Raises RequestRefused."""
    (grant,) = tenants.reader.fetch(caller)
    return MeView.of(grant)
