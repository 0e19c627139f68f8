"""Branches as stock knows them, and items in them."""

import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ddd.published import to_payload
from ddd.published.branches import BranchChanged
from ddd.shared.application.events import PublishedEvent
from ddd.shared.infrastructure.statements import connection
from ddd.stock.application.items import create_item
from ddd.stock.application.levels import receive_stock
from ddd.stock.application.views import ItemView, StockLevelView
from ddd.stock.infrastructure.snapshots import BRANCHES
from tests.builders import caller, stock
from tests.pipeline import SET_TENANT, send


def hear_of_branch(
    tenant_id: str, code: str, *, version: int = 1, archived: bool = False, name: str = "Branch"
) -> None:
    """Apply the event to stock's snapshot, as the relay would."""
    branch = BranchChanged(str(uuid4()), version, code, name, "UTC", 100, archived)
    event = PublishedEvent(
        tenant_id, "branch", uuid4(), version, BranchChanged.type, to_payload(branch), datetime.now(UTC)
    )
    raw = connection("default")
    with raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        for write in BRANCHES.apply(event):
            send(raw, write.sql, write.params)


def create(tenant_id: str, sku: str = "A", **given: Any) -> ItemView:
    outcome = create_item(caller(tenant_id), {"sku": sku, "name": f"Item {sku}", **given}, stock())
    assert outcome.value is not None, outcome.errors
    return outcome.value


def receive(tenant_id: str, branch: str, sku: str, quantity: int, **given: Any) -> StockLevelView:
    outcome = receive_stock(
        caller(tenant_id), {"branchCode": branch, "sku": sku, "quantity": quantity, **given}, stock()
    )
    assert outcome.value is not None, outcome.errors
    return outcome.value


def key() -> str:
    return secrets.token_hex(8)
