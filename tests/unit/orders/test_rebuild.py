"""What a timeline must have to be rebuilt from, and that an unknown or broken one is said loudly."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings

from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import OrderEvent
from ddd.orders.domain.rebuild import EVENT_TYPES, CannotRebuild, Person, rebuild
from ddd.published.workflow import AMOUNTS, FACTS
from ddd.shared.infrastructure.statements import dumps
from tests.unit.orders.living import (
    cancel,
    hold,
    pack,
    pay,
    ship,
)
from tests.unit.orders.scripted import LIVES
from tests.unit.orders.support import a_line, checkout, order_of, plain_order

DOMAIN = Path(settings.BASE_DIR) / "src" / "ddd" / "orders" / "domain"


def again(order: Order, events: list[OrderEvent] | None = None) -> Order:
    return rebuild(order.id, order.news if events is None else events, Person.of(order))


def lived() -> Order:
    order = plain_order(3)
    pay(order)
    pack(order, {1: 1}, "ring")
    hold(order)
    return order


def test_every_type_of_event_that_is_told_can_be_rebuilt() -> None:
    told = {
        type_
        for file in DOMAIN.glob("*.py")
        if file.name not in ("rebuild.py", "timeline.py")
        for type_ in re.findall(r'"(order\.[a-z_]+)"', file.read_text())
    }
    assert told - set(FACTS) - set(AMOUNTS) == EVENT_TYPES


def test_the_order_so_far_is_rebuilt_from_the_events_so_far() -> None:
    order = plain_order(3)
    for act in (pay, lambda order: ship(order, {1: 1}), lambda order: cancel(order, {1: 1}), hold):
        act(order)
        assert replace(again(order), news=order.news) == order


def test_every_type_of_event_does_what_was_done_to_the_order() -> None:
    met = set()
    for life in LIVES:
        for order in life():
            stored = [replace(event, data=orjson.loads(dumps(event.data))) for event in order.news]
            as_read = sorted(order.shipments, key=lambda shipment: shipment.id)
            assert again(order, stored) == replace(order, shipments=as_read, news=[]), order.news[-1]
            met |= {event.type for event in order.news}
    assert met == EVENT_TYPES


def test_people_and_free_data_come_from_the_rows_and_from_nowhere_else() -> None:
    free = {"metadata": {"gift": "for Ann"}, "note": "ring"}
    order = order_of(checkout(a_line("A", 1, options={"engraving": "Ann"}), **free))
    rebuilt = again(order)
    assert (rebuilt.metadata, rebuilt.note, rebuilt.lines[0].options) == (
        {"gift": "for Ann"}, "ring", {"engraving": "Ann"}
    )  # fmt: skip
    assert "Ann" not in repr(order.news)


def broken(events: list[OrderEvent], number: int, **data: Any) -> list[OrderEvent]:
    event = events[number - 1]
    kept = {name: value for name, value in {**event.data, **data}.items() if value is not ...}
    return [*events[: number - 1], replace(event, data=kept), *events[number:]]


def test_a_timeline_that_leads_to_no_order_says_at_which_event() -> None:
    order = lived()
    events = order.news
    types = [event.type for event in events]
    assert types == [
        "order.placed", "order.payment_recorded", "order.confirmed", "order.shipment_created", "order.held"
    ]  # fmt: skip
    for faulty, at in (
        ([], "event 1 (missing)"),
        (events[1:], "event 1 (order.payment_recorded)"),
        ([*events[:2], *events[3:]], "event 3 (order.shipment_created)"),
        ([*events, events[-1]], "event 6 (order.held)"),
        ([*events[:-1], replace(events[-1], type="order.danced")], "event 5 (order.danced)"),
        ([events[0], replace(events[0], sequence=2)], "event 2 (order.placed)"),
        (broken(events, 1, total=...), "event 1 (order.placed)"),
        (broken(events, 2, version=...), "event 2 (order.payment_recorded)"),
        (broken(events, 4, shipmentId="x"), "event 4 (order.shipment_created)"),
        (broken(events, 4, lines=[{"lineNo": 9, "quantity": 1}]), "event 4 (order.shipment_created)"),
        (broken(events, 5, until=7), "event 5 (order.held)"),
    ):
        with pytest.raises(CannotRebuild, match="^" + re.escape(at) + "$"):
            again(order, faulty)
