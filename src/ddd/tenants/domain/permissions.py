"""Which role may do what, unless the tenant says otherwise: the "who" columns of the API's tables, as data.

An operation that a role does not carry is FORBIDDEN to it; the scope says how far the permission reaches. Finer rules
(the only reviewer who may review, the Admin who may go below zero) stand with the operation itself. Operations of
releases to come are named already, so that a tenant's own map need not be written anew for each of them.
"""

from collections.abc import Mapping
from typing import Final

from ddd.shared.domain.caller import Role, Scope

_CUSTOMER: Final = frozenset({Role.CUSTOMER})
_VENDOR: Final = frozenset({Role.VENDOR})
_ADMIN: Final = frozenset({Role.ADMIN})
_MANAGERS: Final = frozenset({Role.ADMIN, Role.MANAGER})
_STAFF: Final = frozenset({Role.ADMIN, Role.MANAGER, Role.WORKER})
_AUDITOR: Final = frozenset({Role.AUDITOR})
_EVERYONE: Final = frozenset(Role)

#: Operations -> the roles that carry them.
_WHO: Final[tuple[tuple[str, frozenset[Role]], ...]] = (
    # orders
    ("placeOrder cancelOrder", _CUSTOMER | _VENDOR | _STAFF),
    ("getOrder orders", _CUSTOMER | _VENDOR | _STAFF | _AUDITOR),
    ("confirmOrder recordPayment", _VENDOR | _STAFF),
    ("markAsShipped addShippingTrackingReference markAsDelivered markAsCompleted", _VENDOR | _STAFF),
    ("createShipment confirmShipment dispatchShipment deliverShipment cancelShipment", _VENDOR | _STAFF),
    ("holdOrder releaseHold", _STAFF),
    ("requestReturn", _CUSTOMER | _STAFF),
    ("receiveReturn processRefund", _STAFF),
    ("escalateReviewer reviewOrder", _STAFF),
    ("completeStep", _CUSTOMER | _VENDOR | _STAFF),  # then as the workflow's step says
    ("createDraftOrder editDraftOrder", _STAFF),
    ("submitOrder fulfilOrder", _MANAGERS),
    # stock and branches
    ("items item branches branch", _STAFF | _AUDITOR),
    ("createItem updateItem archiveItem createBranch updateBranch archiveBranch", _MANAGERS),
    ("stockLevels stockLevel stockSummary lowStock stockMovements reservations", _STAFF | _AUDITOR),
    ("receiveStock receiveTransfer countStock", _STAFF),
    ("adjustStock transferStock", _MANAGERS),
    ("simulateAllocation", _STAFF),
    # tenants, people, audit
    ("tenant updateTenantSettings", _ADMIN),
    ("workflow publishWorkflow validateWorkflow simulateWorkflow migrateOrders", _ADMIN),
    ("rolePermissions setRolePermissions users setUserBranches", _ADMIN),
    ("syncUser", _EVERYONE - _AUDITOR),  # an Auditor writes nothing
    ("webhookEndpoints createWebhookEndpoint rotateWebhookSecret deleteWebhookEndpoint", _ADMIN),
    ("webhookDeliveries replayWebhooks", _ADMIN),
    ("inboundSources createInboundSource rotateInboundSecret inboundMessages", _ADMIN),
    ("importJobs importJob", _MANAGERS),
    ("auditLog verifyAuditLog", _ADMIN | _AUDITOR),
    ("me", _EVERYONE),
)
_SCOPES: Final = {Role.CUSTOMER: Scope.OWN, Role.VENDOR: Scope.VENDOR}


def _default_permissions() -> dict[str, dict[str, str]]:
    return {
        role.value: {
            operation: _SCOPES.get(role, Scope.ALL).value
            for operations, roles in _WHO
            if role in roles
            for operation in operations.split()
        }
        for role in Role
    }


#: role -> operation -> scope, as every tenant begins.
DEFAULT_PERMISSIONS: Final[Mapping[str, Mapping[str, str]]] = _default_permissions()

#: Every operation that a role may carry, or a plan switch off.
OPERATIONS: Final = frozenset(operation for operations, _ in _WHO for operation in operations.split())

#: Operations that change nothing: all that an Auditor may carry.
READS: Final = frozenset(
    """
    getOrder orders items item branches branch stockLevels stockLevel stockSummary lowStock stockMovements reservations
    simulateAllocation tenant workflow validateWorkflow simulateWorkflow rolePermissions users webhookEndpoints
    webhookDeliveries inboundSources inboundMessages importJobs importJob auditLog verifyAuditLog me
    """.split()
)
_ALL: Final = frozenset({Scope.ALL})
_BY_BRANCH: Final = frozenset({Scope.BRANCH, Scope.ALL})
#: Where a narrower scope than ALL means something; with any other operation it would reach everything all the same.
_ANY_SCOPE: Final = frozenset(
    """
    placeOrder cancelOrder getOrder orders confirmOrder recordPayment markAsShipped addShippingTrackingReference
    markAsDelivered markAsCompleted createShipment confirmShipment dispatchShipment deliverShipment cancelShipment
    holdOrder releaseHold requestReturn receiveReturn processRefund escalateReviewer reviewOrder completeStep
    syncUser me
    """.split()
)
#: A draft is a branch's: no customer's and no vendor's own.
_BRANCH_SCOPE: Final = frozenset(
    """
    createDraftOrder editDraftOrder submitOrder fulfilOrder
    branches branch createBranch updateBranch archiveBranch stockLevels stockLevel stockSummary lowStock stockMovements
    reservations receiveStock receiveTransfer countStock adjustStock transferStock
    """.split()
)
#: What an Admin always keeps, so that no tenant locks itself out.
KEPT_BY_ADMIN: Final = ("rolePermissions", "setRolePermissions")


def scopes_of(operation: str) -> frozenset[Scope]:
    """The scopes with which a role may carry the operation."""
    if operation in _ANY_SCOPE:
        return frozenset(Scope)
    return _BY_BRANCH if operation in _BRANCH_SCOPE else _ALL
