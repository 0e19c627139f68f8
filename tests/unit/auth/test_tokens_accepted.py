"""Good tokens in all their shapes, and what is remembered of them."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from bff.auth import tokens
from bff.auth.claims import Refused, role_names, tenant_texts
from ddd.shared.domain.caller import Caller, Role
from ddd.shared.domain.errors import NoKnownRole, Unauthenticated
from ddd.tenants.application.trust import Trust
from tests.unit.auth.support import ALL_ROLES, AUDIENCE, ISSUER, NOW, House, jwk, sign, token, trust

SHAPES = Path(__file__).resolve().parents[2] / "data" / "idp_claims"


def test_the_caller_is_what_the_token_says() -> None:
    text = token({"vendor_id": "v-1", "customer_id": "c-1", "branches": ["BER-01", "LON-02", "BER-01"]})
    assert House().caller(text) == Caller(
        tenant_id="acme", subject="user-1", issuer=ISSUER, roles=frozenset({Role.MANAGER}), customer_id="c-1",
        vendor_id="v-1", branches=("BER-01", "LON-02"), issued_at=int(NOW) - 10, request_id="r-1", address="192.0.2.1",
    )  # fmt: skip


def test_customer_and_vendor_are_the_subject_by_default_and_branches_all() -> None:
    caller = House().caller(token({"customer_id": None}))
    assert (caller.customer_id, caller.vendor_id, caller.branches) == ("user-1", "user-1", None)


@pytest.mark.parametrize(("claim", "branches"), [([], ()), ("BER-01", ("BER-01",)), (["A", "B"], ("A", "B"))])
def test_branches(claim: Any, branches: tuple[str, ...]) -> None:
    assert House().caller(token({"branches": claim})).branches == branches


@pytest.mark.parametrize(("kind", "kid"), [("rsa", "k1"), ("p256", "k2"), ("ed25519", "k3")])
def test_each_algorithm(kind: str, kid: str) -> None:
    assert House().caller(token(kind=kind, kid=kid)).subject == "user-1"


@pytest.mark.parametrize("typ", [..., "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/JWT"])
def test_each_type(typ: Any) -> None:
    assert House().caller(token(typ=typ)).subject == "user-1"


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_the_scheme_in_any_case(scheme: str) -> None:
    assert House().caller(token(), scheme).subject == "user-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"iat": int(NOW) - 600, "exp": int(NOW) - 29},
        {"iat": int(NOW) + 30},
        {"nbf": int(NOW) + 30},
        {"exp": int(NOW) - 10 + 86_400},
        {"iat": NOW - 0.5},
        {"aud": ["x", AUDIENCE]},
        {"aud": ..., "client_id": AUDIENCE, "token_use": "access"},
        {"tenant_id": ["acme"]},
        {"tenant_id": {"acme": {"id": "1"}}},
        {"tenant_id": ["/acme/a", "/acme/b/c"]},
        {"roles": "manager"},
        {"roles": "openid MANAGER"},
        {"roles": [7, "manager"]},
        {"roles": ["/acme/manager"]},
        {"a": [[[]]] * 20},
        {"a": "[" * 100},
        {"a": '\\"[' * 100},
        {"sub": "\u00fc" * 255, "roles": ["manager"]},
    ],
)
def test_accepted(changed: dict[str, Any]) -> None:
    assert House().caller(token(changed)).roles == {Role.MANAGER}


def test_the_group_of_another_root_is_no_role() -> None:
    assert House().caller(token({"roles": ["/globex/admin", "/acme/x/admin", "/acme/worker"]})).roles == {Role.WORKER}


def test_a_token_of_16_kB_is_read() -> None:
    header = b'{"alg":"RS256","kid":"k1"}'
    filler = 16_384 - 37 - 342 - 1
    body = json.dumps({**json.loads(_claims()), "x": ""})
    text = sign("rsa", header, (body[:-2] + "y" * (filler * 3 // 4 - len(body)) + '"}').encode())
    assert 16_370 < len(text) <= 16_384
    assert House().caller(text).subject == "user-1"


def _claims() -> str:
    return json.dumps({"iss": ISSUER, "sub": "user-1", "aud": AUDIENCE, "tenant_id": "acme", "roles": ["Manager"],
                       "iat": int(NOW), "exp": int(NOW) + 60})  # fmt: skip


def test_a_token_without_kid_is_the_only_keys() -> None:
    assert House(keys=[jwk("rsa", "k1")]).caller(token(kid=None)).subject == "user-1"
    assert House(keys=[jwk("rsa", None)]).caller(token(kid=None)).subject == "user-1"
    assert House(keys=[jwk("rsa", "k1"), jwk("rsa", "k1")]).caller(token()).subject == "user-1"


def test_once_a_role_map_is_given_only_its_keys_count() -> None:
    mapped = trust(role_map={"clerk": (Role.WORKER,), "boss": (Role.ADMIN, Role.MANAGER)})
    assert House(mapped).caller(token({"roles": "clerk boss Auditor"})).roles == {
        Role.WORKER, Role.ADMIN, Role.MANAGER,
    }  # fmt: skip
    for unknown in ("Admin", "CLERK"):
        with pytest.raises(NoKnownRole):
            House(mapped).caller(token({"roles": unknown}))


def test_a_single_tenant_issuer_needs_no_tenant_claim() -> None:
    house = House(trust(single_tenant=True))
    assert house.caller(token({"tenant_id": ...})).tenant_id == "acme"
    assert house.caller(token({"tenant_id": "globex"})).tenant_id == "acme"


def test_the_tenant_value_stands_for_the_tenant() -> None:
    house = House(trust(tenant_value="org_9"), trust(tenant_id="globex", tenant_value="acme"))
    assert house.caller(token({"tenant_id": "org_9"})).tenant_id == "acme"
    assert house.caller(token({"tenant_id": "acme"})).tenant_id == "globex"


def _shape(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SHAPES / name).read_text())
    return found


_PATHS: dict[str, tuple[str, ...]] = {
    "tenant_id": ("tenant_id",), "org_id": ("org_id",), "tid": ("tid",), "roles": ("roles",),
    "firebase.tenant": ("firebase", "tenant"), "realm_access.roles": ("realm_access", "roles"),
    "organization.<only key>": ("organization",), "organization.<only key> (or .id)": ("organization",),
    "organization[0]": ("organization",), "groups (path split)": ("groups",), "permissions": ("permissions",),
    "role (a single string)": ("role",), "scope (space separated)": ("scope",),
}  # fmt: skip
#: Where a shape's `expect` names no path of roles.
_ROLE_PATHS = {
    "keycloak_service_account.json": ("realm_access", "roles"),
    "keycloak_group_paths.json": ("groups",),
}


def _path(written: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    if written is None:
        return default
    return tuple(written) if isinstance(written, list) else _PATHS[written]


def test_there_are_19_shapes() -> None:
    assert len(list(SHAPES.glob("*.json"))) == 19


@pytest.mark.parametrize("name", sorted(path.name for path in SHAPES.glob("*.json")))
def test_the_shape_of_each_identity_provider(name: str) -> None:
    shape = _shape(name)
    claims, expect = shape["claims"], shape["expect"]
    tenant = expect["tenant"]
    roles = expect.get("roles", [])
    mapping = {role: (ALL_ROLES[number],) for number, role in enumerate(roles)}
    audience = claims.get("aud", claims.get("client_id"))
    roles_path = _path(expect.get("roles_path"), _ROLE_PATHS.get(name, ("roles",)))
    house = House(
        Trust(
            "our-tenant", claims["iss"], (audience if isinstance(audience, str) else audience[0],),
            tenant_path=_path(expect.get("tenant_path"), ("tenant_id",)), tenant_value=tenant or "acme",
            roles_path=roles_path, role_map=mapping if mapping else None,
        ),
        keys=[jwk("rsa", shape["header"]["kid"])],
    )  # fmt: skip
    house.time.now = claims["iat"] + 60
    text = sign("rsa", json.dumps(shape["header"]).encode(), json.dumps(claims).encode())
    if tenant is None:
        with pytest.raises(Unauthenticated):
            house.caller(text)
    elif not roles:
        with pytest.raises(NoKnownRole):
            house.caller(text)
    else:
        caller = house.caller(text)
        assert (caller.tenant_id, caller.subject) == ("our-tenant", claims["sub"])
        assert caller.roles == {role for mapped in mapping.values() for role in mapped}
    # Nothing but the issuer's keys was fetched, whatever addresses the claims hold (entra: _claim_sources).
    assert house.issuer.fetches == (0 if tenant is None else 1)


def test_tenant_texts_and_role_names_of_group_paths() -> None:
    groups = _shape("keycloak_group_paths.json")["claims"]["groups"]
    assert list(tenant_texts(groups)) == ["acme"]
    assert list(role_names(groups, "acme")) == ["/acme/managers", "managers", "/acme/branches/BER-01"]
    assert list(tenant_texts([*groups, "/globex"])) == []
    assert Refused("x").args == ("x",)


def test_a_remembered_token_costs_nothing_but_a_look() -> None:
    house = House()
    text = token()
    house.caller(text)
    house.directory.all.clear()
    house.issuer.down = True
    house.time.now += 59.9
    assert house.authenticator.authenticate(f"Bearer {text}", request_id="r-2").request_id == "r-2"
    house.time.now += 0.1
    with pytest.raises(Unauthenticated):
        house.caller(text)


def test_a_remembered_token_ends_with_its_exp() -> None:
    house = House()
    text = token({"exp": int(NOW) + 5})
    house.caller(text)
    house.directory.all.clear()
    house.time.now += 4.9
    house.caller(text)
    house.time.now += 0.1
    with pytest.raises(Unauthenticated):
        house.caller(text)


def test_a_changed_role_map_is_in_force_at_once_for_new_tokens_and_within_a_minute_for_old() -> None:
    house = House()
    old, new = token(), token({"sub": "user-2"})
    assert house.caller(old).roles == {Role.MANAGER}
    house.directory.all = [trust(role_map={"Manager": (Role.AUDITOR,)})]
    assert house.caller(new).roles == {Role.AUDITOR}
    assert house.caller(old).roles == {Role.MANAGER}
    house.time.now += 60
    assert house.caller(old).roles == {Role.AUDITOR}


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_REMEMBERED", 3)
    house = House()
    for number in range(5):
        house.caller(token({"sub": f"user-{number}"}))
    assert len(house.authenticator._remembered) == 3


def test_a_refused_token_is_not_remembered() -> None:
    house = House()
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            house.caller(token(kind="rsa-2"))
    assert len(house.authenticator._remembered) == 0


def test_a_hostile_token_is_refused_in_a_few_milliseconds() -> None:
    header = b'{"alg":"RS256","kid":"k1"}'
    for payload in (b'{"a":"' + b'\\"[' * 3_900, b'{"a":' + b"[" * 11_900, b'{"a":' + b'{"a":' * 2_300, b'"' * 11_900):
        text = sign("rsa", header, payload)
        house = House()
        started = time.perf_counter()
        with pytest.raises(Unauthenticated):
            house.caller(text)
        assert time.perf_counter() - started < 0.05
