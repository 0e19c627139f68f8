"""A tenant's settings through their handlers, on PostgreSQL."""

import pytest

from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import ErrorCode, PermissionMissing
from ddd.tenants.application.settings import get_tenant, update_tenant_settings
from ddd.tenants.application.views import TenantView
from tests.builders import audited, caller, published, registered, rows, tenants


def test_the_settings_are_changed_read_back_published_and_audited(database: object) -> None:
    tenant_id = registered(name="Acme")
    assert get_tenant(caller(tenant_id), tenants()) == TenantView(
        tenant_id, "Acme", "ACTIVE", None, True, "REFUSE", False, 1, 1
    )
    given = {"expectedVersion": 1, "defaultCurrency": "EUR", "unknownSku": "ACCEPT", "trustCustomerCheckout": True}
    outcome = update_tenant_settings(caller(tenant_id), given, tenants())
    assert outcome.value == TenantView(tenant_id, "Acme", "ACTIVE", "EUR", True, "ACCEPT", True, 1, 2)
    assert get_tenant(caller(tenant_id), tenants()) == outcome.value
    assert published(tenant_id) == [
        (1, "tenant.workflow_published.v1"), (2, "tenant.changed.v1"), (3, "tenant.changed.v1"),
    ]  # fmt: skip
    assert audited(tenant_id) == ["registerTenant", "updateTenantSettings"]
    assert rows(tenant_id, "SELECT status, version FROM access_tenant") == [("ACTIVE", 2)]


def test_a_stale_version_and_bad_input_change_nothing(database: object) -> None:
    tenant_id = registered()
    stale = update_tenant_settings(caller(tenant_id), {"expectedVersion": 7, "name": ""}, tenants())
    assert [(each.code, each.field, each.details) for each in stale.errors] == [
        (ErrorCode.VERSION_CONFLICT, ("expectedVersion",), {"version": 1})
    ]
    bad = update_tenant_settings(caller(tenant_id), {"name": "", "defaultCurrency": "eur"}, tenants())
    assert [each.field for each in bad.errors] == [("name",), ("defaultCurrency",)]
    assert len(published(tenant_id)) == 2
    assert audited(tenant_id) == ["registerTenant"]


def test_settings_in_force_already_make_no_new_version(database: object) -> None:
    tenant_id = registered()
    outcome = update_tenant_settings(caller(tenant_id), {"stockTracked": True}, tenants())
    assert outcome.value is not None
    assert outcome.value.version == 1
    assert len(published(tenant_id)) == 2


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_admin_reads_and_changes_them(database: object, role: Role) -> None:
    tenant_id = registered()
    with pytest.raises(PermissionMissing):
        get_tenant(caller(tenant_id, role), tenants())
    with pytest.raises(PermissionMissing):
        update_tenant_settings(caller(tenant_id, role), {"name": "x"}, tenants())
    assert audited(tenant_id) == ["registerTenant"]


def test_a_used_key_answers_with_the_tenant_as_it_is_now(database: object) -> None:
    tenant_id = registered()
    given = {"idempotencyKey": "k", "name": "A"}
    update_tenant_settings(caller(tenant_id), given, tenants())
    update_tenant_settings(caller(tenant_id), {"name": "B"}, tenants())
    again = update_tenant_settings(caller(tenant_id), given, tenants())
    assert again.replayed
    assert again.value is not None
    assert (again.value.name, again.value.version) == ("B", 3)
