"""How the steps of one status stand for one order."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ddd.published.workflow import Step, StepOutcome


class StepState(StrEnum):
    """WAITING: may be done now. BLOCKED: an earlier required step waits. SKIPPED: its condition does not hold."""

    WAITING = "WAITING"
    BLOCKED = "BLOCKED"
    DONE = "DONE"
    SKIPPED = "SKIPPED"


class Standing(NamedTuple):
    """One step as it stands. `failure`: why its condition could not be told; `outcome`: what came of it so far."""

    step: Step
    state: StepState
    failure: str | None
    outcome: StepOutcome | None

    @property
    def is_open(self) -> bool:
        """In force and not done."""
        return self.state in (StepState.WAITING, StepState.BLOCKED)


class Verdict(NamedTuple):
    """What is recorded of a step that was not done, or whose condition failed, when its status is left."""

    step: str
    verdict: str  # SKIPPED, LEFT_UNDONE, CONDITION_FAILED
    reason: str | None


@dataclass(frozen=True, slots=True)
class Standings:
    """The steps of one status, in their order."""

    status: str
    steps: tuple[Standing, ...] = ()

    @property
    def pending(self) -> Step | None:
        """The required step that the status waits for, the first of them."""
        return next((each.step for each in self.steps if each.is_open and each.step.is_required), None)

    @property
    def activity_status(self) -> str | None:
        """The sub-state that is shown: of the required step that is waited for, else of the first optional one."""
        step = self.pending or next((each.step for each in self.steps if each.is_open), None)
        return None if step is None else step.activity_status

    def of(self, name: str) -> Standing | None:
        return next((each for each in self.steps if each.step.name == name), None)

    def verdicts(self) -> tuple[Verdict, ...]:
        """What to record when the status is left."""
        found = []
        for each in self.steps:
            if each.failure is not None:
                found.append(Verdict(each.step.name, "CONDITION_FAILED", each.failure))
            if each.state is StepState.SKIPPED:
                found.append(Verdict(each.step.name, "SKIPPED", None))
            elif each.is_open:
                found.append(Verdict(each.step.name, "LEFT_UNDONE", None))
        return tuple(found)
