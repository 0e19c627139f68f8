"""Drafts on PostgreSQL: rewritten whole, in one statement."""

from ddd.orders.domain.order import Order
from ddd.orders.infrastructure.store import TELL, event_rows, line_row, order_row, person_row
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.infrastructure.journal import AUDIT_FROM_JSON, audit_row
from ddd.shared.infrastructure.statements import dumps

_ORDER = """
channel external_ref status payment_status version sequence currency subtotal discount_total shipping_total tax_total
total amount_due taxes_included customer_id branch_code metadata terms workflow_version placed_at updated_at
confirmed_at completed_at submitted_at sent_back_at holds returns refunds steps activity_status
cancel_reason cancelled_at cancelled_by expires_at
""".split()
_PERSON = """
first_name last_name email phone shipping_address billing_address note notes email_folded last_name_folded
""".split()
_LINE = """
sku name quantity unit_price discount tax line_total vendor_id category options is_free_gift is_taxable package
branch_code reserved_quantity cancelled_quantity shipped_quantity delivered_quantity returned_quantity
""".split()


def _set(names: list[str], row: str) -> str:
    return ", ".join(f"{name} = {row}.{name}" for name in names)


_REWRITE = f"""
WITH new AS (SELECT * FROM json_populate_record(NULL::orders_order, $1::json)),
rewritten AS (
    UPDATE orders_order o SET {_set(_ORDER, "new")} FROM new WHERE o.tenant_id = new.tenant_id AND o.id = new.id),
person AS (
    UPDATE orders_person p SET {_set(_PERSON, "n")} FROM json_populate_record(NULL::orders_person, $2::json) n
    WHERE p.tenant_id = n.tenant_id AND p.order_id = n.order_id),
lines AS (
    INSERT INTO orders_line SELECT * FROM json_populate_recordset(NULL::orders_line, $3::json)
    ON CONFLICT (tenant_id, order_id, line_no) DO UPDATE SET {_set(_LINE, "excluded")}),
taken AS (
    DELETE FROM orders_line l WHERE l.tenant_id = $4 AND l.order_id = $5::uuid AND l.line_no > $6::integer),
{TELL.format(news="$7")}
{AUDIT_FROM_JSON.format(rows="$8")}
"""


class PostgresDraftStore:
    """See `ddd.orders.application.ports.DraftStore`."""

    def __init__(self, heard: frozenset[str]) -> None:
        #: Types of events that somebody subscribes to: the others are done as they are written.
        self._heard = heard

    def rewrite(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
        tenant_id = caller.tenant_id
        return Write(
            _REWRITE,
            (
                dumps(order_row(tenant_id, order)),
                dumps(person_row(tenant_id, order)),
                dumps([line_row(tenant_id, order.id, line) for line in order.lines]),
                tenant_id,
                str(order.id),
                str(len(order.lines)),
                dumps(event_rows(caller, order, self._heard)),
                dumps([audit_row(caller, order.updated_at, audit)]),
            ),
        )
