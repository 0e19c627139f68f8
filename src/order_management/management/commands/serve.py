"""`serve`: database, server, relay and worker under one parent (`make run`), or some of them."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from order_management.serve import DATABASE, PARTS, SERVER, House, say


class Command(BaseCommand):
    """Without a part named: migrates, then runs all."""

    help = "Run the database, the server, the relay and the worker, or the parts named."

    requires_system_checks = ()  # they would load the whole schema, which the parent never uses

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = options["parts"] or PARTS
        for unknown in set(parts) - set(PARTS):
            self.stderr.write(f"there is no part {unknown}; there are {', '.join(PARTS)}")
            raise SystemExit(1)
        house = House(parts, settings.EMBEDDED_POSTGRES, settings.HOST, settings.PORT)
        house.listen_to_signals()
        try:
            house.open_database()
            if set(parts) == set(PARTS):
                call_command("migrate", verbosity=0)
                connections.close_all()
            house.open()
            say(_welcome(house))
            house.live()
        finally:
            house.close()


def _welcome(house: House) -> str:
    if SERVER in house.parts:
        return f"http://{house.host}:{house.port}/graphql/ (Ctrl-C stops)"
    if DATABASE in house.parts and house.embedded is not None:
        return f"PostgreSQL on the socket folder {house.embedded.place.sockets} (Ctrl-C stops)"
    return f"{' and '.join(part for part in house.parts if part != DATABASE)} runs (Ctrl-C stops)"
