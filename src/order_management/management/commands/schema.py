"""`manage.py schema`: writes `schema.graphql`, which clients rely on; `--check` fails where it is out of date."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from strawberry.printer import print_schema

from bff.graphql.schema import schema


class Command(BaseCommand):
    help = "Write schema.graphql; with --check only compare it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when schema.graphql is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "schema.graphql"
        text = print_schema(schema) + "\n"
        if not options["check"]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            raise CommandError("schema.graphql is out of date; run `manage.py schema` and look at the difference.")
