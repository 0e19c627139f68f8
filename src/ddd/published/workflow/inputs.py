"""What the performer of a step hands in: a bounded subset of JSON Schema (draft 2020-12).

An object whose properties are text, whole numbers, numbers, booleans, or lists of one of these:

    object    properties, required, additionalProperties (true or false), title, description
    string    minLength, maxLength, enum          array    items, minItems, maxItems
    integer   minimum, maximum, enum              number   minimum, maximum, enum
    boolean

Each keyword means what the standard says; a keyword that is not listed is a fault when the workflow is published, so
that none is silently without force. There are no references, patterns or combinations: validation is linear.
"""

from collections.abc import Mapping
from typing import Any, Final

from ddd.published.workflow.model import Fault
from ddd.published.workflow.walk import Node
from ddd.shared.domain.text import MAX_NOTE, is_storable

MAX_PROPERTIES: Final = 30
MAX_ENUM: Final = 100
MAX_ITEMS: Final = 100
_LARGEST: Final = 10**15
_ABOUT: Final = ("title", "description")
_KEYWORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("minLength", "maxLength", "enum"),
    "integer": ("minimum", "maximum", "enum"),
    "number": ("minimum", "maximum", "enum"),
    "boolean": (),
    "array": ("items", "minItems", "maxItems"),
}


def check_schema(node: Node) -> None:
    """Note every fault of a step's input schema."""
    node.only("type", "properties", "required", "additionalProperties", *_ABOUT)
    _about(node)
    if node.required("type"):
        node.choice("type", ("object",))
    node.flag("additionalProperties", True)
    properties = node.sub("properties")
    names: list[str] = []
    if properties is not None:
        names = list(properties.members())
        if len(names) > MAX_PROPERTIES:
            properties.refuse(f"At most {MAX_PROPERTIES} are allowed.")
            return
        for name in names:
            if not name.strip() or len(name) > 64 or not is_storable(name):
                properties.refuse("A property's name has 1 to 64 characters.")
                continue
            below = properties.sub(name)
            if below is not None:
                _check_property(below, may_be_list=True)
    if names:
        node.choices("required", names, MAX_PROPERTIES)
    elif "required" in node:
        node.refuse("There are no properties.", "required")


def _about(node: Node) -> None:
    node.text("title")
    node.text("description", limit=MAX_NOTE)


def _check_property(node: Node, *, may_be_list: bool) -> None:
    kinds = [kind for kind in _KEYWORDS if may_be_list or kind != "array"]
    if not node.required("type") or (kind := node.choice("type", kinds)) is None:
        return
    node.only("type", *_KEYWORDS[kind], *_ABOUT)
    _about(node)
    if kind == "string":
        _ordered(node, "minLength", "maxLength", 0, MAX_NOTE)
    elif kind in ("integer", "number"):
        _ordered(node, "minimum", "maximum", -_LARGEST, _LARGEST)
    elif kind == "array":
        _ordered(node, "minItems", "maxItems", 0, MAX_ITEMS)
        items = node.sub("items")
        if items is not None:
            _check_property(items, may_be_list=False)
        else:
            node.required("items")
    if "enum" in _KEYWORDS[kind]:
        values = node.list("enum", MAX_ENUM)
        if values is not None and not values:
            node.refuse("At least one is needed.", "enum")
        for position, value in enumerate(values or ()):
            if _type_fault(kind, value) is not None:
                node.refuse(f"This is no {kind}.", "enum", str(position))


def _ordered(node: Node, least: str, most: str, lowest: int, highest: int) -> None:
    low, high = node.integer(least, lowest, highest), node.integer(most, lowest, highest)
    if low is not None and high is not None and low > high:
        node.refuse(f"{least} is above {most}.", least)


def input_faults(schema: Mapping[str, Any], value: Any) -> list[Fault]:
    """What is wrong with what a step's performer hands in, by a schema to which `check_schema` does not object."""
    if not isinstance(value, dict):
        return [Fault((), "This must be an object.")]
    properties = schema.get("properties", {})
    faults = [Fault((name,), "This is required.") for name in schema.get("required", ()) if name not in value]
    for name, member in value.items():
        if name in properties:
            faults += _member_faults(properties[name], member, (name,))
        elif schema.get("additionalProperties") is False:
            faults.append(Fault((name,), "The step knows no such field."))
    return faults


def _member_faults(schema: Mapping[str, Any], value: Any, path: tuple[str, ...]) -> list[Fault]:
    kind = schema["type"]
    fault = _type_fault(kind, value)
    if fault is None and kind == "string":
        fault = _range_fault(len(value), schema, "minLength", "maxLength", "characters")
    elif fault is None and kind in ("integer", "number"):
        fault = _range_fault(value, schema, "minimum", "maximum", "")
    elif fault is None and kind == "array":
        fault = _range_fault(len(value), schema, "minItems", "maxItems", "entries")
        below = [
            each
            for position, item in enumerate(value[:MAX_ITEMS])
            for each in _member_faults(schema["items"], item, (*path, str(position)))
        ]
        if fault is None and below:
            return below
    if fault is None and "enum" in schema and value not in schema["enum"]:
        fault = "This is none of the values allowed."
    return [] if fault is None else [Fault(path, fault)]


def _type_fault(kind: str, value: Any) -> str | None:
    """JSON Schema core §6.1.1, validation §6.1.1: a float without a fraction is an integer; a boolean is no number."""
    if kind == "string":
        return None if isinstance(value, str) else "This must be text."
    if kind == "boolean":
        return None if isinstance(value, bool) else "This must be true or false."
    if kind == "array":
        return None if isinstance(value, list) else "This must be a list."
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "This must be a number."
    return None if kind == "number" or value == int(value) else "This must be a whole number."


def _range_fault(size: Any, schema: Mapping[str, Any], least: str, most: str, of: str) -> str | None:
    unit = f" {of}" if of else ""
    if least in schema and size < schema[least]:
        return f"At least {schema[least]}{unit} are needed." if of else f"This must be at least {schema[least]}."
    if most in schema and size > schema[most]:
        return f"At most {schema[most]}{unit} are allowed." if of else f"This must be at most {schema[most]}."
    return MAX_FAULT if of == "entries" and size > MAX_ITEMS else None


MAX_FAULT: Final = f"At most {MAX_ITEMS} entries are allowed."
