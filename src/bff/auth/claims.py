"""What a token says, read along the paths that the operator gave for its issuer.

A claim that is there but has the wrong shape refuses the token; it never falls back to a default that may be wider.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import NoKnownRole
from ddd.shared.domain.text import fault_of
from ddd.tenants.application.trust import Trust

LEEWAY = 30
MAX_LIFETIME = 24 * 3_600
_ABSENT = object()
_ROLES_BY_NAME = {role.lower(): role for role in Role}


class Refused(Exception):
    """The claims are not acceptable; why is for the log, never for the client."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the token speaks of, in our words."""

    subject: str
    roles: frozenset[Role]
    customer_id: str
    vendor_id: str
    branches: tuple[str, ...] | None
    issued_at: int


def check_times(claims: Mapping[str, Any], now: float) -> float:
    """The token's `exp`; Refused unless it is in force at `now`.

    `exp` and `iat` are required (without `iat` the lifetime cap of 24 h could not be checked), `nbf` is not
    (RFC 7519 §4.1.4-4.1.6). Leeway for clocks that differ: 30 s.
    """
    expires, issued = _date(claims, "exp"), _date(claims, "iat")
    not_before = _date(claims, "nbf") if "nbf" in claims else issued
    if now >= expires + LEEWAY or issued > now + LEEWAY or not_before > now + LEEWAY:
        raise Refused("not in force")
    if not 0 <= expires - issued <= MAX_LIFETIME:
        raise Refused("lifetime")
    return expires


def _date(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(name)
    if not -1e12 < value < 1e12 or not math.isfinite(value):
        raise Refused(name)
    return float(value)


def choose_trust(trusts: Sequence[Trust], claims: Mapping[str, Any]) -> Trust:
    """The one trust that this token speaks under; Refused where there is none or more than one.

    A single-tenant trust holds for every token of its issuer, so it cannot stand beside another.
    """
    if not trusts:
        raise Refused("issuer")
    if any(trust.single_tenant for trust in trusts):
        if len(trusts) > 1:
            raise Refused("a single-tenant issuer trusted twice")
        chosen = trusts[0]
    else:
        chosen = _by_tenant(trusts, claims)
    if not _audiences(claims).intersection(chosen.audiences):
        raise Refused("audience")
    if claims.get("token_use") == "id" and not any(key.startswith("custom:") for key in chosen.tenant_path):
        # Cognito: an ID token is not meant for an API. A tenant path that names a `custom:` attribute, which only ID
        # tokens hold, is how an operator says that they are to be taken.
        raise Refused("an ID token")
    return chosen


def _by_tenant(trusts: Sequence[Trust], claims: Mapping[str, Any]) -> Trust:
    found = {}
    for path in {trust.tenant_path for trust in trusts}:
        for text in tenant_texts(_at(claims, path)):
            for trust in trusts:
                if trust.tenant_path == path and trust.tenant_value == text:
                    found[trust.tenant_id] = trust
    if len(found) != 1:
        raise Refused("tenant")
    return next(iter(found.values()))


def tenant_texts(value: Any) -> Iterator[str]:
    """What the claim says of the tenant: a string, a list of one, the only key of an object.

    A list of Keycloak's group paths (`/acme/managers`) names the tenant by the one root that all of them share; a user
    in two roots has two tenants, hence none.
    """
    if isinstance(value, dict):
        value = list(value)
    if isinstance(value, list):
        if not value or not all(isinstance(item, str) for item in value):
            return
        roots = {_root(item) for item in value}
        if len(roots) == 1 and (root := roots.pop()):
            yield root
        if len(value) != 1:
            return
        value = value[0]
    if isinstance(value, str) and fault_of(value, required=True) is None:
        yield value


def _root(path: str) -> str:
    return path.split("/")[1] if path.startswith("/") else ""


def _audiences(claims: Mapping[str, Any]) -> set[str]:
    """`aud`, a string or a list (RFC 7519 §4.1.3). Cognito's access tokens have none: there `client_id` counts."""
    audience = claims.get("aud", _ABSENT)
    if audience is _ABSENT and claims.get("token_use") == "access":
        audience = claims.get("client_id")
    if isinstance(audience, str):
        return {audience}
    if isinstance(audience, list) and all(isinstance(item, str) for item in audience):
        return set(audience)
    raise Refused("audience")


def read_identity(claims: Mapping[str, Any], trust: Trust) -> Identity:
    """The identity under this trust. Raises Refused; NoKnownRole where no role of ours is left."""
    subject = _text(claims, trust.subject_path)
    if subject is None:
        raise Refused("subject")
    branches = _branches(_at(claims, trust.branches_path))
    identity = Identity(
        subject=subject,
        roles=_roles(role_names(_at(claims, trust.roles_path), trust.tenant_value), trust.role_map),
        customer_id=_text(claims, trust.customer_path) or subject,
        vendor_id=_text(claims, trust.vendor_path) or subject,
        branches=branches,
        issued_at=math.floor(_date(claims, "iat")),
    )
    if not identity.roles:
        raise NoKnownRole
    return identity


def role_names(value: Any, tenant_value: str) -> Iterator[str]:
    """The provider's roles: a list, or words between blanks (RFC 8693 §4.2). Of a group path below the tenant's own
    root (`/acme/managers`) the last part counts too."""
    if isinstance(value, str):
        value = value.split(" ")
    if not isinstance(value, list):
        return
    for name in value:
        if isinstance(name, str) and name:
            yield name
            parts = name.split("/")
            if len(parts) == 3 and parts[:2] == ["", tenant_value]:
                yield parts[2]


def _roles(names: Iterator[str], role_map: Mapping[str, tuple[Role, ...]] | None) -> frozenset[Role]:
    if role_map is not None:
        return frozenset(role for name in names for role in role_map.get(name, ()))
    # Compared in ASCII: lower() folds KELVIN SIGN to k, and a name should not pass that merely looks like a role's.
    return frozenset(
        _ROLES_BY_NAME[name.lower()] for name in names if name.isascii() and name.lower() in _ROLES_BY_NAME
    )


def _branches(value: Any) -> tuple[str, ...] | None:
    """None: all branches. A claim of another shape is refused: null read as "all" would widen."""
    if value is _ABSENT:
        return None
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        raise Refused("branches")
    for code in value:
        if not isinstance(code, str) or fault_of(code, required=True) is not None:
            raise Refused("branches")
    return tuple(dict.fromkeys(value))


def _text(claims: Mapping[str, Any], path: tuple[str, ...]) -> str | None:
    """The text at the path, or None where there is nothing (absent or null)."""
    value = _at(claims, path)
    if value is _ABSENT or value is None:
        return None
    if not isinstance(value, str) or fault_of(value, required=True) is not None:
        raise Refused("text")
    return value


def _at(claims: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = claims
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _ABSENT
        value = value[key]
    return value
