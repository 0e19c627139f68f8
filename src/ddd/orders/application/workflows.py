"""The tenants' workflows as orders use them: published versions read once, and the dry run of a document."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from threading import Lock
from typing import Any, Final

from ddd.orders.domain.facts import amount_facts
from ddd.orders.domain.returning import ReturnRules
from ddd.orders.domain.standing import Standing, StepState
from ddd.orders.domain.workflow import PLAIN_WAY, Course, Way
from ddd.published.workflow import (
    AMOUNTS,
    FACTS,
    MAX_BYTES,
    PLAIN_VERSION,
    STATUSES,
    Fault,
    Workflow,
    read_workflow,
)
from ddd.shared.application.conditions import Conditions, Patterns
from ddd.shared.application.form import Form
from ddd.shared.application.reader import Reader
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.currencies import MINOR_UNITS
from ddd.shared.domain.errors import ErrorCode, Refusal
from ddd.shared.domain.facts import Fact, Facts, FactType
from ddd.shared.domain.money import parse_decimal, to_minor
from ddd.shared.domain.text import MAX_TEXT, fault_of

_REMEMBERED: Final = 1_000
_MOST_TEXTS: Final = 500
_LARGEST: Final = 2**63
_STEPLESS: Final = ("COMPLETED", "CANCELLED")


class WorkflowLibrary:
    """Published versions never change, so each is read once per process. Safe for threads."""

    def __init__(self) -> None:
        self._read: OrderedDict[tuple[str, int], Workflow] = OrderedDict()
        self._lock = Lock()

    def known(self, tenant_id: str, version: int) -> Workflow | None:
        """The version where this process has read it before: then its document need not be fetched."""
        return self._read.get((tenant_id, version))

    def read(self, tenant_id: str, version: int, document: Mapping[str, Any]) -> Workflow:
        """The version, from its document. One that was published and cannot be read is our own fault: ValueError."""
        workflow = self._read.get((tenant_id, version))
        if workflow is None:
            found = read_workflow(document)
            if not isinstance(found, Workflow):
                raise ValueError(f"workflow version {version} cannot be read: {found[0].message} at {found[0].path}")
            workflow = found
            with self._lock:
                self._read[(tenant_id, version)] = workflow
                if len(self._read) > _REMEMBERED:
                    self._read.popitem(last=False)
        return workflow


@dataclass(frozen=True, slots=True)
class Workflows:
    """What orders need for their workflows: whoever makes a `Course` takes `conditions.evaluate` from here."""

    reader: Reader
    conditions: Conditions
    patterns: Patterns
    library: WorkflowLibrary = field(default_factory=WorkflowLibrary)

    def known(self, tenant_id: str, version: int) -> Way | None:
        """What orders of this version go by, where its document need not be read: the built-in one never is."""
        if version == PLAIN_VERSION:
            return PLAIN_WAY
        workflow = self.library.known(tenant_id, version)
        return None if workflow is None else Way(workflow, self.conditions.evaluate)

    def read(self, tenant_id: str, version: int, document: Mapping[str, Any]) -> Way:
        """What orders of this version go by, from its document. Raises ValueError for one that cannot be read."""
        known = self.known(tenant_id, version)
        return known or Way(self.library.read(tenant_id, version, document), self.conditions.evaluate)


def return_rules(workflow: Workflow, patterns: Patterns) -> ReturnRules:
    """What the workflow's settings say about goods coming back and money going back for them."""
    returns, refunds = workflow.settings.returns, workflow.settings.refunds

    def is_returnable(sku: str) -> bool:
        return not any(patterns.matches(pattern, sku) for pattern in returns.non_returnable_skus)

    return ReturnRules(
        days=returns.window_days,
        is_returnable=is_returnable,
        whole_lines_only=not returns.may_be_partial,
        needs_review=returns.needs_review,
        fee_percent=Fraction(refunds.restocking_fee_percent),
        cap_percent=Fraction(refunds.cap_percent),
        refund_needs_review=refunds.needs_review,
    )


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """A step that the order would come by. `verdict`: MET, SKIPPED, or CONDITION_FAILED (met all the same)."""

    status: str
    name: str
    title: str
    sequence: int
    required: bool
    verdict: str
    reason: str | None
    activity_status: str
    performer: str
    roles: tuple[str, ...]
    permission: str | None
    outcomes: tuple[str, ...]

    @classmethod
    def of(cls, standing: Standing) -> "SimulatedStep":
        step = standing.step
        verdict = "SKIPPED" if standing.state is StepState.SKIPPED else "MET"
        return cls(
            status=step.status,
            name=step.name,
            title=step.title,
            sequence=step.sequence,
            required=step.is_required,
            verdict=verdict if standing.failure is None else "CONDITION_FAILED",
            reason=standing.failure,
            activity_status=step.activity_status,
            performer=step.performer.kind.value,
            roles=step.performer.roles,
            permission=step.performer.permission,
            outcomes=tuple(outcome.value for outcome in step.outcomes),
        )


@dataclass(frozen=True, slots=True)
class Simulation:
    """The steps in the order of an order's life; or what is wrong with document and facts."""

    steps: tuple[SimulatedStep, ...] = ()
    errors: tuple[Refusal, ...] = ()


def simulate_workflow(caller: Caller, document: Any, order_facts: Any, workflows: Workflows) -> Simulation:
    """The steps that an order with these facts would meet from its status on (`order.status`, else PENDING).

    `order_facts`: nested as in conditions, `{"order": {"total": {"amount": 1500, "currency": "EUR"}}}`. A fact that is
    not given is not known: a condition that asks for it fails. Touches nothing. Raises PermissionMissing,
    RequestRefused.
    """
    (grant,) = workflows.reader.fetch(caller)
    grant.require("simulateWorkflow")
    workflow = _read(document, workflows)
    facts = read_facts(order_facts)
    errors = (*(workflow if isinstance(workflow, tuple) else ()), *(facts if isinstance(facts, tuple) else ()))
    if isinstance(workflow, tuple) or isinstance(facts, tuple):
        return Simulation(errors=errors)
    course = Course(workflow, {}, lambda: facts, workflows.conditions.evaluate)
    start = STATUSES.index(str(facts.get("order.status", "PENDING")))
    return Simulation(
        tuple(SimulatedStep.of(each) for status in STATUSES[start:] for each in course.standing(status).steps)
    )


def _read(document: Any, workflows: Workflows) -> Workflow | tuple[Refusal, ...]:
    form = Form({"document": document})
    form.json("document", limit=MAX_BYTES)
    if form.refusals is not None:
        return form.refusals.items
    found = read_workflow(document, workflows.conditions, workflows.patterns)
    return found if isinstance(found, Workflow) else _refusals(found, "document")


def _refusals(faults: tuple[Fault, ...], argument: str) -> tuple[Refusal, ...]:
    return tuple(Refusal(ErrorCode.INVALID_INPUT, fault.message, (argument, *fault.path)) for fault in faults)


def read_facts(given: Any) -> Facts | tuple[Refusal, ...]:
    """Facts under their declared names, from nested JSON, or every fault at its path."""
    form = Form({"orderFacts": given})
    form.json("orderFacts")
    if form.refusals is not None:
        return form.refusals.items
    if not isinstance(given, dict):
        return _refusals((Fault((), "Facts are a JSON object."),), "orderFacts")
    facts: dict[str, Fact] = {}
    faults: list[Fault] = []
    _flatten(given, (), facts, faults)
    if faults:
        return _refusals(tuple(faults), "orderFacts")
    _complete(facts)
    return facts


def _flatten(value: Mapping[str, Any], path: tuple[str, ...], facts: dict[str, Fact], faults: list[Fault]) -> None:
    for name, below in value.items():
        here = (*path, name)
        dotted = ".".join(here)
        if isinstance(below, dict) and any(known.startswith(f"{dotted}.") for known in FACTS):
            _flatten(below, here, facts, faults)
        elif dotted not in FACTS:
            faults.append(Fault(here, "There is no such fact."))
        elif (fault := _fact_fault(dotted, below)) is not None:
            faults.append(Fault(here, fault))
        else:
            facts[dotted] = float(below) if FACTS[dotted] is FactType.NUMBER else below


def _fact_fault(name: str, value: Any) -> str | None:
    kind = FACTS[name]
    if kind is FactType.NUMBER:
        return None if parse_decimal(value) is not None else "This must be a number, or a decimal as text."
    if kind is FactType.FLAG:
        return None if isinstance(value, bool) else "This must be true or false."
    if kind is FactType.INTEGER:
        is_whole = isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST
        return None if is_whole else "This must be a whole number."
    if kind is FactType.TEXTS:
        is_texts = isinstance(value, list) and len(value) <= _MOST_TEXTS and all(isinstance(x, str) for x in value)
        return None if is_texts else f"This must be a list of at most {_MOST_TEXTS} texts."
    if not isinstance(value, str):
        return "This must be text."
    if name == "order.status" and (value not in STATUSES or value in _STEPLESS):
        return f"This must be one of {', '.join(each for each in STATUSES if each not in _STEPLESS)}."
    if (name == "order.currency" or name.endswith(".currency")) and value not in MINOR_UNITS:
        return "This is no ISO 4217 currency with minor units."
    return fault_of(value, limit=MAX_TEXT)


def _complete(facts: dict[str, Fact]) -> None:
    """An amount in one form is known in the others, where its currency is."""
    currency = facts.get("order.currency") or facts.get("order.total.currency")
    if currency is None:
        return
    facts.setdefault("order.currency", currency)
    for name in AMOUNTS:
        of = str(facts.get(f"{name}.currency", currency))
        amount, minor = facts.get(f"{name}.amount"), facts.get(f"{name}.minor")
        if minor is None and isinstance(amount, float) and (number := parse_decimal(amount)) is not None:
            minor = to_minor(number, of)
        if isinstance(minor, int):
            for form, value in amount_facts(name, minor, of).items():
                facts.setdefault(form, value)
