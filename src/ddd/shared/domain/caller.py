"""Who asks. Every command and query carries its caller first, and the tenant comes from nowhere else."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The roles an operation may be given to. Staff are Admin, Manager and Worker."""

    CUSTOMER = "Customer"
    VENDOR = "Vendor"
    ADMIN = "Admin"
    MANAGER = "Manager"
    WORKER = "Worker"
    AUDITOR = "Auditor"


class Scope(StrEnum):
    """How far a permission reaches: own orders as customer, own lines as vendor, the caller's branches, everything."""

    OWN = "OWN"
    VENDOR = "VENDOR"
    BRANCH = "BRANCH"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified token's claims, for one request.

    `branches` is None for all branches; an empty tuple means none. `issued_at` is the token's `iat` (Unix seconds).
    """

    tenant_id: str
    subject: str
    issuer: str
    roles: frozenset[Role]
    customer_id: str
    vendor_id: str
    branches: tuple[str, ...] | None
    issued_at: int
    request_id: str
    address: str = ""

    @property
    def is_customer_only(self) -> bool:
        return self.roles == {Role.CUSTOMER}
