"""What orders keep of the others: the newest version wins, whatever order events come in."""

from collections.abc import Sequence

from ddd.published import from_payload
from ddd.published.branches import BranchChanged
from ddd.published.stock import ItemChanged
from ddd.published.tenants import TenantChanged, WorkflowPublished
from ddd.shared.application.events import PublishedEvent
from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.relay import Subscriber
from ddd.shared.infrastructure.statements import dumps

_TENANT = """
INSERT INTO orders_tenant SELECT * FROM json_populate_record(NULL::orders_tenant, $1::json)
ON CONFLICT (tenant_id) DO UPDATE SET stock_tracked = excluded.stock_tracked, unknown_sku = excluded.unknown_sku,
    trust_customer_checkout = excluded.trust_customer_checkout, workflow_version = excluded.workflow_version,
    carriers = excluded.carriers, version = excluded.version, rules_version = orders_tenant.rules_version + 1
WHERE orders_tenant.version < excluded.version
"""
#: What a process remembers of a tenant holds for its branches, too.
_RULES_CHANGED = "UPDATE orders_tenant SET rules_version = rules_version + 1 WHERE tenant_id = $1"
_WORKFLOW = """
INSERT INTO orders_workflow SELECT * FROM json_populate_record(NULL::orders_workflow, $1::json) ON CONFLICT DO NOTHING
"""
_BRANCH = """
INSERT INTO orders_branch SELECT * FROM json_populate_record(NULL::orders_branch, $1::json)
ON CONFLICT (tenant_id, code) DO UPDATE SET priority = excluded.priority, archived = excluded.archived,
    version = excluded.version
WHERE orders_branch.version < excluded.version
"""
_ITEM = """
INSERT INTO orders_item SELECT * FROM json_populate_record(NULL::orders_item, $1::json)
ON CONFLICT (tenant_id, sku) DO UPDATE SET name = excluded.name, archived = excluded.archived,
    version = excluded.version
WHERE orders_item.version < excluded.version
"""


def _apply_tenant(event: PublishedEvent) -> Sequence[Write]:
    tenant = from_payload(TenantChanged, event.payload)
    row = {
        "tenant_id": event.tenant_id,
        "stock_tracked": tenant.stock_tracked,
        "unknown_sku": tenant.unknown_sku,
        "trust_customer_checkout": tenant.trust_customer_checkout,
        "workflow_version": tenant.workflow_version,
        "carriers": tenant.carriers,
        "version": tenant.version,
        "rules_version": 1,
    }
    return [Write(_TENANT, (dumps(row),))]


def _apply_workflow(event: PublishedEvent) -> Sequence[Write]:
    workflow = from_payload(WorkflowPublished, event.payload)
    row = {
        "tenant_id": event.tenant_id,
        "workflow_version": workflow.workflow_version,
        "document": workflow.document,
    }
    return [Write(_WORKFLOW, (dumps(row),))]


def _apply_branch(event: PublishedEvent) -> Sequence[Write]:
    branch = from_payload(BranchChanged, event.payload)
    row = {
        "tenant_id": event.tenant_id,
        "code": branch.code,
        "priority": branch.priority,
        "archived": branch.archived,
        "version": branch.version,
    }
    return [Write(_BRANCH, (dumps(row),)), Write(_RULES_CHANGED, (event.tenant_id,))]


def _apply_item(event: PublishedEvent) -> Sequence[Write]:
    item = from_payload(ItemChanged, event.payload)
    row = {
        "tenant_id": event.tenant_id,
        "sku": item.sku,
        "name": item.name,
        "archived": item.archived,
        "version": item.version,
    }
    return [Write(_ITEM, (dumps(row),))]


TENANTS = Subscriber("orders.tenants", _apply_tenant)
WORKFLOWS = Subscriber("orders.workflows", _apply_workflow)
BRANCHES = Subscriber("orders.branches", _apply_branch)
ITEMS = Subscriber("orders.items", _apply_item)
