"""Bad tokens at the door: one answer for all of them, and nothing is read or written behind it."""

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from bff.auth.tokens import Authenticator
from bff.graphql.schema import HOT, schema
from bff.graphql.view import GraphQLView
from bff.identity.key_sets import key_ring
from bff.identity.provider import builtin_issuer
from ddd.tenants.infrastructure.trust_directory import PostgresTrustDirectory
from order_management.container import app
from tests.api.support import Api, ApiTenant
from tests.builders import rows
from tests.unit.auth.support import http_issuer, jwk, key_set, private_key, segment, sign, token

_CREATE = 'mutation { createItem(input: {sku: "T", name: "T"}) { item { id } errors { code } } }'


@dataclass
class Door:
    """A tenant that trusts a running issuer, and another that trusts another."""

    issuer: str
    tenant: ApiTenant
    other: ApiTenant

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": "api",
            "sub": "s",
            "tenant_id": self.tenant.id,
            "roles": ["Admin"],
            "iat": now,
            "exp": now + 300,
            **changed,
        }


@pytest.fixture
def door(database: object, settings: Settings) -> Iterator[Door]:
    here: list[str] = []

    def answer(path: str) -> tuple[int, bytes, dict[str, str]]:
        if path == "/jwks":
            keys = (jwk("rsa", "k1"), jwk("rsa-enc", "enc", use="enc"))
            return 200, key_set(*keys), {}
        return 200, json.dumps({"issuer": here[0], "jwks_uri": f"{here[0]}/jwks"}).encode(), {}

    with http_issuer(answer) as (origin, _asked):
        here.append(origin)
        settings.DEV_ISSUERS = [origin]
        made = Door(origin, Api.tenant(), Api.tenant())
        call_command("trust_issuer", made.tenant.id, origin, "--audience", "api", stdout=io.StringIO())
        yield made


def _none(door: Door) -> str:
    head = segment(b'{"alg":"none"}')
    return f"{head}.{segment(json.dumps(door.claims()).encode())}."


def _confused(door: Door) -> str:
    """HMAC with the public key as its secret (RFC 8725 §2.1)."""
    pem = private_key("rsa").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = segment(b'{"alg":"HS256","kid":"k1","typ":"JWT"}')
    body = segment(json.dumps(door.claims()).encode())
    mac = hmac.new(pem, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def _twice(door: Door) -> str:
    text = json.dumps(door.claims())[:-1] + f', "tenant_id": "{door.other.id}"}}'
    return sign("rsa", b'{"alg":"RS256","kid":"k1","typ":"JWT"}', text.encode())


BAD: dict[str, Callable[[Door], str]] = {
    "algorithm none": _none,
    "HS/RS confusion": _confused,
    "an issuer that nobody trusts": lambda door: token(door.claims(iss="https://elsewhere.example")),
    "a tenant that trusts another issuer": lambda door: token(door.claims(tenant_id=door.other.id)),
    "a tenant that does not exist": lambda door: token(door.claims(tenant_id="nobody-at-all")),
    "no tenant": lambda door: token({**door.claims(), "tenant_id": None}),
    "expired": lambda door: token(door.claims(iat=int(time.time()) - 900, exp=int(time.time()) - 600)),
    "longer than a day": lambda door: token(door.claims(exp=int(time.time()) + 90_000)),
    "another audience": lambda door: token(door.claims(aud="shop")),
    "a key id that nobody has": lambda door: token(door.claims(), kid="k9"),
    "an encryption key": lambda door: token(door.claims(), kind="rsa-enc", kid="enc"),
    "a tenant named twice": _twice,
    "17 kB": lambda door: token(door.claims(extra="x" * 17_000)),
    "a NUL in the subject": lambda door: token(door.claims(sub="a\x00b")),
    "no token at all, but words": lambda _: "not-a-token",
}


def _post(view: GraphQLView, bearer: str) -> Any:
    return Client().post(
        "/graphql/",
        json.dumps({"query": _CREATE}),
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {bearer}",
    )


@pytest.fixture
def view(door: Door, monkeypatch: pytest.MonkeyPatch) -> GraphQLView:
    """The server's own view; only its authenticator is made anew, since each test's issuer is another."""
    made = GraphQLView(
        schema,
        authenticate=Authenticator(PostgresTrustDirectory(), key_ring([door.issuer]), builtin_issuer()).authenticate,
        access=lambda caller: app().reader.fetch(caller)[0],
        read_scope=app().reader.scope,
        app=app(),
        hot=HOT,
    )
    monkeypatch.setattr("order_management.urls.graphql._authenticate", made._authenticate)
    return made


def test_the_issuers_own_token_is_taken(door: Door, view: GraphQLView) -> None:
    response = _post(view, token(door.claims()))
    assert response.status_code == 200
    assert response.json()["data"]["createItem"]["errors"] == []


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_401_with_one_message_and_nothing_is_written(door: Door, view: GraphQLView, name: str) -> None:
    response = _post(view, BAD[name](door))
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    (error,) = response.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("A valid access token is required.", "UNAUTHENTICATED")
    assert "data" not in response.json()
    for tenant in (door.tenant, door.other):
        assert rows(tenant.id, "SELECT count(*) FROM stock_item WHERE tenant_id = $1", tenant.id) == [(0,)]
