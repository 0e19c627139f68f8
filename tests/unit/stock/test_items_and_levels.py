"""Items and levels decide without a database."""

from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Role
from ddd.shared.domain.ids import new_id
from ddd.stock.application.checks import name_of, reaches
from ddd.stock.domain.item import Description, Item
from ddd.stock.domain.level import MAX_ON_HAND, StockLevel
from tests.builders import caller


def test_each_change_of_an_item_counts() -> None:
    item = Item(new_id(), "A", Description("Tea"))
    changed = item.described(Description("Green tea"))
    away = changed.put_away()
    assert (item.version, changed.version, away.version) == (1, 2, 3)
    assert (item.about.name, changed.about.name, away.archived, away.sku) == ("Tea", "Green tea", True, "A")


def test_a_receipt_adds_to_what_is_on_hand_and_available() -> None:
    level = StockLevel(new_id(), "north", "A", on_hand=5, reserved=3, version=4)
    received = level.received(2)
    assert received is not None
    assert (received.on_hand, received.available, received.version) == (7, 4, 5)


def test_a_level_holds_a_million_million_and_no_more() -> None:
    level = StockLevel(new_id(), "north", "A", on_hand=MAX_ON_HAND - 1)
    assert level.received(1) is not None
    assert level.received(2) is None


def test_how_far_a_permission_reaches() -> None:
    def asked(scope: str | None, branches: tuple[str, ...] | None) -> bool:
        by = caller("t", Role.WORKER, branches=branches)
        return reaches(Grant(by, {"Worker": {} if scope is None else {"receiveStock": scope}}), "receiveStock", "north")

    assert asked("ALL", ("south",))
    assert asked("BRANCH", None)
    assert asked("BRANCH", ("south", "north"))
    assert not asked("BRANCH", ("south",))
    assert not asked("BRANCH", ())
    assert not asked("OWN", None)
    assert not asked(None, None)


def test_a_name_that_cannot_be_stored_names_nothing() -> None:
    assert name_of({"sku": "A"}, "sku") == "A"
    assert [name_of({"sku": value}, "sku") for value in ("\x00", "\ud800", None, 7)] == [""] * 4
