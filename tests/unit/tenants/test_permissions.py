"""The default permissions against the API's tables, written out a second time."""

import pytest

from ddd.shared.domain.caller import Role
from ddd.tenants.domain.permissions import DEFAULT_PERMISSIONS

READS = {
    "getOrder", "orders", "items", "item", "branches", "branch", "stockLevels", "stockLevel", "stockSummary",
    "lowStock", "stockMovements", "reservations", "auditLog", "verifyAuditLog", "me",
}  # fmt: skip


def test_every_role_has_its_permissions_and_no_other_role_is_there() -> None:
    assert set(DEFAULT_PERMISSIONS) == set(Role)


def test_an_auditor_reads_and_writes_nothing() -> None:
    assert DEFAULT_PERMISSIONS["Auditor"] == dict.fromkeys(READS, "ALL")


def test_a_customer_reaches_its_own_orders_only() -> None:
    assert DEFAULT_PERMISSIONS["Customer"] == dict.fromkeys(
        ["placeOrder", "cancelOrder", "getOrder", "orders", "requestReturn", "completeStep", "syncUser", "me"], "OWN"
    )


def test_a_vendor_reaches_orders_with_its_lines_only() -> None:
    assert DEFAULT_PERMISSIONS["Vendor"] == dict.fromkeys(
        [
            "placeOrder",
            "cancelOrder",
            "getOrder",
            "orders",
            "confirmOrder",
            "recordPayment",
            "markAsShipped",
            "addShippingTrackingReference",
            "markAsDelivered",
            "markAsCompleted",
            "createShipment",
            "confirmShipment",
            "dispatchShipment",
            "deliverShipment",
            "cancelShipment",
            "completeStep",
            "syncUser",
            "me",
        ],
        "VENDOR",
    )


def test_staff_reach_all_of_their_tenant() -> None:
    for role in ("Admin", "Manager", "Worker"):
        assert set(DEFAULT_PERMISSIONS[role].values()) == {"ALL"}


@pytest.mark.parametrize(
    ("operation", "roles"),
    [
        ("createBranch", {"Admin", "Manager"}),
        ("createItem", {"Admin", "Manager"}),
        ("receiveStock", {"Admin", "Manager", "Worker"}),
        ("adjustStock", {"Admin", "Manager"}),
        ("countStock", {"Admin", "Manager", "Worker"}),
        ("fulfilOrder", {"Admin", "Manager"}),
        ("holdOrder", {"Admin", "Manager", "Worker"}),
        ("updateTenantSettings", {"Admin"}),
        ("setRolePermissions", {"Admin"}),
        ("createWebhookEndpoint", {"Admin"}),
        ("importJob", {"Admin", "Manager"}),
        ("auditLog", {"Admin", "Auditor"}),
        ("me", {"Customer", "Vendor", "Admin", "Manager", "Worker", "Auditor"}),
    ],
)
def test_exactly_these_roles_carry(operation: str, roles: set[str]) -> None:
    assert {role for role, granted in DEFAULT_PERMISSIONS.items() if operation in granted} == roles
