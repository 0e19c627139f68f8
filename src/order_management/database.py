"""Which database, as whom: the three Django connections, and the three roles they work as.

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
from psycopg.pq import Conninfo

from order_management.errors import CannotStart
from order_management.places import find_place
from order_management.postgres import DATABASE, EmbeddedPostgres

APP: Final = "oms_app"
OWNER: Final = "oms_owner"
SYSTEM: Final = "oms_system"
ROLES: Final = {"default": APP, "owner": OWNER, "system": SYSTEM}
URLS: Final = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "system": "DATABASE_SYSTEM_URL"}
OLDEST_POSTGRES: Final = 150000

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
    """Django's DATABASES. Raises CannotStart for an address that is none, and for addresses that do not go together."""
    found = {alias: _alias(alias, _parameters(alias, environ, embedded)) for alias in ROLES}
    names = {str(settings["NAME"]) for settings in found.values()}
    if len(names) > 1:  # migrations on one and requests on another would pass unnoticed
        raise CannotStart(
            "DATABASE_URL, DATABASE_OWNER_URL and DATABASE_SYSTEM_URL are three logins to one database,"
            f" and these name {' and '.join(sorted(names))}"
        )
    return found


def _parameters(alias: str, environ: Mapping[str, str], embedded: EmbeddedPostgres | None) -> dict[str, Any]:
    if embedded is not None:
        return read_url("the embedded PostgreSQL", embedded.url(DATABASE, ROLES[alias]))
    variable = _variable(alias, environ)
    parameters = read_url(variable, environ[variable])
    parameters["options"] = f"{parameters.get('options', '')} -c role={ROLES[alias]}".strip()
    return parameters


def _variable(alias: str, environ: Mapping[str, str]) -> str:
    return URLS[alias] if environ.get(URLS[alias]) else "DATABASE_URL"


def logins(environ: Mapping[str, str], embedded: EmbeddedPostgres | None) -> dict[str, str]:
    """Who logs in to work as each role."""
    if embedded is not None:
        return {role: role for role in ROLES.values()}
    found = {}
    for alias, role in ROLES.items():
        variable = _variable(alias, environ)
        user = read_url(variable, environ[variable]).get("user")
        found[role] = str(user) if user else _default_user()
    return found


def _default_user() -> str:
    """Whom libpq logs in as where the address does not say."""
    for option in Conninfo.get_defaults():
        if option.keyword == b"user" and option.val:
            return option.val.decode()
    raise CannotStart("DATABASE_URL names no user; write postgresql://user:password@host:5432/database")


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
    variable = _variable("owner", environ)
    parameters = read_url(variable, environ[variable])
    parameters.setdefault("connect_timeout", _CONNECT_SECONDS)
    if database is not None:
        parameters["dbname"] = database
    try:
        connection = psycopg.connect(**parameters, autocommit=True)
    except psycopg.OperationalError as error:
        raise CannotStart(unreachable(error, f"look at {variable}")) from error
    if connection.info.server_version < OLDEST_POSTGRES:
        connection.close()
        raise CannotStart(f"{variable} leads to PostgreSQL {connection.info.server_version // 10000}; 15 is the oldest")
    return connection


def where_to_look(embedded: EmbeddedPostgres | None) -> str:
    """The advice for a database that does not answer."""
    if embedded is None:
        return "look at DATABASE_URL"
    return f"the embedded PostgreSQL; its log is {embedded.place.log}"


def unreachable(error: BaseException, advice: str) -> str:
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
    return f"the database cannot be reached: {reason} ({advice})"


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
