"""Random branches come back from PostgreSQL as they went in, through the store and through Django's model."""

from dataclasses import asdict, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddd.branches.domain.branch import Address, Branch
from ddd.branches.infrastructure import models
from ddd.branches.infrastructure.store import PostgresBranchStore
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.access import OperatorAccess
from ddd.shared.infrastructure.reader import PostgresReader
from tests.builders import caller, fetched, new_tenant_id
from tests.contract.test_tenant_store import write

STORE = PostgresBranchStore()

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=255)
branches = st.builds(
    Branch,
    id=st.builds(new_id),
    code=texts,
    name=texts,
    address=st.none()
    | st.builds(
        Address,
        line1=texts,
        country=texts,
        line2=st.none() | texts,
        city=st.none() | texts,
        state=st.none() | texts,
        postal_code=st.none() | texts,
    ),
    timezone=texts,
    priority=st.integers(-(2**31), 2**31 - 1),
    archived=st.booleans(),
    version=st.integers(1, 2**31 - 1),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(branch=branches, newer=branches)
def test_a_branch_comes_back_whole(database: object, branch: Branch, newer: Branch) -> None:
    tenant_id = new_tenant_id()
    write(tenant_id, STORE.insert(tenant_id, branch))
    assert fetched(tenant_id, STORE.get(tenant_id, branch.code)) == branch
    newer = replace(newer, id=branch.id, code=branch.code)
    write(tenant_id, STORE.update(tenant_id, newer))
    assert fetched(tenant_id, STORE.get_by_id(tenant_id, branch.id)) == newer
    assert fetched(tenant_id, STORE.lock(tenant_id, branch.code)) == newer
    with PostgresReader(OperatorAccess()).scope(caller(tenant_id)):
        row = models.Branch.objects.get(id=branch.id)
    seen = {name: getattr(row, name) for name in asdict(newer)}
    assert seen == asdict(newer)
    assert row.tenant_id == tenant_id
