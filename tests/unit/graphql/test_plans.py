"""A compiled answer is graphql-core's answer, for any document."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    get_named_type,
    is_leaf_type,
    parse,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from bff.graphql.executor import PlanningExecutor
from bff.graphql.plans import compile_plan
from bff.graphql.schema import schema
from ddd.orders.application.reading import OrderParts
from ddd.orders.application.sight import WHOLE
from ddd.orders.application.views import OrderView
from ddd.orders.domain.parts import Actor
from ddd.shared.application.access import Grant
from ddd.shared.domain.ids import new_id
from tests.unit.orders.support import caller as somebody
from tests.unit.orders.support import checkout, order_of

NOW = datetime(2026, 11, 20, 9, 30, 0, 123456, UTC)
ORDER = cast(GraphQLObjectType, schema._schema.type_map["Order"])


def an_order() -> OrderView:
    order = order_of(checkout())
    order.ship(
        {1: 1},
        shipment_id=new_id(),
        carrier="DHL",
        tracking_reference=None,
        tracking_url=None,
        shipped_at=NOW,
        actor=Actor("somebody", ("Admin",)),
        at=NOW,
    )
    parts = OrderParts(order.lines, order.payments, order.shipments, order.news)
    return OrderView(order, parts, WHOLE, Grant(somebody(), {}), NOW)


def house(value: Any) -> GraphQLSchema:
    return GraphQLSchema(GraphQLObjectType("Q", {"o": GraphQLField(ORDER, resolve=lambda *_: value)}))


@st.composite
def selections(draw: st.DrawFn, type_: GraphQLObjectType = ORDER, depth: int = 0) -> str:
    names = draw(st.lists(st.sampled_from([*type_.fields, "__typename"]), min_size=1, max_size=6, unique=True))
    parts = []
    for position, name in enumerate(names):
        alias = draw(st.sampled_from(["", f"a{position}: "]))
        if name == "__typename":
            parts.append(alias + name)
            continue
        inner = get_named_type(type_.fields[name].type)
        if is_leaf_type(inner):
            parts.append(alias + name)
        elif isinstance(inner, GraphQLObjectType) and depth < 3:
            parts.append(f"{alias}{name} {{ {draw(selections(inner, depth + 1))} }}")
    text = " ".join(parts) or "__typename"
    wrap = draw(st.sampled_from(["", f"... on {type_.name} ", "... "]))
    return f"{wrap}{{ {text} }}" if wrap else text


@given(selections())
@settings(max_examples=200, deadline=None)
def test_a_plan_answers_as_graphql_core_does(selection: str) -> None:
    view = an_order()
    document = parse(f"{{ o {{ {selection} }} }}")
    plain = execute_sync(house(view), document)
    assert plain.errors is None
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    node = operation.selection_set.selections[0]
    assert isinstance(node, FieldNode)
    plan = compile_plan(ORDER, node, {})
    assert plan is not None
    assert plan(view) == plain.data["o"]  # type: ignore[index]  # data is there: no errors


@pytest.mark.parametrize(
    "selection",
    [
        "id @include(if: true)",
        "total { amount } total { currency }",
        "...F",
        "a: id a: id",
    ],
)
def test_what_no_plan_is_made_for_is_answered_all_the_same(selection: str) -> None:
    view = an_order()
    document = parse(
        f"query {{ o {{ {selection} }} }}"
        " fragment F on Order { id ...G @skip(if: true) } fragment G on Order { note }"
    )
    plain = execute_sync(house(view), document)
    assert answered(view, document) == (plain.data, None)


def answered(value: Any, document: Any) -> tuple[Any, Any]:
    executor = PlanningExecutor.build(house(value), document, None, None, {}, None)
    assert not isinstance(executor, list)
    executor.plans, executor.arguments = {}, {}  # type: ignore[attr-defined]  # built by its own class
    result = executor.execute_operation()
    return result.data, result.errors  # type: ignore[union-attr]  # nothing is asynchronous


def test_an_object_that_is_not_as_its_type_says_is_left_to_graphql_core() -> None:
    wrong = SimpleNamespace(id=5, order_number=None, note=None)
    document = parse("{ o { id orderNumber note } }")
    plain = execute_sync(house(wrong), document)
    data, errors = answered(wrong, document)
    assert plain.errors is not None
    assert [error.message for error in errors] == [error.message for error in plain.errors]
    assert [error.path for error in errors] == [["o", "orderNumber"]]
    assert data == plain.data
    assert answered(SimpleNamespace(id=5), parse("{ o { id } }")) == ({"o": {"id": "5"}}, None)


def test_a_fragment_is_compiled_into_its_place() -> None:
    document = parse("query { o { ...F } } fragment F on Order { id lines { ...L } } fragment L on OrderLine { sku }")
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    node = operation.selection_set.selections[0]
    assert isinstance(node, FieldNode)
    plan = compile_plan(ORDER, node, fragments)
    assert plan is not None
    view = an_order()
    assert plan(view) == {"id": str(view.id), "lines": [{"sku": line.sku} for line in view.lines]}
