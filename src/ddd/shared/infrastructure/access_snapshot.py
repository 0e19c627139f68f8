"""The kernel's own snapshot: who may do what in a tenant, kept from what tenants publish.

The payload is read as data (`status`, `permissions`, `operations_off`, `version`): the published language lies above
the kernel, so the root says which event is meant.
"""

from collections.abc import Sequence

from ddd.shared.application.events import PublishedEvent
from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.relay import Subscriber
from ddd.shared.infrastructure.statements import dumps

#: Newest wins: a late or repeated event changes nothing.
_KEEP = """
INSERT INTO access_tenant (tenant_id, status, permissions, operations_off, version)
VALUES ($1, $2, $3::jsonb, $4::jsonb, $5::bigint)
ON CONFLICT (tenant_id) DO UPDATE
    SET status = excluded.status, permissions = excluded.permissions, operations_off = excluded.operations_off,
        version = excluded.version
    WHERE access_tenant.version < excluded.version
"""


def keep_access(event: PublishedEvent) -> Sequence[Write]:
    """The tenant's state and permissions, where the event is newer than what is known."""
    payload = event.payload
    off = payload.get("operations_off", ())
    row = (payload["status"], dumps(payload["permissions"]), dumps(off), str(payload["version"]))
    return [Write(_KEEP, (event.tenant_id, *row))]


ACCESS_SNAPSHOT = Subscriber("kernel.access", keep_access)
