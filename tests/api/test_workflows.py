"""Workflows, role permissions and plans through HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ddd.tenants.application.operator import set_plan
from ddd.tenants.domain.workflow import PLAIN_WORKFLOW
from order_management.operator import operations
from tests.api.support import Api, ApiCaller, ApiTenant

SAMPLES = Path(settings.BASE_DIR) / "docs" / "workflows"
WORKFLOW = "{version name document publishedAt isCurrent tenantVersion}"
ERRORS = "errors{code message field details}"
GET = f"query($version:Int){{workflow(version:$version){WORKFLOW}}}"
VALIDATE = f"query($document:JSON!){{validateWorkflow(document:$document){{valid {ERRORS}}}}}"
PUBLISH = (
    f"mutation($input:PublishWorkflowInput!){{publishWorkflow(input:$input){{workflow{WORKFLOW} {ERRORS} replayed}}}}"
)
SIMULATE = (
    "query($document:JSON!,$facts:JSON!){simulateWorkflow(document:$document,orderFacts:$facts)"
    f"{{steps{{status name required verdict reason activityStatus performer roles permission outcomes}} {ERRORS}}}}}"
)
ROLES = "{rolePermissions{role permissions{operation scope}}}"
SET_ROLES = (
    "mutation($input:SetRolePermissionsInput!){setRolePermissions(input:$input)"
    f"{{tenant{{version workflowVersion operationsOff}} {ERRORS} replayed}}}}"
)
CREATE_BRANCH = f"mutation($input:CreateBranchInput!){{createBranch(input:$input){{branch{{code}} {ERRORS} replayed}}}}"
NORTH = {"code": "north", "name": "North", "timezone": "UTC"}
PLACE = f"mutation($input:PlaceOrderInput!){{placeOrder(input:$input){{order{{id workflow{{version}}}} {ERRORS}}}}}"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.fixture
def tenant(api: Api) -> ApiTenant:
    return api.tenant(stockTracked=False, unknownSku="ACCEPT")


@pytest.fixture
def admin(tenant: ApiTenant) -> ApiCaller:
    return tenant.caller("Admin")


def place(by: ApiCaller, key: str) -> int:
    """The workflow version under which a new order stands."""
    given = {
        "idempotencyKey": key,
        "currency": "EUR",
        "customer": {"firstName": "Ann"},
        "shippingAddress": {"line1": "Street 1", "country": "DE"},
        "lines": [{"sku": "X", "name": "X", "quantity": 1, "unitPrice": "5"}],
    }
    order = by.data(PLACE, {"input": given})["order"]
    version: int = order["workflow"]["version"]
    return version


@pytest.mark.parametrize("name", ["plain", "approval", "marketplace"])
def test_the_ready_workflows_are_sound_and_can_be_published(admin: ApiCaller, name: str) -> None:
    assert admin.data(VALIDATE, {"document": sample(name)}) == {"valid": True, "errors": []}
    published = admin.data(PUBLISH, {"input": {"document": sample(name), "expectedVersion": 1}})
    assert published["workflow"] == admin.data(GET)
    assert (published["workflow"]["version"], published["workflow"]["name"]) == (2, name)
    assert published["workflow"]["document"] == {**sample(name), "version": 2}


def test_new_orders_stand_under_the_new_version_and_old_ones_stay(admin: ApiCaller) -> None:
    assert admin.data(GET)["document"] == PLAIN_WORKFLOW
    assert place(admin, "before") == 1
    admin.data(PUBLISH, {"input": {"document": PLAIN_WORKFLOW}})
    assert place(admin, "after") == 2
    assert place(admin, "before") == 1
    assert admin.data(GET, {"version": 1})["isCurrent"] is False
    assert admin.data(GET, {"version": 3}) is None


def test_every_fault_stands_at_its_path(admin: ApiCaller) -> None:
    step = {"name": "a", "title": "A", "sequence": 1, "performer": {"roles": ["Boss"]}, "condition": "order.x > 1"}
    bad = {"name": "w", "statuses": {"PENDING": {"steps": [step]}}, "settings": {"nix": 1}}
    expected = [
        "document.statuses.PENDING.steps.0.performer.roles.0",
        "document.statuses.PENDING.steps.0.condition",
        "document.settings.nix",
    ]
    answer = admin.run(VALIDATE, {"document": bad})["data"]["validateWorkflow"]
    assert answer["valid"] is False
    assert [".".join(error["field"]) for error in answer["errors"]] == expected
    assert admin.refusals(PUBLISH, {"input": {"document": bad}}) == [("INVALID_INPUT", path) for path in expected]
    assert admin.data(GET)["version"] == 1


def test_junk_in_place_of_a_document_is_refused(admin: ApiCaller) -> None:
    junk: Any
    for junk in (1, "x", [], {"name": "a\x00b", "statuses": []}, {"name": "w", "statuses": {}, "x": "y" * 300_000}):
        assert {code for code, _ in admin.refusals(PUBLISH, {"input": {"document": junk}})} == {"INVALID_INPUT"}
    deep: Any = {}
    for _ in range(100):
        deep = {"statuses": deep}
    assert admin.refusals(PUBLISH, {"input": {"document": deep}}) == [("INVALID_INPUT", "document")]


def test_a_dry_run_lists_the_steps_that_the_order_would_meet_and_touches_nothing(admin: ApiCaller) -> None:
    facts: Any = {"order": {"total": {"amount": 1500, "currency": "EUR"}}, "customer": {"country": "SG"}}
    answer = admin.data(SIMULATE, {"document": sample("approval"), "facts": facts})
    assert [(each["status"], each["name"], each["verdict"]) for each in answer["steps"]] == [
        ("PENDING", "approve", "MET"), ("PENDING", "export-review", "SKIPPED"), ("CONFIRMED", "thank-you-note", "MET"),
    ]  # fmt: skip
    assert answer["steps"][0] == {
        "status": "PENDING", "name": "approve", "required": True, "verdict": "MET", "reason": None,
        "activityStatus": "Waiting for approval", "performer": "ROLES", "roles": ["Manager", "Admin"],
        "permission": None, "outcomes": ["APPROVED", "REJECTED", "HELD"],
    }  # fmt: skip
    assert admin.data(GET)["version"] == 1
    later = {**facts, "order": {**facts["order"], "status": "CONFIRMED"}}
    answer = admin.data(SIMULATE, {"document": sample("approval"), "facts": later})
    assert [each["name"] for each in answer["steps"]] == ["thank-you-note"]
    answer = admin.data(SIMULATE, {"document": sample("approval"), "facts": {}})
    assert [(each["verdict"], each["reason"]) for each in answer["steps"]] == [
        ("CONDITION_FAILED", "A fact that it asks for is not known."),
        ("CONDITION_FAILED", "A fact that it asks for is not known."),
        ("MET", None),
    ]


def test_a_dry_run_of_nonsense_says_where(admin: ApiCaller) -> None:
    variables = {"document": {"name": "w"}, "facts": {"order": {"totel": 1}}}
    answer = admin.run(SIMULATE, variables)["data"]["simulateWorkflow"]
    assert answer["steps"] == []
    assert [".".join(error["field"]) for error in answer["errors"]] == ["document.statuses", "orderFacts.order.totel"]


def test_permissions_are_in_force_for_the_next_request(tenant: ApiTenant, admin: ApiCaller) -> None:
    worker = tenant.caller("Worker")
    assert worker.codes(CREATE_BRANCH, {"input": NORTH}) == ["FORBIDDEN"]
    given = {"role": "Worker", "permissions": [{"operation": "createBranch", "scope": "ALL"}]}
    changed = admin.data(SET_ROLES, {"input": {"roles": [given], "expectedVersion": 1}})
    assert changed["tenant"] == {"version": 2, "workflowVersion": 1, "operationsOff": []}
    assert worker.data(CREATE_BRANCH, {"input": NORTH})["branch"] == {"code": "north"}
    assert next(each for each in admin.data(ROLES) if each["role"] == "Worker") == given
    admin.data(SET_ROLES, {"input": {"roles": [{"role": "Worker", "permissions": []}]}})
    assert worker.codes(CREATE_BRANCH, {"input": {**NORTH, "code": "south"}}) == ["FORBIDDEN"]
    assert [each["operation"] for each in worker.data("{me{permissions{operation}}}")["permissions"]] == []


def test_an_admin_does_not_lock_itself_out(admin: ApiCaller) -> None:
    nothing = {"roles": [{"role": "Admin", "permissions": []}]}
    assert admin.refusals(SET_ROLES, {"input": nothing}) == [("INVALID_INPUT", "roles.0.permissions")]
    kept = [{"operation": each, "scope": "ALL"} for each in ("rolePermissions", "setRolePermissions")]
    assert admin.data(SET_ROLES, {"input": {"roles": [{"role": "Admin", "permissions": kept}]}})["tenant"]
    assert len(admin.data(ROLES)) == 6
    assert admin.codes(GET) == ["FORBIDDEN"]


def test_what_the_plan_leaves_out_is_forbidden_and_says_so(tenant: ApiTenant, admin: ApiCaller) -> None:
    assert set_plan(tenant.id, ["createBranch", "workflow"], operations()).errors == ()
    for document, variables, name in ((CREATE_BRANCH, {"input": NORTH}, "createBranch"), (GET, {}, "workflow")):
        (error,) = admin.run(document, variables)["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert error["message"] == f"Your tenant's plan does not include {name}."
    assert admin.data("{tenant{operationsOff}}") == {"operationsOff": ["createBranch", "workflow"]}
