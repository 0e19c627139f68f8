"""Finds the orders that are due, of all tenants, as `oms_system`."""

from datetime import datetime

from ddd.orders.application.expiry import Due
from ddd.shared.infrastructure.statements import Plain, connection, exchange

#: A suspended tenant's orders wait until it is resumed.
_DUE = """
SELECT o.expires_at, o.tenant_id, o.id FROM orders_order o
WHERE o.expires_at <= $1::timestamptz AND (o.expires_at, o.tenant_id, o.id) > ($2::timestamptz, $3, $4::uuid)
  AND EXISTS (SELECT 1 FROM access_tenant a WHERE a.tenant_id = o.tenant_id AND a.status = 'ACTIVE')
ORDER BY o.expires_at, o.tenant_id, o.id LIMIT $5::integer
"""


class PostgresDueOrders:
    """See `ddd.orders.application.expiry.DueOrders`."""

    def __init__(self, alias: str = "system") -> None:
        self._alias = alias

    def after(self, last: Due, now: datetime, limit: int) -> list[Due]:
        params = (now.isoformat(), last.expires_at.isoformat(), last.tenant_id, str(last.order_id), str(limit))
        (rows,) = exchange(connection(self._alias), (Plain(_DUE, params),))
        return [Due(*row) for row in rows]
