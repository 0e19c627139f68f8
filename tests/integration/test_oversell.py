"""Nothing is sold twice: the last units, the same key, and goods that are minutes old. `make soak` runs it whole."""

from typing import Any

import pytest

from ddd.branches.application.branches import create_branch
from ddd.orders.application.place_order import place_order
from ddd.stock.application.items import create_item
from ddd.stock.application.levels import receive_stock
from tests.builders import branches, caller, registered, rows, stock
from tests.soak.buying import Answer, Crowd, adds_up, create_receive_place, the_last_units, the_same_key
from tests.trade import orders


class Handlers:
    """The shop by its handlers, all on one set of ports, as in a worker of the server."""

    def __init__(self) -> None:
        self._admin = caller(registered())
        self._branches, self._stock, self._orders = branches(), stock(), orders()
        for number in (1, 2, 3):
            self.create_branch(f"b{number}")

    def create_branch(self, code: str) -> None:
        given = {"code": code, "name": code, "timezone": "UTC"}
        assert create_branch(self._admin, given, self._branches).errors == ()

    def create_item(self, sku: str) -> None:
        assert create_item(self._admin, {"sku": sku, "name": sku}, self._stock).errors == ()

    def receive(self, branch: str, sku: str, quantity: int) -> None:
        given = {"branchCode": branch, "sku": sku, "quantity": quantity}
        assert receive_stock(self._admin, given, self._stock).errors == ()

    def place(self, given: dict[str, Any]) -> Answer:
        outcome = place_order(self._admin, given, self._orders)
        return Answer(
            str(outcome.value.id) if outcome.value else None,
            tuple(error.code.value for error in outcome.errors),
            outcome.replayed,
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return rows(self._admin.tenant_id, sql)


@pytest.fixture
def market(database: object) -> Handlers:
    return Handlers()


@pytest.mark.parametrize("spread", [(7,), (3, 2, 2)], ids=["in one branch", "over three branches"])
def test_thirty_two_buyers_of_the_last_seven_units_get_seven(market: Handlers, spread: tuple[int, ...]) -> None:
    with Crowd() as crowd:
        for _ in range(4):
            the_last_units(market, crowd, spread)
    adds_up(market.query)


@pytest.mark.parametrize("units", [1, 100], ids=["for the last unit", "for one of many"])
def test_the_same_key_sixteen_times_at_once_is_one_order_and_fifteen_replays(market: Handlers, units: int) -> None:
    with Crowd() as crowd:
        for _ in range(4):
            the_same_key(market, crowd, units)
    adds_up(market.query)


def test_what_was_created_and_received_can_be_ordered_at_once_without_any_relay(market: Handlers) -> None:
    assert create_receive_place(market, 25) == 25
    adds_up(market.query)
