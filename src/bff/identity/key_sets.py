"""Issuers' key sets, shared by all processes on one database.

Whoever comes first asks the issuer, once a second at most; the others take what it got. So an issuer is not asked more often
because the server has more workers, and a worker that starts while an issuer is down still knows its last keys.
"""

import logging
import time
from typing import Any

from django.db import Error, connections

from bff.auth.fetch import FetchFailed, KeySetFetcher

MAX_WAIT = 3.5
_POLL = 0.02
#: How old a last answer may be to be of use to a process that knows nothing else.
_KEPT = "24 hours"
_CLAIM = """
INSERT INTO identity_key_set AS known (issuer, jwks_url, asked_at) VALUES (%s, %s, clock_timestamp())
ON CONFLICT (issuer, jwks_url) DO UPDATE SET asked_at = clock_timestamp()
WHERE known.asked_at <= clock_timestamp() - interval '1 second'
RETURNING asked_at
"""
_LOOK = """
SELECT body, answered_at >= asked_at, coalesce(failed_at >= asked_at, false)
FROM identity_key_set WHERE issuer = %s AND jwks_url = %s
"""
_ANSWERED = """
UPDATE identity_key_set SET answered_at = clock_timestamp(), body = %s WHERE issuer = %s AND jwks_url = %s
"""
_FAILED = f"""
UPDATE identity_key_set SET failed_at = clock_timestamp() WHERE issuer = %s AND jwks_url = %s
RETURNING CASE WHEN answered_at > clock_timestamp() - interval '{_KEPT}' THEN body END
"""

_log = logging.getLogger(__name__)


class SharedFetcher:
    """A KeySetFetcher that asks through another, together with the other processes. Runs on the fetching thread."""

    def __init__(self, fetch: KeySetFetcher) -> None:
        self._fetch = fetch

    def __call__(self, issuer: str, jwks_url: str | None) -> bytes:
        source = (issuer, jwks_url or "")
        try:
            if _execute(_CLAIM, source):
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


def _await_answer(source: tuple[str, str]) -> bytes:
    """What the process got that asked less than a second ago, or is asking."""
    deadline = time.monotonic() + MAX_WAIT
    while True:
        ((body, answered, failed),) = _execute(_LOOK, source)
        if answered:
            return bytes(body)
        if failed or time.monotonic() > deadline:
            raise FetchFailed("another process asked in vain", None if body is None else bytes(body))
        time.sleep(_POLL)


def _execute(sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with connections["system"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return [] if cursor.description is None else cursor.fetchall()
