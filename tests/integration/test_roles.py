"""`ensure_roles` on a database of the operator's own: what a login that is no superuser can do, and is told."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from order_management.database import OWNER, ROLES, ensure_roles
from order_management.errors import CannotStart
from order_management.postgres import EmbeddedPostgres

pytestmark = pytest.mark.skipif(settings.EMBEDDED_POSTGRES is None, reason="makes logins on the embedded server")
DATABASE = "test_roles"


@pytest.fixture
def server(django_db_setup: None) -> Iterator[EmbeddedPostgres]:
    """The tests' server with a database and two logins more."""
    embedded = settings.EMBEDDED_POSTGRES
    assert embedded is not None
    with embedded.connect("postgres") as admin:
        _clear(admin)
        admin.execute("CREATE ROLE test_maker LOGIN CREATEROLE BYPASSRLS")
        admin.execute("CREATE ROLE test_nobody LOGIN")
        for role in ROLES.values():
            admin.execute(sql.SQL("GRANT {} TO test_maker WITH ADMIN OPTION").format(sql.Identifier(role)))
        admin.execute(f"CREATE DATABASE {DATABASE} OWNER test_maker")
        yield embedded
        _clear(admin)


def _clear(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    for login in ("test_maker", "test_nobody"):
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login)))


def _owner_creates(connection: psycopg.Connection[tuple[object, ...]]) -> object:
    row = connection.execute("SELECT has_database_privilege(%s, current_database(), 'CREATE')", [OWNER]).fetchone()
    return row and row[0]


def test_a_login_with_createrole_sets_the_database_up_and_takes_each_role(server: EmbeddedPostgres) -> None:
    with server.connect("postgres") as admin:
        admin.execute(f"ALTER DATABASE {DATABASE} OWNER TO test_maker")
    with server.connect(DATABASE) as admin:
        admin.execute("ALTER SCHEMA public OWNER TO test_maker")
    with server.connect(DATABASE, "test_maker") as maker:
        assert _owner_creates(maker) is False
        ensure_roles(maker, logins=False)
        assert _owner_creates(maker) is True
        for role in ROLES.values():
            maker.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        maker.execute("RESET ROLE")
        ensure_roles(maker, logins=False)


def test_a_login_without_createrole_is_given_the_statements_to_run(server: EmbeddedPostgres) -> None:
    with server.connect(DATABASE, "test_nobody") as nobody:
        with pytest.raises(CannotStart) as refused:
            ensure_roles(nobody, logins=False)
        assert _owner_creates(nobody) is False
    message = str(refused.value)
    assert "as a superuser run: " in message
    assert 'GRANT "oms_app" TO "test_nobody"' in message
    with server.connect(DATABASE) as admin:
        admin.execute(message.partition("as a superuser run: ")[2].encode())
    with server.connect(DATABASE, "test_nobody") as nobody:
        ensure_roles(nobody, logins=False)


def test_eight_that_set_it_up_at_once_all_succeed(server: EmbeddedPostgres) -> None:
    failures: list[BaseException] = []

    def one() -> None:
        try:
            with server.connect(DATABASE) as connection:
                ensure_roles(connection, logins=True)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
