"""A held order neither ships nor completes, until released or until its time."""

import copy
from datetime import timedelta

import pytest

from ddd.orders.domain import shipping
from tests.unit.orders.living import (
    BY,
    arrive,
    cancel,
    confirm,
    dispatch,
    faults,
    hold,
    pack,
    pack_or_not,
    pay,
    release,
    ship,
)
from tests.unit.orders.support import ACTOR, NOW, plain_order


def test_nothing_is_packed_shipped_or_completed_while_held() -> None:
    order = plain_order(3)
    pay(order)
    waiting, ready = pack(order, {1: 1}), pack(order, {1: 1})
    confirm(order, ready)
    assert hold(order) is None
    before = copy.deepcopy(order)
    for refused in (pack_or_not(order), ship(order), confirm(order, waiting), dispatch(order, ready)):
        assert faults(refused) == [("ON_HOLD", None)]
    assert order == before
    assert release(order) is None
    for done in (confirm(order, waiting), dispatch(order, ready), dispatch(order, waiting), ship(order), hold(order)):
        assert done is None
    assert faults(shipping.mark_as_completed(order, **BY)) == [("ON_HOLD", None)]


def test_what_is_on_its_way_arrives_and_what_waits_may_be_called_off_or_cancelled_while_held() -> None:
    order = plain_order(3)
    pay(order)
    ship(order, {1: 1})
    parcel = pack(order, {1: 1})
    hold(order)
    assert arrive(order, order.shipments[0]) is None
    assert shipping.cancel_shipment(order, parcel, **BY) is None
    assert cancel(order, {1: 2}) is None


def test_a_hold_ends_by_itself_at_its_time() -> None:
    order = plain_order(1)
    until = NOW + timedelta(hours=1)
    hold(order, until)
    assert order.is_held(until - timedelta(microseconds=1))
    assert not order.is_held(until)
    assert faults(release(order, until)) == [("INVALID_TRANSITION", None)]
    assert release(order, NOW) is None


def test_a_release_ends_every_hold_in_force() -> None:
    order = plain_order(1)
    hold(order)
    hold(order, NOW + timedelta(hours=1))
    assert release(order) is None
    assert [(each.hold_no, each.released_at, each.released_by) for each in order.holds] == [
        (1, NOW, ACTOR.subject),
        (2, NOW, ACTOR.subject),
    ]
    assert order.news[-1].data == {"holdNos": [1, 2], "version": 4}
    assert faults(release(order)) == [("INVALID_TRANSITION", None)]


@pytest.mark.parametrize("end", ["CANCELLED", "COMPLETED"])
def test_an_order_that_has_ended_is_not_held(end: str) -> None:
    order = plain_order(1)
    if end == "CANCELLED":
        cancel(order)
    else:
        pay(order)
        ship(order)
        shipping.mark_as_completed(order, **BY)
    assert order.status == end
    assert faults(hold(order)) == [("INVALID_TRANSITION", None)]


def test_the_reason_stands_with_the_person_and_not_in_the_timeline() -> None:
    order = plain_order(1)
    hold(order)
    assert order.notes == {"hold:1": "is it Ann's card?"}
    assert order.news[-1].data == {"holdNo": 1, "until": None, "version": 2}
    assert "Ann" not in repr(order.holds)
