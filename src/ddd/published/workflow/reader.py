"""Reading a workflow document: the workflow, or every fault in it with its path.

Beside the full form there is the short one of the built-in plain workflow, `{"name", "version", "statuses": [names]}`:
no steps, every setting at its default. `version` is what publishing assigns; whatever a document says is overruled.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from ddd.published.workflow.inputs import check_schema
from ddd.published.workflow.model import (
    FINAL_STATUSES,
    REASONS,
    ROLES,
    STATUSES,
    Confirmation,
    Fault,
    Performer,
    PerformerKind,
    RefundSettings,
    Rejection,
    ReturnSettings,
    Settings,
    Step,
    StepOutcome,
    Workflow,
)
from ddd.published.workflow.walk import Node
from ddd.shared.application.conditions import MAX_PATTERN, Conditions, Patterns
from ddd.shared.domain.text import MAX_NOTE

MAX_BYTES: Final = 256_000
MAX_STEPS_OF_STATUS: Final = 20
MAX_STEPS: Final = 100
MAX_SEQUENCE: Final = 10_000
MAX_PATTERNS: Final = 100
MAX_VERSION: Final = 2**31 - 1
#: A hundred years.
MAX_DAYS: Final = 36_500
#: A year.
MAX_EXPIRY_MINUTES: Final = 525_600
MAX_ACTIVITY: Final = 64
#: Far above any condition of 1,000 bytes; the condition's own check says the rest.
_MAX_CONDITION: Final = 1_000
STEP_NAME: Final = "[A-Za-z][A-Za-z0-9_-]{0,63}"
_STEP_NAME: Final = re.compile(STEP_NAME, re.ASCII)
_OUTCOMES: Final = tuple(outcome.value for outcome in StepOutcome)
_CANCELLABLE: Final = frozenset({"DRAFT", "PENDING", "CONFIRMED"})
Check = Callable[[str], str | None]


def read_workflow(
    document: object, conditions: Conditions | None = None, patterns: Patterns | None = None
) -> Workflow | tuple[Fault, ...]:
    """The workflow, or its faults, at least one, in the document's order.

    `conditions` and `patterns` check expressions, as publishing does; without them only their size is looked at: a
    published version was checked before.
    """
    faults: list[Fault] = []
    if not isinstance(document, dict):
        return (Fault((), "A workflow is a JSON object."),)
    reader = _Reader(conditions.check if conditions else _sound, patterns.check if patterns else _sound)
    workflow = reader.workflow(Node(document, (), faults))
    return _in_document_order(document, faults) if faults else workflow


def _in_document_order(document: Mapping[str, Any], faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """As somebody reading the document meets them; what is missing stands behind what is there."""
    places: dict[int, dict[str, int]] = {}

    def place(fault: Fault) -> tuple[int, ...]:
        found = []
        value: Any = document
        for part in fault.path:
            if isinstance(value, dict):
                if id(value) not in places:
                    places[id(value)] = {name: number for number, name in enumerate(value)}
                found.append(places[id(value)].get(part, len(value)))
                value = value.get(part)
            elif isinstance(value, list):
                found.append(int(part))
                value = value[int(part)]
        return tuple(found)

    return tuple(sorted(faults, key=place))


def _sound(_: str) -> None:
    return None


def _name_fault(name: str) -> str | None:
    if _STEP_NAME.fullmatch(name):
        return None
    return "A name is a letter, then up to 63 of A-Z a-z 0-9 _ -"


class _Reader:
    """One reading: what checks expressions, and the steps' names seen so far."""

    def __init__(self, condition: Check, pattern: Check) -> None:
        self._condition = condition
        self._pattern = pattern
        self._names: set[str] = set()

    def workflow(self, node: Node) -> Workflow:
        node.only("$schema", "name", "description", "version", "statuses", "settings")
        node.text("$schema")
        name = node.text("name") if node.required("name") else None
        node.text("description", limit=MAX_NOTE)
        node.integer("version", 1, MAX_VERSION)
        steps: dict[str, tuple[Step, ...]] = {}
        if node.required("statuses"):
            if isinstance(node.raw("statuses"), list):
                node.choices("statuses", STATUSES, len(STATUSES))
            elif (statuses := node.sub("statuses")) is not None:
                steps = self._statuses(statuses)
        return Workflow(name or "", steps, self._settings(node.sub("settings")))

    def _statuses(self, node: Node) -> dict[str, tuple[Step, ...]]:
        node.only(*STATUSES)
        found: dict[str, tuple[Step, ...]] = {}
        count = 0
        for status in node.members():
            below = node.sub(status) if status in STATUSES else None
            if below is None:
                continue
            below.only("steps")
            steps = [self._step(status, each) for each in below.each("steps", MAX_STEPS_OF_STATUS)]
            if steps and status in FINAL_STATUSES:
                below.refuse(f"An order in {status} goes no further: no step can stand here.", "steps")
            count += len(steps)
            if steps:
                found[status] = tuple(sorted(steps, key=lambda step: step.sequence))
        if count > MAX_STEPS:
            node.refuse(f"At most {MAX_STEPS} steps are allowed in all.")
        return found

    def _step(self, status: str, node: Node) -> Step:
        node.only(
            "name", "title", "sequence", "required", "performer", "condition", "inputSchema", "outcomes", "onRejected",
            "activityStatus",
        )  # fmt: skip
        name = node.text("name", limit=MAX_NOTE, check=_name_fault) if node.required("name") else None
        if name is not None:
            if name in self._names:
                node.refuse("Another step of this workflow has this name.", "name")
            self._names.add(name)
        title = (node.text("title") if node.required("title") else None) or ""
        sequence = node.integer("sequence", 0, MAX_SEQUENCE) if node.required("sequence") else None
        is_required = node.flag("required", True)
        performer = self._performer(node.sub("performer")) if node.required("performer") else None
        condition = node.text("condition", limit=_MAX_CONDITION, check=self._condition)
        schema = node.sub("inputSchema")
        if schema is not None:
            check_schema(schema)
        outcomes = self._outcomes(node)
        rejection = self._rejection(status, node, outcomes)
        if performer is not None and performer.kind is PerformerKind.SYSTEM:
            if outcomes != (StepOutcome.DONE,):
                node.refuse("The server's own step is DONE and nothing else.", "outcomes")
            if schema is not None:
                node.refuse("The server hands nothing in.", "inputSchema")
        return Step(
            status=status,
            name=name or "",
            title=title,
            sequence=sequence or 0,
            is_required=is_required,
            performer=performer or Performer(PerformerKind.SYSTEM),
            outcomes=outcomes,
            activity_status=node.text("activityStatus", limit=MAX_ACTIVITY) or title,
            condition=condition,
            input_schema=node.raw("inputSchema"),
            on_rejected=rejection,
        )

    def _performer(self, node: Node | None) -> Performer | None:
        """Exactly one of roles, permission, reviewer and system; `when` beside system."""
        if node is None:
            return None
        node.only("roles", "permission", "reviewer", "system", "when")
        named = [name for name in ("roles", "permission", "reviewer", "system") if name in node]
        if len(named) != 1:
            node.refuse("Give exactly one of roles, permission, reviewer and system.")
            return None
        (name,) = named
        when = node.text("when", limit=_MAX_CONDITION, check=self._condition)
        if "when" in node and name != "system":
            node.refuse("This goes with system only.", "when")
        if name == "roles":
            return Performer(PerformerKind.ROLES, roles=node.choices("roles", ROLES, len(ROLES)) or ())
        if name == "permission":
            return Performer(PerformerKind.PERMISSION, permission=node.text("permission", limit=64, check=_name_fault))
        if not node.flag(name, True):
            node.refuse("Leave it out, or say true.", name)
        return Performer(PerformerKind.REVIEWER if name == "reviewer" else PerformerKind.SYSTEM, when=when)

    def _outcomes(self, node: Node) -> tuple[StepOutcome, ...]:
        given = node.choices("outcomes", _OUTCOMES, len(_OUTCOMES))
        outcomes = tuple(StepOutcome(outcome) for outcome in given or ("DONE",))
        if given and not {StepOutcome.DONE, StepOutcome.APPROVED} & set(outcomes):
            node.refuse("Without DONE or APPROVED the step could never be done.", "outcomes")
        return outcomes

    def _rejection(self, status: str, node: Node, outcomes: tuple[StepOutcome, ...]) -> Rejection | None:
        below = node.sub("onRejected")
        if StepOutcome.REJECTED not in outcomes:
            if below is not None:
                below.refuse("REJECTED is none of the step's outcomes.")
            return None
        if below is None:
            node.required("onRejected")
            return None
        below.only("leadsTo", "reason")
        allowed = [status]
        if status in _CANCELLABLE:
            allowed.append("CANCELLED")
        if status == "PENDING":
            allowed.append("DRAFT")
        leads_to = below.choice("leadsTo", allowed) if below.required("leadsTo") else None
        reason = below.choice("reason", REASONS)
        if leads_to is not None and leads_to != "CANCELLED" and "reason" in below:
            below.refuse("A reason goes with CANCELLED only.", "reason")
        return Rejection(leads_to or status, (reason or "OTHER") if leads_to == "CANCELLED" else None)

    def _settings(self, node: Node | None) -> Settings:
        if node is None:
            return Settings()
        node.only("confirmation", "mayShipUnpaid", "completion", "unpaidExpiryMinutes", "returns", "refunds")
        plain = Settings()
        confirmation = node.choice("confirmation", [each.value for each in Confirmation])
        completion = node.sub("completion")
        from_, by_itself = plain.completion_from, plain.completes_by_itself
        if completion is not None:
            completion.only("from", "automatic")
            from_ = completion.choice("from", ("SHIPPED", "DELIVERED")) or from_
            by_itself = completion.flag("automatic", by_itself)
        return Settings(
            confirmation=Confirmation(confirmation) if confirmation else plain.confirmation,
            may_ship_unpaid=node.flag("mayShipUnpaid", plain.may_ship_unpaid),
            completion_from=from_,
            completes_by_itself=by_itself,
            unpaid_expiry_minutes=node.integer("unpaidExpiryMinutes", 1, MAX_EXPIRY_MINUTES),
            returns=self._returns(node.sub("returns")),
            refunds=_refunds(node.sub("refunds")),
        )

    def _returns(self, node: Node | None) -> ReturnSettings:
        if node is None:
            return ReturnSettings()
        node.only("windowDays", "nonReturnableSkus", "partial", "review")
        patterns = node.list("nonReturnableSkus", MAX_PATTERNS) or []
        for position, pattern in enumerate(patterns):
            if not isinstance(pattern, str):
                node.refuse("This must be text.", "nonReturnableSkus", str(position))
            elif not 1 <= len(pattern) <= MAX_PATTERN:
                node.refuse(f"A pattern has 1 to {MAX_PATTERN} characters.", "nonReturnableSkus", str(position))
            elif (fault := self._pattern(pattern)) is not None:
                node.refuse(fault, "nonReturnableSkus", str(position))
        return ReturnSettings(
            window_days=node.integer("windowDays", 0, MAX_DAYS),
            non_returnable_skus=tuple(patterns),
            may_be_partial=node.flag("partial", True),
            needs_review=node.flag("review", False),
        )


def _refunds(node: Node | None) -> RefundSettings:
    if node is None:
        return RefundSettings()
    node.only("restockingFeePercent", "capPercent", "review")
    plain = RefundSettings()
    fee, cap = node.percent("restockingFeePercent"), node.percent("capPercent")
    return RefundSettings(
        restocking_fee_percent=Decimal(0) if fee is None else fee,
        cap_percent=plain.cap_percent if cap is None else cap,
        needs_review=node.flag("review", False),
    )


def stamped(document: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The document as its published version says it."""
    return {**document, "version": version}
