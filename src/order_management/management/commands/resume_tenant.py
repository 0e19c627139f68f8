"""`manage.py resume_tenant ID`: the tenant's requests are let in again."""

from typing import Any

from django.core.management.base import CommandParser

from ddd.shared.application.outcome import Outcome
from ddd.tenants.application.operator import resume_tenant
from ddd.tenants.application.ports import Operations
from ddd.tenants.application.views import TenantView
from order_management.operator import OperatorCommand


class Command(OperatorCommand[TenantView]):
    help = "Let a suspended tenant work again. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="ID")

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[TenantView]:
        return resume_tenant(options["tenant"], desk)

    def tell(self, value: TenantView) -> str:
        return f"{value.id} is {value.status}"
