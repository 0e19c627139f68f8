"""Checking a name and a password, with a brake on guessing.

A failure is counted before the password is looked at, so that guesses sent at the same moment do not slip past, and
taken back when it was right. Known and unknown names are counted, answered and (Django hashes in vain) timed alike.

Counted is the pair of name and address first, and only what it lets pass is counted for the name and for the address
as well. So a stranger, or a forgotten job with an old password, locks a name for itself and nobody else; to lock a
name everywhere takes twenty addresses, and to lock an address, where many users may sit behind one, many names every
minute. An address of IPv6 counts as its /64, in which a machine makes up new ones as it likes (RFC 8981 §1).
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from ipaddress import IPv6Network, ip_network

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import connections
from django.http import HttpRequest

from bff.http.address import ClientAddress
from ddd.shared.domain.text import fault_of

WINDOW_SECONDS, ADDRESS_WINDOW_SECONDS = 15 * 60, 60
PER_PAIR, PER_NAME, PER_ADDRESS = 10, 200, 100
MAX_NAME, MAX_PASSWORD = 150, 4_096
_COUNT = """
INSERT INTO identity_login_attempts AS known (key, failures, since) VALUES (%(key)s, 1, now())
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN known.since < now() - make_interval(secs => %(window)s) THEN 1 ELSE known.failures + 1 END,
    since = CASE WHEN known.since < now() - make_interval(secs => %(window)s) THEN now() ELSE known.since END
RETURNING failures
"""
_TAKE_BACK = "UPDATE identity_login_attempts SET failures = greatest(failures - 1, 0) WHERE key = %s"
_FORGET = "DELETE FROM identity_login_attempts WHERE key = %s"


@dataclass(frozen=True, slots=True)
class TooManyFailures(Exception):
    """Ask again after so many seconds."""

    seconds: int = WINDOW_SECONDS


def check_password(request: HttpRequest, name: str, password: str) -> User | None:
    """The user, or None: unknown, inactive and wrong are one answer. Raises TooManyFailures."""
    if fault_of(name, limit=MAX_NAME, required=True) or fault_of(password, limit=MAX_PASSWORD) or not password:
        return None
    name_counted, address = name.casefold(), _network(_client(request))
    pair = _digest("pair", name_counted, address)
    counts = [(pair, PER_PAIR, WINDOW_SECONDS), (_digest("name", name_counted), PER_NAME, WINDOW_SECONDS)]
    if address:  # of a peer without an address nobody knows whether it is one client or all
        counts.append((_digest("address", address), PER_ADDRESS, ADDRESS_WINDOW_SECONDS))
    with connections["system"].cursor() as cursor:
        for key, most, window in counts:
            cursor.execute(_COUNT, {"key": key, "window": window})
            if cursor.fetchone()[0] > most:
                raise TooManyFailures(window)
        user = authenticate(request, username=name, password=password)
        if not isinstance(user, User):
            return None
        cursor.execute(_FORGET, [pair])
        for key, _, _ in counts[1:]:
            cursor.execute(_TAKE_BACK, [key])
    return user


def _client(request: HttpRequest) -> str:
    told = _client_address(tuple(settings.TRUSTED_PROXIES))
    return told(str(request.META.get("REMOTE_ADDR", "")), request.META.get("HTTP_X_FORWARDED_FOR"))


@cache
def _client_address(trusted: tuple[str, ...]) -> ClientAddress:
    return ClientAddress(trusted)


def _network(address: str) -> str:
    """What one client holds: its address, of IPv6 the /64; empty where it has none."""
    if not address:
        return ""
    network = ip_network(address.partition("%")[0])  # a link-local one names its link
    return str(network.supernet(new_prefix=64)) if isinstance(network, IPv6Network) else address


def _digest(*parts: str) -> bytes:
    return sha256("\x00".join(parts).encode()).digest()
