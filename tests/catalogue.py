"""What PostgreSQL's own catalogue says about the walls between tenants, as lists of faults.

Each function reads the catalogue through the connection it is given and answers one line per fault; an empty list is a
wall without a hole. The connection may be inside a transaction with uncommitted tables of its own.
"""

from collections.abc import Collection, Mapping
from typing import Any, LiteralString

import psycopg

from order_management.database import APP, OWNER, SYSTEM

Connection = psycopg.Connection[Any]

#: Rows that are written once.
APPEND_ONLY = ("audit_log", "orders_event", "orders_workflow", "stock_movement", "tenants_workflow")
_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"
_TENANT_IS_MINE = "(tenant_id = oms_tenant())"
#: pg_policy.polcmd and the privilege that it matters for.
_COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
#: pg_trigger.tgtype: 2 BEFORE, then what it fires on.
_BEFORE = 2
_FIRES_ON = {"DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}


def _rows(connection: Connection, query: LiteralString, *params: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query, params).fetchall()


def tables(connection: Connection) -> list[str]:
    """Every table that is not PostgreSQL's own; outside `public` with its schema."""
    found = _rows(
        connection,
        f"""
        SELECT CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND {_OURS}
        ORDER BY 1
        """,
    )
    return [name for (name,) in found]


def tenant_tables(connection: Connection, tenantless: Collection[str]) -> list[str]:
    """The tables that row-level security must guard."""
    return [name for name in tables(connection) if name not in tenantless]


def unlisted(connection: Connection, tenantless: Mapping[str, str]) -> list[str]:
    """Tables that belong to no tenant and do not say why; entries of the list that name nothing; other relations."""
    there = tables(connection)
    with_tenant = {
        name
        for (name,) in _rows(
            connection,
            "SELECT attrelid::regclass::text FROM pg_attribute WHERE attname = 'tenant_id' AND NOT attisdropped",
        )
    }
    faults = [
        f"{name}: no tenant_id, and no reason in TENANTLESS"
        for name in there
        if name not in with_tenant and name not in tenantless
    ]
    faults += [f"{name}: listed as tenantless, but there is no such table" for name in tenantless if name not in there]
    faults += [f"{name}: listed as tenantless without a reason" for name, reason in tenantless.items() if not reason]
    # A view reads with its owner's eyes unless it says otherwise; a materialised one has no policies at all.
    faults += [
        f"{name}: a relation of kind {kind} that no policy guards"
        for name, kind in _rows(
            connection,
            f"""
            SELECT c.oid::regclass::text, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE {_OURS} AND (c.relkind IN ('m', 'f')
                OR c.relkind = 'v' AND NOT 'security_invoker=true' = ANY (coalesce(c.reloptions, '{{}}')))
            """,
        )
    ]
    return faults


def row_security(connection: Connection, table: str) -> list[str]:
    """Switched on and forced; the runtime bound to its tenant in every command, the owner free, nobody else named."""
    ((enabled, forced),) = _rows(
        connection, "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table
    )
    faults = []
    if not enabled:
        faults.append(f"{table}: row-level security is off")
    if not forced:
        faults.append(f"{table}: row-level security is not forced on the owner")
    policies = _rows(
        connection,
        """
        SELECT p.polname, p.polcmd::text, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
               pg_get_expr(p.polwithcheck, p.polrelid),
               ARRAY(SELECT CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END FROM unnest(p.polroles) role)
        FROM pg_policy p WHERE p.polrelid = %s::regclass ORDER BY p.polname
        """,
        table,
    )
    covered, owner = set(), False
    for name, command, permissive, using, check, roles in policies:
        if roles == [OWNER] and (using, check) == ("true", "true") and command == "*" and permissive:
            owner = True
        elif roles != [APP]:
            faults.append(f"{table}: the policy {name} speaks for {', '.join(roles)}")
        elif {expression for expression in (using, check) if expression is not None} != {_TENANT_IS_MINE}:
            faults.append(f"{table}: the policy {name} lets more through than the tenant's own rows")
        elif command == "w" and check is None:
            faults.append(f"{table}: the policy {name} does not say what a row may become")
        elif permissive:
            covered |= set(_COMMANDS) if command == "*" else {command}
    faults += [
        f"{table}: no policy of {APP} for {_COMMANDS[command]}" for command in _COMMANDS if command not in covered
    ]
    if not owner:
        faults.append(f"{table}: no policy of the owner, whose data migrations would see nothing")
    return faults


def tenant_column(connection: Connection, table: str) -> list[str]:
    """`tenant_id text COLLATE "C" NOT NULL`: the token's text, byte for byte."""
    found = _rows(
        connection,
        """
        SELECT a.atttypid::regtype::text, c.collname, a.attnotnull
        FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation
        WHERE a.attrelid = %s::regclass AND a.attname = 'tenant_id'
        """,
        table,
    )
    if not found:
        return [f"{table}: no tenant_id"]
    kind, collation, is_required = found[0]
    faults = []
    if kind != "text":
        faults.append(f"{table}: tenant_id is {kind}")
    if collation != "C":
        faults.append(f"{table}: tenant_id is compared as {collation}")
    if not is_required:
        faults.append(f"{table}: tenant_id may be null")
    return faults


def keys(connection: Connection, table: str) -> list[str]:
    """Every primary, unique and foreign key begins with `tenant_id`, a foreign one on both sides."""
    faults = []
    unique = _rows(
        connection,
        """
        SELECT i.indexrelid::regclass::text, i.indisprimary, coalesce(a.attname, '(an expression)')
        FROM pg_index i LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = %s::regclass AND i.indisunique
        """,
        table,
    )
    if not any(is_primary for _, is_primary, _ in unique):
        faults.append(f"{table}: no primary key")
    faults += [f"{table}: the key {name} begins with {first}" for name, _, first in unique if first != "tenant_id"]
    foreign = _rows(
        connection,
        """
        SELECT f.conname, here.attname, there.attname FROM pg_constraint f
        JOIN pg_attribute here ON here.attrelid = f.conrelid AND here.attnum = f.conkey[1]
        JOIN pg_attribute there ON there.attrelid = f.confrelid AND there.attnum = f.confkey[1]
        WHERE f.contype = 'f' AND (f.conrelid = %s::regclass OR f.confrelid = %s::regclass)
        """,
        table,
        table,
    )
    faults += [
        f"{table}: the foreign key {name} begins with {here} and {there}"
        for name, here, there in foreign
        if (here, there) != ("tenant_id", "tenant_id")
    ]
    exclusions = _rows(
        connection, "SELECT conname FROM pg_constraint WHERE contype = 'x' AND conrelid = %s::regclass", table
    )
    return faults + [f"{table}: {name} excludes across tenants" for (name,) in exclusions]


def privileges(connection: Connection, table: str) -> list[str]:
    """The owner owns; the runtime and the system role hold rows, never the table; nobody else holds anything."""
    ((owner,),) = _rows(connection, "SELECT relowner::regrole::text FROM pg_class WHERE oid = %s::regclass", table)
    faults = [] if owner == OWNER else [f"{table}: owned by {owner}"]
    for role in (APP, SYSTEM):
        for privilege in ("TRUNCATE", "REFERENCES", "TRIGGER"):
            ((held,),) = _rows(connection, "SELECT has_table_privilege(%s, %s, %s)", role, table, privilege)
            if held:
                faults.append(f"{table}: {role} holds {privilege}")
    others = _rows(
        connection,
        """
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
        FROM (SELECT relacl AS acl FROM pg_class WHERE oid = %s::regclass
              UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = %s::regclass) g, aclexplode(g.acl) a
        WHERE a.grantee = 0 OR NOT a.grantee::regrole::text = ANY (%s)
        """,
        table,
        table,
        [APP, OWNER, SYSTEM],
    )
    return faults + [f"{table}: {role} has been granted something" for (role,) in others]


def append_only(connection: Connection, table: str) -> list[str]:
    """No role but the owner holds UPDATE, DELETE or TRUNCATE, and triggers refuse those even to the owner."""
    faults = []
    for role in (APP, SYSTEM):
        for privilege in ("UPDATE", "DELETE", "TRUNCATE"):
            ((held,),) = _rows(
                connection,
                "SELECT has_table_privilege(r, t, p) OR p = 'UPDATE' AND has_any_column_privilege(r, t, 'UPDATE')"
                " FROM (SELECT %s::name AS r, %s::text AS t, %s::text AS p) given",
                role,
                table,
                privilege,
            )
            if held:
                faults.append(f"{table}: {role} holds {privilege}")
    fired = 0
    for (kind,) in _rows(
        connection,
        """
        SELECT t.tgtype FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
        WHERE t.tgrelid = %s::regclass AND f.proname = 'oms_refuse_rewrite' AND t.tgenabled IN ('O', 'A')
          AND t.tgqual IS NULL AND t.tgattr = ''
        """,
        table,
    ):
        fired |= kind if kind & _BEFORE else 0
    return faults + [
        f"{table}: no trigger refuses {command} to the owner" for command, bit in _FIRES_ON.items() if not fired & bit
    ]


def roles(connection: Connection) -> list[str]:
    """The runtime and the system role have no way up: no attribute, no membership, no DDL, no borrowed rights."""
    faults = []
    for role, bypasses in ((APP, False), (OWNER, False), (SYSTEM, True)):
        ((superuser, bypass, *others),) = _rows(
            connection,
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
            " WHERE rolname = %s",
            role,
        )
        if superuser or any(others):
            faults.append(f"{role}: may do more than work on rows")
        if bypass != bypasses:
            faults.append(f"{role}: {'stands above' if bypass else 'is bound by'} row-level security")
    for role in (APP, SYSTEM):
        faults += [
            f"{role}: may act as {other}"
            for (other,) in _rows(
                connection,
                "SELECT rolname FROM pg_roles WHERE rolname <> %s AND pg_has_role(%s, oid, 'MEMBER') ORDER BY 1",
                role,
                role,
            )
        ]
        faults += [
            f"{role}: may create in the schema {schema}"
            for (schema,) in _rows(
                connection,
                "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'"
                " AND has_schema_privilege(%s, oid, 'CREATE')",
                role,
            )
        ]
        ((creates,),) = _rows(connection, "SELECT has_database_privilege(%s, current_database(), 'CREATE')", role)
        if creates:
            faults.append(f"{role}: may create schemas")
        faults += [
            f"{role}: owns {name}"
            for (name,) in _rows(
                connection,
                "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relowner = %s::regrole"
                " UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.proowner = %s::regrole",
                role,
                role,
            )
        ]
    return faults + [
        f"{name}: runs with its owner's rights"
        for (name,) in _rows(
            connection,
            f"SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            f" WHERE p.prosecdef AND {_OURS}",
        )
    ]


def faults(connection: Connection, table: str) -> list[str]:
    """Everything that is wrong with one tenant table."""
    return [
        *tenant_column(connection, table),
        *keys(connection, table),
        *row_security(connection, table),
        *privileges(connection, table),
    ]
