"""`manage.py add_user TENANT USERNAME --role R…`: a user of the built-in identity provider, in one tenant."""

import getpass
import os
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from bff.identity.users import NewUser, UserRefused, put_user
from ddd.shared.application.outcome import Outcome
from ddd.tenants.application.ports import Operations
from order_management.operator import OperatorCommand, require_tenant

PASSWORD_VARIABLE = "ADD_USER_PASSWORD"


class Command(OperatorCommand[str]):
    help = (
        "Add a user to a tenant, or set its roles and password anew. The password comes from "
        f"{PASSWORD_VARIABLE}, else from the first line of standard input, else it is asked for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="TENANT")
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument("--role", required=True, nargs="+", action="extend")
        parser.add_argument("--vendor", default="", help="the claim vendor_id (default: the subject)")
        parser.add_argument("--customer", default="", help="the claim customer_id (default: the subject)")
        parser.add_argument("--branch", nargs="*", action="extend", help="the user's branches (default: all)")

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[str]:
        tenant_id = options["tenant"]
        require_tenant(tenant_id, desk)
        user = NewUser(
            tenant_id, options["username"], _password(), tuple(options["role"]), options["vendor"], options["customer"],
            None if options["branch"] is None else tuple(options["branch"]),
        )  # fmt: skip
        try:
            put_user(user)
        except UserRefused as refused:
            raise CommandError(str(refused)) from None
        return Outcome(f"{user.username} belongs to {tenant_id}: {', '.join(user.roles)}")

    def tell(self, value: str) -> str:
        return value


def _password() -> str:
    given = os.environ.get(PASSWORD_VARIABLE)
    if given is not None:
        return given
    if sys.stdin is None or not sys.stdin.isatty():
        return "" if sys.stdin is None else sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise CommandError("The two passwords differ.")
    return first
