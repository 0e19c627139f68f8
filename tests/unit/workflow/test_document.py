"""The workflow document: what it says once read, and every fault of it at its path."""

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from ddd.published.workflow import (
    FACTS,
    JSON_SCHEMA,
    Confirmation,
    Performer,
    PerformerKind,
    Rejection,
    Settings,
    StepOutcome,
    Workflow,
    input_faults,
    read_workflow,
    stamped,
)
from ddd.shared.infrastructure.cel import CelConditions
from ddd.shared.infrastructure.regular_expressions import Re2Patterns
from ddd.tenants.domain.workflow import PLAIN_WORKFLOW

DOCS = Path(settings.BASE_DIR) / "docs"
CONDITIONS, PATTERNS = CelConditions(FACTS), Re2Patterns()
SCHEMA = jsonschema.Draft202012Validator(JSON_SCHEMA)
STEP: dict[str, Any] = {"name": "approve", "title": "Approve", "sequence": 1, "performer": {"roles": ["Manager"]}}


def sample(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DOCS / "workflows" / f"{name}.json").read_text())
    return document


def with_step(**members: Any) -> dict[str, Any]:
    """A document whose only step has these members; None leaves one out."""
    step = {name: value for name, value in {**STEP, **members}.items() if value is not None}
    return {"name": "w", "statuses": {"PENDING": {"steps": [step]}}}


def read(document: object) -> Workflow:
    workflow = read_workflow(document, CONDITIONS, PATTERNS)
    assert isinstance(workflow, Workflow), workflow
    return workflow


def paths(document: object) -> list[str]:
    """The dotted paths of the document's faults, in their order."""
    found = read_workflow(document, CONDITIONS, PATTERNS)
    assert isinstance(found, tuple), "it was taken"
    return [".".join(fault.path) for fault in found]


def step_paths(**members: Any) -> list[str]:
    return [path.removeprefix("statuses.PENDING.steps.0.") for path in paths(with_step(**members))]


# ---- What is taken


def test_the_plain_workflow_that_every_tenant_has_is_the_defaults_and_no_steps() -> None:
    assert read(PLAIN_WORKFLOW) == Workflow("plain", {}, Settings())
    assert Settings().confirmation is Confirmation.WHEN_PAID
    assert (Settings().may_ship_unpaid, Settings().completion_from, Settings().completes_by_itself) == (
        True, "SHIPPED", False
    )  # fmt: skip


def test_the_plain_sample_means_what_the_built_in_document_means() -> None:
    assert read(sample("plain")) == read(PLAIN_WORKFLOW)


def test_the_approval_sample_reads_as_it_is_written() -> None:
    workflow = read(sample("approval"))
    approve, review = workflow.steps["PENDING"]
    assert (approve.name, approve.is_required, approve.condition) == ("approve", True, "order.total.amount > 1000")
    assert approve.performer == Performer(PerformerKind.ROLES, roles=("Manager", "Admin"))
    assert approve.outcomes == (StepOutcome.APPROVED, StepOutcome.REJECTED, StepOutcome.HELD)
    assert approve.on_rejected == Rejection("CANCELLED", "OTHER")
    assert (review.performer.kind, review.on_rejected) == (PerformerKind.REVIEWER, Rejection("PENDING"))
    (note,) = workflow.steps["CONFIRMED"]
    assert (note.is_required, note.outcomes, note.activity_status) == (
        False, (StepOutcome.DONE,), "Put a note into the parcel"
    )  # fmt: skip
    assert workflow.settings == Settings(
        may_ship_unpaid=False, completion_from="DELIVERED", completes_by_itself=True, unpaid_expiry_minutes=2880
    )


def test_the_marketplace_sample_sets_returns_and_refunds() -> None:
    workflow = read(sample("marketplace"))
    returns, refunds = workflow.settings.returns, workflow.settings.refunds
    assert (returns.window_days, returns.may_be_partial, returns.needs_review) == (30, True, True)
    assert [PATTERNS.matches(each, "GIFT-7") for each in returns.non_returnable_skus] == [True, False, False]
    assert (refunds.restocking_fee_percent, refunds.cap_percent, refunds.needs_review) == (
        Decimal(10), Decimal(100), True
    )  # fmt: skip


def test_steps_stand_in_the_order_of_their_sequence_then_of_the_document() -> None:
    steps = [{**STEP, "name": name, "sequence": sequence} for name, sequence in (("c", 2), ("a", 1), ("d", 2))]
    workflow = read({"name": "w", "statuses": {"PENDING": {"steps": steps}}})
    assert [step.name for step in workflow.steps["PENDING"]] == ["a", "c", "d"]


def test_a_published_document_says_its_own_version() -> None:
    assert stamped({"name": "w", "version": 9, "statuses": []}, 3) == {"name": "w", "version": 3, "statuses": []}


# ---- What is refused, and where


@pytest.mark.parametrize("document", [None, 1, "x", [], True])
def test_what_is_no_object_is_no_workflow(document: object) -> None:
    assert paths(document) == [""]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, ["name", "statuses"]),
        ({"name": " ", "statuses": []}, ["name", "statuses"]),
        ({"name": "w", "statuses": ["PENDING", "PENDING"]}, ["statuses.1"]),
        ({"name": "w", "statuses": ["Pending"]}, ["statuses.0"]),
        ({"name": "w", "statuses": {"Pending": {}}}, ["statuses.Pending"]),
        ({"name": "w", "statuses": {"PENDING": []}}, ["statuses.PENDING"]),
        ({"name": "w", "statuses": {"PENDING": {"steps": [1]}}}, ["statuses.PENDING.steps.0"]),
        ({"name": "w", "statuses": {"COMPLETED": {"steps": [STEP]}}}, ["statuses.COMPLETED.steps"]),
        ({"name": "w", "statuses": {}, "setings": {}}, ["setings"]),
        ({"name": "w", "statuses": {}, "version": 0}, ["version"]),
        ({"name": "w", "statuses": {}, "settings": {"confirmation": "LATER"}}, ["settings.confirmation"]),
        ({"name": "w", "statuses": {}, "settings": {"mayShipUnpaid": 1}}, ["settings.mayShipUnpaid"]),
        ({"name": "w", "statuses": {}, "settings": {"unpaidExpiryMinutes": 0}}, ["settings.unpaidExpiryMinutes"]),
        ({"name": "w", "statuses": {}, "settings": {"unpaidExpiryMinutes": True}}, ["settings.unpaidExpiryMinutes"]),
        ({"name": "w", "statuses": {}, "settings": {"returns": {"windowDays": -1}}}, ["settings.returns.windowDays"]),
        (
            {
                "name": "w",
                "statuses": {},
                "settings": {"refunds": {"restockingFeePercent": 100.5, "capPercent": 0.125}},
            },
            ["settings.refunds.restockingFeePercent", "settings.refunds.capPercent"],
        ),
        (
            {"name": "w", "statuses": {}, "settings": {"returns": {"nonReturnableSkus": ["A.*", "(", 3, ""]}}},
            [f"settings.returns.nonReturnableSkus.{position}" for position in (1, 2, 3)],
        ),
    ],
)
def test_a_fault_stands_at_its_path(document: object, expected: list[str]) -> None:
    assert paths(document) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"name": None, "title": None, "sequence": None, "performer": None},
            ["name", "title", "sequence", "performer"],
        ),
        ({"name": "1st"}, ["name"]),
        ({"name": "a" * 65}, ["name"]),
        ({"sequence": 1.5}, ["sequence"]),
        ({"performer": {}}, ["performer"]),
        ({"performer": {"roles": ["Manager"], "reviewer": True}}, ["performer"]),
        ({"performer": {"roles": []}}, ["performer.roles"]),
        ({"performer": {"roles": ["Auditor"]}}, ["performer.roles.0"]),
        ({"performer": {"reviewer": False}}, ["performer.reviewer"]),
        ({"performer": {"reviewer": True, "when": "true"}}, ["performer.when"]),
        ({"performer": {"system": True, "when": "order.nix"}}, ["performer.when"]),
        ({"performer": {"system": True}, "outcomes": ["APPROVED"]}, ["outcomes"]),
        ({"condition": "order.total.amount > 'x'"}, ["condition"]),
        ({"condition": "order.total.amount"}, ["condition"]),
        ({"condition": "true" + " " * 1_000}, ["condition"]),
        ({"outcomes": ["REJECTED"], "onRejected": {"leadsTo": "CANCELLED"}}, ["outcomes"]),
        ({"outcomes": ["DONE", "MAYBE"]}, ["outcomes.1"]),
        ({"outcomes": ["DONE", "REJECTED"]}, ["onRejected"]),
        ({"onRejected": {"leadsTo": "CANCELLED"}}, ["onRejected"]),
        ({"outcomes": ["DONE", "REJECTED"], "onRejected": {"leadsTo": "CONFIRMED"}}, ["onRejected.leadsTo"]),
        (
            {"outcomes": ["DONE", "REJECTED"], "onRejected": {"leadsTo": "DRAFT", "reason": "FRAUD"}},
            ["onRejected.reason"],
        ),
        ({"inputSchema": {"type": "string"}}, ["inputSchema.type"]),
        (
            {"inputSchema": {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}},
            ["inputSchema.properties.a.pattern"],
        ),
        (
            {"inputSchema": {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["b"]}},
            ["inputSchema.properties.a.type", "inputSchema.required.0"],
        ),
        (
            {"inputSchema": {"type": "object", "properties": {"a": {"type": "integer", "enum": [1, True]}}}},
            ["inputSchema.properties.a.enum.1"],
        ),
        (
            {
                "inputSchema": {
                    "type": "object",
                    "properties": {"a": {"type": "string", "minLength": 3, "maxLength": 2}},
                }
            },
            ["inputSchema.properties.a.minLength"],
        ),
    ],
)
def test_a_fault_of_a_step_stands_at_its_path(members: dict[str, Any], expected: list[str]) -> None:
    assert step_paths(**members) == expected


def test_a_steps_name_is_unique_in_the_whole_workflow() -> None:
    document = {"name": "w", "statuses": {"PENDING": {"steps": [STEP]}, "CONFIRMED": {"steps": [STEP]}}}
    assert paths(document) == ["statuses.CONFIRMED.steps.0.name"]


def test_faults_come_in_the_order_of_the_document_and_what_is_missing_last() -> None:
    step = {"condition": "nix", "performer": {"who": 1}, "name": "-"}
    assert paths({"x": 1, "settings": {"y": 1}, "statuses": {"PENDING": {"steps": [step]}}}) == [
        "x",
        "settings.y",
        "statuses.PENDING.steps.0.condition",
        "statuses.PENDING.steps.0.performer",
        "statuses.PENDING.steps.0.performer.who",
        "statuses.PENDING.steps.0.name",
        "statuses.PENDING.steps.0.title",
        "statuses.PENDING.steps.0.sequence",
        "name",
    ]


def test_a_rejection_cancels_only_where_an_order_can_still_be_cancelled_whole() -> None:
    for status, allowed in {
        "DRAFT": {"DRAFT", "CANCELLED"},
        "PENDING": {"PENDING", "CANCELLED", "DRAFT"},
        "CONFIRMED": {"CONFIRMED", "CANCELLED"},
        "PARTIALLY_SHIPPED": {"PARTIALLY_SHIPPED"},
        "SHIPPED": {"SHIPPED"},
        "DELIVERED": {"DELIVERED"},
    }.items():
        taken = set()
        for target in ("DRAFT", "PENDING", "CONFIRMED", "PARTIALLY_SHIPPED", "SHIPPED", "DELIVERED", "CANCELLED"):
            step = {**STEP, "outcomes": ["DONE", "REJECTED"], "onRejected": {"leadsTo": target}}
            if isinstance(read_workflow({"name": "w", "statuses": {status: {"steps": [step]}}}), Workflow):
                taken.add(target)
        assert taken == allowed, status


def test_counts_are_bounded() -> None:
    many = [{**STEP, "name": f"s{number}"} for number in range(101)]
    statuses = ["DRAFT", "PENDING", "CONFIRMED", "PARTIALLY_SHIPPED", "SHIPPED", "DELIVERED"]
    spread = {status: {"steps": many[20 * place : 20 * place + 20]} for place, status in enumerate(statuses)}
    assert paths({"name": "w", "statuses": spread}) == ["statuses"]
    del spread["DELIVERED"]
    assert len([step for steps in read({"name": "w", "statuses": spread}).steps.values() for step in steps]) == 100
    assert paths({"name": "w", "statuses": {"PENDING": {"steps": many[:21]}}}) == ["statuses.PENDING.steps"]


# ---- The published schema


def test_the_published_schema_is_the_one_in_docs() -> None:
    assert json.loads((DOCS / "workflow.schema.json").read_text()) == JSON_SCHEMA


def test_the_schema_is_a_schema_and_takes_the_samples() -> None:
    jsonschema.Draft202012Validator.check_schema(JSON_SCHEMA)
    for document in (PLAIN_WORKFLOW, sample("plain"), sample("approval"), sample("marketplace")):
        SCHEMA.validate(document)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(below, (*path, key))


MARKETPLACE = sample("marketplace")
JUNK = st.sampled_from([None, True, 0, -1, 1.5, 10**9, "", "x", "PENDING", [], {}, [1], {"x": 1}, "y" * 300])


@given(st.lists(st.tuples(st.sampled_from(list(places(MARKETPLACE))[1:]), JUNK), min_size=1, max_size=3))
def test_what_the_reader_takes_the_schema_takes(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = copy.deepcopy(MARKETPLACE)
    for path, junk in changes:
        at: Any = document
        try:
            for part in path[:-1]:
                at = at[part]
            at[path[-1]] = junk
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    found = read_workflow(document, CONDITIONS, PATTERNS)
    if isinstance(found, Workflow):
        SCHEMA.validate(document)
    else:
        assert found, "a fault at least"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=5), below, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_whatever_is_sent_is_answered_with_faults_never_with_an_error(value: Any) -> None:
    assert read_workflow(value, CONDITIONS, PATTERNS)
    assert read_workflow({"name": "w", "statuses": value, "settings": value}, CONDITIONS, PATTERNS)
    assert read_workflow({"name": "w", "statuses": {"PENDING": {"steps": [value]}}}, CONDITIONS, PATTERNS)
    assert read_workflow(with_step(inputSchema=value, performer=value, onRejected=value), CONDITIONS, PATTERNS)


# ---- What performers hand in


INPUT = {
    "type": "object",
    "properties": {
        "ticket": {"type": "string", "minLength": 2, "maxLength": 4, "enum": ["ab", "abc", "b"]},
        "days": {"type": "integer", "minimum": 0, "maximum": 30},
        "share": {"type": "number", "minimum": 0},
        "fragile": {"type": "boolean"},
        "codes": {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 2},
    },
    "required": ["days"],
    "additionalProperties": False,
}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: JSON_VALUES | st.integers(-1, 31) | st.sampled_from(["a", "ab", "abc", "abcde"]) | st.just([1, 0, 3])
            for name in ("ticket", "days", "share", "fragile", "codes", "other")
        },
    )
    | JSON_VALUES
)
def test_an_input_is_judged_as_json_schema_judges_it(value: Any) -> None:
    standard = jsonschema.Draft202012Validator(INPUT)
    assert (input_faults(INPUT, value) == []) == standard.is_valid(value)


def test_an_inputs_faults_stand_at_their_paths() -> None:
    given_ = {"ticket": "abcde", "days": 31, "share": "1", "fragile": 0, "codes": [1, 0], "other": 1}
    assert [fault.path for fault in input_faults(INPUT, given_)] == [
        ("ticket",), ("days",), ("share",), ("fragile",), ("codes", "1"), ("other",)
    ]  # fmt: skip
    assert [fault.path for fault in input_faults(INPUT, {})] == [("days",)]
    assert [fault.path for fault in input_faults(INPUT, [])] == [()]
    assert input_faults(INPUT, {"days": 3.0, "ticket": "ab"}) == []
