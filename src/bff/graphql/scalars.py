"""The scalars of the schema: `Decimal`, `DateTime` and `JSON`.

Inputs keep what the client wrote: a `Decimal` or `DateTime` takes any string or number and hands it on raw, so that a
bad value is refused with `INVALID_INPUT` at its path by the application, beside all the other input errors. Only what
can never be one (a boolean, a list, an object) is a coercion error here.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NewType

from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode, value_from_ast_untyped
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition, scalar

#: A decimal as the client wrote it: str, int or float. Annotate inputs with it.
RawDecimal = NewType("RawDecimal", object)
#: An instant as the client wrote it: str, int or float. Annotate inputs with it.
RawDateTime = NewType("RawDateTime", object)
#: A decimal already in its final text, such as an amount at its currency's scale. Annotate outputs with it.
DecimalText = NewType("DecimalText", str)

#: Below the interpreter's recursion limit with room to spare; the application's own bound is far lower.
_MAX_JSON_DEPTH = 200


def _raw_value(name: str, value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    raise GraphQLError(f"{name} must be a string or a number.")


def _raw_literal(name: str, node: ValueNode) -> str:
    if isinstance(node, (StringValueNode, IntValueNode, FloatValueNode)):
        return node.value
    raise GraphQLError(f"{name} must be a string or a number.", node)


def decimal_from_value(value: Any) -> Any:
    """A variable's `Decimal`, raw. Raises GraphQLError for what is no string or number."""
    return _raw_value("Decimal", value)


def decimal_from_literal(node: ValueNode, _variables: Mapping[str, Any] | None = None) -> str:
    """A literal `Decimal`: its digits exactly as written in the document."""
    return _raw_literal("Decimal", node)


def decimal_to_text(value: object) -> str:
    """Text as it is; a Decimal in plain notation, never with an exponent."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError("A Decimal is answered from text or a finite decimal.Decimal.")


def instant_from_value(value: Any) -> Any:
    """A variable's `DateTime`, raw. Raises GraphQLError for what is no string or number."""
    return _raw_value("DateTime", value)


def instant_from_literal(node: ValueNode, _variables: Mapping[str, Any] | None = None) -> str:
    """A literal `DateTime`: its text as written."""
    return _raw_literal("DateTime", node)


def instant_to_text(value: object) -> str:
    """RFC 3339 §5.6 in UTC with `Z`; microseconds only where there are any. A naive datetime is our own fault."""
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("A DateTime is answered from text or an aware datetime.")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat()[:-6] + "Z"


def json_from_value(value: Any) -> Any:
    """JSON as it came. Refuses only what could not be walked or written again: bottomless nesting, infinities."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                raise GraphQLError("JSON holds a number that is too large.")
        elif isinstance(item, (dict, list)):
            if depth >= _MAX_JSON_DEPTH:
                raise GraphQLError("JSON is nested too deeply.")
            waiting.extend((child, depth + 1) for child in (item.values() if isinstance(item, dict) else item))
    return value


def json_from_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
    """JSON written as a GraphQL literal."""
    try:
        value = value_from_ast_untyped(node, dict(variables) if variables else None)
    except ValueError:  # an integer beyond Python's limit of 4,300 digits
        raise GraphQLError("JSON holds a number that is too large.", node) from None
    return json_from_value(value)


def _same(value: Any) -> Any:
    return value


_DECIMAL = scalar(
    name="Decimal",
    description="An exact decimal number. A string on the wire (`10.50`); a literal number is taken too.",
    serialize=decimal_to_text,
    parse_value=decimal_from_value,
    parse_literal=decimal_from_literal,
)
_DATE_TIME = scalar(
    name="DateTime",
    description="An instant: RFC 3339 in UTC, such as `2026-03-01T09:30:00Z`.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=instant_to_text,
    parse_value=instant_from_value,
    parse_literal=instant_from_literal,
)
_JSON = scalar(
    name="JSON",
    description="Free metadata: any JSON value (ECMA-404).",
    specified_by_url="https://ecma-international.org/publications-and-standards/standards/ecma-404/",
    serialize=_same,
    parse_value=json_from_value,
    parse_literal=json_from_literal,
)

#: For `StrawberryConfig(scalar_map=...)`. Model fields of Django (decimal.Decimal, datetime) get the same scalars.
SCALAR_MAP: dict[object, ScalarDefinition] = {
    RawDecimal: _DECIMAL,
    DecimalText: _DECIMAL,
    Decimal: _DECIMAL,
    RawDateTime: _DATE_TIME,
    datetime: _DATE_TIME,
    JSON: _JSON,
}
