"""How often each operation asks the database, and with how many statements: exact numbers, on a warm connection.

An operation that grows by a statement or a round trip fails here first. Each figure is (round trips, statements); a
transaction's BEGIN, the tenant's setting and COMMIT are statements, too.
"""

import json
from typing import TypeVar

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from bff.identity.provider import Grantee, issue
from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import ErrorCode, PermissionMissing
from tests.builders import caller
from tests.shop import Shop, value
from tests.wire import counted

pytestmark = pytest.mark.usefixtures("fresh_connection")

T = TypeVar("T")


@pytest.fixture
def shop(database: BaseDatabaseWrapper) -> Shop:
    return Shop()


@pytest.mark.parametrize("lines", [1, 3, 10])
def test_place_order_is_two_round_trips_however_many_lines_it_has(shop: Shop, lines: int) -> None:
    counts, outcome = counted(lambda: shop.place(shop.checkout(lines)))
    assert value(outcome).version == 1
    assert counts == (2, 8)


def test_a_replayed_place_order_looks_the_key_up_and_reads_the_order(shop: Shop) -> None:
    given = shop.checkout()
    shop.place(given)
    counts, outcome = counted(lambda: shop.place(given))
    assert outcome.replayed
    assert counts == (2, 13)  # the look-up, the order as it is now


def test_a_refused_place_order_is_one_round_trip(shop: Shop) -> None:
    given = shop.checkout(currency="XXX")
    counts, outcome = counted(lambda: shop.place(given))
    assert [error.code for error in outcome.errors] == [ErrorCode.INVALID_INPUT]
    assert counts == (1, 4)


def test_out_of_stock_known_from_the_read_is_one_round_trip(shop: Shop) -> None:
    given = shop.checkout()
    given["lines"][0]["quantity"] = 1_000_000
    counts, outcome = counted(lambda: shop.place(given))
    assert [error.code for error in outcome.errors] == [ErrorCode.OUT_OF_STOCK]
    assert counts == (1, 4)


def test_a_caller_without_permission_costs_one_round_trip(shop: Shop) -> None:
    auditor = caller(shop.admin.tenant_id, Role.AUDITOR)

    def act() -> None:
        with pytest.raises(PermissionMissing):
            shop.place(by=auditor)

    counts, _ = counted(act)
    assert counts == (1, 4)


def test_cancel_order_is_two_round_trips(shop: Shop) -> None:
    order = shop.placed()
    counts, outcome = counted(lambda: shop.cancel(order), warm=lambda: shop.cancel(shop.placed()))
    assert value(outcome).status == "CANCELLED"
    assert counts == (2, 12)


def test_mark_as_shipped_is_two_round_trips(shop: Shop) -> None:
    order = shop.placed()
    counts, outcome = counted(lambda: shop.ship(order), warm=lambda: shop.ship(shop.placed()))
    assert value(outcome).status == "SHIPPED"
    assert counts == (2, 12)


def test_a_change_refused_by_its_version_is_one_round_trip_and_its_rollback(shop: Shop) -> None:
    order = shop.placed()
    counts, outcome = counted(lambda: shop.ship(order, expectedVersion=9))
    assert [error.code for error in outcome.errors] == [ErrorCode.VERSION_CONFLICT]
    assert counts == (2, 9)


@pytest.mark.parametrize("name", ["order_id", "order_number", "external_ref"])
def test_get_order_is_one_round_trip_by_each_of_its_names(shop: Shop, name: str) -> None:
    order = value(shop.place(shop.checkout(externalRef="shop-1")))
    names = {"order_id": str(order.id), "order_number": order.order_number, "external_ref": "shop-1"}
    counts, found = counted(lambda: shop.get(**{name: names[name]}))
    assert found is not None
    assert found.id == order.id
    assert counts == (1, 9)


def test_an_order_that_is_not_there_is_one_round_trip_too(shop: Shop) -> None:
    counts, found = counted(lambda: shop.get(order_id=str(shop.admin.tenant_id)))
    assert found is None
    assert counts == (1, 2)


def test_a_page_of_orders_is_one_round_trip_however_many_it_has(shop: Shop) -> None:
    for _ in range(3):
        shop.placed()
    counts, page = counted(shop.page)
    assert len(page.page.nodes) == 3
    assert counts == (1, 9)


def test_a_filtered_page_and_its_count_are_one_round_trip(shop: Shop) -> None:
    shop.placed()
    counts, page = counted(lambda: shop.page(count=True, status=["PENDING"], sku="S1", search="a"))
    assert page.total_count == 0
    assert counts == (1, 10)


def test_create_branch_drains_its_event_to_two_snapshots_before_it_answers(shop: Shop) -> None:
    codes = iter(["b3", "b4"])
    counts, outcome = counted(lambda: shop.branch(next(codes)))
    value(outcome)
    # Its own two; then claim, two for each subscriber, done, a second claim, "is it drained?".
    assert counts == (10, 28)


def test_create_item_drains_its_event_to_one_snapshot_before_it_answers(shop: Shop) -> None:
    skus = iter(["T1", "T2"])
    counts, outcome = counted(lambda: shop.item(next(skus)))
    value(outcome)
    assert counts == (8, 21)


def test_receive_stock_is_two_round_trips_and_tells_nobody(shop: Shop) -> None:
    counts, outcome = counted(lambda: shop.receive("S1"))
    value(outcome)
    assert counts == (2, 10)


def over_http(shop: Shop, document: str, **variables: object) -> dict[str, object]:
    token = issue(Grantee(shop.admin.tenant_id, "somebody", ["Admin"]))
    answer = Client().post(
        "/graphql/",
        {"query": document, "variables": variables},
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )
    told: dict[str, object] = json.loads(answer.content)
    assert "errors" not in told
    return told


def test_over_http_place_order_asks_no_more(shop: Shop) -> None:
    document = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } errors { code } } }"
    counts, _ = counted(lambda: over_http(shop, document, input=shop.checkout()))
    assert counts == (2, 8)


def test_over_http_get_order_sends_only_what_its_fields_need(shop: Shop) -> None:
    order_id = str(shop.placed().id)
    document = "query ($id: ID!) { getOrder(orderId: $id) { id status lines { sku } } }"
    counts, _ = counted(lambda: over_http(shop, document, id=order_id))
    assert counts == (1, 6)


def test_over_http_a_page_sends_only_what_its_fields_need(shop: Shop) -> None:
    shop.placed()
    counts, _ = counted(lambda: over_http(shop, "{ orders(first: 50) { nodes { id lines { sku } } } }"))
    assert counts == (1, 6)
