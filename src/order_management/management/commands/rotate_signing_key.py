"""`manage.py rotate_signing_key`: the built-in identity provider signs with a new key from now on."""

from typing import Any

from django.core.management.base import CommandParser

from bff.identity.signing import rotate
from ddd.shared.application.outcome import Outcome
from ddd.tenants.application.ports import Operations
from order_management.operator import OperatorCommand


class Command(OperatorCommand[str]):
    help = "Make a new signing key. The old ones verify until their last token has ended, 24 hours at most."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--withdraw",
            action="store_true",
            help="throw the old keys away: their tokens are refused after 90 seconds at most (a key that leaked)",
        )

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[str]:
        return Outcome(rotate(withdraw=options["withdraw"]))

    def tell(self, value: str) -> str:
        return f"{value} signs from now on"
