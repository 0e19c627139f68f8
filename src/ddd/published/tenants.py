"""What tenants publish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class TenantChanged:
    """A tenant was registered, set differently, suspended or resumed.

    `permissions`: role -> operation -> scope; `operations_off`: what its plan does not include; `carriers`: its
    accounts, each with carrier, modes, credentials (the name of a secret), base_url, service and options; the first
    that serves a mode is taken.
    """

    type: ClassVar[str] = "tenant.changed.v1"

    tenant_id: str
    version: int
    status: str
    name: str
    default_currency: str | None
    stock_tracked: bool
    unknown_sku: str
    trust_customer_checkout: bool
    workflow_version: int
    permissions: Mapping[str, Mapping[str, str]]
    operations_off: Sequence[str] = ()
    carriers: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class WorkflowPublished:
    """A workflow version, which never changes again. `document` is the workflow as data."""

    type: ClassVar[str] = "tenant.workflow_published.v1"

    tenant_id: str
    workflow_version: int
    document: Mapping[str, Any]
