"""Does a tenant's book-keeping add up? Asked of the database itself, through a session that sees this tenant only."""

from collections.abc import Callable
from typing import Any

#: Runs a query without parameters as one tenant.
Query = Callable[[str], list[tuple[Any, ...]]]

#: Each snapshot beside its source; a row is a difference.
_DRIFT = {
    "orders_branch": """
        SELECT coalesce(s.code, b.code), s.version, b.version FROM orders_branch s FULL JOIN branches_branch b
        ON b.code = s.code WHERE (s.version, s.priority, s.archived)
            IS DISTINCT FROM (b.version, b.priority, b.archived)
    """,
    "stock_branch": """
        SELECT coalesce(s.code, b.code), s.version, b.version FROM stock_branch s FULL JOIN branches_branch b
        ON b.code = s.code WHERE (s.version, s.name, s.priority, s.archived)
            IS DISTINCT FROM (b.version, b.name, b.priority, b.archived)
    """,
    "orders_item": """
        SELECT coalesce(s.sku, i.sku), s.version, i.version FROM orders_item s FULL JOIN stock_item i
        ON i.sku = s.sku WHERE (s.version, s.name, s.archived) IS DISTINCT FROM (i.version, i.name, i.archived)
    """,
    "orders_tenant": """
        SELECT s.tenant_id, s.version, t.version FROM orders_tenant s FULL JOIN tenants_tenant t
        ON t.tenant_id = s.tenant_id WHERE (s.stock_tracked, s.unknown_sku, s.workflow_version)
            IS DISTINCT FROM (t.stock_tracked, t.unknown_sku, t.workflow_version)
    """,
}


def drift(query: Query) -> list[str]:
    """Where a snapshot differs from its source."""
    return [f"{table}: {row}" for table, sql in _DRIFT.items() for row in query(sql)]


def open_events(query: Query) -> int:
    """Published events that are not done."""
    return int(query("SELECT count(*) FROM outbox WHERE done_at IS NULL")[0][0])


def faults(query: Query) -> list[str]:
    """What does not add up in this tenant: stock against reservations against lines, outbox against timeline.

    For each level: reserved = Σ reservations = Σ open lines, on hand = the ledger's last word and never below reserved.
    For each order: timeline and outbox both run 1, 2, 3 … to the order's own sequence; no order without its person,
    lines (but for a draft) and key.
    """
    levels = query(
        """
        SELECT l.branch_code, l.sku, l.on_hand, l.reserved, coalesce(r.held, 0)::bigint, coalesce(o.open, 0)::bigint,
               coalesce(m.moved, 0)::bigint
        FROM stock_level l
        LEFT JOIN (SELECT branch_code, sku, sum(quantity) AS held FROM stock_reservation GROUP BY 1, 2) r
            USING (branch_code, sku)
        LEFT JOIN (SELECT branch_code, sku, sum(reserved_quantity) AS open FROM orders_line GROUP BY 1, 2) o
            USING (branch_code, sku)
        LEFT JOIN (SELECT branch_code, sku, sum(delta) AS moved FROM stock_movement GROUP BY 1, 2) m
            USING (branch_code, sku)
        """,
    )
    faults = [
        f"{branch}/{sku}: on hand {on_hand} of {moved} moved, reserved {reserved}, held {held}, open lines {open_}"
        for branch, sku, on_hand, reserved, held, open_, moved in levels
        if not (reserved == held == open_ and on_hand == moved and reserved <= on_hand)
    ]
    per_line = query(
        """
        SELECT order_id, line_no, l.reserved_quantity, r.quantity FROM orders_line l
        FULL JOIN stock_reservation r USING (order_id, line_no)
        WHERE coalesce(l.reserved_quantity, 0) <> coalesce(r.quantity, 0)
        """,
    )
    faults += [f"line {order}/{line}: reserved {reserved}, held {held}" for order, line, reserved, held in per_line]
    histories = query(
        """
        SELECT o.id, o.sequence,
               ARRAY(SELECT e.sequence FROM orders_event e WHERE e.order_id = o.id ORDER BY 1) AS told,
               ARRAY(SELECT b.sequence FROM outbox b WHERE b.aggregate_id = o.id ORDER BY 1) AS sent,
               EXISTS (SELECT 1 FROM orders_person p WHERE p.order_id = o.id),
               o.submitted_at IS NULL OR EXISTS (SELECT 1 FROM orders_line l WHERE l.order_id = o.id),
               EXISTS (SELECT 1 FROM idempotency i WHERE i.aggregate_id = o.id),
               EXISTS (SELECT 1 FROM audit_log a WHERE a.aggregate_id = o.id)
        FROM orders_order o
        """,
    )
    for order, sequence, told, sent, *parts in histories:
        if not (told == sent == list(range(1, sequence + 1)) and all(parts)):
            faults.append(f"order {order}: at {sequence}, timeline {told}, outbox {sent}, parts {parts}")
    orphans = query(
        "SELECT aggregate_id FROM outbox o WHERE aggregate = 'order'"
        " AND NOT EXISTS (SELECT 1 FROM orders_order WHERE id = o.aggregate_id)",
    )
    return faults + [f"outbox row of no order: {order}" for (order,) in orphans]
