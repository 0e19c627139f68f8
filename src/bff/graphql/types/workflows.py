"""Workflows and role permissions in the schema."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from bff.graphql.types.common import UserError, raw_input
from bff.graphql.types.tenants import Permission


@strawberry.type(description="One published version of the workflow; it never changes.")
class Workflow:
    version: int
    name: str
    document: JSON = strawberry.field(description="See docs/workflow.schema.json.")
    published_at: datetime
    is_current: bool = strawberry.field(description="New orders are placed under it.")
    tenant_version: int = strawberry.field(description="The tenant's version, for `expectedVersion`.")


@strawberry.type
class WorkflowPayload:
    workflow: Workflow | None
    errors: list[UserError]
    replayed: bool = strawberry.field(description="The key had been used; the object is as it is now.")


@strawberry.type(description="Every fault of a document, in its own order.")
class WorkflowValidation:
    valid: bool
    errors: list[UserError]


@strawberry.type(description="A step that an order would come by.")
class SimulatedStep:
    status: str
    name: str
    title: str
    sequence: int
    required: bool
    verdict: str = strawberry.field(
        description="MET; SKIPPED: its condition does not hold; CONDITION_FAILED: it could not be told, so it is met."
    )
    reason: str | None = strawberry.field(description="Why the condition could not be told.")
    activity_status: str = strawberry.field(description="Shown while the step waits.")
    performer: str = strawberry.field(description="ROLES, PERMISSION, REVIEWER or SYSTEM.")
    roles: list[str]
    permission: str | None
    outcomes: list[str]


@strawberry.type(description="The steps in the order of an order's life; or what is wrong with document and facts.")
class WorkflowSimulation:
    steps: list[SimulatedStep]
    errors: list[UserError]


@strawberry.type(description="What one role carries.")
class RolePermissions:
    role: str
    permissions: list[Permission]


@raw_input(description="`expectedVersion` is the tenant's.")
class PublishWorkflowInput:
    document: JSON = strawberry.field(description="See docs/workflow.schema.json; at most 256 kB.")
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@raw_input()
class PermissionInput:
    operation: str = strawberry.field(description="An operation's name in this schema.")
    scope: str = strawberry.field(description="OWN, VENDOR, BRANCH or ALL.")


@raw_input(description="Exactly what the role carries from now on; an empty list takes all away.")
class RolePermissionsInput:
    role: str = strawberry.field(description="Customer, Vendor, Admin, Manager, Worker or Auditor.")
    permissions: list[PermissionInput]


@raw_input(description="Roles that are not named keep theirs. `expectedVersion` is the tenant's.")
class SetRolePermissionsInput:
    roles: list[RolePermissionsInput]
    idempotency_key: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
