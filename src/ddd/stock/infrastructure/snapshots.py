"""What stock keeps of branches: the newest version wins, whatever order events come in."""

from collections.abc import Sequence
from typing import Final

from ddd.published import from_payload
from ddd.published.branches import BranchChanged
from ddd.shared.application.events import PublishedEvent
from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.relay import Subscriber
from ddd.shared.infrastructure.statements import dumps

_BRANCH: Final = """
INSERT INTO stock_branch (tenant_id, code, branch_id, name, priority, archived, version)
SELECT $1, b.code, b.branch_id, b.name, b.priority, b.archived, b.version
FROM json_to_record($2::json)
    AS b(code text, branch_id uuid, name text, priority integer, archived boolean, version integer)
ON CONFLICT (tenant_id, code) DO UPDATE
    SET name = excluded.name, priority = excluded.priority, archived = excluded.archived, version = excluded.version
WHERE stock_branch.version < excluded.version
"""


def _apply_branch(event: PublishedEvent) -> Sequence[Write]:
    branch = from_payload(BranchChanged, event.payload)
    row = {
        "code": branch.code,
        "branch_id": branch.branch_id,
        "name": branch.name,
        "priority": branch.priority,
        "archived": branch.archived,
        "version": branch.version,
    }
    return [Write(_BRANCH, (event.tenant_id, dumps(row)))]


BRANCHES: Final = Subscriber("stock.branches", _apply_branch)
