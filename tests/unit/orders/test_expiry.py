"""When an unpaid order is cancelled by itself."""

import copy
from datetime import timedelta

import pytest

from ddd.orders.domain import holding
from ddd.orders.domain.expiry import expire, expires_at
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, CancelReason
from ddd.orders.domain.status import OrderStatus, PaymentState
from ddd.orders.domain.workflow import PLAIN_WAY, Way
from ddd.published.workflow import Settings, Workflow
from tests.unit.orders.living import cancel, faults, hold, pay, release
from tests.unit.orders.support import NOW, plain_order

SYSTEM = Actor("system", ())
LIMIT = timedelta(minutes=30)


def expiring(*quantities: int) -> Order:
    """Placed at NOW under a workflow that gives 30 minutes to pay."""
    order = plain_order(*quantities)
    order.way = Way(Workflow("quick", {}, Settings(unpaid_expiry_minutes=30)), PLAIN_WAY.evaluate)
    return order


def test_a_pending_order_that_nobody_pays_is_cancelled_whole_when_its_time_is_over() -> None:
    order = expiring(2, 1)
    assert expires_at(order) == NOW + LIMIT
    before = copy.deepcopy(order)
    too_early = expire(order, actor=SYSTEM, at=NOW + LIMIT - timedelta(microseconds=1))
    assert faults(too_early) == [("INVALID_TRANSITION", None)]
    assert order == before
    assert expire(order, actor=SYSTEM, at=NOW + LIMIT) is None
    assert order.status is OrderStatus.CANCELLED
    assert order.cancellation is not None
    assert (order.cancellation.reason, order.cancellation.by) == (CancelReason.EXPIRED, "system")
    assert [line.reserved_quantity for line in order.lines] == [0, 0]
    assert (order.news[-1].type, order.news[-1].actor, order.news[-1].data["reason"]) == (
        "order.cancelled",
        SYSTEM,
        "EXPIRED",
    )
    assert expires_at(order) is None
    assert faults(expire(order, actor=SYSTEM, at=NOW + 2 * LIMIT)) == [("INVALID_TRANSITION", None)]


def test_without_a_limit_no_order_expires() -> None:
    order = plain_order(1)
    assert expires_at(order) is None
    assert faults(expire(order, actor=SYSTEM, at=NOW + timedelta(days=1_000))) == [("INVALID_TRANSITION", None)]


@pytest.mark.parametrize("state", [PaymentState.AUTHORIZED, PaymentState.CAPTURED])
def test_an_order_of_which_something_is_paid_or_authorised_does_not_expire(state: PaymentState) -> None:
    order = expiring(3)
    pay(order, amount=1, state=state)
    assert order.status is OrderStatus.PENDING
    assert expires_at(order) is None


@pytest.mark.parametrize("state", [PaymentState.PENDING, PaymentState.FAILED])
def test_a_payment_that_brought_nothing_keeps_no_order(state: PaymentState) -> None:
    order = expiring(3)
    pay(order, state=state)
    assert expires_at(order) == NOW + LIMIT


def test_a_draft_and_a_confirmed_order_do_not_expire() -> None:
    draft, confirmed = expiring(1), expiring(1)
    draft.submitted_at = None
    pay(confirmed)
    confirmed.go_on(SYSTEM, NOW)
    assert confirmed.status is OrderStatus.CONFIRMED
    assert (expires_at(draft), expires_at(confirmed)) == (None, None)


def test_a_partial_cancellation_gives_no_more_time() -> None:
    order = expiring(2)
    cancel(order, {1: 1})
    assert expires_at(order) == NOW + LIMIT


def test_a_held_order_does_not_expire_before_the_hold_ends() -> None:
    order = expiring(1)
    assert hold(order) is None
    assert expires_at(order) is None
    assert faults(expire(order, actor=SYSTEM, at=NOW + 2 * LIMIT)) == [("INVALID_TRANSITION", None)]
    assert release(order) is None
    assert expires_at(order) == NOW + LIMIT


@pytest.mark.parametrize(("minutes", "due"), [(10, 30), (45, 45)])
def test_a_hold_that_ends_by_itself_puts_the_end_off_no_further_than_its_own(minutes: int, due: int) -> None:
    order = expiring(1)
    until = NOW + timedelta(minutes=minutes)
    assert holding.hold(order, reason="stock check", until=until, actor=SYSTEM, at=NOW) is None
    assert expires_at(order) == NOW + timedelta(minutes=due)
    before = NOW + timedelta(minutes=due - 1)
    assert faults(expire(order, actor=SYSTEM, at=before)) == [("INVALID_TRANSITION", None)]
    assert expire(order, actor=SYSTEM, at=NOW + timedelta(minutes=due)) is None
