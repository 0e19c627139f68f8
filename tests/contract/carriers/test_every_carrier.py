"""What every carrier's adapter promises, against a server that speaks the carrier's messages."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

import pytest

from ddd.orders.application.carriers import (
    CarrierRefused,
    CarrierUnavailable,
    LabelBought,
    LabelOrdered,
    LabelVoided,
)
from ddd.orders.domain.parts import Package
from tests.contract.carriers.cases import CASES, PRIVATE, REQUEST, SECRETS, Counter, desk
from tests.contract.carriers.vendors import Fault, Told

T = TypeVar("T")
_STEPS = [(case.name, step) for case in CASES for step in range(case.steps)]


def as_a(kind: type[T], outcome: object) -> T:
    assert isinstance(outcome, kind), outcome
    return outcome


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize(("name", "step"), _STEPS)
def test_whatever_becomes_of_a_call_asking_again_leaves_one_label(
    open_counter: Callable[[str], Counter], name: str, step: int, fault: Fault
) -> None:
    counter = open_counter(name)
    counter.vendor.faults[step] = fault
    failed = as_a(CarrierUnavailable, counter.hurried(0.25).buy())
    assert failed.retry_after == {Fault.BUSY: 7, Fault.DOWN: 120}.get(fault, 60)
    assert not counter.vendor.faults
    again = counter.buy()
    assert isinstance(again, LabelBought | LabelOrdered), again
    assert counter.vendor.labels == 1
    assert counter.buy() == again
    assert counter.vendor.labels == 1


def test_a_first_purchase_takes_these_requests(counter: Counter) -> None:
    counter.buy()
    assert len(counter.vendor.asked) == counter.case.steps
    assert counter.vendor.labels == 1


def test_the_same_shipment_bought_twice_is_one_label(counter: Counter) -> None:
    first = counter.buy()
    assert counter.buy() == first
    assert counter.vendor.labels == 1


def test_another_shipment_is_another_label(counter: Counter) -> None:
    counter.buy()
    other = replace(REQUEST.key, shipment_id=UUID(int=7))
    assert counter.buy(replace(REQUEST, key=other)) != counter.buy()
    assert counter.vendor.labels == 2


def test_an_invalid_address_is_a_final_refusal_with_the_carriers_reason_but_without_the_address(
    counter: Counter,
) -> None:
    counter.vendor.refusal = counter.case.invalid
    assert counter.buy() == CarrierRefused(counter.case.invalid_reason, final=True)
    assert counter.vendor.labels == 0


def test_an_error_page_in_place_of_a_reason_is_a_refusal_all_the_same(counter: Counter) -> None:
    counter.vendor.refusal = Told(400, ["no", {"object": 1}])
    refusal = as_a(CarrierRefused, counter.buy())
    assert refusal.final
    assert refusal.reason.endswith("refused it (400).")


def test_a_secret_that_the_carrier_does_not_take_is_a_refusal_that_may_end(counter: Counter) -> None:
    wrong = {name: dict.fromkeys(parts, "wrong") for name, parts in SECRETS.items()}
    refusal = replace(counter, desk=desk(counter.vendor, wrong)).buy()
    assert refusal == CarrierRefused("The carrier refused the account's credentials (401).", final=False)


def test_a_secret_that_is_missing_is_a_refusal_that_may_end(counter: Counter) -> None:
    refusal = as_a(CarrierRefused, replace(counter, desk=desk(counter.vendor, {})).buy())
    assert not refusal.final
    assert refusal.reason.startswith("The account's secret is missing, or has no usable part")
    assert counter.vendor.asked == []


def test_an_empty_balance_is_a_refusal_that_may_end(counter: Counter) -> None:
    counter.vendor.refusal = Told(402, {"error": {"code": "BILLING", "message": "Insufficient funds"}})
    refusal = as_a(CarrierRefused, counter.buy())
    assert (refusal.final, refusal.reason[:29]) == (False, "The carrier asks for payment:")


def test_a_label_that_was_bought_is_taken_back_once(counter: Counter) -> None:
    counter.buy()
    assert counter.void() == LabelVoided(existed=True)
    assert counter.void() == LabelVoided(existed=True)


def test_voiding_what_was_never_bought_finds_nothing(counter: Counter) -> None:
    assert counter.void() == LabelVoided(existed=False)


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.BROKEN_AFTER, Fault.HALF_AFTER, Fault.BUSY, Fault.NULL_AFTER])
@pytest.mark.parametrize(("name", "step"), [(case.name, step) for case in CASES for step in range(case.void_steps)])
def test_voiding_is_safe_to_repeat_after_a_lost_answer(
    open_counter: Callable[[str], Counter], name: str, step: int, fault: Fault
) -> None:
    counter = open_counter(name)
    counter.buy()
    counter.vendor.faults[len(counter.vendor.asked) + step] = fault
    as_a(CarrierUnavailable, counter.void())
    assert counter.void() == LabelVoided(existed=True)


def test_nothing_of_a_person_or_a_secret_is_logged_or_shown(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    outcomes: list[object] = [counter.buy(), counter.buy(), counter.void()]
    for fault in (Fault.HTML_AFTER, Fault.CUT):
        counter.vendor.faults[len(counter.vendor.asked)] = fault
        outcomes.append(counter.buy())
    counter.vendor.refusal = counter.case.invalid
    other = replace(REQUEST.key, shipment_id=UUID(int=9))
    outcomes.append(counter.buy(replace(REQUEST, key=other)))
    said = "\n".join([caplog.text, *map(repr, outcomes), repr(REQUEST), repr(counter.account)])
    secrets = [part for parts in SECRETS.values() for part in parts.values()]
    assert [word for word in (*PRIVATE, *secrets) if word.casefold() in said.casefold()] == []
    assert str(REQUEST.key.shipment_id) in caplog.text


def test_an_answer_that_drips_is_over_in_time(counter: Counter) -> None:
    counter.vendor.faults[0] = Fault.DRIP_AFTER
    started = time.monotonic()
    as_a(CarrierUnavailable, counter.hurried(0.5).buy())
    assert time.monotonic() - started < 3


def test_no_connection_is_no_answer(counter: Counter) -> None:
    counter.vendor.close()
    assert counter.buy() == CarrierUnavailable("The carrier did not answer (ConnectionRefusedError).", 60)


@pytest.mark.parametrize("name", ["easypost", "shippo", "ninja_van"])
def test_a_package_without_a_weight_is_refused_before_anything_is_asked(
    open_counter: Callable[[str], Counter], name: str
) -> None:
    counter = open_counter(name)
    for package in (None, Package(None, "1", "1", "1")):
        assert as_a(CarrierRefused, counter.buy(replace(REQUEST, package=package))).final
    assert counter.vendor.asked == []


@pytest.mark.parametrize("name", ["easypost", "shippo", "ninja_van"])
def test_goods_from_nowhere_are_a_refusal_that_may_end(open_counter: Callable[[str], Counter], name: str) -> None:
    refusal = as_a(CarrierRefused, open_counter(name).buy(replace(REQUEST, origin=None)))
    said = "No address to send from: give the branch one, or the carrier account a sender."
    assert refusal == CarrierRefused(said, final=False)


def test_a_house_that_keeps_the_goods_itself_asks_for_no_sender(open_counter: Callable[[str], Counter]) -> None:
    assert isinstance(open_counter("shipbob").buy(replace(REQUEST, origin=None)), LabelOrdered)
