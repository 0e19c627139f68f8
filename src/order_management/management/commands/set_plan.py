"""`manage.py set_plan ID [--off OPERATION …]`: what the tenant's plan does not include."""

from typing import Any

from django.core.management.base import CommandParser

from ddd.shared.application.outcome import Outcome
from ddd.tenants.application.operator import set_plan
from ddd.tenants.application.ports import Operations
from ddd.tenants.application.views import TenantView
from order_management.operator import OperatorCommand


class Command(OperatorCommand[TenantView]):
    help = "Set a tenant's plan: these operations are FORBIDDEN to everybody in it, all others are on. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="ID")
        parser.add_argument(
            "--off", metavar="OPERATION", nargs="+", default=[], help="operations, by their names in the API"
        )

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[TenantView]:
        return set_plan(options["tenant"], options["off"], desk)

    def tell(self, value: TenantView) -> str:
        off = " ".join(value.operations_off)
        return f"{value.id} is on a plan without {off}" if off else f"{value.id} is on a plan with every operation"
