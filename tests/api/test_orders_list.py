"""orders: filters, search, and keyset pages without gap or double in both directions."""

from typing import Any

import pytest

from ddd.shared.application.pages import encode_cursor
from tests.api.orders_support import CANCEL, LIST, SHIP, Shop, line
from tests.api.support import Api, Json
from tests.builders import rows


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop()


def listed(shop: Shop, **asked: Any) -> Json:
    page: Json = shop.admin.data(LIST, {"first": 100, **asked} if "last" not in asked else asked)
    assert page["nodes"] == [edge["node"] for edge in page["edges"]]
    info = page["pageInfo"]
    cursors = [edge["cursor"] for edge in page["edges"]]
    assert (info["startCursor"], info["endCursor"]) == ((cursors[0], cursors[-1]) if cursors else (None, None))
    return page


def ids(page: Json) -> list[str]:
    return [node["id"] for node in page["nodes"]]


def found(shop: Shop, **filter_: Any) -> set[str]:
    """The external references of what the filter finds."""
    page = listed(shop, filter=filter_)
    assert page["totalCount"] == len(page["nodes"])
    names = dict(rows(shop.tenant.id, "SELECT id::text, external_ref FROM orders_order"))
    return {names[each] for each in ids(page)}


def test_each_filter_finds_what_it_names(shop: Shop) -> None:
    ann = {"firstName": "Ann", "id": "c-1", "lastName": "Lee", "email": "Ann@Example.org"}
    shop.place(line("A"), externalRef="1", customer=ann, channel="web", placedAt="2026-01-01T00:00:00Z")
    shop.place(
        line("B", vendorId="v1"), externalRef="2", payment={"state": "CAPTURED"}, branchCode="south",
        placedAt="2026-01-02T00:00:00Z",
    )  # fmt: skip
    third = shop.place(line("C"), line("A"), externalRef="3", placedAt="2026-01-03T00:00:00Z")
    fourth = shop.place(line("A"), externalRef="4", placedAt="2026-01-04T00:00:00Z")
    shop.admin.data(CANCEL, {"input": {"orderId": third["id"], "reason": "OTHER"}})
    shop.admin.data(SHIP, {"input": {"orderId": fourth["id"]}})
    everything = {"1", "2", "3", "4"}
    assert found(shop) == everything
    assert found(shop, status=["PENDING"]) == {"1"}
    assert found(shop, status=["CANCELLED", "SHIPPED"]) == {"3", "4"}
    assert found(shop, paymentStatus=["PAID"]) == {"2"}
    assert found(shop, customerId="c-1") == {"1"}
    assert found(shop, customerId="C-1") == set()
    assert found(shop, customerEmail="aNN@example.ORG") == {"1"}
    assert found(shop, customerEmail="ann@") == set()
    assert found(shop, vendorId="v1") == {"2"}
    assert found(shop, branchCode="south") == {"2", "3"}  # named, or a line allocated there
    assert found(shop, branchCode="north") == {"1", "4"}
    assert found(shop, branchCode="nowhere") == set()
    assert found(shop, sku="A") == {"1", "3", "4"}
    assert found(shop, sku="a") == set()
    assert found(shop, channel="web") == {"1"}
    assert found(shop, placedAt={"from": "2026-01-02T00:00:00Z", "until": "2026-01-03T00:00:00Z"}) == {"2"}
    assert found(shop, placedAt={"from": "2026-01-02T01:00:00+01:00"}) == {"2", "3", "4"}
    assert found(shop, placedAt={"until": "2026-01-02T00:00:00Z"}) == {"1"}
    assert found(shop, updatedAt={"until": "2026-01-05T00:00:00Z"}) == set()
    assert found(shop, updatedAt={"from": "2026-01-05T00:00:00Z"}) == everything
    assert found(shop, sku="A", status=["CANCELLED"]) == {"3"}
    assert found(shop, search="", status=None, sku=None, placedAt=None) == everything


def test_search_is_exact_for_number_and_reference_and_a_prefix_of_email_and_last_name(shop: Shop) -> None:
    def person(last_name: str, email: str) -> Json:
        return {"firstName": "Someone", "lastName": last_name, "email": email}

    one = shop.place(externalRef="Web-1", customer=person("Straße", "ada@example.org"))
    shop.place(externalRef="100%", customer=person("O_Neil", "x_y@example.org"))
    shop.place(externalRef="web", customer=person("ΣΊΣΥΦΟΣ", "zed@example.org"))
    shop.place(externalRef="plain", customer={"firstName": "Nameless"})
    assert found(shop, search=one["orderNumber"]) == {"Web-1"}
    assert found(shop, search=one["orderNumber"][:-1]) == set()
    assert found(shop, search="Web-1") == {"Web-1"}
    assert found(shop, search="web-1") == set()
    assert found(shop, search="Web") == set()
    assert found(shop, search="ADA@exa") == {"Web-1"}
    assert found(shop, search="stras") == {"Web-1"}
    assert found(shop, search="STRASSE") == {"Web-1"}
    assert found(shop, search="traße") == set()
    assert found(shop, search="σίσυφος") == {"web"}
    assert found(shop, search="100%") == {"100%"}
    assert found(shop, search="%") == set()
    assert found(shop, search="_") == set()
    assert found(shop, search="x_") == {"100%"}
    assert found(shop, search="o_n") == {"100%"}
    assert found(shop, search="O%") == set()
    assert found(shop, search="Someone") == set()
    assert found(shop, search="'; DROP TABLE orders_order; --") == set()
    assert found(shop, search="\\") == set()


SORTS = [None, *({"field": f, "direction": d} for f in ("PLACED_AT", "UPDATED_AT") for d in ("ASC", "DESC"))]


@pytest.mark.parametrize("by", SORTS, ids=str)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_walk_the_list_without_gap_or_double_under_ties_both_ways(shop: Shop, by: Json | None, size: int) -> None:
    moments = ["2026-01-01T00:00:00Z"] * 3 + ["2026-01-01T00:00:00.000001Z"] + ["2026-01-02T00:00:00Z"] * 3
    orders = [shop.place(placedAt=moment) for moment in moments]
    rows(shop.tenant.id, "UPDATE orders_order SET updated_at = placed_at RETURNING 1")
    ascending = [
        order["id"] for _, order in sorted(zip(moments, orders, strict=True), key=lambda p: (p[0], p[1]["id"]))
    ]
    # ".000001Z" sorts before "Z" as text: the moment, not its text, counts.
    ascending = [each for (each,) in rows(shop.tenant.id, "SELECT id::text FROM orders_order ORDER BY placed_at, id")]
    expected = ascending if by and by["direction"] == "ASC" else ascending[::-1]
    assert ids(listed(shop, by=by)) == expected

    walked: list[str] = []
    after = None
    while True:
        page = listed(shop, by=by, first=size, after=after)
        assert page["totalCount"] == 7
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        walked += ids(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert walked == expected

    back: list[str] = []
    before = None
    while True:
        page = listed(shop, by=by, last=size, before=before)
        assert page["pageInfo"]["hasNextPage"] == (before is not None)
        back = ids(page) + back
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert back == expected


def test_a_walk_meets_each_order_once_while_new_ones_come_in(shop: Shop) -> None:
    old = [shop.place(placedAt=f"2026-01-0{day}T00:00:00Z")["id"] for day in range(1, 6)]
    walked: list[str] = []
    after = None
    for _ in range(3):
        page = listed(shop, first=2, after=after)
        walked += ids(page)
        after = page["pageInfo"]["endCursor"]
        shop.place(placedAt="2026-02-01T00:00:00Z")
    assert walked == old[::-1]


def test_an_empty_page_is_a_page(shop: Shop) -> None:
    shop.place()
    page = listed(shop, first=0)
    assert (page["nodes"], page["totalCount"]) == ([], 1)


PLACED = encode_cursor("orders.placed_at.desc", "2026-01-01T00:00:00+00:00", "01912d68-7b3a-7c4e-8f00-0123456789ab")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"first": 1, "last": 1},
        {"first": -1},
        {"first": 101},
        {"last": 101},
        {"first": 1, "before": PLACED},
        {"last": 1, "after": PLACED},
        {"first": 1, "after": ""},
        {"first": 1, "after": "nonsense"},
        {"first": 1, "after": "\x00"},
        {"first": 1, "after": "\ud800"},
        {"first": 1, "after": PLACED, "by": {"direction": "ASC"}},
        {"first": 1, "after": PLACED, "by": {"field": "UPDATED_AT"}},
        {"first": 1, "after": encode_cursor("orders.placed_at.desc", "soon", "01912d68-7b3a-7c4e-8f00-0123456789ab")},
        {"first": 1, "after": encode_cursor("orders.placed_at.desc", "2026-01-01T00:00:00Z", "x")},
        {"first": 1, "filter": {"search": "\x00"}},
        {"first": 1, "filter": {"sku": "\ud800"}},
        {"first": 1, "filter": {"customerEmail": "x" * 256}},
        {"first": 1, "filter": {"placedAt": {"from": "yesterday"}}},
        {"first": 1, "filter": {"updatedAt": {"until": 5}}},
    ],
    ids=str,
)
def test_arguments_that_make_no_sense_are_bad_user_input(shop: Shop, asked: Json) -> None:
    assert shop.admin.codes(LIST, asked) == ["BAD_USER_INPUT"]


def test_a_made_up_place_in_the_list_is_a_place_and_no_fault_of_ours(shop: Shop) -> None:
    order = shop.place()
    for moment in ("9998-01-01T00:00:00+23:59", "9998-01-01t00:00:00.123456789z"):
        cursor = encode_cursor("orders.placed_at.desc", moment, "FFFFFFFF-7b3a-7c4e-8f00-0123456789ab")
        assert ids(listed(shop, first=1, after=cursor)) == [order["id"]]


def test_the_parts_of_listed_orders_are_those_of_each_order(shop: Shop) -> None:
    made = [shop.place(line("A", n), line("C", 1), payment={"state": "CAPTURED"}) for n in (1, 2, 3)]
    shop.admin.data(SHIP, {"input": {"orderId": made[1]["id"]}})
    parts = "id lines{sku quantity} payments{amount{amount}} shipments{lines{sku quantity}} timeline{sequence type}"
    page = shop.admin.data(f"{{ orders(first: 10) {{ edges {{ node {{ {parts} }} }} }} }}")
    for edge in page["edges"]:
        one = shop.admin.data(f"query($id:ID){{ getOrder(orderId:$id) {{ {parts} }} }}", {"id": edge["node"]["id"]})
        assert edge["node"] == one
    assert [edge["node"]["id"] for edge in page["edges"]] == [each["id"] for each in made[::-1]]
