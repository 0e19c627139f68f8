"""`kill -9` of the server's worker, the relay and PostgreSQL under load. `make soak` kills twenty times."""

import sys

import pytest

from tests.soak.house import House, Shop
from tests.soak.killing import kill_in_turn


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes by /proc")
def test_after_kill_9_every_acknowledged_order_is_there_once_and_the_books_add_up() -> None:
    with House() as house:
        outcome = kill_in_turn(house, Shop(house), kills=3, buyers=4, orders_between=20)
    assert outcome.kills == 3
    assert outcome.acknowledged > 60
