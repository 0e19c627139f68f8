"""The outbox and audit rows of a change."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ddd.shared.application.events import AuditEntry, OutboxEvent
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.statements import dumps

#: The last part of a data-modifying statement: the audit rows from one JSON parameter.
AUDIT_FROM_JSON = "INSERT INTO audit_log SELECT * FROM json_populate_recordset(NULL::audit_log, {rows}::json)"
_JOURNAL = f"""
WITH sent AS (
    INSERT INTO outbox (tenant_id, aggregate, aggregate_id, sequence, type, payload, request_id, occurred_at)
    SELECT $1, e.aggregate, e.aggregate_id, e.sequence, e.type, e.payload, $3, $4::timestamptz
    FROM json_populate_recordset(NULL::outbox, $2::json) e
)
{AUDIT_FROM_JSON.format(rows="$5")}
"""


def audit_row(caller: Caller, at: datetime, audit: AuditEntry) -> dict[str, Any]:
    """The audit row of a change, by column."""
    return {
        "tenant_id": caller.tenant_id,
        "id": new_id(),
        "at": at,
        "operation": audit.operation,
        "aggregate": audit.aggregate,
        "aggregate_id": audit.aggregate_id,
        "subject": caller.subject,
        "issuer": caller.issuer,
        "roles": " ".join(sorted(caller.roles)),
        "address": caller.address,
        "request_id": caller.request_id,
        "before": audit.before,
        "after": audit.after,
    }


def write_journal(caller: Caller, at: datetime, events: Sequence[OutboxEvent], audit: AuditEntry) -> Write:
    """One statement for the outbox rows of `events` and the audit row."""
    rows = [
        {
            "aggregate": event.aggregate,
            "aggregate_id": event.aggregate_id,
            "sequence": event.sequence,
            "type": event.type,
            "payload": event.payload,
        }
        for event in events
    ]
    return Write(
        _JOURNAL,
        (caller.tenant_id, dumps(rows), caller.request_id, at.isoformat(), dumps([audit_row(caller, at, audit)])),
    )
