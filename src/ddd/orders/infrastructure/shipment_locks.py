"""One job at a time for a shipment: PostgreSQL's advisory locks, which end with their connection.

Not the queue's own lock: there a job that waits for its next try, for hours perhaps, holds up the one that is to take
the label back now.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from ddd.shared.infrastructure.statements import Plain, connection, exchange

_TAKE = "SELECT pg_try_advisory_lock(hashtextextended('orders_shipment ' || $1 || ' ' || $2, 0))"
_GIVE = "SELECT pg_advisory_unlock(hashtextextended('orders_shipment ' || $1 || ' ' || $2, 0))"


class PostgresShipmentLocks:
    """See `ddd.orders.application.labels.ShipmentLocks`."""

    def __init__(self, alias: str = "default") -> None:
        self._alias = alias

    @contextmanager
    def hold(self, tenant_id: str, shipment_id: UUID) -> Iterator[bool]:
        raw, name = connection(self._alias), (tenant_id, str(shipment_id))
        (((is_ours,),),) = exchange(raw, (Plain(_TAKE, name),))
        try:
            yield is_ours
        finally:
            if is_ours and not raw.closed:
                exchange(raw, (Plain(_GIVE, name),))
