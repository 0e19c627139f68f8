"""In the place of procrastinate's own command, whose worker knows none of our jobs and would fail them all."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Not here: see `manage.py worker` and `manage.py jobs`."

    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs="*")

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Jobs are done by `manage.py worker`, and looked at with `manage.py jobs`.")
