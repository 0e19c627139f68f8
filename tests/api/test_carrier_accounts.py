"""A tenant's carrier accounts: chosen by its Admin, kept as data, the secrets elsewhere."""

import json
from typing import Any

import pytest

from tests.api.support import Api, ApiTenant
from tests.builders import audited, rows

ACCOUNTS = (
    "carriers{carrier modes credentials baseUrl service options "
    "sender{name company phone email address{line1 line2 city state postalCode country}}}"
)
TENANT = f"{{tenant{{version {ACCOUNTS}}}}}"
UPDATE = (
    "mutation($input:UpdateTenantSettingsInput!){updateTenantSettings(input:$input)"
    f"{{tenant{{version {ACCOUNTS}}} errors{{code message field}} replayed}}}}"
)
EASYPOST = {"carrier": "easypost", "modes": ["WAREHOUSE", "PICKUP"], "credentials": "main"}
OWN = {"carrier": "self_delivery", "modes": ["DROPOFF"]}
SENDER: dict[str, Any] = {
    "name": "Dispatch",
    "phone": "+1 415 555 0134",
    "address": {"line1": "388 Townsend", "country": "US"},
}


@pytest.fixture
def tenant(api: Api, monkeypatch: pytest.MonkeyPatch) -> ApiTenant:
    """A tenant for which the operator keeps EasyPost's secret under the name `main`."""
    tenant = api.tenant()
    monkeypatch.setenv("CARRIER_SECRETS", json.dumps({tenant.id: {"main": {"api_key": "EZTK-not-to-be-seen"}}}))
    return tenant


def told(account: dict[str, Any], **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"credentials": None, "baseUrl": None, "service": None, "options": {}, "sender": None}
    return {**nothing, **account, **more}


def test_a_tenant_begins_without_accounts(api: Api) -> None:
    assert api.tenant().caller("Admin").data(TENANT) == {"version": 1, "carriers": []}


def test_accounts_are_kept_read_back_and_known_to_orders_and_no_secret_goes_anywhere(tenant: ApiTenant) -> None:
    admin = tenant.caller("Admin")
    page = {"tracking_url": "https://shop.example/{reference}"}
    given = [{**EASYPOST, "service": "Priority", "sender": SENDER}, {**OWN, "options": page}]
    payload = admin.data(UPDATE, {"input": {"carriers": given}})
    address = {"line2": None, "city": None, "state": None, "postalCode": None, **SENDER["address"]}
    sender = {"company": None, "email": None, **SENDER, "address": address}
    first = told(EASYPOST, modes=["PICKUP", "WAREHOUSE"], service="Priority", sender=sender)
    after = {"version": 2, "carriers": [first, told(OWN, options=page)]}
    assert payload == {"tenant": after, "errors": [], "replayed": False}
    assert admin.data(TENANT) == after
    ((snapshot,),) = rows(tenant.id, "SELECT carriers FROM orders_tenant")
    assert [account["carrier"] for account in json.loads(snapshot)] == ["easypost", "self_delivery"]
    for table in ("tenants_tenant", "orders_tenant", "outbox", "audit_log", "idempotency"):
        assert "not-to-be-seen" not in str(rows(tenant.id, f"SELECT t::text FROM {table} t"))


def test_events_and_audit_tell_of_a_sender_only_that_there_is_one(tenant: ApiTenant) -> None:
    tenant.caller("Admin").data(UPDATE, {"input": {"carriers": [{**OWN, "sender": SENDER}]}})
    ((before, after),) = rows(tenant.id, "SELECT before, after FROM audit_log WHERE operation = 'updateTenantSettings'")
    assert json.loads(before) == {"carriers": []}
    ((account,),) = json.loads(after).values()
    assert (account["carrier"], account["modes"], account["sender"]) == ("self_delivery", ["DROPOFF"], True)
    for table in ("outbox", "audit_log", "orders_tenant"):
        assert "Townsend" not in str(rows(tenant.id, f"SELECT t::text FROM {table} t"))


def test_what_is_absent_or_null_leaves_them_and_an_empty_list_takes_them_away(tenant: ApiTenant) -> None:
    admin = tenant.caller("Admin")
    admin.data(UPDATE, {"input": {"carriers": [OWN]}})
    for given in ({"name": "Other"}, {"carriers": None}):
        assert len(admin.data(UPDATE, {"input": given})["tenant"]["carriers"]) == 1
    same = admin.data(UPDATE, {"input": {"carriers": [OWN]}})
    assert same["tenant"]["version"] == 3  # the name made one; the same accounts make none
    assert admin.data(UPDATE, {"input": {"carriers": []}})["tenant"]["carriers"] == []


@pytest.mark.parametrize(
    ("account", "path"),
    [
        ({**OWN, "carrier": "pigeon"}, "carriers.1.carrier"),
        ({**OWN, "carrier": " "}, "carriers.1.carrier"),
        ({**OWN, "modes": []}, "carriers.1.modes"),
        ({**OWN, "modes": ["WAREHOUSE"]}, "carriers.1.modes"),  # the account before it serves that
        ({"carrier": "shippo", "modes": ["PICKUP"], "credentials": "shippo"}, "carriers.1.credentials"),
        ({"carrier": "easypost", "modes": ["DROPOFF"]}, "carriers.1.credentials"),
        ({"carrier": "easypost", "modes": ["DROPOFF"], "credentials": "other"}, "carriers.1.credentials"),
        (
            {"carrier": "easypost", "modes": ["DROPOFF"], "credentials": "main", "baseUrl": "http://10.0.0.1"},
            "carriers.1.baseUrl",
        ),
        (
            {"carrier": "easypost", "modes": ["DROPOFF"], "credentials": "main", "options": {"label_format": "GIF"}},
            "carriers.1.options",
        ),
        ({**OWN, "options": {"tracking_url": "javascript:{reference}"}}, "carriers.1.options"),
        ({**OWN, "options": ["x"]}, "carriers.1.options"),
        ({**OWN, "options": {"tracking_url": 7}}, "carriers.1.options"),
        ({**OWN, "options": {"x": "y" * 256}}, "carriers.1.options"),
        ({**OWN, "options": {str(n): "" for n in range(21)}}, "carriers.1.options"),
        ({**OWN, "sender": {**SENDER, "name": ""}}, "carriers.1.sender.name"),
        (
            {**OWN, "sender": {**SENDER, "address": {"line1": "x", "country": "ZZ"}}},
            "carriers.1.sender.address.country",
        ),
    ],
)
def test_an_account_that_cannot_work_is_refused_at_its_path_and_nothing_moves(
    tenant: ApiTenant, account: dict[str, Any], path: str
) -> None:
    first = {"carrier": "self_delivery", "modes": ["WAREHOUSE"]}
    refusals = tenant.caller("Admin").refusals(UPDATE, {"input": {"carriers": [first, account]}})
    assert refusals == [("INVALID_INPUT", path)]
    assert rows(tenant.id, "SELECT carriers::text FROM tenants_tenant") == [("[]",)]
    assert audited(tenant.id) == ["registerTenant"]


def test_a_mode_that_the_carrier_does_not_do_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = api.tenant()
    monkeypatch.setenv("CARRIER_SECRETS", json.dumps({tenant.id: {"bob": {"token": "t"}}}))
    account = {"carrier": "shipbob", "credentials": "bob", "options": {"channel_id": "7"}}
    admin = tenant.caller("Admin")
    refusals = admin.refusals(UPDATE, {"input": {"carriers": [{**account, "modes": ["WAREHOUSE", "PICKUP"]}]}})
    assert refusals == [("INVALID_INPUT", "carriers.0.modes")]
    admin.data(UPDATE, {"input": {"carriers": [{**account, "modes": ["WAREHOUSE"]}]}})


def test_the_secret_of_another_tenant_is_none(tenant: ApiTenant, api: Api) -> None:
    other = api.tenant().caller("Admin")
    answer = other.run(UPDATE, {"input": {"carriers": [EASYPOST]}})["data"]["updateTenantSettings"]
    (error,) = answer["errors"]
    assert (error["field"], error["message"]) == (
        ["carriers", "0", "credentials"],
        "The account's secret is missing, or has no usable part 'api_key'.",
    )


def test_every_fault_is_told_in_input_order(tenant: ApiTenant) -> None:
    given = [{**OWN, "carrier": "pigeon"}, {**OWN, "modes": [], "sender": {**SENDER, "email": "x" * 256}}]
    refusals = tenant.caller("Admin").refusals(UPDATE, {"input": {"carriers": given, "name": ""}})
    assert [path for _, path in refusals] == [
        "name",
        "carriers.0.carrier",
        "carriers.1.modes",
        "carriers.1.sender.email",
    ]
    many = [OWN] * 21
    refusals = tenant.caller("Admin").refusals(UPDATE, {"input": {"carriers": many}})
    assert refusals == [("INVALID_INPUT", "carriers")]
