"""`migrate` on a database of the operator's own: what logins that are no superusers can do, and are told."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from order_management.database import APP, OWNER, ROLES, SYSTEM, URLS
from order_management.errors import CannotStart
from order_management.postgres import EmbeddedPostgres
from order_management.roles import ensure_roles

pytestmark = pytest.mark.skipif(settings.EMBEDDED_POSTGRES is None, reason="makes logins on the embedded server")
DATABASE = "test_roles"
CLONE = Path(__file__).resolve().parents[2]
#: Each role's login in production, where it is not the role itself.
THREE = {"oms_app": "test_app", "oms_owner": "test_owner", "oms_system": "test_system"}
#: As the operator's guide has it.
SET_UP = """
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE, TEMPORARY, CONNECT ON DATABASE test_roles TO oms_owner;
GRANT USAGE, CREATE ON SCHEMA public TO oms_owner;
GRANT USAGE ON SCHEMA public TO oms_app, oms_system;
"""


@pytest.fixture
def server(django_db_setup: None) -> Iterator[EmbeddedPostgres]:
    """The tests' server with a database and some logins more."""
    embedded = settings.EMBEDDED_POSTGRES
    assert embedded is not None
    with embedded.connect("postgres") as admin:
        _clear(admin)
        admin.execute("CREATE ROLE test_maker LOGIN CREATEROLE BYPASSRLS")
        for login in ("test_nobody", *THREE.values()):
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(login)))
        for role in ROLES.values():
            admin.execute(sql.SQL("GRANT {} TO test_maker WITH ADMIN OPTION").format(sql.Identifier(role)))
        admin.execute(f"CREATE DATABASE {DATABASE} OWNER test_maker")
        yield embedded
        _clear(admin)


def _clear(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    for login in ("test_maker", "test_nobody", *THREE.values()):
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
        ensure_roles(maker, dict.fromkeys(ROLES.values(), "test_maker"))
        assert _owner_creates(maker) is True
        for role in ROLES.values():
            maker.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        maker.execute("RESET ROLE")
        ensure_roles(maker, dict.fromkeys(ROLES.values(), "test_maker"))


def test_a_login_without_createrole_is_given_the_statements_to_run(server: EmbeddedPostgres) -> None:
    with server.connect(DATABASE, "test_nobody") as nobody:
        with pytest.raises(CannotStart) as refused:
            ensure_roles(nobody, dict.fromkeys(ROLES.values(), "test_nobody"))
        assert _owner_creates(nobody) is False
    message = str(refused.value)
    assert "as a superuser run: " in message
    assert 'GRANT "oms_app" TO "test_nobody"' in message
    with server.connect(DATABASE) as admin:
        admin.execute(message.partition("as a superuser run: ")[2].encode())
    with server.connect(DATABASE, "test_nobody") as nobody:
        ensure_roles(nobody, dict.fromkeys(ROLES.values(), "test_nobody"))


def test_eight_that_set_it_up_at_once_all_succeed(server: EmbeddedPostgres) -> None:
    failures: list[BaseException] = []

    def one() -> None:
        try:
            with server.connect(DATABASE) as connection:
                ensure_roles(connection, {role: role for role in ROLES.values()})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def _migrate(server: EmbeddedPostgres, logins: Mapping[str, str]) -> str:
    """`manage.py migrate` with an address for each role; what it said, empty where all went well."""
    urls = {variable: server.url(DATABASE, logins[ROLES[alias]]) for alias, variable in URLS.items()}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=CLONE, env={**os.environ, **urls}, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert (done.returncode == 0) == (done.stderr == ""), done
    return done.stderr


def _grant_own_roles(server: EmbeddedPostgres) -> None:
    with server.connect(DATABASE) as admin:
        for role, login in THREE.items():
            admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(login)))


def test_each_role_as_its_own_login_needs_no_other(server: EmbeddedPostgres) -> None:
    with server.connect(DATABASE) as admin:
        admin.execute(SET_UP)
        before = admin.execute("SELECT count(*) FROM pg_auth_members").fetchall()
    assert _migrate(server, {role: role for role in ROLES.values()}) == ""
    with server.connect(DATABASE) as admin:
        assert admin.execute("SELECT count(*) FROM pg_auth_members").fetchall() == before
        for stronger in (SYSTEM, APP):
            row = admin.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [OWNER, stronger]).fetchone()
            assert row == (False,)


def test_three_logins_of_other_names_need_a_role_each(server: EmbeddedPostgres) -> None:
    with server.connect(DATABASE) as admin:
        admin.execute(SET_UP)
    _grant_own_roles(server)
    assert _migrate(server, THREE) == ""
    for role, login in THREE.items():
        with server.connect(DATABASE, login) as connection:
            for other in ROLES.values():
                if other == role:
                    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(other)))
                else:
                    connection.execute("RESET ROLE")
                    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied to set role"):
                        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(other)))


def test_three_logins_without_their_roles_are_told_one_grant_each(server: EmbeddedPostgres) -> None:
    with server.connect(DATABASE) as admin:
        admin.execute(SET_UP)
    refused = _migrate(server, THREE)
    assert refused.count("\n") == 1
    with_set = " WITH INHERIT FALSE, SET TRUE"
    wanted = "; ".join(f'GRANT "{role}" TO "{login}"{with_set}' for role, login in THREE.items())
    assert refused.endswith(f"as a superuser run: {wanted};\n")
    with server.connect(DATABASE) as admin:
        admin.execute(refused.partition("as a superuser run: ")[2].encode())
    assert _migrate(server, THREE) == ""


def test_a_superuser_as_the_owner_gives_the_others_their_own_role_only(server: EmbeddedPostgres) -> None:
    assert _migrate(server, {**THREE, OWNER: "postgres"}) == ""
    with server.connect(DATABASE) as admin:
        for login, roles in (("test_app", [APP]), ("test_system", [SYSTEM]), ("test_owner", [])):
            rows = admin.execute(
                "SELECT rolname FROM pg_roles WHERE rolname LIKE 'oms_%%' AND pg_has_role(%s, oid, 'SET')", [login]
            ).fetchall()
            assert [name for (name,) in rows] == roles


def test_a_login_that_nobody_has_is_named(server: EmbeddedPostgres) -> None:
    refused = _migrate(server, {**THREE, APP: "test_absent", OWNER: "postgres"})
    assert refused == ("nobody is called test_absent, who is to log in and work as oms_app; make that login first\n")


def test_a_later_table_is_readable_to_the_system_role_after_the_next_migrate_and_to_no_other(
    server: EmbeddedPostgres,
) -> None:
    with server.connect(DATABASE) as admin:
        admin.execute(SET_UP)
    itself = {role: role for role in ROLES.values()}
    assert _migrate(server, itself) == ""
    with server.connect(DATABASE, OWNER) as owner:
        owner.execute("CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY)")
    assert _migrate(server, itself) == ""
    held = "SELECT has_table_privilege(%s, 'later', %s), has_sequence_privilege(%s, 'later_id_seq', %s)"
    with server.connect(DATABASE) as admin:
        for role, privilege, expected in (
            (SYSTEM, "SELECT", True), (SYSTEM, "UPDATE", False), (APP, "SELECT", False),
        ):  # fmt: skip
            assert admin.execute(held, [role, privilege, role, privilege]).fetchone() == (expected, expected)
