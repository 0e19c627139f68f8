"""The access statement: tenant state and permissions, asked in each request's first round trip."""

from collections import OrderedDict
from threading import Lock
from typing import Any, Final, Protocol

import orjson

from ddd.shared.application.access import Grant, Permissions
from ddd.shared.application.statements import Read
from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.errors import TenantSuspended, Unauthenticated

#: The permissions, and what the plan leaves out, travel only when they changed since this process last saw them; the
#: state and version always do.
_ACCESS = """
SELECT status, version, CASE WHEN version <> $2::bigint THEN jsonb_build_array(permissions, operations_off) END
FROM access_tenant WHERE tenant_id = $1
"""
_MAX_TENANTS = 10_000


class Access(Protocol):
    """What the first round trip asks to learn a caller's grant."""

    def known(self, caller: Caller) -> Grant | None:
        """The grant as this process saw it last, to be verified by `read`; None where it has seen none."""
        ...

    def read(self, caller: Caller) -> Read[Grant]:
        """The statement; building its answer raises RequestRefused where the caller is turned away."""
        ...


class AccessReader:
    """Makes the access statement and reads its answer; remembers permissions by (tenant, version)."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, Permissions, frozenset[str]]] = OrderedDict()
        self._lock = Lock()

    def known(self, caller: Caller) -> Grant | None:
        """The grant as this process saw it last, to be verified by `read`."""
        known = self._known.get(caller.tenant_id)
        return Grant(caller, *known[1:]) if known else None

    def read(self, caller: Caller) -> Read[Grant]:
        """The caller's grant; building it raises Unauthenticated for an unknown tenant, TenantSuspended."""
        known = self._known.get(caller.tenant_id)
        version = str(known[0]) if known else "-1"

        def build(rows: list[tuple[Any, ...]]) -> Grant:
            if not rows:
                raise Unauthenticated
            status, current, permissions = rows[0]
            if status != "ACTIVE":
                raise TenantSuspended
            if permissions is None and known is not None:
                return Grant(caller, *known[1:])
            fresh: Permissions
            fresh, names = orjson.loads(permissions)
            off = frozenset(names)
            with self._lock:
                self._known[caller.tenant_id] = (current, fresh, off)
                if len(self._known) > _MAX_TENANTS:
                    self._known.popitem(last=False)
            return Grant(caller, fresh, off)

        return Read(_ACCESS, (caller.tenant_id, version), build)


class OperatorGrant(Grant):
    """Everything is granted: the operator answers to the machine's access rights, not to a role."""

    __slots__ = ()

    def scopes(self, operation: str) -> frozenset[Scope]:
        return frozenset({Scope.ALL})


#: One object, by which a reader sees that the grant is still the one that it guessed.
_NO_ROLES: Final[Permissions] = {}


class OperatorAccess:
    """Access for the operator's commands: no token, no role, and a tenant that may be unknown or suspended."""

    def known(self, caller: Caller) -> Grant | None:
        return OperatorGrant(caller, _NO_ROLES)

    def read(self, caller: Caller) -> Read[Grant]:
        return Read("SELECT 1", (), lambda rows: OperatorGrant(caller, _NO_ROLES))


class SystemGrant(Grant):
    """Everything is granted, also what the tenant's plan leaves out: the server keeps its own promises."""

    __slots__ = ()

    def scopes(self, operation: str) -> frozenset[Scope]:
        return frozenset({Scope.ALL})


class SystemAccess:
    """Access for what the server does by itself: no role, but a tenant that is suspended is left alone."""

    def __init__(self) -> None:
        self._access = AccessReader()

    def known(self, caller: Caller) -> Grant | None:
        known = self._access.known(caller)
        return SystemGrant(caller, known.permissions, known.off) if known else None

    def read(self, caller: Caller) -> Read[Grant]:
        asked = self._access.read(caller)

        def build(rows: list[tuple[Any, ...]]) -> Grant:
            grant = asked.build(rows)
            return SystemGrant(caller, grant.permissions, grant.off)

        return Read(asked.sql, asked.params, build)
