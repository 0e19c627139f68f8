"""Random tenants and trusts come back from PostgreSQL as they went in, so that no column is forgotten."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddd.shared.domain.caller import Role, Scope
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.statements import connection
from ddd.tenants.application.trust import Trust
from ddd.tenants.domain.carriers import MODES, CarrierAccount, Sender, SenderAddress
from ddd.tenants.domain.tenant import Settings, Tenant, TenantStatus, UnknownSku
from ddd.tenants.infrastructure.store import PostgresTenantStore
from ddd.tenants.infrastructure.trust_directory import PostgresTrustDirectory
from tests.builders import fetched, new_tenant_id, registered
from tests.pipeline import SET_TENANT, send

STORE = PostgresTenantStore()
ON_ONE_DATABASE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=255)
paths = st.lists(texts, min_size=1, max_size=3).map(tuple)
versions = st.integers(1, 2**31 - 1)
senders = st.builds(
    Sender,
    name=texts,
    company=st.none() | texts,
    phone=st.none() | texts,
    email=st.none() | texts,
    address=st.builds(
        SenderAddress,
        line1=texts,
        country=texts,
        line2=st.none() | texts,
        city=st.none() | texts,
        state=st.none() | texts,
        postal_code=st.none() | texts,
    ),
)
accounts = st.builds(
    CarrierAccount,
    carrier=texts,
    modes=st.lists(st.sampled_from(MODES), unique=True).map(tuple),
    credentials=st.none() | texts,
    base_url=st.none() | texts,
    service=st.none() | texts,
    options=st.dictionaries(texts, texts, max_size=3),
    sender=st.none() | senders,
)
tenants = st.builds(
    Tenant,
    id=st.just(""),
    aggregate_id=st.builds(new_id),
    settings=st.builds(
        Settings,
        name=texts,
        default_currency=st.none() | st.sampled_from(["EUR", "JPY"]),
        stock_tracked=st.booleans(),
        unknown_sku=st.sampled_from(UnknownSku),
        trust_customer_checkout=st.booleans(),
        carriers=st.lists(accounts, max_size=3).map(tuple),
    ),
    status=st.sampled_from(TenantStatus),
    workflow_version=versions,
    permissions=st.dictionaries(
        st.sampled_from([str(r.value) for r in Role]), st.dictionaries(texts, st.sampled_from([s.value for s in Scope]))
    ),
    version=versions,
    event_sequence=versions,
)
trusts = st.builds(
    Trust,
    tenant_id=st.just(""),
    issuer=texts,
    audiences=paths,
    jwks_url=st.none() | texts,
    tenant_path=paths,
    subject_path=paths,
    roles_path=paths,
    vendor_path=paths,
    customer_path=paths,
    branches_path=paths,
    tenant_value=texts,
    role_map=st.none() | st.dictionaries(texts, st.lists(st.sampled_from(Role), unique=True).map(tuple)),
    single_tenant=st.booleans(),
)


def write(tenant_id: str, statement: Any) -> None:
    raw = connection("default")
    with raw.pipeline():
        send(raw, SET_TENANT, (tenant_id,))
        cursor = send(raw, statement.sql, statement.params)
    assert cursor.rowcount == 1


@ON_ONE_DATABASE
@given(tenant=tenants, newer=tenants)
def test_a_tenant_comes_back_whole(database: object, tenant: Tenant, newer: Tenant) -> None:
    tenant = replace(tenant, id=new_tenant_id())
    write(tenant.id, STORE.insert(tenant))
    assert fetched(tenant.id, STORE.get(tenant.id)) == tenant
    newer = replace(newer, id=tenant.id, aggregate_id=tenant.aggregate_id)
    write(tenant.id, STORE.update(newer))
    assert fetched(tenant.id, STORE.lock(tenant.id)) == newer


@ON_ONE_DATABASE
@given(trust=trusts, newer=trusts)
def test_a_trust_comes_back_whole_and_a_second_replaces_it(database: object, trust: Trust, newer: Trust) -> None:
    tenant_id = registered()
    directory = PostgresTrustDirectory()
    trust = replace(trust, tenant_id=tenant_id, issuer=f"{tenant_id} {trust.issuer}"[:255])
    write(tenant_id, STORE.put_trust(trust))
    assert directory.trusts(trust.issuer) == [trust]
    newer = replace(newer, tenant_id=tenant_id, issuer=trust.issuer)
    write(tenant_id, STORE.put_trust(newer))
    assert directory.trusts(trust.issuer) == [newer]


def test_an_issuer_is_compared_code_point_by_code_point(database: object) -> None:
    tenant_id = registered()
    issuer = f"https://{tenant_id}.example/é"
    write(tenant_id, STORE.put_trust(Trust(tenant_id, issuer, ("api",), tenant_value=tenant_id)))
    directory = PostgresTrustDirectory()
    assert len(directory.trusts(issuer)) == 1
    for other in (issuer.upper(), issuer + "/", issuer.replace("é", "e\u0301"), issuer + " "):
        assert directory.trusts(other) == []
