"""The browsing lists: pages, orders, filters, what they cost, and what they refuse."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import ProgrammingError, connections
from graphql import GraphQLInputObjectType

from bff.graphql.schema import schema
from ddd.branches.infrastructure.models import Branch
from ddd.shared.domain.caller import Role
from order_management.container import app
from tests.api.support import Api, ApiCaller, ApiTenant
from tests.builders import caller as caller_of
from tests.builders import rows

# Ties everywhere: two priorities, three names, few quantities.
_FILL = (
    """
    INSERT INTO branches_branch (tenant_id, id, code, name, timezone, priority, archived, version)
    SELECT $1, gen_random_uuid(), 'b' || to_char(i * 7 % 12, 'FM00'), 'N' || i % 3, 'UTC', i % 2, i % 4 = 0, 1
    FROM generate_series(0, 11) i RETURNING 1
    """,
    """
    INSERT INTO stock_item (tenant_id, id, sku, name, archived, version)
    SELECT $1, gen_random_uuid(), 'S' || to_char(i * 7 % 12, 'FM00'), 'N' || i % 3, i % 4 = 0, 1
    FROM generate_series(0, 11) i RETURNING 1
    """,
    """
    INSERT INTO stock_level (tenant_id, id, branch_code, sku, on_hand, reserved, version)
    SELECT $1, gen_random_uuid(), 'b0' || i % 3, 'S0' || i / 3, i % 4 + 2, i % 3, 1
    FROM generate_series(0, 11) i RETURNING 1
    """,
)
FIELDS = {
    "branches": "code name priority archived",
    "items": "sku name archived",
    "stockLevels": "sku branchCode onHand available",
}
SORTS: list[tuple[str, str | None, tuple[str, ...]]] = [
    ("branches", None, ("priority", "code")),
    ("branches", "PRIORITY", ("priority", "code")),
    ("branches", "CODE", ("code",)),
    ("branches", "NAME", ("name", "code")),
    ("items", None, ("sku",)),
    ("items", "SKU", ("sku",)),
    ("items", "NAME", ("name", "sku")),
    ("stockLevels", None, ("sku", "branchCode")),
    ("stockLevels", "SKU", ("sku", "branchCode")),
    ("stockLevels", "BRANCH_CODE", ("branchCode", "sku")),
    ("stockLevels", "AVAILABLE", ("available", "sku", "branchCode")),
    ("stockLevels", "ON_HAND", ("onHand", "sku", "branchCode")),
]


@pytest.fixture
def tenant(api: Api) -> ApiTenant:
    found = api.tenant()
    for statement in _FILL:
        rows(found.id, statement, found.id)
    return found


@pytest.fixture
def admin(tenant: ApiTenant) -> ApiCaller:
    return tenant.caller("Admin")


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that Django sends meanwhile."""
    seen: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    with connections["default"].execute_wrapper(note):
        yield seen


def page(caller: ApiCaller, field: str, arguments: str) -> Any:
    node = f"{{{FIELDS[field]}}}"
    info = "pageInfo{hasNextPage hasPreviousPage startCursor endCursor}"
    return caller.data(f"{{{field}({arguments}){{nodes{node} edges{{cursor node{node}}} {info} totalCount}}}}")


@pytest.mark.parametrize("direction", [None, "ASC", "DESC"])
@pytest.mark.parametrize(("field", "word", "key"), SORTS)
def test_walking_forward_and_backward_meets_every_row_once_in_order(
    admin: ApiCaller, field: str, word: str | None, key: tuple[str, ...], direction: str | None
) -> None:
    parts = [f"field:{word}"] * (word is not None) + [f"direction:{direction}"] * (direction is not None)
    order = f"orderBy:{{{' '.join(parts)}}}" if parts else ""
    whole = page(admin, field, f"first:100 {order}")["nodes"]
    expected = sorted(whole, key=lambda node: [node[name] for name in key], reverse=direction == "DESC")
    assert (len(whole), whole) == (12, expected)

    forward: list[Any] = []
    cursor = None
    while True:
        found = page(admin, field, f"first:5 after:{json.dumps(cursor)} {order}")
        forward += found["nodes"]
        info = found["pageInfo"]
        assert (info["hasPreviousPage"], found["totalCount"]) == (cursor is not None, 12)
        cursor = info["endCursor"]
        if not info["hasNextPage"]:
            break
    assert forward == whole

    backward: list[Any] = []
    cursor = None
    while True:
        found = page(admin, field, f"last:5 before:{json.dumps(cursor)} {order}")
        backward = found["nodes"] + backward
        info = found["pageInfo"]
        assert info["hasNextPage"] == (cursor is not None)
        assert [edge["node"] for edge in found["edges"]] == found["nodes"]
        assert [found["edges"][0]["cursor"], found["edges"][-1]["cursor"]] == [info["startCursor"], info["endCursor"]]
        cursor = info["startCursor"]
        if not info["hasPreviousPage"]:
            break
    assert backward == whole


def test_a_page_of_none_says_how_many_there_are(admin: ApiCaller) -> None:
    assert page(admin, "items", "first:0") == {
        "nodes": [],
        "edges": [],
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "totalCount": 12,
    }


def _cursor(*position: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "first:1 last:1",
        "first:-1",
        "first:101",
        "last:101",
        'first:1 before:""',
        'last:1 after:""',
        'first:1 after:""',
        'first:1 after:"€"',
        f'first:1 after:"{"A" * 5_000}"',
        f'first:1 after:"{_cursor("branches.CODE.asc", "b01")}"',
        f'first:1 after:"{_cursor("branches.PRIORITY.desc", "1", "b01")}"',
        f'first:1 after:"{_cursor("branches.PRIORITY.asc", "1")}"',
        f'first:1 after:"{_cursor("branches.PRIORITY.asc", 1, "b01")}"',
        f'first:1 after:"{_cursor("branches.PRIORITY.asc", "one", "b01")}"',
        f'first:1 after:"{_cursor("branches.PRIORITY.asc", "１", "b01")}"',
        f'first:1 after:"{_cursor("branches.PRIORITY.asc", str(2**31), "b01")}"',
        f'first:1 after:"{_cursor("branches.PRIORITY.asc", "1", chr(0))}"',
        f'first:1 after:"{_cursor("branches.PRIORITY.asc", "1", chr(0xD800))}"',
    ],
)
def test_a_page_that_makes_no_sense_is_bad_user_input(admin: ApiCaller, arguments: str) -> None:
    document = f"{{branches({arguments}){{nodes{{id}}}}}}".replace("()", "")
    assert admin.codes(document) == ["BAD_USER_INPUT"]


def test_a_quantity_in_a_cursor_is_a_number(admin: ApiCaller) -> None:
    for text in ("", "x", "3.0", str(2**63)):
        cursor = _cursor("stockLevels.AVAILABLE.asc", text, "S01", "b01")
        document = f'{{stockLevels(first:1 after:"{cursor}" orderBy:{{field:AVAILABLE}}){{nodes{{id}}}}}}'
        assert admin.codes(document) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("field", "filter_", "count"),
    [
        ("branches", '{code:"b07"}', 1),
        ("branches", '{code:"B07"}', 0),
        ("branches", "{archived:true}", 3),
        ("branches", '{archived:false search:"n"}', 9),
        ("branches", '{search:"B0"}', 10),
        ("branches", '{search:"n1"}', 4),
        ("branches", '{search:"07"}', 0),
        ("branches", '{search:"%"}', 0),
        ("branches", '{search:"\\\\"}', 0),
        ("branches", '{search:"b_7"}', 0),
        ("branches", '{search:""}', 12),
        ("branches", "{code:null archived:null search:null}", 12),
        ("branches", "{}", 12),
        ("items", '{sku:"S07"}', 1),
        ("items", '{search:"s1"}', 2),
        ("items", '{search:"1"}', 0),
        ("items", '{search:"N2" archived:false}', 3),
        ("stockLevels", '{branchCode:"b01"}', 4),
        ("stockLevels", '{sku:"S02"}', 3),
        ("stockLevels", '{sku:"S02" branchCode:"b01"}', 1),
        ("stockLevels", "{availableBelow:3}", 6),
        ("stockLevels", "{availableBelow:0}", 0),
    ],
)
def test_a_filter_leaves_what_it_says(admin: ApiCaller, field: str, filter_: str, count: int) -> None:
    found = page(admin, field, f"first:100 filter:{filter_}")
    assert (len(found["nodes"]), found["totalCount"]) == (count, count)


@pytest.mark.parametrize(
    ("field", "kind", "name"),
    [
        ("branches", "BranchFilter", "code"),
        ("branches", "BranchFilter", "search"),
        ("items", "ItemFilter", "sku"),
        ("items", "ItemFilter", "search"),
        ("stockLevels", "StockLevelFilter", "branchCode"),
        ("stockLevels", "StockLevelFilter", "sku"),
    ],
)
@pytest.mark.parametrize("value", ["a\x00", "\udfff", "x" * 256])
def test_a_filter_text_that_cannot_be_is_bad_user_input_by_its_name(
    admin: ApiCaller, field: str, kind: str, name: str, value: str
) -> None:
    document = f"query($filter:{kind}){{{field}(first:1 filter:$filter){{nodes{{id}}}}}}"
    (error,) = admin.run(document, {"filter": {name: value}})["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith(f"filter.{name}: ")


def test_filters_do_not_nest() -> None:
    for kind in ("BranchFilter", "ItemFilter", "StockLevelFilter"):
        filter_ = schema._schema.type_map[kind]
        assert isinstance(filter_, GraphQLInputObjectType)
        assert not {"AND", "OR", "NOT", "DISTINCT"} & set(filter_.fields)


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ("__typename", 0),
        ("totalCount", 1),
        ("nodes{id}", 1),
        ("edges{cursor}", 1),
        ("pageInfo{hasNextPage}", 1),
        ("nodes{...all} edges{cursor node{...all}} pageInfo{endCursor}", 1),
        ("nodes{...all} edges{cursor node{...all}} pageInfo{endCursor} totalCount", 2),
    ],
)
@pytest.mark.parametrize(
    ("field", "node", "all_"),
    [
        ("branches", "Branch", "id code name address{line1} timezone priority archived version"),
        ("items", "Item", "id sku name description unit minStockLevel package{weightKg} archived version"),
        ("stockLevels", "StockLevel", "id branchCode sku onHand reserved available incoming version"),
    ],
)
def test_a_page_is_one_query_and_its_count_another(
    admin: ApiCaller, field: str, node: str, all_: str, selection: str, count: int
) -> None:
    fragment = f" fragment all on {node}{{{all_}}}" if "...all" in selection else ""
    with statements() as seen:
        admin.data(f"{{{field}(first:100){{{selection}}}}}{fragment}")
    assert len(seen) == count, seen


@pytest.mark.parametrize(
    ("document", "columns"),
    [
        ("{branches(first:5){nodes{name}}}", "id code name priority"),
        ("{branches(first:5){nodes{x:name} edges{node{x:timezone}} a:edges{node{address{city}}}}}",
         "id code name address timezone priority"),
        ("{branches(first:5){edges{cursor}}}", "code priority"),
        ("{items(first:5){nodes{package{weightKg}}}}", "id sku package"),
        ("{items(first:5 orderBy:{field:NAME}){nodes{sku}}}", "id sku name"),
        ("{stockLevels(first:5){nodes{available}}}", "id branch_code sku available"),
    ],
)  # fmt: skip
def test_only_the_selected_columns_and_those_of_the_order_are_read(
    admin: ApiCaller, document: str, columns: str
) -> None:
    with statements() as seen:
        admin.data(document)
    (sql,) = seen
    head = sql.removeprefix("SELECT ").partition(" FROM ")[0]
    assert {column.split(".")[1].strip('"') for column in head.split(", ")} - {"id"} == set(columns.split()) - {"id"}


@pytest.mark.parametrize(
    ("field", "word", "index"),
    [
        ("branches", "PRIORITY", "branches_branch_by_priority"),
        ("branches", "CODE", "branches_branch_code_key"),
        ("branches", "NAME", "branches_branch_by_name"),
        ("items", "SKU", "stock_item_sku_key"),
        ("items", "NAME", "stock_item_by_name"),
        ("stockLevels", "SKU", "stock_level_by_sku"),
        ("stockLevels", "BRANCH_CODE", "stock_level_pkey"),
    ],
)
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_a_page_in_the_middle_begins_at_its_place_in_the_index(
    many: ApiCaller, field: str, word: str, index: str, direction: str
) -> None:
    document = (
        f"query($cursor:String){{{field}(first:100 after:$cursor orderBy:{{field:{word} direction:{direction}}})"
        "{nodes{id} pageInfo{endCursor}}}"
    )
    cursor = None
    for _ in range(10):
        cursor = many.data(document, {"cursor": cursor})["pageInfo"]["endCursor"]
    plans: list[str] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many_: bool, context: Any) -> Any:
        execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {sql}", params, many_, context)
        plans.append("\n".join(line for (line,) in context["cursor"].cursor.fetchall()))
        return execute(sql, params, many_, context)

    with connections["default"].execute_wrapper(explain):
        many.data(document, {"cursor": cursor})
    (plan,) = plans
    assert f"using {index} on" in plan
    condition = next(line for line in plan.splitlines() if "Index Cond:" in line)
    assert "tenant_id = " in condition
    assert (" < " if direction == "DESC" else " > ") in condition
    assert "Rows Removed" not in plan


@pytest.fixture
def many(api: Api) -> ApiCaller:
    """In a tenant of two thousand branches, items and levels."""
    tenant = api.tenant()
    for statement in (
        """INSERT INTO branches_branch (tenant_id, id, code, name, timezone, priority, archived, version)
           SELECT $1, gen_random_uuid(), 'B' || i, 'N' || i % 50, 'UTC', i % 9, false, 1
           FROM generate_series(1, 2000) i RETURNING 1""",
        """INSERT INTO stock_item (tenant_id, id, sku, name, version)
           SELECT $1, gen_random_uuid(), 'S' || i, 'N' || i % 50, 1 FROM generate_series(1, 2000) i RETURNING 1""",
        """INSERT INTO stock_level (tenant_id, id, branch_code, sku, on_hand, version)
           SELECT $1, gen_random_uuid(), 'B' || i % 4, 'S' || i, i, 1 FROM generate_series(1, 2000) i RETURNING 1""",
    ):
        rows(tenant.id, statement, tenant.id)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE branches_branch, stock_item, stock_level")
    return tenant.caller("Admin")


def test_row_level_security_alone_keeps_other_tenants_out_of_a_model(api: Api, tenant: ApiTenant) -> None:
    other = api.tenant()
    rows(other.id, _FILL[0], other.id)
    with app().reader.scope(caller_of(tenant.id, Role.ADMIN)):
        assert {branch.tenant_id for branch in Branch.objects.all()} == {tenant.id}
    with pytest.raises(ProgrammingError, match="no tenant is set"):
        list(Branch.objects.all())


def test_the_longest_texts_still_make_a_cursor(api: Api) -> None:
    admin = api.tenant().caller("Admin")
    for last in "ab":
        given = {"sku": "\x01" * 254 + last, "name": "\x01" * 255}
        admin.data("mutation($input:CreateItemInput!){createItem(input:$input){errors{code}}}", {"input": given})
    order = "orderBy:{field:NAME}"
    first = page(admin, "items", f"first:1 {order}")
    second = page(admin, "items", f'first:1 after:"{first["pageInfo"]["endCursor"]}" {order}')
    assert [found["nodes"][0]["sku"][-1] for found in (first, second)] == ["a", "b"]
