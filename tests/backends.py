"""Ending PostgreSQL's server processes, as an operator would: by the login that may, whatever roles they work as."""

import os
from collections.abc import Iterable

from django.conf import settings

from ddd.shared.infrastructure.statements import connection
from order_management.database import connect_as_login


def end_backends(pids: Iterable[int]) -> list[int]:
    """End these, wait until they are gone, and name them."""
    ended = list(pids)
    with connect_as_login(os.environ, settings.EMBEDDED_POSTGRES) as login:
        for pid in ended:
            login.execute("SELECT pg_terminate_backend(%s::int, 5000)", [pid])
    return ended


def backends(condition: str = "true") -> list[int]:
    """Server processes of this run's database, by a condition on `pg_stat_activity`; not this thread's own."""
    own = [connection(alias).info.backend_pid for alias in ("default", "system", "owner")]
    with connect_as_login(os.environ, settings.EMBEDDED_POSTGRES) as login:
        found = login.execute(
            f"SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> ALL(%s) AND {condition}",
            [connection("default").info.dbname, own],
        ).fetchall()
    return [row[0] for row in found]
