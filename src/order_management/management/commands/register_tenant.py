"""`manage.py register_tenant ID`: a new tenant, or new settings for one that is there."""

from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import CommandParser

from ddd.shared.application.outcome import Outcome
from ddd.tenants.application.operator import register_tenant
from ddd.tenants.application.ports import Operations
from ddd.tenants.application.views import TenantView
from order_management.operator import OperatorCommand


class Command(OperatorCommand[TenantView]):
    help = "Register a tenant. Safe to repeat: options that are given are set, what is not given stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="ID", help="1 to 64 of A-Z a-z 0-9 . _ - (exact)")
        parser.add_argument("--name", help="what people call it (default: its ID)")
        parser.add_argument("--currency", help="ISO 4217 code of its default currency")
        parser.add_argument(
            "--stock-tracked", action=BooleanOptionalAction, help="whether orders reserve stock (at first: yes)"
        )

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[TenantView]:
        given = {
            "name": options["name"],
            "defaultCurrency": options["currency"],
            "stockTracked": options["stock_tracked"],
        }
        present = {name: value for name, value in given.items() if value is not None}
        return register_tenant(options["tenant"], present, desk)

    def tell(self, value: TenantView) -> str:
        return f"{value.id} is registered ({value.status}, version {value.version})"
