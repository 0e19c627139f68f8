"""The tenant's settings and the caller itself, through HTTP."""

from typing import Any

import pytest

from ddd.tenants.application.operator import suspend_tenant
from order_management.operator import operations
from tests.api.support import Api
from tests.builders import audited, rows

ME = "{me{subject tenant roles permissions{operation scope} branches customerId vendorId}}"
SETTINGS = "{id name status defaultCurrency stockTracked unknownSku trustCustomerCheckout workflowVersion version}"
TENANT = f"{{tenant{SETTINGS}}}"
UPDATE = (
    "mutation($input:UpdateTenantSettingsInput!){updateTenantSettings(input:$input)"
    f"{{tenant{SETTINGS} errors{{code field details}} replayed}}}}"
)


def test_me_says_what_the_token_says_and_what_the_roles_may(api: Api) -> None:
    tenant = api.tenant()
    customer = tenant.caller("Customer", subject="ada", customer_id="c-17", branches=["north"])
    may = "cancelOrder completeStep getOrder me orders placeOrder requestReturn syncUser".split()
    assert customer.data(ME) == {
        "subject": "ada",
        "tenant": tenant.id,
        "roles": ["Customer"],
        "permissions": [{"operation": each, "scope": "OWN"} for each in may],
        "branches": ["north"],
        "customerId": "c-17",
        "vendorId": "ada",
    }


def test_me_has_no_list_of_branches_where_all_are_meant_and_an_empty_one_for_none(api: Api) -> None:
    tenant = api.tenant()
    choices: tuple[list[str] | None, ...] = (None, [])
    for branches in choices:
        assert tenant.caller("Worker", branches=branches).data(ME)["branches"] == branches


def test_me_names_an_operation_once_for_each_reach(api: Api) -> None:
    both = api.tenant().caller("Vendor", "Customer", "Auditor").data(ME)
    assert both["roles"] == ["Auditor", "Customer", "Vendor"]
    reaches = [each["scope"] for each in both["permissions"] if each["operation"] == "orders"]
    assert reaches == ["ALL", "OWN", "VENDOR"]


def test_a_change_of_permissions_is_in_force_for_the_next_request(api: Api) -> None:
    tenant = api.tenant()
    worker = tenant.caller("Worker")
    assert worker.codes(TENANT) == ["FORBIDDEN"]
    rows(
        tenant.id,
        "UPDATE access_tenant SET version = version + 1, permissions = permissions || $1::jsonb RETURNING 1",
        '{"Worker": {"tenant": "ALL"}}',
    )
    assert worker.data(ME)["permissions"] == [{"operation": "tenant", "scope": "ALL"}]
    assert worker.data(TENANT)["id"] == tenant.id


def test_a_tenant_begins_tracked_refusing_and_trusting_nobody(api: Api) -> None:
    tenant = api.tenant(name="Northwind")
    assert tenant.caller("Admin").data(TENANT) == {
        "id": tenant.id,
        "name": "Northwind",
        "status": "ACTIVE",
        "defaultCurrency": None,
        "stockTracked": True,
        "unknownSku": "REFUSE",
        "trustCustomerCheckout": False,
        "workflowVersion": 1,
        "version": 1,
    }


def test_settings_given_change_and_the_rest_stays(api: Api) -> None:
    admin = api.tenant().caller("Admin")
    before = admin.data(TENANT)
    given = {"defaultCurrency": "JPY", "unknownSku": "ACCEPT", "stockTracked": False, "name": None}
    payload = admin.data(UPDATE, {"input": {**given, "expectedVersion": 1, "idempotencyKey": "k"}})
    after = {**before, "defaultCurrency": "JPY", "unknownSku": "ACCEPT", "stockTracked": False, "version": 2}
    assert payload == {"tenant": after, "errors": [], "replayed": False}
    assert admin.data(TENANT) == after
    again = admin.data(UPDATE, {"input": {**given, "expectedVersion": 1, "idempotencyKey": "k"}})
    assert again == {"tenant": after, "errors": [], "replayed": True}


def test_bad_settings_are_refused_in_input_order_and_nothing_moves(api: Api) -> None:
    tenant = api.tenant()
    admin = tenant.caller("Admin")
    before = (admin.data(TENANT), audited(tenant.id))
    bad: dict[str, Any] = {"name": " ", "defaultCurrency": "XAU"}
    assert admin.refusals(UPDATE, {"input": bad}) == [("INVALID_INPUT", "name"), ("INVALID_INPUT", "defaultCurrency")]
    assert admin.refusals(UPDATE, {"input": {**bad, "expectedVersion": 9}}) == [("VERSION_CONFLICT", "expectedVersion")]
    assert admin.codes(UPDATE, {"input": {"unknownSku": "MAYBE"}}) == ["BAD_USER_INPUT"]
    assert (admin.data(TENANT), audited(tenant.id)) == before


@pytest.mark.parametrize("role", ["Customer", "Vendor", "Manager", "Worker", "Auditor"])
def test_settings_are_the_admins_alone(api: Api, role: str) -> None:
    caller = api.tenant().caller(role)
    assert caller.codes(TENANT) == ["FORBIDDEN"]
    assert caller.codes(UPDATE, {"input": {"name": ""}}) == ["FORBIDDEN"]
    assert caller.codes(ME) == []


def test_a_suspended_tenant_answers_nobody(api: Api) -> None:
    tenant = api.tenant()
    admin = tenant.caller("Admin")
    suspend_tenant(tenant.id, operations())
    for document in (ME, TENANT, "{branches(first:1){nodes{id}}}", '{branch(code:"x"){id}}'):
        response = admin.post(document)
        assert response.status_code == 403
        assert admin.codes(document) == ["TENANT_SUSPENDED"]
