"""Publishing workflows, setting permissions and plans, on PostgreSQL: what is written, told, and in force."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ddd.branches.application.branches import create_branch, get_branch
from ddd.published.workflow import read_workflow
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import ErrorCode, OperationOff, PermissionMissing
from ddd.tenants.application.me import me
from ddd.tenants.application.operator import set_plan
from ddd.tenants.application.role_permissions import role_permissions, set_role_permissions
from ddd.tenants.application.settings import get_tenant
from ddd.tenants.application.views import WorkflowView
from ddd.tenants.application.workflows import get_workflow, publish_workflow, validate_workflow
from ddd.tenants.domain.permissions import DEFAULT_PERMISSIONS, OPERATIONS, READS
from ddd.tenants.domain.workflow import PLAIN_WORKFLOW
from order_management.operator import operations
from tests.builders import audited, branches, caller, published, registered, rows, tenants

APPROVAL = json.loads((Path(settings.BASE_DIR) / "docs" / "workflows" / "approval.json").read_text())


def publish(tenant_id: str, document: Any = APPROVAL, **given: Any) -> Outcome[WorkflowView]:
    return publish_workflow(caller(tenant_id), {"document": document, **given}, tenants())


def refusals(outcome: Outcome[Any]) -> list[tuple[str, str | None]]:
    assert outcome.value is None
    return [(each.code.value, None if each.field is None else ".".join(each.field)) for each in outcome.errors]


# ---- Workflows


def test_a_published_workflow_is_the_next_version_and_the_one_for_new_orders(database: object) -> None:
    tenant_id = registered()
    outcome = publish(tenant_id, expectedVersion=1)
    assert outcome.value is not None
    assert (outcome.value.version, outcome.value.is_current, outcome.value.tenant_version) == (2, True, 2)
    assert outcome.value.document == {**APPROVAL, "version": 2}
    assert get_workflow(caller(tenant_id), None, tenants()) == outcome.value
    plain = get_workflow(caller(tenant_id), 1, tenants())
    assert plain is not None
    assert (plain.document, plain.is_current) == (PLAIN_WORKFLOW, False)
    # In one commit, the version before the tenant that points to it; and the snapshots followed before the answer.
    assert published(tenant_id)[2:] == [(3, "tenant.workflow_published.v1"), (4, "tenant.changed.v1")]
    assert rows(tenant_id, "SELECT workflow_version FROM orders_tenant") == [(2,)]
    snapshots = rows(tenant_id, "SELECT workflow_version, document FROM orders_workflow ORDER BY 1")
    assert [(version, json.loads(document)) for version, document in snapshots] == [
        (1, PLAIN_WORKFLOW), (2, outcome.value.document)
    ]  # fmt: skip
    assert read_workflow(json.loads(snapshots[1][1])) == read_workflow(APPROVAL)
    assert audited(tenant_id) == ["registerTenant", "publishWorkflow"]


def test_versions_that_are_none_are_none(database: object) -> None:
    tenant_id = registered()
    for version in (0, -1, 2, 2**31, 10**12):
        assert get_workflow(caller(tenant_id), version, tenants()) is None


def test_every_fault_of_a_document_is_told_at_its_path_and_nothing_is_published(database: object) -> None:
    tenant_id = registered()
    step = {"name": "a", "title": "A", "sequence": 1, "performer": {"permission": "reviewOrders"}}
    bad = {"name": "", "statuses": {"PENDING": {"steps": [{**step, "condition": "order.nix > 1"}]}}, "settings": []}
    expected = [
        ("INVALID_INPUT", "document.name"),
        ("INVALID_INPUT", "document.statuses.PENDING.steps.0.condition"),
        ("INVALID_INPUT", "document.settings"),
    ]
    assert refusals(publish(tenant_id, bad)) == expected
    faults = validate_workflow(caller(tenant_id), bad, tenants())
    assert refusals(Outcome(None, faults)) == expected
    unknown = {"name": "w", "statuses": {"PENDING": {"steps": [step]}}}
    assert refusals(publish(tenant_id, unknown)) == [
        ("INVALID_INPUT", "document.statuses.PENDING.steps.0.performer.permission")
    ]
    assert refusals(publish(tenant_id, {**APPROVAL, "description": "x" * 300_000})) == [("INVALID_INPUT", "document")]
    assert refusals(publish(tenant_id, bad, expectedVersion=7)) == [("VERSION_CONFLICT", "expectedVersion")]
    assert validate_workflow(caller(tenant_id), APPROVAL, tenants()) == ()
    assert len(published(tenant_id)) == 2
    assert audited(tenant_id) == ["registerTenant"]


def test_a_used_key_answers_with_the_version_that_it_made(database: object) -> None:
    tenant_id = registered()
    first = publish(tenant_id, idempotencyKey="k")
    assert publish(tenant_id, {"name": "other", "statuses": ["PENDING"]}).errors == ()
    again = publish(tenant_id, idempotencyKey="k")
    assert again.replayed
    assert first.value is not None
    assert again.value is not None
    assert (again.value.version, again.value.document) == (2, first.value.document)
    assert not again.value.is_current
    assert refusals(publish(tenant_id, PLAIN_WORKFLOW, idempotencyKey="k")) == [
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]


def test_four_who_publish_at_once_make_four_versions(database: object) -> None:
    tenant_id = registered()
    start = threading.Barrier(4)
    versions: list[int] = []

    def work() -> None:
        start.wait()
        outcome = publish(tenant_id)
        assert outcome.value is not None
        versions.append(outcome.value.version)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions) == [2, 3, 4, 5]
    assert [sequence for sequence, _ in published(tenant_id)] == list(range(1, 11))
    assert rows(tenant_id, "SELECT workflow_version FROM orders_tenant") == [(5,)]
    assert rows(tenant_id, "SELECT count(*) FROM orders_workflow") == [(5,)]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_admin_has_to_do_with_them(database: object, role: Role) -> None:
    tenant_id = registered()
    by = caller(tenant_id, role)
    for attempt in (
        lambda: get_workflow(by, 1, tenants()),
        lambda: validate_workflow(by, APPROVAL, tenants()),
        lambda: publish_workflow(by, {"document": APPROVAL}, tenants()),
        lambda: role_permissions(by, tenants()),
        lambda: set_role_permissions(by, {"roles": []}, tenants()),
    ):
        with pytest.raises(PermissionMissing):
            attempt()
    assert audited(tenant_id) == ["registerTenant"]


# ---- Permissions


def carried(tenant_id: str) -> dict[str, dict[str, str]]:
    return {
        each.role: {permission.operation: permission.scope.value for permission in each.permissions}
        for each in role_permissions(caller(tenant_id), tenants())
    }


def role(name: str, **permissions: str) -> dict[str, Any]:
    return {
        "role": name,
        "permissions": [{"operation": operation, "scope": scope} for operation, scope in permissions.items()],
    }


def give(tenant_id: str, *roles: dict[str, Any], **given: Any) -> Outcome[Any]:
    return set_role_permissions(caller(tenant_id), {"roles": list(roles), **given}, tenants())


def test_a_role_is_given_exactly_what_is_named_and_the_others_keep_theirs(database: object) -> None:
    tenant_id = registered()
    assert carried(tenant_id) == DEFAULT_PERMISSIONS
    worker, ports = caller(tenant_id, Role.WORKER), branches()
    given = {"code": "north", "name": "North", "timezone": "UTC"}
    with pytest.raises(PermissionMissing):
        create_branch(worker, given, ports)
    outcome = give(tenant_id, role("Worker", createBranch="ALL", getOrder="BRANCH"), expectedVersion=1)
    assert outcome.value is not None
    assert outcome.value.version == 2
    assert carried(tenant_id) == {**DEFAULT_PERMISSIONS, "Worker": {"createBranch": "ALL", "getOrder": "BRANCH"}}
    assert create_branch(worker, given, ports).value is not None  # by a process that had read the old map
    with pytest.raises(PermissionMissing):
        get_branch(worker, "north", ports)
    ((before, after),) = rows(
        tenant_id, "SELECT before->'permissions', after->'permissions' FROM audit_log WHERE operation = $1",
        "setRolePermissions",
    )  # fmt: skip
    assert json.loads(before) == {"Worker": DEFAULT_PERMISSIONS["Worker"]}
    assert json.loads(after) == {"Worker": {"createBranch": "ALL", "getOrder": "BRANCH"}}


def test_an_empty_list_takes_everything_away_at_once(database: object) -> None:
    tenant_id = registered()
    manager, ports = caller(tenant_id, Role.MANAGER), branches()
    assert get_branch(manager, "north", ports) is None
    assert give(tenant_id, role("Manager")).value is not None
    with pytest.raises(PermissionMissing):
        get_branch(manager, "north", ports)
    assert me(manager, tenants()).permissions == ()


def test_what_is_in_force_already_makes_no_new_version(database: object) -> None:
    tenant_id = registered()
    outcome = give(tenant_id, role("Worker", **DEFAULT_PERMISSIONS["Worker"]))
    assert outcome.value is not None
    assert outcome.value.version == 1
    assert audited(tenant_id) == ["registerTenant"]


@pytest.mark.parametrize(
    ("roles", "path"),
    [
        ([], "roles"),
        ([role("Boss", orders="ALL")], "roles.0.role"),
        ([role("Worker"), role("Worker")], "roles.1.role"),
        ([role("Worker", orders="ALL", ordres="ALL")], "roles.0.permissions.1.operation"),
        ([role("Worker", orders="EVERYWHERE")], "roles.0.permissions.0.scope"),
        ([role("Worker", publishWorkflow="OWN")], "roles.0.permissions.0.scope"),
        ([role("Worker", createBranch="VENDOR")], "roles.0.permissions.0.scope"),
        ([role("Auditor", cancelOrder="ALL")], "roles.0.permissions.0.operation"),
        ([role("Admin", setRolePermissions="ALL")], "roles.0.permissions"),
        ([role("Admin")], "roles.0.permissions"),
        (
            [{"role": "Worker", "permissions": [{"operation": "orders", "scope": "ALL"}] * 2}],
            "roles.0.permissions.1.operation",
        ),
    ],
)
def test_a_fault_in_the_map_is_refused_at_its_path_and_nothing_changes(
    database: object, roles: list[dict[str, Any]], path: str
) -> None:
    tenant_id = registered()
    assert refusals(give(tenant_id, *roles)) == [("INVALID_INPUT", path)]
    assert carried(tenant_id) == DEFAULT_PERMISSIONS
    assert audited(tenant_id) == ["registerTenant"]


def test_the_defaults_can_be_given_as_they_are(database: object) -> None:
    tenant_id = registered()
    everything = [role(name, **permissions) for name, permissions in DEFAULT_PERMISSIONS.items()]
    assert give(tenant_id, *everything).errors == ()
    assert set(DEFAULT_PERMISSIONS["Auditor"]) <= READS <= OPERATIONS


# ---- Plans


def test_what_the_plan_leaves_out_is_forbidden_to_everybody_and_says_so(database: object) -> None:
    tenant_id, other = registered(), registered()
    admin, ports = caller(tenant_id), branches()
    given = {"code": "north", "name": "North", "timezone": "UTC"}
    assert get_branch(admin, "north", ports) is None
    for _ in range(2):
        outcome = set_plan(tenant_id, ["createBranch", "branch", "createBranch"], operations())
        assert outcome.value is not None
        assert (outcome.value.operations_off, outcome.value.version) == (("branch", "createBranch"), 2)
    for attempt in (lambda: create_branch(admin, given, ports), lambda: get_branch(admin, "north", ports)):
        with pytest.raises(OperationOff, match=r"^Your tenant's plan does not include (createBranch|branch)\.$"):
            attempt()
    assert {each.operation for each in me(admin, tenants()).permissions} == (
        set(DEFAULT_PERMISSIONS["Admin"]) - {"branch", "createBranch"}
    )
    view = get_tenant(admin, tenants())
    assert view is not None
    assert view.operations_off == ("branch", "createBranch")
    assert carried(tenant_id) == DEFAULT_PERMISSIONS  # the tenant's own map is another matter
    assert get_branch(caller(other), "north", ports) is None
    assert set_plan(tenant_id, [], operations()).value is not None
    assert create_branch(admin, given, ports).value is not None
    assert audited(tenant_id) == ["registerTenant", "setPlan", "setPlan", "createBranch"]


def test_a_plan_survives_other_changes_of_the_tenant(database: object) -> None:
    tenant_id = registered()
    set_plan(tenant_id, ["createBranch"], operations())
    assert publish(tenant_id).value is not None
    assert rows(tenant_id, "SELECT operations_off::text FROM access_tenant") == [('["createBranch"]',)]


def test_a_plan_names_operations_that_there_are_and_a_tenant_that_there_is(database: object) -> None:
    tenant_id = registered()
    assert [each.code for each in set_plan(tenant_id, ["flyAway"], operations()).errors] == [ErrorCode.INVALID_INPUT]
    assert [each.code for each in set_plan("nobody-here", [], operations()).errors] == [ErrorCode.NOT_FOUND]
    assert audited(tenant_id) == ["registerTenant"]


def test_the_operators_command_sets_a_plan(database: object, capsys: pytest.CaptureFixture[str]) -> None:
    tenant_id = registered()
    call_command("set_plan", tenant_id, "--off", "createBranch", "archiveBranch")
    call_command("set_plan", tenant_id)
    assert capsys.readouterr().out.splitlines() == [
        f"{tenant_id} is on a plan without archiveBranch createBranch",
        f"{tenant_id} is on a plan with every operation",
    ]
    with pytest.raises(CommandError, match=r"There is no operation flyAway\."):
        call_command("set_plan", tenant_id, "--off", "flyAway")
