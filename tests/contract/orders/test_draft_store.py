"""A draft that was rewritten comes back as it went, whatever it was before."""

import dataclasses

import pytest
from hypothesis import given

from ddd.orders.domain.order import Order
from ddd.orders.infrastructure.drafting import PostgresDraftStore
from ddd.shared.application.events import AuditEntry
from ddd.shared.domain.caller import Caller
from tests.builders import audited, caller, new_tenant_id, rows
from tests.contract.orders.test_order_store import (
    ACTOR,
    NOW,
    check,
    commit,
    examples,
    full_order,
    insert,
    loaded,
    new_orders,
    told,
)

STORE = PostgresDraftStore(heard=frozenset())


@pytest.fixture
def clerk(database: object) -> Caller:
    return caller(new_tenant_id(), subject=ACTOR.subject)


def rewritten(clerk: Caller, order: Order) -> None:
    commit(clerk.tenant_id, STORE.rewrite(clerk, order, AuditEntry("editDraftOrder", "order", order.id)))


@examples
@given(first=new_orders(), second=new_orders())
def test_any_order_may_become_any_other(clerk: Caller, first: Order, second: Order) -> None:
    neighbour = dataclasses.replace(second, id=full_order().id, external_ref=None, order_number=str(second.id), news=[])
    insert(clerk, neighbour)
    events = insert(clerk, first)
    order = dataclasses.replace(
        second, id=first.id, order_number=first.order_number, payments=first.payments, sequence=first.sequence, news=[]
    )
    order.tell("order.edited", ACTOR, NOW, {})
    rewritten(clerk, order)
    events += told(order)
    check(clerk, order, events)
    assert loaded(clerk.tenant_id, neighbour.id) == neighbour
    assert audited(clerk.tenant_id)[-1] == "editDraftOrder"


def test_every_field_is_rewritten(clerk: Caller) -> None:
    order = full_order()
    plain = dataclasses.replace(
        order,
        lines=[dataclasses.replace(order.lines[0], reserved_quantity=9, cancelled_quantity=0, shipped_quantity=0,
                                   delivered_quantity=0, returned_quantity=0, package=None, options=None)],
        version=1, payments=[], shipments=[], cancellation=None, confirmed_at=None, completed_at=None, sequence=0,
        submitted_at=None, sent_back_at=None, holds=[], returns=[], refunds=[], steps={}, activity_status=None,
        notes={}, news=[], terms={}, metadata=None, external_ref=None, billing_address=None, branch_code=None,
        note=None, workflow_version=1,
    )  # fmt: skip
    insert(clerk, plain)
    whole = dataclasses.replace(order, payments=[], shipments=[])
    rewritten(clerk, whole)
    other = caller(new_tenant_id(), subject=ACTOR.subject)
    insert(other, dataclasses.replace(whole))
    for table in ("orders_order", "orders_person", "orders_line"):
        sql = f"SELECT (to_jsonb(t) - 'tenant_id')::text FROM {table} t"
        assert rows(clerk.tenant_id, sql) == rows(other.tenant_id, sql), table
    told(whole)
    assert loaded(clerk.tenant_id, order.id) == whole
