"""The operator's use cases on PostgreSQL: safe to repeat, safe to run twice at once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ddd.branches.application.branches import get_branch
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.errors import ErrorCode, TenantSuspended
from ddd.tenants.application.operator import register_tenant, resume_tenant, suspend_tenant
from ddd.tenants.application.settings import update_tenant_settings
from ddd.tenants.application.trust import Trust
from ddd.tenants.application.trust_issuer import trust_issuer
from ddd.tenants.application.views import TenantView
from ddd.tenants.domain.workflow import PLAIN_WORKFLOW
from ddd.tenants.infrastructure.store import PostgresTenantStore
from ddd.tenants.infrastructure.trust_directory import PostgresTrustDirectory
from order_management.operator import operations
from tests.builders import (
    audited,
    branches,
    caller,
    fetched,
    new_tenant_id,
    published,
    registered,
    rows,
    tenants,
)

REGISTERED = [(1, "tenant.workflow_published.v1"), (2, "tenant.changed.v1")]


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `count` threads answer that begin together."""
    start = threading.Barrier(count)
    answers: list[Any] = []

    def run(number: int) -> None:
        start.wait()
        answers.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return answers


def test_a_registered_tenant_is_known_to_the_next_request(database: object) -> None:
    tenant_id = registered(name="Acme", defaultCurrency="EUR", stockTracked=False)
    assert get_branch(caller(tenant_id), "north", branches()) is None
    assert published(tenant_id) == REGISTERED
    assert fetched(tenant_id, PostgresTenantStore().workflow(tenant_id, 1)) == PLAIN_WORKFLOW
    assert rows(tenant_id, "SELECT operation, subject, issuer, after->>'name' FROM audit_log") == [
        ("registerTenant", "operator", "urn:order-management:operator", "Acme")
    ]


def test_registering_again_changes_only_what_is_given(database: object) -> None:
    tenant_id = registered(name="Acme", stockTracked=False)
    again = register_tenant(tenant_id, {"name": "Acme", "stockTracked": False}, operations())
    assert again.value == TenantView(tenant_id, "Acme", "ACTIVE", None, False, "REFUSE", False, 1, 1)
    changed = register_tenant(tenant_id, {"defaultCurrency": "EUR"}, operations())
    assert changed.value == TenantView(tenant_id, "Acme", "ACTIVE", "EUR", False, "REFUSE", False, 1, 2)
    assert published(tenant_id) == [*REGISTERED, (3, "tenant.changed.v1")]
    assert audited(tenant_id) == ["registerTenant", "registerTenant"]


@pytest.mark.parametrize(
    ("tenant_id", "given"), [("a b", {}), ("", {}), (None, {"name": ""}), (None, {"defaultCurrency": "XXX"})]
)
def test_a_refused_registration_leaves_nothing(database: object, tenant_id: str | None, given: dict[str, str]) -> None:
    id = new_tenant_id() if tenant_id is None else tenant_id
    outcome = register_tenant(id, given, operations())
    assert [each.code for each in outcome.errors] == [ErrorCode.INVALID_INPUT]
    for table in ("tenants_tenant", "outbox", "audit_log", "access_tenant"):
        assert rows(id or "-", f"SELECT * FROM {table}") == []


def test_eight_registrations_at_once_make_one_tenant(database: object) -> None:
    for _ in range(5):
        tenant_id = new_tenant_id()
        outcomes: list[Outcome[TenantView]] = at_once(
            8,
            lambda _, tenant_id=tenant_id: register_tenant(tenant_id, {"name": "Acme"}, operations()),  # type: ignore[misc]  # the default binds the round's tenant
        )
        assert {outcome.value for outcome in outcomes} == {
            TenantView(tenant_id, "Acme", "ACTIVE", None, True, "REFUSE", False, 1, 1)
        }
        assert published(tenant_id) == REGISTERED
        assert audited(tenant_id) == ["registerTenant"]


def test_a_suspended_tenant_is_turned_away_at_once_until_it_is_resumed(database: object) -> None:
    tenant_id = registered()
    ports = branches()
    assert get_branch(caller(tenant_id), "north", ports) is None
    for _ in range(2):
        outcome = suspend_tenant(tenant_id, operations())
        assert outcome.value is not None
        assert (outcome.value.status, outcome.value.version) == ("SUSPENDED", 2)
    with pytest.raises(TenantSuspended):
        get_branch(caller(tenant_id), "north", ports)
    with pytest.raises(TenantSuspended):
        update_tenant_settings(caller(tenant_id), {"name": "x"}, tenants())
    again = register_tenant(tenant_id, {"name": "Acme"}, operations())
    assert again.value is not None
    assert again.value.status == "SUSPENDED"
    resumed = resume_tenant(tenant_id, operations())
    assert resumed.value is not None
    assert (resumed.value.status, resumed.value.version) == ("ACTIVE", 4)
    assert get_branch(caller(tenant_id), "north", ports) is None
    assert audited(tenant_id) == ["registerTenant", "suspendTenant", "registerTenant", "resumeTenant"]


def test_what_is_not_registered_cannot_be_switched_or_trust(database: object) -> None:
    tenant_id = new_tenant_id()
    trusting = trust_issuer(Trust(tenant_id, "https://x.example", ("a",), tenant_value="v"), operations())
    for outcome in (suspend_tenant(tenant_id, operations()), resume_tenant(tenant_id, operations()), trusting):
        assert [each.code for each in outcome.errors] == [ErrorCode.NOT_FOUND]
    assert rows(tenant_id, "SELECT * FROM audit_log") == []


@pytest.fixture
def issuer() -> str:
    """An issuer that no other test trusts."""
    return f"https://{new_tenant_id()}.example"


def test_a_repeated_trust_replaces_all_of_it(database: object, issuer: str) -> None:
    tenant_id = registered()
    first = Trust(tenant_id, issuer, ("a", "b"), tenant_path=("org",), tenant_value="acme", jwks_url=f"{issuer}/keys")
    second = Trust(tenant_id, issuer, ("c",), tenant_value=tenant_id)
    for trust in (first, first, second):
        assert trust_issuer(trust, operations()).value == trust
    assert PostgresTrustDirectory().trusts(issuer) == [second]
    assert audited(tenant_id) == ["registerTenant", "trustIssuer", "trustIssuer"]


def test_the_audit_of_a_trust_names_the_issuer_and_what_changed(database: object, issuer: str) -> None:
    tenant_id = registered()
    trust = Trust(tenant_id, issuer, ("a",), tenant_value=tenant_id)
    trust_issuer(trust, operations())
    trust_issuer(replace(trust, audiences=("b",)), operations())
    entries = rows(tenant_id, "SELECT after->>'fields' FROM audit_log WHERE operation = 'trustIssuer' ORDER BY id")
    assert entries[1] == ('["audiences"]',)


def test_tenants_share_an_issuer_at_one_path_under_values_of_their_own(database: object, issuer: str) -> None:
    one, two, three = registered(), registered(), registered()
    held = Trust(one, issuer, ("a",), tenant_value="one")
    assert trust_issuer(held, operations()).value == held
    two_trusts = Trust(two, issuer, ("a",), tenant_value="two")
    for clash in (
        replace(two_trusts, tenant_value="one"),
        replace(two_trusts, tenant_path=("org",)),
        replace(two_trusts, single_tenant=True),
    ):
        assert [each.field for each in trust_issuer(clash, operations()).errors] == [("issuer",)]
    assert PostgresTrustDirectory().trusts(issuer) == [held]
    assert trust_issuer(two_trusts, operations()).value == two_trusts
    assert {each.tenant_id for each in PostgresTrustDirectory().trusts(issuer)} == {one, two}
    assert audited(three) == ["registerTenant"]


def test_an_issuer_of_one_tenant_alone_is_no_others(database: object, issuer: str) -> None:
    one, two = registered(), registered()
    held = Trust(one, issuer, ("a",), tenant_value=one, single_tenant=True)
    assert trust_issuer(held, operations()).value == held
    assert trust_issuer(Trust(two, issuer, ("a",), tenant_value=two), operations()).value is None
    # Its own tenant may go back to reading a claim; then there is room for others.
    shared = replace(held, single_tenant=False)
    assert trust_issuer(shared, operations()).value == shared
    assert trust_issuer(Trust(two, issuer, ("a",), tenant_value=two), operations()).value is not None


def test_of_six_tenants_that_claim_one_issuer_alone_at_once_one_gets_it(database: object) -> None:
    for _ in range(3):
        issuer = f"https://{new_tenant_id()}.example"
        ids = [registered() for _ in range(6)]

        def work(number: int, issuer: str = issuer, ids: list[str] = ids) -> Outcome[Trust]:
            mine = Trust(ids[number], issuer, ("a",), tenant_value=ids[number], single_tenant=True)
            return trust_issuer(mine, operations())

        outcomes: list[Outcome[Trust]] = at_once(6, work)
        winners = [outcome.value for outcome in outcomes if outcome.value is not None]
        assert len(winners) == 1
        assert PostgresTrustDirectory().trusts(issuer) == winners


def test_the_runtime_role_sees_its_own_tenants_trusts_only(database: object, issuer: str) -> None:
    one, two = registered(), registered()
    trust_issuer(Trust(one, issuer, ("a",), tenant_value=one), operations())
    assert rows(one, "SELECT tenant_id FROM tenants_trust") == [(one,)]
    assert rows(two, "SELECT tenant_id FROM tenants_trust") == []
    assert rows(two, "SELECT tenant_id FROM tenants_tenant") == [(two,)]
