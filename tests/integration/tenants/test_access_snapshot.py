"""The kernel's snapshot of who may do what follows the newest event, whatever order they come in."""

from datetime import UTC, datetime

from ddd.shared.application.events import PublishedEvent
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.access_snapshot import keep_access
from tests.builders import new_tenant_id, rows


def test_a_late_or_repeated_event_changes_nothing(database: object) -> None:
    tenant_id = new_tenant_id()
    seen = []
    for version, status in ((2, "SUSPENDED"), (1, "ACTIVE"), (2, "ACTIVE"), (3, "ACTIVE"), (2, "SUSPENDED")):
        payload = {"version": version, "status": status, "permissions": {"Admin": {"me": f"v{version}"}}, "new": 1}
        event = PublishedEvent(tenant_id, "tenant", new_id(), version, "tenant.changed.v1", payload, datetime.now(UTC))
        (write,) = keep_access(event)
        rows(tenant_id, f"{write.sql} RETURNING 1", *write.params)
        seen += rows(tenant_id, "SELECT status, version, permissions->'Admin'->>'me' FROM access_tenant")
    assert seen == [("SUSPENDED", 2, "v2")] * 3 + [("ACTIVE", 3, "v3")] * 2
