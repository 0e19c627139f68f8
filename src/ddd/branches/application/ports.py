"""What branches need of the world."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from ddd.branches.domain.branch import Branch
from ddd.shared.application.reader import Reader
from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import UnitOfWork

#: A twin's creation waits at this key, then finds the branch there.
CODE_TAKEN = "branches_branch_code_key"


class BranchStore(Protocol):
    """The branches of one tenant."""

    def get(self, tenant_id: str, code: str) -> Read[Branch | None]: ...

    def get_by_id(self, tenant_id: str, id: UUID) -> Read[Branch | None]: ...

    def lock(self, tenant_id: str, code: str) -> Read[Branch | None]:
        """The branch, held until the transaction ends."""
        ...

    def insert(self, tenant_id: str, branch: Branch) -> Write: ...

    def update(self, tenant_id: str, branch: Branch) -> Write: ...


@dataclass(frozen=True, slots=True)
class Branches:
    """What the handlers work with."""

    unit_of_work: UnitOfWork
    reader: Reader
    store: BranchStore
