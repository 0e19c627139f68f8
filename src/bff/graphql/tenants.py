"""Resolvers of tenants and of the caller itself."""

from typing import cast

import strawberry

from bff.graphql.types.common import Info, given, payload
from bff.graphql.types.tenants import Me, Tenant, TenantPayload, UpdateTenantSettingsInput
from ddd.tenants.application.me import me
from ddd.tenants.application.settings import get_tenant, update_tenant_settings

#: Query fields that make their own round trip.
HOT = frozenset({"me", "tenant"})


@strawberry.type
class TenantQueries:
    @strawberry.field(description="Who you are, and what you may do.")
    def me(self, info: Info) -> Me:
        context = info.context
        return cast(Me, me(context.caller, context.app.tenants))

    @strawberry.field(description="Your tenant and its settings.")
    def tenant(self, info: Info) -> Tenant:
        context = info.context
        return cast(Tenant, get_tenant(context.caller, context.app.tenants))


@strawberry.type
class TenantMutations:
    @strawberry.mutation(description="Change settings; in force for the next request.")
    def update_tenant_settings(self, info: Info, input: UpdateTenantSettingsInput) -> TenantPayload:
        context = info.context
        outcome = update_tenant_settings(context.caller, given(input), context.app.tenants)
        return payload(TenantPayload, "tenant", outcome)
