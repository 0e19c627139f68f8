"""`manage.py suspend_tenant ID`: every request of the tenant is turned away from now on."""

from typing import Any

from django.core.management.base import CommandParser

from ddd.shared.application.outcome import Outcome
from ddd.tenants.application.operator import suspend_tenant
from ddd.tenants.application.ports import Operations
from ddd.tenants.application.views import TenantView
from order_management.operator import OperatorCommand


class Command(OperatorCommand[TenantView]):
    help = "Suspend a tenant: its requests are turned away, its data stays. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="ID")

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[TenantView]:
        return suspend_tenant(options["tenant"], desk)

    def tell(self, value: TenantView) -> str:
        return f"{value.id} is {value.status}"
