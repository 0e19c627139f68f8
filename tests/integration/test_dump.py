"""A dump by `oms_system`, as the operator's guide has it, and what comes back from it."""

import os
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from psycopg import sql

from order_management import database as roles
from tests import catalogue
from tests.trade import full_house

pytestmark = pytest.mark.skipif(settings.EMBEDDED_POSTGRES is None, reason="has pg_dump beside the embedded server")


def _run(program: str, *arguments: str) -> None:
    embedded = settings.EMBEDDED_POSTGRES
    assert embedded is not None
    host = ["-h", str(embedded.place.sockets)]
    done = subprocess.run(
        [str(embedded.place.binaries / program), *host, *arguments], capture_output=True, check=False, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def _counts(database: str) -> dict[str, object]:
    with roles.connect_as_login(os.environ, settings.EMBEDDED_POSTGRES, database) as login:
        query = sql.SQL("SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {} t")
        return {
            table: login.execute(query.format(sql.Identifier(table))).fetchone() for table in catalogue.tables(login)
        }


def test_the_system_role_dumps_every_row_of_every_tenant(database: object, tmp_path: Path) -> None:
    full_house()
    name = str(connections["default"].settings_dict["NAME"])
    copy, dump = f"{name}_copy", str(tmp_path / "orders.dump")
    with roles.connect_as_login(os.environ, settings.EMBEDDED_POSTGRES) as login:
        roles.drop_test_database(login, copy)
        roles.create_test_database(login, copy)
        try:
            _run("pg_dump", "-U", roles.SYSTEM, "-Fc", "-f", dump, name)
            _run("pg_restore", "-U", "postgres", "-d", copy, dump)
            assert len(_counts(copy)) >= 24
            assert _counts(copy) == _counts(name)
        finally:
            roles.drop_test_database(login, copy)
