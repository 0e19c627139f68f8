"""A tenant's workflows: checked, published, read. A published version never changes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ddd.published.workflow import MAX_BYTES, Fault, Workflow, read_workflow, stamped
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.application.versions import version_conflict
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals
from ddd.tenants.application import publish
from ddd.tenants.application.ports import Tenants
from ddd.tenants.application.views import WorkflowView
from ddd.tenants.domain.permissions import OPERATIONS

_LARGEST_VERSION = 2**31 - 1


def get_workflow(caller: Caller, version: int | None, tenants: Tenants) -> WorkflowView | None:
    """The version, or None where there is none; version None: the one for new orders. One round trip.

    Raises PermissionMissing, RequestRefused.
    """
    if version is not None and not 1 <= version <= _LARGEST_VERSION:
        version = 0  # there is none
    grant, view = tenants.reader.fetch(caller, tenants.store.workflow_view(caller.tenant_id, version))
    grant.require("workflow")
    return view


def validate_workflow(caller: Caller, document: Any, tenants: Tenants) -> tuple[Refusal, ...]:
    """Every fault of the document at its path, below `document`; none: it may be published. Touches nothing.

    Raises PermissionMissing, RequestRefused.
    """
    (grant,) = tenants.reader.fetch(caller)
    grant.require("validateWorkflow")
    return check_document(document, tenants)


def publish_workflow(caller: Caller, given: Mapping[str, Any], tenants: Tenants) -> Outcome[WorkflowView]:
    """Make the document the next version, for orders placed from now on; older orders keep theirs.

    `expectedVersion` is the tenant's. The version's number is stamped into the document.
    """

    def attempt(tx: Transaction) -> tuple[UUID, WorkflowView] | Refusals:
        (tenant,) = tx.fetch(tenants.store.lock(caller.tenant_id))
        if tenant is None:
            return Refusals.of(ErrorCode.NOT_FOUND, "There is no such tenant.")
        if (conflict := version_conflict(given, tenant.version)) is not None:
            return conflict
        faults = check_document(given.get("document"), tenants)
        if faults:
            return Refusals(faults)
        newer = tenant.publish_workflow()
        version, now = newer.workflow_version, tenants.clock.now()
        document = stamped(given["document"], version)
        tx.store(tenants.store.update(newer), tenants.store.insert_workflow(tenant.id, version, document, now))
        audit = publish.audit("publishWorkflow", tenant, newer)
        tx.journal(publish.workflow_published(newer, document), audit)
        view = WorkflowView(version, document["name"], document, now, True, newer.version)
        return newer.aggregate_id, view

    def replay(_: UUID) -> WorkflowView | None:
        # The key's input is the same, so the version that it made says the same.
        _grant, view = tenants.reader.fetch(caller, tenants.store.same_workflow(caller.tenant_id, given["document"]))
        return view

    command = Command("publishWorkflow", given.get("idempotencyKey"), given)
    return tenants.unit_of_work.run(caller, command, attempt, replay=replay, drain=True)


def check_document(document: Any, tenants: Tenants) -> tuple[Refusal, ...]:
    """What is wrong with the document, in its own order; conditions are compiled, and patterns."""
    form = Form({"document": document})
    form.json("document", limit=MAX_BYTES)
    if form.refusals is not None:
        return form.refusals.items
    found = read_workflow(document, tenants.conditions, tenants.patterns)
    faults = _unknown_permissions(found, document) if isinstance(found, Workflow) else found
    return tuple(Refusal(ErrorCode.INVALID_INPUT, fault.message, ("document", *fault.path)) for fault in faults)


def _unknown_permissions(workflow: Workflow, document: Any) -> tuple[Fault, ...]:
    """Steps for whoever carries an operation that is none: nobody could ever do them."""
    faults = []
    for status, steps in workflow.steps.items():
        for step in steps:
            if step.performer.permission is not None and step.performer.permission not in OPERATIONS:
                given = document["statuses"][status]["steps"]
                place = next(number for number, each in enumerate(given) if each["name"] == step.name)
                path = ("statuses", status, "steps", str(place), "performer", "permission")
                faults.append(Fault(path, "There is no such operation."))
    return tuple(faults)
