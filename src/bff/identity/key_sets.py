"""Issuers' key sets, shared by all processes on one database.

Whoever comes first asks the issuer, once a second at most; the others take what it got. So an issuer is not asked more
often because the server has more workers, and a worker that starts while an issuer is down still knows its last keys.
"""

import logging
import time
from collections.abc import Iterable
from typing import Any

from django.db import Error, connections

from bff.auth.fetch import FetchFailed, HttpFetcher, KeySetFetcher
from bff.auth.keys import KeyRing

MAX_WAIT = 3.5
#: A process looks this often whether another has newer keys, and waits this long for its own turn to ask.
LOOK_INTERVAL = 0.2
_POLL = 0.02
_CLAIM = """
INSERT INTO identity_key_set AS known (issuer, jwks_url, asked_at) VALUES (%s, %s, clock_timestamp())
ON CONFLICT (issuer, jwks_url) DO UPDATE SET asked_at = clock_timestamp()
WHERE known.asked_at <= clock_timestamp() - interval '1 second'
RETURNING asked_at
"""
_LOOK = """
SELECT body, answered_at >= asked_at, coalesce(failed_at >= asked_at, false),
       1 - extract(epoch FROM clock_timestamp() - asked_at)::float8
FROM identity_key_set WHERE issuer = %s AND jwks_url = %s
"""
_ANSWERED = """
UPDATE identity_key_set SET answered_at = clock_timestamp(), body = %s WHERE issuer = %s AND jwks_url = %s
"""
# The last answer is of use to a process that knows nothing else, for a day.
_FAILED = """
UPDATE identity_key_set SET failed_at = clock_timestamp() WHERE issuer = %s AND jwks_url = %s
RETURNING CASE WHEN answered_at > clock_timestamp() - interval '24 hours' THEN body END
"""

_log = logging.getLogger(__name__)


def key_ring(dev_origins: Iterable[str]) -> KeyRing:
    """The key ring of a server process. `dev_origins`: see HttpFetcher."""
    return KeyRing(SharedFetcher(HttpFetcher(dev_origins)), interval=LOOK_INTERVAL)


class SharedFetcher:
    """A KeySetFetcher that asks through another, together with the other processes. Runs on the fetching thread."""

    def __init__(self, fetch: KeySetFetcher) -> None:
        self._fetch = fetch

    def __call__(self, issuer: str, jwks_url: str | None) -> bytes:
        source = (issuer, jwks_url or "")
        try:
            if _may_ask(source):
                return self._ask(issuer, jwks_url)
            return _await_answer(source)
        except Error:
            _log.exception("issuers' keys cannot be shared")
            return self._fetch(issuer, jwks_url)
        finally:
            connections["system"].close()  # the thread ends, and its connection would not

    def _ask(self, issuer: str, jwks_url: str | None) -> bytes:
        source = (issuer, jwks_url or "")
        try:
            body = self._fetch(issuer, jwks_url)
        except FetchFailed as failure:
            kept = _execute(_FAILED, source)
            last = bytes(kept[0][0]) if kept and kept[0][0] is not None else None
            raise FetchFailed(str(failure), last) from failure
        _execute(_ANSWERED, (body, *source))
        return body


def _may_ask(source: tuple[str, str]) -> bool:
    """Whether it is this process's turn. One that is close is waited for: else a new key would cost another round."""
    if _execute(_CLAIM, source):
        return True
    ((_body, _answered, _failed, seconds_left),) = _execute(_LOOK, source)
    if seconds_left > LOOK_INTERVAL:
        return False
    time.sleep(max(seconds_left, 0) + 0.001)
    return bool(_execute(_CLAIM, source))


def _await_answer(source: tuple[str, str]) -> bytes:
    """What the process got that asked less than a second ago, or is asking."""
    deadline = time.monotonic() + MAX_WAIT
    while True:
        ((body, answered, failed, _seconds_left),) = _execute(_LOOK, source)
        if answered:
            return bytes(body)
        if failed or time.monotonic() > deadline:
            raise FetchFailed("another process asked in vain", None if body is None else bytes(body))
        time.sleep(_POLL)


def _execute(sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with connections["system"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return [] if cursor.description is None else cursor.fetchall()
