"""Which issuers may speak for which tenants, and how their tokens are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ddd.shared.domain.caller import Role


@dataclass(frozen=True, slots=True)
class Trust:
    """One (tenant, issuer) pair, as the operator's `trust_issuer` left it.

    A path is a list of keys, never split at dots: claim names hold dots, slashes and colons. `tenant_value` is the
    claim's text that stands for this tenant. `role_map`: the provider's role -> ours; once given, only its keys count;
    None: the same name in any case. `jwks_url` None: found by OIDC discovery. `single_tenant`: every token of this
    issuer is this tenant's, no claim needed.
    """

    tenant_id: str
    issuer: str
    audiences: tuple[str, ...]
    jwks_url: str | None = None
    tenant_path: tuple[str, ...] = ("tenant_id",)
    subject_path: tuple[str, ...] = ("sub",)
    roles_path: tuple[str, ...] = ("roles",)
    vendor_path: tuple[str, ...] = ("vendor_id",)
    customer_path: tuple[str, ...] = ("customer_id",)
    branches_path: tuple[str, ...] = ("branches",)
    tenant_value: str = ""
    role_map: Mapping[str, tuple[Role, ...]] | None = None
    single_tenant: bool = False


class TrustDirectory(Protocol):
    """Where trusts are looked up."""

    def trusts(self, issuer: str) -> Sequence[Trust]:
        """Every tenant's trust in this issuer, the issuer compared code point by code point; empty: nobody's."""
        ...
