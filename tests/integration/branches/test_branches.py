"""Branches through their handlers, on PostgreSQL."""

import threading
from typing import Any

import pytest

from ddd.branches.application.branches import archive_branch, create_branch, get_branch, update_branch
from ddd.branches.application.views import BranchView
from ddd.branches.domain.branch import Address
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import ErrorCode, PermissionMissing, Unauthenticated
from tests.builders import audited, branches, caller, new_tenant_id, registered, rows

NORTH: dict[str, Any] = {"code": "north", "name": "North", "timezone": "Europe/Berlin"}


def create(tenant_id: str, **given: Any) -> BranchView:
    outcome = create_branch(caller(tenant_id), NORTH | given, branches())
    assert outcome.value is not None, outcome.errors
    return outcome.value


def refusal(outcome: Outcome[BranchView]) -> tuple[ErrorCode, tuple[str, ...] | None, Any]:
    assert outcome.value is None
    (only,) = outcome.errors
    return only.code, only.field, only.details


def kept(tenant_id: str) -> tuple[int, int, int]:
    """Branches, published branch events and audit rows of branches."""
    ((count,),) = rows(tenant_id, "SELECT count(*) FROM branches_branch")
    ((events,),) = rows(tenant_id, "SELECT count(*) FROM outbox WHERE aggregate = 'branch'")
    ((entries,),) = rows(tenant_id, "SELECT count(*) FROM audit_log WHERE aggregate = 'branch'")
    return count, events, entries


def test_a_created_branch_is_read_back_published_and_audited(database: object) -> None:
    tenant_id = registered()
    address = {"line1": "1 High St", "country": "DE", "postalCode": "10115"}
    view = create(tenant_id, address=address, priority=5)
    assert view == BranchView(
        view.id, "north", "North", Address("1 High St", "DE", postal_code="10115"), "Europe/Berlin", 5, False, 1
    )
    assert get_branch(caller(tenant_id, Role.AUDITOR), "north", branches()) == view
    events = rows(
        tenant_id, "SELECT aggregate_id, sequence, type, payload->>'code' FROM outbox WHERE aggregate = 'branch'"
    )
    assert events == [(view.id, 1, "branch.changed.v1", "north")]
    assert audited(tenant_id) == ["registerTenant", "createBranch"]


def test_neither_outbox_nor_audit_holds_the_address(database: object) -> None:
    tenant_id = registered()
    create(tenant_id, address={"line1": "Nightingale Lane", "country": "DE"})
    (texts,) = rows(
        tenant_id,
        "SELECT (SELECT string_agg(o::text, '') FROM outbox o), (SELECT string_agg(a::text, '') FROM audit_log a)",
    )
    assert "north" in texts[0]
    assert "changed" in texts[1]
    assert not any("Nightingale" in text for text in texts)


def test_a_code_is_exact_and_given_once_for_ever(database: object) -> None:
    tenant_id = registered()
    view = create(tenant_id)
    archive_branch(caller(tenant_id), {"code": "north"}, branches())
    assert refusal(create_branch(caller(tenant_id), NORTH, branches())) == (
        ErrorCode.ALREADY_EXISTS, ("code",), {"id": str(view.id)},
    )  # fmt: skip
    assert create(tenant_id, code="North").code == "North"
    assert kept(tenant_id) == (2, 3, 3)


def test_every_fault_of_a_new_branch_is_named_and_nothing_is_kept(database: object) -> None:
    tenant_id = registered()
    given = {"code": " ", "name": "", "timezone": "x", "address": {"line1": "a", "country": "XX"}, "priority": 2**40}
    outcome = create_branch(caller(tenant_id), given, branches())
    assert [(each.code, each.field) for each in outcome.errors] == [
        (ErrorCode.INVALID_INPUT, field)
        for field in (("code",), ("name",), ("timezone",), ("address", "country"), ("priority",))
    ]
    assert kept(tenant_id) == (0, 0, 0)


def test_what_is_not_given_stays(database: object) -> None:
    tenant_id = registered()
    create(tenant_id, address={"line1": "1 High St", "country": "DE"}, priority=5)
    outcome = update_branch(caller(tenant_id), {"code": "north", "name": "N", "priority": None}, branches())
    assert outcome.value is not None
    assert (outcome.value.name, outcome.value.priority, outcome.value.version) == ("N", 5, 2)
    assert outcome.value.address == Address("1 High St", "DE")
    assert get_branch(caller(tenant_id), "north", branches()) == outcome.value


def test_an_update_to_what_is_so_already_publishes_nothing(database: object) -> None:
    tenant_id = registered()
    view = create(tenant_id)
    assert update_branch(caller(tenant_id), NORTH, branches()).value == view
    assert kept(tenant_id) == (1, 1, 1)


def test_version_comes_before_input_and_input_before_state(database: object) -> None:
    tenant_id = registered()
    create(tenant_id)
    assert archive_branch(caller(tenant_id), {"code": "north", "expectedVersion": 1}, branches()).value is not None
    bad = {"code": "north", "expectedVersion": 1, "timezone": "x"}
    assert refusal(update_branch(caller(tenant_id), bad, branches()))[::2] == (
        ErrorCode.VERSION_CONFLICT, {"version": 2},
    )  # fmt: skip
    assert refusal(update_branch(caller(tenant_id), bad | {"expectedVersion": 2}, branches()))[:2] == (
        ErrorCode.INVALID_INPUT, ("timezone",),
    )  # fmt: skip
    for change in (update_branch, archive_branch):
        assert refusal(change(caller(tenant_id), {"code": "north"}, branches()))[:2] == (
            ErrorCode.INVALID_TRANSITION, ("code",),
        )  # fmt: skip
    assert kept(tenant_id) == (1, 2, 2)


@pytest.mark.parametrize("code", ["south", "NORTH", "", "nor\x00th", "\ud800"])
def test_a_code_that_is_nobodys_is_not_found(database: object, code: str) -> None:
    tenant_id = registered()
    create(tenant_id)
    for change in (update_branch, archive_branch):
        assert refusal(change(caller(tenant_id), {"code": code}, branches())) == (ErrorCode.NOT_FOUND, ("code",), None)
    assert get_branch(caller(tenant_id), code, branches()) is None


def test_another_tenants_branch_is_not_there(database: object) -> None:
    mine, theirs = registered(), registered()
    create(theirs)
    assert get_branch(caller(mine), "north", branches()) is None
    assert refusal(archive_branch(caller(mine), {"code": "north"}, branches()))[0] is ErrorCode.NOT_FOUND
    assert create(mine).version == 1
    assert kept(theirs) == (1, 1, 1)


def test_a_worker_reads_and_does_not_write(database: object) -> None:
    tenant_id = registered()
    create(tenant_id)
    worker = caller(tenant_id, Role.WORKER)
    assert get_branch(worker, "north", branches()) is not None
    for change in (create_branch, update_branch, archive_branch):
        with pytest.raises(PermissionMissing):
            change(worker, NORTH, branches())
    for role in (Role.CUSTOMER, Role.VENDOR):
        with pytest.raises(PermissionMissing):
            get_branch(caller(tenant_id, role), "north", branches())


def test_an_unknown_tenant_is_turned_away(database: object) -> None:
    with pytest.raises(Unauthenticated):
        create_branch(caller(new_tenant_id()), NORTH, branches())


def test_a_used_key_answers_with_the_branch_as_it_is_now(database: object) -> None:
    tenant_id = registered()
    given = NORTH | {"idempotencyKey": "k"}
    first = create_branch(caller(tenant_id), given, branches())
    update_branch(caller(tenant_id), {"code": "north", "name": "N"}, branches())
    again = create_branch(caller(tenant_id), given, branches())
    assert (first.replayed, again.replayed) == (False, True)
    assert again.value is not None
    assert (again.value.name, again.value.version) == ("N", 2)
    assert kept(tenant_id) == (1, 2, 2)


def test_of_eight_who_create_one_code_at_once_one_wins_and_seven_learn_its_id(database: object) -> None:
    for _ in range(5):
        tenant_id = registered()
        start = threading.Barrier(8)
        outcomes: list[Outcome[BranchView]] = []

        def work(tenant_id: str = tenant_id, start: threading.Barrier = start) -> None:
            start.wait()
            outcomes.append(create_branch(caller(tenant_id), NORTH, branches()))  # noqa: B023  (joined in this round)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = [outcome.value for outcome in outcomes if outcome.value is not None]
        lost = [outcome for outcome in outcomes if outcome.value is None]
        assert [refusal(outcome) for outcome in lost] == [
            (ErrorCode.ALREADY_EXISTS, ("code",), {"id": str(winner.id)})
        ] * 7
        assert kept(tenant_id) == (1, 1, 1)


def test_of_two_who_change_one_version_one_meets_a_conflict(database: object) -> None:
    tenant_id = registered()
    create(tenant_id)
    start = threading.Barrier(2)
    outcomes: list[Outcome[BranchView]] = []

    def work(name: str) -> None:
        start.wait()
        given = {"code": "north", "name": name, "expectedVersion": 1}
        outcomes.append(update_branch(caller(tenant_id), given, branches()))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("A", "B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.value is None for outcome in outcomes) == [False, True]
    assert [refusal(each) for each in outcomes if each.value is None] == [
        (ErrorCode.VERSION_CONFLICT, ("expectedVersion",), {"version": 2})
    ]
