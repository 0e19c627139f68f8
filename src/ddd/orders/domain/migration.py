"""Moving an open order to another version of its tenant's workflow: what would change, or why it cannot.

A step's outcome goes along by the step's name. An order cannot move where an outcome has no place in the other version:
no step of that name in the same status, or one that does not have this outcome. Nothing is decided anew: steps that the
other version adds to a status already left are not asked for.
"""

from dataclasses import dataclass, replace

from ddd.orders.domain.standing import Standings
from ddd.orders.domain.workflow import Course
from ddd.published.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Migration:
    """One order's move. `obstacle` None: it can; then the steps open in its status, and what is shown, change so."""

    obstacle: str | None
    steps_before: tuple[str, ...] = ()
    steps_after: tuple[str, ...] = ()
    activity_before: str | None = None
    activity_after: str | None = None


def migration(course: Course, newer: Workflow, status: str) -> Migration:
    """What moving the order to the newer version would do to it; touches nothing."""
    obstacle = _obstacle(course, newer, status)
    if obstacle is not None:
        return Migration(obstacle)
    before, after = course.standing(status), replace(course, workflow=newer).standing(status)
    return Migration(None, _open(before), _open(after), before.activity_status, after.activity_status)


def _obstacle(course: Course, newer: Workflow, status: str) -> str | None:
    if status in ("COMPLETED", "CANCELLED"):
        return f"A {status} order is over."
    for name, outcome in course.records.items():
        old, new = course.workflow.step(name), newer.step(name)
        if new is None or (old is not None and new.status != old.status):
            return f"Step {name} was performed, and the newer version does not have it there."
        if outcome not in new.outcomes:
            return f"Step {name} ended {outcome}, which is none of its outcomes in the newer version."
    return None


def _open(standings: Standings) -> tuple[str, ...]:
    return tuple(each.step.name for each in standings.steps if each.is_open)
