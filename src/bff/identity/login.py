"""Checking a name and a password, with a brake on guessing.

A failure is counted before the password is looked at, so that guesses sent at the same moment do not slip past, and
taken back when it was right. Known and unknown names are counted, answered and (Django hashes in vain) timed alike.
Counted are the pair of name and address, and each alone with more room: a stranger locks a name for itself first.
"""

from dataclasses import dataclass
from hashlib import sha256

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import connections
from django.http import HttpRequest

from ddd.shared.domain.text import fault_of

WINDOW_SECONDS = 15 * 60
PER_PAIR, PER_NAME, PER_ADDRESS = 10, 200, 100
MAX_NAME, MAX_PASSWORD = 150, 4_096
_COUNT = """
INSERT INTO identity_login_attempts AS known (key, failures, since)
SELECT key, 1, now() FROM unnest(%s::bytea[]) AS given(key) ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN known.since < now() - make_interval(secs => %s) THEN 1 ELSE known.failures + 1 END,
    since = CASE WHEN known.since < now() - make_interval(secs => %s) THEN now() ELSE known.since END
RETURNING key, failures
"""
_TAKE_BACK = "UPDATE identity_login_attempts SET failures = greatest(failures - 1, 0) WHERE key = %s"
_FORGET = "DELETE FROM identity_login_attempts WHERE key = %s OR since < now() - make_interval(secs => %s)"


@dataclass(frozen=True, slots=True)
class TooManyFailures(Exception):
    """Ask again after so many seconds."""

    seconds: int = WINDOW_SECONDS


def check_password(request: HttpRequest, name: str, password: str) -> User | None:
    """The user, or None: unknown, inactive and wrong are one answer. Raises TooManyFailures."""
    if fault_of(name, limit=MAX_NAME, required=True) or fault_of(password, limit=MAX_PASSWORD) or not password:
        return None
    address = str(request.META.get("REMOTE_ADDR", ""))
    allowed = {
        _digest("pair", name.casefold(), address): PER_PAIR,
        _digest("name", name.casefold()): PER_NAME,
        _digest("address", address): PER_ADDRESS,
    }
    pair, named, whole = allowed
    with connections["system"].cursor() as cursor:
        cursor.execute(_COUNT, [list(allowed), WINDOW_SECONDS, WINDOW_SECONDS])
        if any(failures > allowed[bytes(key)] for key, failures in cursor.fetchall()):
            raise TooManyFailures
        user = authenticate(request, username=name, password=password)
        if not isinstance(user, User):
            return None
        cursor.execute(_FORGET, [pair, 2 * WINDOW_SECONDS])
        for key in sorted((named, whole)):
            cursor.execute(_TAKE_BACK, [key])
    return user


def _digest(*parts: str) -> bytes:
    return sha256("\x00".join(parts).encode()).digest()
