"""The form of a workflow document as JSON Schema (draft 2020-12), published as `docs/workflow.schema.json`.

It says what a schema can say; `validateWorkflow` says the rest (conditions, patterns, names that stand twice, where a
rejection may lead).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ddd.published.workflow.inputs import MAX_ENUM, MAX_ITEMS, MAX_PROPERTIES
from ddd.published.workflow.model import FINAL_STATUSES, REASONS, ROLES, STATUSES, Confirmation, StepOutcome
from ddd.published.workflow.reader import (
    MAX_ACTIVITY,
    MAX_DAYS,
    MAX_EXPIRY_MINUTES,
    MAX_PATTERNS,
    MAX_SEQUENCE,
    MAX_STEPS_OF_STATUS,
    MAX_VERSION,
    STEP_NAME,
)
from ddd.shared.application.conditions import MAX_CONDITION_BYTES, MAX_PATTERN
from ddd.shared.domain.text import MAX_NOTE, MAX_TEXT

#: Not blank: a JSON Schema pattern is not anchored.
_NOT_BLANK: Final = r"\S"


def _text(limit: int, description: str | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "maxLength": limit, "pattern": _NOT_BLANK}
    return schema if description is None else {**schema, "description": description}


def _object(properties: Mapping[str, Any], *required: str, **others: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False, **others}
    return {**schema, "required": list(required)} if required else schema


def _words(words: Sequence[str]) -> dict[str, Any]:
    return {"enum": list(words)}


def _integer(lowest: int, highest: int, description: str | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer", "minimum": lowest, "maximum": highest}
    return schema if description is None else {**schema, "description": description}


_ABOUT: Final = {"title": _text(MAX_TEXT), "description": _text(MAX_NOTE)}
_PERCENT: Final = {"type": "number", "minimum": 0, "maximum": 100}
_FLAG: Final = {"type": "boolean"}
_ENUM: Final = {"type": "array", "minItems": 1, "maxItems": MAX_ENUM}
_BOUND: Final = {"type": "integer"}
_CONDITION: Final = _text(
    MAX_CONDITION_BYTES,
    "A CEL expression over the order's facts: order.total.amount > 1000 && customer.country != 'SG'",
)
_SCALARS: Final = [
    _object({"type": {"const": "string"}, "minLength": _BOUND, "maxLength": _BOUND, "enum": _ENUM, **_ABOUT}, "type"),
    _object(
        {"type": _words(["integer", "number"]), "minimum": _BOUND, "maximum": _BOUND, "enum": _ENUM, **_ABOUT}, "type"
    ),
    _object({"type": {"const": "boolean"}, **_ABOUT}, "type"),
]
_LIST: Final = _object(
    {
        "type": {"const": "array"},
        "items": {"$ref": "#/$defs/scalar"},
        "minItems": _integer(0, MAX_ITEMS),
        "maxItems": _integer(0, MAX_ITEMS),
        **_ABOUT,
    },
    "type",
    "items",
)
_PERFORMER: Final = {
    "oneOf": [
        _object({"roles": {"$ref": "#/$defs/roles"}}, "roles", title="Somebody in one of these roles"),
        _object(
            {"permission": {"type": "string", "pattern": f"^{STEP_NAME}$"}},
            "permission",
            title="Somebody whose roles carry this operation",
        ),
        _object({"reviewer": {"const": True}}, "reviewer", title="The reviewer whom escalateReviewer named"),
        _object(
            {"system": {"const": True}, "when": {"$ref": "#/$defs/condition"}},
            "system",
            title="The server itself, as soon as `when` holds (without it: at once)",
        ),
    ]
}
_STEP: Final = _object(
    {
        "name": {"type": "string", "pattern": f"^{STEP_NAME}$", "description": "Unique in the workflow."},
        "title": _text(MAX_TEXT),
        "sequence": _integer(0, MAX_SEQUENCE, "Lower ones are done first; equal ones in any order."),
        "required": {
            **_FLAG,
            "default": True,
            "description": "The status is left when every required step in force is done.",
        },
        "performer": {"$ref": "#/$defs/performer"},
        "condition": {"$ref": "#/$defs/condition"},
        "inputSchema": {"$ref": "#/$defs/inputSchema"},
        "outcomes": {
            "type": "array",
            "items": _words([each.value for each in StepOutcome]),
            "minItems": 1,
            "uniqueItems": True,
            "default": ["DONE"],
        },
        "onRejected": _object(
            {
                "leadsTo": {**_words(STATUSES), "description": "CANCELLED, DRAFT (from PENDING), or the same status."},
                "reason": {**_words(REASONS), "description": "Of the cancellation; OTHER where none is given."},
            },
            "leadsTo",
        ),
        "activityStatus": _text(MAX_ACTIVITY, "Shown while the step waits; the title where none is given."),
    },
    "name",
    "title",
    "sequence",
    "performer",
)
_SETTINGS: Final = _object(
    {
        "confirmation": {**_words([each.value for each in Confirmation]), "default": "WHEN_PAID"},
        "mayShipUnpaid": {**_FLAG, "default": True},
        "completion": _object(
            {
                "from": {**_words(["SHIPPED", "DELIVERED"]), "default": "SHIPPED"},
                "automatic": {**_FLAG, "default": False, "description": "Complete when delivered and paid."},
            }
        ),
        "unpaidExpiryMinutes": _integer(1, MAX_EXPIRY_MINUTES, "A PENDING order unpaid for so long is cancelled."),
        "returns": _object(
            {
                "windowDays": _integer(0, MAX_DAYS, "From delivery; no limit where none is given."),
                "nonReturnableSkus": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": MAX_PATTERN},
                    "maxItems": MAX_PATTERNS,
                    "description": "Regular expressions (RE2 syntax), each of a whole SKU.",
                },
                "partial": {**_FLAG, "default": True, "description": "Whether part of a line may come back."},
                "review": {**_FLAG, "default": False},
            }
        ),
        "refunds": _object(
            {
                "restockingFeePercent": {**_PERCENT, "default": 0},
                "capPercent": {**_PERCENT, "default": 100, "description": "Of what was paid for the order."},
                "review": {**_FLAG, "default": False},
            }
        ),
    }
)

JSON_SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Workflow",
    "description": "The life of a tenant's orders: what must be done in each status, by whom, and when.",
    **_object(
        {
            "$schema": _text(MAX_TEXT),
            "name": _text(MAX_TEXT),
            "description": _text(MAX_NOTE),
            "version": _integer(1, MAX_VERSION, "Assigned by publishWorkflow, whatever stands here."),
            "statuses": {
                "oneOf": [
                    _object(
                        {
                            status: _object(
                                {"steps": {"type": "array", "items": {"$ref": "#/$defs/step"}, "maxItems": most}}
                            )
                            for status in STATUSES
                            for most in (0 if status in FINAL_STATUSES else MAX_STEPS_OF_STATUS,)
                        }
                    ),
                    {
                        "type": "array",
                        "items": _words(STATUSES),
                        "minItems": 1,
                        "uniqueItems": True,
                        "description": "The short form: no steps.",
                    },
                ]
            },
            "settings": _SETTINGS,
        },
        "name",
        "statuses",
    ),
    "$defs": {
        "condition": _CONDITION,
        "roles": {"type": "array", "items": _words(ROLES), "minItems": 1, "uniqueItems": True},
        "performer": _PERFORMER,
        "step": _STEP,
        "scalar": {"oneOf": _SCALARS},
        "inputSchema": _object(
            {
                "type": {"const": "object"},
                "properties": {
                    "type": "object",
                    "maxProperties": MAX_PROPERTIES,
                    "propertyNames": {"minLength": 1, "maxLength": 64, "pattern": _NOT_BLANK},
                    "additionalProperties": {"oneOf": [*_SCALARS, _LIST]},
                },
                "required": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
                "additionalProperties": _FLAG,
                **_ABOUT,
            },
            "type",
        ),
    },
}
