"""What tenants need of the world."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ddd.shared.application.conditions import Conditions, Patterns
from ddd.shared.application.reader import Reader
from ddd.shared.application.statements import Read, Write
from ddd.shared.application.unit_of_work import UnitOfWork
from ddd.shared.domain.clock import Clock
from ddd.tenants.application.trust import Trust, TrustDirectory
from ddd.tenants.application.views import WorkflowView
from ddd.tenants.domain.carriers import CarrierAccount
from ddd.tenants.domain.tenant import Tenant


class TenantStore(Protocol):
    """Tenants, their workflows and whom they trust. A second registration meets the constraint `TENANT_TAKEN`."""

    def get(self, tenant_id: str) -> Read[Tenant | None]: ...

    def lock(self, tenant_id: str) -> Read[Tenant | None]:
        """The tenant, held until the transaction ends."""
        ...

    def insert(self, tenant: Tenant) -> Write: ...

    def update(self, tenant: Tenant) -> Write: ...

    def insert_workflow(self, tenant_id: str, version: int, document: Mapping[str, Any], at: datetime) -> Write: ...

    def workflow(self, tenant_id: str, version: int) -> Read[Mapping[str, Any] | None]: ...

    def workflow_view(self, tenant_id: str, version: int | None) -> Read[WorkflowView | None]:
        """The version with what is told about it; None: the current one."""
        ...

    def same_workflow(self, tenant_id: str, document: Mapping[str, Any]) -> Read[WorkflowView | None]:
        """The newest version that says what the document says."""
        ...

    def lock_issuer(self, issuer: str) -> Read[None]:
        """From here until the transaction ends nobody else changes who trusts this issuer."""
        ...

    def put_trust(self, trust: Trust) -> Write:
        """Made, or replaced whole."""
        ...


class CarrierAccounts(Protocol):
    """What can be told of an account with a carrier without asking the carrier."""

    def fault_of(self, tenant_id: str, account: CarrierAccount) -> tuple[str, str] | None:
        """Why it would not work, with the field of it that says so; None where it may."""
        ...


#: A twin registration waits at this key, then finds the tenant there.
TENANT_TAKEN = "tenants_tenant_pkey"


@dataclass(frozen=True, slots=True)
class Tenants:
    """What the requests of a tenant's own people work with."""

    unit_of_work: UnitOfWork
    reader: Reader
    store: TenantStore
    clock: Clock
    conditions: Conditions
    patterns: Patterns
    carriers: CarrierAccounts


@dataclass(frozen=True, slots=True)
class Operations:
    """What the operator's commands work with: a unit of work and a reader that ask for no permission.

    `development_origins`: where issuers may be http or loopback.
    """

    unit_of_work: UnitOfWork
    reader: Reader
    store: TenantStore
    trusts: TrustDirectory
    clock: Clock
    development_origins: Collection[str] = ()
