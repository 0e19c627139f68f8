"""What orders need from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from ddd.orders.application.listing import Listing
from ddd.orders.application.reading import OrderFacts, OrderParts
from ddd.orders.application.workflows import Workflows
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderEvent, OrderLine, Payment, Shipment
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.pages import PageRequest
from ddd.shared.application.reader import Reader
from ddd.shared.application.statements import Bundle, Read, Write
from ddd.shared.application.unit_of_work import UnitOfWork
from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.clock import Clock


class BranchSnapshot(NamedTuple):
    code: str
    priority: int
    archived: bool


class TenantRules(NamedTuple):
    """What a tenant settled for all its orders; `branches` in the order in which they are tried.

    `workflow`: the document of the version for new orders.
    """

    stock_tracked: bool
    accepts_unknown_sku: bool
    trusts_customer_checkout: bool
    workflow_version: int
    branches: Sequence[BranchSnapshot]
    workflow: Mapping[str, Any]


class Catalogue(NamedTuple):
    """The items asked for, by SKU, archived ones left out; and which version of the tenant's rules is in force."""

    rules_version: int
    item_names: Mapping[str, str]


#: The order that has an external reference already: its id and customer id.
SameReference = tuple[UUID, str | None]


class PlacingFacts(NamedTuple):
    """What placing an order asks of the snapshots. `same_ref`: whose the external reference is already."""

    stock_tracked: bool
    accepts_unknown_sku: bool
    trusts_customer_checkout: bool
    workflow_version: int
    branches: Sequence[BranchSnapshot]
    item_names: Mapping[str, str]
    same_ref: SameReference | None


class LineQuantity(NamedTuple):
    line_no: int
    quantity: int


class LineReservation(NamedTuple):
    line_no: int
    branch_code: str
    sku: str
    quantity: int


class OrderStore(Protocol):
    """Statements about orders."""

    #: Constraint names that placing may lose a race on.
    NUMBER_TAKEN: str
    EXTERNAL_REF_TAKEN: str

    def catalogue(self, tenant_id: str, skus: Sequence[str]) -> Read[Catalogue | None]: ...
    def remembered_rules(self, tenant_id: str, version: int) -> TenantRules | None:
        """The tenant's rules at this version, where this process has read them: they change a few times a year."""
        ...

    def rules(self, tenant_id: str) -> Read[TenantRules]: ...
    def workflow(self, tenant_id: str, version: int) -> Read[Mapping[str, Any]]:
        """The document of a published version; empty where there is none."""
        ...

    def same_reference(self, tenant_id: str, channel: str, external_ref: str) -> Read[SameReference | None]: ...

    def lock(self, tenant_id: str, order_id: UUID) -> Read[Order | None]:
        """The order's own row, locked until the transaction ends; its parts are still to be filled in."""
        ...

    def lines(self, tenant_id: str, order_id: UUID) -> Read[list[OrderLine]]: ...
    def payments(self, tenant_id: str, order_id: UUID) -> Read[list[Payment]]: ...
    def shipments(self, tenant_id: str, order_id: UUID) -> Read[list[Shipment]]:
        """Those that wait to be confirmed come with the tenant's carrier accounts."""
        ...

    def carriers(self, tenant_id: str) -> Read[Sequence[Mapping[str, Any]]]:
        """The tenant's carrier accounts, as it told them (see carriers.account_of)."""
        ...

    def events(self, tenant_id: str, order_id: UUID) -> Read[list[OrderEvent]]: ...

    def insert(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
        """Order, person, lines, payments, timeline, outbox and audit in one statement."""
        ...

    def save(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
        """What changed of a loaded order, with timeline, outbox and audit, in one statement."""
        ...


class DraftStore(Protocol):
    """Statements about drafts."""

    def rewrite(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
        """A loaded draft as it is now, every field and line of it, with timeline, outbox and audit, in one statement.

        Its payments and shipments stay as they are.
        """
        ...


Found = tuple[OrderFacts, OrderParts]


class OrderReader(Protocol):
    """Queries about orders: rows, not aggregates. `wanted` names the parts to read (see queries.PARTS)."""

    def by_id(self, tenant_id: str, order_id: UUID, wanted: frozenset[str]) -> Bundle[list[Found]]: ...
    def by_number(self, tenant_id: str, number: str, wanted: frozenset[str]) -> Bundle[list[Found]]: ...
    def by_reference(
        self, tenant_id: str, channel: str, reference: str, wanted: frozenset[str]
    ) -> Bundle[list[Found]]: ...
    def page(
        self, caller: Caller, scopes: frozenset[Scope], listing: Listing, request: PageRequest, wanted: frozenset[str]
    ) -> Bundle[list[Found]]:
        """Up to one order more than the page, in the order in which it is walked."""
        ...

    def count(self, caller: Caller, scopes: frozenset[Scope], listing: Listing) -> Read[int]: ...


class MigrationStore(Protocol):
    """Statements about many orders that move to another version of the workflow."""

    def lock(self, tenant_id: str, order_ids: Sequence[UUID]) -> Bundle[list[Found]]:
        """These orders with lines and payments, their rows locked until the transaction ends."""
        ...

    def save(self, caller: Caller, orders: Sequence[tuple[Order, AuditEntry]]) -> Write:
        """The moved orders, with timelines, outbox and audit, in one statement."""
        ...


class StockReservations(Protocol):
    """Stock's promise to orders; its statements travel in the order's own transaction."""

    def availability(self, tenant_id: str, skus: Sequence[str]) -> Read[Mapping[str, Mapping[str, int]]]: ...
    def reserve(self, tenant_id: str, order_id: UUID, lines: Sequence[LineReservation], at: datetime) -> Write: ...
    def reserve_again(self, tenant_id: str, order_id: UUID, lines: Sequence[LineReservation], at: datetime) -> Write:
        """Like `reserve`, of an order whose lines may have held something before."""
        ...

    def release(self, tenant_id: str, order_id: UUID, lines: Sequence[LineQuantity], at: datetime) -> Write: ...
    def take_back(
        self,
        tenant_id: str,
        order_id: UUID,
        lines: Sequence[LineReservation],
        at: datetime,
        actor: str,
        reference: str,
    ) -> Write:
        """Returned units are on hand again, in the branch named with each."""
        ...

    def issue(
        self, tenant_id: str, order_id: UUID, lines: Sequence[LineQuantity], at: datetime, actor: str, reference: str
    ) -> Write: ...
    def lock_held(self, tenant_id: str, order_id: UUID) -> Read[Mapping[int, int]]:
        """Units on hand where each line holds some, by line number; those levels stay locked until the transaction
        ends."""
        ...

    def issue_audited(
        self,
        caller: Caller,
        operation: str,
        order_id: UUID,
        lines: Sequence[LineQuantity],
        at: datetime,
        reference: str,
    ) -> Write:
        """Like `issue`, with an audit row for each level that it takes from."""
        ...


@dataclass(frozen=True, slots=True)
class Orders:
    """Everything that the handlers of orders work with."""

    unit_of_work: UnitOfWork
    reader: Reader
    store: OrderStore
    rows: OrderReader
    drafts: DraftStore
    migrations: MigrationStore
    stock: StockReservations
    #: Names of stock's constraints that say: what was seen available is gone.
    shortages: tuple[str, ...]
    clock: Clock
    workflows: Workflows
