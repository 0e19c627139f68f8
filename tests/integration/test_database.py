"""The three connections: who each is, and what it may not do."""

import threading
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import OperationalError, ProgrammingError

from ddd.shared.infrastructure.statements import Plain, connection, exchange
from order_management.database import unreachable, where_to_look
from order_management.places import Place
from order_management.postgres import EmbeddedPostgres


def _value(alias: str, query: str) -> object:
    with connections[alias].cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("alias", "role"), [("default", "oms_app"), ("owner", "oms_owner"), ("system", "oms_system")])
def test_each_alias_works_as_its_role_on_the_tests_own_database(alias: str, role: str) -> None:
    assert _value(alias, "SELECT current_user") == role
    assert str(_value(alias, "SELECT current_database()")).startswith("test_order_management_")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("alias", "bypasses"), [("default", False), ("owner", False), ("system", True)])
def test_only_the_system_role_stands_above_row_level_security(alias: str, bypasses: bool) -> None:
    assert _value(alias, "SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user") is bypasses
    assert _value(alias, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("alias", ["default", "system"])
def test_only_the_owner_makes_tables(alias: str) -> None:
    with connections[alias].cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied for schema"):
        cursor.execute("CREATE TABLE intruder (id int)")


def test_a_database_that_is_away_is_told_with_where_to_look() -> None:
    away = OperationalError('connection failed: connection to server on socket "/x" failed: Connection refused')
    own = unreachable(away, where_to_look(None))
    assert own == "the database cannot be reached: Connection refused (look at DATABASE_URL)"
    place = Place("18", Path("/bin"), Path("/home/.data"), Path("/run"), None, None)
    embedded = unreachable(away, where_to_look(EmbeddedPostgres(place)))
    advice = "the embedded PostgreSQL; its log is /home/.data/pg18.log"
    assert embedded == f"the database cannot be reached: Connection refused ({advice})"


def test_hot_statements_are_prepared_on_the_server_with_generic_plans(database: BaseDatabaseWrapper) -> None:
    raw = connection("default")
    hot = Plain("SELECT $1::int + 40", ("2",))
    for _ in range(3):
        assert exchange(raw, (hot,)) == [[(42,)]]
    plans = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = %s"
    assert raw.execute(plans, (hot.sql,)).fetchall() == [(3, 0)]
    assert raw.execute("SHOW plan_cache_mode").fetchone() == ("force_generic_plan",)
    assert _value("owner", "SHOW plan_cache_mode") == "auto"


def test_a_thread_has_a_connection_of_its_own_that_is_closed_for_it(database: BaseDatabaseWrapper) -> None:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(_value("default", "SELECT pg_backend_pid()")))
    thread.start()
    thread.join()
    assert seen[0] != _value("default", "SELECT pg_backend_pid()")
