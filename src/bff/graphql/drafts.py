"""Resolvers of drafts."""

import strawberry

from bff.graphql.types.common import Info, given, payload
from bff.graphql.types.drafts import CreateDraftOrderInput, EditDraftOrderInput, FulfilOrderInput, SubmitOrderInput
from bff.graphql.types.orders import OrderPayload
from ddd.orders.application.drafts import create_draft_order, edit_draft_order
from ddd.orders.application.fulfilment import fulfil_order, submit_order


@strawberry.type
class DraftMutations:
    @strawberry.mutation(description="Write a branch's order without placing it: nothing is reserved, nobody pays.")
    def create_draft_order(self, info: Info, input: CreateDraftOrderInput) -> OrderPayload:
        context = info.context
        return payload(OrderPayload, "order", create_draft_order(context.caller, given(input), context.app.orders))

    @strawberry.mutation(description="Change a draft; every amount is computed anew.")
    def edit_draft_order(self, info: Info, input: EditDraftOrderInput) -> OrderPayload:
        context = info.context
        return payload(OrderPayload, "order", edit_draft_order(context.caller, given(input), context.app.orders))

    @strawberry.mutation(description="Place a draft; its stock is reserved in the same commit.")
    def submit_order(self, info: Info, input: SubmitOrderInput) -> OrderPayload:
        context = info.context
        return payload(OrderPayload, "order", submit_order(context.caller, given(input), context.app.orders))

    @strawberry.mutation(description="Every open line leaves in one transaction, or none does.")
    def fulfil_order(self, info: Info, input: FulfilOrderInput) -> OrderPayload:
        context = info.context
        return payload(OrderPayload, "order", fulfil_order(context.caller, given(input), context.app.orders))
