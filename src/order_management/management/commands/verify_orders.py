"""`manage.py verify_orders [--tenant T] [--order ID]`: do the stored orders agree with their timelines?"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ddd.orders.application.verifying import verify_orders
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.ids import parse_id
from ddd.shared.infrastructure.statements import connection
from ddd.tenants.application.operator import operator_of
from ddd.tenants.application.ports import Operations
from order_management.operator import OperatorCommand, erasing, require_tenant


class Command(OperatorCommand[str]):
    help = (
        "Rebuild orders from their timelines and compare them with the stored rows, field by field. Changes nothing; "
        "exit code 1 where some differ. Prints ids and names of fields, never their values."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="T", help="this tenant's orders (default: every tenant's)")
        parser.add_argument("--order", metavar="ID", help="this order alone")

    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[str]:
        order_id = None
        if options["order"] is not None:
            order_id = parse_id(options["order"])
            if order_id is None:
                raise CommandError("--order is the id of an order, a UUID.")
        if options["tenant"] is not None:
            require_tenant(options["tenant"], desk)
        tenants = _every_tenant() if options["tenant"] is None else [options["tenant"]]
        ports = erasing()
        verified = differing = 0
        for tenant_id in tenants:
            for each in verify_orders(operator_of(tenant_id), ports.reader, ports.records, order_id):
                verified += 1
                if each.differences:
                    differing += 1
                    self.stdout.write(f"{tenant_id} {each.order_id}: {', '.join(each.differences)}")
        if order_id is not None and not verified:
            raise CommandError(f"There is no order {order_id}.")
        if differing:
            raise CommandError(f"{differing} of {verified} orders differ from their timelines.")
        return Outcome(f"orders that agree with their timelines: {verified}")

    def tell(self, value: str) -> str:
        return value


def _every_tenant() -> list[str]:
    found = connection("system").execute("SELECT tenant_id FROM tenants_tenant ORDER BY tenant_id")
    return [tenant_id for (tenant_id,) in found.fetchall()]
