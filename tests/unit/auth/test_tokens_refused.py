"""Every way a token can be bad, each signed with the right key wherever a signature is not the point."""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bff.http.logs import JsonFormatter
from ddd.shared.domain.errors import NoKnownRole, Unauthenticated
from tests.unit.auth.support import (
    AUDIENCE,
    ISSUER,
    NOW,
    House,
    claims,
    jwk,
    key_set,
    private_key,
    segment,
    sign,
    token,
    trust,
)  # fmt: skip

HEADER = b'{"alg":"RS256","kid":"k1"}'


def payload(**changed: Any) -> bytes:
    return json.dumps(claims(**changed)).encode()


def spelt(old: str, new: str) -> bytes:
    """The good claims with one piece of their text replaced."""
    text = payload().decode()
    assert old in text
    return text.replace(old, new).encode()


def hmac_with_public_key() -> str:
    pem = private_key("rsa").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = segment(b'{"alg":"HS256","kid":"k1"}') + "." + segment(payload())
    return f"{text}.{segment(hmac.new(pem, text.encode(), hashlib.sha256).digest())}"


def stray_bits(text: str) -> str:
    """The same signature in another spelling: the unused bits of its last character set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def tampered(text: str) -> str:
    head, _, signature = text.split(".")
    return f"{head}.{segment(payload(roles=['Admin']))}.{signature}"


#: why it is refused, as the log says -> the tokens
BAD: dict[str, dict[str, Callable[[], str]]] = {
    "not a compact JWS": {
        "empty": lambda: "",
        "no jws": lambda: "abc",
        "two parts": lambda: ".".join(token().split(".")[:2]),
        "four parts": lambda: token() + ".e30",
        "five parts, encrypted": lambda: token() + ".e30.e30",
    },
    "not base64url": {
        "a blank after it": lambda: token() + " ",
        "a line feed after it": lambda: token() + "\n",
        "padding": lambda: token().replace(".", "=.", 1),
        "base64, not base64url": lambda: token()[:-4] + "+/+/",
    },
    "signature": {
        "no signature": lambda: token().rpartition(".")[0] + ".",
        "claims changed after signing": lambda: tampered(token()),
        "RS256 with the EC key's kid": lambda: token(kid="k2"),
        "ES256 signed by the RSA key": lambda: sign("rsa", b'{"alg":"ES256","kid":"k1"}', payload(), "RS256"),
        "signed by a stranger": lambda: token(kind="rsa-2"),
        "unknown kid": lambda: token(kid="k9"),
    },
    "alg": {
        "alg none": lambda: segment(b'{"alg":"none"}') + "." + segment(payload()) + ".",
        "alg None": lambda: segment(b'{"alg":"nOnE","kid":"k1"}') + "." + segment(payload()) + ".",
        "alg missing": lambda: token(alg=...),
        "alg a list": lambda: token(alg=["RS256"]),
        "HS256 with the public key": hmac_with_public_key,
        "RS512": lambda: sign("rsa", b'{"alg":"RS512","kid":"k1"}', payload(), "RS512"),
        "PS256": lambda: sign("rsa", b'{"alg":"PS256","kid":"k1"}', payload(), "PS256"),
    },
    "kid": {
        "kid a number": lambda: token(kid=1),
        "kid null": lambda: sign("rsa", b'{"alg":"RS256","kid":null}', payload()),
        "kid with NUL": lambda: token(kid="k1\x00"),
        "kid very long": lambda: token(kid="k" * 256),
    },
    "a forbidden header member": {
        "crit": lambda: token(crit=["exp"]),
        "crit empty": lambda: token(crit=[]),
        "b64": lambda: token(b64=True),
        "jku": lambda: token(jku="https://evil.example/jwks"),
        "x5u": lambda: token(x5u="https://evil.example/cert"),
        "x5c": lambda: token(x5c=["MIIB"]),
        "jwk": lambda: token(jwk=jwk("rsa-2", "k1")),
        "zip": lambda: token(zip="DEF"),
    },
    "typ": {
        "typ of another kind": lambda: token(typ="logout+jwt"),
        "typ null": lambda: token(typ=None),
    },
    "a member is named twice": {
        "alg named twice": lambda: sign("rsa", b'{"alg":"none","alg":"RS256","kid":"k1"}', payload()),
        "tenant_id named twice": lambda: sign("rsa", HEADER, spelt('{"iss"', '{"tenant_id":"globex","iss"')),
        "named twice, once escaped": lambda: sign("rsa", HEADER, spelt('{"iss"', '{"tenant\\u005fid":"globex","iss"')),
        "named twice, deep inside": lambda: sign("rsa", HEADER, spelt('{"iss"', '{"a":{"b":[{"c":1,"c":2}]},"iss"')),
    },
    "not an object": {
        "header no object": lambda: sign("rsa", b'["RS256"]', payload()),
        "claims no object": lambda: sign("rsa", HEADER, b'"acme"'),
    },
    "not JSON": {
        "header no UTF-8": lambda: sign("rsa", b'{"alg":"RS256","kid":"\xff"}', payload()),
        "header with a BOM": lambda: sign("rsa", b"\xef\xbb\xbf" + HEADER, payload()),
        "claims no JSON": lambda: sign("rsa", HEADER, b"{"),
        "claims in UTF-16": lambda: sign("rsa", HEADER, payload().decode().encode("utf-16")),
        "deep behind a string without end": lambda: sign("rsa", HEADER, b'{"a":"' + b'\\"[' * 3_500),
        "an integer of 5,000 digits": lambda: sign("rsa", HEADER, spelt('"exp": ', '"exp": ' + "1" * 5_000)),
    },
    "NaN is no JSON": {
        "NaN": lambda: sign("rsa", HEADER, spelt('{"iss"', '{"a":NaN,"iss"')),
    },
    "nested too deeply": {
        "deep": lambda: sign("rsa", HEADER, spelt('{"iss"', '{"a":' + "[" * 5_000 + "]" * 5_000 + ',"iss"')),
        "deep without end": lambda: sign("rsa", HEADER, b'{"a":' + b"[" * 11_000),
    },
    "stray bits": {
        "stray bits in the signature": lambda: stray_bits(token()),
    },
    "too long": {
        "over 16 kB": lambda: token({"x": "y" * 12_000}),
    },
    "iss": {
        "iss missing": lambda: token({"iss": ...}),
        "iss with NUL": lambda: token({"iss": ISSUER + "\x00"}),
        "iss a list": lambda: token({"iss": [ISSUER]}),
    },
    "issuer": {
        "iss unknown": lambda: token({"iss": "https://evil.example/"}),
        "iss with a slash more": lambda: token({"iss": ISSUER + "/"}),
        "iss in capitals": lambda: token({"iss": ISSUER.upper()}),
    },
    "audience": {
        "aud missing": lambda: token({"aud": ...}),
        "aud another": lambda: token({"aud": "billing"}),
        "aud a prefix": lambda: token({"aud": AUDIENCE[:-1]}),
        "aud empty": lambda: token({"aud": []}),
        "aud a number among them": lambda: token({"aud": [AUDIENCE, 1]}),
        "client_id without token_use": lambda: token({"aud": ..., "client_id": AUDIENCE}),
        "client_id with another aud": lambda: token({"aud": "billing", "client_id": AUDIENCE, "token_use": "access"}),
    },
    "an ID token": {
        "an ID token": lambda: token({"token_use": "id"}),
    },
    "exp": {
        "exp missing": lambda: token({"exp": ...}),
        "exp a string": lambda: token({"exp": str(int(NOW) + 60)}),
        "exp true": lambda: token({"exp": True}),
        "exp null": lambda: token({"exp": None}),
        "exp without end": lambda: sign("rsa", HEADER, spelt(f'"exp": {int(NOW) + 3_590}', '"exp": 1e999')),
    },
    "not in force": {
        "exp past the leeway": lambda: token({"exp": int(NOW) - 30}),
        "iat in the future": lambda: token({"iat": int(NOW) + 31}),
        "nbf in the future": lambda: token({"nbf": int(NOW) + 31}),
    },
    "iat": {
        "iat missing": lambda: token({"iat": ...}),
        "iat true": lambda: token({"iat": True}),
    },
    "nbf": {
        "nbf null": lambda: token({"nbf": None}),
    },
    "lifetime": {
        "a second over 24 h": lambda: token({"exp": int(NOW) - 10 + 86_401}),
        "exp before iat": lambda: token({"iat": int(NOW) + 20, "exp": int(NOW) + 19}),
    },
    "tenant": {
        "tenant missing": lambda: token({"tenant_id": ...}),
        "tenant null": lambda: token({"tenant_id": None}),
        "tenant blank": lambda: token({"tenant_id": ""}),
        "tenant unknown": lambda: token({"tenant_id": "globex"}),
        "tenant in capitals": lambda: token({"tenant_id": "ACME"}),
        "tenant with a blank": lambda: token({"tenant_id": "acme "}),
        "tenant two of a list": lambda: token({"tenant_id": ["acme", "globex"]}),
        "tenant the same twice": lambda: token({"tenant_id": ["acme", "acme"]}),
        "tenant an empty list": lambda: token({"tenant_id": []}),
        "tenant two keys": lambda: token({"tenant_id": {"acme": {}, "globex": {}}}),
        "tenant an empty object": lambda: token({"tenant_id": {}}),
        "tenant a number": lambda: token({"tenant_id": 1}),
        "tenant a list in a list": lambda: token({"tenant_id": [["acme"]]}),
        "tenant in two roots": lambda: token({"tenant_id": ["/acme/managers", "/globex/managers"]}),
    },
    "subject": {
        "sub missing": lambda: token({"sub": ...}),
        "sub null": lambda: token({"sub": None}),
    },
    "text": {
        "sub blank": lambda: token({"sub": " "}),
        "sub a number": lambda: token({"sub": 7}),
        "sub with NUL": lambda: token({"sub": "a\x00b"}),
        "sub a lone surrogate": lambda: token({"sub": "\ud800"}),
        "sub of 256": lambda: token({"sub": "x" * 256}),
        "vendor_id a number": lambda: token({"vendor_id": 7}),
        "customer_id a list": lambda: token({"customer_id": ["c"]}),
        "customer_id with NUL": lambda: token({"customer_id": "\x00"}),
    },
    "branches": {
        "branches null": lambda: token({"branches": None}),
        "branches true": lambda: token({"branches": True}),
        "branches with a number": lambda: token({"branches": ["BER-01", 1]}),
        "branches with a blank one": lambda: token({"branches": ""}),
    },
}  # fmt: skip


@pytest.mark.parametrize(("reason", "name"), [(reason, name) for reason, tokens in BAD.items() for name in tokens])
def test_refused(reason: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bff.auth")
    bad = BAD[reason][name]()
    with pytest.raises(Unauthenticated) as refused:
        House().caller(bad)
    assert str(refused.value) == "A valid access token is required."
    said = [record.getMessage() for record in caplog.records]
    assert said == ([] if reason == "too long" else [f"token refused: {reason}"])
    assert all(json.loads(JsonFormatter().format(record))["request_id"] == "r-1" for record in caplog.records)
    assert len(bad) < 50 or not any(part in line for line in said for part in bad.split(".") if part)


def test_the_good_token_of_this_table_is_good() -> None:
    assert House().caller(token()).subject == "user-1"


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearerx", "Bearer \u00e9", "Bearer " + "x" * 20_000],
)
def test_refused_headers(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        House().authenticator.authenticate(header, request_id="r-1")


@pytest.mark.parametrize(
    "key",
    [
        jwk("rsa", "k1", use="enc"),
        jwk("rsa", "k1", use=None),
        jwk("rsa", "k1", key_ops=["encrypt"]),
        jwk("rsa", "k1", key_ops="verify"),
        jwk("rsa", "k1", alg="RSA-OAEP"),
        jwk("rsa", "k1", alg="RS512"),
        jwk("rsa", "k1", kty="EC"),
        jwk("rsa", "k1", kty=["RSA"]),
        jwk("rsa", "k1", d="AQAB"),
        jwk("rsa", "k1", n=7),
        jwk("rsa", 1),
    ],
)
def test_a_key_made_for_something_else_verifies_nothing(key: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        House(keys=[key]).caller(token())
    assert House(keys=[jwk("rsa", "k1", use="sig", key_ops=["verify"], alg="RS256")]).caller(token())


def test_an_rsa_key_of_1024_bits_verifies_nothing() -> None:
    with pytest.raises(Unauthenticated):
        House(keys=[jwk("rsa1024", "k1")]).caller(sign("rsa1024", HEADER, payload()))


def test_a_key_of_another_curve_verifies_nothing() -> None:
    house = House(keys=[jwk("p384", "k1"), jwk("p384", "k1", crv="P-256")])
    for algorithm in ("ES256", "ES384"):
        header = json.dumps({"alg": algorithm, "kid": "k1"}).encode()
        with pytest.raises(Unauthenticated):
            house.caller(sign("p384", header, payload(), "ES384"))


def test_a_bad_key_does_not_spoil_the_set() -> None:
    keys: list[Any] = [None, 7, {}, jwk("rsa", "k1", n="!"), jwk("ed25519", "k3", crv="X25519"), jwk("rsa", "k1")]
    assert House(keys=keys).caller(token()).subject == "user-1"


def test_another_tenants_issuer_speaks_for_its_own_tenant_only() -> None:
    house = House(trust(), replace(trust(), tenant_id="globex", tenant_value="globex", issuer="https://other.example"))
    with pytest.raises(Unauthenticated):
        house.caller(token({"tenant_id": "globex"}))
    assert house.caller(token({"tenant_id": "globex", "iss": "https://other.example"})).tenant_id == "globex"


def test_keys_of_one_address_do_not_vouch_for_the_tenant_of_another() -> None:
    house = House(trust(), trust(tenant_id="globex", tenant_value="globex", jwks_url="https://idp.example.com/other"))
    fetch = house.authenticator._keys._fetch

    def by_address(issuer: str, jwks_url: str | None) -> bytes:
        return fetch(issuer, jwks_url) if jwks_url == "https://idp.example.com/jwks" else key_set(jwk("rsa-2", "k1"))

    house.authenticator._keys._fetch = by_address
    assert house.caller(token()).tenant_id == "acme"
    with pytest.raises(Unauthenticated):
        house.caller(token({"tenant_id": "globex"}))
    assert house.caller(token({"tenant_id": "globex"}, kind="rsa-2")).tenant_id == "globex"


def test_the_audience_is_each_tenants_own() -> None:
    house = House(trust(), trust(tenant_id="globex", tenant_value="globex", audiences=("globex-api",)))
    with pytest.raises(Unauthenticated):
        house.caller(token({"tenant_id": "globex"}))
    assert house.caller(token({"tenant_id": "globex", "aud": ["x", "globex-api"]})).tenant_id == "globex"


def test_a_single_tenant_issuer_trusted_twice_is_refused() -> None:
    house = House(trust(single_tenant=True), trust(tenant_id="globex", tenant_value="globex"))
    for tenant in ("acme", "globex"):
        with pytest.raises(Unauthenticated):
            house.caller(token({"tenant_id": tenant}))


def test_no_role_of_ours_is_told_apart() -> None:
    for roles in (..., None, [], "", "offline_access", ["offline_access", 7], {"Admin": 1}, True, "K\u0131ng"):
        with pytest.raises(NoKnownRole):
            House().caller(token({"roles": roles}))


def test_a_token_without_a_role_and_with_a_bad_signature_is_a_bad_token() -> None:
    with pytest.raises(Unauthenticated):
        House().caller(token({"roles": []}, kind="rsa-2"))


def test_a_token_without_kid_is_ambiguous_among_several_keys() -> None:
    house = House(keys=[jwk("rsa", "k1"), jwk("rsa-2", "k2"), jwk("p256", "k3")])
    with pytest.raises(Unauthenticated):
        house.caller(token(kid=None))
    assert house.caller(token(kind="p256", kid=None)).subject == "user-1"
