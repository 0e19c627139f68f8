"""ShipBob's own ways."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from ddd.orders.application.carriers import AccountFault, CarrierRefused, LabelBought, LabelOrdered
from ddd.shared.domain.money import Money
from tests.contract.carriers.cases import KEY, REQUEST, SHIPMENT, Counter
from tests.contract.carriers.shipbob_vendor import ShipBobVendor
from tests.contract.carriers.vendors import Told


@pytest.fixture
def shipbob(open_counter: Callable[[str], Counter]) -> Counter:
    return open_counter("shipbob")


def vendor_of(counter: Counter) -> ShipBobVendor:
    assert isinstance(counter.vendor, ShipBobVendor)
    return counter.vendor


def test_an_order_is_placed_and_its_tracking_follows(shipbob: Counter) -> None:
    assert shipbob.buy() == LabelOrdered("107000001", 900)
    vendor_of(shipbob).ship()
    assert shipbob.buy() == LabelBought(
        carrier_reference="107000001",
        tracking_reference="9261290107000501",
        tracking_url="https://tools.usps.com/go/TrackConfirmAction?tLabels=9261290",
        cost=Money(825, "USD"),
    )
    assert shipbob.vendor.labels == 1


def test_what_is_sent_is_what_shipbob_documents(shipbob: Counter) -> None:
    shipbob.buy()
    find, place = shipbob.vendor.asked
    assert (find.path, find.query) == ("/2026-01/order", {"ReferenceIds": str(SHIPMENT), "Limit": "10"})
    assert place.headers["shipbob_channel_id"] == "100102"
    assert place.body == {
        "reference_id": str(SHIPMENT),
        "order_number": "ORD-2026-000123",
        "shipping_method": "Standard",
        "type": "DTC",
        "recipient": {
            "name": "Elisabeth Swann",
            "email": "e.swann@mail.example",
            "phone_number": "+1 (310) 555-0199",
            "address": {
                "address1": "179 Harborview Drive",
                "address2": None,
                "company_name": None,
                "city": "Redondo Beach",
                "state": "CA",
                "country": "US",
                "zip_code": "90277",
            },
        },
        "products": [
            {"reference_id": "MUG-BLUE", "name": "Blue mug", "quantity": 2},
            {"reference_id": "BOWL", "name": "Bowl", "quantity": 1},
        ],
        "tags": [{"name": "instructions", "value": "Ring twice, door code 4711"}],
    }


def test_the_service_is_the_shipping_method(shipbob: Counter) -> None:
    shipbob.buy(replace(REQUEST, service="Expedited"))
    assert shipbob.vendor.asked[1].body["shipping_method"] == "Expedited"


def test_a_duplicate_that_came_in_between_is_ours(shipbob: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = vendor_of(shipbob)
    honest = vendor._place

    def twice(asked: object) -> Told:
        honest(shipbob.vendor.asked[-1])
        return honest(shipbob.vendor.asked[-1])

    monkeypatch.setattr(vendor, "_place", twice)
    assert shipbob.buy() == LabelOrdered("107000001", 900)
    assert vendor.labels == 1


def test_a_refusal_that_looks_like_a_duplicate_is_one(shipbob: Counter) -> None:
    shipbob.vendor.refusal = Told(422, {"Products": ["Quantity must be positive"]})
    said = "ShipBob refused it (422). Products: Quantity must be positive"
    assert shipbob.buy() == CarrierRefused(said, final=True)


def test_an_order_of_another_reference_is_not_taken_for_ours(shipbob: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = vendor_of(shipbob)
    shipbob.buy(replace(REQUEST, key=replace(KEY, shipment_id=UUID(int=7))))
    honest = vendor.answer
    unfiltered = Told(200, vendor.orders)
    monkeypatch.setattr(vendor, "answer", lambda asked: unfiltered if asked.method == "GET" else honest(asked))
    assert shipbob.buy() == LabelOrdered("107000002", 900)


def test_an_order_that_is_stuck_there_says_so(shipbob: Counter) -> None:
    shipbob.buy()
    vendor_of(shipbob).orders[0]["status"] = "Exception"
    assert shipbob.buy() == LabelOrdered("107000001", 900, "ShipBob cannot fulfil it yet; see its dashboard.")


def test_several_parcels_are_told_and_their_cost_summed(shipbob: Counter) -> None:
    shipbob.buy()
    order = vendor_of(shipbob).orders[0]
    order["shipments"].append({**order["shipments"][0], "id": 9})
    vendor_of(shipbob).ship()
    bought = shipbob.buy()
    assert isinstance(bought, LabelBought)
    assert (bought.cost, bought.notice) == (Money(1650, "USD"), "ShipBob sends it in 2 parcels; this tracks the first.")


def test_an_order_cancelled_there_is_refused(shipbob: Counter) -> None:
    shipbob.buy()
    shipbob.void()
    assert shipbob.buy() == CarrierRefused("The order at ShipBob was cancelled.", final=True)
    assert shipbob.vendor.labels == 1


@pytest.mark.parametrize("result", ["Failure", "PartialSuccess"])
def test_an_order_that_is_packed_already_is_not_cancelled(shipbob: Counter, result: str) -> None:
    shipbob.buy()
    vendor_of(shipbob).cancellation = result
    said = f"ShipBob does not cancel it any more ({result})."
    assert shipbob.desk.void_label(shipbob.account, KEY) == CarrierRefused(said, final=True)


def test_an_account_without_its_channel_does_not_work(shipbob: Counter) -> None:
    account = replace(shipbob.account, options={})
    assert shipbob.desk.fault_of("northwind", account) == AccountFault(
        "options", "Option channel_id is ShipBob's number of the channel."
    )
