"""`migrate`, as the owner, after the roles are seen to."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

from order_management.database import connect_as_login, logins
from order_management.roles import ensure_roles, grant_framework_tables, let_system_read_everything


class Command(migrate.Command):
    """Makes the three roles where they are missing, then migrates as `oms_owner`."""

    requires_system_checks = ()  # they would load the whole schema

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = connections["owner"]
        if options["database"] != "owner":
            self.stderr.write("Migrations run as the owner; --database is not looked at.")
            options["database"] = "owner"
        embedded = settings.EMBEDDED_POSTGRES
        only_look = options.get("check_unapplied") or options.get("plan")
        if not only_look:
            with connect_as_login(os.environ, embedded, str(owner.settings_dict["NAME"])) as connection:
                ensure_roles(connection, logins(os.environ, embedded))
        super().handle(*args, **options)
        if not only_look:
            owner.ensure_connection()
            grant_framework_tables(owner.connection)
            let_system_read_everything(owner.connection)
