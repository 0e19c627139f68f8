"""A shipment's label, decided without a database: when it is wanted, what an answer changes, when it is taken back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ddd.orders.domain import labelling, shipping
from ddd.orders.domain.label import LabelState
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Shipment, ShipmentStatus
from ddd.shared.domain.money import Money
from tests.unit.orders.living import BY, arrive, call_off, cancel, confirm, dispatch, faults, pack, pay
from tests.unit.orders.support import NOW, plain_order

ACCOUNT: dict[str, Any] = {"carrier": "easypost", "credentials": "main"}
BOUGHT = labelling.Bought(
    "shp_1", "9400", "https://t.example/9400", "https://l.example/1.pdf", Money(595, "USD"), "WTC1"
)


def labelled() -> tuple[Order, Shipment]:
    """An order with one confirmed shipment, for which a label is wanted."""
    order = plain_order(2)
    pay(order)
    shipment = pack(order)
    assert faults(shipping.confirm_shipment(order, shipment, account=ACCOUNT, **BY)) == []
    order.news.clear()
    return order, shipment


def bought(order: Order, result: labelling.Bought = BOUGHT) -> Shipment:
    shipment = order.shipments[0]
    assert shipment.label is not None
    labelling.record_bought(order, shipment, shipment.label, result, **BY)
    return order.shipments[0]


def failed(order: Order, reason: str, *, final: bool = False) -> Shipment:
    shipment = order.shipments[0]
    assert shipment.label is not None
    labelling.record_problem(order, shipment, shipment.label, reason, final=final, **BY)
    return order.shipments[0]


def told(order: Order) -> list[str]:
    return [event.type for event in order.news]


def test_confirming_asks_for_a_label_where_there_is_an_account() -> None:
    order = plain_order(2)
    pay(order)
    shipment = pack(order)
    order.news.clear()
    version = order.version
    shipping.confirm_shipment(order, shipment, account=ACCOUNT, **BY)
    assert told(order) == ["order.shipment_confirmed", "order.label_requested"]
    assert order.version == version + 1
    assert order.news[-1].data == {"shipmentId": str(shipment.id), "account": ACCOUNT, "version": order.version}
    assert (shipment.carrier, shipment.label and shipment.label.asked_at) == ("easypost", NOW)
    assert labelling.wants_label(shipment)


def test_confirming_without_an_account_asks_nobody() -> None:
    order = plain_order(2)
    pay(order)
    shipment = pack(order)
    confirm(order, shipment)
    assert (shipment.label, shipment.carrier) == (None, None)
    assert not labelling.wants_label(shipment)
    call_off(order, shipment)
    assert told(order)[-1] == "order.shipment_cancelled"


def test_a_bought_label_is_one_change_and_the_events_do_not_tell_its_address() -> None:
    order, before = labelled()
    version, status = order.version, before.status
    shipment = bought(order)
    assert (shipment.tracking_reference, shipment.tracking_url) == ("9400", "https://t.example/9400")
    assert (shipment.label_url, shipment.cost, shipment.cost_currency) == ("https://l.example/1.pdf", 595, "USD")
    assert (shipment.status, shipment.problem, order.version) == (status, None, version + 1)
    assert shipment.label is not None
    assert (shipment.label.state, shipment.label.carrier_reference) == (LabelState.BOUGHT, "shp_1")
    assert told(order) == ["order.label_bought"]
    assert "l.example" not in str(order.news)
    assert not labelling.wants_label(shipment)
    bought(order)
    assert (len(order.news), order.version) == (1, version + 1)


def test_a_label_with_something_missing_beside_it_is_asked_for_again() -> None:
    order, _ = labelled()
    half = replace(BOUGHT, pickup_reference=None, notice="no pickup is arranged", asks_again=True)
    shipment = bought(order, half)
    assert shipment.problem == "no pickup is arranged"
    assert labelling.wants_label(shipment)
    shipment = bought(order)
    assert (shipment.problem, shipment.label and shipment.label.pickup_reference) == (None, "WTC1")
    assert told(order) == ["order.label_bought"] * 2


def test_what_somebody_wrote_down_of_a_shipment_that_has_left_stands() -> None:
    order, _ = labelled()
    shipment = order.shipments[0]
    assert shipment.label is not None
    labelling.record_ordered(order, shipment, shipment.label, "77", None, **BY)
    shipment = order.shipments[0]
    shipping.dispatch_shipment(
        order, shipment, carrier=None, tracking_reference="OWN", tracking_url=None, shipped_at=NOW, **BY
    )
    assert labelling.wants_label(shipment)
    assert bought(order).tracking_reference == "OWN"


def test_the_same_problem_is_told_once_and_a_label_ends_it() -> None:
    order, _ = labelled()
    for reason in ("503", "503", "429", "429"):
        shipment = failed(order, reason)
    assert (shipment.problem, shipment.status) == ("429", ShipmentStatus.CONFIRMED)
    assert [event.data["reason"] for event in order.news] == ["503", "429"]
    assert labelling.wants_label(shipment)
    assert bought(order).problem is None


def test_after_a_final_no_nobody_is_asked_again() -> None:
    order, _ = labelled()
    shipment = failed(order, "Address not found", final=True)
    assert (shipment.problem, shipment.status) == ("Address not found", ShipmentStatus.CONFIRMED)
    assert not labelling.wants_label(shipment)


@pytest.mark.parametrize("whole", [True, False])
def test_a_cancelled_shipment_recalls_its_label(whole: bool) -> None:
    order, _ = labelled()
    failed(order, "503")
    order.news.clear()
    refused = cancel(order) if whole else call_off(order, order.shipments[0])
    assert faults(refused) == []
    first = "order.cancelled" if whole else "order.shipment_cancelled"
    assert told(order) == [first, "order.label_recalled"]
    (shipment,) = order.shipments
    assert shipment.label is not None
    assert (shipment.problem, shipment.label.recalled_at, shipment.label.is_to_be_voided) == (None, NOW, True)
    assert not labelling.wants_label(shipment)


def test_a_voided_label_costs_nothing_and_is_not_printed() -> None:
    order, _ = labelled()
    shipment = bought(order)
    call_off(order, shipment)
    assert shipment.label is not None
    version = order.version
    labelling.record_voided(order, shipment, shipment.label, **BY)
    (shipment,) = order.shipments
    assert (shipment.label_url, shipment.cost, shipment.cost_currency) == (None, None, None)
    assert shipment.label is not None
    assert (shipment.label.state, shipment.label.is_to_be_voided) == (LabelState.VOIDED, False)
    assert (told(order)[-1], order.version) == ("order.label_voided", version + 1)
    labelling.record_voided(order, shipment, shipment.label, **BY)
    assert order.version == version + 1


def test_a_label_that_cannot_be_taken_back_stays_bought_with_the_reason() -> None:
    order, _ = labelled()
    shipment = bought(order)
    call_off(order, shipment)
    shipment = failed(order, "EasyPost does not take the label back.", final=True)
    assert shipment.label is not None
    assert (shipment.label.state, shipment.problem) == (LabelState.BOUGHT, "EasyPost does not take the label back.")


def test_a_shipment_that_went_another_way_recalls_the_label_that_has_not_come() -> None:
    order, _ = labelled()
    shipment = order.shipments[0]
    shipping.dispatch_shipment(
        order, shipment, carrier="DHL", tracking_reference="OWN", tracking_url=None, shipped_at=NOW, **BY
    )
    assert told(order) == ["order.shipped", "order.label_recalled"]
    assert not labelling.wants_label(shipment)
    order, shipment = labelled()
    dispatch(order, shipment)
    assert told(order) == ["order.shipped"]
    assert labelling.wants_label(shipment)  # it left without a number: the carrier's is still wanted
    arrive(order, shipment, NOW + timedelta(hours=1))
    assert told(order) == ["order.shipped", "order.delivered", "order.label_recalled"]


def test_a_bought_label_of_a_shipment_that_leaves_is_kept() -> None:
    order, _ = labelled()
    shipment = bought(order)
    dispatch(order, shipment)
    arrive(order, shipment)
    assert "order.label_recalled" not in told(order)
    assert shipment.tracking_reference == "9400"
