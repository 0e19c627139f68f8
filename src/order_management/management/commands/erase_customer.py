"""`manage.py erase_customer TENANT (--customer ID | --email E)`: a person's values go out of all its orders."""

from typing import Any

from django.core.management.base import CommandParser

from ddd.orders.application.erasing import Erased, erase_customer
from ddd.orders.application.records import Whose
from ddd.shared.application.outcome import Outcome
from ddd.tenants.application.operator import operator_of
from ddd.tenants.application.ports import Operations
from order_management.operator import OperatorCommand, erasing, require_tenant


class Command(OperatorCommand[str]):
    help = (
        "Erase a customer: names, addresses, contacts, free words and metadata go out of every order of it, whatever "
        "its state; ids and amounts stay. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="TENANT")
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--customer", metavar="ID", help="the customer's id, exact")
        whose.add_argument("--email", metavar="E", help="the e-mail address that orders were placed with, in any case")
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[str]:
        tenant_id, is_dry_run = options["tenant"], options["dry_run"]
        require_tenant(tenant_id, desk)
        whose = Whose(options["customer"], options["email"])
        outcome = erase_customer(operator_of(tenant_id), whose, erasing(), is_dry_run=is_dry_run)
        if outcome.value is None:
            return Outcome(None, outcome.errors)
        return Outcome(f"{tenant_id}: {_line(outcome.value, is_dry_run=is_dry_run)}")

    def tell(self, value: str) -> str:
        return value


def _line(erased: Erased, *, is_dry_run: bool) -> str:
    """What was done; it repeats neither id nor address, for terminals and their logs remember."""
    done = "would be erased" if is_dry_run else "erased"
    line = f"orders {done}: {erased.orders}"
    if erased.going_on:
        line += f" (not finished: {erased.going_on})"
    return f"{line}; held nothing: {erased.blank}"
