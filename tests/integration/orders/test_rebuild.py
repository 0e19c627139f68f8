"""Whatever happens to an order, its timeline tells it: rebuilt from its events it is the order that is stored."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from ddd.orders.domain.rebuild import Person, rebuild
from tests.deeds import live_on
from tests.lives import Life, Pick, Trading


@pytest.fixture(scope="module")
def trading(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Trading:
    with django_db_blocker.unblock():
        return Trading()


def check(life: Life) -> None:
    order, events = life.loaded()
    assert [event.sequence for event in events] == list(range(1, order.sequence + 1))
    assert rebuild(order.id, events, Person.of(order)) == order


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), length=st.integers(1, 40))
def test_any_life_is_rebuilt_from_its_timeline_at_every_step(
    database: object, trading: Trading, seed: int, length: int
) -> None:
    pick = Pick(seed)
    life = Life(trading, pick.one_of(list(trading.tenants)), pick)
    life.begin()
    check(life)
    for _ in range(length):
        live_on(life)
        check(life)
