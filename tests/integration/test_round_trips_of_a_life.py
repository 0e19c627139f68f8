"""What each step of an order's life asks the database: two round trips, and one statement more where stock moves."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from ddd.orders.application import holds, payments, returns, shipments
from ddd.orders.application.part_views import line_id
from ddd.orders.application.views import OrderView
from tests.shop import Shop, value
from tests.wire import counted

pytestmark = pytest.mark.usefixtures("fresh_connection")


@pytest.fixture
def shop(database: BaseDatabaseWrapper) -> Shop:
    return Shop()


def paid(shop: Shop) -> OrderView:
    return value(shop.place(shop.checkout(payment={"state": "CAPTURED"})))


def test_every_step_is_two_round_trips_and_stock_is_one_statement_more(shop: Shop) -> None:
    def step(handler: Callable[..., Any], order: OrderView, **given: Any) -> Any:
        return value(handler(shop.admin, {"orderId": str(order.id), **given}, shop.app.orders))

    def live(order: OrderView, measure: Callable[[str, Callable[[], Any]], Any]) -> None:
        """One life, step by step."""
        line = {"orderLineId": line_id(order.id, 1), "quantity": 1}
        measure("hold", lambda: step(holds.hold_order, order, reason="r"))
        measure("release", lambda: step(holds.release_hold, order))
        told = {"provider": "p", "reference": "r", "state": "CAPTURED", "amount": "1"}
        measure("pay", lambda: step(payments.record_order_payment, order, **told))
        made = measure("pack", lambda: step(shipments.create_shipment, order))
        shipment = {"shipmentId": str(made.part_id)}
        measure("confirm", lambda: step(shipments.confirm_shipment, order, **shipment))
        measure("dispatch", lambda: step(shipments.dispatch_shipment, order, **shipment))
        track = {**shipment, "trackingReference": "T"}
        measure("track", lambda: step(shipments.add_shipping_tracking_reference, order, **track))
        measure("deliver", lambda: step(shipments.deliver_shipment, order, **shipment))
        wanted = {"reason": "r", "lines": [line]}
        asked = measure("ask back", lambda: step(returns.request_return, order, **wanted))
        back = {"returnId": str(asked.part_id), "lines": [{"orderLineId": line["orderLineId"], "restock": 1}]}
        measure("receive", lambda: step(returns.receive_return, order, **back))
        measure("refund", lambda: step(returns.process_refund, order))
        measure("complete", lambda: step(shipments.mark_as_completed, order))

    counts: dict[str, tuple[int, int]] = {}

    def measured(name: str, act: Callable[[], Any]) -> Any:
        counts[name], answer = counted(act, warm=lambda: None)
        return answer

    live(paid(shop), lambda _, act: act())  # prepares every statement
    live(paid(shop), measured)
    with_stock = {"dispatch", "receive"}
    assert counts == {name: (2, 12 if name in with_stock else 11) for name in counts}
    assert len(counts) == 12
