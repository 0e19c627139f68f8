"""Unpaid orders past their tenant's limit, cancelled by the server itself; any number of workers may do it at once."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from ddd.orders.application.cancel_order import freed
from ddd.orders.application.change_order import Change, change_order
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.orders.domain.expiry import expire
from ddd.orders.domain.parts import what_is_left
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.application.system import system_caller
from ddd.shared.domain.errors import Refusals, RequestRefused

logger = logging.getLogger(__name__)

_BATCH: Final = 500


class Due(NamedTuple):
    """An order whose time is over, in the order in which they are looked for."""

    expires_at: datetime
    tenant_id: str
    order_id: UUID


#: Before every order.
FIRST: Final = Due(datetime.min.replace(tzinfo=UTC), "", UUID(int=0))


class DueOrders(Protocol):
    def after(self, last: Due, now: datetime, limit: int) -> list[Due]:
        """The next orders of all active tenants that are due by now."""
        ...


def expire_order(tenant_id: str, order_id: UUID, orders: Orders) -> Outcome[OrderView]:
    """Cancel this order if it has expired: the same change as cancelOrder's, looked at again under the order's lock.

    Raises TenantSuspended.
    """

    def decide(change: Change) -> list[Write] | Refusals:
        quantities = what_is_left(change.order.lines)
        return expire(change.order, actor=change.actor, at=change.now) or freed(change, quantities, orders)

    return change_order(system_caller(tenant_id), {"orderId": str(order_id)}, "cancelOrder", orders, decide)


def expire_orders(orders: Orders, due: DueOrders, is_over: Callable[[], bool] = lambda: False) -> int:
    """Cancel every order that is due; how many were. `is_over`: whether to leave the rest to the next run.

    One that cannot be cancelled is logged and left: it stands in nobody's way.
    """
    cancelled = 0
    last = FIRST
    while found := due.after(last, orders.clock.now(), _BATCH):
        for each in found:
            if is_over():
                return cancelled
            try:
                # Paid, held or cancelled by somebody else in between: refused, and that is well.
                cancelled += expire_order(each.tenant_id, each.order_id, orders).value is not None
            except RequestRefused:
                continue  # suspended in between
            except Exception:
                logger.exception("order %s of %s could not be expired", each.order_id, each.tenant_id)
        last = found[-1]
    return cancelled
