"""Branches: created, changed, archived, read."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from ddd.branches.application.input import code_of, read_fields
from ddd.branches.application.ports import CODE_TAKEN, Branches
from ddd.branches.application.views import BranchView
from ddd.branches.domain.branch import DEFAULT_PRIORITY, Branch
from ddd.published import to_payload
from ddd.published.branches import BranchChanged
from ddd.shared.application.access import Grant
from ddd.shared.application.events import AuditEntry, OutboxEvent
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.application.versions import version_conflict
from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.ids import new_id

AGGREGATE = "branch"


def get_branch(caller: Caller, code: str, branches: Branches) -> BranchView | None:
    """The branch of this exact code, or None where it is not there or not in the caller's reach. One round trip."""
    grant, branch = branches.reader.fetch(caller, branches.store.get(caller.tenant_id, code_of({"code": code})))
    grant.require("branch")
    return BranchView.of(branch) if branch is not None and _reaches(grant, "branch", branch.code) else None


def create_branch(caller: Caller, given: Mapping[str, Any], branches: Branches) -> Outcome[BranchView]:
    """Open a branch under a code that no branch of the tenant has, archived ones included."""

    def attempt(tx: Transaction) -> tuple[UUID, BranchView] | Refusals:
        (there,) = tx.fetch(branches.store.get(caller.tenant_id, code_of(given)))
        form = Form(given)
        code = form.required_text("code")
        if there is not None:
            form.refuse("code", "There is a branch with this code.", ErrorCode.ALREADY_EXISTS, {"id": str(there.id)})
        elif code and not _reaches(tx.grant, "createBranch", code):
            form.refuse("code", "This branch is not one of yours.", ErrorCode.FORBIDDEN)
        for name in ("name", "timezone"):
            if not form.has(name):
                form.refuse(name, "This is required.")
        fields = read_fields(form, given)
        if form.refusals is not None:
            return form.refusals
        branch = Branch.create(
            new_id(),
            code,
            fields["name"],
            fields.get("address"),
            fields["timezone"],
            fields.get("priority", DEFAULT_PRIORITY),
        )
        tx.store(branches.store.insert(caller.tenant_id, branch))
        tx.journal([_changed(branch)], _audit("createBranch", None, branch))
        return branch.id, BranchView.of(branch)

    def taken() -> Refusals:
        return Refusals.of(ErrorCode.ALREADY_EXISTS, "There is a branch with this code.", ("code",))

    return branches.unit_of_work.run(
        caller,
        Command("createBranch", given.get("idempotencyKey"), given),
        attempt,
        replay=_replay(caller, branches),
        races={CODE_TAKEN: taken},
        drain=True,
    )


def update_branch(caller: Caller, given: Mapping[str, Any], branches: Branches) -> Outcome[BranchView]:
    """Change name, address, time zone or priority; what is not given, or null, stays."""

    def decide(branch: Branch) -> Branch | Refusals:
        form = Form(given)
        fields = read_fields(form, given)
        return form.refusals or branch.closed() or branch.update(**fields)

    return _change("updateBranch", caller, given, decide, branches)


def archive_branch(caller: Caller, given: Mapping[str, Any], branches: Branches) -> Outcome[BranchView]:
    """Close the branch for good: no order is allocated to it any more."""
    return _change("archiveBranch", caller, given, lambda branch: branch.closed() or branch.archive(), branches)


def _change(
    operation: str,
    caller: Caller,
    given: Mapping[str, Any],
    decide: Callable[[Branch], Branch | Refusals],
    branches: Branches,
) -> Outcome[BranchView]:
    def attempt(tx: Transaction) -> tuple[UUID, BranchView] | Refusals:
        (branch,) = tx.fetch(branches.store.lock(caller.tenant_id, code_of(given)))
        if branch is None or not _reaches(tx.grant, operation, branch.code):
            return Refusals.of(ErrorCode.NOT_FOUND, "There is no such branch.", ("code",))
        if (conflict := version_conflict(given, branch.version)) is not None:
            return conflict
        newer = decide(branch)
        if isinstance(newer, Refusals):
            return newer
        if newer is not branch:
            tx.store(branches.store.update(caller.tenant_id, newer))
            tx.journal([_changed(newer)], _audit(operation, branch, newer))
        return newer.id, BranchView.of(newer)

    command = Command(operation, given.get("idempotencyKey"), given)
    return branches.unit_of_work.run(caller, command, attempt, replay=_replay(caller, branches), drain=True)


def _replay(caller: Caller, branches: Branches) -> Callable[[UUID], BranchView | None]:
    def load(id: UUID) -> BranchView | None:
        _grant, branch = branches.reader.fetch(caller, branches.store.get_by_id(caller.tenant_id, id))
        return None if branch is None else BranchView.of(branch)

    return load


def _reaches(grant: Grant, operation: str, code: str) -> bool:
    """Whether the caller's permission extends to this branch: all of them, or those that its token lists."""
    scopes = grant.scopes(operation)
    mine = grant.caller.branches
    return Scope.ALL in scopes or (Scope.BRANCH in scopes and (mine is None or code in mine))


def _changed(branch: Branch) -> OutboxEvent:
    event = BranchChanged(
        branch_id=str(branch.id),
        version=branch.version,
        code=branch.code,
        name=branch.name,
        timezone=branch.timezone,
        priority=branch.priority,
        archived=branch.archived,
    )
    return OutboxEvent(AGGREGATE, branch.id, branch.version, BranchChanged.type, to_payload(event))


def _audit(operation: str, before: Branch | None, after: Branch) -> AuditEntry:
    """The changed fields, old and new. Of an address only that it changed: a small branch may be somebody's home."""
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for name in ("code", "name", "timezone", "priority", "archived"):
        value = getattr(after, name)
        if before is None or getattr(before, name) != value:
            new[name] = value
            if before is not None:
                old[name] = getattr(before, name)
    if after.address != (before.address if before is not None else None):
        new["address"] = "changed"
    return AuditEntry(operation, AGGREGATE, after.id, old, new)
