"""What the operator's commands share: their use cases' ports, and how they refuse."""

import sys
from abc import abstractmethod
from typing import Any, Generic, TypeVar

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ddd.orders.application.erasing import Erasing
from ddd.orders.infrastructure.records import PostgresOrderRecords
from ddd.orders.infrastructure.store import PostgresOrderStore
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.clock import SystemClock
from ddd.shared.infrastructure.access import OperatorAccess
from ddd.shared.infrastructure.reader import PostgresReader
from ddd.shared.infrastructure.relay import Relay
from ddd.shared.infrastructure.unit_of_work import PostgresUnitOfWork
from ddd.tenants.application.operator import operator_of, unknown_tenant
from ddd.tenants.application.ports import Operations
from ddd.tenants.domain.tenant import is_tenant_id
from ddd.tenants.infrastructure.store import PostgresTenantStore
from ddd.tenants.infrastructure.trust_directory import PostgresTrustDirectory
from order_management.database import unreachable, where_to_look
from order_management.registry import SUBSCRIBERS

T = TypeVar("T")


def operations() -> Operations:
    """The operator's desk: the server's own unit of work, relay and tables, without a question for permission."""
    clock, access = SystemClock(), OperatorAccess()
    return Operations(
        unit_of_work=PostgresUnitOfWork(access, clock, Relay(SUBSCRIBERS).drain),
        reader=PostgresReader(access),
        store=PostgresTenantStore(),
        trusts=PostgresTrustDirectory(),
        clock=clock,
        development_origins=tuple(settings.DEV_ISSUERS),
    )


def erasing() -> Erasing:
    """The same for orders: what erases a customer, and reads orders whole."""
    clock, access = SystemClock(), OperatorAccess()
    heard = frozenset(SUBSCRIBERS)
    return Erasing(
        unit_of_work=PostgresUnitOfWork(access, clock, Relay(SUBSCRIBERS).drain),
        reader=PostgresReader(access),
        store=PostgresOrderStore(heard),
        records=PostgresOrderRecords(heard),
        clock=clock,
    )


def require_tenant(tenant_id: str, desk: Operations) -> None:
    """Raises CommandError where the tenant is not registered; a suspended one is."""
    tenant = None
    if is_tenant_id(tenant_id):
        _grant, tenant = desk.reader.fetch(operator_of(tenant_id), desk.store.get(tenant_id))
    if tenant is None:
        raise CommandError(unknown_tenant(tenant_id).items[0].message)


class OperatorCommand(BaseCommand, Generic[T]):
    """Runs one use case. A refusal, of the command line too, is one line on stderr and exit code 1."""

    requires_system_checks = ()  # they load the whole schema, and concern the server

    @abstractmethod
    def perform(self, options: dict[str, Any], desk: Operations) -> Outcome[T]:
        """The use case. CommandError refuses, too."""

    @abstractmethod
    def tell(self, value: T) -> str:
        """One line about what is in force now."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = self.perform(options, operations())
        except psycopg.errors.UndefinedTable:
            raise CommandError("The database is not set up yet; run `manage.py migrate`.") from None
        except psycopg.OperationalError as error:
            raise CommandError(unreachable(error, where_to_look(settings.EMBEDDED_POSTGRES))) from error
        if outcome.value is None:
            raise CommandError(one_line(" ".join(refusal.message for refusal in outcome.errors)))
        self.stdout.write(self.tell(outcome.value))

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.called_from_command_line = False  # it raises CommandError then, in place of printing the whole usage
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(argv)
        except CommandError as error:
            self.stderr.write(f"CommandError: {one_line(str(error))}")
            sys.exit(1)


def one_line(message: str) -> str:
    """The message without line breaks, and with what no terminal can show written out."""
    plain = " ".join(message.split())
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in plain)
