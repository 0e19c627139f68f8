"""Going through orders whole, and blanking one, on PostgreSQL."""

from uuid import UUID

from ddd.orders.application.ports import Found
from ddd.orders.application.records import Whose
from ddd.orders.domain.order import Order
from ddd.orders.infrastructure.readers import PARTS, bundle_of
from ddd.orders.infrastructure.store import TELL, event_rows, person_row
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.statements import Bundle, Write
from ddd.shared.domain.caller import Caller
from ddd.shared.infrastructure.journal import AUDIT_FROM_JSON, audit_row
from ddd.shared.infrastructure.statements import dumps

_WHOLE = frozenset(PARTS)
_OF_ID = "$2::uuid"
_BLANK = f"""
WITH changed AS (
    UPDATE orders_order o SET version = $3::integer, sequence = $4::integer, updated_at = $5::timestamptz,
        metadata = NULL
    WHERE o.tenant_id = $1 AND o.id = $2::uuid),
person AS (
    UPDATE orders_person p SET first_name = n.first_name, last_name = n.last_name, email = n.email, phone = n.phone,
        shipping_address = n.shipping_address, billing_address = n.billing_address, note = n.note, notes = n.notes,
        email_folded = n.email_folded, last_name_folded = n.last_name_folded
    FROM json_populate_record(NULL::orders_person, $6::json) n
    WHERE p.tenant_id = $1 AND p.order_id = $2::uuid),
lines AS (
    UPDATE orders_line l SET options = NULL
    WHERE l.tenant_id = $1 AND l.order_id = $2::uuid AND l.options IS NOT NULL),
labels AS (
    UPDATE orders_shipment s SET label_url = NULL
    WHERE s.tenant_id = $1 AND s.order_id = $2::uuid AND s.label_url IS NOT NULL),
{TELL.format(news="$7")}
{AUDIT_FROM_JSON.format(rows="$8")}
"""


class PostgresOrderRecords:
    """See `ddd.orders.application.records.OrderRecords`."""

    def __init__(self, heard: frozenset[str]) -> None:
        self._heard = heard  # as the order store's

    def after(self, tenant_id: str, order_id: UUID, size: int, whose: Whose | None) -> Bundle[list[Found]]:
        params = [tenant_id, str(order_id)]
        condition = "o.id > $2::uuid"
        if whose is not None and whose.customer_id is not None:
            condition += " AND o.customer_id = $3"
            params.append(whose.customer_id)
        elif whose is not None and whose.email is not None:
            condition += " AND p.email_folded = $3"
            params.append(whose.email.casefold())
        tail = f"{condition} ORDER BY o.id LIMIT {size}"
        ids = (
            "ANY (ARRAY(SELECT o.id FROM orders_order o JOIN orders_person p ON p.tenant_id = o.tenant_id"
            f" AND p.order_id = o.id WHERE o.tenant_id = $1 AND {tail}))"
        )
        return bundle_of(tail, ids, params, _WHOLE)

    def only(self, tenant_id: str, order_id: UUID) -> Bundle[list[Found]]:
        return bundle_of(f"o.id = {_OF_ID}", _OF_ID, (tenant_id, str(order_id)), _WHOLE)

    def blank(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
        tenant_id = caller.tenant_id
        return Write(
            _BLANK,
            (
                tenant_id,
                str(order.id),
                str(order.version),
                str(order.sequence),
                order.updated_at.isoformat(),
                dumps(person_row(tenant_id, order)),
                dumps(event_rows(caller, order, self._heard)),
                dumps([audit_row(caller, order.updated_at, audit)]),
            ),
        )
