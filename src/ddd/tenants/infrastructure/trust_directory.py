"""Who may speak for whom, looked up before any tenant is known: as `oms_system`, which sees every tenant's rows."""

from collections.abc import Sequence
from typing import Any

import orjson
import psycopg
from django.db import connections

from ddd.shared.domain.caller import Role
from ddd.shared.infrastructure.reader import connection_is_dead
from ddd.shared.infrastructure.statements import Plain, connection, exchange
from ddd.tenants.application.trust import Trust

_TRUSTS = """
SELECT tenant_id, issuer, audiences, jwks_url, tenant_path, subject_path, roles_path, vendor_path, customer_path,
       branches_path, tenant_value, role_map, single_tenant
FROM tenants_trust WHERE issuer = $1 ORDER BY tenant_id
"""


class PostgresTrustDirectory:
    """See `ddd.tenants.application.trust.TrustDirectory`. One round trip; nothing is remembered here."""

    def __init__(self, alias: str = "system") -> None:
        self._alias = alias

    def trusts(self, issuer: str) -> Sequence[Trust]:
        try:
            return self._find(issuer)
        except psycopg.OperationalError:
            if not connection_is_dead(self._alias):
                raise
            connections[self._alias].close()
            return self._find(issuer)

    def _find(self, issuer: str) -> Sequence[Trust]:
        (rows,) = exchange(connection(self._alias), (Plain(_TRUSTS, (issuer,)),))
        return [_trust(row) for row in rows]


def _trust(row: tuple[Any, ...]) -> Trust:
    (tenant_id, issuer, audiences, jwks_url, tenant, subject, roles, vendor, customer, branches, value, role_map,
     single) = row  # fmt: skip
    return Trust(
        tenant_id=tenant_id,
        issuer=issuer,
        audiences=_texts(audiences),
        jwks_url=jwks_url,
        tenant_path=_texts(tenant),
        subject_path=_texts(subject),
        roles_path=_texts(roles),
        vendor_path=_texts(vendor),
        customer_path=_texts(customer),
        branches_path=_texts(branches),
        tenant_value=value,
        role_map=None if role_map is None else _role_map(role_map),
        single_tenant=single,
    )


def _texts(document: str) -> tuple[str, ...]:
    return tuple(orjson.loads(document))


def _role_map(document: str) -> dict[str, tuple[Role, ...]]:
    return {name: tuple(Role(role) for role in roles) for name, roles in orjson.loads(document).items()}
