"""Many orders moved to another workflow version in one transaction: locked in one statement, saved in one."""

from collections.abc import Sequence
from uuid import UUID

from ddd.orders.application.ports import Found
from ddd.orders.domain.order import Order
from ddd.orders.infrastructure.readers import bundle_of
from ddd.orders.infrastructure.store import ALTERED, TELL, event_rows, order_row
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.statements import Bundle, Write
from ddd.shared.domain.caller import Caller
from ddd.shared.infrastructure.journal import AUDIT_FROM_JSON, audit_row
from ddd.shared.infrastructure.statements import dumps

#: In the order of their ids, whoever asks: two runs at once wait for each other, and never both.
_LOCK = "o.id = ANY ($2::uuid[]) ORDER BY o.id FOR NO KEY UPDATE OF o"
#: A move changes the order's own row alone. The rows are locked, and their versions were looked at since.
_SAVE = f"""
WITH new AS (SELECT * FROM json_populate_recordset(NULL::orders_order, $1::json)),
saved AS (
    UPDATE orders_order o SET workflow_version = new.workflow_version, {ALTERED}
    FROM new WHERE o.tenant_id = new.tenant_id AND o.id = new.id),
{TELL.format(news="$2")}
{AUDIT_FROM_JSON.format(rows="$3")}
"""


class PostgresMigrationStore:
    """See `ddd.orders.application.ports.MigrationStore`."""

    def __init__(self, heard: frozenset[str]) -> None:
        #: Types of events that somebody subscribes to: the others are done as they are written.
        self._heard = heard

    def lock(self, tenant_id: str, order_ids: Sequence[UUID]) -> Bundle[list[Found]]:
        ids = [str(each) for each in order_ids]
        wanted = frozenset({"lines", "payments"})
        return bundle_of(_LOCK, "ANY ($2::uuid[])", (tenant_id, ids), wanted, locks=True)

    def save(self, caller: Caller, orders: Sequence[tuple[Order, AuditEntry]]) -> Write:
        tenant_id = caller.tenant_id
        return Write(
            _SAVE,
            (
                dumps([order_row(tenant_id, order) for order, _ in orders]),
                dumps([row for order, _ in orders for row in event_rows(caller, order, self._heard)]),
                dumps([audit_row(caller, order.updated_at, audit) for order, audit in orders]),
            ),
        )
