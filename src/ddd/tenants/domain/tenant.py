"""The tenant: one company on this server, and how it wants its orders taken."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from ddd.published.workflow import PLAIN_VERSION
from ddd.tenants.domain.carriers import CarrierAccount
from ddd.tenants.domain.permissions import DEFAULT_PERMISSIONS

#: Exact: `Acme` and `acme` are two tenants.
_TENANT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def is_tenant_id(text: str) -> bool:
    """Whether the text may be a tenant's id."""
    return _TENANT_ID.fullmatch(text) is not None


class TenantStatus(StrEnum):
    """A suspended tenant's tokens are turned away before anything runs."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class UnknownSku(StrEnum):
    """What becomes of an order line whose SKU is not in the catalogue."""

    REFUSE = "REFUSE"
    ACCEPT = "ACCEPT"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a tenant's Admin may set.

    `stock_tracked` off: nothing is reserved and no branch is needed. `trust_customer_checkout`: a payment that a
    customer's own token reports is believed. `carriers`: its accounts; the first that serves a shipment's mode buys the
    label.
    """

    name: str
    default_currency: str | None = None
    stock_tracked: bool = True
    unknown_sku: UnknownSku = UnknownSku.REFUSE
    trust_customer_checkout: bool = False
    carriers: tuple[CarrierAccount, ...] = ()

    def changes(self, newer: "Settings") -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields in which `newer` differs: as they are here, and as they are there. Of a sender only whether there
        is one: a small shop may be somebody's home."""
        changed = [field.name for field in fields(self) if getattr(self, field.name) != getattr(newer, field.name)]
        mine, theirs = asdict(self), asdict(newer)
        for account in (*mine["carriers"], *theirs["carriers"]):
            account["sender"] = account["sender"] is not None
        return {name: mine[name] for name in changed}, {name: theirs[name] for name in changed}


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant's life: the operator registers it, with the plain workflow, the default permissions and nobody but the
    built-in identity provider trusted. Its Admin changes the settings, says which role may do what and publishes
    workflows, each for the orders placed from then on. The operator sets its plan, suspends it (every request is
    turned away, nothing is lost) and resumes it. It is never deleted.

    `id` is the text that tokens name it by; `aggregate_id` names it where every aggregate has a UUID (outbox, audit).
    `version` counts changes; `event_sequence` counts published events, of which one change may raise two.
    `operations_off`: what its plan does not include, in alphabetical order.
    """

    id: str
    aggregate_id: UUID
    settings: Settings
    status: TenantStatus
    workflow_version: int
    permissions: Mapping[str, Mapping[str, str]]
    version: int
    event_sequence: int
    operations_off: tuple[str, ...] = ()

    @classmethod
    def register(cls, tenant_id: str, aggregate_id: UUID, settings: Settings) -> Self:
        """A new tenant: its two first events are the workflow's and its own."""
        return cls(tenant_id, aggregate_id, settings, TenantStatus.ACTIVE, PLAIN_VERSION, DEFAULT_PERMISSIONS, 1, 2)

    def configure(self, settings: Settings) -> Self:
        """With these settings; the same tenant, unchanged, where they are in force already."""
        return self if settings == self.settings else self._changed(settings=settings)

    def publish_workflow(self) -> Self:
        """With a new version for new orders: its own event, then the tenant's."""
        return replace(
            self._changed(workflow_version=self.workflow_version + 1), event_sequence=self.event_sequence + 2
        )

    def permit(self, permissions: Mapping[str, Mapping[str, str]]) -> Self:
        """With this map of roles; unchanged where it is in force already."""
        return self if permissions == self.permissions else self._changed(permissions=permissions)

    def subscribe(self, operations_off: Iterable[str]) -> Self:
        """On a plan without these operations; unchanged where it is."""
        off = tuple(sorted(set(operations_off)))
        return self if off == self.operations_off else self._changed(operations_off=off)

    def suspend(self) -> Self:
        """Switched off; unchanged where it is."""
        return self._in(TenantStatus.SUSPENDED)

    def resume(self) -> Self:
        """Switched on again; unchanged where it is."""
        return self._in(TenantStatus.ACTIVE)

    def _in(self, status: TenantStatus) -> Self:
        return self if status is self.status else self._changed(status=status)

    def _changed(self, **fields: Any) -> Self:
        return replace(self, version=self.version + 1, event_sequence=self.event_sequence + 1, **fields)
