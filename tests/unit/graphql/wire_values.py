"""Values for variables of every input type of the schema: in order, spoilt in one place, and odd ones."""

import math
from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    is_input_type,
)
from hypothesis import strategies as st

from bff.graphql.schema import schema

HOUSE = schema._schema
TYPES = sorted(name for name, type_ in HOUSE.type_map.items() if is_input_type(type_) and not name.startswith("__"))
OBJECTS = [name for name in TYPES if isinstance(HOUSE.type_map[name], GraphQLInputObjectType)]

TEXTS = st.text(max_size=5) | st.sampled_from(
    ["", " ", "\x00", "\ud800", "é", "x" * 5_000, "1", "2026-11-20T09:30:00Z"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
IN_ORDER: dict[str, st.SearchStrategy[Any]] = {
    "String": TEXTS,
    "ID": TEXTS,
    "Int": st.integers(-(2**31), 2**31 - 1),
    "Float": st.floats(allow_nan=False, allow_infinity=False),
    "Boolean": st.booleans(),
    "Decimal": TEXTS | st.integers() | st.floats(),
    "DateTime": TEXTS | st.integers() | st.floats(),
    "JSON": ANYTHING.filter(lambda value: value is not None),
}


def nested(inner: Callable[[Any], Any], depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = inner(value)
    return value


ODD = [
    None, True, False, 0, -1, 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**64, 10**400, 0.0, 1.0, 3.0, 1.5, 1e300,
    math.nan, math.inf, -math.inf, "", "1", "true", "\x00", "\ud800", "x" * 5_000, [], [None], [[]], [1], {}, {"": 1},
    {"unknown": 1}, nested(lambda value: [value], 300), nested(lambda value: {"a": value}, 300),
    nested(lambda value: {"lines": [value]}, 90),
]  # fmt: skip


def in_order(type_: GraphQLInputType) -> st.SearchStrategy[Any]:
    """Values that the type takes."""
    if isinstance(type_, GraphQLNonNull):
        return present(type_.of_type)
    return st.none() | present(type_)


def present(type_: Any) -> st.SearchStrategy[Any]:
    if isinstance(type_, GraphQLList):
        item = in_order(type_.of_type)
        return st.lists(item, max_size=3) | item.filter(lambda value: value is not None and not isinstance(value, list))
    if isinstance(type_, GraphQLEnumType):
        return st.sampled_from(list(type_.values))
    if isinstance(type_, GraphQLScalarType):
        return IN_ORDER[type_.name]
    fields = {name: in_order(field.type) for name, field in type_.fields.items()}
    required = {name for name, field in type_.fields.items() if isinstance(field.type, GraphQLNonNull)}
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in fields.items() if name in required},
        optional={name: strategy for name, strategy in fields.items() if name not in required},
    )


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """The value with something else at one place in it."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(list(value)))
        return {**value, name: draw(spoilt(value[name]))}
    if isinstance(value, list) and value and draw(st.booleans()):
        position = draw(st.integers(0, len(value) - 1))
        return [*value[:position], draw(spoilt(value[position])), *value[position + 1 :]]
    changes: list[Any] = [st.sampled_from(ODD), st.just([value]), st.just({"value": value})]
    if isinstance(value, dict):
        changes.append(st.sampled_from(ODD).map(lambda odd: {**value, "unknown": odd}))
        changes.extend(st.just({name: each for name, each in value.items() if name != gone}) for gone in value)
    return draw(st.one_of(changes))
