"""The built-in identity provider on the real database: keys, logins, tokens, commands."""

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.utils import ProgrammingError
from django.test import Client
from pytest_django import Settings

from bff.auth.keys import KeyRing
from bff.auth.tokens import Authenticator
from bff.identity import login, provider, signing
from bff.identity.housekeeping import sweep
from bff.identity.models import LoginAttempts, Membership, SigningKey
from bff.identity.provider import Grantee, builtin_issuer, issue
from bff.identity.users import NewUser, UserRefused, put_user
from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import Unauthenticated
from tests.unit.auth.support import Directory, Issuer, Time

PASSWORD = "correct horse battery"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _here(database: object, settings: Settings) -> None:
    settings.ROOT_URLCONF = "bff.identity.urls"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # hashing is not what is tested here


@pytest.fixture
def tenant() -> str:
    name = f"t-{uuid4().hex[:12]}"
    call_command("register_tenant", name, stdout=io.StringIO())
    return name


@pytest.fixture
def user(tenant: str) -> NewUser:
    new = NewUser(tenant, f"maja-{uuid4().hex[:8]}", PASSWORD, ("Manager", "packing"))
    put_user(new)
    return new


def authenticator(clock: Time | None = None) -> Authenticator:
    if clock is None:
        return Authenticator(Directory(), KeyRing(Issuer()), builtin_issuer())
    return Authenticator(Directory(), KeyRing(Issuer()), builtin_issuer(clock), now=clock, monotonic=clock)


def new_address() -> str:
    """In a network of its own."""
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def ask(body: Any, address: str = "192.0.2.9", **headers: Any) -> Any:
    return Client().post(
        "/accounts/api/token/", json.dumps(body), content_type="application/json", REMOTE_ADDR=address, **headers
    )


def test_a_token_of_ours_is_good(tenant: str) -> None:
    caller = authenticator().authenticate(
        "Bearer " + issue(Grantee(tenant, "maja", ["Manager"], "v-1", "c-1", ["BER-01"])), request_id="r-1"
    )
    assert (caller.tenant_id, caller.subject, caller.issuer) == (tenant, "maja", "http://127.0.0.1:8000")
    assert caller.roles == {Role.MANAGER}
    assert (caller.vendor_id, caller.customer_id, caller.branches) == ("v-1", "c-1", ("BER-01",))


def test_by_name_and_password_as_json_and_as_a_form(user: NewUser) -> None:
    given = {"username": user.username, "password": PASSWORD}
    for answer in (ask(given), Client().post("/accounts/api/token/", given)):
        assert answer.status_code == 200
        assert {name: answer.json()[name] for name in ("token_type", "expires_in")} == {
            "token_type": "Bearer", "expires_in": 3_600,
        }  # fmt: skip
        assert answer["Cache-Control"] == "no-store"
        assert not answer.cookies
        caller = authenticator().authenticate("Bearer " + answer.json()["access_token"], request_id="r-1")
        assert (caller.tenant_id, caller.subject, caller.roles) == (
            user.tenant_id,
            user.username,
            frozenset({Role.MANAGER}),
        )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": "nobody", "password": "x"}, 401), ({"username": "nobody\x00", "password": "x"}, 401),
        ({"username": "\ud800", "password": "x"}, 401), ({"username": "x" * 151, "password": "x"}, 401),
        ({"username": "", "password": ""}, 401), ({"username": "x", "password": "y" * 5_000}, 401),
        ({"username": ["x"], "password": "x"}, 400), ({"username": "x"}, 400), ({}, 400), ([], 400), ("x", 400),
    ],
)  # fmt: skip
def test_refused(body: Any, status: int) -> None:
    answer = ask(body)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "error_description"}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    assert Client().post("/accounts/api/token/", body, content_type="application/json").status_code == 400


def test_whether_a_name_is_known_is_not_told(user: NewUser) -> None:
    known = ask({"username": user.username, "password": "wrong"})
    unknown = ask({"username": "nobody-" + uuid4().hex, "password": "wrong"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert set(known.items()) ^ set(unknown.items()) <= {
        ("X-Request-Id", answer.get("X-Request-Id")) for answer in (known, unknown)
    }


def test_a_user_without_a_tenant_gets_no_token(user: NewUser) -> None:
    Membership.objects.filter(subject=user.username).delete()
    assert ask({"username": user.username, "password": PASSWORD}).status_code == 403


def test_guessing_is_stopped_and_the_right_password_too_late(user: NewUser) -> None:
    address = new_address()
    for _ in range(login.PER_PAIR):
        assert ask({"username": user.username, "password": "wrong"}, address).status_code == 401
    stopped = ask({"username": user.username.upper(), "password": PASSWORD}, address)
    assert (stopped.status_code, stopped["Retry-After"]) == (429, "900")
    elsewhere = new_address()
    assert ask({"username": user.username, "password": PASSWORD}, elsewhere).status_code == 200
    unknown = "nobody-" + uuid4().hex
    for _ in range(login.PER_PAIR):
        ask({"username": unknown, "password": "wrong"}, elsewhere)
    assert ask({"username": unknown, "password": "wrong"}, elsewhere).status_code == 429


def test_after_the_window_it_may_be_tried_again(user: NewUser) -> None:
    address = new_address()
    for _ in range(login.PER_PAIR + 1):
        ask({"username": user.username, "password": "wrong"}, address)
    with connections["system"].cursor() as cursor:
        cursor.execute("UPDATE identity_login_attempts SET since = since - interval '901 seconds'")
    assert ask({"username": user.username, "password": PASSWORD}, address).status_code == 200


def test_success_forgets_the_pair(user: NewUser) -> None:
    address = new_address()
    for _ in range(3):
        for _ in range(login.PER_PAIR - 1):
            assert ask({"username": user.username, "password": "wrong"}, address).status_code == 401
        assert ask({"username": user.username, "password": PASSWORD}, address).status_code == 200


def test_guesses_at_the_same_moment_do_not_slip_past(user: NewUser) -> None:
    address = new_address()
    statuses: list[int] = []

    def guess() -> None:
        for _ in range(5):
            statuses.append(ask({"username": user.username, "password": "wrong"}, address).status_code)
        connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [401] * login.PER_PAIR + [429] * (20 - login.PER_PAIR)


def test_behind_a_trusted_proxy_the_client_is_counted_and_not_the_proxy(user: NewUser, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["192.0.2.200"]
    guessing, other = new_address(), new_address()
    wrong, right = {"username": user.username, "password": "wrong"}, {"username": user.username, "password": PASSWORD}
    for _ in range(login.PER_PAIR):
        assert ask(wrong, "192.0.2.200", HTTP_X_FORWARDED_FOR=guessing).status_code == 401
    assert ask(right, "192.0.2.200", HTTP_X_FORWARDED_FOR=guessing).status_code == 429
    assert ask(right, "192.0.2.200", HTTP_X_FORWARDED_FOR=f"{other}, {guessing}").status_code == 429
    assert ask(right, "192.0.2.200", HTTP_X_FORWARDED_FOR=f"{guessing}, {other}").status_code == 200


def test_without_a_trusted_proxy_the_header_buys_no_more_guesses(user: NewUser) -> None:
    address = new_address()
    for _ in range(login.PER_PAIR):
        ask({"username": user.username, "password": "wrong"}, address, HTTP_X_FORWARDED_FOR=new_address())
    assert ask({"username": user.username, "password": "wrong"}, address).status_code == 429


def test_hammering_one_name_locks_nobody_else_at_that_address(user: NewUser) -> None:
    address, unknown = new_address(), "nobody-" + uuid4().hex
    for _ in range(login.PER_ADDRESS + 10):
        ask({"username": unknown, "password": "wrong"}, address)
    assert ask({"username": unknown, "password": "wrong"}, address).status_code == 429
    assert ask({"username": user.username, "password": PASSWORD}, address).status_code == 200
    counted = LoginAttempts.objects.get(key=login._digest("name", unknown))
    assert counted.failures == login.PER_PAIR  # nor is the name locked from here for other addresses


def test_many_names_guessed_from_one_network_stop_it_for_a_minute(user: NewUser) -> None:
    network = new_address().removesuffix("1")
    for number in range(login.PER_ADDRESS):
        assert ask({"username": uuid4().hex, "password": "wrong"}, f"{network}{number:x}").status_code == 401
    stopped = ask({"username": user.username, "password": PASSWORD}, f"{network}ffff")
    assert (stopped.status_code, stopped["Retry-After"]) == (429, "60")
    with connections["system"].cursor() as cursor:
        cursor.execute("UPDATE identity_login_attempts SET since = since - interval '61 seconds'")
    assert ask({"username": user.username, "password": PASSWORD}, f"{network}ffff").status_code == 200


def test_the_hourly_sweep_takes_expired_sessions_and_old_attempts_and_no_others(user: NewUser) -> None:
    client, address = Client(), new_address()
    client.post("/accounts/login/", {"username": user.username, "password": PASSWORD})
    kept = client.cookies["sessionid"].value
    gone = SessionStore()
    gone.set_expiry(-1)
    gone.create()
    ask({"username": user.username, "password": "wrong"}, address)
    old = LoginAttempts.objects.get(key=login._digest("pair", user.username, login._network(address)))
    LoginAttempts.objects.filter(key=old.key).update(since=old.since - timedelta(minutes=31))
    sweep()
    assert set(Session.objects.filter(session_key__in=[kept, gone.session_key])) == {Session.objects.get(pk=kept)}
    assert not LoginAttempts.objects.filter(key=old.key).exists()
    assert LoginAttempts.objects.filter(key=login._digest("name", user.username)).exists()


def test_a_login_in_the_browser_leads_to_a_token(user: NewUser) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/accounts/login/")
    assert page.status_code == 200
    given = {"username": user.username, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    assert Client(enforce_csrf_checks=True).post("/accounts/login/", given).status_code == 403
    wrong = client.post("/accounts/login/", given | {"password": "wrong"})
    assert (wrong.status_code, b"correct username and password" in wrong.content) == (200, True)
    done = client.post("/accounts/login/", given)
    assert (done.status_code, done["Location"]) == (302, "/accounts/api/token/")
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"
    for answer in (client.get("/accounts/api/token/"), client.post("/accounts/api/token/")):
        assert answer.status_code == 200
        token = answer.json()["access_token"]
        assert authenticator().authenticate(f"Bearer {token}", request_id="r").subject == user.username
    given["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
    evil = client.post("/accounts/login/", given | {"next": "https://evil.example/"})
    assert (evil.status_code, evil["Location"]) == (302, "/accounts/api/token/")


def test_without_a_login_there_is_no_token() -> None:
    assert Client().get("/accounts/api/token/").status_code == 401
    client = Client()
    client.cookies["sessionid"] = "x" * 32
    assert client.post("/accounts/api/token/").status_code == 401
    assert Client().delete("/accounts/api/token/").status_code == 405


def test_the_documents_are_public_and_hold_no_private_part() -> None:
    document = Client().get("/.well-known/openid-configuration").json()
    assert document["issuer"] == "http://127.0.0.1:8000"
    assert document["jwks_uri"] == "http://127.0.0.1:8000/.well-known/jwks.json"
    answer = Client().get("/.well-known/jwks.json")
    assert answer["Content-Type"] == "application/jwk-set+json"
    keys = answer.json()["keys"]
    assert keys
    assert all(set(key) == {"kty", "use", "alg", "kid", "n", "e"} for key in keys)
    issue(Grantee("t", "s", []))
    assert signing.signer().kid in {key["kid"] for key in Client().get("/.well-known/jwks.json").json()["keys"]}


def test_switched_off_nothing_of_it_is_there(settings: Settings, tenant: str) -> None:
    token = issue(Grantee(tenant, "maja", ["Manager"]))
    settings.BUILTIN_IDP = False
    for path in (
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/accounts/login/",
        "/accounts/api/token/",
    ):
        assert Client().get(path).status_code == 404
    assert builtin_issuer() is None
    with pytest.raises(Unauthenticated):
        authenticator().authenticate(f"Bearer {token}", request_id="r")
    with pytest.raises(CommandError, match="switched off"):
        call_command("issue_token", tenant=tenant, sub="s", role=["Manager"])


def test_a_configured_address_is_compared_exactly(settings: Settings, tenant: str) -> None:
    token = issue(Grantee(tenant, "maja", ["Manager"]))
    settings.PUBLIC_URL = "http://127.0.0.1:8001"
    moved = authenticator().authenticate(f"Bearer {token}", request_id="r")
    assert moved.issuer == "http://127.0.0.1:8001"
    settings.PUBLIC_URL_IS_CONFIGURED = True
    with pytest.raises(Unauthenticated):
        authenticator().authenticate(f"Bearer {token}", request_id="r")


def test_rotation_overlaps_and_withdrawing_does_not(tenant: str) -> None:
    clock = Time(time.time())
    house = authenticator(clock)
    old = issue(Grantee(tenant, "maja", ["Manager"]))
    house.authenticate(f"Bearer {old}", request_id="r")
    signing.rotate()
    clock.now += 1
    new = issue(Grantee(tenant, "maja", ["Manager"]))
    assert house.authenticate(f"Bearer {new}", request_id="r").subject == "maja"
    assert house.authenticate(f"Bearer {old}", request_id="r").subject == "maja"
    signing.rotate(withdraw=True)
    clock.now += 90
    for token in (old, new):
        with pytest.raises(Unauthenticated):
            house.authenticate(f"Bearer {token}", request_id="r")
    assert SigningKey.objects.count() == 1


def test_a_key_retired_long_ago_is_published_no_more() -> None:
    old = signing.signer().kid
    signing.rotate()
    assert old in {key["kid"] for key in signing.public_jwks()}
    with connections["system"].cursor() as cursor:
        cursor.execute("UPDATE identity_signing_key SET retired_at = retired_at - interval '24 hours 31 s'")
    assert old not in {key["kid"] for key in signing.public_jwks()}
    signing.rotate()
    assert not SigningKey.objects.filter(kid=old).exists()


def test_the_first_key_is_made_once_by_many() -> None:
    SigningKey.objects.all().delete()
    barrier = threading.Barrier(4)

    def first() -> None:
        barrier.wait()
        signing.signer()
        connections.close_all()

    threads = [threading.Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SigningKey.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT private_pem FROM identity_signing_key",
        "SELECT * FROM identity_membership",
        "DELETE FROM identity_signing_key",
        "SELECT * FROM identity_login_attempts",
        "UPDATE identity_key_set SET body = ''",
    ],
)
def test_the_role_of_requests_may_not(statement: str) -> None:
    with connections["default"].cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute(statement)


def test_no_name_and_no_address_is_kept_of_a_failed_login() -> None:
    ask({"username": "somebody-known", "password": "wrong"}, "192.0.2.77")
    for attempt in LoginAttempts.objects.all():
        assert len(bytes(attempt.key)) == 32


def test_issue_token_prints_the_token_alone(tenant: str) -> None:
    out = io.StringIO()
    call_command("issue_token", "--tenant", tenant, "--sub", "shop", "--role", "Manager", "clerk", "--role", "Admin",
                 "--ttl", "60", "--vendor", "v", "--branch", "A", "B", stdout=out)  # fmt: skip
    token = out.getvalue().removesuffix("\n")
    assert token.count(".") == 2
    assert "\n" not in token
    caller = authenticator().authenticate(f"Bearer {token}", request_id="r")
    assert (caller.tenant_id, caller.subject, caller.vendor_id, caller.branches) == (tenant, "shop", "v", ("A", "B"))
    assert caller.roles == {Role.MANAGER, Role.ADMIN}
    later = authenticator(Time(time.time() + 91))
    with pytest.raises(Unauthenticated):
        later.authenticate(f"Bearer {token}", request_id="r")


@pytest.mark.parametrize("changed", [{"--ttl": "0"}, {"--ttl": "86401"}, {"--tenant": "no-such"}, {"--tenant": "a b"},
                                     {"--sub": ""}, {"--sub": "x" * 256}, {"--role": " "}, {"--ttl": "x"}])  # fmt: skip
def test_issue_token_refuses(tenant: str, changed: dict[str, str]) -> None:
    options = {"--tenant": tenant, "--sub": "s", "--role": "Manager"} | changed
    with pytest.raises(CommandError):
        call_command("issue_token", *(word for pair in options.items() for word in pair), stdout=io.StringIO())


def test_issue_token_as_a_process(tenant: str, database_environment: Mapping[str, str]) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "issue_token", *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **database_environment},
            cwd=ROOT,
        )

    good = run("--tenant", tenant, "--sub", "s", "--role", "Manager")
    assert (good.returncode, good.stderr, good.stdout.count("\n")) == (0, "", 1)
    assert authenticator().authenticate(f"Bearer {good.stdout.strip()}", request_id="r").subject == "s"
    bad = run("--tenant", "no-such", "--sub", "s", "--role", "Manager")
    assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (1, "", 1)


def test_add_user(tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"worker-{uuid4().hex[:8]}"
    monkeypatch.setenv("ADD_USER_PASSWORD", PASSWORD)
    for roles in (["Worker"], ["Manager", "Auditor"]):
        call_command("add_user", tenant, name, "--role", *roles, "--customer", "c-9", stdout=io.StringIO())
    token = ask({"username": name, "password": PASSWORD}).json()["access_token"]
    caller = authenticator().authenticate(f"Bearer {token}", request_id="r")
    assert (caller.roles, caller.customer_id, caller.vendor_id) == (
        frozenset({Role.MANAGER, Role.AUDITOR}),
        "c-9",
        name,
    )
    with pytest.raises(CommandError, match="register it first"):
        call_command("add_user", "no-such", name, "--role", "Worker", stdout=io.StringIO())


@pytest.mark.parametrize("changed", [{"password": "short"}, {"password": "qwertyuiop"}, {"username": "a\x00b"},
                                     {"username": ""}, {"roles": ("",)}, {"branches": ("\ud800",)}])  # fmt: skip
def test_a_user_that_is_refused(tenant: str, changed: dict[str, Any]) -> None:
    with pytest.raises(UserRefused):
        put_user(replace(NewUser(tenant, f"u-{uuid4().hex[:8]}", PASSWORD, ("Worker",)), **changed))


def test_a_user_stays_in_its_tenant(user: NewUser) -> None:
    with pytest.raises(UserRefused, match="another tenant"):
        put_user(replace(user, tenant_id="other"))
    assert Membership.objects.get(subject=user.username).tenant_id == user.tenant_id


def test_the_provider_has_one_default_address() -> None:
    assert provider.issuer() == "http://127.0.0.1:8000"
