"""Key sets shared by processes: here two fetchers on one database, each as another process would have it."""

import threading
import time
from contextlib import suppress
from uuid import uuid4

import pytest

from bff.auth.fetch import FetchFailed
from bff.auth.keys import KeyRing
from bff.auth.tokens import Authenticator
from bff.identity.key_sets import LOOK_INTERVAL, SharedFetcher
from ddd.shared.domain.errors import Unauthenticated
from tests.unit.auth.support import Directory, Issuer, jwk, key_set, token, trust


@pytest.fixture(autouse=True)
def _here(database: object) -> None:
    """All of these need it."""


@pytest.fixture
def url() -> str:
    return f"https://idp.example.com/{uuid4().hex}"


def test_the_issuer_is_asked_once_a_second_by_all_processes_together(url: str) -> None:
    issuer = Issuer(jwk("rsa", "k1"))
    answers: list[bytes] = []

    def process() -> None:
        fetch = SharedFetcher(issuer)
        for _ in range(5):
            answers.append(fetch(url, None))

    threads = [threading.Thread(target=process) for _ in range(4)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [key_set(jwk("rsa", "k1"))] * 20
    assert issuer.fetches <= 1 + (time.monotonic() - started)
    time.sleep(1)
    issuer.keys = []
    assert SharedFetcher(issuer)(url, None) == key_set()


def test_the_others_learn_that_it_failed(url: str) -> None:
    issuer = Issuer()
    issuer.down = True
    for _ in range(2):
        with pytest.raises(FetchFailed) as failed:
            SharedFetcher(issuer)(url, None)
        assert failed.value.last_known is None
    assert issuer.fetches == 1


def test_a_process_that_starts_in_an_outage_knows_the_last_keys(url: str) -> None:
    issuer = Issuer(jwk("rsa", "k1"))
    SharedFetcher(issuer)(url, None)
    issuer.down = True
    time.sleep(1)
    started = Authenticator(Directory(trust(issuer=url, jwks_url=None)), KeyRing(SharedFetcher(issuer)))
    now = int(time.time())
    text = token({"iss": url, "iat": now, "exp": now + 60})
    assert started.authenticate(f"Bearer {text}", request_id="r").subject == "user-1"
    assert issuer.fetches == 2


def test_a_key_rotated_works_within_a_second_in_the_other_process_too(url: str) -> None:
    issuer = Issuer(jwk("rsa", "k1"))
    directory = Directory(trust(issuer=url, jwks_url=None))
    processes = [Authenticator(directory, KeyRing(SharedFetcher(issuer), interval=LOOK_INTERVAL)) for _ in range(2)]
    now = int(time.time())
    claims = {"iss": url, "iat": now, "exp": now + 60}
    for process in processes:
        process.authenticate(f"Bearer {token(claims)}", request_id="r")
    assert issuer.fetches == 1
    for turn, name in enumerate(("rsa-2", "rsa-3")):
        issuer.keys = [jwk(name, name)]
        rotated = time.monotonic()
        text = token(claims, kind=name, kid=name)
        for process in processes:
            while True:
                with suppress(Unauthenticated):
                    process.authenticate(f"Bearer {text}", request_id="r")
                    break
                time.sleep(0.02)
            assert time.monotonic() - rotated < 1.5
        assert issuer.fetches == 2 + turn
