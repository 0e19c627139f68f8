"""Branches on PostgreSQL."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from ddd.branches.domain.branch import Address, Branch
from ddd.shared.application.statements import Read, Write
from ddd.shared.infrastructure.statements import dumps

_SELECT = "SELECT id, code, name, address, timezone, priority, archived, version FROM branches_branch"
_GET = f"{_SELECT} WHERE tenant_id = $1 AND code = $2"
_GET_BY_ID = f"{_SELECT} WHERE tenant_id = $1 AND id = $2::uuid"
_LOCK = f"{_GET} FOR NO KEY UPDATE"
_INSERT = """
INSERT INTO branches_branch (tenant_id, id, code, name, address, timezone, priority, archived, version)
VALUES ($1, $2::uuid, $3, $4, $5::jsonb, $6, $7::integer, $8, $9::integer)
"""
_UPDATE = """
UPDATE branches_branch SET name = $4, address = $5::jsonb, timezone = $6, priority = $7::integer, archived = $8,
                           version = $9::integer
WHERE tenant_id = $1 AND id = $2::uuid AND code = $3
"""


class PostgresBranchStore:
    """See `ddd.branches.application.ports.BranchStore`."""

    def get(self, tenant_id: str, code: str) -> Read[Branch | None]:
        return Read(_GET, (tenant_id, code), _build)

    def get_by_id(self, tenant_id: str, id: UUID) -> Read[Branch | None]:
        return Read(_GET_BY_ID, (tenant_id, str(id)), _build)

    def lock(self, tenant_id: str, code: str) -> Read[Branch | None]:
        return Read(_LOCK, (tenant_id, code), _build, locks=True)

    def insert(self, tenant_id: str, branch: Branch) -> Write:
        return Write(_INSERT, _params(tenant_id, branch))

    def update(self, tenant_id: str, branch: Branch) -> Write:
        return Write(_UPDATE, _params(tenant_id, branch))


def _params(tenant_id: str, branch: Branch) -> tuple[Any, ...]:
    return (
        tenant_id,
        str(branch.id),
        branch.code,
        branch.name,
        None if branch.address is None else dumps(asdict(branch.address)),
        branch.timezone,
        str(branch.priority),
        branch.archived,
        str(branch.version),
    )


def _build(rows: list[tuple[Any, ...]]) -> Branch | None:
    if not rows:
        return None
    id, code, name, address, timezone, priority, archived, version = rows[0]
    return Branch(
        id=UUID(str(id)),
        code=code,
        name=name,
        address=None if address is None else Address(**orjson.loads(address)),
        timezone=timezone,
        priority=priority,
        archived=archived,
        version=version,
    )
