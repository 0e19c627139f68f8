"""The walls between tenants as PostgreSQL's catalogue knows them, and that the look at them can fail."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg import errors, sql

from ddd.shared.infrastructure.schema import TENANTLESS
from ddd.shared.infrastructure.statements import connection
from order_management import database as roles
from tests import catalogue
from tests.pipeline import SET_TENANT, send
from tests.trade import full_house

Connection = psycopg.Connection[Any]


@pytest.fixture
def login(database: object) -> Iterator[Connection]:
    """The strongest login, inside a transaction that is rolled back: nobody else sees what it breaks."""
    name = str(connections["default"].settings_dict["NAME"])
    with (
        roles.connect_as_login(os.environ, settings.EMBEDDED_POSTGRES, name) as strongest,
        strongest.transaction(force_rollback=True),
    ):
        yield strongest


def test_every_table_has_a_tenant_or_a_reason(login: Connection) -> None:
    assert catalogue.unlisted(login, TENANTLESS) == []


def test_every_tenant_table_stands_behind_its_wall(login: Connection) -> None:
    found = catalogue.tenant_tables(login, TENANTLESS)
    assert len(found) >= 24
    assert [fault for table in found for fault in catalogue.faults(login, table)] == []


def test_history_is_never_rewritten(login: Connection) -> None:
    assert [fault for table in catalogue.APPEND_ONLY for fault in catalogue.append_only(login, table)] == []


def test_the_runtime_has_no_way_up(login: Connection) -> None:
    assert catalogue.roles(login) == []


def test_a_forgotten_tenant_is_an_error_in_every_table_never_an_empty_list(login: Connection) -> None:
    full_house()
    raw = connection("default")
    for table in catalogue.tenant_tables(login, TENANTLESS):
        ((rows,),) = login.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchall()
        assert rows > 0, f"{table} is empty: full_house() should fill it"
        for forgotten in ("RESET app.tenant_id", "SET app.tenant_id = ''"):
            raw.execute(forgotten)
            with pytest.raises(errors.InsufficientPrivilege, match="no tenant is set"):
                raw.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
    raw.execute("RESET app.tenant_id")


@pytest.mark.parametrize("table", catalogue.APPEND_ONLY)
def test_even_the_owner_cannot_rewrite_history(database: object, table: str) -> None:
    tenant_id = full_house().tenant_id
    for statement in (f"UPDATE {table} SET tenant_id = $1", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        for alias, words in (("owner", "are never rewritten"), ("default", "denied"), ("system", "denied")):
            raw = connection(alias)
            with pytest.raises(errors.InsufficientPrivilege, match=words):
                _as_tenant(raw, tenant_id, statement)


def _as_tenant(raw: Connection, tenant_id: str, statement: str) -> None:
    with raw.transaction():
        send(raw, SET_TENANT, (tenant_id,))
        send(raw, statement, (tenant_id,) if "$1" in statement else ())


# ---- The look can fail: each table below has one flaw.

_GOOD = """
SET LOCAL ROLE oms_owner;
CREATE TABLE intruder (
    tenant_id text COLLATE "C" NOT NULL, id uuid NOT NULL, sku text COLLATE "C",
    CONSTRAINT intruder_pkey PRIMARY KEY (tenant_id, id)
);
ALTER TABLE intruder ENABLE ROW LEVEL SECURITY;
ALTER TABLE intruder FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_reads ON intruder FOR SELECT TO oms_app USING (tenant_id = oms_tenant());
CREATE POLICY tenant_inserts ON intruder FOR INSERT TO oms_app WITH CHECK (tenant_id = oms_tenant());
CREATE POLICY tenant_updates ON intruder FOR UPDATE TO oms_app
    USING (tenant_id = oms_tenant()) WITH CHECK (tenant_id = oms_tenant());
CREATE POLICY tenant_deletes ON intruder FOR DELETE TO oms_app USING (tenant_id = oms_tenant());
CREATE POLICY owner ON intruder TO oms_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON intruder TO oms_app;
"""


def _broken(login: Connection, flaw: str) -> None:
    login.execute(_GOOD)
    login.execute(flaw)
    login.execute("RESET ROLE")


def test_a_good_table_has_no_faults(login: Connection) -> None:
    _broken(login, "SELECT 1")
    assert catalogue.faults(login, "intruder") == []


@pytest.mark.parametrize(
    ("flaw", "fault"),
    [
        ("ALTER TABLE intruder DISABLE ROW LEVEL SECURITY", "row-level security is off"),
        ("ALTER TABLE intruder NO FORCE ROW LEVEL SECURITY", "row-level security is not forced on the owner"),
        ("DROP POLICY tenant_reads ON intruder", "no policy of oms_app for SELECT"),
        ("DROP POLICY tenant_inserts ON intruder", "no policy of oms_app for INSERT"),
        ("DROP POLICY tenant_updates ON intruder", "no policy of oms_app for UPDATE"),
        ("DROP POLICY tenant_deletes ON intruder", "no policy of oms_app for DELETE"),
        ("DROP POLICY owner ON intruder", "no policy of the owner, whose data migrations would see nothing"),
        ("CREATE POLICY more ON intruder FOR SELECT TO oms_app USING (true)", "the policy more lets more through"),
        (
            "CREATE POLICY more ON intruder FOR SELECT TO oms_app USING (tenant_id = oms_tenant() OR sku = 'x')",
            "the policy more lets more through",
        ),
        ("CREATE POLICY more ON intruder FOR SELECT TO PUBLIC USING (true)", "the policy more speaks for PUBLIC"),
        ("ALTER POLICY tenant_inserts ON intruder WITH CHECK (true)", "the policy tenant_inserts lets more through"),
        (
            "ALTER TABLE intruder DROP CONSTRAINT intruder_pkey, ALTER tenant_id DROP NOT NULL",
            "tenant_id may be null",
        ),
        ("ALTER TABLE intruder DROP CONSTRAINT intruder_pkey", "no primary key"),
        (
            "ALTER TABLE intruder DROP CONSTRAINT intruder_pkey, ADD CONSTRAINT intruder_pkey PRIMARY KEY (id)",
            "the key intruder_pkey begins with id",
        ),
        ("ALTER TABLE intruder ADD CONSTRAINT one UNIQUE (sku)", "the key one begins with sku"),
        ("CREATE UNIQUE INDEX one ON intruder (lower(sku))", "the key one begins with (an expression)"),
        (
            "ALTER TABLE intruder ADD UNIQUE (tenant_id, sku, id), ADD CONSTRAINT far FOREIGN KEY (sku, tenant_id)"
            " REFERENCES stock_item (sku, tenant_id)",
            "the foreign key far begins with sku and sku",
        ),
        ("ALTER TABLE intruder ADD EXCLUDE USING btree (sku WITH =)", "excludes across tenants"),
        ("GRANT TRUNCATE ON intruder TO oms_app", "oms_app holds TRUNCATE"),
        ("GRANT REFERENCES ON intruder TO oms_app", "oms_app holds REFERENCES"),
        ("GRANT TRUNCATE ON intruder TO oms_system", "oms_system holds TRUNCATE"),
        ("GRANT SELECT ON intruder TO PUBLIC", "PUBLIC has been granted something"),
        ("RESET ROLE; ALTER TABLE intruder OWNER TO oms_app", "owned by oms_app"),
    ],
)
def test_a_flaw_is_found(login: Connection, flaw: str, fault: str) -> None:
    if flaw.startswith("RESET ROLE"):
        login.execute("GRANT CREATE ON SCHEMA public TO oms_app")
    if " FOREIGN KEY " in flaw:
        login.execute("ALTER TABLE stock_item ADD UNIQUE (sku, tenant_id)")
    _broken(login, flaw)
    assert any(found.startswith(f"intruder: {fault}") or found.endswith(fault) for found in
               catalogue.faults(login, "intruder")), catalogue.faults(login, "intruder")  # fmt: skip


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ('varchar(64) COLLATE "C"', "tenant_id is character varying"),
        ("text", "tenant_id is compared as default"),
    ],
)
def test_a_tenant_of_another_type_is_found(login: Connection, column: str, fault: str) -> None:
    login.execute(_GOOD.replace('text COLLATE "C" NOT NULL', f"{column} NOT NULL"))
    login.execute("RESET ROLE")
    assert f"intruder: {fault}" in catalogue.faults(login, "intruder")


@pytest.mark.parametrize(
    ("flaw", "fault"),
    [
        ("GRANT UPDATE ON audit_log TO oms_app", "oms_app holds UPDATE"),
        ("GRANT UPDATE (address) ON audit_log TO oms_app", "oms_app holds UPDATE"),
        ("GRANT DELETE ON audit_log TO oms_system", "oms_system holds DELETE"),
        ("GRANT TRUNCATE ON audit_log TO oms_app", "oms_app holds TRUNCATE"),
        ("ALTER TABLE audit_log DISABLE TRIGGER append_only", "no trigger refuses UPDATE to the owner"),
        ("ALTER TABLE audit_log DISABLE TRIGGER append_only", "no trigger refuses DELETE to the owner"),
        ("DROP TRIGGER append_only_truncate ON audit_log", "no trigger refuses TRUNCATE to the owner"),
    ],
)
def test_a_history_that_can_be_rewritten_is_found(login: Connection, flaw: str, fault: str) -> None:
    login.execute(flaw)
    assert f"audit_log: {fault}" in catalogue.append_only(login, "audit_log")


@pytest.mark.parametrize(
    ("flaw", "fault"),
    [
        ("GRANT oms_owner TO oms_app", "oms_app: may act as oms_owner"),
        ("GRANT pg_read_all_data TO oms_system", "oms_system: may act as pg_read_all_data"),
        ("GRANT CREATE ON SCHEMA public TO oms_app", "oms_app: may create in the schema public"),
        ("ALTER ROLE oms_app BYPASSRLS", "oms_app: stands above row-level security"),
        ("ALTER ROLE oms_system NOBYPASSRLS", "oms_system: is bound by row-level security"),
        ("ALTER ROLE oms_app CREATEROLE", "oms_app: may do more than work on rows"),
        (
            "CREATE FUNCTION up() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
            "up(): runs with its owner's rights",
        ),
    ],
)
def test_a_way_up_is_found(login: Connection, flaw: str, fault: str) -> None:
    login.execute(flaw)
    assert fault in catalogue.roles(login)


def _missing(_: Connection) -> dict[str, str]:
    return {**TENANTLESS, "gone": "was dropped"}


def _unexplained(_: Connection) -> dict[str, str]:
    return {**TENANTLESS, "auth_user": ""}


def _stray(login: Connection) -> dict[str, str]:
    login.execute("CREATE TABLE stray (id int)")
    return TENANTLESS


def _elsewhere(login: Connection) -> dict[str, str]:
    login.execute("CREATE SCHEMA aside; CREATE TABLE aside.stray (id int)")
    return TENANTLESS


def _view(login: Connection) -> dict[str, str]:
    login.execute("CREATE VIEW peephole AS SELECT * FROM orders_order")
    return TENANTLESS


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (_missing, "gone: listed as tenantless, but there is no such table"),
        (_unexplained, "auth_user: listed as tenantless without a reason"),
        (_stray, "stray: no tenant_id, and no reason in TENANTLESS"),
        (_elsewhere, "aside.stray: no tenant_id, and no reason in TENANTLESS"),
        (_view, "peephole: a relation of kind v that no policy guards"),
    ],
)
def test_a_table_outside_the_list_is_found(
    login: Connection, make: Callable[[Connection], dict[str, str]], fault: str
) -> None:
    assert catalogue.unlisted(login, make(login)) == [fault]
