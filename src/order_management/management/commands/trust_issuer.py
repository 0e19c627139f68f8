"""`manage.py trust_issuer TENANT ISSUER`: let an identity provider speak for a tenant."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.errors import Refusals
from ddd.tenants.application.ports import Operations
from ddd.tenants.application.trust import Trust
from ddd.tenants.application.trust_issuer import CLAIMS, read_claims, read_role_map, trust_issuer
from order_management.operator import OperatorCommand

_MAX_ROLE_MAP = 256_000


class Command(OperatorCommand[Trust]):
    help = "Trust an issuer's tokens for a tenant. A repeat replaces what was kept for this tenant and issuer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="TENANT")
        parser.add_argument("issuer", metavar="ISSUER", help="exactly as the tokens' `iss` says it")
        parser.add_argument("--audience", action="append", required=True, help="may be repeated; one must match")
        parser.add_argument("--jwks-url", help="where the keys are (default: by OpenID Connect discovery)")
        parser.add_argument(
            "--claim", action="append", default=[], metavar="NAME=PATH",
            help=f"where a claim stands: NAME is one of {' '.join(CLAIMS)}; PATH a key or a JSON list of keys",
        )  # fmt: skip
        parser.add_argument("--tenant-value", help="the claim's text that stands for this tenant (default: its ID)")
        parser.add_argument("--role-map", metavar="FILE", help="JSON object: the provider's role -> ours, or a list")
        parser.add_argument(
            "--single-tenant", action="store_true", help="every token of this issuer is this tenant's, no claim needed"
        )

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[Trust]:
        paths = read_claims(options["claim"])
        if isinstance(paths, Refusals):
            return Outcome(None, paths.items)
        roles = None if options["role_map"] is None else read_role_map(_read_json(Path(options["role_map"])))
        if isinstance(roles, Refusals):
            return Outcome(None, roles.items)
        value = options["tenant_value"]
        trust = Trust(
            tenant_id=options["tenant"],
            issuer=options["issuer"],
            audiences=tuple(dict.fromkeys(options["audience"])),
            jwks_url=options["jwks_url"],
            tenant_value=options["tenant"] if value is None else value,
            role_map=roles,
            single_tenant=options["single_tenant"],
            **paths,
        )
        return trust_issuer(trust, desk)

    def tell(self, value: Trust) -> str:
        return f"{value.tenant_id} trusts {value.issuer} for {' '.join(value.audiences)}"


def _read_json(path: Path) -> object:
    """The file's JSON. A member named twice refuses it: which of the two was meant?"""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_ROLE_MAP + 1)
        if len(content) > _MAX_ROLE_MAP:
            raise CommandError(f"--role-map: {path} is larger than {_MAX_ROLE_MAP:,} bytes.")
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_object)
    except (OSError, ValueError, RecursionError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise CommandError(f"--role-map: {path} cannot be read as JSON: {reason}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members
