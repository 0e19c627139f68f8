"""EasyPost's own ways."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ddd.orders.application.carriers import CarrierRefused, CarrierUnavailable, LabelBought, LabelVoided
from ddd.orders.domain.parts import Address, ShipmentMode
from ddd.shared.domain.money import Money
from tests.contract.carriers.cases import DESTINATION, REQUEST, SHIPMENT, WINDOW, Counter
from tests.contract.carriers.easypost_vendor import EasyPostVendor
from tests.contract.carriers.vendors import Fault, Told

PICKUP = replace(REQUEST, mode=ShipmentMode.PICKUP, pickup_window=WINDOW)


@pytest.fixture
def easypost(open_counter: Callable[[str], Counter]) -> Counter:
    return open_counter("easypost")


def vendor_of(counter: Counter) -> EasyPostVendor:
    assert isinstance(counter.vendor, EasyPostVendor)
    return counter.vendor


def paths(counter: Counter) -> list[tuple[str, str]]:
    return [(asked.method, asked.path) for asked in counter.vendor.asked]


def test_the_cheapest_rate_is_bought_and_everything_about_it_told(easypost: Counter) -> None:
    assert easypost.buy() == LabelBought(
        carrier_reference="shp_00000000000000000000000000000000",
        tracking_reference="9400100105442285876301",
        tracking_url="https://track.easypost.com/djE6dHJrXzE",
        label_url="https://easypost-files.s3.us-west-2.amazonaws.com/files/postage_label/"
        "shp_00000000000000000000000000000000.pdf",
        cost=Money(593, "USD"),
    )


def test_what_is_sent_is_what_easypost_documents(easypost: Counter) -> None:
    easypost.buy()
    find, create, buy = easypost.vendor.asked
    assert (find.method, find.path) == ("GET", f"/v2/shipments/{SHIPMENT}")
    assert create.body["shipment"] == {
        "to_address": {
            "name": "Elisabeth Swann",
            "company": None,
            "street1": "179 Harborview Drive",
            "street2": None,
            "city": "Redondo Beach",
            "state": "CA",
            "zip": "90277",
            "country": "US",
            "phone": "+1 (310) 555-0199",
            "email": "e.swann@mail.example",
        },
        "from_address": {
            "name": "Dana Whitfield",
            "company": "Whitfield Ceramics",
            "street1": "388 Townsend Street",
            "street2": "Apt 20",
            "city": "San Francisco",
            "state": "CA",
            "zip": "94107",
            "country": "US",
            "phone": "+1 415 555 0134",
            "email": "dana@whitfield.example",
        },
        "parcel": {"weight": 15.9, "length": 9.9, "width": 7.9, "height": 4.0},
        "options": {
            "label_format": "PDF",
            "print_custom_1": "ORD-2026-000123",
            "handling_instructions": "Ring twice, door code 4711",
        },
        "reference": str(SHIPMENT),
    }
    rate = "rate_GroundAdvantage_shp_00000000000000000000000000000000"
    assert buy.body == {"rate": {"id": rate}}
    assert buy.path == "/v2/shipments/shp_00000000000000000000000000000000/buy"


@pytest.mark.parametrize("service", ["priority", "USPS:Priority", "usps:PRIORITY"])
def test_the_service_asked_for_is_bought(easypost: Counter, service: str) -> None:
    bought = easypost.buy(replace(REQUEST, service=service))
    assert isinstance(bought, LabelBought)
    assert bought.cost == Money(695, "USD")


def test_the_accounts_service_counts_where_the_shipment_names_none(easypost: Counter) -> None:
    bought = easypost.with_options(service="Express").buy()
    assert isinstance(bought, LabelBought)
    assert bought.cost == Money(3125, "USD")


def test_a_service_that_is_not_offered_is_refused_with_what_the_carriers_said(easypost: Counter) -> None:
    refusal = easypost.buy(replace(REQUEST, service="Overnight"))
    said = "The carrier does not offer the service asked for. to_address: postal code not served"
    assert refusal == CarrierRefused(said, final=False)
    assert easypost.vendor.labels == 0


def test_an_unbought_shipment_is_rated_anew_and_bought(easypost: Counter) -> None:
    easypost.vendor.faults[2] = Fault.CUT
    easypost.buy()
    easypost.vendor.asked.clear()
    assert isinstance(easypost.buy(), LabelBought)
    id_ = "shp_00000000000000000000000000000000"
    assert paths(easypost) == [
        ("GET", f"/v2/shipments/{SHIPMENT}"),
        ("GET", f"/v2/shipments/{SHIPMENT}.2"),
        ("POST", f"/v2/shipments/{id_}/rerate"),
        ("POST", f"/v2/shipments/{id_}/buy"),
    ]


def test_a_corrected_address_makes_a_new_shipment_there_and_still_one_label(easypost: Counter) -> None:
    easypost.vendor.faults[2] = Fault.CUT
    easypost.buy()
    moved = replace(DESTINATION, address=Address("181 Harborview Drive", "US", None, "Redondo Beach", "CA", "90277"))
    bought = easypost.buy(replace(REQUEST, destination=moved))
    assert isinstance(bought, LabelBought)
    assert bought.carrier_reference == "shp_00000000000000000000000000000001"
    made = vendor_of(easypost).shipments[1]
    assert (made["reference"], made["to_address"]["street1"]) == (f"{SHIPMENT}.2", "181 Harborview Drive")
    assert easypost.buy() == bought  # with the old address again: a label is a label
    assert easypost.vendor.labels == 1


def error(code: str) -> Told:
    return Told(422, {"error": {"code": code, "message": "No.", "errors": []}})


def test_one_that_came_in_between_is_found(easypost: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = vendor_of(easypost)
    honest = vendor._buy

    def twice(id_: str, rate_id: str) -> Told:
        honest(id_, rate_id)
        return honest(id_, rate_id)

    monkeypatch.setattr(vendor, "_buy", twice)
    assert isinstance(easypost.buy(), LabelBought)
    assert vendor.labels == 1


def test_a_purchase_still_at_work_is_waited_for(easypost: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(easypost.vendor, "_buy", lambda *_: error("SHIPMENT.PURCHASE.IN_PROGRESS"))
    assert easypost.buy() == CarrierUnavailable("EasyPost is still at work on it.", 60)


def test_postage_that_cannot_be_bought_is_refused(easypost: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(easypost.vendor, "_buy", lambda *_: error("SHIPMENT.POSTAGE.FAILURE"))
    assert easypost.buy() == CarrierRefused("EasyPost refused it (SHIPMENT.POSTAGE.FAILURE). No.", final=True)


def test_a_voided_label_is_not_bought_again(easypost: Counter) -> None:
    easypost.buy()
    easypost.void()
    assert easypost.buy() == CarrierRefused("The label bought for this shipment was voided.", final=True)
    assert easypost.vendor.labels == 1


def test_a_refund_is_asked_for_once(easypost: Counter) -> None:
    easypost.buy()
    for _ in range(2):
        assert easypost.void() == LabelVoided(existed=True)
    assert [path for _, path in paths(easypost) if path.endswith("/refund")] == [
        "/v2/shipments/shp_00000000000000000000000000000000/refund"
    ]


def test_rates_in_several_currencies_have_no_cheapest(easypost: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = vendor_of(easypost)
    honest = vendor._rates
    monkeypatch.setattr(
        vendor,
        "_rates",
        lambda id_: [rate | {"currency": "JPY" if rate["service"] == "Express" else "USD"} for rate in honest(id_)],
    )
    refusal = easypost.buy()
    assert isinstance(refusal, CarrierRefused)
    assert refusal.reason.startswith("The carrier's rates come in several currencies: name a service.")
    assert isinstance(easypost.buy(replace(REQUEST, service="Priority")), LabelBought)


def test_a_scanned_label_is_not_taken_back(easypost: Counter) -> None:
    easypost.buy()
    vendor_of(easypost).is_scanned = True
    said = "EasyPost does not take the label back (SHIPMENT.REFUND.UNAVAILABLE)."
    assert easypost.void() == CarrierRefused(said, final=True)


def test_a_pickup_is_scheduled_with_the_label_once(easypost: Counter) -> None:
    bought = easypost.buy(PICKUP)
    assert isinstance(bought, LabelBought)
    assert (bought.pickup_reference, bought.notice, bought.ask_again_after) == ("WTC59591", None, None)
    assert easypost.buy(PICKUP) == bought
    (pickup,) = vendor_of(easypost).pickups
    assert pickup["reference"] == f"{SHIPMENT}.pickup"
    assert (pickup["min_datetime"], pickup["max_datetime"]) == (
        "2026-03-03T02:00:00+00:00",
        "2026-03-03T03:30:00+00:00",
    )
    assert pickup["address"]["street1"] == "388 Townsend Street"
    assert pickup["shipment"] == {"id": "shp_00000000000000000000000000000000"}


def test_a_label_stands_when_nobody_offers_its_pickup(easypost: Counter) -> None:
    vendor_of(easypost).pickup_rates = []
    bought = easypost.buy(PICKUP)
    assert isinstance(bought, LabelBought)
    assert bought.tracking_reference == "9400100105442285876301"
    said = "No carrier offers it. The date did not meet today's cutoff."
    assert bought.notice == f"The label is bought; no pickup is arranged. {said}"
    assert bought.ask_again_after is None


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.BUSY, Fault.BROKEN, Fault.HALF_AFTER])
@pytest.mark.parametrize("step", [3, 4, 5])
def test_a_pickup_that_failed_on_the_way_is_gone_on_with(easypost: Counter, step: int, fault: Fault) -> None:
    easypost.vendor.faults[step] = fault
    bought = easypost.buy(PICKUP)
    assert isinstance(bought, LabelBought)
    assert bought.pickup_reference is None
    assert bought.ask_again_after == (7 if fault is Fault.BUSY else 60)
    again = easypost.buy(PICKUP)
    assert isinstance(again, LabelBought)
    assert (again.pickup_reference, again.notice) == ("WTC59591", None)
    assert len(vendor_of(easypost).pickups) == 1
    assert easypost.vendor.labels == 1


def test_a_voided_label_takes_its_pickup_along(easypost: Counter) -> None:
    easypost.buy(PICKUP)
    assert easypost.void() == LabelVoided(existed=True)
    assert vendor_of(easypost).pickups[0]["status"] == "canceled"


def test_an_address_that_is_none_is_no_link(easypost: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = vendor_of(easypost)
    honest = vendor._buy

    def sly(id_: str, rate_id: str) -> Told:
        told = honest(id_, rate_id)
        body: dict[str, Any] = told.body
        body["tracker"]["public_url"] = "javascript:alert(1)"
        body["postage_label"]["label_url"] = "https://files.example/\nSet-Cookie: a=b"
        return told

    monkeypatch.setattr(vendor, "_buy", sly)
    bought = easypost.buy()
    assert isinstance(bought, LabelBought)
    assert (bought.tracking_url, bought.label_url) == (None, None)
