"""What migrateOrders tells: a page of orders, each before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ddd.orders.domain.migration import Migration
from ddd.orders.domain.order import Order
from ddd.orders.domain.status import OrderStatus


class MigrationOutcome(StrEnum):
    """MOVABLE: a run would move it. MOVED. BLOCKED: it cannot. CHANGED: not what the dry run listed, so it stayed."""

    MOVABLE = "MOVABLE"
    MOVED = "MOVED"
    BLOCKED = "BLOCKED"
    CHANGED = "CHANGED"


class OrderMigrationView(NamedTuple):
    """One order, before and after; the same where it stays. `steps`: those open in its status."""

    order_id: UUID
    order_number: str
    outcome: MigrationOutcome
    obstacle: str | None
    from_version: int
    to_version: int
    status_before: OrderStatus
    status_after: OrderStatus
    steps_before: Sequence[str]
    steps_after: Sequence[str]
    activity_before: str | None
    activity_after: str | None
    expires_before: datetime | None
    expires_after: datetime | None


@dataclass(frozen=True, slots=True)
class MigrationView:
    """A page of orders. The rest is a dry run's: `plan` None: nothing can move; `end_cursor` None: the last page."""

    to_version: int
    dry_run: bool
    orders: Sequence[OrderMigrationView]
    plan: str | None = None
    end_cursor: str | None = None
    total_count: int | None = None

    @property
    def movable(self) -> int:
        return self._count(MigrationOutcome.MOVABLE)

    @property
    def moved(self) -> int:
        return self._count(MigrationOutcome.MOVED)

    @property
    def blocked(self) -> int:
        return self._count(MigrationOutcome.BLOCKED)

    @property
    def changed(self) -> int:
        return self._count(MigrationOutcome.CHANGED)

    def _count(self, outcome: MigrationOutcome) -> int:
        return sum(each.outcome is outcome for each in self.orders)


def view_of(order: Order, outcome: MigrationOutcome, migration: Migration) -> OrderMigrationView:
    """The order with what came, or would come, of it."""
    before, after = migration.before, migration.after
    return OrderMigrationView(
        order.id,
        order.order_number,
        outcome,
        migration.obstacle,
        before.workflow_version,
        after.workflow_version,
        before.status,
        after.status,
        before.steps,
        after.steps,
        before.activity_status,
        after.activity_status,
        before.expires_at,
        after.expires_at,
    )
