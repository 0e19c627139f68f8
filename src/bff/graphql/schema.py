"""The one schema."""

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from bff.graphql.catalogue import CatalogueMutations, CatalogueQueries
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
    "Mutation", (OrderMutations, OrderLifeMutations, CatalogueMutations, TenantMutations, WorkflowMutations)
)

schema = strawberry.Schema(
    query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALAR_MAP, relay_use_legacy_global_id=False)
)
