"""What drafts ask the database: exact numbers of round trips and statements, on a warm connection."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from ddd.orders.application.drafts import create_draft_order, edit_draft_order
from ddd.orders.application.fulfilment import fulfil_order, submit_order
from ddd.shared.domain.errors import ErrorCode
from tests.shop import Shop, value
from tests.wire import counted

pytestmark = pytest.mark.usefixtures("fresh_connection")


@pytest.fixture
def shop(database: BaseDatabaseWrapper) -> Shop:
    return Shop()


@pytest.mark.parametrize("lines", [1, 10])
def test_each_step_of_a_branch_order_is_two_round_trips_and_submitting_is_three(shop: Shop, lines: int) -> None:
    def live(measure: Callable[[str, Callable[[], Any]], Any]) -> None:
        given = {name: value for name, value in shop.checkout(lines).items() if name != "idempotencyKey"}

        def step(handler: Callable[..., Any], **more: Any) -> Any:
            return value(handler(shop.admin, {"orderId": str(order.id), **more}, shop.app.orders))

        order = measure("draft", lambda: value(create_draft_order(shop.admin, given, shop.app.orders)))
        measure("edit", lambda: step(edit_draft_order, lines=given["lines"][:1], note="n"))
        measure("edit its reference", lambda: step(edit_draft_order, externalRef=str(order.id)))
        measure("submit", lambda: step(submit_order, expectedTotal="19.80"))
        measure("fulfil", lambda: step(fulfil_order))

    counts: dict[str, tuple[int, int]] = {}

    def measured(name: str, act: Callable[[], Any]) -> Any:
        counts[name], answer = counted(act, warm=lambda: None)
        return answer

    live(lambda _, act: act())  # prepares every statement
    live(measured)
    assert counts == {
        "draft": (2, 6),
        "edit": (2, 12),
        "edit its reference": (3, 13),  # whether somebody else has it
        "submit": (3, 14),  # the draft says whose stock is asked for
        "fulfil": (2, 13),
    }


def test_a_shortage_seen_is_told_without_a_write(shop: Shop) -> None:
    given = shop.checkout()
    given["lines"][0]["quantity"] = 1_000_000
    order = value(create_draft_order(shop.admin, given, shop.app.orders))
    counts, outcome = counted(lambda: submit_order(shop.admin, {"orderId": str(order.id)}, shop.app.orders))
    assert [error.code for error in outcome.errors] == [ErrorCode.OUT_OF_STOCK]
    assert counts == (3, 11)
