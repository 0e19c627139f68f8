"""What `migrate` sees to around the migrations: the three roles before them, privileges after them."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from order_management.database import APP, OWNER, ROLES, SYSTEM
from order_management.errors import CannotStart

# Tables that no migration of ours makes. What the built-in login needs of Django's own: users and sessions are the
# system role's alone, so that no statement of a request reaches a password's hash. The queue of jobs is, too: the relay
# fills it and workers empty it, so that no request sees or changes a job. Read by the catalogue test.
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
    ("procrastinate_jobs", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
    ("procrastinate_events", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
    ("procrastinate_periodic_defers", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
    ("procrastinate_workers", "SELECT, INSERT, UPDATE, DELETE", (SYSTEM,)),
)


def ensure_roles(connection: psycopg.Connection[Any], logins: Mapping[str, str]) -> None:
    """Make the three roles, let each one's login take it, and give the owner its place; only what is missing is done.

    `logins`: role to login. One login may take all three; three logins may take one each, and are not given another. A
    role that is its own login needs nobody's leave. Raises CannotStart, with the SQL to run, where this login may not.
    """
    for _ in range(20):
        statements = _missing(connection, logins)
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


def _missing(connection: psycopg.Connection[Any], logins: Mapping[str, str]) -> list[sql.SQL | sql.Composed]:
    ((database,),) = connection.execute("SELECT current_database()").fetchall()
    rows = connection.execute(
        "SELECT rolname, rolbypassrls, rolcanlogin, rolsuper FROM pg_roles WHERE rolname = ANY(%s)",
        [[*ROLES.values(), *logins.values()]],
    ).fetchall()
    there = {name: (bypasses, may_login, is_superuser) for name, bypasses, may_login, is_superuser in rows}
    statements: list[sql.SQL | sql.Composed] = []
    for role in ROLES.values():
        login = logins[role]
        bypass = "BYPASSRLS" if role == SYSTEM else "NOBYPASSRLS"
        name = sql.Identifier(role)
        if role not in there:
            can = "LOGIN" if role == login else "NOLOGIN"
            statements.append(sql.SQL(f"CREATE ROLE {{}} {can} {bypass}").format(name))
        else:
            bypasses, may_login, is_superuser = there[role]
            if is_superuser:
                raise CannotStart(f"the role {role} is a superuser, which no policy binds; make it an ordinary one")
            if bypasses != (role == SYSTEM):
                statements.append(sql.SQL(f"ALTER ROLE {{}} {bypass}").format(name))
            if role == login and not may_login:
                statements.append(sql.SQL("ALTER ROLE {} LOGIN").format(name))
        if role == login:
            continue
        if login not in there:
            raise CannotStart(f"nobody is called {login}, who is to log in and work as {role}; make that login first")
        takes = there[login][2] or (role in there and _may_take(connection, login, role))
        if not takes:
            with_set = " WITH INHERIT FALSE, SET TRUE" if connection.info.server_version >= 160000 else ""
            statements.append(sql.SQL(f"GRANT {{}} TO {{}}{with_set}").format(name, sql.Identifier(login)))
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


def _may_take(connection: psycopg.Connection[Any], login: str, role: str) -> bool:
    how = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    return _holds(connection, f"pg_has_role(%s, %s, '{how}')", login, role)


def _holds(connection: psycopg.Connection[Any], condition: str, *roles: str) -> bool:
    row = connection.execute(f"SELECT {condition}", roles).fetchone()
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
                    "SELECT s FROM pg_attribute, pg_get_serial_sequence(%s, attname) s"
                    " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND s IS NOT NULL",
                    [table, table],
                ).fetchall():
                    connection.execute(
                        sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(
                            sql.Identifier(*sequence.split(".")), sql.Identifier(role)
                        )
                    )


def let_system_read_everything(connection: psycopg.Connection[Any]) -> None:
    """Every table and sequence there is by now, so that `oms_system` takes a dump; `connection` is the owner's."""
    for kind, relation in connection.execute(
        "SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname FROM pg_class"
        " WHERE relkind IN ('r', 'p', 'S') AND relnamespace = 'public'::regnamespace"
        " AND relowner = current_user::regrole AND NOT CASE relkind"
        "     WHEN 'S' THEN has_sequence_privilege(%s, oid, 'SELECT') ELSE has_table_privilege(%s, oid, 'SELECT') END",
        [SYSTEM, SYSTEM],
    ).fetchall():
        statement = sql.SQL(f"GRANT SELECT ON {kind} {{}} TO {{}}")
        connection.execute(statement.format(sql.Identifier(relation), sql.Identifier(SYSTEM)))
