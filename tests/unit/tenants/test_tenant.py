"""The tenant's decisions, without a database."""

from dataclasses import replace

import pytest

from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id
from ddd.tenants.application import publish
from ddd.tenants.application.settings import read_settings
from ddd.tenants.domain.permissions import DEFAULT_PERMISSIONS
from ddd.tenants.domain.tenant import Settings, Tenant, TenantStatus, UnknownSku, is_tenant_id
from ddd.tenants.domain.workflow import PLAIN_WORKFLOW

TENANT = Tenant.register("acme", new_id(), Settings(name="Acme"))


def test_a_new_tenant_tracks_stock_refuses_unknown_skus_and_trusts_no_customers_checkout() -> None:
    assert TENANT.settings == Settings("Acme", None, True, UnknownSku.REFUSE, False)
    assert (TENANT.status, TENANT.version, TENANT.event_sequence) == (TenantStatus.ACTIVE, 1, 2)
    assert TENANT.workflow_version == 1
    assert TENANT.permissions == DEFAULT_PERMISSIONS


def test_registration_publishes_the_workflow_before_the_tenant_that_points_to_it() -> None:
    workflow, tenant = publish.registered(TENANT)
    assert (workflow.sequence, workflow.type) == (1, "tenant.workflow_published.v1")
    assert workflow.payload == {"tenant_id": "acme", "workflow_version": 1, "document": PLAIN_WORKFLOW}
    assert (tenant.sequence, tenant.type) == (2, "tenant.changed.v1")
    assert tenant.payload == {
        "tenant_id": "acme",
        "version": 1,
        "status": "ACTIVE",
        "name": "Acme",
        "default_currency": None,
        "stock_tracked": True,
        "unknown_sku": "REFUSE",
        "trust_customer_checkout": False,
        "workflow_version": 1,
        "permissions": DEFAULT_PERMISSIONS,
        "operations_off": (),
        "carriers": [],
    }


def test_a_change_is_the_next_version_and_the_next_event() -> None:
    changed = TENANT.configure(replace(TENANT.settings, default_currency="EUR"))
    assert (changed.version, changed.event_sequence, changed.settings.default_currency) == (2, 3, "EUR")


def test_what_is_so_already_changes_nothing() -> None:
    assert TENANT.configure(Settings(name="Acme")) is TENANT
    assert TENANT.resume() is TENANT
    suspended = TENANT.suspend()
    assert suspended.suspend() is suspended
    assert (suspended.status, suspended.version, suspended.event_sequence) == (TenantStatus.SUSPENDED, 2, 3)


def test_the_audit_names_old_and_new_of_what_changed() -> None:
    after = TENANT.configure(replace(TENANT.settings, stock_tracked=False)).suspend()
    entry = publish.audit("updateTenantSettings", TENANT, after)
    assert entry.before == {"stock_tracked": True, "status": "ACTIVE"}
    assert entry.after == {"stock_tracked": False, "status": "SUSPENDED"}


@pytest.mark.parametrize("text", ["a", "A.b_c-1", "x" * 64, "..", "-"])
def test_may_be_a_tenants_id(text: str) -> None:
    assert is_tenant_id(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a/b", "ä", "a\n", "a\x00", "\u0661", "a,b"])
def test_may_not_be_a_tenants_id(text: str) -> None:
    assert not is_tenant_id(text)


def test_settings_that_are_given_are_laid_over_those_in_force() -> None:
    current = Settings("Acme", "EUR", False, UnknownSku.ACCEPT, True)
    assert read_settings({}, current) == current
    assert read_settings({"name": None, "stockTracked": None}, current) == current
    assert read_settings(
        {
            "name": "Acme Ltd",
            "defaultCurrency": "JPY",
            "stockTracked": True,
            "unknownSku": UnknownSku.REFUSE,
            "trustCustomerCheckout": False,
        },
        current,
    ) == Settings("Acme Ltd", "JPY", True, UnknownSku.REFUSE, False)


def test_every_fault_in_the_settings_is_named_in_input_order() -> None:
    refusals = read_settings({"name": " ", "defaultCurrency": "XXX", "unknownSku": "MAYBE"}, Settings("Acme"))
    assert isinstance(refusals, Refusals)
    assert [(each.code, each.field) for each in refusals.items] == [
        (ErrorCode.INVALID_INPUT, ("name",)),
        (ErrorCode.INVALID_INPUT, ("defaultCurrency",)),
        (ErrorCode.INVALID_INPUT, ("unknownSku",)),
    ]
