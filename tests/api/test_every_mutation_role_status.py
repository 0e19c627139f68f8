"""Every mutation on orders × role × status: taken, or refused with the right code; and a refusal changes no row.

The tables are the expectation, written by hand. A mutation of the schema that they do not name fails the first test.
"""

import logging
from typing import Any

import pytest

from tests.api import stages
from tests.api.everything import order_mutations
from tests.api.living import DOCUMENTS
from tests.api.moving import moved
from tests.api.orders_support import checkout, mutation
from tests.api.stages import Stages
from tests.api.support import Api, ApiCaller, Json
from tests.builders import rows
from tests.ledger import faults

#: What a short word stands for. `top`: the permission is missing, so nothing is said of the order.
CODES = {
    "top": "FORBIDDEN",
    "own": "FORBIDDEN",
    "state": "INVALID_TRANSITION",
    "none": "NOT_FOUND",
    "step": "STEP_OUT_OF_ORDER",
    "back": "NOT_RETURNABLE",
    "money": "REFUND_LIMIT",
    "over": "BLOCKED",  # what the dry run of migrateOrders says of the order
}
#: Who may. `own`: the permission is there, but the workflow's step is for Workers and Managers.
ROLES = """
                              Customer  Vendor  Admin  Manager  Worker  Auditor
placeOrder                    ok        ok      ok     ok       ok      top
createDraftOrder              top       top     ok     ok       ok      top
editDraftOrder                top       top     ok     ok       ok      top
submitOrder                   top       top     ok     ok       top     top
fulfilOrder                   top       top     ok     ok       top     top
migrateOrders                 top       top     ok     top      top     top
confirmOrder                  top       ok      ok     ok       ok      top
recordPayment                 top       ok      ok     ok       ok      top
cancelOrder                   ok        ok      ok     ok       ok      top
markAsShipped                 top       ok      ok     ok       ok      top
createShipment                top       ok      ok     ok       ok      top
confirmShipment               top       ok      ok     ok       ok      top
dispatchShipment              top       ok      ok     ok       ok      top
deliverShipment               top       ok      ok     ok       ok      top
cancelShipment                top       ok      ok     ok       ok      top
addShippingTrackingReference  top       ok      ok     ok       ok      top
markAsDelivered               top       ok      ok     ok       ok      top
markAsCompleted               top       ok      ok     ok       ok      top
holdOrder                     top       top     ok     ok       ok      top
releaseHold                   top       top     ok     ok       ok      top
requestReturn                 ok        top     ok     ok       ok      top
receiveReturn                 top       top     ok     ok       ok      top
processRefund                 top       top     ok     ok       ok      top
completeStep                  own       own     own    ok       ok      top
escalateReviewer              top       top     ok     ok       ok      top
reviewOrder                   top       top     ok     ok       ok      top
"""
#: When. Each order is as far as its status allows: packed, sent, announced to come back, with its reviewer named. The
#: DRAFT was placed and sent back.
STATUSES = """
                              DRAFT  PENDING  CONFIRMED  PARTIALLY_SHIPPED  SHIPPED  PARTIALLY_DELIVERED  DELIVERED  COMPLETED  CANCELLED
editDraftOrder                ok     state    state      state              state    state                state      state      state
submitOrder                   ok     state    state      state              state    state                state      state      state
fulfilOrder                   state  ok       state      state              state    state                state      state      state
migrateOrders                 ok     ok       ok         ok                 ok       ok                   ok         over       over
confirmOrder                  state  ok       state      state              state    state                state      state      state
recordPayment                 ok     ok       ok         ok                 ok       ok                   ok         ok         ok
cancelOrder                   ok     ok       ok         ok                 state    state                state      state      state
markAsShipped                 state  ok       ok         ok                 state    state                state      state      state
createShipment                state  state    ok         ok                 state    state                state      state      state
confirmShipment               none   none     ok         ok                 state    state                state      state      state
dispatchShipment              none   none     ok         ok                 state    state                state      state      state
deliverShipment               none   none     state      ok                 ok       ok                   state      ok         state
cancelShipment                none   none     ok         ok                 state    state                state      state      state
addShippingTrackingReference  none   none     state      ok                 ok       ok                   ok         ok         state
markAsDelivered               state  state    state      ok                 ok       ok                   state      ok         state
markAsCompleted               state  state    state      state              ok       ok                   ok         state      state
holdOrder                     ok     ok       ok         ok                 ok       ok                   ok         state      state
releaseHold                   ok     ok       ok         ok                 ok       ok                   ok         state      state
requestReturn                 back   back     back       ok                 ok       ok                   ok         ok         back
receiveReturn                 none   none     none       ok                 ok       ok                   ok         ok         none
processRefund                 money  money    money      ok                 ok       ok                   ok         ok         ok
completeStep                  ok     ok       ok         ok                 ok       ok                   ok         step       step
escalateReviewer              ok     ok       ok         ok                 ok       ok                   ok         ok         state
reviewOrder                   ok     ok       ok         ok                 ok       ok                   ok         ok         state
"""  # noqa: E501 - a table is read by its columns


def table(text: str) -> dict[str, dict[str, str]]:
    """Cell by column, by row."""
    head, *body = (row.split() for row in text.strip("\n").splitlines())
    return {name: dict(zip(head, cells, strict=True)) for name, *cells in body}


WHO, WHEN = table(ROLES), table(STATUSES)
MAKERS = ("placeOrder", "createDraftOrder")
_TENANT_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    AND has_table_privilege(c.oid, 'SELECT')
"""


@pytest.fixture
def life(api: Api, caplog: pytest.LogCaptureFixture) -> Stages:
    caplog.set_level(logging.WARNING, "bff.request")  # thousands of requests
    return Stages()


def everything(tenant_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tenant, in every table that the requests' role may read."""
    tables = [name for (name,) in rows(tenant_id, _TENANT_TABLES)]
    assert {"orders_order", "stock_movement", "outbox", "audit_log", "idempotency"} <= set(tables)
    return {
        name: sorted(rows(tenant_id, f"SELECT t::text FROM {name} t WHERE tenant_id = $1", tenant_id))
        for name in tables
    }


def answer(by: ApiCaller, name: str, given: Json) -> str:
    """`ok`, or the short word for the one refusal."""
    words = {**{code: word for word, code in CODES.items()}, "FORBIDDEN": "own"}
    if name == "migrateOrders":
        return {**words, "MOVED": "ok", "FORBIDDEN": "top"}[moved(by, given)]
    response = by.run(DOCUMENTS.get(name) or mutation(name), {"input": given})
    if "errors" in response:
        assert response["data"] is None
        return "/".join("top" if each["extensions"]["code"] == "FORBIDDEN" else "?" for each in response["errors"])
    (payload,) = response["data"].values()
    assert (payload["order"] is None) == bool(payload["errors"])
    return "/".join(words.get(each["code"], each["code"]) for each in payload["errors"]) or "ok"


def test_the_tables_name_every_mutation_on_orders() -> None:
    assert set(WHO) == order_mutations()
    assert set(WHEN) == order_mutations() - set(MAKERS)
    assert list(WHEN["confirmOrder"]) == stages.STATUSES
    assert list(WHO["placeOrder"]) == "Customer Vendor Admin Manager Worker Auditor".split()


@pytest.mark.parametrize("status", stages.STATUSES)
def test_each_mutation_is_taken_or_refused_as_the_tables_say(life: Stages, status: str) -> None:
    tenant_id = life.shop.tenant.id
    order = life.at(status)
    life.prepare("migrateOrders", order)
    wrong = []
    for role in WHO["placeOrder"]:
        by = life.shop.caller(role, subject="c-7", vendor_id="v1")
        says = {name: row[status] if WHO[name][role] == "ok" else WHO[name][role] for name, row in WHEN.items()}
        before = everything(tenant_id)
        for name, word in says.items():
            if word != "ok" and (got := answer(by, name, life.form(name, order, status))) != word:
                wrong.append((role, name, word, got))
        assert everything(tenant_id) == before, role
        for name, word in says.items():
            if word == "ok":
                mine = life.at(status)
                life.prepare(name, mine)
                version = life.look(mine)["version"]
                got = answer(by, name, life.form(name, mine, status))
                if got != "ok" or life.look(mine)["version"] != version + 1:
                    wrong.append((role, name, word, got))
    assert wrong == []
    assert faults(lambda sql: rows(tenant_id, sql)) == []


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("role", WHO["placeOrder"])
def test_who_may_make_orders(life: Stages, name: str, role: str) -> None:
    before = everything(life.shop.tenant.id)
    assert answer(life.shop.caller(role), name, checkout()) == WHO[name][role]
    assert (everything(life.shop.tenant.id) == before) == (WHO[name][role] != "ok")
