"""Shippo's own ways."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ddd.orders.application.carriers import CarrierRefused, LabelBought, LabelOrdered
from ddd.orders.domain.parts import ShipmentMode
from ddd.orders.infrastructure.carriers import shippo as adapter
from ddd.shared.domain.money import Money
from tests.contract.carriers.cases import REQUEST, SHIPMENT, Counter
from tests.contract.carriers.shippo_vendor import ShippoVendor


@pytest.fixture
def shippo(open_counter: Callable[[str], Counter]) -> Counter:
    return open_counter("shippo")


def vendor_of(counter: Counter) -> ShippoVendor:
    assert isinstance(counter.vendor, ShippoVendor)
    return counter.vendor


def others(vendor: ShippoVendor, count: int, created_at: str) -> None:
    """Labels of other shipments."""
    vendor.transactions = [
        {"object_id": f"other{number}", "object_created": created_at, "status": "SUCCESS", "metadata": "Order 5"}
        for number in range(count)
    ]


def test_the_cheapest_rate_is_bought_and_everything_about_it_told(shippo: Counter) -> None:
    assert shippo.buy() == LabelBought(
        carrier_reference="00000000000000000000000000000000",
        tracking_reference="9499907123456123456700",
        tracking_url="https://tools.usps.com/go/TrackConfirmAction_input?origTrackNum=9499907123456",
        label_url="https://shippo-delivery.s3.amazonaws.com/70ae81.pdf?Signature=vDw1&Expires=1437093830",
        cost=Money(590, "USD"),
    )


def test_what_is_sent_is_what_shippo_documents(shippo: Counter) -> None:
    shippo.with_options(carrier_accounts="b741b99f, 078870331").buy()
    find, create, buy = shippo.vendor.asked
    assert (find.path, find.query) == ("/transactions/", {"results": "100", "page": "1"})
    assert find.headers["shippo-api-version"] == "2018-02-08"
    assert create.body["parcels"] == [
        {"length": "25", "width": "20", "height": "10", "distance_unit": "cm", "weight": "0.45", "mass_unit": "kg"}
    ]
    assert create.body["address_to"]["street1"] == "179 Harborview Drive"
    assert create.body["carrier_accounts"] == ["b741b99f", "078870331"]
    assert create.body["metadata"] == str(SHIPMENT)
    bought = {"rate": "rate_usps_ground", "async": False, "label_file_type": "PDF_4x6", "metadata": str(SHIPMENT)}
    assert buy.body == bought


@pytest.mark.parametrize("service", ["usps_priority", "Priority Mail", "USPS:usps_priority"])
def test_the_service_asked_for_is_bought(shippo: Counter, service: str) -> None:
    bought = shippo.buy(replace(REQUEST, service=service))
    assert isinstance(bought, LabelBought)
    assert bought.cost == Money(695, "USD")


def test_what_the_carrier_behind_it_refuses_is_refused_and_may_be_bought_later(shippo: Counter) -> None:
    vendor = vendor_of(shippo)
    vendor.status = "ERROR"
    vendor.messages = [{"source": "USPS", "code": "", "text": "Elisabeth Swann's telephone 310-555-0199 is invalid"}]
    said = "The carrier behind Shippo refused it. …'s telephone … is invalid"
    assert shippo.buy() == CarrierRefused(said, final=True)
    vendor.status = "SUCCESS"
    assert isinstance(shippo.buy(), LabelBought)
    assert vendor.labels == 1


def test_a_label_at_work_is_asked_for_again_and_found(shippo: Counter) -> None:
    vendor = vendor_of(shippo)
    vendor.status = "QUEUED"
    assert shippo.buy() == LabelOrdered("00000000000000000000000000000000", 60)
    vendor.transactions[0] |= {"status": "SUCCESS", "tracking_number": "94999071"}
    bought = shippo.buy()
    assert isinstance(bought, LabelBought)
    assert (bought.tracking_reference, bought.cost) == ("94999071", Money(590, "USD"))
    assert vendor.labels == 1


def test_ours_is_found_on_a_later_page(shippo: Counter) -> None:
    first = shippo.buy()
    vendor = vendor_of(shippo)
    mine = vendor.transactions
    others(vendor, 5, "2026-03-02T09:10:00Z")
    vendor.transactions = mine + vendor.transactions
    vendor.page = 2
    assert shippo.buy() == first
    assert vendor.labels == 1


def test_the_search_ends_with_the_time_at_which_the_label_was_first_wanted(shippo: Counter) -> None:
    vendor = vendor_of(shippo)
    others(vendor, 500, "2026-03-02T07:59:59Z")
    shippo.buy()
    assert [asked.path for asked in vendor.asked] == ["/transactions/", "/shipments/", "/transactions/"]


def test_nothing_is_bought_where_the_search_finds_no_end(shippo: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "MOST_PAGES", 3)
    vendor = vendor_of(shippo)
    others(vendor, 500, "2026-03-02T09:10:00Z")
    said = f"Too many labels since to tell whether one was bought: look at Shippo for metadata {SHIPMENT}."
    assert shippo.buy() == CarrierRefused(said, final=True)
    assert vendor.labels == 0


def test_a_voided_label_is_not_bought_again(shippo: Counter) -> None:
    shippo.buy()
    shippo.void()
    assert shippo.buy() == CarrierRefused("The label bought for this shipment was voided.", final=True)


def test_a_refund_is_asked_for_once(shippo: Counter) -> None:
    shippo.buy()
    shippo.void()
    shippo.void()
    assert [asked.path for asked in shippo.vendor.asked].count("/refunds/") == 1


def test_a_refund_that_is_refused_is_told(shippo: Counter) -> None:
    shippo.buy()
    vendor_of(shippo).refund_status = "ERROR"
    assert shippo.void() == CarrierRefused("Shippo does not take the label back (ERROR).", final=True)


def test_shippo_picks_nothing_up_here(shippo: Counter) -> None:
    said = "shippo does not do PICKUP shipments here."
    assert shippo.buy(replace(REQUEST, mode=ShipmentMode.PICKUP)) == CarrierRefused(said, final=False)
    assert shippo.vendor.asked == []
