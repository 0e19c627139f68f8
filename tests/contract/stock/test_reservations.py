"""The reservations port: one suite for the real one and for the fake."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

import pytest
from psycopg.errors import IntegrityError

from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.statements import connection
from ddd.stock.application.reservations import NO_LEVEL, NOT_HELD, SHORT, Reservations
from ddd.stock.infrastructure.reservations import StockReservations
from tests.builders import caller, fetched, new_tenant_id, rows
from tests.fakes import Aborted, FakeReservations
from tests.pipeline import SET_TENANT, send

AT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


class World(Protocol):
    """A tenant with stock, and one of the two ports."""

    port: Reservations
    tenant_id: str

    def open(self, branch: str, sku: str, on_hand: int) -> None: ...
    def commit(self, *writes: Write) -> None:
        """Raises Aborted."""
        ...

    def available(self, *skus: str) -> Mapping[str, Mapping[str, int]]: ...
    def level(self, branch: str, sku: str) -> tuple[int, int]:
        """On hand and reserved."""
        ...

    def held(self, order_id: UUID) -> Sequence[tuple[int, str, str, int]]: ...
    def lying(self, order_id: UUID) -> Mapping[int, int]:
        """What `lock_held` answers."""
        ...


class FakeWorld:
    def __init__(self) -> None:
        self.fake = FakeReservations()
        self.port: Reservations = self.fake
        self.tenant_id = new_tenant_id()

    def open(self, branch: str, sku: str, on_hand: int) -> None:
        self.fake.levels = {**self.fake.levels, (self.tenant_id, branch, sku): (on_hand, 0)}

    def commit(self, *writes: Write) -> None:
        self.fake.committed(*writes)

    def available(self, *skus: str) -> Mapping[str, Mapping[str, int]]:
        return self.port.availability(self.tenant_id, skus).build([])

    def level(self, branch: str, sku: str) -> tuple[int, int]:
        return self.fake.levels[(self.tenant_id, branch, sku)]

    def held(self, order_id: UUID) -> Sequence[tuple[int, str, str, int]]:
        return sorted((line, *held) for (_, order, line), held in self.fake.held.items() if order == order_id)

    def lying(self, order_id: UUID) -> Mapping[int, int]:
        return self.port.lock_held(self.tenant_id, order_id).build([])


class PostgresWorld:
    def __init__(self) -> None:
        self.port: Reservations = StockReservations()
        self.tenant_id = new_tenant_id()

    def open(self, branch: str, sku: str, on_hand: int) -> None:
        rows(
            self.tenant_id,
            "INSERT INTO stock_item (tenant_id, id, sku, name, version) VALUES ($1, $2::uuid, $3, 'It', 1)"
            " ON CONFLICT DO NOTHING RETURNING 1",
            self.tenant_id, str(uuid4()), sku,
        )  # fmt: skip
        rows(
            self.tenant_id,
            "INSERT INTO stock_level (tenant_id, id, branch_code, sku, on_hand, version)"
            " VALUES ($1, $2::uuid, $3, $4, $5::bigint, 1) RETURNING 1",
            self.tenant_id, str(uuid4()), branch, sku, str(on_hand),
        )  # fmt: skip

    def commit(self, *writes: Write) -> None:
        raw = connection("default")
        try:
            with raw.transaction(), raw.pipeline():
                send(raw, SET_TENANT, (self.tenant_id,))
                for write in writes:
                    send(raw, write.sql, write.params)
        except IntegrityError as error:
            raise Aborted(error.diag.constraint_name or "") from error

    def available(self, *skus: str) -> Mapping[str, Mapping[str, int]]:
        found: Mapping[str, Mapping[str, int]] = fetched(self.tenant_id, self.port.availability(self.tenant_id, skus))
        return found

    def level(self, branch: str, sku: str) -> tuple[int, int]:
        ((on_hand, reserved),) = rows(
            self.tenant_id, "SELECT on_hand, reserved FROM stock_level WHERE branch_code = $1 AND sku = $2", branch, sku
        )
        return on_hand, reserved

    def held(self, order_id: UUID) -> Sequence[tuple[int, str, str, int]]:
        found = rows(
            self.tenant_id,
            "SELECT line_no, branch_code, sku, quantity FROM stock_reservation WHERE order_id = $1 ORDER BY line_no",
            str(order_id),
        )
        return [(line_no, branch, sku, quantity) for line_no, branch, sku, quantity in found]

    def lying(self, order_id: UUID) -> Mapping[int, int]:
        found: Mapping[int, int] = fetched(self.tenant_id, self.port.lock_held(self.tenant_id, order_id))
        return found


@pytest.fixture(params=[FakeWorld, PostgresWorld], ids=["fake", "postgres"])
def world(request: pytest.FixtureRequest, database: object) -> World:
    make: Callable[[], World] = request.param
    made = make()
    for branch, sku, on_hand in (("north", "A", 10), ("south", "A", 4), ("north", "B", 5), ("north", "C", 0)):
        made.open(branch, sku, on_hand)
    return made


def aborted(world: World, *writes: Write) -> str:
    with pytest.raises(Aborted) as caught:
        world.commit(*writes)
    return caught.value.constraint


def test_availability_names_the_branches_that_have_some(world: World) -> None:
    assert world.available("A", "B", "C", "unknown") == {"A": {"north": 10, "south": 4}, "B": {"north": 5}}
    assert world.available() == {}


def test_what_is_reserved_is_no_longer_available(world: World) -> None:
    order = uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(2, "north", "B", 5), (1, "south", "A", 3)], AT))
    assert world.available("A", "B") == {"A": {"north": 10, "south": 1}}
    assert (world.level("north", "B"), world.level("south", "A")) == ((5, 5), (4, 3))
    assert world.held(order) == [(1, "south", "A", 3), (2, "north", "B", 5)]


def test_one_short_line_aborts_all_of_the_order(world: World) -> None:
    order = uuid4()
    lines = [(1, "north", "A", 1), (2, "north", "B", 6), (3, "south", "A", 1)]
    assert aborted(world, world.port.reserve(world.tenant_id, order, lines, AT)) == SHORT
    assert world.available("A", "B") == {"A": {"north": 10, "south": 4}, "B": {"north": 5}}
    assert world.held(order) == []


def test_a_line_where_no_level_was_opened_aborts_all_of_the_order(world: World) -> None:
    order = uuid4()
    lines = [(1, "north", "A", 1), (2, "south", "B", 1)]
    assert aborted(world, world.port.reserve(world.tenant_id, order, lines, AT)) == NO_LEVEL
    assert world.available("A") == {"A": {"north": 10, "south": 4}}
    assert world.held(order) == []


def test_two_lines_of_one_level_are_a_mistake_of_the_caller(world: World) -> None:
    with pytest.raises(ValueError, match="one line for a SKU"):
        world.port.reserve(world.tenant_id, uuid4(), [(1, "north", "A", 1), (2, "north", "A", 1)], AT)
    with pytest.raises(ValueError, match="one line for a SKU"):
        world.port.take_back(world.tenant_id, uuid4(), [(1, "north", "A", 1), (2, "north", "A", 1)], AT, "somebody", "")
    with pytest.raises(ValueError, match="named once"):
        world.port.release(world.tenant_id, uuid4(), [(1, 1), (1, 1)], AT)
    with pytest.raises(ValueError, match="named once"):
        world.port.issue(world.tenant_id, uuid4(), [(1, 1), (1, 1)], AT, "somebody", "")


def test_what_is_released_is_available_again(world: World) -> None:
    order = uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 10), (2, "north", "B", 5)], AT))
    world.commit(world.port.release(world.tenant_id, order, [(1, 4), (2, 5)], AT))
    assert world.available("A", "B") == {"A": {"north": 4, "south": 4}, "B": {"north": 5}}
    assert world.level("north", "A") == (10, 6)
    assert world.held(order) == [(1, "north", "A", 6), (2, "north", "B", 0)]


def test_what_is_issued_has_left_and_nothing_else_became_available(world: World) -> None:
    order = uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 7), (2, "north", "B", 2)], AT))
    world.commit(world.port.issue(world.tenant_id, order, [(1, 7), (2, 1)], AT, "somebody", "2026-0001"))
    assert (world.level("north", "A"), world.level("north", "B")) == ((3, 0), (4, 1))
    assert world.available("A", "B") == {"A": {"north": 3, "south": 4}, "B": {"north": 3}}
    assert world.held(order) == [(1, "north", "A", 0), (2, "north", "B", 1)]


def test_what_is_taken_back_is_on_hand_again_and_nobodys(world: World) -> None:
    order, other = uuid4(), uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 7), (2, "north", "B", 2)], AT))
    world.commit(world.port.reserve(world.tenant_id, other, [(1, "north", "A", 3)], AT))
    world.commit(world.port.issue(world.tenant_id, order, [(1, 7), (2, 2)], AT, "somebody", "2026-0001"))
    returned = [(2, "north", "B", 1), (1, "north", "A", 5)]
    world.commit(world.port.take_back(world.tenant_id, order, returned, AT, "somebody", "2026-0001"))
    assert (world.level("north", "A"), world.level("north", "B")) == ((8, 3), (4, 0))
    assert world.available("A", "B") == {"A": {"north": 5, "south": 4}, "B": {"north": 4}}
    assert (world.held(order), world.held(other)) == (
        [(1, "north", "A", 0), (2, "north", "B", 0)],
        [(1, "north", "A", 3)],
    )


def test_what_is_taken_back_may_be_sold_in_the_same_commit(world: World) -> None:
    order, next_ = uuid4(), uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "B", 5)], AT))
    world.commit(world.port.issue(world.tenant_id, order, [(1, 5)], AT, "somebody", ""))
    world.commit(
        world.port.take_back(world.tenant_id, order, [(1, "north", "B", 2)], AT, "somebody", ""),
        world.port.reserve(world.tenant_id, next_, [(1, "north", "B", 2)], AT),
    )
    assert world.level("north", "B") == (2, 2)
    constraint = aborted(
        world,
        world.port.take_back(world.tenant_id, order, [(1, "north", "B", 1)], AT, "somebody", ""),
        world.port.reserve(world.tenant_id, uuid4(), [(1, "north", "B", 2)], AT),
    )
    assert (constraint, world.level("north", "B")) == (SHORT, (2, 2))


@pytest.mark.parametrize("lines", [[(1, 3)], [(2, 1), (1, 4)], [(1, 2), (3, 1)], [(7, 1)]])
def test_no_more_is_released_or_issued_than_is_held(world: World, lines: list[tuple[int, int]]) -> None:
    order, other = uuid4(), uuid4()
    world.commit(world.port.reserve(world.tenant_id, other, [(3, "north", "A", 5), (7, "north", "B", 1)], AT))
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 2), (2, "north", "B", 2)], AT))
    assert aborted(world, world.port.release(world.tenant_id, order, lines, AT)) == NOT_HELD
    assert aborted(world, world.port.issue(world.tenant_id, order, lines, AT, "somebody", "")) == NOT_HELD
    assert (world.level("north", "A"), world.level("north", "B")) == ((10, 7), (5, 3))
    assert world.held(order) == [(1, "north", "A", 2), (2, "north", "B", 2)]


def test_a_second_release_of_the_same_units_aborts(world: World) -> None:
    order, other = uuid4(), uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 2)], AT))
    world.commit(world.port.reserve(world.tenant_id, other, [(1, "north", "A", 2)], AT))
    world.commit(world.port.release(world.tenant_id, order, [(1, 2)], AT))
    assert aborted(world, world.port.release(world.tenant_id, order, [(1, 2)], AT)) == NOT_HELD
    assert world.level("north", "A") == (10, 2)


def test_reservations_of_one_commit_stand_or_fall_together(world: World) -> None:
    first, second = uuid4(), uuid4()
    constraint = aborted(
        world,
        world.port.reserve(world.tenant_id, first, [(1, "north", "A", 6)], AT),
        world.port.reserve(world.tenant_id, second, [(1, "north", "A", 5)], AT),
    )
    assert constraint == SHORT
    assert world.level("north", "A") == (10, 0)
    assert (world.held(first), world.held(second)) == ([], [])


def test_a_line_from_which_all_was_released_may_hold_other_goods(world: World) -> None:
    order = uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 4), (2, "north", "B", 5)], AT))
    world.commit(world.port.release(world.tenant_id, order, [(1, 4), (2, 5)], AT))
    again = [(1, "north", "B", 2), (2, "south", "A", 3), (3, "north", "A", 1)]
    world.commit(world.port.reserve_again(world.tenant_id, order, again, AT))
    assert world.held(order) == again
    assert (world.level("north", "A"), world.level("north", "B"), world.level("south", "A")) == (
        (10, 1),
        (5, 2),
        (4, 3),
    )
    world.commit(world.port.issue(world.tenant_id, order, [(1, 2)], AT, "somebody", ""))
    assert world.level("north", "B") == (3, 0)


def test_what_a_line_still_holds_is_not_reserved_again(world: World) -> None:
    order = uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 4)], AT))
    world.commit(world.port.release(world.tenant_id, order, [(1, 3)], AT))
    lines = [(1, "north", "A", 4), (2, "north", "B", 1)]
    assert aborted(world, world.port.reserve_again(world.tenant_id, order, lines, AT)) == NOT_HELD
    assert (world.held(order), world.level("north", "B")) == ([(1, "north", "A", 1)], (5, 0))


@pytest.mark.parametrize("lines", [[(1, "north", "A", 11)], [(1, "north", "B", 1), (2, "south", "A", 5)]])
def test_again_a_short_line_aborts_all_of_it(world: World, lines: list[tuple[int, str, str, int]]) -> None:
    order = uuid4()
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 1)], AT))
    world.commit(world.port.release(world.tenant_id, order, [(1, 1)], AT))
    assert aborted(world, world.port.reserve_again(world.tenant_id, order, lines, AT)) == SHORT
    assert world.held(order) == [(1, "north", "A", 0)]
    with pytest.raises(ValueError, match="one line for a SKU"):
        world.port.reserve_again(world.tenant_id, order, [(1, "north", "A", 1), (2, "north", "A", 1)], AT)


def test_what_lies_where_an_order_holds_some_is_told_by_line(world: World) -> None:
    order, other = uuid4(), uuid4()
    lines = [(1, "north", "A", 4), (2, "north", "B", 2), (3, "south", "A", 1)]
    world.commit(world.port.reserve(world.tenant_id, order, lines, AT))
    world.commit(world.port.reserve(world.tenant_id, other, [(7, "north", "B", 1)], AT))
    world.commit(world.port.release(world.tenant_id, order, [(3, 1)], AT))
    assert world.lying(order) == {1: 10, 2: 5}
    assert world.lying(uuid4()) == {}


def test_an_audited_issue_moves_what_a_plain_one_does(world: World) -> None:
    order, by = uuid4(), caller(world.tenant_id, subject="mia")
    world.commit(world.port.reserve(world.tenant_id, order, [(1, "north", "A", 7), (2, "north", "B", 2)], AT))
    world.commit(world.port.issue_audited(by, "fulfilOrder", order, [(1, 7), (2, 1)], AT, "2026-0001"))
    assert (world.level("north", "A"), world.level("north", "B")) == ((3, 0), (4, 1))
    assert world.held(order) == [(1, "north", "A", 0), (2, "north", "B", 1)]
    too_much = world.port.issue_audited(by, "fulfilOrder", order, [(2, 2)], AT, "2026-0001")
    assert aborted(world, too_much) == NOT_HELD
    with pytest.raises(ValueError, match="named once"):
        world.port.issue_audited(by, "fulfilOrder", order, [(1, 1), (1, 1)], AT, "")
