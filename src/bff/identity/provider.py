"""What the provider issues, and how the rest of the house trusts it."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jwt
from django.conf import settings

from bff.auth.keys import OwnKeys
from bff.auth.tokens import BuiltinIssuer
from bff.identity.signing import ALGORITHM, KID_PREFIX, signer, verification_keys
from ddd.tenants.application.trust import Trust

AUDIENCE = "order-management"
DEFAULT_TTL = 3_600


@dataclass(frozen=True, slots=True)
class Grantee:
    """For whom a token is made. None leaves a claim out."""

    tenant_id: str
    subject: str
    roles: Sequence[str]
    vendor_id: str | None = None
    customer_id: str | None = None
    branches: Sequence[str] | None = None


def issuer() -> str:
    """The provider's issuer: the address it is reached under."""
    url: str = settings.PUBLIC_URL
    return url


def builtin_trust(tenant_id: str) -> Trust:
    """The trust that every registered tenant has in this provider."""
    return Trust(tenant_id, issuer(), (AUDIENCE,), tenant_value=tenant_id)


def builtin_issuer(monotonic: Callable[[], float] = time.monotonic) -> BuiltinIssuer | None:
    """The provider as the Authenticator wants it; None where it is switched off. Make one per process."""
    if not settings.BUILTIN_IDP:
        return None
    prefix = None if settings.PUBLIC_URL_IS_CONFIGURED else KID_PREFIX
    return BuiltinIssuer(issuer(), OwnKeys(verification_keys, monotonic), builtin_trust, prefix)


def issue(grantee: Grantee, ttl: int = DEFAULT_TTL) -> str:
    """A signed access token (RFC 9068) that lives `ttl` seconds."""
    key = signer()
    now = int(time.time())
    claims = {
        "iss": issuer(),
        "sub": grantee.subject,
        "aud": AUDIENCE,
        "client_id": AUDIENCE,
        "iat": now,
        "exp": now + ttl,
        "jti": secrets.token_urlsafe(16),
        "tenant_id": grantee.tenant_id,
        "roles": list(grantee.roles),
    }
    more = {"vendor_id": grantee.vendor_id, "customer_id": grantee.customer_id, "branches": grantee.branches}
    claims |= {name: value for name, value in more.items() if value is not None}
    return jwt.encode(claims, key.private, ALGORITHM, headers={"kid": key.kid, "typ": "at+jwt"})
