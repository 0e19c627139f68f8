"""`trust_issuer`: which identity provider may speak for a tenant, and how its tokens are read."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from uuid import UUID

from ddd.shared.application.events import AuditEntry
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.unit_of_work import Command, Transaction
from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.text import fault_of
from ddd.tenants.application import publish
from ddd.tenants.application.operator import INVALID_ID, operator_of, unknown_tenant
from ddd.tenants.application.ports import Operations
from ddd.tenants.application.trust import Trust
from ddd.tenants.domain.claim_paths import parse_path
from ddd.tenants.domain.issuers import address_fault
from ddd.tenants.domain.tenant import is_tenant_id

#: The names that `--claim NAME=PATH` takes -> the trust's field.
CLAIMS: Mapping[str, str] = {
    "tenant": "tenant_path",
    "sub": "subject_path",
    "roles": "roles_path",
    "vendor": "vendor_path",
    "customer": "customer_path",
    "branches": "branches_path",
}


def trust_issuer(trust: Trust, operations: Operations) -> Outcome[Trust]:
    """Keep this trust for its (tenant, issuer), in the place of the one that was there.

    Tenants that trust the same issuer read the tenant at the same path, each under a value of its own; an issuer that
    is one tenant's alone is no other's.
    """
    form_fault = check_trust(trust, operations)
    if form_fault is not None:
        return Outcome(None, form_fault.items)
    tenant_id, store = trust.tenant_id, operations.store

    def attempt(tx: Transaction) -> tuple[UUID, Trust] | Refusals:
        _, tenant = tx.fetch(store.lock_issuer(trust.issuer), store.lock(tenant_id))
        if tenant is None:
            return unknown_tenant(tenant_id)
        # Another connection, which sees every tenant's committed rows; while the issuer is held they do not change.
        there = operations.trusts.trusts(trust.issuer)
        clash = find_clash(trust, [other for other in there if other.tenant_id != tenant_id])
        if clash is not None:
            return Refusals.of(ErrorCode.INVALID_INPUT, clash, ("issuer",))
        before = next((other for other in there if other.tenant_id == tenant_id), None)
        if before != trust:
            tx.store(store.put_trust(trust))
            tx.journal([], _audit(tenant.aggregate_id, before, trust))
        return tenant.aggregate_id, trust

    def replay(_: UUID) -> Trust | None:
        return next((each for each in operations.trusts.trusts(trust.issuer) if each.tenant_id == tenant_id), None)

    return operations.unit_of_work.run(operator_of(tenant_id), Command("trustIssuer", None, {}), attempt, replay=replay)


def check_trust(trust: Trust, operations: Operations) -> Refusals | None:
    """What is wrong with the trust by itself, the first fault."""
    origins = operations.development_origins
    fault = address_fault(trust.issuer, origins, issuer=True)
    if not is_tenant_id(trust.tenant_id):
        return Refusals.of(ErrorCode.INVALID_INPUT, INVALID_ID, ("tenant",))
    if fault is not None:
        return Refusals.of(ErrorCode.INVALID_INPUT, f"The issuer {fault}.", ("issuer",))
    if trust.jwks_url is not None and (fault := address_fault(trust.jwks_url, origins, issuer=False)) is not None:
        return Refusals.of(ErrorCode.INVALID_INPUT, f"--jwks-url {fault}.", ("jwks-url",))
    if not trust.audiences:
        return Refusals.of(ErrorCode.INVALID_INPUT, "At least one --audience is needed.", ("audience",))
    for audience in trust.audiences:
        if (fault := fault_of(audience, required=True)) is not None:
            return Refusals.of(ErrorCode.INVALID_INPUT, f"--audience: {fault}", ("audience",))
    if (fault := fault_of(trust.tenant_value, required=True)) is not None:
        return Refusals.of(ErrorCode.INVALID_INPUT, f"--tenant-value: {fault}", ("tenant-value",))
    return None


def find_clash(trust: Trust, others: Sequence[Trust]) -> str | None:
    """Why this trust cannot stand beside those that other tenants have in the same issuer, or None."""
    for other in others:
        if other.single_tenant:
            return f"The issuer is trusted with --single-tenant by {other.tenant_id}, so by nobody else."
        if trust.single_tenant:
            return f"The issuer is trusted by {other.tenant_id} too, so it cannot be --single-tenant."
        if other.tenant_path != trust.tenant_path:
            return (
                f"The issuer's tenant stands at {list(other.tenant_path)} for {other.tenant_id}; "
                "all tenants of one issuer use the same tenant path."
            )
        if other.tenant_value == trust.tenant_value:
            return f"The tenant value {trust.tenant_value!r} stands for {other.tenant_id} at this issuer."
    return None


def read_claims(options: Sequence[str]) -> dict[str, tuple[str, ...]] | Refusals:
    """`NAME=PATH` texts as the trust's fields, or the first fault."""
    found: dict[str, tuple[str, ...]] = {}
    for option in options:
        name, given, text = option.partition("=")
        if not given or name not in CLAIMS:
            return _claim_fault(f"--claim {option}: write NAME=PATH, NAME one of {' '.join(CLAIMS)}.")
        path = parse_path(text)
        if path is None:
            return _claim_fault(f"--claim {option}: PATH is a key or a JSON list of keys.")
        if CLAIMS[name] in found:
            return _claim_fault(f"--claim {name} is given twice.")
        found[CLAIMS[name]] = path
    return found


def _claim_fault(message: str) -> Refusals:
    return Refusals.of(ErrorCode.INVALID_INPUT, message, ("claim",))


def read_role_map(document: object) -> dict[str, tuple[Role, ...]] | Refusals:
    """A JSON object, the provider's role -> one of ours or a list of them, or the first fault."""
    if not isinstance(document, dict) or not document:
        return _role_fault("it is a JSON object, the provider's role -> one of ours or a list of them.")
    found: dict[str, tuple[Role, ...]] = {}
    for name, value in document.items():
        if fault_of(name, required=True) is not None:
            return _role_fault(f"{name!r} cannot be a role's name.")
        roles = value if isinstance(value, list) else [value]
        for role in roles:
            if not isinstance(role, str) or role not in set(Role):
                return _role_fault(f"{role!r} is no role; they are {' '.join(Role)}.")
        found[name] = tuple(dict.fromkeys(Role(role) for role in roles))
    return found


def _role_fault(message: str) -> Refusals:
    return Refusals.of(ErrorCode.INVALID_INPUT, f"--role-map: {message}", ("role-map",))


def _audit(aggregate_id: UUID, before: Trust | None, after: Trust) -> AuditEntry:
    """The issuer and the names of what changed."""
    names = [field.name for field in fields(Trust) if getattr(before, field.name, None) != getattr(after, field.name)]
    old = {} if before is None else {"issuer": before.issuer}
    return AuditEntry("trustIssuer", publish.AGGREGATE, aggregate_id, old, {"issuer": after.issuer, "fields": names})
