"""What the planning executor answers is what graphql-core answers, error by error; and it leaves nothing behind."""

import gc
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    execute_sync,
    parse,
)

from bff.graphql.documents import Documents
from bff.graphql.errors import NotExecuted
from bff.graphql.executor import build_executor
from bff.graphql.limits import Limits

RUNS: list[str] = []


def told(_source: Any, _info: Any, **arguments: Any) -> str:
    RUNS.append(repr(arguments))
    return repr(sorted(arguments.items()))


def fail(_source: Any, _info: Any, **_arguments: Any) -> str:
    RUNS.append("fail")
    raise ValueError("no")


INNER: GraphQLObjectType = GraphQLObjectType(
    "Inner",
    lambda: {
        "text": GraphQLField(GraphQLNonNull(GraphQLString), resolve=lambda *_: "x"),
        "echo": GraphQLField(GraphQLString, {"n": GraphQLArgument(GraphQLInt)}, resolve=told),
        "fails": GraphQLField(GraphQLNonNull(GraphQLString), resolve=fail),
        "inner": GraphQLField(INNER, resolve=lambda *_: {}),
    },
)
FIELDS = {
    "echo": GraphQLField(
        GraphQLString,
        {
            "a": GraphQLArgument(GraphQLInt, out_name="inside"),
            "b": GraphQLArgument(GraphQLList(GraphQLInt)),
            "c": GraphQLArgument(GraphQLString),
        },
        resolve=told,
    ),
    "with_default": GraphQLField(GraphQLString, {"a": GraphQLArgument(GraphQLInt, default_value=5)}, resolve=told),
    "required": GraphQLField(GraphQLString, {"a": GraphQLArgument(GraphQLNonNull(GraphQLInt))}, resolve=told),
    "fails": GraphQLField(GraphQLString, resolve=fail),
    "must": GraphQLField(GraphQLNonNull(GraphQLString), resolve=fail),
    "inner": GraphQLField(INNER, resolve=lambda *_: {}),
    "inners": GraphQLField(GraphQLList(INNER), resolve=lambda *_: [{}, None, ValueError("no"), 5]),
    "wrong": GraphQLField(GraphQLInt, resolve=lambda *_: "x"),
}
SCHEMA = GraphQLSchema(GraphQLObjectType("Query", FIELDS), GraphQLObjectType("Mutation", FIELDS))
DOCUMENTS = Documents(SCHEMA, limits=Limits(), hot=frozenset())


def told_of(result: ExecutionResult) -> tuple[Any, list[tuple[str, Any]]]:
    return result.data, [(error.message, error.path) for error in result.errors or ()]


def answered(document: str, variables: dict[str, Any]) -> tuple[Any, list[tuple[str, Any]]]:
    prepared = DOCUMENTS.prepare(document)
    try:
        executor = build_executor(SCHEMA, prepared, prepared.operation(None), variables, None)
    except NotExecuted as refused:
        return None, [(error["message"], None) for error in refused.errors]
    return told_of(executor.run())


@pytest.mark.parametrize(
    "variables", [{}, {"n": 1}, {"n": None}, {"n": 1, "on": True, "list": [1, None]}, {"on": False}]
)
@pytest.mark.parametrize(
    "document",
    [
        "query($n: Int) { echo(a: $n) with_default(a: $n) }",
        "query($n: Int = 3) { echo(a: $n) with_default(a: $n) required(a: $n) }",
        "query($n: Int! = 3) { required(a: $n) inner { echo(n: $n) text inner { echo } } }",
        "query($list: [Int], $n: Int) { echo(b: $list, a: $n) x: echo(b: [$n, 2]) y: echo(a: 1, c: null) z: echo }",
        "query($on: Boolean = true) { echo @include(if: $on) inner { text @skip(if: $on) } ...F @skip(if: $on) }"
        " fragment F on Query { fails must }",
        "query($n: Int) { a: echo(a: $n) ...F ...F } fragment F on Query { b: echo(a: $n) inner { text } }",
        "{ fails inner { text } wrong }",
        "{ inner { fails } inners { text fails } echo }",
        "{ echo must inner { text } }",
        "{ with_default echo }",
        "mutation($n: Int) { a: echo(a: $n) fails b: echo must c: echo }",
        "mutation { a: echo wrong inner { fails } __typename }",
        '{ __typename __schema { queryType { name } } __type(name: "Inner") { kind } }',
    ],
)
def test_the_answer_is_graphql_cores(document: str, variables: dict[str, Any]) -> None:
    RUNS.clear()
    plain = told_of(execute_sync(SCHEMA, parse(document), variable_values=variables)), RUNS[:]
    for _ in range(2):  # what is compiled at the first run answers the second
        RUNS.clear()
        assert (answered(document, variables), RUNS) == plain


def test_a_request_leaves_nothing_to_the_garbage_collector() -> None:
    prepared = DOCUMENTS.prepare("query($n: Int) { echo(a: $n) inner { text } }")

    def request() -> None:
        build_executor(SCHEMA, prepared, prepared.operation(None), {"n": 1}, object()).run()

    request()
    gc.collect()
    gc.disable()
    try:
        request()
        assert gc.collect() == 0
    finally:
        gc.enable()
