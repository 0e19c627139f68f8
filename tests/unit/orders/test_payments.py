"""Money coming in: told twice is told once, never more than authorised, paid is confirmed."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.orders.domain.payments import confirm
from ddd.orders.domain.status import OrderStatus, PaymentState, PaymentStatus
from tests.unit.orders.living import BY, cancel, faults, pay, ship
from tests.unit.orders.support import a_line, checkout, order_of, plain_order

PENDING, AUTHORIZED, CAPTURED, FAILED = PaymentState


def test_a_payment_is_what_is_due_where_no_amount_is_told() -> None:
    order = plain_order(2)
    assert pay(order, 500, reference="pi_0") is True
    assert pay(order) is True
    assert [each.amount for each in order.payments] == [500, 1_500]
    assert [each.payment_no for each in order.payments] == [1, 2]
    assert (order.payment_status, order.amount_due, order.status) == (PaymentStatus.PAID, 0, OrderStatus.CONFIRMED)


def test_the_same_reference_twice_is_one_payment_and_one_event() -> None:
    order = plain_order(2)
    assert pay(order, 2_000) is True
    before = copy.deepcopy(order)
    assert pay(order, 2_000) is False
    assert pay(order) is False
    assert order == before


def test_the_same_reference_of_another_provider_is_another_payment() -> None:
    order = order_of(checkout(payment={"provider": "adyen", "reference": "pi_1", "state": "PENDING", "amount": 4}))
    assert pay(order, 600) is True
    assert [(each.provider, each.amount) for each in order.payments] == [("adyen", 400), ("stripe", 600)]


def test_a_payment_that_was_placed_with_the_order_goes_on() -> None:
    order = order_of(checkout(payment={"provider": "stripe", "reference": "pi_1", "method": "card"}))
    assert pay(order) is True
    assert [(each.state, each.amount, each.method) for each in order.payments] == [(CAPTURED, 1_000, "card")]


ALLOWED = {
    PENDING: {AUTHORIZED, CAPTURED, FAILED},
    AUTHORIZED: {CAPTURED, FAILED},
    CAPTURED: set[PaymentState](),
    FAILED: {AUTHORIZED, CAPTURED},
}


@pytest.mark.parametrize("new", PaymentState)
@pytest.mark.parametrize("old", PaymentState)
def test_a_payment_goes_on_as_providers_let_it(old: PaymentState, new: PaymentState) -> None:
    order = plain_order(3)
    assert pay(order, 1_000, old) is True
    before = copy.deepcopy(order)
    outcome = pay(order, 1_000, new)
    if new is old:
        assert outcome is False
    elif new in ALLOWED[old]:
        assert outcome is True
        assert [each.state for each in order.payments] == [new]
        return
    else:
        assert faults(outcome) == [("INVALID_TRANSITION", "state")]
    assert order == before


def test_no_more_is_captured_than_was_authorised() -> None:
    order = plain_order(2)
    pay(order, 1_500, AUTHORIZED)
    before = copy.deepcopy(order)
    assert faults(pay(order, 1_501)) == [("INVALID_INPUT", "amount")]
    assert faults(pay(order, 1_501, FAILED)) == [("INVALID_INPUT", "amount")]
    assert faults(pay(order, 1_501, AUTHORIZED)) == [("INVALID_TRANSITION", "state")]
    assert order == before
    assert pay(order, 1_499) is True
    assert (order.captured, order.authorized) == (1_499, 0)


def test_what_a_provider_tells_after_the_cancellation_is_recorded_and_brings_the_order_nowhere() -> None:
    order = plain_order(2)
    pay(order, 2_000, AUTHORIZED)
    cancel(order)
    assert order.payment_status is PaymentStatus.AUTHORIZED
    assert faults(pay(order, 2_001)) == [("INVALID_INPUT", "amount")]
    assert pay(order, 1_500) is True
    assert (order.payment_status, order.status) == (PaymentStatus.PARTIALLY_PAID, OrderStatus.CANCELLED)
    assert pay(order, 500, reference="pi_2") is True
    assert (order.payment_status, order.amount_due, order.overpaid) == (PaymentStatus.PAID, 0, 2_000)
    voided = plain_order(1)
    pay(voided, 1_000, AUTHORIZED)
    cancel(voided)
    assert pay(voided, state=FAILED) is True
    assert (voided.payment_status, voided.overpaid) == (PaymentStatus.UNPAID, 0)


def test_more_than_the_total_is_recorded_and_known_as_overpaid() -> None:
    order = plain_order(2)
    assert pay(order, 1_500) is True
    assert (order.overpaid, order.amount_due) == (0, 500)
    assert pay(order, 1_000, reference="pi_2") is True
    assert (order.payment_status, order.amount_due, order.overpaid) == (PaymentStatus.PAID, 0, 500)


def test_an_authorisation_of_the_whole_confirms_and_one_of_a_part_does_not() -> None:
    order = plain_order(2)
    pay(order, 1_999, AUTHORIZED)
    assert (order.status, order.payment_status) == (OrderStatus.PENDING, PaymentStatus.AUTHORIZED)
    pay(order, 1, AUTHORIZED, "pi_2")
    assert [each.type for each in order.news[1:]] == [
        "order.payment_recorded",
        "order.payment_recorded",
        "order.confirmed",
    ]
    assert (order.status, order.version, order.amount_due) == (OrderStatus.CONFIRMED, 3, 2_000)


def test_only_a_paid_pending_order_is_confirmed() -> None:
    order = plain_order(2)
    assert faults(confirm(order, **BY)) == [("PAYMENT_OUTSTANDING", None)]
    pay(order, 1_000)
    assert faults(confirm(order, **BY)) == [("PAYMENT_OUTSTANDING", None)]
    cancel(order, {1: 1})
    assert confirm(order, **BY) is None
    assert order.news[-1].data == {"status": {"before": "PENDING", "after": "CONFIRMED"}, "version": 4}
    assert faults(confirm(order, **BY)) == [("INVALID_TRANSITION", None)]


def test_an_order_of_which_the_rest_is_paid_is_paid() -> None:
    order = plain_order(2)
    cancel(order, {1: 1})
    assert pay(order) is True
    assert (order.payments[0].amount, order.amount_due, order.payment_status) == (1_000, 0, PaymentStatus.PAID)


def test_an_order_cancelled_whole_before_anything_was_paid_is_not_paid() -> None:
    order = order_of(checkout(a_line("A", 2), shipping={"cost": 5}))
    cancel(order)
    assert (order.payment_status, order.amount_due) == (PaymentStatus.UNPAID, 0)


def test_shipping_first_and_paying_later_does_not_confirm_twice() -> None:
    order = plain_order(1)
    ship(order)
    assert pay(order) is True
    assert [each.type for each in order.news] == [
        "order.placed",
        "order.confirmed",
        "order.shipped",
        "order.payment_recorded",
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from(PaymentState), st.none() | st.integers(1, 3_000), st.sampled_from("abc")), max_size=12
    )
)
def test_whatever_providers_tell_a_reference_is_one_payment_and_a_refusal_changes_nothing(
    told: list[tuple[PaymentState, int | None, str]],
) -> None:
    order = plain_order(2)
    for state, amount, reference in told:
        before = copy.deepcopy(order)
        known = {each.reference: each for each in order.payments}.get(reference)
        outcome = pay(order, amount, state, reference)
        if outcome is not True:
            assert order == before
        elif known is not None and known.state is AUTHORIZED:
            assert next(each for each in order.payments if each.reference == reference).amount <= known.amount
    references = [each.reference for each in order.payments]
    assert len(references) == len(set(references))
    assert [each.payment_no for each in order.payments] == list(range(1, len(references) + 1))
    assert [event.sequence for event in order.news] == list(range(1, order.sequence + 1))
    assert order.amount_due == max(0, order.total - order.captured)


def test_the_timeline_tells_which_payment_became_what() -> None:
    order = plain_order(1)
    pay(order, 400, AUTHORIZED)
    pay(order, 300)
    assert order.news[-1].data == {
        "paymentNo": 1,
        "state": {"before": "AUTHORIZED", "after": "CAPTURED"},
        "amount": 300,
        "provider": "stripe",
        "reference": "pi_1",
        "method": None,
        "before": {"amount": 400, "method": None},
        "paymentStatus": {"before": "AUTHORIZED", "after": "PARTIALLY_PAID"},
        "version": 3,
    }
