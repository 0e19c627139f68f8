"""The key cache's promises, each seen through the Authenticator with a clock that is moved by hand."""

import threading
import time
from collections.abc import Sequence

import pytest

from bff.auth.jwk import VerificationKey, read_key
from bff.auth.keys import CachedKeys, KeyRing, OwnKeys
from ddd.shared.domain.errors import Unauthenticated
from tests.unit.auth.support import House, Issuer, Time, jwk, key_set, token, until


def refused(house: House, text: str) -> None:
    with pytest.raises(Unauthenticated):
        house.caller(text)


def idle(house: House) -> None:
    """Wait until no fetch is in flight."""
    sources = list(house.authenticator._keys._sources.values())
    until(lambda: all(source._flight is None for source in sources))


def test_a_rotated_key_works_at_once() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    house.caller(token())
    house.issuer.keys.append(jwk("rsa-2", "new"))
    house.time.now += 1
    assert house.caller(token(kind="rsa-2", kid="new")).subject == "user-1"
    assert house.issuer.fetches == 2


def test_a_new_key_under_an_old_name_works_at_once_and_the_old_one_no_more() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    house.caller(token())
    house.issuer.keys = [jwk("rsa-2", "k1")]
    house.time.now += 1
    assert house.caller(token(kind="rsa-2")).subject == "user-1"
    refused(house, token())


def test_unknown_key_ids_cause_one_fetch_a_second() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    house.caller(token())
    house.time.now += 10
    for second in range(3):
        for number in range(50):
            refused(house, token(kid=f"unknown-{second}-{number}"))
        assert house.issuer.fetches == 2 + second
        house.time.now += 1


def test_unknown_key_ids_of_many_threads_cause_one_fetch_and_all_wait_for_it() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    house.caller(token())
    house.time.now += 10
    house.issuer.keys.append(jwk("rsa-2", "new"))
    text = token(kind="rsa-2", kid="new")
    barrier = threading.Barrier(16)
    subjects: list[str] = []

    def call() -> None:
        barrier.wait()
        subjects.append(house.caller(text).subject)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subjects == ["user-1"] * 16
    assert house.issuer.fetches == 2


@pytest.mark.parametrize("first_use", [0.0, 19.9, 20.1, 59.9, 60.1, 89.9])
def test_a_withdrawn_key_is_refused_after_90_seconds_however_it_was_used_before(first_use: float) -> None:
    house = House(keys=[jwk("rsa", "k1")])
    house.caller(token({"sub": "before"}))
    house.issuer.keys = []
    house.time.now += first_use
    try:
        house.caller(token())
    except Unauthenticated:
        assert first_use > 20
    idle(house)
    house.time.now += 90 - first_use
    refused(house, token())
    refused(house, token({"sub": "before"}))
    refused(house, token({"sub": "after"}))


def test_what_is_remembered_ends_when_its_key_is_seen_to_be_withdrawn() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    text = token()
    house.caller(text)
    house.issuer.keys = [jwk("rsa-2", "new")]
    house.time.now += 1
    house.caller(token(kind="rsa-2", kid="new"))
    refused(house, text)


def test_a_token_stays_remembered_when_its_key_is_still_there_after_a_refresh() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    text = token()
    house.caller(text)
    house.time.now += 1
    refused(house, token(kid="unknown"))
    assert house.issuer.fetches == 2
    house.directory.all.clear()
    assert house.caller(text).subject == "user-1"


def test_an_outage_does_not_stop_known_keys() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    house.caller(token())
    house.issuer.down = True
    for _ in range(100):
        house.time.now += 30
        assert house.caller(token({"exp": int(house.time.now) + 60, "iat": int(house.time.now)})).subject == "user-1"
        idle(house)
    assert house.issuer.fetches <= 101


def test_after_an_outage_the_issuer_is_heard_again() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    house.caller(token())
    house.issuer.down = True
    house.time.now += 61
    house.caller(token({"sub": "during"}))
    house.issuer.down = False
    house.issuer.keys = [jwk("rsa-2", "new")]
    house.time.now += 1.1
    assert house.caller(token(kind="rsa-2", kid="new")).subject == "user-1"
    refused(house, token())


def test_an_outage_at_the_first_token_is_over_within_a_second() -> None:
    house = House(keys=[jwk("rsa", "k1")])
    house.issuer.down = True
    for _ in range(10):
        refused(house, token())
    assert house.issuer.fetches == 1
    house.issuer.down = False
    house.time.now += 1
    assert house.caller(token()).subject == "user-1"


class Hanging(Issuer):
    """It answers once the gate is open."""

    def __init__(self, *keys: dict[str, object]) -> None:
        super().__init__(*keys)
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, issuer: str, jwks_url: str | None) -> bytes:
        self.gate.wait()
        return super().__call__(issuer, jwks_url)


def test_an_issuer_that_hangs_does_not_hold_up_known_keys() -> None:
    house = House()
    hanging = Hanging(jwk("rsa", "k1"))
    house.authenticator._keys = KeyRing(hanging, house.time)
    house.caller(token())
    hanging.gate.clear()
    house.time.now += 21
    started = time.monotonic()
    for number in range(20):
        house.caller(token({"sub": f"user-{number}"}))
    assert time.monotonic() - started < 0.5
    house.time.now += 3_000  # unheard of for long: once, and together, a second is waited
    started = time.monotonic()
    for number in range(20):
        house.caller(token({"sub": f"user-{number}"}))
    assert time.monotonic() - started < 1.5
    hanging.gate.set()
    idle(house)


def test_of_an_issuer_that_failed_nobody_waits_to_hear_it_hang() -> None:
    house = House()
    hanging = Hanging(jwk("rsa", "k1"))
    house.authenticator._keys = KeyRing(hanging, house.time)
    house.caller(token())
    hanging.down = True
    house.time.now += 61
    house.caller(token({"sub": "user-2"}))
    idle(house)
    hanging.gate.clear()
    house.time.now += 61
    started = time.monotonic()
    house.caller(token({"sub": "user-3"}))
    assert time.monotonic() - started < 0.5
    hanging.gate.set()
    idle(house)


def test_two_addresses_of_one_issuer_are_two_sources() -> None:
    ring = KeyRing(Issuer(), Time())
    assert ring.source("i", "a") is ring.source("i", "a")
    assert ring.source("i", "a") is not ring.source("i", None)


def test_the_ring_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bff.auth.keys.MAX_ISSUERS", 3)
    ring = KeyRing(Issuer(), Time())
    first = ring.source("0", None)
    for number in range(1, 4):
        ring.source(str(number), None)
    assert len(ring._sources) == 3
    assert ring.source("0", None) is not first


def test_a_set_that_cannot_be_read_leaves_the_known_keys() -> None:
    answers = [key_set(jwk("rsa", "k1")), b"<html>", b"[]", b'{"keys":{}}', b'{"keys":[],"keys":[]}', b"\xff"]
    clock = Time()
    source = CachedKeys(lambda: answers.pop(0), clock)
    known = source.keys()
    assert [key.kid for key in known] == ["k1"]
    while answers:
        clock.now += 100
        source.keys()
        until(lambda: source._flight is None)
        assert source._keys == known


def own_key(kid: str) -> VerificationKey:
    key = read_key(jwk("rsa", kid))
    assert key is not None
    return key


def test_own_keys_are_read_again_when_they_are_20_seconds_old_or_one_is_unknown() -> None:
    clock, loads = Time(), 0
    kids = ["a"]

    def load() -> Sequence[VerificationKey]:
        nonlocal loads
        loads += 1
        return [own_key(kid) for kid in kids]

    source = OwnKeys(load, clock)
    first = source.keys()
    assert (loads, [key.kid for key in first]) == (1, ["a"])
    kids.append("b")
    clock.now += 20
    assert source.keys() is first
    newer = source.renewed(first)
    assert newer is not None
    assert [key.kid for key in newer] == ["a", "b"]
    assert newer[0] is first[0]
    assert (source.renewed(newer), loads) == (None, 2)
    kids.remove("a")
    clock.now += 20.1
    left = source.keys()
    assert [key.kid for key in left] == ["b"]
    assert first[0].withdrawn


def test_a_database_that_does_not_answer_is_no_bad_token() -> None:
    clock = Time()
    down = True

    def load() -> Sequence[VerificationKey]:
        if down:
            raise ConnectionError
        return [own_key("a")]

    source = OwnKeys(load, clock)
    with pytest.raises(ConnectionError):
        source.keys()
    down = False
    known = source.keys()
    down = True
    clock.now += 100
    assert source.keys() is known
