"""What a client hears is the same byte for byte, whether its variables were read by compiled functions or not."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from bff.graphql import documents
from bff.graphql.view import GraphQLView
from tests.unit.graphql.small_schema import Application
from tests.unit.graphql.wire_values import HOUSE, OBJECTS, present, spoilt


def echo(_source: None, _info: Any, **arguments: Any) -> str:
    return ascii(arguments)


ECHOES = GraphQLSchema(
    GraphQLObjectType(
        "Query",
        {
            f"take{name}": GraphQLField(
                GraphQLString,
                {"input": GraphQLArgument(cast(GraphQLInputObjectType, HOUSE.type_map[name]))},
                resolve=echo,
            )
            for name in OBJECTS
        },
    )
)


class _NotCompiled:
    def __init__(self, _schema: GraphQLSchema) -> None:
        pass

    def reader(self, _operation: OperationDefinitionNode) -> None:
        return None


@pytest.fixture(scope="module")
def views() -> tuple[GraphQLView, GraphQLView]:
    """The view as it is, and one that leaves every variable to graphql-core."""
    with pytest.MonkeyPatch.context() as patch:
        compiled = _view()
        patch.setattr(documents, "Inputs", _NotCompiled)
        return compiled, _view()


def _view() -> GraphQLView:
    application = Application()
    return GraphQLView(
        cast(Any, SimpleNamespace(_schema=ECHOES)),
        authenticate=application.authenticate,
        access=application.access,
        read_scope=application.read_scope,
        app=application,
        hot=[f"take{name}" for name in OBJECTS],
    )


def answer(view: GraphQLView, body: bytes) -> tuple[int, bytes]:
    request = RequestFactory().generic(
        "POST", "/graphql/", body, "application/json", HTTP_AUTHORIZATION="Bearer good", HTTP_X_REQUEST_ID="same"
    )
    response: HttpResponse = view(request)
    return response.status_code, response.content


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_answer_is_the_same_byte_for_byte(views: tuple[GraphQLView, GraphQLView], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(OBJECTS))
    whole = present(HOUSE.type_map[name])
    value = data.draw(whole | whole.flatmap(spoilt))
    query = f"query($v: {name}) {{ take{name}(input: $v) }}"
    body = json.dumps({"query": query, "variables": {"v": value}}).encode()
    compiled, left = (answer(view, body) for view in views)
    assert compiled == left
