"""From `trust_issuer` to a Caller: a real issuer over HTTP, the operator's command, the stored trust, shared keys."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from pytest_django import Settings

from bff.auth.tokens import Authenticator
from bff.identity.key_sets import key_ring
from bff.identity.provider import builtin_issuer
from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import NoKnownRole, Unauthenticated
from ddd.tenants.infrastructure.trust_directory import PostgresTrustDirectory
from tests.unit.auth.support import http_issuer, jwk, key_set, token

AUDIENCE = "orders-api"


@pytest.fixture
def issuer(database: object, settings: Settings) -> Iterator[str]:
    """A running issuer that the development setting names; keys by discovery."""
    here: list[str] = []

    def answer(path: str) -> tuple[int, bytes, dict[str, str]]:
        if path == "/jwks":
            return 200, key_set(jwk("rsa", "k1")), {}
        return 200, json.dumps({"issuer": here[0], "jwks_uri": f"{here[0]}/jwks"}).encode(), {}

    with http_issuer(answer) as (origin, _asked):
        here.append(origin)
        settings.DEV_ISSUERS = [origin]
        yield origin


@pytest.fixture
def tenants(issuer: str) -> tuple[str, str]:
    names = (f"a-{uuid4().hex[:8]}", f"b-{uuid4().hex[:8]}")
    for name in names:
        call_command("register_tenant", name, stdout=io.StringIO())
    return names


def authenticator(issuer: str) -> Authenticator:
    return Authenticator(PostgresTrustDirectory(), key_ring([issuer]), builtin_issuer())


def trust(*words: str) -> None:
    call_command("trust_issuer", *words, "--audience", AUDIENCE, stdout=io.StringIO())


def bearer(issuer: str, **claims: object) -> str:
    now = int(time.time())
    return "Bearer " + token({"iss": issuer, "iat": now, "exp": now + 60, **claims})


def test_two_tenants_trust_one_issuer_each_with_its_own_value_and_roles(
    issuer: str, tenants: tuple[str, str], tmp_path: Path
) -> None:
    roles = tmp_path / "roles.json"
    roles.write_text(json.dumps({"clerk": "Worker", "boss": ["Admin", "Manager"]}))
    path = '["https://orders.example.com/tenant.id"]'
    first, second = tenants
    nested = '["resource_access","orders.api","roles"]'
    trust(first, issuer, "--claim", f"tenant={path}", "--claim", f"roles={nested}", "--role-map", str(roles),
          "--tenant-value", f"org-{first}")  # fmt: skip
    trust(second, issuer, "--claim", f"tenant={path}", "--tenant-value", f"org-{second}")
    house = authenticator(issuer)
    claim = "https://orders.example.com/tenant.id"
    access = {"orders.api": {"roles": ["boss", "Auditor"]}}
    one = house.authenticate(bearer(issuer, **{claim: f"org-{first}", "resource_access": access}), request_id="r")
    assert (one.tenant_id, one.issuer) == (first, issuer)
    assert one.roles == {Role.ADMIN, Role.MANAGER}
    two = house.authenticate(bearer(issuer, **{claim: [f"org-{second}"], "roles": "auditor x"}), request_id="r")
    assert two.tenant_id == second
    assert two.roles == {Role.AUDITOR}
    with pytest.raises(NoKnownRole):
        house.authenticate(bearer(issuer, **{claim: f"org-{first}", "roles": ["boss"]}), request_id="r")
    for value in (first, second, f"org-{first} ", [f"org-{first}", f"org-{second}"], None):
        with pytest.raises(Unauthenticated):
            house.authenticate(bearer(issuer, **{claim: value}), request_id="r")


def test_a_repeated_trust_replaces_the_first_at_once_for_new_tokens(
    issuer: str, tenants: tuple[str, str], tmp_path: Path
) -> None:
    roles = tmp_path / "roles.json"
    roles.write_text(json.dumps({"Manager": "Auditor"}))
    tenant = tenants[0]
    house = authenticator(issuer)
    trust(tenant, issuer)
    assert house.authenticate(bearer(issuer, tenant_id=tenant), request_id="r").roles == {Role.MANAGER}
    trust(tenant, issuer, "--role-map", str(roles))
    newer = bearer(issuer, tenant_id=tenant, sub="user-2")
    assert house.authenticate(newer, request_id="r").roles == {Role.AUDITOR}


def test_a_single_tenant_issuer(issuer: str, tenants: tuple[str, str]) -> None:
    trust(tenants[0], issuer, "--single-tenant", "--jwks-url", f"{issuer}/jwks")
    assert authenticator(issuer).authenticate(bearer(issuer), request_id="r").tenant_id == tenants[0]


def test_an_issuer_that_only_the_tokens_name_is_not_asked(issuer: str, tenants: tuple[str, str]) -> None:
    with http_issuer(lambda path: (500, b"", {})) as (stranger, asked):
        with pytest.raises(Unauthenticated):
            authenticator(issuer).authenticate(bearer(stranger, tenant_id=tenants[0]), request_id="r")
        assert asked == []
