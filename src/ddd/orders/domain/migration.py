"""Moving an open order to a newer version of its tenant's workflow, or why it cannot.

A step's outcome goes along by the step's name. An order cannot move where an outcome has no place in the newer version:
no step of that name in the same status, or one that does not have this outcome. Nothing is decided anew: steps that the
newer version adds to a status already left are not asked for. What the newer version does by itself it does at once, as
after any other change: no order stands where its own workflow would not leave it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ddd.orders.domain.expiry import expires_at
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor
from ddd.orders.domain.status import OrderStatus
from ddd.orders.domain.workflow import Course, Way
from ddd.published.workflow import Workflow


class Stand(NamedTuple):
    """Where an order is in its workflow: the version, the status, the steps open in it, what is shown, and when it is
    cancelled by itself, if it stays as it is."""

    workflow_version: int
    status: OrderStatus
    steps: tuple[str, ...]
    activity_status: str | None
    expires_at: datetime | None

    @classmethod
    def of(cls, order: Order) -> "Stand":
        return cls(
            order.workflow_version,
            order.status,
            tuple(each.step.name for each in order.course().standing(order.status.value).steps if each.is_open),
            order.activity_status,
            expires_at(order),
        )


@dataclass(frozen=True, slots=True)
class Migration:
    """One order's move. With an obstacle the order stays: `after` is `before`."""

    before: Stand
    after: Stand
    obstacle: str | None = None


def migrate(order: Order, version: int, way: Way, *, migration_id: UUID, actor: Actor, at: datetime) -> Migration:
    """Put the order under the version, and do what that version does by itself; or leave it untouched, saying why.

    `migration_id`: the run, which the event names.
    """
    before = Stand.of(order)
    obstacle = _not_newer(before, version) or why_not_migrate(order.course(), way.workflow, before.status.value)
    if obstacle is not None:
        return Migration(before, before, obstacle)
    order.workflow_version, order.way = version, way
    order.activity_status = order.course().standing(before.status.value).activity_status
    after = Stand.of(order)
    order.touch(at)
    order.tell(
        "order.migrated",
        actor,
        at,
        {
            "migrationId": str(migration_id),
            "workflowVersion": {"before": before.workflow_version, "after": version},
            "openSteps": {"before": list(before.steps), "after": list(after.steps)},
            "activityStatus": {"before": before.activity_status, "after": after.activity_status},
            "expiresAt": {"before": _told(before.expires_at), "after": _told(after.expires_at)},
            "status": {"before": before.status.value, "after": after.status.value},
        },
    )
    order.go_on(actor, at)
    return Migration(before, Stand.of(order))


def why_not_migrate(course: Course, newer: Workflow, status: str) -> str | None:
    """Why an order on this course cannot go by the newer version, or None."""
    if status in ("COMPLETED", "CANCELLED"):
        return f"A {status} order is over."
    for name, outcome in course.records.items():
        old, new = course.workflow.step(name), newer.step(name)
        if new is None or (old is not None and new.status != old.status):
            return f"Step {name} was performed, and the newer version does not have it there."
        if outcome not in new.outcomes:
            return f"Step {name} ended {outcome}, which is none of its outcomes in the newer version."
    return None


def _not_newer(stand: Stand, version: int) -> str | None:
    if stand.workflow_version < version:
        return None
    return f"The order is under version {stand.workflow_version}, which is not older."


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
