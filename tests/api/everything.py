"""Documents that ask for everything an operation of the schema can answer, made from the schema itself."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_required_argument,
)

from bff.graphql.schema import schema

_DEEPEST = 6
#: In a list, which pays for each field once per entry: an order's parts whole, their parts not.
_DEEPEST_IN_LISTS = 4


def operations() -> dict[str, tuple[str, GraphQLField]]:
    """Every operation of the live schema: name -> (`query` or `mutation`, its field)."""
    roots = (("query", schema._schema.query_type), ("mutation", schema._schema.mutation_type))
    return {name: (kind, field) for kind, root in roots if root is not None for name, field in root.fields.items()}


def order_mutations() -> set[str]:
    """The mutations that make or change orders, as their inputs and payloads tell."""

    def is_about_orders(field: GraphQLField) -> bool:
        payload, given = get_named_type(field.type), get_named_type(field.args["input"].type)
        assert isinstance(payload, GraphQLObjectType)
        assert isinstance(given, GraphQLInputObjectType)
        return "order" in payload.fields or not {"orderId", "orderIds"}.isdisjoint(given.fields)

    return {name for name, (kind, field) in operations().items() if kind == "mutation" and is_about_orders(field)}


def document(name: str, variables: Mapping[str, Any]) -> str:
    """The operation with these arguments as variables, and every field that takes none."""
    kind, field = operations()[name]
    # A page's size stands in the document: as a variable it would count as the largest there is.
    declared = ", ".join(f"${argument}: {field.args[argument].type}" for argument in variables if argument != "first")
    passed = ", ".join(
        f"first: {variables[argument]}" if argument == "first" else f"{argument}: ${argument}" for argument in variables
    )
    deepest = _DEEPEST_IN_LISTS if "first" in field.args else _DEEPEST
    head = (f"{kind}({declared}) {{" if declared else f"{kind} {{") + f" {name}"
    head += f"({passed})" if passed else ""
    return f"{head} {_selection(get_named_type(field.type), deepest)} }}"


def _selection(type_: GraphQLNamedType, levels: int) -> str:
    if not isinstance(type_, GraphQLObjectType):
        return ""
    parts = ["__typename"]
    for name, field in type_.fields.items():
        if any(is_required_argument(argument) for argument in field.args.values()) or not levels:
            continue
        if type_.name.endswith("Connection") and name == "edges":
            continue  # the same nodes, once more
        parts.append(f"{name} {_selection(get_named_type(field.type), levels - 1)}")
    return "{ " + " ".join(parts) + " }"
