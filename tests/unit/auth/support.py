"""An issuer in memory and one over HTTP, and tokens made by hand: also such as no library would make."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import Algorithm, get_default_algorithms

from bff.auth.fetch import FetchFailed
from bff.auth.keys import KeyRing
from bff.auth.tokens import Authenticator
from ddd.shared.domain.caller import Caller, Role
from ddd.tenants.application.trust import Trust

ISSUER = "https://idp.example.com/realms/orders"
AUDIENCE = "orders-api"
NOW = 1_800_000_000.0
ALGORITHMS = get_default_algorithms()


@cache
def private_key(kind: str) -> Any:
    """One key per name for the whole run: making RSA keys is slow."""
    match kind.split("-")[0]:
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "rsa1024":
            return rsa.generate_private_key(65537, 1024)  # what must be refused
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def implementation(kind: str) -> Algorithm:
    return ALGORITHMS[
        {"rsa": "RS256", "rsa1024": "RS256", "p256": "ES256", "p384": "ES384"}.get(kind.split("-")[0], "EdDSA")
    ]


def jwk(kind: str, kid: Any, **more: Any) -> dict[str, Any]:
    """The public JWK of the key of this name."""
    found: dict[str, Any] = implementation(kind).to_jwk(private_key(kind).public_key(), as_dict=True)
    found.pop("key_ops", None)
    return found | ({} if kid is None else {"kid": kid}) | more


def key_set(*keys: Mapping[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def segment(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(kind: str, header: bytes, payload: bytes, algorithm: str | None = None) -> str:
    """A compact JWS over exactly these bytes."""
    text = f"{segment(header)}.{segment(payload)}"
    signer = implementation(kind) if algorithm is None else ALGORITHMS[algorithm]
    return f"{text}.{segment(signer.sign(text.encode(), private_key(kind)))}"


def claims(**changed: Any) -> dict[str, Any]:
    """Good claims; a value of `...` leaves the claim out."""
    found = {
        "iss": ISSUER, "sub": "user-1", "aud": AUDIENCE, "tenant_id": "acme", "roles": ["Manager"],
        "iat": int(NOW) - 10, "exp": int(NOW) + 3_590,
    } | changed  # fmt: skip
    return {name: value for name, value in found.items() if value is not ...}


def token(changed: Mapping[str, Any] | None = None, *, kind: str = "rsa", kid: Any = "k1", **header: Any) -> str:
    """A good token but for what is changed; a header value of `...` leaves the member out."""
    alg = {"rsa": "RS256", "p256": "ES256"}.get(kind.split("-")[0], "EdDSA")
    members = {"alg": alg, "typ": "JWT"} | ({} if kid is None else {"kid": kid}) | header
    spelt = json.dumps({name: value for name, value in members.items() if value is not ...}).encode()
    return sign(kind, spelt, json.dumps(claims(**(changed or {}))).encode())


class Time:
    """A clock that stands until it is moved: Unix time and monotonic time at once."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Directory:
    """A TrustDirectory in memory."""

    def __init__(self, *trusts: Trust) -> None:
        self.all = list(trusts)

    def trusts(self, issuer: str) -> Sequence[Trust]:
        return [trust for trust in self.all if trust.issuer == issuer]


class Issuer:
    """A KeySetFetcher in memory that counts; `down` makes it fail."""

    def __init__(self, *keys: Mapping[str, Any]) -> None:
        self.keys = list(keys)
        self.fetches = 0
        self.down = False

    def __call__(self, issuer: str, jwks_url: str | None) -> bytes:
        self.fetches += 1
        if self.down:
            raise FetchFailed("down")
        return key_set(*self.keys)


def trust(**changed: Any) -> Trust:
    return replace(Trust("acme", ISSUER, (AUDIENCE,), "https://idp.example.com/jwks", tenant_value="acme"), **changed)


class House:
    """An Authenticator with its issuer and its clock."""

    def __init__(self, *trusts: Trust, keys: Sequence[Mapping[str, Any]] | None = None) -> None:
        self.time = Time()
        self.directory = Directory(*(trusts or (trust(),)))
        self.issuer = Issuer(*([jwk("rsa", "k1"), jwk("p256", "k2"), jwk("ed25519", "k3")] if keys is None else keys))
        self.authenticator = Authenticator(
            self.directory, KeyRing(self.issuer, self.time), now=self.time, monotonic=self.time
        )

    def caller(self, text: str, scheme: str = "Bearer ") -> Caller:
        return self.authenticator.authenticate(scheme + text, request_id="r-1", address="192.0.2.1")


@contextmanager
def http_issuer(answer: Callable[[str], tuple[int, bytes, dict[str, str]]]) -> Iterator[tuple[str, list[str]]]:
    """A real issuer on a port of this machine: its origin, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, body, headers = answer(self.path)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # whoever asked has gone

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for the condition; AssertionError when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)


ALL_ROLES = list(Role)
