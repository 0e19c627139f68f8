"""From the confirmation of a shipment to EasyPost's label and back, through the whole house."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from ddd.orders.application import labels as work
from ddd.orders.application.carriers import (
    AccountFault,
    BuyOutcome,
    CarrierAccount,
    Carriers,
    LabelKey,
    LabelRequest,
    VoidOutcome,
)
from ddd.orders.application.labels import buy_label, void_label
from ddd.shared.application.jobs import Retry
from ddd.tenants.application.operator import resume_tenant, suspend_tenant
from order_management.operator import operations
from tests.builders import audited, rows
from tests.contract.carriers.easypost_vendor import EasyPostVendor
from tests.contract.carriers.vendors import Asked, Fault, Told
from tests.integration.labels.support import PRIVATE, Trade

MINUTE = timedelta(minutes=1)
#: Requests of a first purchase, by number: it is looked for, made, bought.
LOOKS, MAKES, BUYS = range(3)


class Vendor(EasyPostVendor):
    """`on_buying`: what happens in the house while EasyPost sells the label."""

    def __init__(self) -> None:
        super().__init__()
        self.on_buying: Any = None

    def answer(self, asked: Asked) -> Told:
        if asked.steps[-1] == "buy" and self.on_buying is not None:
            self.on_buying()
        return super().answer(asked)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    yield vendor
    vendor.close()


@pytest.fixture
def trade(database: object, vendor: Vendor) -> Trade:
    trade = Trade(vendor, total_seconds=1.0)
    trade.choose(trade.account("easypost"))
    return trade


def waits(answer: Retry | None) -> timedelta:
    assert answer is not None
    return answer.after


def test_a_confirmed_shipment_gets_its_label(trade: Trade, vendor: Vendor) -> None:
    named = trade.packed()
    assert trade.relayed() == []
    confirmed = trade.act("confirmShipment", named)
    assert trade.shipment(named)["trackingReference"] is None
    assert trade.relayed() == [(work.BUY, named)]
    assert trade.work() == [None]
    shipment = trade.shipment(named)
    assert shipment == {
        "id": named["shipmentId"],
        "status": "CONFIRMED",
        "carrier": "easypost",
        "trackingReference": "9400100105442285876301",
        "trackingUrl": "https://track.easypost.com/djE6dHJrXzE",
        "labelUrl": f"https://easypost-files.s3.us-west-2.amazonaws.com/files/postage_label/shp_{0:032x}.pdf",
        "cost": {"amount": "5.93", "currency": "USD"},
        "problem": None,
        "pickupReference": None,
    }
    order = trade.look(named)
    assert order["version"] == confirmed["order"]["version"] + 1
    requested, bought = order["timeline"][-2:]
    assert (requested["type"], requested["actor"]["subject"]) == ("order.label_requested", "boss")
    assert (bought["type"], bought["actor"]) == ("order.label_bought", {"subject": "system", "roles": []})
    assert audited(trade.tenant_id)[-2:] == ["confirmShipment", "buyLabel"]
    assert (vendor.labels, trade.relayed()) == (1, [])


def test_what_is_sent_where_from_and_by_whom(trade: Trade, vendor: Vendor) -> None:
    trade.confirmed()
    trade.work()
    sent = vendor.asked[MAKES].body["shipment"]
    assert sent["to_address"]["name"] == "Elisabeth Swann"
    assert sent["to_address"]["street1"] == "179 Harborview Drive"
    assert sent["from_address"]["street1"] == "388 Townsend Street"
    assert sent["options"]["handling_instructions"] == "door code 4711"
    trade.at_home()
    trade.confirmed()
    trade.work()
    origin = vendor.asked[-2].body["shipment"]["from_address"]
    assert (origin["street1"], origin["name"], origin["phone"]) == ("1 Pier Road", "Dispatch", "+1 415 555 0134")
    trade.choose(trade.account("easypost", sender=None))
    trade.confirmed()
    trade.work()
    origin = vendor.asked[-2].body["shipment"]["from_address"]
    assert (origin["street1"], origin["name"], origin["phone"]) == ("1 Pier Road", "North Store", None)


def test_goods_from_nowhere_are_a_problem_until_somebody_says_where(trade: Trade, vendor: Vendor) -> None:
    trade.choose(trade.account("easypost", sender=None))
    named = trade.confirmed()
    assert waits(*trade.work()) == 15 * MINUTE
    said = "No address to send from: give the branch one, or the carrier account a sender."
    assert trade.shipment(named)["problem"] == said
    trade.at_home()
    assert trade.later(minutes=15) == [None]
    shipment = trade.shipment(named)
    assert (shipment["problem"], vendor.labels) == (None, 1)


@pytest.mark.parametrize(
    ("fault", "problem", "pause"),
    [
        (Fault.HANG, "The carrier took too long.", MINUTE),
        (Fault.HANG_AFTER, "The carrier took too long.", MINUTE),
        (Fault.BUSY, "The carrier answered 429.", timedelta(seconds=7)),
        (Fault.BROKEN, "The carrier answered 500.", MINUTE),
        (Fault.BROKEN_AFTER, "The carrier answered 500.", MINUTE),
        (Fault.DOWN, "The carrier answered 503.", 2 * MINUTE),
        (Fault.HALF_AFTER, "The carrier did not answer (IncompleteRead).", MINUTE),
        (Fault.CUT_AFTER, "The carrier did not answer (RemoteDisconnected).", MINUTE),
        (Fault.OTHER_JSON_AFTER, "The carrier's answer could not be understood.", MINUTE),
    ],
)
def test_what_fails_is_a_problem_is_asked_again_and_ends_in_one_label(
    trade: Trade, vendor: Vendor, fault: Fault, problem: str, pause: timedelta
) -> None:
    named = trade.confirmed()
    vendor.faults[BUYS] = fault
    (answer,) = trade.work()
    assert waits(answer) - pause < timedelta(seconds=5)
    assert waits(answer) >= pause
    shipment = trade.shipment(named)
    assert (shipment["status"], shipment["problem"], shipment["trackingReference"]) == ("CONFIRMED", problem, None)
    assert trade.later(seconds=pause.total_seconds()) == [None]
    shipment = trade.shipment(named)
    assert (shipment["problem"], shipment["trackingReference"]) == (None, "9400100105442285876301")
    assert trade.told(named) == ["requested", "failed", "bought"]
    assert vendor.labels == 1


def test_pauses_grow_with_the_time_that_it_has_been_asked_for_and_the_same_problem_is_told_once(
    trade: Trade, vendor: Vendor
) -> None:
    named = trade.confirmed()
    pauses = []
    for hours in (0, 0.5, 20, 200):
        vendor.faults[len(vendor.asked)] = Fault.BROKEN
        (answer,) = trade.later(hours=hours)
        pauses.append(round(waits(answer).total_seconds() / 60))
    assert pauses == [1, 30, 60, 60]
    assert trade.told(named) == ["requested", "failed"]
    vendor.faults[len(vendor.asked)] = Fault.BROKEN
    assert trade.later(days=30) == [None]  # and then it is given up
    assert trade.told(named) == ["requested", "failed", "failed"]
    assert trade.later(days=1) == []
    assert vendor.labels == 0


def test_a_no_that_may_end_is_asked_again_rarely(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    vendor.refusal = Told(402, {"error": {"code": "BILLING", "message": "Insufficient funds"}})
    assert waits(*trade.work()) == 15 * MINUTE
    assert waits(*trade.later(hours=30)) == timedelta(hours=6)
    assert trade.shipment(named)["problem"].startswith("The carrier asks for payment")
    vendor.refusal = None
    assert trade.later(hours=6) == [None]
    assert trade.shipment(named)["problem"] is None


def test_a_final_no_shows_its_reason_without_the_person_and_the_vendor_ships_another_way(
    trade: Trade, vendor: Vendor
) -> None:
    vendor.refusal = Told(422, {"error": {"code": "ADDRESS.VERIFY.FAILURE", "message": "No house 179 in Harborview"}})
    named = trade.confirmed()
    assert trade.work() == [None]
    shipment = trade.shipment(named)
    assert (shipment["status"], shipment["problem"]) == (
        "CONFIRMED",
        "EasyPost refused it (ADDRESS.VERIFY.FAILURE). No house … in …",
    )
    assert trade.told(named) == ["requested", "failed"]
    assert trade.later(days=1) == []
    trade.act("dispatchShipment", {**named, "carrier": "DHL", "trackingReference": "T1"})
    trade.work()
    shipment = trade.shipment(named)
    assert (shipment["status"], shipment["carrier"], shipment["trackingReference"]) == ("SHIPPED", "DHL", "T1")
    assert (shipment["problem"], vendor.labels) == (None, 0)


def test_a_job_that_runs_twice_buys_one_label_and_tells_of_it_once(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    assert trade.work() == [None]
    before = trade.look(named)
    for _ in range(2):
        assert buy_label(trade.tenant_id, named, trade.labels) is None
    assert trade.look(named) == before
    assert vendor.labels == 1


class Killed(BaseException):
    """The worker's end."""


@dataclass(frozen=True)
class KilledAfterBuying:
    """Carriers whose worker does not live to hear the answer."""

    desk: Carriers

    def buy_label(self, account: CarrierAccount, request: LabelRequest) -> BuyOutcome:
        self.desk.buy_label(account, request)
        raise Killed

    def void_label(self, account: CarrierAccount, label: LabelKey) -> VoidOutcome:
        return self.desk.void_label(account, label)

    def fault_of(self, tenant_id: str, account: CarrierAccount) -> AccountFault | None:
        return self.desk.fault_of(tenant_id, account)


def test_a_worker_killed_before_it_wrote_the_label_down_bought_it_once(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    with pytest.raises(Killed):
        buy_label(trade.tenant_id, named, replace(trade.labels, carriers=KilledAfterBuying(trade.desk)))
    assert (vendor.labels, trade.shipment(named)["trackingReference"]) == (1, None)
    assert trade.work() == [None]
    assert (vendor.labels, trade.shipment(named)["trackingReference"]) == (1, "9400100105442285876301")
    assert trade.told(named) == ["requested", "bought"]


def test_of_two_jobs_at_once_one_asks_and_the_other_comes_again(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    answers = []
    vendor.on_buying = lambda: answers.append(buy_label(trade.tenant_id, named, trade.labels))
    with ThreadPoolExecutor(1) as other:
        assert other.submit(buy_label, trade.tenant_id, named, trade.labels).result() is None
    assert [waits(answer) for answer in answers] == [timedelta(seconds=5)]
    assert vendor.labels == 1
    assert trade.told(named) == ["requested", "bought"]


@pytest.mark.parametrize("whole", [False, True])
def test_a_shipment_that_is_cancelled_has_its_label_taken_back(trade: Trade, vendor: Vendor, whole: bool) -> None:
    named = trade.confirmed()
    trade.work()
    if whole:
        trade.act("cancelOrder", {"orderId": named["orderId"], "reason": "OTHER"}, "order { id } errors { code }")
    else:
        trade.cancelled(named)
    assert trade.relayed() == [(work.VOID, named)]
    assert trade.work() == [None]
    assert vendor.shipments[0]["refund_status"] == "submitted"
    shipment = trade.shipment(named)
    assert (shipment["status"], shipment["labelUrl"], shipment["cost"]) == ("CANCELLED", None, None)
    assert trade.told(named) == ["requested", "bought", "recalled", "voided"]
    asked = len(vendor.asked)
    assert void_label(trade.tenant_id, named, trade.labels) is None
    assert len(vendor.asked) == asked


def test_a_shipment_cancelled_before_its_job_ran_buys_nothing(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    trade.cancelled(named)
    bought, voided = trade.work()
    assert bought is None
    assert timedelta(seconds=60) < waits(voided) <= timedelta(seconds=75)
    assert trade.later(seconds=75) == [None]
    assert vendor.labels == 0
    assert trade.told(named) == ["requested", "recalled"]


def test_a_label_that_arrives_for_a_cancelled_shipment_is_taken_back(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    answers: list[Any] = []

    def cancel() -> None:
        trade.cancelled(named)
        answers.append(void_label(trade.tenant_id, named, trade.labels))

    vendor.on_buying = cancel
    with ThreadPoolExecutor(1) as other:
        assert other.submit(buy_label, trade.tenant_id, named, trade.labels).result() is None
    assert [waits(answer) for answer in answers] == [timedelta(seconds=5)]  # it waits for the one that is buying
    assert (vendor.labels, trade.shipment(named)["trackingReference"]) == (1, None)
    trade.work()
    assert vendor.shipments[0]["refund_status"] == "submitted"
    assert trade.told(named) == ["requested", "recalled", "voided"]


def test_a_label_that_a_killed_worker_had_sent_for_is_found_a_minute_later(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    vendor.faults[BUYS] = Fault.HANG  # sent, and no answer: EasyPost may still be at work
    trade.work()
    trade.cancelled(named)
    (_, voided) = trade.work()
    assert timedelta(seconds=60) < waits(voided)
    rate = vendor.shipments[0]["rates"][0]["id"]
    vendor._buy(vendor.shipments[0]["id"], rate)  # only now it comes through
    assert trade.later(seconds=75) == [None]
    assert vendor.shipments[0]["refund_status"] == "submitted"
    assert trade.told(named)[-1] == "voided"


def test_a_label_that_cannot_be_taken_back_is_a_problem_of_the_cancelled_shipment(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    trade.work()
    vendor.is_scanned = True
    trade.cancelled(named)
    assert trade.work() == [None]
    shipment = trade.shipment(named)
    assert (shipment["status"], shipment["cost"]["amount"]) == ("CANCELLED", "5.93")
    assert shipment["problem"] == "EasyPost does not take the label back (SHIPMENT.REFUND.UNAVAILABLE)."


def test_taking_back_goes_on_after_no_answer(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    trade.work()
    trade.cancelled(named)
    vendor.faults[len(vendor.asked)] = Fault.DOWN
    assert waits(*trade.work()) == 2 * MINUTE
    assert trade.shipment(named)["problem"] == "The carrier answered 503."
    assert trade.later(minutes=2) == [None]
    assert (trade.shipment(named)["problem"], trade.told(named)[-1]) == (None, "voided")


def test_a_pickup_that_nobody_arranges_at_once_is_asked_for_again(trade: Trade, vendor: Vendor) -> None:
    window = {"start": "2026-12-01T09:00:00Z", "end": "2026-12-01T12:00:00Z"}
    named = trade.confirmed("PICKUP", pickupWindow=window)
    vendor.faults[BUYS + 1] = Fault.BROKEN
    assert waits(*trade.work()) == MINUTE
    shipment = trade.shipment(named)
    assert shipment["trackingReference"] == "9400100105442285876301"
    assert shipment["problem"] == "The label is bought; no pickup is arranged. The carrier answered 500."
    assert trade.later(minutes=1) == [None]
    shipment = trade.shipment(named)
    assert (shipment["problem"], shipment["pickupReference"]) == (None, "WTC59591")
    assert trade.told(named) == ["requested", "bought", "bought"]
    assert vendor.labels == 1


def test_an_account_that_is_corrected_is_used_for_what_waits(trade: Trade, vendor: Vendor) -> None:
    trade.choose(trade.account("easypost", service="Teleport"))
    named = trade.confirmed()
    trade.work()
    assert trade.shipment(named)["problem"].startswith("The carrier does not offer the service asked for.")
    trade.choose(trade.account("easypost", service="Priority"))
    assert trade.later(minutes=15) == [None]
    assert trade.shipment(named)["cost"]["amount"] == "6.95"


def test_another_account_with_the_carrier_never_buys_what_one_was_asked_for(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    vendor.faults[BUYS] = Fault.HANG_AFTER  # bought, and nobody knows
    trade.work()
    trade.choose(trade.account("easypost", credentials="another"))
    trade.later(minutes=1)
    said = "There is no account with easypost for WAREHOUSE shipments any more."
    assert (trade.shipment(named)["problem"], vendor.labels) == (said, 1)
    trade.cancelled(named)
    trade.work()
    assert vendor.shipments[0]["refund_status"] == "submitted"


def test_an_account_that_is_taken_away_buys_nothing_and_still_takes_back(trade: Trade, vendor: Vendor) -> None:
    bought = trade.confirmed()
    trade.work()
    waiting = trade.confirmed()
    trade.choose()
    assert waits(*trade.work()) == 15 * MINUTE
    said = "There is no account with easypost for WAREHOUSE shipments any more."
    assert trade.shipment(waiting)["problem"] == said
    trade.cancelled(bought)
    trade.work()
    assert (vendor.shipments[0]["refund_status"], vendor.labels) == ("submitted", 1)


def test_nothing_is_sent_to_a_person_who_was_erased(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    blank = "UPDATE orders_person SET first_name = '', last_name = NULL RETURNING 1"
    assert rows(trade.tenant_id, blank) == [(1,)]
    assert trade.work() == [None]
    assert trade.shipment(named)["problem"] == "The customer's details are erased."
    assert vendor.asked == []


def test_held_orders_and_suspended_tenants_wait(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    order = {"orderId": named["orderId"]}
    trade.act("holdOrder", {**order, "reason": "fraud?"}, "order { id } errors { code }")
    assert waits(*trade.work()) == 15 * MINUTE
    trade.act("releaseHold", order, "order { id } errors { code }")
    suspend_tenant(trade.tenant_id, operations())
    assert waits(*trade.work()) == 15 * MINUTE
    resume_tenant(trade.tenant_id, operations())
    assert vendor.asked == []
    assert trade.work() == [None]
    assert vendor.labels == 1


def test_nothing_of_a_person_or_a_secret_is_kept_where_it_stays(trade: Trade, vendor: Vendor) -> None:
    named = trade.confirmed()
    vendor.faults[BUYS] = Fault.HTML_AFTER
    trade.work()
    trade.later(minutes=1)
    other = trade.confirmed()
    vendor.refusal = Told(422, {"error": {"code": "X", "message": "Elisabeth Swann, 179 Harborview, 3105550199"}})
    trade.work()
    trade.cancelled(named)
    trade.work()
    assert trade.shipment(other)["problem"] is not None
    kept = trade.everything_kept()
    assert [word for word in (*PRIVATE, "EZTK-secret") if word in kept] == []


def test_a_customer_sees_where_the_goods_are_and_nothing_of_what_the_carrier_said(trade: Trade, vendor: Vendor) -> None:
    customer = trade.shop.caller("Customer", subject="c-7")
    named = trade.confirmed()
    vendor.faults[BUYS] = Fault.BROKEN
    trade.work()
    assert trade.shipment(named, customer)["problem"] is None
    trade.later(minutes=1)
    seen = trade.shipment(named, customer)
    assert seen["trackingReference"] == "9400100105442285876301"
    assert [seen[name] for name in ("labelUrl", "cost", "problem", "pickupReference")] == [None] * 4
    told = [each["data"] for each in trade.look(named, customer)["timeline"] if "label" in each["type"]]
    assert told == [{}, {}, {}]


def test_the_vendor_that_ships_sees_the_label(trade: Trade) -> None:
    named = trade.confirmed()
    trade.work()
    seen = trade.shipment(named, trade.shop.caller("Vendor", subject="v-1"))
    assert seen == trade.shipment(named)
