"""The server itself at work in a tenant: by a job, not for anybody's request."""

from typing import Final

from ddd.shared.domain.caller import Caller
from ddd.shared.domain.ids import new_id

#: Its name in timelines and in the audit; the issuer, which no token can have, tells it from a user of that name.
SYSTEM: Final = "system"
SYSTEM_ISSUER: Final = "urn:order-management:system"


def system_caller(tenant_id: str) -> Caller:
    """The caller of what the server does by itself. It holds no role; the root grants it every operation."""
    return Caller(
        tenant_id=tenant_id,
        subject=SYSTEM,
        issuer=SYSTEM_ISSUER,
        roles=frozenset(),
        customer_id="",
        vendor_id="",
        branches=None,
        issued_at=0,
        request_id=str(new_id()),
    )
