"""Branches, items and stock through HTTP."""

from typing import Any

import pytest

from tests.api.support import Api, ApiCaller
from tests.builders import audited, rows

ADDRESS = {"line1": "Dock 4", "line2": None, "city": "Kiel", "state": None, "postalCode": "24103", "country": "DE"}
BRANCH = "{id code name address{line1 line2 city state postalCode country} timezone priority archived version}"
ITEM = "{id sku name description unit minStockLevel package{weightKg lengthCm widthCm heightCm} archived version}"
LEVEL = "{id branchCode sku onHand reserved available incoming version}"
ERRORS = "errors{code message field details} replayed"

CREATE_BRANCH = f"mutation($input:CreateBranchInput!){{createBranch(input:$input){{branch{BRANCH} {ERRORS}}}}}"
UPDATE_BRANCH = f"mutation($input:UpdateBranchInput!){{updateBranch(input:$input){{branch{BRANCH} {ERRORS}}}}}"
ARCHIVE_BRANCH = f"mutation($input:ArchiveBranchInput!){{archiveBranch(input:$input){{branch{BRANCH} {ERRORS}}}}}"
CREATE_ITEM = f"mutation($input:CreateItemInput!){{createItem(input:$input){{item{ITEM} {ERRORS}}}}}"
UPDATE_ITEM = f"mutation($input:UpdateItemInput!){{updateItem(input:$input){{item{ITEM} {ERRORS}}}}}"
ARCHIVE_ITEM = f"mutation($input:ArchiveItemInput!){{archiveItem(input:$input){{item{ITEM} {ERRORS}}}}}"
RECEIVE = f"mutation($input:ReceiveStockInput!){{receiveStock(input:$input){{stockLevel{LEVEL} {ERRORS}}}}}"
GET_BRANCH = f"query($code:String!){{branch(code:$code){BRANCH}}}"
GET_ITEM = f"query($sku:String!){{item(sku:$sku){ITEM}}}"
GET_LEVEL = f"query($branch:String!,$sku:String!){{stockLevel(branchCode:$branch,sku:$sku){LEVEL}}}"

NORTH = {"code": "north", "name": "North", "timezone": "Europe/Berlin"}
CHAI = {"sku": "CHAI", "name": "Chai"}


@pytest.fixture
def admin(api: Api) -> ApiCaller:
    return api.tenant().caller("Admin")


def ok(caller: ApiCaller, document: str, **given: Any) -> Any:
    """The changed object of an accepted mutation."""
    payload = caller.data(document, {"input": given})
    assert (payload["errors"], payload["replayed"]) == ([], False)
    (changed,) = [value for name, value in payload.items() if name not in ("errors", "replayed")]
    return changed


def everywhere(caller: ApiCaller, field: str, selection: str) -> list[Any]:
    """The nodes of a browsing list."""
    nodes: list[Any] = caller.data(f"{{{field}(first:100){{nodes{selection}}}}}")["nodes"]
    return nodes


def test_a_branch_reads_the_same_from_its_mutation_its_lookup_and_the_list(admin: ApiCaller) -> None:
    created = ok(admin, CREATE_BRANCH, **NORTH, address=ADDRESS, priority=-3)
    assert created == {
        **NORTH, "id": created["id"], "address": ADDRESS, "priority": -3, "archived": False, "version": 1
    }  # fmt: skip
    assert admin.data(GET_BRANCH, {"code": "north"}) == created
    assert everywhere(admin, "branches", BRANCH) == [created]

    bare = ok(admin, CREATE_BRANCH, code="bare", name="Bare", timezone="UTC")
    assert (bare["address"], bare["priority"]) == (None, 100)
    assert everywhere(admin, "branches", BRANCH) == [created, bare]


def test_a_branch_is_changed_and_archived(admin: ApiCaller) -> None:
    created = ok(admin, CREATE_BRANCH, **NORTH)
    changed = ok(admin, UPDATE_BRANCH, code="north", name="Far north", priority=1, timezone=None, expectedVersion=1)
    assert changed == {**created, "name": "Far north", "priority": 1, "version": 2}
    archived = ok(admin, ARCHIVE_BRANCH, code="north", expectedVersion=2)
    assert archived == {**changed, "archived": True, "version": 3} == admin.data(GET_BRANCH, {"code": "north"})
    refused = admin.refusals(UPDATE_BRANCH, {"input": {"code": "north", "name": "Again"}})
    assert refused == [("INVALID_TRANSITION", "code")]


def test_an_item_reads_the_same_from_its_mutation_its_lookup_and_the_list(admin: ApiCaller) -> None:
    created = ok(
        admin,
        CREATE_ITEM,
        **CHAI,
        description="10 boxes x 20 bags",
        unit="box",
        minStockLevel=10,
        package={"weightKg": "1.250", "lengthCm": 20},
    )
    package = {"weightKg": "1.250", "lengthCm": "20", "widthCm": None, "heightCm": None}
    assert created == {
        **CHAI, "id": created["id"], "description": "10 boxes x 20 bags", "unit": "box", "minStockLevel": 10,
        "package": package, "archived": False, "version": 1,
    }  # fmt: skip
    assert admin.data(GET_ITEM, {"sku": "CHAI"}) == created
    assert everywhere(admin, "items", ITEM) == [created]


def test_an_item_is_changed_and_archived(admin: ApiCaller) -> None:
    created = ok(admin, CREATE_ITEM, **CHAI, unit="box", package={"weightKg": 1})
    changed = ok(admin, UPDATE_ITEM, sku="CHAI", name="Green chai", unit="", package={}, expectedVersion=1)
    assert changed == {**created, "name": "Green chai", "unit": None, "package": None, "version": 2}
    archived = ok(admin, ARCHIVE_ITEM, sku="CHAI")
    assert archived == {**changed, "archived": True, "version": 3} == admin.data(GET_ITEM, {"sku": "CHAI"})
    assert admin.refusals(ARCHIVE_ITEM, {"input": {"sku": "CHAI"}}) == [("INVALID_TRANSITION", "sku")]


def test_received_stock_reads_the_same_from_its_mutation_its_lookup_and_the_list(admin: ApiCaller) -> None:
    ok(admin, CREATE_BRANCH, **NORTH)
    ok(admin, CREATE_ITEM, **CHAI)
    assert admin.data(GET_LEVEL, {"branch": "north", "sku": "CHAI"}) is None
    first = ok(admin, RECEIVE, branchCode="north", sku="CHAI", quantity=7, reference="PO 1", expectedVersion=0)
    assert first == {
        "id": first["id"], "branchCode": "north", "sku": "CHAI", "onHand": 7, "reserved": 0, "available": 7,
        "incoming": 0, "version": 1,
    }  # fmt: skip
    more = ok(admin, RECEIVE, branchCode="north", sku="CHAI", quantity=1_000_000, expectedVersion=1)
    assert more == {**first, "onHand": 1_000_007, "available": 1_000_007, "version": 2}
    assert admin.data(GET_LEVEL, {"branch": "north", "sku": "CHAI"}) == more
    assert everywhere(admin, "stockLevels", LEVEL) == [more]


def test_a_branch_holds_what_an_int_of_graphql_can_say_and_not_a_unit_more(api: Api) -> None:
    tenant = api.tenant()
    admin = tenant.caller("Admin")
    ok(admin, CREATE_BRANCH, **NORTH)
    ok(admin, CREATE_ITEM, **CHAI)
    ok(admin, RECEIVE, branchCode="north", sku="CHAI", quantity=1)
    rows(tenant.id, "UPDATE stock_level SET on_hand = 2147483646 RETURNING 1")
    assert ok(admin, RECEIVE, branchCode="north", sku="CHAI", quantity=1)["available"] == 2_147_483_647
    one_more = {"branchCode": "north", "sku": "CHAI", "quantity": 1}
    assert admin.refusals(RECEIVE, {"input": one_more}) == [("INVALID_INPUT", "quantity")]


def test_every_input_error_is_listed_in_input_order_and_nothing_is_done(api: Api) -> None:
    tenant = api.tenant()
    admin = tenant.caller("Admin")
    before = audited(tenant.id)
    bad_branch = {
        "code": " ",
        "name": "a\x00b",
        "timezone": "Mars/Base",
        "address": {"line1": "x" * 256, "country": "DD"},
    }
    assert admin.refusals(CREATE_BRANCH, {"input": bad_branch}) == [
        ("INVALID_INPUT", "code"),
        ("INVALID_INPUT", "name"),
        ("INVALID_INPUT", "timezone"),
        ("INVALID_INPUT", "address.line1"),
        ("INVALID_INPUT", "address.country"),
    ]
    bad_item = {"sku": "", "name": "\ud800", "minStockLevel": -1, "package": {"weightKg": "1e3", "heightCm": "-1"}}
    assert admin.refusals(CREATE_ITEM, {"input": bad_item}) == [
        ("INVALID_INPUT", "sku"),
        ("INVALID_INPUT", "name"),
        ("INVALID_INPUT", "minStockLevel"),
        ("INVALID_INPUT", "package.weightKg"),
        ("INVALID_INPUT", "package.heightCm"),
    ]
    nowhere = {"branchCode": "nowhere", "sku": "\x00", "quantity": 0}
    assert admin.refusals(RECEIVE, {"input": nowhere}) == [("NOT_FOUND", "branchCode"), ("NOT_FOUND", "sku")]
    assert (everywhere(admin, "branches", BRANCH), everywhere(admin, "items", ITEM)) == ([], [])
    assert audited(tenant.id) == before


@pytest.mark.parametrize(
    ("document", "field", "given"), [(CREATE_BRANCH, "code", NORTH), (CREATE_ITEM, "sku", CHAI)], ids=["code", "sku"]
)
def test_a_name_that_is_taken_is_already_there_with_its_id(
    admin: ApiCaller, document: str, field: str, given: dict[str, str]
) -> None:
    there = ok(admin, document, **given)
    payload = next(iter(admin.run(document, {"input": {**given, "name": "Other"}})["data"].values()))
    (error,) = payload["errors"]
    assert (error["code"], error["field"], error["details"]) == ("ALREADY_EXISTS", [field], {"id": there["id"]})


def test_another_version_than_expected_is_a_conflict_that_tells_the_current_one(admin: ApiCaller) -> None:
    ok(admin, CREATE_BRANCH, **NORTH)
    payload = admin.run(UPDATE_BRANCH, {"input": {"code": "north", "name": "", "expectedVersion": 7}})
    (error,) = payload["data"]["updateBranch"]["errors"]
    assert (error["code"], error["details"]) == ("VERSION_CONFLICT", {"version": 1})


def test_a_key_sent_again_answers_the_object_as_it_is_now(admin: ApiCaller) -> None:
    created = ok(admin, CREATE_ITEM, **CHAI, idempotencyKey="k")
    changed = ok(admin, UPDATE_ITEM, sku="CHAI", name="Green chai")
    replay = admin.data(CREATE_ITEM, {"input": {**CHAI, "idempotencyKey": "k"}})
    assert replay == {"item": changed, "errors": [], "replayed": True}
    assert changed["id"] == created["id"]
    other = {"input": {**CHAI, "unit": "box", "idempotencyKey": "k"}}
    assert admin.refusals(CREATE_ITEM, other) == [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]


READS = {
    "branches": "{branches(first:1){nodes{id}}}",
    "branch": '{branch(code:"x"){id}}',
    "items": "{items(first:1){nodes{id}}}",
    "item": '{item(sku:"x"){id}}',
    "stockLevels": "{stockLevels(first:1){nodes{id}}}",
    "stockLevel": '{stockLevel(branchCode:"x",sku:"x"){id}}',
}
WRITES = {
    "createBranch": 'mutation{createBranch(input:{code:"",name:"",timezone:""}){errors{code}}}',
    "updateBranch": 'mutation{updateBranch(input:{code:"x"}){errors{code}}}',
    "archiveBranch": 'mutation{archiveBranch(input:{code:"x"}){errors{code}}}',
    "createItem": 'mutation{createItem(input:{sku:"",name:""}){errors{code}}}',
    "updateItem": 'mutation{updateItem(input:{sku:"x"}){errors{code}}}',
    "archiveItem": 'mutation{archiveItem(input:{sku:"x"}){errors{code}}}',
}
RECEIPT = {"receiveStock": 'mutation{receiveStock(input:{branchCode:"x",sku:"x",quantity:1}){errors{code}}}'}


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("Customer", {}),
        ("Vendor", {}),
        ("Auditor", READS),
        ("Worker", READS | RECEIPT),
        ("Manager", READS | RECEIPT | WRITES),
        ("Admin", READS | RECEIPT | WRITES),
    ],
)
def test_a_role_may_do_what_the_api_says_and_is_forbidden_the_rest(api: Api, role: str, may: dict[str, str]) -> None:
    caller = api.tenant().caller(role)
    found = {name: caller.codes(document) for name, document in (READS | WRITES | RECEIPT).items()}
    assert found == {name: [] if name in may else ["FORBIDDEN"] for name in found}


def test_another_tenants_branches_items_and_levels_do_not_exist(api: Api) -> None:
    theirs = api.tenant().caller("Admin")
    ok(theirs, CREATE_BRANCH, **NORTH)
    ok(theirs, CREATE_ITEM, **CHAI)
    level = ok(theirs, RECEIVE, branchCode="north", sku="CHAI", quantity=1)
    mine = api.tenant().caller("Admin")
    assert mine.data(GET_BRANCH, {"code": "north"}) is None
    assert mine.data(GET_ITEM, {"sku": "CHAI"}) is None
    assert mine.data(GET_LEVEL, {"branch": "north", "sku": "CHAI"}) is None
    for field, selection in (("branches", BRANCH), ("items", ITEM), ("stockLevels", LEVEL)):
        assert everywhere(mine, field, selection) == []
    assert mine.refusals(UPDATE_BRANCH, {"input": {"code": "north", "name": "x"}}) == [("NOT_FOUND", "code")]
    assert mine.refusals(ARCHIVE_ITEM, {"input": {"sku": "CHAI"}}) == [("NOT_FOUND", "sku")]
    assert everywhere(theirs, "stockLevels", LEVEL) == [level]


def test_a_permission_for_branches_reaches_those_of_the_token(api: Api) -> None:
    tenant = api.tenant()
    admin = tenant.caller("Admin")
    ok(admin, CREATE_ITEM, **CHAI)
    for code in ("east", "north", "west"):
        ok(admin, CREATE_BRANCH, code=code, name=code, timezone="UTC")
        ok(admin, RECEIVE, branchCode=code, sku="CHAI", quantity=1)
    reads = ", ".join(f'"{operation}": "BRANCH"' for operation in READS)
    rows(
        tenant.id,
        "UPDATE access_tenant SET version = version + 1, permissions = permissions || $1::jsonb RETURNING 1",
        f'{{"Worker": {{{reads}}}}}',
    )

    def seen(branches: list[str] | None) -> tuple[list[str], list[str], list[str]]:
        worker = tenant.caller("Worker", branches=branches)
        looked_up = [code for code in ("east", "north", "west") if worker.data(GET_BRANCH, {"code": code})]
        assert len(everywhere(worker, "items", "{sku}")) == 1
        return (
            [branch["code"] for branch in everywhere(worker, "branches", "{code}")],
            [level["branchCode"] for level in everywhere(worker, "stockLevels", "{branchCode}")],
            looked_up,
        )

    assert seen(["north", "east"]) == (["east", "north"],) * 3
    assert seen(None) == (["east", "north", "west"],) * 3
    assert seen([]) == ([],) * 3
