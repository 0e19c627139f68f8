"""`manage.py schema`: writes what clients rely on, `schema.graphql` and `docs/workflow.schema.json`.

`--check` fails where one of them is out of date.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from strawberry.printer import print_schema

from bff.graphql.schema import schema
from ddd.published.workflow import JSON_SCHEMA


class Command(BaseCommand):
    help = "Write schema.graphql and docs/workflow.schema.json; with --check only compare them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when one of them is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        for path, text in _texts().items():
            if not options["check"]:
                path.write_text(text, encoding="utf-8")
            elif not path.exists() or path.read_text(encoding="utf-8") != text:
                name = path.relative_to(settings.BASE_DIR)
                raise CommandError(f"{name} is out of date; run `manage.py schema` and look at the difference.")


def _texts() -> Mapping[Path, str]:
    return {
        settings.BASE_DIR / "schema.graphql": print_schema(schema) + "\n",
        settings.BASE_DIR / "docs" / "workflow.schema.json": json.dumps(JSON_SCHEMA, indent=2) + "\n",
    }
