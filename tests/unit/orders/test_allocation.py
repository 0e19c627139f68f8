"""Which branch serves which line."""

from hypothesis import given
from hypothesis import strategies as st

from ddd.orders.domain.allocation import Demand, allocate

DEMANDS = [Demand(1, "A", 2), Demand(2, "B", 1)]


def test_the_first_branch_that_has_every_line_serves_all_of_them() -> None:
    stock = {"A": {"east": 5, "west": 5, "south": 5}, "B": {"west": 1, "south": 5}}
    assert allocate(DEMANDS, ["east", "west", "south"], stock) == {1: "west", 2: "west"}


def test_priority_is_the_order_in_which_branches_are_named() -> None:
    stock = {"A": {"east": 5, "west": 5}, "B": {"east": 5, "west": 5}}
    assert allocate(DEMANDS, ["west", "east"], stock) == {1: "west", 2: "west"}


def test_where_no_branch_has_everything_each_line_comes_from_its_first() -> None:
    stock = {"A": {"east": 1, "west": 2, "south": 9}, "B": {"east": 1}}
    assert allocate(DEMANDS, ["east", "west", "south"], stock) == {1: "west", 2: "east"}


def test_a_line_is_never_split_over_branches() -> None:
    assert allocate([Demand(1, "A", 3)], ["east", "west"], {"A": {"east": 2, "west": 2}}) == (1,)


def test_every_short_line_is_named_in_input_order() -> None:
    demands = [Demand(1, "A", 9), Demand(2, "B", 1), Demand(3, "C", 1)]
    assert allocate(demands, ["east"], {"A": {"east": 8}, "B": {"east": 1}}) == (1, 3)


def test_the_last_unit_is_enough() -> None:
    assert allocate([Demand(1, "A", 1)], ["east"], {"A": {"east": 1}}) == {1: "east"}


def test_stock_in_a_branch_that_is_not_tried_does_not_count() -> None:
    assert allocate([Demand(1, "A", 1)], [], {"A": {"east": 1}}) == (1,)


def test_nothing_to_allocate_needs_no_branch() -> None:
    assert allocate([], [], {}) == {}


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from("0123"), st.dictionaries(st.sampled_from("xyz"), st.integers(0, 5))),
)
def test_what_is_allocated_is_there_and_what_is_short_is_nowhere(
    wanted: list[int], stock: dict[str, dict[str, int]]
) -> None:
    demands = [Demand(number + 1, str(number), quantity) for number, quantity in enumerate(wanted)]
    answer = allocate(demands, ["x", "y", "z"], stock)
    if isinstance(answer, dict):
        assert list(answer) == [demand.line_no for demand in demands]
        assert all(stock[demand.sku][answer[demand.line_no]] >= demand.quantity for demand in demands)
    else:
        nowhere = [d.line_no for d in demands if max(stock.get(d.sku, {}).values(), default=0) < d.quantity]
        assert list(answer) == nowhere != []
