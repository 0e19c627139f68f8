"""What each type of event does to an order: one function for each, asked by `rebuild`.

No rule is asked: what happened was allowed when it happened. What follows by itself is left to follow.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderEvent
from ddd.orders.domain.timeline import drafts, life, returns, shipments

#: By type; the first event of an order is none of them.
CHANGES: Final[Mapping[str, Callable[[Order, OrderEvent], None]]] = {
    **life.CHANGES,
    **drafts.CHANGES,
    **shipments.CHANGES,
    **returns.CHANGES,
}
