"""From a bearer token to a Caller.

    remembered      the token's hash is known, its key still published: the claims as they were, no check again
    read            strictly, nothing in it believed yet
    trust           issuer and tenant choose the one pair that may vouch for it (or the built-in provider)
    in force        audience, times: cheap, so that an expired token fetches no keys
    signature       by that pair's keys alone, each bound to its algorithm
    identity        subject, roles, scope claims; remembered for a minute at most

What a tenant is (known, suspended) and what roles may do is read in each request's first trip, not here.
"""

import hashlib
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bff.auth.claims import Identity, Refused, check_times, choose_trust, read_identity
from bff.auth.jwk import ALGORITHMS, VerificationKey
from bff.auth.keys import KeyRing, KeySource
from bff.auth.strict import MAX_TOKEN, Malformed, decode_segment, read_object
from bff.http.logs import fields
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import NoKnownRole, Unauthenticated
from ddd.shared.domain.text import fault_of
from ddd.tenants.application.trust import Trust, TrustDirectory

REMEMBERED_SECONDS = 60.0
MAX_REMEMBERED = 10_000
_SCHEME = "bearer"
_MAX_HEADER = MAX_TOKEN + 16
#: Header members that bring a key along, point at one, or change what the rest means (RFC 7515 §4.1, RFC 7797 §3).
_FORBIDDEN = frozenset({"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc", "epk"})
#: RFC 9068 §4 and RFC 7519 §5.1; any case, with or without "application/" (RFC 7515 §4.1.9).
_TYPES = frozenset({"jwt", "at+jwt"})
_TENANT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BuiltinIssuer:
    """The identity provider in this house, trusted by every tenant. `trust` makes the pair for a tenant id.

    `kid_prefix`: set where the issuer's address was not configured but follows HOST and PORT. A token made under
    another port is then known by the name of its key: `issue_token` works beside any server on the same database.
    """

    issuer: str
    keys: KeySource
    trust: Callable[[str], Trust]
    kid_prefix: str | None = None


@dataclass(slots=True)
class _Remembered:
    """A verified token's claims. `until` is monotonic time."""

    until: float
    key: VerificationKey
    tenant_id: str
    issuer: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class _Token:
    """A token taken apart, not verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


class Authenticator:
    """Verifies bearer tokens. One per process; safe for threads."""

    def __init__(
        self,
        directory: TrustDirectory,
        keys: KeyRing,
        builtin: BuiltinIssuer | None = None,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._keys = keys
        self._builtin = builtin
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()

    def authenticate(self, authorization_header: str | None, *, request_id: str, address: str = "") -> Caller:
        """The caller that the header's token speaks of. Raises Unauthenticated, NoKnownRole.

        A token that is remembered costs about 2 µs. The trust directory is asked for each token that is not.
        """
        if authorization_header is None or len(authorization_header) > _MAX_HEADER:
            raise Unauthenticated
        if not authorization_header.isascii():
            raise Unauthenticated
        digest = hashlib.sha256(authorization_header.encode()).digest()
        found = self._remembered.get(digest)
        if found is None or found.key.withdrawn or self._monotonic() >= found.until:
            found = self._verify(digest, authorization_header, request_id)
        identity = found.identity
        return Caller(
            found.tenant_id,
            identity.subject,
            found.issuer,
            identity.roles,
            identity.customer_id,
            identity.vendor_id,
            identity.branches,
            identity.issued_at,
            request_id,
            address,
        )

    def _verify(self, digest: bytes, authorization_header: str, request_id: str) -> _Remembered:
        try:
            token = _take_apart(authorization_header)
            issuer = token.claims.get("iss")
            if not isinstance(issuer, str) or fault_of(issuer, required=True) is not None:
                raise Refused("iss")
            builtin = self._speaks(issuer, token.header.get("kid"))
            if builtin is None:
                trust = choose_trust(self._directory.trusts(issuer), token.claims)
                source = self._keys.source(issuer, trust.jwks_url)
            else:
                issuer, source = builtin.issuer, builtin.keys
                trust = choose_trust([_builtin_trust(builtin, token.claims)], token.claims)
            now = self._now()
            expires = check_times(token.claims, now)
            key = _signing_key(token, source)
            identity = read_identity(token.claims, trust)
        except NoKnownRole:
            _log.info("token without a known role", extra=fields(request_id=request_id))
            raise
        except (Refused, Malformed) as error:
            _log.info("token refused: %s", error, extra=fields(request_id=request_id))
            raise Unauthenticated from None
        seconds = min(REMEMBERED_SECONDS, expires - now)
        found = _Remembered(self._monotonic() + seconds, key, trust.tenant_id, issuer, identity)
        if seconds > 0:
            self._remember(digest, found)
        return found

    def _speaks(self, issuer: str, kid: str | None) -> BuiltinIssuer | None:
        """The built-in provider, where the token says that it comes from there."""
        builtin = self._builtin
        if builtin is None or issuer == builtin.issuer:
            return builtin
        if builtin.kid_prefix is not None and kid is not None and kid.startswith(builtin.kid_prefix):
            return builtin
        return None

    def _remember(self, digest: bytes, found: _Remembered) -> None:
        """Keep the newest 10,000: each lives a minute at most, so that order of arrival does for order of use."""
        with self._lock:
            self._remembered[digest] = found
            self._remembered.move_to_end(digest)
            while len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)


def _builtin_trust(builtin: BuiltinIssuer, claims: Mapping[str, Any]) -> Trust:
    """The built-in pair for the claimed tenant. Whether there is such a tenant shows in the request's first trip."""
    tenant_id = claims.get("tenant_id")
    if not isinstance(tenant_id, str) or not _TENANT_ID.fullmatch(tenant_id):
        raise Refused("tenant")
    return builtin.trust(tenant_id)


def _take_apart(authorization_header: str) -> _Token:
    """The token's parts. `Bearer` in any case (RFC 9110 §11.1), then blanks, then the token (RFC 6750 §2.1)."""
    scheme, _, text = authorization_header.partition(" ")
    text = text.lstrip(" ")
    if scheme.lower() != _SCHEME or len(text) > MAX_TOKEN:
        raise Refused("no bearer token")
    parts = text.split(".")
    if len(parts) != 3:
        raise Refused("not a compact JWS")
    header = read_object(decode_segment(parts[0]))
    _check_header(header)
    claims = read_object(decode_segment(parts[1]))
    signed = text[: len(parts[0]) + 1 + len(parts[1])].encode()
    return _Token(header, claims, signed, decode_segment(parts[2]))


def _check_header(header: Mapping[str, Any]) -> None:
    if not _FORBIDDEN.isdisjoint(header):
        raise Refused("a forbidden header member")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Refused("alg")
    kind = header.get("typ", "jwt")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
        raise Refused("typ")
    kid = header.get("kid")
    if "kid" in header and (not isinstance(kid, str) or fault_of(kid) is not None):
        raise Refused("kid")


def _signing_key(token: _Token, source: KeySource) -> VerificationKey:
    """The key whose signature the token carries.

    A key that is not known yet, or whose name is known and whose signature does not fit (an issuer that makes new keys
    under an old name), makes the source look for newer keys once.
    """
    seen: Sequence[VerificationKey] = source.keys()
    key = _fitting(token, seen)
    if key is None:
        newer = source.renewed(seen)
        key = None if newer is None else _fitting(token, newer)
    if key is None or key.withdrawn:
        raise Refused("signature")
    return key


def _fitting(token: _Token, keys: Sequence[VerificationKey]) -> VerificationKey | None:
    """The key named by `kid`, of the token's own algorithm, that verifies it.

    Without a `kid` (RFC 7515 §4.1.4: it is a hint, and optional) the issuer's only key of that algorithm is meant;
    where there are several the token is ambiguous, and refused rather than tried against each.
    """
    algorithm = token.header["alg"]
    candidates = [key for key in keys if key.algorithm == algorithm]
    if "kid" in token.header:
        candidates = [key for key in candidates if key.kid == token.header["kid"]]
    if len(candidates) == 1 and candidates[0].verifies(token.signed, token.signature):
        return candidates[0]
    return None
