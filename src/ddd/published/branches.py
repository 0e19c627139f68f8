"""What branches publish."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class BranchChanged:
    """A branch was opened, changed or archived. A lower priority is tried first; the code never changes."""

    type: ClassVar[str] = "branch.changed.v1"

    branch_id: str
    version: int
    code: str
    name: str
    timezone: str
    priority: int
    archived: bool
