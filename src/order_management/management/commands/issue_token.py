"""`manage.py issue_token --tenant T --sub S --role R…`: a token of the built-in identity provider, and nothing else."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from bff.auth.claims import MAX_LIFETIME
from bff.auth.strict import MAX_TOKEN
from bff.identity.provider import DEFAULT_TTL, Grantee, issue
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.text import fault_of
from ddd.tenants.application.operator import operator_of, unknown_tenant
from ddd.tenants.application.ports import Operations
from ddd.tenants.domain.tenant import is_tenant_id
from order_management.operator import OperatorCommand


class Command(OperatorCommand[str]):
    help = "Print an access token of the built-in identity provider. Roles are issued as they are named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True)
        parser.add_argument("--sub", required=True)
        parser.add_argument("--role", required=True, nargs="+", action="extend")
        parser.add_argument("--ttl", type=int, default=DEFAULT_TTL, help="seconds, 1 to 86,400 (default 3,600)")
        parser.add_argument("--vendor", help="the claim vendor_id (default: none, which means the subject)")
        parser.add_argument("--customer", help="the claim customer_id (default: none, which means the subject)")
        parser.add_argument("--branch", nargs="*", action="extend", help="the caller's branches (default: all)")

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[str]:
        if not settings.BUILTIN_IDP:
            raise CommandError("The built-in identity provider is switched off (BUILTIN_IDP).")
        if not 1 <= options["ttl"] <= MAX_LIFETIME:
            raise CommandError(f"--ttl is 1 to {MAX_LIFETIME} seconds, not {options['ttl']}")
        texts = [(name, options[name]) for name in ("sub", "vendor", "customer") if options[name] is not None]
        texts += [(name, text) for name in ("role", "branch") for text in options[name] or ()]
        for name, text in texts:
            fault = fault_of(text, required=True)
            if fault is not None:
                raise CommandError(f"--{name}: {fault}")
        tenant_id = options["tenant"]
        if not is_tenant_id(tenant_id) or not self._is_registered(tenant_id, desk):
            return Outcome(None, unknown_tenant(tenant_id).items)
        grantee = Grantee(
            tenant_id, options["sub"], options["role"], options["vendor"], options["customer"], options["branch"]
        )
        token = issue(grantee, options["ttl"])
        if len(token) > MAX_TOKEN:
            raise CommandError("The token would be longer than 16 kB, which no server of ours accepts.")
        return Outcome(token)

    def tell(self, value: str) -> str:
        return value

    def _is_registered(self, tenant_id: str, desk: Operations) -> bool:
        _grant, tenant = desk.reader.fetch(operator_of(tenant_id), desk.store.get(tenant_id))
        return tenant is not None
