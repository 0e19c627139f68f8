"""Reservations on PostgreSQL: each write is one data-modifying statement.

Each locks its levels in one order first (`held`), then changes them. In the UPDATE that follows, PostgreSQL takes the
newest version of a row that changed while `held` waited, so sums are exact; what `held` itself saw would be stale.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ddd.shared.application.events import AuditEntry
from ddd.shared.application.statements import Read, Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.journal import audit_row
from ddd.shared.infrastructure.statements import dumps, text_array
from ddd.stock.application import reservations
from ddd.stock.application.reservations import Availability

_AVAILABILITY = """
SELECT sku, branch_code, available FROM stock_level
WHERE tenant_id = $1 AND sku = ANY ($2::text[]) AND available > 0
"""

# `l = abs(l)` is always true. The planner takes a json function for 100 rows, and for so many it would rather read all
# of the tenant's levels once than look a few up by their key (900 levels: 220 µs in place of 100 for three lines).
# A comparison that it knows nothing about makes it expect one row.
# Columns: order_id, line_no, branch_code, sku, quantity, when. Lines of several orders may want the same level.
_RESERVE = """
WITH wanted AS (
    SELECT w.o, w.l, w.b, w.s, w.q, w.at
    FROM json_to_recordset($2::json) AS w(o uuid, l integer, b text, s text, q bigint, at timestamptz)
    WHERE w.l = abs(w.l)
), held AS MATERIALIZED (
    SELECT level.branch_code, level.sku, taken.q
    FROM (SELECT b, s, sum(q)::bigint AS q FROM wanted GROUP BY b, s) AS taken
    JOIN stock_level level ON (level.tenant_id, level.branch_code, level.sku) = ($1, taken.b, taken.s)
    ORDER BY level.branch_code, level.sku FOR NO KEY UPDATE OF level
), reserved AS (
    UPDATE stock_level level SET reserved = level.reserved + held.q, version = level.version + 1
    FROM held WHERE (level.tenant_id, level.branch_code, level.sku) = ($1, held.branch_code, held.sku)
)
INSERT INTO stock_reservation (tenant_id, order_id, line_no, branch_code, sku, quantity, reserved_at, changed_at)
SELECT $1, wanted.o, wanted.l, wanted.b, wanted.s, wanted.q, wanted.at, wanted.at FROM wanted
"""

#: A draft that was an order before finds the rows of its lines, from which everything was released. A line that still
#: holds something is written as less than nothing, which the CHECK on quantities refuses.
_RESERVE_AGAIN = f"""{_RESERVE.rstrip()}
ON CONFLICT (tenant_id, order_id, line_no) DO UPDATE SET branch_code = excluded.branch_code, sku = excluded.sku,
    quantity = CASE WHEN stock_reservation.quantity = 0 THEN excluded.quantity ELSE -1 END,
    reserved_at = excluded.reserved_at, changed_at = excluded.changed_at
"""

# A line that holds nothing is written as less than nothing, which the CHECK on quantities refuses like a line that
# holds too little.
_RELEASE = """
WITH given AS (
    SELECT g.l, g.q FROM json_to_recordset($3::json) AS g(l integer, q bigint)
    WHERE g.l = abs(g.l)
), line AS MATERIALIZED (
    SELECT given.l, given.q, r.branch_code, r.sku
    FROM given LEFT JOIN stock_reservation r ON (r.tenant_id, r.order_id, r.line_no) = ($1, $2::uuid, given.l)
), held AS MATERIALIZED (
    SELECT level.branch_code, level.sku, line.q
    FROM line JOIN stock_level level
        ON (level.tenant_id, level.branch_code, level.sku) = ($1, line.branch_code, line.sku)
    ORDER BY level.branch_code, level.sku FOR NO KEY UPDATE OF level
), released AS (
    UPDATE stock_level level
    SET reserved = level.reserved - held.q, version = level.version + 1,
        overdraft = greatest(0, level.reserved - held.q - level.on_hand)
    FROM held WHERE (level.tenant_id, level.branch_code, level.sku) = ($1, held.branch_code, held.sku)
    RETURNING 1
), taken AS (
    UPDATE stock_reservation r SET quantity = r.quantity - line.q, changed_at = $4::timestamptz
    FROM line WHERE (r.tenant_id, r.order_id, r.line_no) = ($1, $2::uuid, line.l)
)
INSERT INTO stock_reservation (tenant_id, order_id, line_no, branch_code, sku, quantity, reserved_at, changed_at)
SELECT $1, $2::uuid, line.l, '', '', -1, $4::timestamptz, $4::timestamptz FROM line WHERE line.sku IS NULL
"""

_ISSUING = """
WITH given AS (
    SELECT g.l, g.q, g.id FROM json_to_recordset($3::json) AS g(l integer, q bigint, id uuid)
    WHERE g.l = abs(g.l)
), line AS MATERIALIZED (
    SELECT given.l, given.q, given.id, r.branch_code, r.sku
    FROM given LEFT JOIN stock_reservation r ON (r.tenant_id, r.order_id, r.line_no) = ($1, $2::uuid, given.l)
), held AS MATERIALIZED (
    SELECT level.branch_code, level.sku, line.q, line.id
    FROM line JOIN stock_level level
        ON (level.tenant_id, level.branch_code, level.sku) = ($1, line.branch_code, line.sku)
    ORDER BY level.branch_code, level.sku FOR NO KEY UPDATE OF level
), issued AS (
    UPDATE stock_level level
    SET on_hand = level.on_hand - held.q, reserved = level.reserved - held.q, version = level.version + 1
    FROM held WHERE (level.tenant_id, level.branch_code, level.sku) = ($1, held.branch_code, held.sku)
    RETURNING held.id, held.q, level.branch_code, level.sku, level.on_hand, level.version{level_id}
), moved AS (
    INSERT INTO stock_movement (tenant_id, id, at, branch_code, sku, level_version, kind, delta, on_hand_before,
                                on_hand_after, reason, reference, order_id, actor)
    SELECT $1, id, $4::timestamptz, branch_code, sku, version, 'ISSUE', -q, on_hand + q,
           on_hand, NULL, $6, $2::uuid, $5 FROM issued
), {audited}taken AS (
    UPDATE stock_reservation r SET quantity = r.quantity - line.q, changed_at = $4::timestamptz
    FROM line WHERE (r.tenant_id, r.order_id, r.line_no) = ($1, $2::uuid, line.l)
)
INSERT INTO stock_reservation (tenant_id, order_id, line_no, branch_code, sku, quantity, reserved_at, changed_at)
SELECT $1, $2::uuid, line.l, '', '', -1, $4::timestamptz, $4::timestamptz FROM line WHERE line.sku IS NULL
"""
_ISSUE = _ISSUING.format(level_id="", audited="")
#: An audit row has its movement's id.
_ISSUE_AUDITED = _ISSUING.format(
    level_id=", level.id AS level_id",
    audited="""audited AS (
    INSERT INTO audit_log
    SELECT a.* FROM issued CROSS JOIN LATERAL jsonb_populate_record(NULL::audit_log, $7::jsonb || jsonb_build_object(
        'id', issued.id, 'aggregate_id', level_id,
        'before', jsonb_build_object('on_hand', on_hand + q, 'version', version - 1),
        'after', jsonb_build_object('on_hand', on_hand, 'version', version, 'movement', issued.id))) a
), """,
)

_LOCK_HELD = """
SELECT r.line_no, level.on_hand
FROM stock_reservation r JOIN stock_level level
    ON (level.tenant_id, level.branch_code, level.sku) = (r.tenant_id, r.branch_code, r.sku)
WHERE r.tenant_id = $1 AND r.order_id = $2::uuid AND r.quantity > 0
ORDER BY level.branch_code, level.sku FOR NO KEY UPDATE OF level
"""

_TAKE_BACK = """
WITH given AS (
    SELECT g.b, g.s, g.q, g.id FROM json_to_recordset($3::json) AS g(b text, s text, q bigint, id uuid)
    WHERE g.q = abs(g.q)
), held AS MATERIALIZED (
    SELECT level.branch_code, level.sku, given.q, given.id
    FROM given JOIN stock_level level ON (level.tenant_id, level.branch_code, level.sku) = ($1, given.b, given.s)
    ORDER BY level.branch_code, level.sku FOR NO KEY UPDATE OF level
), returned AS (
    UPDATE stock_level level
    SET on_hand = level.on_hand + held.q, version = level.version + 1,
        overdraft = greatest(0, level.reserved - level.on_hand - held.q)
    FROM held WHERE (level.tenant_id, level.branch_code, level.sku) = ($1, held.branch_code, held.sku)
    RETURNING held.id, held.q, level.branch_code, level.sku, level.on_hand, level.version
)
INSERT INTO stock_movement (tenant_id, id, at, branch_code, sku, level_version, kind, delta, on_hand_before,
                            on_hand_after, reason, reference, order_id, actor)
SELECT $1, id, $4::timestamptz, branch_code, sku, version, 'RETURN', q, on_hand - q,
       on_hand, NULL, $6, $2::uuid, $5 FROM returned
"""


class StockReservations:
    """See `ddd.stock.application.reservations.Reservations`."""

    SHORT: str = reservations.SHORT
    NO_LEVEL: str = reservations.NO_LEVEL
    NOT_HELD: str = reservations.NOT_HELD

    def availability(self, tenant_id: str, skus: Sequence[str]) -> Read[Availability]:
        return Read(_AVAILABILITY, (tenant_id, text_array(skus)), _by_sku)

    def reserve(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, str, str, int]], at: datetime
    ) -> Write:
        return _reserve(_RESERVE, tenant_id, order_id, lines, at)

    def reserve_again(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, str, str, int]], at: datetime
    ) -> Write:
        return _reserve(_RESERVE_AGAIN, tenant_id, order_id, lines, at)

    def release(self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, int]], at: datetime) -> Write:
        _once_each(lines)
        given = [{"l": line_no, "q": quantity} for line_no, quantity in lines]
        return Write(_RELEASE, (tenant_id, str(order_id), dumps(given), at.isoformat()))

    def take_back(
        self,
        tenant_id: str,
        order_id: UUID,
        lines: Sequence[tuple[int, str, str, int]],
        at: datetime,
        actor: str,
        reference: str,
    ) -> Write:
        if len({(branch, sku) for _, branch, sku, _ in lines}) < len(lines):
            raise ValueError("an order has one line for a SKU")
        given = [{"b": branch, "s": sku, "q": quantity, "id": new_id()} for _, branch, sku, quantity in lines]
        return Write(_TAKE_BACK, (tenant_id, str(order_id), dumps(given), at.isoformat(), actor, reference))

    def issue(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, int]], at: datetime, actor: str, reference: str
    ) -> Write:
        return Write(_ISSUE, _issue_params(tenant_id, order_id, lines, at, actor, reference))

    def issue_audited(
        self,
        caller: Caller,
        operation: str,
        order_id: UUID,
        lines: Sequence[tuple[int, int]],
        at: datetime,
        reference: str,
    ) -> Write:
        params = _issue_params(caller.tenant_id, order_id, lines, at, caller.subject, reference)
        row = audit_row(caller, at, AuditEntry(operation, "stock_level", order_id))
        return Write(_ISSUE_AUDITED, (*params, dumps(row)))

    def lock_held(self, tenant_id: str, order_id: UUID) -> Read[Mapping[int, int]]:
        return Read(_LOCK_HELD, (tenant_id, str(order_id)), dict, locks=True)


def _reserve(
    sql: str, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, str, str, int]], at: datetime
) -> Write:
    if len({(branch, sku) for _, branch, sku, _ in lines}) < len(lines):
        raise ValueError("an order has one line for a SKU")
    wanted = [
        {"o": order_id, "l": line_no, "b": branch, "s": sku, "q": quantity, "at": at}
        for line_no, branch, sku, quantity in lines
    ]
    return Write(sql, (tenant_id, dumps(wanted)), rows=(1,))


def _issue_params(
    tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, int]], at: datetime, actor: str, reference: str
) -> tuple[str, ...]:
    _once_each(lines)
    given = [{"l": line_no, "q": quantity, "id": new_id()} for line_no, quantity in lines]
    return tenant_id, str(order_id), dumps(given), at.isoformat(), actor, reference


def _once_each(lines: Sequence[tuple[int, int]]) -> None:
    if len({line_no for line_no, _ in lines}) < len(lines):
        raise ValueError("a line is named once")


def _by_sku(rows: list[tuple[Any, ...]]) -> Availability:
    found: dict[str, dict[str, int]] = {}
    for sku, branch_code, available in rows:
        found.setdefault(sku, {})[branch_code] = available
    return found
