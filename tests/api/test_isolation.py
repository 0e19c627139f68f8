"""Tenant B, with its own good tokens, asks for everything of tenant A's: nothing comes back, nothing changes.

Three proofs, each over every operation of the live schema and for every role:

1. *As it is.* B sends A's ids, numbers, references, codes, keys and cursors. Each answer is compared with what a third
   tenant gets for names that exist nowhere: they must be the same, so not even A's existence shows.
2. *Row-level security alone, asking for A.* Every statement that the application sends on the runtime's connection is
   rewritten on its way: wherever it says B's tenant id, in a parameter or inside a JSON row, it says A's. That is an
   application whose own filter is not merely gone but set to the victim. The session's setting stays B, as the token
   said. One statement is left alone, the access check that opens each request: with it the request would end at once
   and prove nothing of the tables behind (that it would end is a test of its own).
3. *Row-level security alone, asking for everybody.* Every `tenant_id = $n` becomes `(tenant_id = $n OR true)`.

What shows that these rewritings work: with the setting given away too, the same requests do bring A's rows.
A's rows are compared before and after in every tenant table, read above row-level security.
"""

import json
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import pytest
from django.db import connections
from psycopg import sql

from ddd.orders.application.migration_plan import Planned, encode_plan
from ddd.shared.domain.caller import Role
from ddd.shared.infrastructure import access
from ddd.shared.infrastructure.schema import TENANTLESS
from ddd.shared.infrastructure.statements import (
    Connection,
    Plain,
    Rows,
    Statement,
    connection,
    exchange,
    set_tenant,
)
from tests import catalogue
from tests.api.everything import document, operations
from tests.api.support import Api, ApiCaller, ApiTenant
from tests.builders import rows
from tests.trade import checkout, full_house

Json = dict[str, Any]
ROLES = [role.value for role in Role]
#: B's people bear the very names that A's bear.
CLAIMS: Json = {"subject": "customer-a", "customer_id": "customer-a", "vendor_id": "customer-a"}
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)"
    r'|(?<="orderNumber": ")[^"]+|(?<="endCursor": ")[^"]+|(?<="startCursor": ")[^"]+|(?<="requestId": ")[^"]+'
    r'|(?<="plan": ")[^"]+'
)
_SETTING = set_tenant("").sql
PAGE = {"first": 5}
_TENANT_CONDITION = re.compile(r'((?:\w+\.|"\w+"\.)?"?tenant_id"? = (?:\$\d+|%s|\w+\.tenant_id))')
_TENANT_IN_A_ROW = re.compile(r"\((\w+\.tenant_id), ([\w., ]+)\) = \(\$1, ")


@dataclass(frozen=True, slots=True)
class Names:
    """What one can call a tenant's things by."""

    tenant_id: str
    branch: str
    sku: str
    order_id: str
    order_number: str
    external_ref: str
    email: str
    customer_id: str
    key: str
    shipment_id: str

    @classmethod
    def unknown(cls, tenant_id: str) -> "Names":
        """The same shapes, of nothing."""
        word = secrets.token_hex(4)
        number = secrets.token_hex(5).upper()
        order = f"01930000-0000-7000-8000-{secrets.token_hex(6)}"
        return cls(tenant_id, f"branch-{word}", f"SKU-{word}", order, number, f"ref-{word}", f"{word}@x.org",
                   "customer-a", f"key-{word}", order)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Victim:
    """Tenant A: what its things are called, and every word that must not reach anybody else."""

    names: Names
    secrets: frozenset[str]

    @property
    def shared(self) -> set[str]:
        """Words that B gives to things of its own on the way, and then may read back."""
        return {self.names.branch, self.names.sku, self.names.external_ref, self.names.customer_id}


@pytest.fixture
def victim(api: Api) -> Victim:
    """A, with a row in every table; what only A may ever see."""
    house = full_house()
    order = house.orders[0]
    rows(
        house.tenant_id,
        "UPDATE orders_order SET customer_id = $1, metadata = $2::jsonb WHERE id = $3::uuid RETURNING 1",
        "customer-a", '{"secret": "metadata-of-a"}', str(order.id),
    )  # fmt: skip
    rows(
        house.tenant_id,
        "UPDATE orders_person SET first_name = 'Aurelia-of-A', last_name = 'Lastname-of-A',"
        " last_name_folded = 'lastname-of-a', email = 'aurelia@of-a.example', email_folded = 'aurelia@of-a.example',"
        " shipping_address = $1::jsonb RETURNING 1",
        '{"line1": "Street-of-A 1", "country": "DE", "line2": null, "city": null, "state": null, "postal_code": null}',
    )
    rows(house.tenant_id, "UPDATE stock_item SET name = 'Item-of-A' RETURNING 1")
    rows(house.tenant_id, "UPDATE branches_branch SET name = 'Branch-of-A' RETURNING 1")
    rows(house.tenant_id, "UPDATE tenants_tenant SET name = 'Tenant-of-A' RETURNING 1")
    by_key = {"input": checkout((house.sku, 1), idempotencyKey="key-of-a")}
    assert not json.loads(ask(ApiTenant(house.tenant_id).caller("Admin", **CLAIMS), "placeOrder", by_key)).get("errors")
    ids = {
        text
        for column, table in (
            ("id::text", "orders_order"), ("order_number", "orders_order"), ("external_ref", "orders_order"),
            ("id::text", "stock_item"), ("id::text", "stock_level"), ("id::text", "branches_branch"),
            ("id::text", "orders_shipment"), ("aggregate_id::text", "tenants_tenant"),
        )
        for text in _column(house.tenant_id, column, table)
    }  # fmt: skip
    (shipment,) = _column(house.tenant_id, "id::text", "orders_shipment")
    names = Names(
        house.tenant_id, house.branch, house.sku, str(order.id), order.order_number, str(order.external_ref),
        "aurelia@of-a.example", "customer-a", "key-of-a", shipment,
    )  # fmt: skip
    words = {
        "customer-a", "metadata-of-a", "Aurelia-of-A", "Lastname-of-A", "aurelia@of-a.example", "Street-of-A",
        "Item-of-A", "Branch-of-A", "Tenant-of-A", house.tenant_id, house.branch, house.sku,
    }  # fmt: skip
    return Victim(names, frozenset(words | ids))


def _column(tenant_id: str, column: LiteralString, table: LiteralString) -> list[str]:
    """The tenant's values, read above row-level security: what the proof knows must not depend on what it proves."""
    found = connection("system").execute(f"SELECT {column} FROM {table} WHERE tenant_id = %s", [tenant_id])
    return [value for (value,) in found if value is not None]


def cases(names: Names) -> list[tuple[str, Json]]:
    """Every operation with a tenant's names in every place that takes one; queries, mutations, the queries again."""
    place = {
        "idempotencyKey": names.key,
        "currency": "EUR",
        "channel": "default",
        "customer": {"firstName": "Bea", "email": "bea@b.example"},
        "shippingAddress": {"line1": "B Street 1", "country": "FR"},
        "lines": [{"sku": names.sku, "quantity": 1, "unitPrice": "2.50"}],
    }
    draft = {name: value for name, value in place.items() if name != "idempotencyKey"}
    line = [{"orderLineId": "1", "quantity": 1}]
    workflow = {"name": "own", "statuses": ["PENDING"]}
    plan = encode_plan(2, [Planned(UUID(names.order_id), 1, bytes(8))])
    auditor = {"role": "Auditor", "permissions": [{"operation": "me", "scope": "ALL"}]}
    queries: list[tuple[str, Json]] = [
        ("me", {}),
        ("tenant", {}),
        ("workflow", {}),
        ("workflow", {"version": 1}),
        ("validateWorkflow", {"document": workflow}),
        ("simulateWorkflow", {"document": workflow, "orderFacts": {"customer": {"id": names.customer_id}}}),
        ("rolePermissions", {}),
        ("getOrder", {"orderId": names.order_id}),
        ("getOrder", {"orderNumber": names.order_number}),
        ("getOrder", {"externalRef": names.external_ref}),
        ("getOrder", {"externalRef": names.external_ref, "channel": "default"}),
        ("orders", PAGE),
        ("orders", {**PAGE, "filter": {"search": names.order_number}}),
        ("orders", {**PAGE, "filter": {"search": names.email[:6]}}),
        ("orders", {**PAGE, "filter": {"customerEmail": names.email}}),
        ("orders", {**PAGE, "filter": {"customerId": names.customer_id}}),
        ("orders", {**PAGE, "filter": {"sku": names.sku, "branchCode": names.branch, "channel": "default"}}),
        ("branches", PAGE),
        ("branch", {"code": names.branch}),
        ("items", PAGE),
        ("item", {"sku": names.sku}),
        ("stockLevels", PAGE),
        ("stockLevels", {**PAGE, "filter": {"branchCode": names.branch, "sku": names.sku}}),
        ("stockLevel", {"branchCode": names.branch, "sku": names.sku}),
    ]
    mutations: list[tuple[str, Json]] = [
        (name, {"input": given})
        for name, given in (
            *_on_an_order(names),
            ("cancelOrder", {"orderId": names.order_id, "reason": "OTHER"}),
            ("cancelOrder", {"orderId": names.order_id, "reason": "OTHER", "lines": line}),
            ("cancelOrder", {"orderId": names.order_id, "reason": "OTHER", "expectedVersion": 9}),
            ("markAsShipped", {"orderId": names.order_id}),
            ("markAsShipped", {"orderId": names.order_id, "lines": line, "carrier": "DHL"}),
            ("updateBranch", {"code": names.branch, "name": "taken over"}),
            ("archiveBranch", {"code": names.branch}),
            ("updateItem", {"sku": names.sku, "name": "taken over"}),
            ("archiveItem", {"sku": names.sku}),
            ("receiveStock", {"branchCode": names.branch, "sku": names.sku, "quantity": 5}),
            ("placeOrder", place),
            ("placeOrder", {**place, "branchCode": names.branch}),
            ("createDraftOrder", {**draft, "branchCode": names.branch, "externalRef": names.external_ref}),
            # From here on B has things of the same names.
            ("createBranch", {"code": names.branch, "name": "B's own", "timezone": "UTC"}),
            ("createItem", {"sku": names.sku, "name": "B's own"}),
            ("placeOrder", place),
            ("receiveStock", {"branchCode": names.branch, "sku": names.sku, "quantity": 5}),
            ("placeOrder", {**place, "idempotencyKey": names.key, "externalRef": names.external_ref}),
            ("placeOrder", {**place, "idempotencyKey": names.key, "externalRef": names.external_ref}),
            ("placeOrder", {**place, "idempotencyKey": names.key + "2", "externalRef": names.external_ref}),
            ("cancelOrder", {"orderId": names.order_id, "reason": "OTHER", "idempotencyKey": names.key}),
            ("createDraftOrder", {**draft, "branchCode": names.branch, "externalRef": names.external_ref + "-d"}),
            ("updateBranch", {"code": names.branch, "name": "B's own", "priority": 3}),
            ("updateItem", {"sku": names.sku, "name": "B's own still"}),
            ("updateTenantSettings", {"defaultCurrency": "EUR"}),
            ("publishWorkflow", {"document": workflow}),
            ("migrateOrders", {"toVersion": 2}),
            ("migrateOrders", {"toVersion": 2, "orderIds": [names.order_id]}),
            ("migrateOrders", {"toVersion": 2, "filter": {"customerEmail": names.email}}),
            ("migrateOrders", {"toVersion": 2, "dryRun": False, "plan": plan}),
        )
    ]
    endings: list[tuple[str, Json]] = [
        (name, {"input": given})
        for name, given in (
            ("archiveItem", {"sku": names.sku}),
            ("archiveBranch", {"code": names.branch}),
            ("setRolePermissions", {"roles": [auditor]}),
        )
    ]
    return [*queries, *mutations, *queries, *endings]


def _on_an_order(names: Names) -> list[tuple[str, Json]]:
    order, part = {"orderId": names.order_id}, {"orderId": names.order_id, "shipmentId": names.shipment_id}
    line = [{"orderLineId": "1", "quantity": 1}]
    return [
        ("editDraftOrder", {**order, "externalRef": names.external_ref, "branchCode": names.branch}),
        ("submitOrder", order),
        ("fulfilOrder", order),
        ("confirmOrder", order),
        ("recordPayment", {**order, "provider": "p", "reference": names.external_ref, "state": "CAPTURED"}),
        ("createShipment", {**order, "branchCode": names.branch}),
        ("confirmShipment", part),
        ("dispatchShipment", part),
        ("deliverShipment", part),
        ("cancelShipment", part),
        ("addShippingTrackingReference", {**part, "trackingReference": "T1"}),
        ("markAsDelivered", order),
        ("markAsCompleted", order),
        ("holdOrder", {**order, "reason": "fraud"}),
        ("releaseHold", order),
        ("requestReturn", {**order, "lines": line, "reason": "broken"}),
        ("receiveReturn", {**order, "returnId": names.order_id, "lines": [{"orderLineId": "1", "restock": 1}]}),
        ("processRefund", {**order, "amount": "1.00", "reason": "broken"}),
        ("completeStep", {**order, "step": "approve"}),
        ("escalateReviewer", {**order, "reviewer": names.customer_id}),
        ("reviewOrder", {**order, "outcome": "APPROVED"}),
    ]


def dump(tenant_id: str) -> dict[str, list[str]]:
    """Every row of the tenant in every tenant table, read above row-level security."""
    raw = connection("system")
    return {
        table: [
            row
            for (row,) in raw.execute(
                sql.SQL("SELECT to_jsonb(t)::text FROM {} t WHERE tenant_id = %s ORDER BY 1").format(
                    sql.Identifier(table)
                ),
                [tenant_id],
            )
        ]
        for table in catalogue.tenant_tables(raw, TENANTLESS)
    }


def ask(who: ApiCaller, name: str, variables: Json) -> str:
    """The whole answer as text; of a request that was understood."""
    answer = json.dumps(json.loads(who.post(document(name, variables), variables).content), sort_keys=True)
    assert not re.search("GRAPHQL_|LIMIT_EXCEEDED|BAD_USER_INPUT", answer), (name, answer)
    return answer


def without_names(answer: str, names: Names) -> str:
    """The answer as it would read with any other names and at any other time."""
    for name in (names.tenant_id, names.branch, names.sku, names.order_number, names.external_ref, names.key):
        answer = answer.replace(name, "<name>")
    return _VARYING.sub("<varies>", answer)


def leaks(answer: str, variables: Json, victim: Victim) -> set[str]:
    """What of A stands in the answer although B did not say it itself."""
    said = json.dumps(variables)
    return {word for word in victim.secrets if word in answer and word not in said}


def test_every_operation_of_the_schema_has_a_case() -> None:
    assert {name for name, _ in cases(Names.unknown("t"))} == set(operations())


@pytest.mark.parametrize("role", ROLES)
def test_anothers_things_are_answered_as_things_that_do_not_exist(api: Api, victim: Victim, role: str) -> None:
    thief, honest = api.tenant(), api.tenant()
    a, nothing = victim.names, Names.unknown(honest.id)
    before = dump(a.tenant_id)
    assert all(before.values()), [table for table, found in before.items() if not found]
    for (name, stolen), (_, plain) in zip(cases(a), cases(nothing), strict=True):
        answers = []
        for tenant, variables, names in ((thief, stolen, a), (honest, plain, nothing)):
            answer = ask(tenant.caller(role, **CLAIMS), name, variables)
            assert not re.search('"INTERNAL"|"UNAUTHENTICATED"', answer), (name, answer)
            if tenant is thief:
                assert leaks(answer, variables, victim) <= victim.shared, (name, variables, answer)
            answers.append(without_names(answer.replace(tenant.id, "<name>"), names))
            if name in ("createBranch", "createItem", "receiveStock"):
                # What this role may not make an Admin makes, so that it meets things of B's own with A's names.
                ask(tenant.caller("Admin", **CLAIMS), name, variables)
        assert answers[0] == answers[1], (name, stolen)
    assert dump(a.tenant_id) == before


# ---- The application's own filter gone


class Misled:
    """What the runtime's statements say is changed on their way to the server.

    They ask for the victim, or with `everybody` for all. `setting_too`: row-level security is told the victim's name.
    """

    def __init__(self, own: str, victim: str, *, everybody: bool = False, setting_too: bool = False) -> None:
        self._own, self._victim = own, victim
        self._everybody, self._setting_too = everybody, setting_too
        self.rewritten = 0

    def statement(self, query: str, params: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        if query in (access._ACCESS, _SETTING):
            return query, self._as_victim(params) if self._setting_too else params
        if not self._everybody:
            changed = self._as_victim(params)
            self.rewritten += changed != list(params)
            return query, changed
        wide = _TENANT_CONDITION.sub(r"(\1 OR true)", query)
        wide = _TENANT_IN_A_ROW.sub(r"(\1, \2) = (\1, ", wide)
        self.rewritten += wide != query
        return wide, params

    def _as_victim(self, params: Sequence[Any]) -> list[Any]:
        return [each.replace(self._own, self._victim) if isinstance(each, str) else each for each in params]


Mislead = Callable[[Misled], None]


@pytest.fixture
def mislead(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mislead]:
    """Give it a Misled: from then on every statement of the runtime's connection goes through it."""
    active: list[Misled] = []

    def misled(raw: Connection, sent: Sequence[Statement]) -> list[Rows]:
        if active and raw is connections["default"].connection:
            sent = [Plain(*active[0].statement(each.sql, each.params)) for each in sent]
        return exchange(raw, sent)

    def browse(execute: Any, query: str, params: Any, many: bool, context: Any) -> Any:
        if active:
            query, params = active[0].statement(query, params or ())
        return execute(query, tuple(params), many, context)

    for module in list(sys.modules.values()):
        if getattr(module, "exchange", None) is exchange and module.__name__.startswith("ddd."):
            monkeypatch.setattr(module, "exchange", misled)
    with connections["default"].execute_wrapper(browse):
        yield active.append
        active.clear()


@pytest.mark.parametrize("everybody", [False, True], ids=["asks for A", "asks for everybody"])
@pytest.mark.parametrize("role", ROLES)
def test_row_level_security_alone_shows_and_changes_nothing(
    api: Api, victim: Victim, mislead: Mislead, role: str, everybody: bool
) -> None:
    thief = api.tenant()
    before = dump(victim.names.tenant_id)
    who = thief.caller(role, **CLAIMS)
    misled = Misled(thief.id, victim.names.tenant_id, everybody=everybody)
    mislead(misled)
    for name, variables in cases(victim.names):
        answer = ask(who, name, variables)
        if name != "me" or everybody:
            assert leaks(answer, variables, victim) <= victim.shared, (name, variables, answer)
    assert misled.rewritten > 20
    assert dump(victim.names.tenant_id) == before


@pytest.mark.parametrize("everybody", [False, True], ids=["asks for A", "asks for everybody"])
def test_without_row_level_security_the_same_requests_bring_the_victims_rows(
    api: Api, victim: Victim, mislead: Mislead, everybody: bool
) -> None:
    """The counter-proof: what the rewritten statements ask for is there, and the setting alone holds it back."""
    thief, a = api.tenant(), victim.names
    mislead(Misled(thief.id, a.tenant_id, everybody=everybody, setting_too=True))
    for name, variables in (
        ("getOrder", {"orderId": a.order_id}),
        ("getOrder", {"orderNumber": a.order_number}),
        ("orders", PAGE),
        ("items", PAGE),
        ("branches", PAGE),
        ("stockLevels", PAGE),
    ):
        # A browsing list names its tenant through Django, which `everybody` widens and the other renames.
        assert leaks(ask(thief.caller("Admin"), name, variables), variables, victim), name


def test_a_request_that_asks_for_access_to_another_tenant_ends_at_once(
    api: Api, victim: Victim, mislead: Mislead
) -> None:
    thief = api.tenant()

    class Bold(Misled):
        def statement(self, query: str, params: Sequence[Any]) -> tuple[str, Sequence[Any]]:
            return query, self._as_victim(params) if query == access._ACCESS else params

    mislead(Bold(thief.id, victim.names.tenant_id))
    response = thief.caller("Admin").post(document("orders", PAGE), PAGE)
    assert response.status_code == 401
