"""The one schema."""

from collections.abc import Iterable
from typing import Any, Final

import strawberry
from graphql import GraphQLField, GraphQLResolveInfo
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from bff.graphql.catalogue import CatalogueMutations, CatalogueQueries
from bff.graphql.drafts import DraftMutations
from bff.graphql.order_life import OrderLifeMutations
from bff.graphql.orders import HOT as HOT_ORDERS
from bff.graphql.orders import OrderMutations, OrderQueries
from bff.graphql.scalars import SCALAR_MAP
from bff.graphql.tenants import HOT as HOT_TENANTS
from bff.graphql.tenants import TenantMutations, TenantQueries
from bff.graphql.workflows import HOT as HOT_WORKFLOWS
from bff.graphql.workflows import WorkflowMutations, WorkflowQueries

#: Query fields that make their own round trip; every other one browses, in a read scope.
HOT = HOT_ORDERS | HOT_TENANTS | HOT_WORKFLOWS

Query = merge_types("Query", (OrderQueries, CatalogueQueries, TenantQueries, WorkflowQueries))
Mutation = merge_types(
    "Mutation",
    (OrderMutations, DraftMutations, OrderLifeMutations, CatalogueMutations, TenantMutations, WorkflowMutations),
)

schema = strawberry.Schema(
    query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALAR_MAP, relay_use_legacy_global_id=False)
)

_DEFINITION: Final = "strawberry-definition"


def _resolve_directly(fields: dict[str, GraphQLField], names: Iterable[str]) -> None:
    """Have graphql-core call these resolvers itself: strawberry's wrappers convert arguments that are raw anyway."""
    for name in names:
        field = fields[name]
        definition = field.extensions[_DEFINITION]
        field.resolve = _direct(definition, definition.base_resolver.wrapped_func)


def _direct(definition: Any, resolver: Any) -> Any:
    python_names = {
        schema.config.name_converter.from_argument(argument): argument.python_name for argument in definition.arguments
    }

    def resolve(_source: None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        given = {python_names[name]: value for name, value in arguments.items()}
        return resolver(None, strawberry.Info(_raw_info=info, _field=definition), **given)

    return resolve


def _names(*kinds: Any) -> list[str]:
    return [
        schema.config.name_converter.from_field(field)
        for kind in kinds
        for field in kind.__strawberry_definition__.fields
    ]


_query, _mutation = schema._schema.query_type, schema._schema.mutation_type
assert _query is not None
assert _mutation is not None
_resolve_directly(_query.fields, _names(OrderQueries))
_resolve_directly(_mutation.fields, _names(OrderMutations, DraftMutations, OrderLifeMutations))
