"""Every amount is computed here, and every sum."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.orders.domain.status import OrderStatus, PaymentStatus
from ddd.shared.domain.errors import Refusals
from tests.unit.orders.support import FACTS, a_line, checkout, faults, order_of, read

WHOLE: dict[str, Any] = {
    "discounts": [{"amount": "3.00", "code": "TEN", "description": "ten"}, {"amount": 2}],
    "taxes": [{"amount": "1.25", "name": "state", "rate": "0.0725"}],
    "shipping": {"method": "post", "deliveryTime": "2 days", "cost": "4.90"},
}
LINES = (a_line("A", 3, "10.10", discount="0.30", tax="2.00"), a_line("B", 1, 5.5), a_line("C", 2, "0", tax="0.10"))


def test_the_formulas() -> None:
    order = order_of(checkout(*LINES, **WHOLE))
    assert [line.line_total for line in order.lines] == [3_000, 550, 0]
    assert order.subtotal == 3_550
    assert order.discount_total == 500
    assert order.shipping_total == 490
    assert order.tax_total == 335
    assert order.total == 3_550 - 500 + 490 + 335
    assert order.amount_due == order.total
    assert order.terms == {
        "discounts": [{"amount": 300, "code": "TEN"}, {"amount": 200}],
        "taxes": [{"amount": 125, "name": "state", "rate": "0.0725"}],
        "shipping": {"method": "post"},
    }
    assert order.notes == {"discount:1": "ten", "delivery_time": "2 days"}


def test_taxes_that_are_included_are_told_but_not_added() -> None:
    order = order_of(checkout(*LINES, **WHOLE, taxesIncluded=True))
    assert (order.tax_total, order.total) == (335, 3_550 - 500 + 490)


@pytest.mark.parametrize(
    ("currency", "price", "minor"),
    [("USD", "10.50", 1050), ("JPY", "1050", 1050), ("BHD", "1.050", 1050), ("CLF", "0.1050", 1050), ("EUR", 1, 100)],
)
def test_amounts_are_minor_units_of_the_orders_currency(currency: str, price: object, minor: int) -> None:
    assert order_of(checkout(a_line(price=price), currency=currency)).total == minor


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 10**6), st.integers(0, 100), st.integers(0, 500))),
    st.lists(st.integers(0, 1_000), max_size=3),
    st.lists(st.integers(0, 1_000), max_size=3),
    st.integers(0, 5_000),
    st.booleans(),
)
def test_sums_are_exact_for_any_checkout(
    rows: list[tuple[int, int, int, int]], discounts: list[int], taxes: list[int], shipping: int, included: bool
) -> None:
    def usd(minor: int) -> str:
        return f"{minor // 100}.{minor % 100:02}"

    skus = {f"S{number}": "x" for number in range(len(rows) + 1)}
    lines = [
        a_line(f"S{number}", quantity, usd(price + discount), discount=usd(discount), tax=usd(tax))
        for number, (quantity, price, discount, tax) in enumerate(rows)
    ]
    lines.append(a_line(f"S{len(rows)}", 1, "40"))  # enough for the order's discounts
    given_ = checkout(
        *lines,
        discounts=[{"amount": usd(each)} for each in discounts],
        taxes=[{"amount": usd(each)} for each in taxes],
        shipping={"cost": usd(shipping)},
        taxesIncluded=included,
    )
    subtotal = sum((price + discount) * quantity - discount for quantity, price, discount, _ in rows) + 4_000
    tax_total = sum(tax for *_, tax in rows) + sum(taxes)
    total = subtotal - sum(discounts) + shipping + (0 if included else tax_total)
    order = order_of(given_, facts=FACTS._replace(item_names=skus))
    assert (order.subtotal, order.discount_total, order.shipping_total, order.tax_total, order.total) == (
        subtotal, sum(discounts), shipping, tax_total, total,
    )  # fmt: skip


def test_discounts_beyond_the_order_make_a_total_that_no_field_is_to_blame_for() -> None:
    assert faults(checkout(discounts=[{"amount": "10.01"}])) == [("INVALID_INPUT", None)]


@pytest.mark.parametrize("payment", [None, {}, {"state": "PENDING"}, {"state": "FAILED"}, {"state": "CAPTURED"}])
def test_an_order_of_total_0_is_paid_and_confirmed(payment: dict[str, Any] | None) -> None:
    order = order_of(checkout(discounts=[{"amount": "10"}], payment=payment))
    assert (order.total, order.amount_due) == (0, 0)
    assert (order.payment_status, order.status) == (PaymentStatus.PAID, OrderStatus.CONFIRMED)


def test_a_free_gift_is_free_and_not_taxed() -> None:
    order = order_of(
        checkout(a_line("A"), a_line("B", 1, 0, isFreeGift=True), a_line("C", 1, 3, discount=3, isFreeGift=True))
    )
    assert [line.line_total for line in order.lines] == [1_000, 0, 0]
    given_ = checkout(a_line("A", isFreeGift=True, tax=1), a_line("B", 1, 0, isFreeGift=True, tax="0.01"))
    assert faults(given_) == [
        ("INVALID_INPUT", "lines.0.unitPrice"),
        ("INVALID_INPUT", "lines.0.tax"),
        ("INVALID_INPUT", "lines.1.tax"),
    ]


def test_a_line_that_is_not_taxable_takes_no_tax() -> None:
    assert faults(checkout(a_line(isTaxable=False, tax="0.01"))) == [("INVALID_INPUT", "lines.0.tax")]
    assert order_of(checkout(a_line(isTaxable=False, tax=0))).tax_total == 0


@pytest.mark.parametrize("expected", ["10", "10.00", 10, 10.0, "10.000"])
def test_the_expected_total_is_compared_by_value(expected: object) -> None:
    assert order_of(checkout(expectedTotal=expected)).total == 1_000


def test_an_expected_total_that_differs_is_a_mismatch_with_both_totals() -> None:
    answer = checkout(expectedTotal="9.9")
    assert faults(answer) == [("TOTAL_MISMATCH", "expectedTotal")]
    refused = read(answer)
    assert isinstance(refused, Refusals)
    assert refused.items[0].details == {"expected": "9.90", "actual": "10.00"}


@pytest.mark.parametrize("expected", ["-1", "10.001", "1e1", " 10", "+10", "１０", 0.1 + 0.2, "9" * 30, "ten"])
def test_an_expected_total_that_is_no_amount_is_invalid(expected: object) -> None:
    assert faults(checkout(expectedTotal=expected)) == [("INVALID_INPUT", "expectedTotal")]


@pytest.mark.parametrize(
    ("given_", "path"),
    [
        (checkout(a_line(price="10000000000001")), "lines.0.unitPrice"),
        (checkout(a_line(quantity=1_000_000, price="100000000")), "lines.0.unitPrice"),
        (checkout(a_line("A", 1, "9000000000000"), a_line("B", 1, "9000000000000")), None),
        (checkout(discounts=[{"amount": "1" + "0" * 39}]), "discounts.0.amount"),
        (checkout(shipping={"cost": "1" + "0" * 39}), "shipping.cost"),
    ],
)
def test_amounts_beyond_a_quadrillion_minor_units_are_refused(given_: dict[str, Any], path: str | None) -> None:
    assert faults(given_) == [("INVALID_INPUT", path)]
