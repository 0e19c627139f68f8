"""A compiled input is graphql-core's input, for any value; whoever sends one that is not in order hears the same."""

import math
from collections.abc import Callable
from typing import Any, cast

import pytest
from graphql import (
    GraphQLField,
    GraphQLFloat,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    build_schema,
    parse,
)
from graphql.execution.values import get_variable_values
from hypothesis import given, settings
from hypothesis import strategies as st

from bff.graphql.documents import Access, Operation
from bff.graphql.errors import Code, NotExecuted
from bff.graphql.executor import _variable_values
from bff.graphql.inputs import Inputs
from tests.unit.graphql.wire_values import HOUSE, OBJECTS, ODD, TYPES, in_order, nested, present, spoilt

INPUTS = Inputs(HOUSE)


def operation_of(text: str) -> OperationDefinitionNode:
    return cast(OperationDefinitionNode, parse(text).definitions[0])


def told(read: Callable[[], Any]) -> Any:
    """What was read, told apart by type and order; or what is said against it."""
    try:
        values = read()
    except NotExecuted as refused:
        return refused.errors
    sources = {name: (str(source.signature.type), repr(source.value)) for name, source in values.sources.items()}
    return repr(values.coerced), sources


def compared(house: GraphQLSchema, inputs: Inputs, text: str, variables: dict[str, Any]) -> bool:
    """Whether the compiled function read them; what came of it is what graphql-core says."""
    node = operation_of(text)
    operation = Operation(node, None, False, Access.OWN, "", inputs.reader(node), None)
    core = told(lambda: core_values(house, node, variables))
    assert told(lambda: _variable_values(house, operation, variables, hide_suggestions=False)) == core
    if operation.read_variables is None:
        return False
    try:
        values = operation.read_variables(variables)
    except Exception:
        return False
    assert told(lambda: values) == core
    return True


def core_values(house: GraphQLSchema, node: OperationDefinitionNode, variables: dict[str, Any]) -> Any:
    values = get_variable_values(house, node.variable_definitions or (), variables, max_errors=20)
    if isinstance(values, list):
        raise NotExecuted.of(Code.BAD_USER_INPUT, values)
    return values


@pytest.mark.parametrize("name", OBJECTS)
def test_every_input_type_of_the_schema_is_compiled(name: str) -> None:
    assert INPUTS.reader(operation_of(f"query($v: [{name}!]!) {{ x }}")) is not None


@pytest.mark.parametrize("wrapped", ["{}", "{}!", "[{}]", "[{}!]!"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_value_in_order_is_read_as_graphql_core_reads_it(wrapped: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(TYPES))
    type_ = wrapped.format(name)
    node = operation_of(f"query($v: {type_}) {{ x }}")
    signature = INPUTS._variable(node.variable_definitions[0]).signature  # type: ignore[index]  # it has one
    value = data.draw(in_order(signature.type))
    text = f"query($v: {type_}) {{ x }}"
    assert compared(HOUSE, INPUTS, text, {"v": value, "other": 1})


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_value_that_is_not_in_order_is_answered_as_by_graphql_core(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*TYPES, *OBJECTS]))
    type_ = data.draw(st.sampled_from(["{}", "{}!", "[{}]", "[{}!]!", "[[{}]]"])).format(name)
    value = data.draw(present(HOUSE.type_map[name]).flatmap(spoilt))
    compared(HOUSE, INPUTS, f"query($v: {type_}) {{ x }}", {"v": value})


@pytest.mark.parametrize("name", TYPES)
def test_odd_values_for_each_type(name: str) -> None:
    for type_ in (name, f"[{name}!]!"):
        for odd in ODD:
            compared(HOUSE, INPUTS, f"query($v: {type_}) {{ x }}", {"v": odd})


@pytest.mark.parametrize(
    "definitions",
    [
        "$a: Int",
        "$a: Int!",
        "$a: Int = 5",
        "$a: Int! = 5",
        "$a: Int = null",
        "$a: [Int!] = [1]",
        "$a: OrderFilter = {sku: 1}",
    ],
)
@pytest.mark.parametrize("variables", [{}, {"a": None}, {"a": 7}, {"a": "7"}, {"b": 1}])
def test_absent_variables_and_defaults(definitions: str, variables: dict[str, Any]) -> None:
    compared(HOUSE, INPUTS, f"query({definitions}, $c: String) {{ x }}", variables)


def test_a_default_that_could_be_changed_is_made_anew_for_each_request() -> None:
    node = operation_of("query($a: [Int!] = [1]) { x }")
    assert INPUTS.reader(node) is None


# ---- What the house's schema does not have (yet): defaults, other names inside, one of many, recursion


SMALL = build_schema(
    """
    input Plain { count: Int! = 3, word: String = "w", list: [Int!], nested: Plainer, real: Float }
    input Lists { lists: [[Int]] }
    input Plainer { colour: Colour = RED, id: ID }
    input Either @oneOf { a: Int, b: String, c: Plainer }
    input Tree { left: Tree, right: [Tree!], value: Int }
    input OverTree { tree: Tree }
    input Changeable { list: [Int!] = [1] }
    enum Colour { RED GREEN }
    type Query { x: Int }
    """
)
RENAMED = GraphQLSchema(
    GraphQLObjectType("Query", {"x": GraphQLField(GraphQLInt)}),
    types=[
        GraphQLInputObjectType(
            "Renamed",
            {
                "camelCase": GraphQLInputField(GraphQLInt, out_name="snake_case"),
                "Renamed_x": GraphQLInputField(GraphQLString, default_value="d", out_name="y"),
                "ratio": GraphQLInputField(GraphQLFloat),
            },
            out_type=lambda values: sorted(values.items()),
        ),
        GraphQLScalarType("Nothing", coerce_input_value=lambda value: Undefined if value == 1 else value),
    ],
)


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("Plain", [{}, {"count": 1}, {"count": None}, {"word": None}, {"nested": {}}, {"nested": {"colour": "GREEN"}},
                   {"nested": {"colour": "BLUE"}}, {"list": 1}, {"real": 1.5}, {"real": 1}, {"count": 1, "no": 1},
                   {"real": math.nan}]),
        ("Lists", [{}, {"lists": [[1]]}, {"lists": 1}]),
        ("Plainer", [{}, {"colour": None}, {"colour": ["RED"]}, {"id": 5}, {"id": "5"}, {"id": True}, {"no": 1}]),
        ("Either", [{}, {"a": 1}, {"a": None}, {"a": 1, "b": "x"}, {"c": {}}, {"b": 1}, {"d": 1}]),
        ("Tree", [{}, {"left": {"value": 1}}, nested(lambda tree: {"left": tree}, 300),
                  nested(lambda tree: {"right": tree}, 150)]),
        ("OverTree", [{}, {"tree": {}}]),
        ("Changeable", [{}, {"list": 2}]),
    ],
)  # fmt: skip
def test_what_a_schema_can_have(type_: str, values: list[Any]) -> None:
    inputs = Inputs(SMALL)
    for value in values:
        compared(SMALL, inputs, f"query($v: {type_}!) {{ x }}", {"v": value})


@pytest.mark.parametrize(
    "value", [{}, {"camelCase": 1}, {"camelCase": 1, "Renamed_x": "z", "ratio": 0.5}, {"snake_case": 1}]
)
def test_names_and_types_inside(value: Any) -> None:
    compared(RENAMED, Inputs(RENAMED), "query($v: Renamed) { x }", {"v": value})


@pytest.mark.parametrize("value", [None, 1, 2])
def test_a_scalar_that_answers_nothing(value: Any) -> None:
    compared(RENAMED, Inputs(RENAMED), "query($v: Nothing!) { x }", {"v": value})


@pytest.mark.parametrize(
    ("type_", "is_compiled"),
    [
        ("Plainer", True),
        ("Either", True),
        ("Plain", True),
        ("Lists", False),
        ("Tree", False),
        ("OverTree", False),
        ("Changeable", False),
    ],
)
def test_which_types_are_left_to_graphql_core(type_: str, is_compiled: bool) -> None:
    assert (Inputs(SMALL).reader(operation_of(f"query($v: {type_}) {{ x }}")) is not None) is is_compiled
