"""What queries and commands answer."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from ddd.branches.domain.branch import Address, Branch


@dataclass(frozen=True, slots=True)
class BranchView:
    """A branch as its clients see it."""

    id: UUID
    code: str
    name: str
    address: Address | None
    timezone: str
    priority: int
    archived: bool
    version: int

    @classmethod
    def of(cls, branch: Branch) -> Self:
        """As the branch is."""
        return cls(
            branch.id,
            branch.code,
            branch.name,
            branch.address,
            branch.timezone,
            branch.priority,
            branch.archived,
            branch.version,
        )
