"""Status and payment status follow from milestones, quantities and sums."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.orders.domain.status import Milestones, OrderStatus, PaymentStatus, order_status, payment_status

PLACED = Milestones(True, False, False)
CONFIRMED = Milestones(True, True, False)
COMPLETED = Milestones(True, True, True)
DRAFT = Milestones(False, False, False)


class Quantities(NamedTuple):
    ordered: int
    cancelled: int
    shipped_quantity: int
    delivered_quantity: int

    @property
    def open_quantity(self) -> int:
        return self.ordered - self.cancelled


@st.composite
def quantities(draw: st.DrawFn) -> Quantities:
    """One line's units, as the rows' own check allows them."""
    ordered = draw(st.integers(1, 6))
    cancelled = draw(st.integers(0, ordered))
    shipped = draw(st.integers(0, ordered - cancelled))
    return Quantities(ordered, cancelled, shipped, draw(st.integers(0, shipped)))


LINES = st.lists(quantities(), min_size=1, max_size=5)
MILESTONES = st.sampled_from([DRAFT, PLACED, CONFIRMED, COMPLETED])


@pytest.mark.parametrize(
    ("milestones", "lines", "status"),
    [
        (DRAFT, [(2, 0, 0, 0)], "DRAFT"),
        (PLACED, [(2, 0, 0, 0)], "PENDING"),
        (CONFIRMED, [(2, 0, 0, 0)], "CONFIRMED"),
        (CONFIRMED, [(2, 0, 1, 0)], "PARTIALLY_SHIPPED"),
        (CONFIRMED, [(2, 0, 2, 0), (1, 0, 0, 0)], "PARTIALLY_SHIPPED"),
        (CONFIRMED, [(2, 1, 1, 0), (1, 0, 1, 0)], "SHIPPED"),
        (CONFIRMED, [(2, 0, 2, 0), (3, 3, 0, 0)], "SHIPPED"),
        (CONFIRMED, [(2, 0, 2, 2), (1, 0, 1, 0)], "PARTIALLY_DELIVERED"),
        (CONFIRMED, [(2, 0, 2, 1)], "PARTIALLY_DELIVERED"),
        (CONFIRMED, [(2, 0, 2, 2), (1, 0, 0, 0)], "PARTIALLY_SHIPPED"),  # what is left may still be shipped
        (CONFIRMED, [(2, 0, 2, 2), (1, 1, 0, 0)], "DELIVERED"),
        (COMPLETED, [(2, 0, 2, 2)], "COMPLETED"),
        (CONFIRMED, [(2, 2, 0, 0), (1, 1, 0, 0)], "CANCELLED"),
        (PLACED, [(2, 2, 0, 0)], "CANCELLED"),
        (DRAFT, [(2, 2, 0, 0)], "CANCELLED"),
        (COMPLETED, [(2, 2, 0, 0)], "CANCELLED"),
        (PLACED, [(2, 1, 0, 0)], "PENDING"),
    ],
)
def test_a_status_follows_from_milestones_and_quantities(
    milestones: Milestones, lines: list[tuple[int, int, int, int]], status: str
) -> None:
    assert order_status(milestones, (Quantities(*line) for line in lines)).value == status


def test_quantities_count_line_by_line_and_never_as_a_sum() -> None:
    # Six of six units in sum, yet one line is a unit short and another has one too many.
    assert order_status(CONFIRMED, [Quantities(3, 0, 2, 0), Quantities(3, 0, 4, 0)]) is OrderStatus.PARTIALLY_SHIPPED


@given(MILESTONES, LINES)
def test_all_open_zero_is_cancelled_and_nothing_else_is(milestones: Milestones, lines: list[Quantities]) -> None:
    is_cancelled = order_status(milestones, lines) is OrderStatus.CANCELLED
    assert is_cancelled == all(line.cancelled == line.ordered for line in lines)


@given(LINES)
def test_a_partial_shipment_is_never_a_whole_one(lines: list[Quantities]) -> None:
    status = order_status(CONFIRMED, lines)
    nothing_left = all(line.shipped_quantity == line.open_quantity for line in lines)
    some_left = any(line.shipped_quantity for line in lines) and not nothing_left
    assert (status is OrderStatus.PARTIALLY_SHIPPED) == some_left
    whole = {OrderStatus.SHIPPED, OrderStatus.PARTIALLY_DELIVERED, OrderStatus.DELIVERED}
    assert (status in whole) == (nothing_left and any(line.open_quantity for line in lines))


@given(LINES)
def test_delivered_units_never_take_a_shipped_order_back(lines: list[Quantities]) -> None:
    arrived = [line._replace(delivered_quantity=line.shipped_quantity) for line in lines]
    before, after = order_status(CONFIRMED, lines), order_status(CONFIRMED, arrived)
    if before in (OrderStatus.SHIPPED, OrderStatus.PARTIALLY_DELIVERED, OrderStatus.DELIVERED):
        assert after is OrderStatus.DELIVERED
    else:
        assert after is before


@given(LINES)
def test_the_order_of_the_lines_does_not_matter(lines: list[Quantities]) -> None:
    assert order_status(CONFIRMED, lines) is order_status(CONFIRMED, lines[::-1])


@given(LINES)
def test_confirming_matters_only_before_anything_left(lines: list[Quantities]) -> None:
    before, after = order_status(PLACED, lines), order_status(CONFIRMED, lines)
    assert (before, after) == (OrderStatus.PENDING, OrderStatus.CONFIRMED) or before is after


@pytest.mark.parametrize(
    ("total", "authorized", "captured", "refunded", "status"),
    [
        (100, 0, 0, 0, "UNPAID"),
        (100, 1, 0, 0, "AUTHORIZED"),
        (100, 100, 0, 0, "AUTHORIZED"),
        (100, 500, 0, 0, "AUTHORIZED"),
        (100, 0, 1, 0, "PARTIALLY_PAID"),
        (100, 100, 99, 0, "PARTIALLY_PAID"),
        (100, 0, 100, 0, "PAID"),
        (100, 0, 101, 0, "PAID"),
        (0, 0, 0, 0, "PAID"),
        (100, 0, 100, 1, "PARTIALLY_REFUNDED"),
        (100, 0, 100, 100, "REFUNDED"),
        (100, 0, 50, 50, "REFUNDED"),
    ],
)
def test_a_payment_status_follows_from_the_sums(
    total: int, authorized: int, captured: int, refunded: int, status: str
) -> None:
    assert payment_status(total, authorized, captured, refunded) is PaymentStatus(status)
