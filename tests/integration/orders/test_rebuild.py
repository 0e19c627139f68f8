"""Whatever happens to an order, its timeline tells it: rebuilt from its events it is the order that is stored."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from ddd.orders.domain.rebuild import EVENT_TYPES, Person, rebuild
from tests.lives import Life, Pick, Trading

LONGEST = 30
#: So many lives are led at most until everything that can happen has happened.
MOST_LIVES = 200


@pytest.fixture(scope="module")
def trading(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Trading:
    with django_db_blocker.unblock():
        return Trading()


def check(life: Life) -> set[str]:
    """The order is as its timeline tells; the types of its events."""
    order, events = life.loaded()
    assert [event.sequence for event in events] == list(range(1, order.sequence + 1))
    assert rebuild(order.id, events, Person.of(order)) == order
    return {event.type for event in events}


def begun(trading: Trading, seed: int) -> Life:
    pick = Pick(seed)
    life = Life(trading, pick.one_of(list(trading.tenants)), pick)
    life.begin()
    return life


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), length=st.integers(1, LONGEST))
def test_any_life_is_rebuilt_from_its_timeline_at_every_step(
    database: object, trading: Trading, seed: int, length: int
) -> None:
    life = begun(trading, seed)
    check(life)
    for _ in range(length):
        life.go_on()
        check(life)


def test_every_type_of_event_is_met_and_rebuilt(database: object, trading: Trading) -> None:
    missing = EVENT_TYPES - {"order.erased"}  # the operator's, with tests of its own
    for seed in range(MOST_LIVES):
        life = begun(trading, seed)
        for _ in range(LONGEST):
            life.go_on()
            missing -= check(life)
        if not missing:
            break
    assert missing == set()
