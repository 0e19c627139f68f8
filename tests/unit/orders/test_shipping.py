"""Shipment by shipment: what is packed is spoken for, what leaves is shipped, what is called off is free again."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.orders.domain import shipping
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Shipment, ShipmentStatus
from ddd.orders.domain.status import OrderStatus
from tests.unit.orders.living import (
    BY,
    arrive,
    call_off,
    cancel,
    confirm,
    dispatch,
    faults,
    pack,
    pack_or_not,
    pay,
    ship,
)
from tests.unit.orders.support import NOW, plain_order

REFUSED = [("INVALID_TRANSITION", None)]


def paid_order(*quantities: int) -> Order:
    order = plain_order(*quantities)
    pay(order)
    return order


def track(order: Order, shipment: Shipment) -> Any:
    return shipping.add_tracking(order, shipment, tracking_reference="T2", tracking_url=None, **BY)


def test_packed_units_are_neither_packed_again_nor_shipped_nor_cancelled_by_the_order() -> None:
    order = paid_order(3, 1)
    pack(order, {1: 2})
    assert order.left(order.lines) == {1: 1, 2: 1}
    assert ship(order) is None
    assert [line.shipped_quantity for line in order.lines] == [1, 1]
    assert order.left(order.lines) == {}
    assert faults(pack_or_not(order)) == REFUSED
    assert faults(ship(order)) == REFUSED
    assert faults(cancel(order, {})) == REFUSED


def test_a_shipment_that_is_called_off_gives_its_units_back() -> None:
    order = paid_order(3)
    parcel = pack(order)
    assert call_off(order, parcel) is None
    assert (parcel.status, order.left(order.lines)) == (ShipmentStatus.CANCELLED, {1: 3})
    assert (order.lines[0].reserved_quantity, order.lines[0].shipped_quantity) == (3, 0)
    assert pack(order).lines == parcel.lines


def test_cancelling_the_order_whole_calls_what_is_packed_off_and_says_which() -> None:
    order = paid_order(2, 1)
    first, second = pack(order, {1: 1}), pack(order, {1: 1})
    confirm(order, second)
    gone = pack(order, {2: 1})
    call_off(order, gone)
    assert cancel(order) is None
    assert {each.status for each in order.shipments} == {ShipmentStatus.CANCELLED}
    assert order.news[-1].data["shipmentIds"] == [str(first.id), str(second.id)]
    assert [line.reserved_quantity for line in order.lines] == [0, 0]


def test_a_short_shipment_ends_by_cancelling_what_has_not_left() -> None:
    order = paid_order(3)
    ship(order, {1: 2})
    assert cancel(order, {1: 1}) is None
    assert (order.status, order.news[-1].type) == (OrderStatus.SHIPPED, "order.lines_cancelled")
    assert shipping.mark_as_completed(order, **BY) is None


STATES = ["PENDING", "CONFIRMED", "SHIPPED", "IN_TRANSIT", "DELIVERED", "CANCELLED"]
ACTS: dict[str, tuple[Any, set[str]]] = {
    "confirm": (confirm, {"PENDING"}),
    "dispatch": (dispatch, {"CONFIRMED"}),
    "deliver": (arrive, {"SHIPPED", "IN_TRANSIT"}),
    "cancel": (call_off, {"PENDING", "CONFIRMED"}),
    "track": (track, {"SHIPPED", "IN_TRANSIT", "DELIVERED"}),
}


def shipment_in(order: Order, state: str) -> Shipment:
    """A shipment of one unit that got so far."""
    parcel = pack(order, {1: 1})
    path: dict[str, list[Any]] = {
        "PENDING": [],
        "CONFIRMED": [confirm],
        "SHIPPED": [confirm, dispatch],
        "IN_TRANSIT": [confirm, dispatch],
        "DELIVERED": [confirm, dispatch, arrive],
        "CANCELLED": [call_off],
    }
    for step in path[state]:
        assert step(order, parcel) is None
    if state == "IN_TRANSIT":  # a carrier's scan
        parcel.status = ShipmentStatus.IN_TRANSIT
    return parcel


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_each_step_is_taken_from_its_statuses_and_no_other(state: str, act: str) -> None:
    order = paid_order(9)
    # One shipment in every status, so that the order as a whole allows each step.
    for other in STATES:
        shipment_in(order, other)
    parcel = shipment_in(order, state)
    before = copy.deepcopy(order)
    step, allowed = ACTS[act]
    outcome = step(order, parcel)
    if state in allowed:
        assert outcome is None
        assert order.version == before.version + 1
        assert order.sequence == before.sequence + 1
    else:
        assert faults(outcome) == REFUSED
        assert order == before


@pytest.mark.parametrize("given_status", ["PENDING", "SHIPPED", "CANCELLED", "COMPLETED"])
def test_only_what_is_confirmed_and_has_not_left_is_packed(given_status: str) -> None:
    order = plain_order(1)
    if given_status == "CANCELLED":
        cancel(order)
    elif given_status != "PENDING":
        pay(order)
        ship(order)
        if given_status == "COMPLETED":
            shipping.mark_as_completed(order, **BY)
    assert order.status == given_status
    assert faults(pack_or_not(order, {1: 1})) == REFUSED


def test_what_leaves_keeps_the_carrier_it_was_packed_for() -> None:
    order = paid_order(1)
    parcel = pack(order)
    parcel.carrier = "DHL"
    confirm(order, parcel)
    dispatch(order, parcel)
    assert (parcel.carrier, order.news[-1].data["carrier"], parcel.shipped_at) == ("DHL", "DHL", NOW)
    assert order.news[-1].data["status"] == {"before": "CONFIRMED", "after": "SHIPPED"}
    assert order.news[-1].data["shipmentStatus"] == {"before": "CONFIRMED", "after": "SHIPPED"}


def test_marking_as_delivered_is_one_change_of_the_order_and_an_event_for_each_shipment() -> None:
    order = paid_order(2, 1)
    ship(order, {1: 1})
    ship(order, {1: 1})
    version, sequence = order.version, order.sequence
    assert shipping.mark_as_delivered(order, order.shipments, delivered_at=NOW, **BY) is None
    assert (order.version, order.sequence) == (version + 1, sequence + 2)
    assert (order.status, order.lines[0].delivered_quantity) == (OrderStatus.PARTIALLY_SHIPPED, 2)
    assert faults(shipping.mark_as_delivered(order, order.shipments, delivered_at=NOW, **BY)) == REFUSED
    cancel(order, {2: 1})
    assert order.status is OrderStatus.DELIVERED


def test_an_order_is_completed_with_nothing_to_ship_nor_to_pay() -> None:
    order = plain_order(2)
    assert faults(shipping.mark_as_completed(order, **BY)) == REFUSED
    ship(order, {1: 1})
    assert faults(shipping.mark_as_completed(order, **BY)) == REFUSED
    ship(order)
    assert faults(shipping.mark_as_completed(order, **BY)) == [("PAYMENT_OUTSTANDING", None)]
    pay(order)
    assert shipping.mark_as_completed(order, **BY) is None
    assert order.status is OrderStatus.COMPLETED
    assert faults(shipping.mark_as_completed(order, **BY)) == REFUSED


def test_instructions_stand_with_the_person_and_not_in_the_timeline() -> None:
    order = paid_order(1)
    parcel = pack(order, instructions="ask for Ann")
    assert order.notes == {f"shipment:{parcel.id}": "ask for Ann"}
    assert "Ann" not in repr(order.news[-1].data)
    assert "Ann" not in repr(parcel)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pack", "ship", "cancel", "whole", *ACTS]),
        st.integers(0, 5),
        st.dictionaries(st.integers(1, 3), st.integers(1, 4), max_size=3),
    ),
    max_size=14,
)


@given(st.lists(st.integers(1, 5), min_size=3, max_size=3), st.booleans(), STEPS)
def test_whatever_happens_no_unit_is_lost_or_made(
    quantities: list[int], untracked: bool, steps: list[tuple[str, int, dict[int, int]]]
) -> None:
    order = paid_order(*quantities)
    if untracked:
        order.lines[0].branch_code, order.lines[0].reserved_quantity = None, 0
    for name, place, wanted in steps:
        left = order.left(order.lines)
        chosen = {number: min(units, left[number]) for number, units in wanted.items() if number in left}
        before = copy.deepcopy(order)
        if name in ACTS:
            if not order.shipments:
                continue
            outcome = ACTS[name][0](order, order.shipments[place % len(order.shipments)])
        elif name == "whole":
            outcome = cancel(order)
        else:
            outcome = {"pack": pack_or_not, "ship": ship, "cancel": cancel}[name](order, chosen)
        if outcome is not None:
            assert order == before
            continue
        assert order.version == before.version + 1
    for line in order.lines:
        in_shipments = [
            (shipment.status, each.quantity)
            for shipment in order.shipments
            for each in shipment.lines
            if each.line_no == line.line_no
        ]
        away = sum(units for status, units in in_shipments if status in ("SHIPPED", "IN_TRANSIT", "DELIVERED"))
        arrived = sum(units for status, units in in_shipments if status == "DELIVERED")
        packed = sum(units for status, units in in_shipments if status in ("PENDING", "CONFIRMED"))
        assert line.open_quantity + line.cancelled_quantity == line.quantity
        if line.branch_code is not None:
            assert line.reserved_quantity + line.shipped_quantity + line.cancelled_quantity == line.quantity
        else:
            assert line.reserved_quantity == 0
        assert (line.shipped_quantity, line.delivered_quantity) == (away, arrived)
        assert 0 <= packed <= line.unshipped_quantity
        assert line.unshipped_quantity - packed == order.left([line]).get(line.line_no, 0)
    statuses = [event.data["status"] for event in order.news if "status" in event.data]
    assert [each["after"] for each in statuses[:-1]] == [each["before"] for each in statuses[1:]]
    assert statuses[-1]["after"] == order.status.value
    assert [event.sequence for event in order.news] == list(range(1, order.sequence + 1))
