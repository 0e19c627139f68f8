"""A tenant's orders and stock as the tables have them, beside what the model says they have."""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.ledger import Query
from tests.model.goods import Fate, Line
from tests.model.shop import Shop

#: Everything that a tenant's orders and stock are, as the tables have it.
_TABLES: Final = """
SELECT json_build_object(
    'orders', (SELECT json_object_agg(o.id, json_build_array(
            o.status, o.payment_status, o.version, o.amount_due, o.sequence,
            (SELECT count(*) FROM orders_event e WHERE e.order_id = o.id),
            (SELECT json_agg(json_build_array(branch_code, reserved_quantity, cancelled_quantity, shipped_quantity,
                                              delivered_quantity, returned_quantity) ORDER BY line_no)
             FROM orders_line l WHERE l.order_id = o.id))) FROM orders_order o),
    'levels', (SELECT json_object_agg(branch_code || '/' || sku, json_build_array(on_hand, reserved,
            (SELECT sum(delta) FROM stock_movement m WHERE (m.branch_code, m.sku) = (l.branch_code, l.sku)),
            (SELECT coalesce(sum(quantity), 0) FROM stock_reservation r
             WHERE (r.branch_code, r.sku) = (l.branch_code, l.sku)))) FROM stock_level l))::text
"""


Figures = dict[str, dict[str, Any]]


def in_tables(query: Query) -> Figures:
    ((text,),) = query(_TABLES)
    return {name: found or {} for name, found in json.loads(text).items()}


def in_model(shop: Shop) -> Figures:
    """Events are counted twice: by the order's own sequence, and in the timeline. So is stock: levels and ledger."""
    return {
        "orders": {
            order.id: [
                order.status,
                order.payment_status,
                order.version,
                order.due,
                len(order.timeline),
                len(order.timeline),
                [_line(line) for line in order.lines] or None,
            ]
            for order in shop.orders
        },
        "levels": {
            f"{branch}/{sku}": [on_hand, reserved, on_hand, reserved]
            for (branch, sku), (on_hand, reserved) in shop.levels.items()
        },
    }


def _line(line: Line) -> list[Any]:
    arrived, gone = len(line.of(Fate.ARRIVED)), len(line.of(Fate.GONE))
    return [line.branch, line.reserved, len(line.of(Fate.CANCELLED)), gone + arrived, arrived, line.back]


def agree(server: Mapping[str, Any], model: Mapping[str, Any], where: str) -> None:
    """Raises with what is not the same."""
    differing = {
        name: {"server": server.get(name, "nothing"), "model": model.get(name, "nothing")}
        for name in {**server, **model}
        if server.get(name, server) != model.get(name, model)
    }
    assert not differing, f"{where}: {json.dumps(differing, default=str)}"
