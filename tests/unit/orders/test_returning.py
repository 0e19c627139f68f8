"""Goods coming back, and money for them: what was paid, never more, and nothing twice."""

import copy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.orders.domain import returning
from ddd.orders.domain.actions import Situation, why_not
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import ReturnStatus
from ddd.orders.domain.returning import ReturnRules
from ddd.orders.domain.status import OrderStatus, PaymentState, PaymentStatus
from ddd.orders.domain.workflow import PLAIN_WAY
from ddd.published.workflow import PLAIN, RefundSettings, Settings
from tests.unit.orders.living import (
    BY,
    arrive,
    ask_back,
    cancel,
    come_back,
    faults,
    fee,
    pay,
    refund,
    refund_all,
    refund_or_not,
    ship,
)
from tests.unit.orders.support import NOW, a_line, checkout, order_of, plain_order


def shipped(*quantities: int) -> Order:
    """A paid order, all of it away; 10.00 a unit."""
    order = plain_order(*quantities)
    pay(order)
    ship(order)
    return order


def receive(order: Order, arrived: dict[int, tuple[int, int]]) -> Any:
    return returning.receive_return(order, order.returns[-1], arrived, **BY)


def test_only_what_has_left_and_is_not_announced_yet_comes_back() -> None:
    order = plain_order(3)
    pay(order)
    assert faults(ask_back(order, {1: 1})) == [("NOT_RETURNABLE", None)]
    ship(order, {1: 2})
    assert faults(ask_back(order, {1: 3})) == [("QUANTITY_EXCEEDED", "lines.0.quantity")]
    assert ask_back(order, {1: 1}) is None
    assert faults(ask_back(order, {1: 2})) == [("QUANTITY_EXCEEDED", "lines.0.quantity")]
    assert ask_back(order, {1: 1}) is None
    assert faults(ask_back(order, {1: 1})) == [("NOT_RETURNABLE", None)]


def test_a_rejected_return_leaves_its_units_returnable() -> None:
    order = shipped(1)
    ask_back(order, {1: 1}, ReturnRules(needs_review=True))
    (asked,) = order.returns
    assert asked.status is ReturnStatus.REQUESTED
    assert faults(receive(order, {1: (1, 0)})) == [("INVALID_TRANSITION", None)]
    assert returning.review_return(order, asked, is_approved=False, **BY) is None
    assert faults(receive(order, {1: (1, 0)})) == [("INVALID_TRANSITION", None)]
    assert ask_back(order, {1: 1}) is None
    assert faults(returning.review_return(order, order.returns[-1], is_approved=True, **BY)) == [
        ("INVALID_TRANSITION", None)
    ]


def test_the_tenants_rules_say_what_is_taken_back_and_for_how_long() -> None:
    order = plain_order(2, 2)
    pay(order)
    ship(order, {1: 2})
    ship(order)
    arrive(order, order.shipments[0], NOW - timedelta(days=30))
    assert ask_back(copy.deepcopy(order), {1: 1, 2: 1}, ReturnRules(days=30)) is None
    late = NOW + timedelta(microseconds=1)  # the second line left at NOW, and did not arrive yet
    assert faults(ask_back(order, {2: 1, 1: 1}, ReturnRules(days=30), late)) == [("NOT_RETURNABLE", "lines.1")]
    food = ReturnRules(is_returnable=lambda sku: sku != "S1", whole_lines_only=True)
    assert faults(ask_back(order, {2: 1, 1: 1}, food)) == [
        ("NOT_RETURNABLE", "lines.0.quantity"),
        ("NOT_RETURNABLE", "lines.1"),
    ]
    assert ask_back(order, {2: 2}, food) is None


def test_where_lines_come_back_whole_what_left_later_does_so_by_itself() -> None:
    order = plain_order(3)
    pay(order)
    ship(order, {1: 2})
    whole = ReturnRules(whole_lines_only=True)
    assert faults(ask_back(order, {1: 1}, whole)) == [("NOT_RETURNABLE", "lines.0.quantity")]
    assert ask_back(order, {1: 2}, whole) is None
    ship(order)
    assert ask_back(order, {1: 1}, whole) is None


def test_units_arrive_bit_by_bit_back_to_stock_or_scrapped() -> None:
    order = shipped(3, 1)
    ask_back(order, {1: 3, 2: 1})
    assert receive(order, {1: (1, 1)}) is None
    assert order.returns[0].status is ReturnStatus.PARTIALLY_RECEIVED
    assert receive(order, {1: (0, 1), 2: (1, 0)}) is None
    assert [(each.restocked, each.scrapped) for each in order.returns[0].lines] == [(1, 2), (1, 0)]
    assert (order.returns[0].status, [line.returned_quantity for line in order.lines]) == (
        ReturnStatus.RECEIVED,
        [3, 1],
    )
    assert order.news[-1].data == {
        "returnId": str(order.returns[0].id),
        "returnStatus": {"before": "PARTIALLY_RECEIVED", "after": "RECEIVED"},
        "lines": [{"lineNo": 1, "restocked": 0, "scrapped": 1}, {"lineNo": 2, "restocked": 1, "scrapped": 0}],
        "version": 6,
    }


def test_a_persons_words_stand_with_the_person_and_not_in_the_timeline() -> None:
    order = shipped(1)
    come_back(order, {1: 1})
    made = refund(order, {1: 1})
    (returned,) = order.returns
    assert order.notes == {
        f"return_reason:{returned.id}": "Ann cut her finger",
        f"return:{returned.id}": "call Ann",
        f"refund:{made.id}": "Ann was angry",
    }
    assert "Ann" not in repr([each.data for each in order.news[1:]])
    assert "Ann" not in repr((order.returns, order.refunds))


def test_a_refund_is_what_was_asked_for_the_units_with_their_share_of_discounts_and_taxes() -> None:
    order = order_of(
        checkout(
            a_line("A", 2, "10", tax="2"),
            a_line("B", 1, "20", tax="1"),
            discounts=[{"amount": 4}],
            taxes=[{"amount": 2}],
            shipping={"cost": 5},
            payment={"state": "CAPTURED"},
        )
    )
    ship(order)
    come_back(order, {1: 1})
    assert faults(refund_or_not(order, {1: 1}, amount=1_051)) == [("REFUND_LIMIT", "amount")]
    assert refund(order, {1: 1}).amount == 1_050
    assert (order.payment_status, order.amount_due) == (PaymentStatus.PARTIALLY_REFUNDED, 0)
    come_back(order, {1: 1, 2: 1})
    assert refund(order, {1: 1, 2: 1}).amount == order.total - 500 - 1_050  # shipping was done
    assert faults(refund_or_not(order, {1: 1})) == [("REFUND_LIMIT", None)]


def test_refunds_unit_by_unit_are_no_more_than_the_units_together() -> None:
    order = order_of(checkout(a_line("A", 3, "1"), discounts=[{"amount": "0.01"}], payment={"state": "CAPTURED"}))
    ship(order)
    come_back(order, {1: 3})
    assert [refund(order, {1: 1}).amount for _ in range(3)] == [100, 99, 100]
    assert order.payment_status is PaymentStatus.REFUNDED


def test_never_more_than_was_paid() -> None:
    order = plain_order(3)
    pay(order, 1_500)
    ship(order)
    come_back(order, {1: 3})
    assert faults(refund_or_not(order, {1: 2}, amount=1_501)) == [("REFUND_LIMIT", "amount")]
    assert refund(order, {1: 2}).amount == 1_500
    assert faults(refund_or_not(order, {1: 1})) == [("REFUND_LIMIT", None)]


def test_nothing_paid_is_nothing_refunded() -> None:
    order = plain_order(1)
    cancel(order)
    assert faults(refund_or_not(order, {1: 1})) == [("REFUND_LIMIT", None)]


def test_an_order_cancelled_whole_gets_its_shipping_back_too() -> None:
    order = order_of(checkout(a_line("A", 2, "10"), shipping={"cost": 5}, payment={"state": "CAPTURED"}))
    cancel(order)
    assert refund(order, {1: 1}).amount == 1_000
    assert refund(order, {1: 1}).amount == 1_500
    assert (order.payment_status, order.status) == (PaymentStatus.REFUNDED, OrderStatus.CANCELLED)


def test_what_went_back_for_cancelled_units_no_longer_counts_as_paid() -> None:
    order = plain_order(2, 1)
    pay(order, 1_500)
    cancel(order, {1: 1})
    assert order.amount_due == 500
    refund(order, {1: 1})
    assert (order.amount_due, order.payment_status) == (1_500, PaymentStatus.PARTIALLY_REFUNDED)
    assert pay(order, reference="pi_2") is True
    assert (order.payments[-1].amount, order.amount_due, order.status) == (1_500, 0, OrderStatus.CONFIRMED)


def test_what_went_back_for_returned_units_is_not_due_again() -> None:
    order = shipped(2)
    come_back(order, {1: 1})
    refund(order, {1: 1}, restocking_fee=100)
    assert order.amount_due == 0


def test_the_fee_is_for_returned_units_and_not_for_cancelled_ones() -> None:
    order = plain_order(4)
    pay(order)
    ship(order, {1: 3})
    cancel(order, {1: 1})
    come_back(order, {1: 2})
    made = refund(order, {1: 2}, rules=fee(10))  # the cancelled one and one that came back
    assert (made.amount, made.restocking_fee) == (1_900, 100)
    last = refund(order, {1: 1}, rules=fee(10))
    assert (last.amount, last.restocking_fee) == (900, 100)
    assert order.news[-1].data["restockingFee"] == 100


def test_the_fee_given_goes_before_the_rules_and_is_no_more_than_the_units_are_worth() -> None:
    order = shipped(1)
    come_back(order, {1: 1})
    assert faults(refund_or_not(order, {1: 1}, restocking_fee=1_000)) == [("REFUND_LIMIT", "restockingFee")]
    assert faults(refund_or_not(order, {1: 1}, amount=901, restocking_fee=100)) == [("REFUND_LIMIT", "amount")]
    assert refund(order, {1: 1}, restocking_fee=0, rules=fee(50)).amount == 1_000


def test_the_cap_is_a_share_of_what_was_paid() -> None:
    order = shipped(4)
    come_back(order, {1: 4})
    rules = ReturnRules(cap_percent=Fraction(60))
    assert refund(order, {1: 2}, rules=rules).amount == 2_000
    assert refund(order, {1: 2}, rules=rules).amount == 400


def test_what_was_paid_beyond_what_is_owed_goes_back_once_no_units_are_left_to_refund() -> None:
    order = plain_order(2)
    pay(order, 2_300)
    assert faults(refund_all(order, amount=301)) == [("REFUND_LIMIT", "amount")]
    made = refund(order, {}, is_named=False)
    assert (made.amount, made.lines, made.for_cancelled) == (300, (), 300)
    assert (order.amount_due, order.overpaid, order.refunded) == (0, 0, 300)
    assert faults(refund_all(order)) == [("REFUND_LIMIT", None)]


def test_money_captured_after_a_cancelled_order_was_refunded_goes_back_too() -> None:
    order = plain_order(2)
    pay(order, 1_200)
    pay(order, 800, PaymentState.AUTHORIZED, "pi_2")
    cancel(order)
    assert refund(order, {1: 2}, is_named=False).amount == 1_200
    assert faults(refund_all(order)) == [("REFUND_LIMIT", None)]
    pay(order, 800, reference="pi_2")
    assert order.payment_status is PaymentStatus.PARTIALLY_REFUNDED
    assert faults(refund_or_not(order, {})) == [("REFUND_LIMIT", None)]  # units were named, and none are left
    assert refund(order, {}, is_named=False).amount == 800
    assert (order.payment_status, order.overpaid) == (PaymentStatus.REFUNDED, 0)


@pytest.mark.parametrize("kept", [{"restocking_fee": 200}, {"amount": 1_800}])
def test_what_was_kept_of_cancelled_units_was_not_paid_too_much(kept: dict[str, int]) -> None:
    order = plain_order(2, 1)
    pay(order)
    cancel(order, {1: 2})
    assert refund(order, {1: 2}, **kept).amount == 1_800
    assert order.overpaid == 0
    assert faults(refund_all(order)) == [("REFUND_LIMIT", None)]
    pay(order, 300, reference="pi_2")
    assert refund(order, {}, is_named=False).amount == 300


def test_shipping_goes_back_with_the_last_unit_and_not_once_more() -> None:
    order = order_of(checkout(a_line("A", 2, "10"), shipping={"cost": 5}, payment={"state": "CAPTURED"}))
    cancel(order)
    assert refund(order, {1: 2}).amount == 2_500
    pay(order, 100, reference="pi_2")
    assert refund(order, {}, is_named=False).amount == 100


def test_what_may_be_done_says_the_same_of_the_cap_as_the_refund() -> None:
    order = shipped(4)
    capped = Settings(refunds=RefundSettings(cap_percent=Decimal(50)))
    order.way = PLAIN_WAY._replace(workflow=replace(PLAIN, settings=capped))
    come_back(order, {1: 4})
    rules = ReturnRules(cap_percent=Fraction(50))
    situation = Situation(order, order.lines, NOW)
    assert why_not("processRefund", situation) is None
    assert refund(order, {1: 3}, rules=rules).amount == 2_000
    refused = why_not("processRefund", situation)
    assert refused is not None
    assert faults(refund_or_not(order, {1: 1}, rules=rules)) == [(refused.code.value, None)]


def test_a_refund_of_one_return_is_for_its_units_only() -> None:
    order = plain_order(5)
    pay(order)
    ship(order, {1: 4})
    cancel(order, {1: 1})
    first = come_back(order, {1: 1})
    second = come_back(order, {1: 2})
    (line,) = order.lines
    assert [order.refundable(line), order.refundable(line, first.id), order.refundable(line, second.id)] == [4, 1, 2]
    refund(order, {1: 1}, return_id=first.id)
    assert [order.refundable(line), order.refundable(line, first.id), order.refundable(line, second.id)] == [3, 0, 2]
    refund(order, {1: 2})  # the cancelled unit, and one that came back
    assert [order.refundable(line), order.refundable(line, second.id)] == [1, 1]


@pytest.mark.parametrize("amount", [1, 500, 1_000, 1_001])
def test_a_refusal_changes_nothing(amount: int) -> None:
    order = shipped(2)
    come_back(order, {1: 1})
    before = copy.deepcopy(order)
    if faults(refund_or_not(order, {1: 1}, amount=amount)):
        assert (order, amount) == (before, 1_001)


LINES = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 900), st.integers(0, 90)), min_size=1, max_size=3)
MOVES = st.lists(
    st.tuples(st.sampled_from(["ship", "cancel", "back", "refund", "pay"]), st.integers(1, 3), st.integers(1, 4)),
    max_size=16,
)


@given(LINES, st.integers(0, 900), st.integers(0, 500), st.booleans(), st.integers(0, 100), MOVES)
def test_whatever_happens_money_and_returned_units_are_conserved(
    rows: list[tuple[int, int, int]],
    discount: int,
    cost: int,
    included: bool,
    percent: int,
    moves: list[tuple[str, int, int]],
) -> None:
    lines = [a_line(sku, n, price, tax=tax) for sku, (n, price, tax) in zip("ABC", rows, strict=False)]
    gross = sum(n * price for n, price, _ in rows) + cost
    order = order_of(
        checkout(
            *lines,
            currency="JPY",
            shipping={"cost": cost},
            discounts=[{"amount": min(discount, gross)}],
            taxesIncluded=included,
        )
    )
    for place, (name, number, units) in enumerate(moves):
        line = order.line((number - 1) % len(order.lines) + 1)
        chosen = {line.line_no: min(units, order.left([line]).get(line.line_no, 0))}
        if name == "ship" and chosen[line.line_no]:
            ship(order, chosen)
        elif name == "cancel" and chosen[line.line_no]:
            cancel(order, chosen)
        elif name == "back" and order.returnable(line):
            come_back(order, {line.line_no: min(units, order.returnable(line))})
        elif name == "pay":
            pay(order, order.total * units // 4, reference=str(place))
        elif name == "refund" and order.refundable(line):
            before = copy.deepcopy(order)
            outcome = refund_or_not(order, {line.line_no: min(units, order.refundable(line))}, rules=fee(percent))
            assert outcome is None or order == before
        assert 0 <= order.refunded <= order.captured
        assert 0 <= order.amount_due <= order.total
        assert 0 <= order.overpaid <= order.captured - order.refunded
    asked = order.total - order.shipping_total if order.total >= order.shipping_total else 0
    if order.status is not OrderStatus.CANCELLED:
        assert order.refunded <= max(asked, 0) + sum(each.tax for each in order.lines)
    for line in order.lines:
        announced = sum(each.quantity for made in order.returns for each in made.lines if each.line_no == line.line_no)
        refunded = sum(each.quantity for made in order.refunds for each in made.lines if each.line_no == line.line_no)
        came = sum(each.returned for made in order.refunds for each in made.lines if each.line_no == line.line_no)
        assert line.returned_quantity == announced <= line.shipped_quantity
        assert 0 <= came <= line.returned_quantity
        assert 0 <= refunded - came <= line.cancelled_quantity
