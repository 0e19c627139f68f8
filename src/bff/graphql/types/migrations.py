"""Orders that move to a newer version of the workflow, in the schema."""

from datetime import datetime

import strawberry

from bff.graphql.types.common import UserError, raw_input
from bff.graphql.types.orders import OrderFilter
from ddd.orders.application.vocabulary import MigrationOutcome, OrderStatus

strawberry.enum(
    MigrationOutcome,
    description="MOVABLE: a run would move it. MOVED. BLOCKED: it cannot move. CHANGED: not what the dry run listed, "
    "so it stayed.",
)


@strawberry.type(description="One order, before and after; the same where it stays.")
class OrderMigration:
    order_id: strawberry.ID
    order_number: str
    outcome: MigrationOutcome
    obstacle: str | None = strawberry.field(description="Why it does not move.")
    from_version: int
    to_version: int
    status_before: OrderStatus
    status_after: OrderStatus
    steps_before: list[str] = strawberry.field(description="The steps open in its status.")
    steps_after: list[str]
    activity_before: str | None
    activity_after: str | None
    expires_before: datetime | None = strawberry.field(description="When it is cancelled, if nobody pays.")
    expires_after: datetime | None = strawberry.field(description="A time that is over: by the next run of the job.")


@strawberry.type(description="A page of orders, the oldest first.")
class OrdersMigration:
    to_version: int
    dry_run: bool
    orders: list[OrderMigration]
    movable: int
    moved: int
    blocked: int
    changed: int
    plan: str | None = strawberry.field(
        description="What a run must bring to move these orders; null after a run, and where none of them can move."
    )
    end_cursor: str | None = strawberry.field(
        description="The `after` of the next dry run; null: there are no more. Null after a run."
    )
    total_count: int | None = strawberry.field(
        description="How many orders the dry run's choice finds, on all pages. Null after a run."
    )


@strawberry.type
class MigrateOrdersPayload:
    migration: OrdersMigration | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description="The key had been used; the orders are as they are now.")


@raw_input(
    description="A dry run lists what moving would do to open orders under older versions, and answers a plan. A run "
    "(`dryRun: false`) takes the plan, and nothing else says which orders."
)
class MigrateOrdersInput:
    to_version: int
    dry_run: bool = strawberry.field(default=True, description="A dry run changes nothing, and keeps no key.")
    plan: str | None = strawberry.field(default=strawberry.UNSET, description="Of the dry run.")
    from_version: int | None = strawberry.field(default=strawberry.UNSET, description="Only orders of this version.")
    order_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="These orders, at most 200, in place of a description."
    )
    filter: OrderFilter | None = strawberry.UNSET
    first: int | None = strawberry.field(default=strawberry.UNSET, description="1 to 200; 100 where it is left out.")
    after: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET
