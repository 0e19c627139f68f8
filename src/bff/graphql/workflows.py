"""Resolvers of workflows and of role permissions."""

from typing import cast

import strawberry
from strawberry.scalars import JSON

from bff.graphql.selection import selected
from bff.graphql.types.common import Info, given, payload, user_errors
from bff.graphql.types.migrations import MigrateOrdersInput, MigrateOrdersPayload
from bff.graphql.types.tenants import TenantPayload
from bff.graphql.types.workflows import (
    PublishWorkflowInput,
    RolePermissions,
    SetRolePermissionsInput,
    SimulatedStep,
    Workflow,
    WorkflowPayload,
    WorkflowSimulation,
    WorkflowValidation,
)
from ddd.orders.application.migrate_orders import migrate_orders
from ddd.orders.application.workflows import simulate_workflow
from ddd.tenants.application.role_permissions import role_permissions, set_role_permissions
from ddd.tenants.application.workflows import get_workflow, publish_workflow, validate_workflow

#: Query fields that make their own round trip.
HOT = frozenset({"workflow", "validateWorkflow", "simulateWorkflow", "rolePermissions"})


@strawberry.type
class WorkflowQueries:
    @strawberry.field(description="A version of the workflow, the current one unless asked otherwise; null: none.")
    def workflow(self, info: Info, version: int | None = None) -> Workflow | None:
        context = info.context
        return cast("Workflow | None", get_workflow(context.caller, version, context.app.tenants))

    @strawberry.field(description="Whether the document could be published, and every fault of it. Changes nothing.")
    def validate_workflow(self, info: Info, document: JSON) -> WorkflowValidation:
        context = info.context
        errors = validate_workflow(context.caller, document, context.app.tenants)
        return WorkflowValidation(valid=not errors, errors=user_errors(errors))

    @strawberry.field(
        description="The steps that an order with these facts would meet, from `order.status` on (else PENDING). "
        'Facts are nested: `{order: {total: {amount: 1500, currency: "EUR"}}, customer: {country: "DE"}}`. '
        "Changes nothing."
    )
    def simulate_workflow(self, info: Info, document: JSON, order_facts: JSON) -> WorkflowSimulation:
        context = info.context
        found = simulate_workflow(context.caller, document, order_facts, context.app.workflows)
        return WorkflowSimulation(steps=cast("list[SimulatedStep]", found.steps), errors=user_errors(found.errors))

    @strawberry.field(description="Every role with what it carries.")
    def role_permissions(self, info: Info) -> list[RolePermissions]:
        context = info.context
        return cast("list[RolePermissions]", role_permissions(context.caller, context.app.tenants))


@strawberry.type
class WorkflowMutations:
    @strawberry.mutation(description="Make the document the next version, for orders placed from now on.")
    def publish_workflow(self, info: Info, input: PublishWorkflowInput) -> WorkflowPayload:
        context = info.context
        outcome = publish_workflow(context.caller, given(input), context.app.tenants)
        return payload(WorkflowPayload, "workflow", outcome)

    @strawberry.mutation(description="Move open orders to a newer version of the workflow, after a dry run.")
    def migrate_orders(self, info: Info, input: MigrateOrdersInput) -> MigrateOrdersPayload:
        context = info.context
        is_counted = "totalCount" in selected(info._raw_info, "migration")
        outcome = migrate_orders(context.caller, given(input), context.app.orders, count=is_counted)
        return payload(MigrateOrdersPayload, "migration", outcome)

    @strawberry.mutation(description="Say what roles carry; in force for the next request everywhere.")
    def set_role_permissions(self, info: Info, input: SetRolePermissionsInput) -> TenantPayload:
        context = info.context
        outcome = set_role_permissions(context.caller, given(input), context.app.tenants)
        return payload(TenantPayload, "tenant", outcome)
