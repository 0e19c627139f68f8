"""The tenant's own drivers whole, and one good day of each other carrier, through the whole house."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ddd.orders.application import labels as work
from ddd.shared.application.jobs import Retry
from tests.builders import rows
from tests.contract.carriers.cases import CASES
from tests.contract.carriers.ninja_van_vendor import PREFIX
from tests.contract.carriers.shipbob_vendor import ShipBobVendor
from tests.contract.carriers.vendors import Vendor
from tests.integration.labels.support import Trade

PAGE = "https://shop.example/track/{reference}"


@pytest.fixture
def vendors() -> Iterator[dict[str, Vendor]]:
    """Each carrier's server."""
    made = {case.name: case.vendor() for case in CASES}
    yield made
    for vendor in made.values():
        vendor.close()


@pytest.fixture
def own(database: object) -> Trade:
    """A tenant with drivers of its own; nobody is reached over any network."""
    trade = Trade()
    trade.choose(trade.account("self_delivery", options={"tracking_url": PAGE}))
    return trade


@pytest.mark.parametrize("mode", ["PICKUP", "DROPOFF", "WAREHOUSE"])
def test_own_drivers_get_a_reference_in_every_mode(own: Trade, mode: str) -> None:
    named = own.confirmed(mode, package=None, instructions=None)
    assert own.relayed() == [(work.BUY, named)]
    assert own.work() == [None]
    shipment = own.shipment(named)
    reference = shipment["trackingReference"]
    assert (reference[:3], len(reference)) == ("SD-", 16)
    assert shipment == {
        "id": named["shipmentId"],
        "status": "CONFIRMED",
        "carrier": "self_delivery",
        "trackingReference": reference,
        "trackingUrl": f"https://shop.example/track/{reference}",
        "labelUrl": None,
        "cost": None,
        "problem": None,
        "pickupReference": None,
    }
    own.act("dispatchShipment", named)
    assert own.shipment(named)["trackingReference"] == reference
    own.act("deliverShipment", named)
    assert own.told(named) == ["requested", "bought"]


def test_own_drivers_shipment_that_left_at_once_gets_its_reference_all_the_same(own: Trade) -> None:
    named = own.confirmed()
    own.act("dispatchShipment", named)
    assert own.work() == [None]
    shipment = own.shipment(named)
    assert (shipment["status"], shipment["trackingReference"][:3]) == ("SHIPPED", "SD-")


def test_own_drivers_job_may_run_twice_and_its_shipment_be_cancelled(own: Trade) -> None:
    named = own.confirmed()
    own.work()
    before = own.look(named)
    assert work.buy_label(own.tenant_id, named, own.labels) is None
    assert own.look(named) == before
    own.cancelled(named)
    assert own.work() == [None]
    assert own.told(named) == ["requested", "bought", "recalled", "voided"]
    early = own.confirmed()
    own.cancelled(early)
    own.work()
    own.later(minutes=2)
    assert own.told(early) == ["requested", "recalled"]


@pytest.mark.parametrize(
    ("mode", "carrier"), [("WAREHOUSE", None), ("DROPOFF", "DHL"), ("PICKUP", "self_delivery"), ("DROPOFF", "easypost")]
)
def test_without_an_account_for_the_mode_or_the_carrier_named_nothing_is_queued(
    own: Trade, mode: str, carrier: str | None
) -> None:
    own.choose(own.account("self_delivery", "DROPOFF"))
    named = own.confirmed(mode, carrier=carrier)
    assert own.relayed() == []
    shipment = own.shipment(named)
    assert (shipment["carrier"], shipment["problem"]) == (carrier, None)
    types = [entry["type"] for entry in own.look(named)["timeline"]]
    assert types[-2:] == ["order.shipment_created", "order.shipment_confirmed"]
    own.act("dispatchShipment", {**named, "carrier": "DHL", "trackingReference": "T1"})
    own.act("addShippingTrackingReference", {**named, "trackingReference": "T2"})
    own.act("deliverShipment", named)
    assert (own.shipment(named)["trackingReference"], own.relayed()) == ("T2", [])


def test_the_account_of_the_carrier_named_is_taken_else_the_first_that_serves_the_mode(own: Trade) -> None:
    own.choose(own.account("self_delivery", "PICKUP"), own.account("self_delivery", "DROPOFF"))
    assert [own.shipment(own.confirmed(mode))["carrier"] for mode in ("PICKUP", "DROPOFF", "WAREHOUSE")] == [
        "self_delivery",
        "self_delivery",
        None,
    ]
    assert own.shipment(own.confirmed("PICKUP", carrier="self_delivery"))["carrier"] == "self_delivery"


def test_events_that_start_no_job_are_done_as_they_are_written(own: Trade) -> None:
    own.choose()
    named = own.confirmed()
    own.act("cancelOrder", {"orderId": named["orderId"], "reason": "OTHER"}, "order { id } errors { code }")
    assert rows(own.tenant_id, "SELECT count(*) FROM outbox WHERE done_at IS NULL AND aggregate = 'order'") == [(0,)]


def test_a_good_day_of_shippo(database: object, vendors: dict[str, Vendor]) -> None:
    trade = Trade(vendors["shippo"])
    trade.choose(trade.account("shippo", "WAREHOUSE", "DROPOFF"))
    named = trade.confirmed()
    assert trade.work() == [None]
    shipment = trade.shipment(named)
    assert shipment["carrier"] == "shippo"
    assert None not in (shipment["trackingReference"], shipment["labelUrl"], shipment["cost"])
    trade.cancelled(named)
    assert trade.work() == [None]
    assert (trade.told(named), trade.vendor and trade.vendor.labels) == (
        ["requested", "bought", "recalled", "voided"],
        1,
    )


def test_a_good_day_of_shipbob(database: object, vendors: dict[str, Vendor]) -> None:
    vendor = vendors["shipbob"]
    assert isinstance(vendor, ShipBobVendor)
    trade = Trade(vendor)
    account = trade.account("shipbob", "WAREHOUSE", options={"channel_id": "100102"}, sender=None)
    trade.choose(account)
    named = trade.confirmed()
    assert trade.work() == [Retry(timedelta(minutes=15), "The carrier has taken it on.")]
    assert trade.shipment(named)["trackingReference"] is None
    trade.act("dispatchShipment", named)
    vendor.ship()
    assert trade.later(minutes=15) == [None]
    shipment = trade.shipment(named)
    assert (shipment["status"], shipment["problem"]) == ("SHIPPED", None)
    assert shipment["trackingReference"] is not None
    assert trade.told(named) == ["requested", "ordered", "bought"]
    assert vendor.labels == 1


def test_a_carrier_that_tells_nothing_for_a_month_is_not_asked_any_more(
    database: object, vendors: dict[str, Vendor]
) -> None:
    trade = Trade(vendors["shipbob"])
    trade.choose(trade.account("shipbob", "WAREHOUSE", options={"channel_id": "100102"}))
    named = trade.confirmed()
    assert len([answer for answer in trade.work() if answer]) == 1
    assert trade.later(days=31) == [None]
    said = "Nothing to track after 30 days; the carrier is not asked any more."
    assert trade.shipment(named)["problem"] == said


def test_shipbobs_order_is_cancelled_at_once_and_not_when_it_would_have_been_asked_again(
    database: object, vendors: dict[str, Vendor]
) -> None:
    trade = Trade(vendors["shipbob"])
    trade.choose(trade.account("shipbob", "WAREHOUSE", options={"channel_id": "100102"}))
    named = trade.confirmed()
    trade.work()
    trade.cancelled(named)
    assert trade.work() == [None, None]
    assert trade.told(named) == ["requested", "ordered", "recalled", "voided"]


def test_a_good_day_of_ninja_van(database: object, vendors: dict[str, Vendor]) -> None:
    trade = Trade(vendors["ninja_van"])
    trade.choose(trade.account("ninja_van", options={"country": "SG", "tracking_prefix": PREFIX}))
    window = {"start": "2026-12-01T02:00:00Z", "end": "2026-12-01T03:30:00Z"}
    named = trade.confirmed("PICKUP", pickupWindow=window)
    assert trade.work() == [None]
    reference = trade.shipment(named)["trackingReference"]
    assert reference.startswith(PREFIX)
    assert len(reference) == len(PREFIX) + 9
    assert trade.shipment(named)["trackingUrl"].endswith(reference)
    trade.cancelled(named)
    assert trade.work() == [None]
    assert trade.told(named)[-1] == "voided"
