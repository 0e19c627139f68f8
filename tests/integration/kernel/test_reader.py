"""Queries: one tenant, read only, and with the permissions of this moment."""

import pytest
from django.db import connections
from psycopg import errors
from psycopg.pq import TransactionStatus

from ddd.shared.application.access import Grant
from ddd.shared.application.statements import Read
from ddd.shared.domain.caller import Caller, Role, Scope
from ddd.shared.domain.errors import PermissionMissing, TenantSuspended, Unauthenticated
from ddd.shared.infrastructure.access import AccessReader
from ddd.shared.infrastructure.reader import PostgresReader
from ddd.shared.infrastructure.statements import connection
from ddd.stock.infrastructure.models import ItemRow
from ddd.tenants.application.operator import suspend_tenant
from order_management.operator import operations
from tests.backends import end_backends
from tests.builders import caller, new_tenant_id, registered, rows
from tests.trade import open_shop

SKUS: Read[list[str]] = Read("SELECT sku FROM stock_item ORDER BY sku", (), lambda found: [row[0] for row in found])


def reader() -> PostgresReader:
    return PostgresReader(AccessReader())


def idle() -> bool:
    return connection("default").info.transaction_status is TransactionStatus.IDLE


def set_permission(tenant_id: str, role: str, operation: str, scope: str | None) -> None:
    """As the snapshot's subscriber does, by a newer version."""
    path = f"{{{role},{operation}}}"
    changed = "permissions #- $1::text[]" if scope is None else "jsonb_set(permissions, $1::text[], to_jsonb($2::text))"
    params = (path,) if scope is None else (path, scope)
    rows(tenant_id, f"UPDATE access_tenant SET permissions = {changed}, version = version + 1 RETURNING 1", *params)


def test_a_scope_shows_one_tenant_to_sql_and_to_the_orm(database: object) -> None:
    here, there = open_shop({"b": {"A": 1, "B": 1}}), open_shop({"b": {"C": 1}})
    with reader().scope(caller(here)):
        assert sorted(ItemRow.objects.values_list("sku", flat=True)) == ["A", "B"]
        assert list(ItemRow.objects.filter(tenant_id=there)) == []
    with reader().scope(caller(there)):
        assert list(ItemRow.objects.values_list("sku", flat=True)) == ["C"]


def test_outside_a_scope_the_orm_sees_an_error_not_an_empty_list(database: object) -> None:
    with reader().scope(caller(open_shop({"b": {"A": 1}}))):
        assert ItemRow.objects.count() == 1
    assert idle()
    with pytest.raises(Exception, match="no tenant is set"):
        ItemRow.objects.count()


def test_a_scope_reads_only(database: object) -> None:
    who = caller(open_shop({"b": {"A": 1}}))
    with reader().scope(who), pytest.raises(errors.ReadOnlySqlTransaction):
        connection("default").execute("UPDATE stock_item SET name = 'x'")
    assert idle()
    assert rows(who.tenant_id, "SELECT name FROM stock_item") == [("Item A",)]


def test_scopes_do_not_nest(database: object) -> None:
    here, there = caller(open_shop({"b": {"A": 1}})), caller(registered())
    with reader().scope(here):
        with pytest.raises(RuntimeError, match="do not nest"), reader().scope(there):
            pass
        assert ItemRow.objects.count() == 1  # the first goes on
    assert idle()


def test_an_error_inside_a_scope_ends_it(database: object) -> None:
    who = caller(registered())
    for error in (ZeroDivisionError, GeneratorExit):
        with pytest.raises(error), reader().scope(who):
            raise error
        assert idle()
        assert not connections["default"].in_atomic_block


def test_a_lost_connection_is_opened_again_for_the_next_scope_and_fetch(database: object) -> None:
    who = caller(open_shop({"b": {"A": 1}}))
    for _ in range(2):
        pid = connection("default").info.backend_pid
        end_backends([pid])
        with reader().scope(who):
            assert connection("default").info.backend_pid != pid
            assert ItemRow.objects.count() == 1
        end_backends([connection("default").info.backend_pid])
        assert reader().fetch(who, SKUS)[1] == ["A"]


def test_hot_reads_join_the_open_scope(database: object) -> None:
    who = caller(open_shop({"b": {"A": 1}}))
    snapshot = Read("SELECT pg_current_snapshot()::text, now()::text", (), lambda found: found[0])
    with reader().scope(who):
        first = reader().fetch(who, snapshot)[1]
        assert reader().fetch(who, snapshot)[1][1] == first[1]
        assert connections["default"].in_atomic_block
        assert ItemRow.objects.count() == 1


def test_several_hot_reads_see_one_moment(database: object) -> None:
    who = caller(registered())
    snapshot = Read("SELECT pg_current_snapshot()::text", (), lambda found: found[0][0])
    _, first, second = reader().fetch(who, snapshot, snapshot)
    assert first == second
    assert idle()


@pytest.mark.parametrize("how", ["fetch", "ask", "scope"])
def test_a_tenant_that_is_unknown_or_suspended_reads_nothing(database: object, how: str) -> None:
    def read(who: Caller) -> None:
        if how == "scope":
            with reader().scope(who):
                raise AssertionError("opened")
        elif how == "ask":
            reader().ask(who, lambda grant: [SKUS])
        else:
            reader().fetch(who, SKUS)

    with pytest.raises(Unauthenticated):
        read(caller(new_tenant_id()))
    assert idle()
    tenant_id = registered()
    suspend_tenant(tenant_id, operations())
    with pytest.raises(TenantSuspended):
        read(caller(tenant_id))
    assert idle()
    assert not connections["default"].in_atomic_block


def test_a_permission_taken_away_is_in_force_for_the_next_question_everywhere(database: object) -> None:
    who = caller(open_shop({"b": {"A": 1}}), Role.WORKER)
    mine, others = reader(), reader()  # two workers of the server
    asked: list[frozenset[Scope]] = []

    def reads(grant: Grant) -> list[Read[list[str]]]:
        asked.append(grant.require("items"))
        return [SKUS]

    for each in (mine, others):
        assert each.ask(who, reads)[1] == ["A"]
    assert asked == [{Scope.ALL}] * 2
    set_permission(who.tenant_id, "Worker", "items", "OWN")
    for each in (mine, others):
        asked.clear()
        assert each.ask(who, reads)[1] == ["A"]
        assert asked == [{Scope.ALL}, {Scope.OWN}]  # made for what it knew, then for what holds
        asked.clear()
        each.ask(who, reads)
        assert asked == [{Scope.OWN}]
    set_permission(who.tenant_id, "Worker", "items", None)
    for each in (mine, others):
        with pytest.raises(PermissionMissing):
            each.ask(who, reads)
    set_permission(who.tenant_id, "Worker", "items", "ALL")
    for each in (mine, others):
        assert each.ask(who, reads)[1] == ["A"]
