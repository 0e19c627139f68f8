"""Orders on PostgreSQL: the statements of the write side.

Rows travel as JSON, one parameter for each table, and are unpacked by the table's own row type.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from ddd.orders.application.ports import BranchSnapshot, Catalogue, SameReference, TenantRules
from ddd.orders.application.reading import OrderParts, order_of
from ddd.orders.domain.expiry import expires_at
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderEvent, OrderLine, Payment, Shipment
from ddd.orders.infrastructure.rows import (
    EVENT_COLUMNS,
    LINE_COLUMNS,
    ORDER_COLUMNS,
    PAYMENT_COLUMNS,
    SHIPMENT_COLUMNS,
    OrderRow,
    event_of,
    line_of,
    loads,
    payment_of,
    shipment_of,
)
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.statements import Read, Write
from ddd.shared.domain.caller import Caller
from ddd.shared.infrastructure.journal import AUDIT_FROM_JSON, audit_row
from ddd.shared.infrastructure.statements import dumps, text_array

#: Rules travel only when their version is one that this process has not read: four subplans cost more than the rest.
_CATALOGUE = """
SELECT t.rules_version, i.sku, i.name FROM orders_tenant t
LEFT JOIN orders_item i ON i.tenant_id = $1 AND NOT i.archived AND i.sku = ANY ($2::text[])
WHERE t.tenant_id = $1
"""
_RULES = """
SELECT t.rules_version, t.stock_tracked, t.unknown_sku = 'ACCEPT', t.trust_customer_checkout, t.workflow_version,
    (SELECT json_agg(json_build_array(b.code, b.priority, b.archived) ORDER BY b.priority, b.code)
     FROM orders_branch b WHERE b.tenant_id = $1)::text,
    (SELECT w.document FROM orders_workflow w WHERE w.tenant_id = $1 AND w.workflow_version = t.workflow_version)
FROM orders_tenant t WHERE t.tenant_id = $1
"""
_WORKFLOW = "SELECT document FROM orders_workflow WHERE tenant_id = $1 AND workflow_version = $2::integer"
_SAME_REFERENCE = """
SELECT id, customer_id FROM orders_order WHERE tenant_id = $1 AND channel = $2 AND external_ref = $3
"""
_MOST_REMEMBERED = 10_000
#: The timeline's new entries go out as they are: outbox and timeline are fed by the same rows.
TELL = """
news AS (SELECT * FROM json_to_recordset({news}::json) AS n(tenant_id text, order_id uuid, sequence integer, type text,
                 at timestamptz, subject text, roles text, data jsonb, request_id text, done_at timestamptz)),
told AS (INSERT INTO orders_event SELECT tenant_id, order_id, sequence, type, at, subject, roles, data FROM news),
sent AS (INSERT INTO outbox (tenant_id, aggregate, aggregate_id, sequence, type, payload, request_id, occurred_at,
                             done_at)
         SELECT tenant_id, 'order', order_id, sequence, type, data, request_id, at, done_at FROM news)
"""
_INSERT = f"""
WITH placed AS (INSERT INTO orders_order SELECT * FROM json_populate_recordset(NULL::orders_order, $1::json)),
person AS (INSERT INTO orders_person SELECT * FROM json_populate_recordset(NULL::orders_person, $2::json)),
lines AS (INSERT INTO orders_line SELECT * FROM json_populate_recordset(NULL::orders_line, $3::json)),
paid AS (INSERT INTO orders_payment SELECT * FROM json_populate_recordset(NULL::orders_payment, $4::json)),
{TELL.format(news="$5")}
{AUDIT_FROM_JSON.format(rows="$6")}
"""
#: The person's row too: of a row that is not locked, a statement that had to wait still shows what was before.
_LOCK = f"""
SELECT {ORDER_COLUMNS} FROM orders_order o JOIN orders_person p ON p.tenant_id = o.tenant_id AND p.order_id = o.id
WHERE o.tenant_id = $1 AND o.id = $2 FOR NO KEY UPDATE OF o, p
"""
#: Statements of their own, after the lock: they see what the lock waited for.
LINES_OF = f"SELECT {LINE_COLUMNS} FROM orders_line l WHERE l.tenant_id = $1 AND l.order_id = $2 ORDER BY l.line_no"
PAYMENTS_OF = f"""
SELECT {PAYMENT_COLUMNS} FROM orders_payment y WHERE y.tenant_id = $1 AND y.order_id = $2 ORDER BY y.payment_no
"""
#: The tenant's carrier accounts come with the shipments that wait to be confirmed: read once, and for no others.
SHIPMENTS_OF = f"""
SELECT CASE WHEN s.status = 'PENDING' THEN (SELECT t.carriers FROM orders_tenant t WHERE t.tenant_id = $1) END,
    {SHIPMENT_COLUMNS}
FROM orders_shipment s WHERE s.tenant_id = $1 AND s.order_id = $2 ORDER BY s.id
"""
_CARRIERS = "SELECT carriers FROM orders_tenant WHERE tenant_id = $1"
EVENTS_OF = f"SELECT {EVENT_COLUMNS} FROM orders_event e WHERE e.tenant_id = $1 AND e.order_id = $2 ORDER BY e.sequence"
#: What of an order's own row a change may alter.
ALTERED = """
status = new.status, payment_status = new.payment_status, version = new.version,
sequence = new.sequence, amount_due = new.amount_due, updated_at = new.updated_at,
confirmed_at = new.confirmed_at, completed_at = new.completed_at, cancel_reason = new.cancel_reason,
cancelled_at = new.cancelled_at, cancelled_by = new.cancelled_by, submitted_at = new.submitted_at,
sent_back_at = new.sent_back_at,
holds = new.holds, returns = new.returns, refunds = new.refunds, steps = new.steps,
activity_status = new.activity_status, expires_at = new.expires_at
"""
_SAVE = f"""
WITH new AS (SELECT * FROM json_populate_record(NULL::orders_order, $1::json)),
saved AS (
    UPDATE orders_order o SET {ALTERED} FROM new WHERE o.tenant_id = new.tenant_id AND o.id = new.id),
noted AS (
    UPDATE orders_person p SET notes = $2::jsonb FROM new
    WHERE p.tenant_id = new.tenant_id AND p.order_id = new.id AND p.notes <> $2::jsonb),
lines AS (
    UPDATE orders_line l SET branch_code = n.branch_code,
        reserved_quantity = n.reserved_quantity, cancelled_quantity = n.cancelled_quantity,
        shipped_quantity = n.shipped_quantity, delivered_quantity = n.delivered_quantity,
        returned_quantity = n.returned_quantity
    FROM json_populate_recordset(NULL::orders_line, $3::json) n
    WHERE l.tenant_id = $8 AND l.order_id = $9::uuid AND l.line_no = n.line_no),
shipments AS (
    INSERT INTO orders_shipment SELECT * FROM json_populate_recordset(NULL::orders_shipment, $4::json)
    ON CONFLICT (tenant_id, order_id, id) DO UPDATE SET status = excluded.status, carrier = excluded.carrier,
        tracking_reference = excluded.tracking_reference, tracking_url = excluded.tracking_url,
        shipped_at = excluded.shipped_at, delivered_at = excluded.delivered_at, label_url = excluded.label_url,
        cost = excluded.cost, cost_currency = excluded.cost_currency, problem = excluded.problem,
        label = excluded.label),
packed AS (
    INSERT INTO orders_shipment_line SELECT * FROM json_populate_recordset(NULL::orders_shipment_line, $5::json)
    ON CONFLICT DO NOTHING),
paid AS (
    INSERT INTO orders_payment SELECT * FROM json_populate_recordset(NULL::orders_payment, $10::json)
    ON CONFLICT (tenant_id, order_id, payment_no) DO UPDATE SET state = excluded.state, amount = excluded.amount,
        at = excluded.at, method = excluded.method),
{TELL.format(news="$6")}
{AUDIT_FROM_JSON.format(rows="$7")}
"""


class PostgresOrderStore:
    """See `ddd.orders.application.ports.OrderStore`."""

    def __init__(self, heard: frozenset[str]) -> None:
        #: Types of events that somebody subscribes to: the others are done as they are written.
        self._heard = heard
        self._rules: dict[str, tuple[int, TenantRules]] = {}

    NUMBER_TAKEN = "orders_order_number_key"
    EXTERNAL_REF_TAKEN = "orders_order_external_ref"

    def catalogue(self, tenant_id: str, skus: Sequence[str]) -> Read[Catalogue | None]:
        return Read(
            _CATALOGUE,
            (tenant_id, text_array(skus)),
            lambda rows: (
                Catalogue(rows[0][0], {sku: name for _, sku, name in rows if sku is not None}) if rows else None
            ),
        )

    def remembered_rules(self, tenant_id: str, version: int) -> TenantRules | None:
        known = self._rules.get(tenant_id)
        return known[1] if known is not None and known[0] == version else None

    def rules(self, tenant_id: str) -> Read[TenantRules]:
        def build(rows: list[tuple[Any, ...]]) -> TenantRules:
            version, tracked, accepts, trusts, workflow, branches, document = rows[0]
            known = [BranchSnapshot(*branch) for branch in loads(branches) or ()]
            rules = TenantRules(tracked, accepts, trusts, workflow, known, loads(document) or {})
            if len(self._rules) >= _MOST_REMEMBERED:
                self._rules.clear()
            self._rules[tenant_id] = (version, rules)
            return rules

        return Read(_RULES, (tenant_id,), build)

    def workflow(self, tenant_id: str, version: int) -> Read[Mapping[str, Any]]:
        return Read(_WORKFLOW, (tenant_id, str(version)), lambda rows: loads(rows[0][0]) if rows else {})

    def same_reference(self, tenant_id: str, channel: str, external_ref: str) -> Read[SameReference | None]:
        return Read(
            _SAME_REFERENCE, (tenant_id, channel, external_ref), lambda rows: (rows[0][0], rows[0][1]) if rows else None
        )

    def lock(self, tenant_id: str, order_id: UUID) -> Read[Order | None]:
        return Read(
            _LOCK,
            (tenant_id, str(order_id)),
            lambda rows: order_of(OrderRow(*rows[0]), OrderParts()) if rows else None,
            locks=True,
        )

    def lines(self, tenant_id: str, order_id: UUID) -> Read[list[OrderLine]]:
        return Read(LINES_OF, (tenant_id, str(order_id)), lambda rows: [line_of(row) for row in rows])

    def payments(self, tenant_id: str, order_id: UUID) -> Read[list[Payment]]:
        return Read(PAYMENTS_OF, (tenant_id, str(order_id)), lambda rows: [payment_of(row) for row in rows])

    def shipments(self, tenant_id: str, order_id: UUID) -> Read[list[Shipment]]:
        return Read(SHIPMENTS_OF, (tenant_id, str(order_id)), lambda rows: [_shipment_of(row) for row in rows])

    def carriers(self, tenant_id: str) -> Read[Sequence[Mapping[str, Any]]]:
        return Read(_CARRIERS, (tenant_id,), lambda rows: loads(rows[0][0]) if rows else ())

    def events(self, tenant_id: str, order_id: UUID) -> Read[list[OrderEvent]]:
        return Read(EVENTS_OF, (tenant_id, str(order_id)), lambda rows: [event_of(row) for row in rows])

    def insert(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
        tenant_id = caller.tenant_id
        return Write(
            _INSERT,
            (
                dumps([order_row(tenant_id, order)]),
                dumps([person_row(tenant_id, order)]),
                dumps([line_row(tenant_id, order.id, line) for line in order.lines]),
                dumps([_payment_row(tenant_id, order.id, each) for each in order.payments]),
                dumps(event_rows(caller, order, self._heard)),
                dumps([audit_row(caller, order.updated_at, audit)]),
            ),
            rows=(0, 1, 2, 3, 4, 5),
        )

    def save(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
        tenant_id = caller.tenant_id
        return Write(
            _SAVE,
            (
                dumps(order_row(tenant_id, order)),
                dumps(order.notes),
                dumps([line_row(tenant_id, order.id, line) for line in order.lines]),
                dumps([_shipment_row(tenant_id, order.id, each) for each in order.shipments]),
                dumps(
                    [
                        {
                            "tenant_id": tenant_id,
                            "order_id": order.id,
                            "shipment_id": shipment.id,
                            "line_no": line.line_no,
                            "quantity": line.quantity,
                        }
                        for shipment in order.shipments
                        for line in shipment.lines
                    ]
                ),
                dumps(event_rows(caller, order, self._heard)),
                dumps([audit_row(caller, order.updated_at, audit)]),
                tenant_id,
                str(order.id),
                dumps([_payment_row(tenant_id, order.id, each) for each in order.payments]),
            ),
        )


def order_row(tenant_id: str, order: Order) -> dict[str, Any]:
    cancellation = order.cancellation
    return {
        "tenant_id": tenant_id,
        "id": order.id,
        "order_number": order.order_number,
        "channel": order.channel,
        "external_ref": order.external_ref,
        "status": order.status,
        "payment_status": order.payment_status,
        "version": order.version,
        "sequence": order.sequence,
        "currency": order.currency,
        "subtotal": order.subtotal,
        "discount_total": order.discount_total,
        "shipping_total": order.shipping_total,
        "tax_total": order.tax_total,
        "total": order.total,
        "amount_due": order.amount_due,
        "taxes_included": order.taxes_included,
        "customer_id": order.customer.id,
        "branch_code": order.branch_code,
        "metadata": order.metadata,
        "terms": order.terms,
        "workflow_version": order.workflow_version,
        "placed_at": order.placed_at,
        "updated_at": order.updated_at,
        "confirmed_at": order.confirmed_at,
        "completed_at": order.completed_at,
        "submitted_at": order.submitted_at,
        "sent_back_at": order.sent_back_at,
        "holds": order.holds,
        "returns": order.returns,
        "refunds": order.refunds,
        "steps": order.steps,
        "activity_status": order.activity_status,
        "cancel_reason": cancellation and cancellation.reason,
        "cancelled_at": cancellation and cancellation.at,
        "cancelled_by": cancellation and cancellation.by,
        "expires_at": expires_at(order),
    }


def person_row(tenant_id: str, order: Order) -> dict[str, Any]:
    customer = order.customer
    return {
        "tenant_id": tenant_id,
        "order_id": order.id,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone": customer.phone,
        "shipping_address": order.shipping_address,
        "billing_address": order.billing_address,
        "note": order.note,
        "notes": order.notes,
        "email_folded": customer.email and customer.email.casefold(),
        "last_name_folded": customer.last_name and customer.last_name.casefold(),
    }


def line_row(tenant_id: str, order_id: UUID, line: OrderLine) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "order_id": order_id,
        "line_no": line.line_no,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "discount": line.discount,
        "tax": line.tax,
        "line_total": line.line_total,
        "vendor_id": line.vendor_id,
        "category": line.category,
        "options": line.options,
        "is_free_gift": line.is_free_gift,
        "is_taxable": line.is_taxable,
        "package": line.package,
        "branch_code": line.branch_code,
        "reserved_quantity": line.reserved_quantity,
        "cancelled_quantity": line.cancelled_quantity,
        "shipped_quantity": line.shipped_quantity,
        "delivered_quantity": line.delivered_quantity,
        "returned_quantity": line.returned_quantity,
    }


def _payment_row(tenant_id: str, order_id: UUID, payment: Payment) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "order_id": order_id,
        "payment_no": payment.payment_no,
        "state": payment.state,
        "amount": payment.amount,
        "at": payment.at,
        "method": payment.method,
        "provider": payment.provider,
        "reference": payment.reference,
    }


def _shipment_row(tenant_id: str, order_id: UUID, shipment: Shipment) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "order_id": order_id,
        "id": shipment.id,
        "status": shipment.status,
        "mode": shipment.mode,
        "carrier": shipment.carrier,
        "tracking_reference": shipment.tracking_reference,
        "tracking_url": shipment.tracking_url,
        "branch_code": shipment.branch_code,
        "shipped_at": shipment.shipped_at,
        "delivered_at": shipment.delivered_at,
        "package": shipment.package,
        "pickup_window": shipment.pickup_window,
        "label_url": shipment.label_url,
        "cost": shipment.cost,
        "cost_currency": shipment.cost_currency,
        "problem": shipment.problem,
        "label": shipment.label,
    }


def _shipment_of(row: tuple[Any, ...]) -> Shipment:
    """The shipment of a row of SHIPMENTS_OF."""
    shipment = shipment_of(row[1:])
    shipment.accounts = loads(row[0]) or ()
    return shipment


def event_rows(caller: Caller, order: Order, heard: frozenset[str]) -> list[dict[str, Any]]:
    """The order's news, for timeline and outbox: those of a type that nobody hears are done."""
    return [
        {
            "tenant_id": caller.tenant_id,
            "order_id": order.id,
            "sequence": event.sequence,
            "type": event.type,
            "at": event.at,
            "subject": event.actor.subject,
            "roles": " ".join(event.actor.roles),
            "data": event.data,
            "request_id": caller.request_id,
            "done_at": None if event.type in heard else event.at,
        }
        for event in order.news
    ]
