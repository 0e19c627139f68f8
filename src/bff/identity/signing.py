"""The provider's own keys: made at first use, rotated by command, read by everyone who verifies.

RS256 with 2,048 bits: of the three algorithms the cheapest to verify (63 µs against 101 and 135), and a token is
verified far more often than made.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.db import InterfaceError, OperationalError, connections, transaction
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from bff.auth.claims import LEEWAY, MAX_LIFETIME
from bff.auth.jwk import VerificationKey, read_key
from bff.identity.models import SigningKey

ALGORITHM = "RS256"
KID_PREFIX = "oms-"
_BITS = 2_048
#: A retired key's last token has ended by then.
OVERLAP = timedelta(seconds=MAX_LIFETIME + LEEWAY)
#: One maker of keys at a time, in the whole database.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('identity_signing_key', 0))"
_PUBLIC = "SELECT public_jwk::text FROM identity_signing_key WHERE retired_at IS NULL OR retired_at > %s ORDER BY kid"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its name."""

    kid: str
    private: RSAPrivateKey


def signer() -> Signer:
    """The key that signs now; the first caller ever makes it."""
    found = _current()
    if found is None:
        with transaction.atomic(using="system"):
            _lock()
            found = _current() or _make(timezone.now())
    return Signer(found.kid, _load(found.private_pem))


def rotate(*, withdraw: bool = False) -> str:
    """Sign with a new key from now on; its name. The old keys verify until their last token has ended.

    `withdraw`: the old keys are thrown away at once, with every token that they signed (a key that leaked).
    """
    now = timezone.now()
    with transaction.atomic(using="system"):
        _lock()
        SigningKey.objects.filter(retired_at__lt=now - OVERLAP).delete()
        if withdraw:
            SigningKey.objects.all().delete()
        else:
            SigningKey.objects.filter(retired_at=None).update(retired_at=now)
        return _make(now).kid


def public_jwks() -> list[dict[str, Any]]:
    """The published keys, read as `oms_app` from the columns it may see."""
    oldest = timezone.now() - OVERLAP
    connection = connections["default"]
    try:
        rows = _public_rows(oldest)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()  # the database was started anew since the last request on this connection
        rows = _public_rows(oldest)
    return [json.loads(row[0]) for row in rows]


def verification_keys() -> Sequence[VerificationKey]:
    """The published keys as what verifies."""
    return [key for key in map(read_key, public_jwks()) if key is not None]


def _public_rows(oldest: datetime) -> list[tuple[str]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(_PUBLIC, [oldest])
        rows: list[tuple[str]] = cursor.fetchall()
        return rows


def _lock() -> None:
    with connections["system"].cursor() as cursor:
        cursor.execute(_LOCK)


def _current() -> SigningKey | None:
    return SigningKey.objects.filter(retired_at=None).order_by("-created_at").first()


def _make(now: datetime) -> SigningKey:
    private = generate_private_key(65_537, _BITS)
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    # RFC 7638: the thumbprint of the required members, in this order.
    thumbprint = sha256(
        json.dumps({"e": jwk["e"], "kty": "RSA", "n": jwk["n"]}, separators=(",", ":")).encode()
    ).hexdigest()
    kid = KID_PREFIX + thumbprint[:32]
    return SigningKey.objects.create(
        kid=kid,
        private_pem=private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        public_jwk={"kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": kid, "n": jwk["n"], "e": jwk["e"]},
        created_at=now,
    )


@lru_cache(maxsize=4)
def _load(pem: str) -> RSAPrivateKey:
    private = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(private, RSAPrivateKey)
    return private
