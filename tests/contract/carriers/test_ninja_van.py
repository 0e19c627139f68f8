"""Ninja Van's own ways."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ddd.orders.application.carriers import AccountFault, CarrierRefused, LabelBought
from ddd.orders.domain.parts import PickupWindow, ShipmentMode
from ddd.orders.infrastructure.carriers.ninja_van import requested_number
from tests.contract.carriers.cases import KEY, REQUEST, WINDOW, Counter
from tests.contract.carriers.ninja_van_vendor import NinjaVanVendor

NUMBER = requested_number(KEY)


@pytest.fixture
def ninja(open_counter: Callable[[str], Counter]) -> Counter:
    return open_counter("ninja_van")


def vendor_of(counter: Counter) -> NinjaVanVendor:
    assert isinstance(counter.vendor, NinjaVanVendor)
    return counter.vendor


def test_the_number_follows_from_tenant_and_shipment() -> None:
    assert requested_number(replace(KEY, carrier_reference="x")) == NUMBER
    assert (len(NUMBER), NUMBER.isalnum(), NUMBER.upper()) == (9, True, NUMBER)
    assert requested_number(replace(KEY, tenant_id="southwind")) != NUMBER


def test_a_parcel_is_booked_under_it(ninja: Counter) -> None:
    tracking = f"NVSGSHOP{NUMBER}"
    assert ninja.buy() == LabelBought(
        carrier_reference=tracking,
        tracking_reference=tracking,
        tracking_url=f"https://www.ninjavan.co/en-sg/tracking?id={tracking}",
    )


def test_what_is_sent_is_what_ninja_van_documents(ninja: Counter) -> None:
    ninja.buy(replace(REQUEST, mode=ShipmentMode.PICKUP, pickup_window=WINDOW))
    token, exists, book = ninja.vendor.asked
    assert token.body == {"client_id": "nv-client", "client_secret": "nv-secret", "grant_type": "client_credentials"}
    assert exists.path == f"/sg/1.0/orders/tracking-events/NVSGSHOP{NUMBER}"
    dana = {
        "name": "Dana Whitfield",
        "phone_number": "+1 415 555 0134",
        "email": "dana@whitfield.example",
        "address": {
            "address1": "388 Townsend Street",
            "address2": "Apt 20",
            "city": "San Francisco",
            "state": "CA",
            "postcode": "94107",
            "country": "US",
        },
    }
    assert book.body == {
        "service_type": "Parcel",
        "service_level": "Standard",
        "requested_tracking_number": NUMBER,
        "reference": {"merchant_order_number": "ORD-2026-000123"},
        "from": dana,
        "to": {
            "name": "Elisabeth Swann",
            "phone_number": "+1 (310) 555-0199",
            "email": "e.swann@mail.example",
            "address": {
                "address1": "179 Harborview Drive",
                "city": "Redondo Beach",
                "state": "CA",
                "postcode": "90277",
                "country": "US",
            },
        },
        "parcel_job": {
            "is_pickup_required": True,
            "pickup_service_type": "Scheduled",
            "pickup_service_level": "Standard",
            "pickup_address": dana,
            "pickup_date": "2026-03-03",
            "pickup_timeslot": {"start_time": "09:00", "end_time": "12:00", "timezone": "Asia/Singapore"},
            "pickup_instructions": "Ring twice, door code 4711",
            "delivery_start_date": "2026-03-04",
            "delivery_timeslot": {"start_time": "09:00", "end_time": "22:00", "timezone": "Asia/Singapore"},
            "delivery_instructions": "Ring twice, door code 4711",
            "dimensions": {"weight": 0.45, "length": 25.0, "width": 20.0, "height": 10.0},
            "items": [
                {"item_description": "Blue mug", "quantity": 2, "is_dangerous_good": False},
                {"item_description": "Bowl", "quantity": 1, "is_dangerous_good": False},
            ],
        },
    }


@pytest.mark.parametrize(
    ("start", "end", "slot"),
    [(1, 4, ("09:00", "12:00")), (2, 5, ("09:00", "18:00")), (10, 14, ("18:00", "22:00")), (0, 3, ("09:00", "22:00"))],
)
def test_the_pickup_slot_is_the_narrowest_that_holds_the_window(
    ninja: Counter, start: int, end: int, slot: tuple[str, str]
) -> None:
    window = PickupWindow(datetime(2026, 3, 3, start, tzinfo=UTC), datetime(2026, 3, 3, end, tzinfo=UTC))
    ninja.buy(replace(REQUEST, mode=ShipmentMode.PICKUP, pickup_window=window))
    sent = ninja.vendor.asked[-1].body["parcel_job"]["pickup_timeslot"]
    assert (sent["start_time"], sent["end_time"]) == slot


def test_a_pickup_needs_its_window(ninja: Counter) -> None:
    refusal = ninja.buy(replace(REQUEST, mode=ShipmentMode.PICKUP))
    assert refusal == CarrierRefused("Ninja Van needs the pickup's window.", final=True)


def test_a_parcel_without_events_yet_is_known_by_the_refusal_of_its_number(ninja: Counter) -> None:
    vendor_of(ninja).knows_events = False
    first = ninja.buy()
    assert ninja.buy() == first
    assert ninja.vendor.labels == 1


def test_a_token_is_kept_while_it_is_good(ninja: Counter) -> None:
    ninja.buy()
    ninja.buy()
    assert [asked.path for asked in ninja.vendor.asked].count("/sg/2.0/oauth/access_token") == 1


def test_a_token_about_to_end_is_renewed(ninja: Counter) -> None:
    vendor_of(ninja).lifetime = 299
    ninja.buy()
    ninja.vendor.asked.clear()
    ninja.buy()
    assert ninja.vendor.asked[0].path == "/sg/2.0/oauth/access_token"


def test_a_token_withdrawn_before_its_time_is_renewed(ninja: Counter) -> None:
    first = ninja.buy()
    vendor_of(ninja).token = "eyJ-second"
    assert ninja.buy() == first


def test_a_parcel_that_was_picked_up_is_not_cancelled(ninja: Counter) -> None:
    ninja.buy()
    vendor_of(ninja).is_picked_up = True
    assert ninja.void() == CarrierRefused("Ninja Van does not cancel it any more (400).", final=True)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"tracking_prefix": ""}, "Option country is one of sg, my, id, ph, vn, th."),
        ({"country": "../x"}, "Option country is one of sg, my, id, ph, vn, th."),
        ({"country": "my"}, "Option tracking_prefix is what Ninja Van puts before tracking numbers, or empty."),
        (
            {"country": "my", "tracking_prefix": "A/B"},
            "Option tracking_prefix is what Ninja Van puts before tracking numbers, or empty.",
        ),
    ],
)
def test_options_are_checked(ninja: Counter, options: dict[str, str], fault: str) -> None:
    assert ninja.desk.fault_of("northwind", replace(ninja.account, options=options)) == AccountFault("options", fault)
