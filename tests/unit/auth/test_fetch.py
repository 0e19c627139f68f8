"""Fetching over real HTTP: what is asked, what is refused, and how long it may take."""

import json
import socket
import threading
import time

import pytest

from bff.auth import fetch as fetching
from bff.auth.fetch import MAX_BODY, FetchFailed, HttpFetcher, is_public, origin_of
from bff.auth.keys import KeyRing
from bff.auth.tokens import Authenticator
from tests.unit.auth.support import Directory, Time, http_issuer, jwk, key_set, token, trust

KEYS = key_set(jwk("rsa", "k1"))


def test_by_discovery_and_the_address_is_kept_for_five_minutes() -> None:
    here: list[str] = []

    def answer(path: str) -> tuple[int, bytes, dict[str, str]]:
        if path == "/realms/x/keys":
            return 200, KEYS, {}
        issuer = f"{here[0]}/realms/x"
        return 200, json.dumps({"issuer": issuer, "jwks_uri": f"{issuer}/keys"}).encode(), {}

    with http_issuer(answer) as (origin, asked):
        here.append(origin)
        clock = Time()
        fetch = HttpFetcher([origin], monotonic=clock)
        assert fetch(f"{origin}/realms/x", None) == fetch(f"{origin}/realms/x", None) == KEYS
        discovery, keys = "/realms/x/.well-known/openid-configuration", "/realms/x/keys"
        assert asked == [discovery, keys, keys]
        clock.now += 300
        fetch(f"{origin}/realms/x", None)
        assert asked[3:] == [discovery, keys]


@pytest.mark.parametrize(
    "document",
    [
        b"[]",
        b"{}",
        b"<html>",
        b'{"issuer":"https://other.example","jwks_uri":"ORIGIN/keys"}',
        b'{"issuer":"ORIGIN/","jwks_uri":"ORIGIN/keys"}',
        b'{"issuer":"ORIGIN"}',
        b'{"issuer":"ORIGIN","jwks_uri":7}',
        b'{"issuer":"ORIGIN","jwks_uri":"file:///etc/passwd"}',
        b'{"issuer":"ORIGIN","jwks_uri":"https://127.0.0.1/"}',
        b'{"issuer":"ORIGIN","jwks_uri":"http://127.0.0.1:1/"}',
        b'{"issuer":"ORIGIN","jwks_uri":"ORIGIN@evil.example/"}',
    ],
)
def test_a_discovery_document_that_is_refused(document: bytes) -> None:
    here: list[str] = []
    with http_issuer(lambda path: (200, document.replace(b"ORIGIN", here[0].encode()), {})) as (origin, asked):
        here.append(origin)
        with pytest.raises(FetchFailed):
            HttpFetcher([origin])(origin, None)
        assert asked == ["/.well-known/openid-configuration"]


def test_http_and_loopback_only_where_the_setting_names_the_origin() -> None:
    with http_issuer(lambda path: (200, KEYS, {})) as (origin, asked):
        other = origin.replace("127.0.0.1", "localhost")
        for fetch, url in (
            (HttpFetcher(), origin),
            (HttpFetcher([origin]), other),
            (HttpFetcher(["http://x"]), origin),
        ):
            with pytest.raises(FetchFailed, match="only https"):
                fetch.get(f"{url}/jwks")
        with pytest.raises(FetchFailed, match="not a public address"):
            HttpFetcher([origin]).get(origin.replace("http:", "https:"))
        with pytest.raises(FetchFailed, match="not a public address"):
            HttpFetcher().get(f"https://localhost:{origin.rpartition(':')[2]}/")
        assert asked == []
        assert HttpFetcher([other.upper()]).get(f"{other}/jwks") == KEYS


@pytest.mark.parametrize(
    "answer",
    [
        (302, b"", {"Location": "/elsewhere"}), (404, KEYS, {}), (500, KEYS, {}), (204, b"", {}),
        (200, b"x" * (MAX_BODY + 1), {}), (200, KEYS, {"Content-Length": str(len(KEYS) + 1)}),
    ],
)  # fmt: skip
def test_an_answer_that_is_refused(answer: tuple[int, bytes, dict[str, str]]) -> None:
    with http_issuer(lambda path: answer) as (origin, asked):
        with pytest.raises(FetchFailed):
            HttpFetcher([origin]).get(f"{origin}/jwks")
        assert asked == ["/jwks"]


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n{", b""])
def test_an_answer_that_drips_or_never_comes_is_given_up_in_time(drip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetching.TIMEOUT == 3
    monkeypatch.setattr(fetching, "TIMEOUT", 0.6)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection = server.accept()[0]
            with connection:
                try:
                    connection.sendall(drip)
                    for _ in range(25):  # not for ever, should nobody hang up
                        if over.wait(0.2):
                            break
                        if drip:
                            connection.sendall(b"x")
                except OSError:
                    pass  # it hung up

        thread = threading.Thread(target=serve)
        thread.start()
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(FetchFailed):
            HttpFetcher([origin]).get(origin)
        took = time.monotonic() - started
        over.set()
        thread.join()
    assert 0.5 < took < 1.5


@pytest.mark.parametrize(
    "url",
    [
        "",
        "jwks",
        "ftp://x/",
        "https://",
        "https://x:0/",
        "https://x:99999/",
        "https://a@x/",
        "https://x/\n",
        "https://\u00fc/",
        "https://x y/",
        "https://[::1",
    ],
)
def test_no_address(url: str) -> None:
    with pytest.raises(FetchFailed):
        HttpFetcher().get(url)


def test_an_issuer_that_nobody_runs_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(FetchFailed):
        HttpFetcher([origin]).get(origin)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public(address: str) -> None:
    assert is_public(address)


def test_origins_are_compared_with_their_port() -> None:
    assert origin_of("https://IdP.example/x") == origin_of("https://idp.example:443") == "https://idp.example:443"


def test_a_key_rotated_at_a_real_issuer_works_within_a_second() -> None:
    keys = [jwk("rsa", "k1")]
    with http_issuer(lambda path: (200, key_set(*keys), {})) as (origin, asked):
        here = trust(issuer=origin, jwks_url=f"{origin}/jwks")
        clock = Time()
        authenticator = Authenticator(Directory(here), KeyRing(HttpFetcher([origin])), now=clock)
        before, after = token({"iss": origin}), token({"iss": origin}, kind="rsa-2", kid="new")
        authenticator.authenticate(f"Bearer {before}", request_id="r")
        time.sleep(1)  # the interval of unknown keys, counted from the first fetch
        keys[:] = [jwk("rsa-2", "new")]
        started = time.monotonic()
        assert authenticator.authenticate(f"Bearer {after}", request_id="r").subject == "user-1"
        assert time.monotonic() - started < 0.5
        assert asked == ["/jwks", "/jwks"]
