"""Which database, as whom: the three Django connections, the three roles, and what `migrate` sees to before it runs.

    alias     role         for
    default   oms_app      requests and every handler; row-level security binds it
    owner     oms_owner    tables and migrations
    system    oms_system   BYPASSRLS, no DDL: finds issuers and tenants, claims outbox rows

With `DATABASE_URL` alone all three log in with it and take their role at once. Production gives each its own login by
`DATABASE_OWNER_URL` and `DATABASE_SYSTEM_URL`, so that the runtime's `RESET ROLE` leads to nothing stronger. With none
of them the embedded PostgreSQL is used, where each role logs in by itself.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from order_management.errors import CannotStart
from order_management.places import find_place
from order_management.postgres import DATABASE, EmbeddedPostgres

APP: Final = "oms_app"
OWNER: Final = "oms_owner"
SYSTEM: Final = "oms_system"
ROLES: Final = {"default": APP, "owner": OWNER, "system": SYSTEM}
URLS: Final = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "system": "DATABASE_SYSTEM_URL"}
OLDEST_POSTGRES: Final = 150000

# What the built-in login needs of Django's own tables, which no migration of ours makes: users and sessions are the
# system role's alone, so that no statement of a request reaches a password's hash. Read by the catalogue test.
FRAMEWORK_GRANTS: Final = (
    ("django_migrations", "SELECT", (APP, SYSTEM)),
    ("django_content_type", "SELECT", (SYSTEM,)),
    ("auth_permission", "SELECT", (SYSTEM,)),
    ("auth_group", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
    ("auth_group_permissions", "SELECT", (SYSTEM,)),
    ("auth_user", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
    ("auth_user_groups", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
    ("auth_user_user_permissions", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
    ("django_session", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
)

_HOT_PATH: Final = {
    # Django's None switches server-side preparing off altogether; a small threshold can poison a connection in a
    # pipeline for good. Each hot statement says prepare=True; nothing else is ever counted in.
    "prepare_threshold": 2**31 - 1,
    "server_side_binding": True,
}
# A read scope sets `auto` back. A client that vanished in the middle of a transaction must not hold its locks for ever.
_GENERIC_PLANS: Final = "-c plan_cache_mode=force_generic_plan -c idle_in_transaction_session_timeout=30s"
_CONNECT_SECONDS: Final = 10


def embedded_postgres(environ: Mapping[str, str], clone: Path) -> EmbeddedPostgres | None:
    """This clone's own server, or None where the environment names another."""
    if environ.get("DATABASE_URL"):
        return None
    named = [name for name in ("DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL") if environ.get(name)]
    if named:
        raise CannotStart(f"{named[0]} is given without DATABASE_URL; give both, or neither")
    return EmbeddedPostgres(find_place(clone, environ.get("PG") or "18"))


def databases(environ: Mapping[str, str], embedded: EmbeddedPostgres | None) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. Raises CannotStart for an address that is none."""
    return {alias: _alias(alias, _parameters(alias, environ, embedded)) for alias in ROLES}


def _parameters(alias: str, environ: Mapping[str, str], embedded: EmbeddedPostgres | None) -> dict[str, Any]:
    if embedded is not None:
        return read_url("the embedded PostgreSQL", embedded.url(DATABASE, ROLES[alias]))
    variable = URLS[alias] if environ.get(URLS[alias]) else "DATABASE_URL"
    parameters = read_url(variable, environ[variable])
    parameters["options"] = f"{parameters.get('options', '')} -c role={ROLES[alias]}".strip()
    return parameters


def read_url(variable: str, url: str) -> dict[str, Any]:
    """The parts of a PostgreSQL address, as libpq reads it. It may hold a password, so no refusal shows it."""
    if not re.match(r"postgres(ql)?://", url):
        raise CannotStart(f"{variable} is no PostgreSQL address; write postgresql://user:password@host:5432/database")
    try:
        parameters = {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.Error:
        # libpq's words quote what it could not read, which may be the password
        raise CannotStart(
            f"{variable} cannot be read; see its form, and that signs in it are percent-encoded"
        ) from None
    if not re.fullmatch(r"[0-9,]*", str(parameters.get("port", ""))):
        raise CannotStart(f"{variable} cannot be read: its port is no number")
    if not parameters.get("dbname") and "service" not in parameters:
        raise CannotStart(f"{variable} names no database; write postgresql://user:password@host:5432/database")
    return parameters


def _alias(alias: str, parameters: dict[str, Any]) -> dict[str, Any]:
    rest = dict(parameters)
    django = {
        name: str(rest.pop(part, ""))
        for name, part in (
            ("NAME", "dbname"),
            ("USER", "user"),
            ("PASSWORD", "password"),
            ("HOST", "host"),
            ("PORT", "port"),
        )
    }
    rest.setdefault("connect_timeout", _CONNECT_SECONDS)
    rest.setdefault("application_name", f"order-management {alias}")
    if alias == "default":
        rest |= _HOT_PATH
        rest["options"] = f"{rest.get('options', '')} {_GENERIC_PLANS}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        **django,
        "OPTIONS": rest,
        # The owner's is for a migration; the others' stay open, one for each thread.
        "CONN_MAX_AGE": 0 if alias == "owner" else None,
        # A request's own statements notice a dead connection themselves, without asking first.
        "CONN_HEALTH_CHECKS": alias == "system",
        # A unit of work owns its transaction, so a request never opens one.
        "ATOMIC_REQUESTS": False,
    }


def connect_as_login(
    environ: Mapping[str, str], embedded: EmbeddedPostgres | None, database: str | None = None
) -> psycopg.Connection[Any]:
    """The strongest connection there is, in autocommit, without a role taken: who sets roles and databases up.

    The embedded superuser, else the owner's login, else DATABASE_URL's. Raises CannotStart.
    """
    if embedded is not None:
        return embedded.connect(database or DATABASE)
    variable = "DATABASE_OWNER_URL" if environ.get("DATABASE_OWNER_URL") else "DATABASE_URL"
    parameters = read_url(variable, environ[variable])
    parameters.setdefault("connect_timeout", _CONNECT_SECONDS)
    if database is not None:
        parameters["dbname"] = database
    try:
        connection = psycopg.connect(**parameters, autocommit=True)
    except psycopg.OperationalError as error:
        raise CannotStart(unreachable(error, variable)) from error
    if connection.info.server_version < OLDEST_POSTGRES:
        connection.close()
        raise CannotStart(f"{variable} leads to PostgreSQL {connection.info.server_version // 10000}; 15 is the oldest")
    return connection


def unreachable(error: BaseException, variable: str = "DATABASE_URL") -> str:
    """One line for a database that does not do its work: what it or the network said, and where to look."""
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    if isinstance(cause, errors.DiskFull) or "No space left on device" in str(error):
        return "the database's disk is full; make room and start again"
    said = str(error).strip().splitlines()
    reason = re.sub(r"^connection failed: |connection to server .*? failed: |FATAL: +", "", said[0] if said else "")
    if re.search(r'role "oms_\w+" does not exist|permission denied to set role', reason):
        return f"the database is not set up yet ({reason}); run `manage.py migrate`"
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return f"the database gave up: {reason}"
    return f"the database cannot be reached: {reason} (look at {variable})"


def ensure_roles(connection: psycopg.Connection[Any], *, logins: bool) -> None:
    """Make the three roles, let this login take them, and give the owner its place; only what is missing is done.

    `logins`: the roles log in by themselves (the embedded server); elsewhere they are taken after another login.
    Raises CannotStart, with the SQL to run, where this login may not.
    """
    for _ in range(20):
        statements = _missing(connection, logins=logins)
        if not statements:
            return
        try:
            for statement in statements:
                connection.execute(statement)
        except (errors.DuplicateObject, errors.UniqueViolation, errors.InternalError_):
            continue  # another process does the same at this moment ("tuple concurrently updated"): look again
        except errors.InsufficientPrivilege as error:
            needed = "; ".join(statement.as_string(connection) for statement in statements)
            raise CannotStart(
                f"this login may not set the database up ({error.diag.message_primary}); as a superuser run: {needed};"
            ) from error
    raise CannotStart("the database's roles are being changed by somebody else all the time; try again")


def _missing(connection: psycopg.Connection[Any], *, logins: bool) -> list[sql.SQL | sql.Composed]:
    login, database = connection.execute("SELECT session_user, current_database()").fetchone() or ("", "")
    rows = connection.execute(
        "SELECT rolname, rolbypassrls, rolcanlogin, rolsuper FROM pg_roles WHERE rolname = ANY(%s)",
        [list(ROLES.values())],
    ).fetchall()
    there = {row[0]: row for row in rows}
    me = sql.Identifier(login)
    superuser = _is_superuser(connection)
    statements: list[sql.SQL | sql.Composed] = []
    for role in ROLES.values():
        bypass = "BYPASSRLS" if role == SYSTEM else "NOBYPASSRLS"
        name = sql.Identifier(role)
        if role not in there:
            can = "LOGIN" if logins else "NOLOGIN"
            statements.append(sql.SQL(f"CREATE ROLE {{}} {can} {bypass}").format(name))
        else:
            if there[role][3]:
                raise CannotStart(f"the role {role} is a superuser, which no policy binds; make it an ordinary one")
            if there[role][1] != (role == SYSTEM):
                statements.append(sql.SQL(f"ALTER ROLE {{}} {bypass}").format(name))
            if logins and not there[role][2]:
                statements.append(sql.SQL("ALTER ROLE {} LOGIN").format(name))
        takes = role == login or superuser or (role in there and _may_take(connection, role))
        if not takes:
            with_set = " WITH INHERIT FALSE, SET TRUE" if connection.info.server_version >= 160000 else ""
            statements.append(sql.SQL(f"GRANT {{}} TO {{}}{with_set}").format(name, me))
    if OWNER not in there or not _holds(connection, "has_database_privilege(%s, current_database(), 'CREATE')", OWNER):
        statements.append(sql.SQL("GRANT CREATE, TEMPORARY, CONNECT ON DATABASE {} TO {}").format(
            sql.Identifier(database), sql.Identifier(OWNER)
        ))  # fmt: skip
    if OWNER not in there or not _holds(connection, "has_schema_privilege(%s, 'public', 'CREATE')", OWNER):
        statements.append(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(OWNER)))
    for role in (APP, SYSTEM):
        if role not in there or not _holds(connection, "has_schema_privilege(%s, 'public', 'USAGE')", role):
            statements.append(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role)))
    if _everybody_creates(connection):
        statements.append(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    return statements


def _may_take(connection: psycopg.Connection[Any], role: str) -> bool:
    how = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    return _holds(connection, f"pg_has_role(session_user, %s, '{how}')", role)


def _is_superuser(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = session_user").fetchone()
    return bool(row and row[0])


def _holds(connection: psycopg.Connection[Any], condition: str, role: str) -> bool:
    row = connection.execute(f"SELECT {condition}", [role]).fetchone()
    return bool(row and row[0])


def _everybody_creates(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_namespace, aclexplode(nspacl) AS a"
        " WHERE nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE')"
    ).fetchone()
    return bool(row and row[0])


def grant_framework_tables(connection: psycopg.Connection[Any]) -> None:
    """Let the runtime use the tables of Django's own apps; safe to repeat. `connection` is the owner's."""
    there = {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    for table, privileges, roles in FRAMEWORK_GRANTS:
        if table not in there:
            continue
        for role in roles:
            connection.execute(
                sql.SQL(f"GRANT {privileges} ON {{}} TO {{}}").format(sql.Identifier(table), sql.Identifier(role))
            )
            if "INSERT" in privileges:
                for (sequence,) in connection.execute(
                    "SELECT pg_get_serial_sequence(%s, attname) FROM pg_attribute"
                    " WHERE attrelid = to_regclass(%s) AND attidentity <> ''",
                    [table, table],
                ).fetchall():
                    connection.execute(
                        sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(
                            sql.Identifier(*sequence.split(".")), sql.Identifier(role)
                        )
                    )


def create_test_database(connection: psycopg.Connection[Any], name: str) -> None:
    """An empty database that a run of the tests makes its own. `connection`: `connect_as_login()`'s."""
    if not name.startswith("test_"):
        raise CannotStart(f"a test database's name begins with test_, not {name}")
    try:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except errors.InsufficientPrivilege as error:
        raise CannotStart("the tests need a login that may create databases (CREATEDB)") from error


def drop_test_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop it, whoever is still connected."""
    if not name.startswith("test_"):
        raise CannotStart(f"a test database's name begins with test_, not {name}")
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
