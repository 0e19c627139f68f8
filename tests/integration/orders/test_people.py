"""A person's values stand where they can be erased, and nowhere else; and what is erased is gone from everywhere."""

import json
import logging
import re
import secrets
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pytest
from django.core.management import call_command
from django.db import connections

from ddd.orders.application.cancel_order import cancel_order
from ddd.orders.application.erasing import Erased, erase_customer
from ddd.orders.application.holds import hold_order
from ddd.orders.application.mark_as_shipped import mark_as_shipped
from ddd.orders.application.place_order import place_order
from ddd.orders.application.queries import get_order
from ddd.orders.application.records import Whose
from ddd.orders.application.verifying import verify_orders
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Address, Customer
from ddd.orders.infrastructure.records import PostgresOrderRecords
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.tenants.application.operator import operator_of
from order_management.operator import erasing
from tests.builders import caller, rows
from tests.deeds import OPERATIONS, live_on
from tests.ledger import faults
from tests.lives import Life, Pick, Trading
from tests.trade import checkout, open_shop, orders, placed

#: Where a person's values may stand, until they are erased.
WORD = re.compile("zq[0-9a-f]{16}")
HOMES = {"orders_person", "orders_order", "orders_line"}
MOST_LIVES, LONGEST = 120, 25
_AMOUNTS = """
SELECT id, subtotal, discount_total, shipping_total, tax_total, total, amount_due, status, payment_status
FROM orders_order ORDER BY id
"""


class Confiding(Pick):
    """Somebody who fills in every field, and whose every word is known again."""

    def flag(self) -> bool:
        return self.number(0, 9) > 0

    def words(self) -> str:
        return f"zq{secrets.token_hex(8)}"


def dumped(tenant_id: str) -> dict[str, list[str]]:
    """Every row of every table there is, as text; of tables with tenants the tenant's."""
    found = {}
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT t.table_name, EXISTS (SELECT FROM information_schema.columns c WHERE c.table_name = t.table_name"
            " AND c.table_schema = 'public' AND c.column_name = 'tenant_id')"
            " FROM information_schema.tables t WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
        )
        for table, has_tenant in cursor.fetchall():
            condition = "tenant_id = %s" if has_tenant else "%s <> ''"
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t WHERE {condition}", [tenant_id])
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def heard(texts: Iterable[str]) -> set[str]:
    """Somebody's words in these texts."""
    return {word for text in texts for word in WORD.findall(text)}


def spread(found: dict[str, list[str]]) -> set[str]:
    """The tables that hold somebody's words."""
    return {table for table, texts in found.items() if heard(texts)}


def test_what_people_say_stands_in_three_tables_until_it_is_erased_and_then_nowhere(
    database: object, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    trading = Trading()
    done: Counter[str] = Counter()
    for seed in range(MOST_LIVES):
        pick = Confiding(seed)
        life = Life(trading, pick.one_of(list(trading.tenants)), pick)
        life.begin()
        for _ in range(LONGEST):
            live_on(life, done)
        if all(done[name] for name in OPERATIONS):
            break
    assert set(done) == set(OPERATIONS)  # every operation was done, with words in every field that takes any

    for tenant_id in trading.tenants.values():
        before, adding_up = dumped(tenant_id), rows(tenant_id, _AMOUNTS)
        assert spread(before) == (HOMES if adding_up else set())
        for customer_id in ("c-1", "c-2"):
            call_command("erase_customer", tenant_id, "--customer", customer_id)
        for (email,) in rows(tenant_id, "SELECT upper(email) FROM orders_person WHERE email IS NOT NULL"):
            call_command("erase_customer", tenant_id, "--email", email)
        after = dumped(tenant_id)
        assert spread(after) == set()
        # What is written once is still there, byte for byte; sums, stock and timelines add up as before.
        for table in ("audit_log", "orders_event"):
            assert set(before[table]) <= set(after[table])
        assert rows(tenant_id, _AMOUNTS) == adding_up
        assert faults(partial(rows, tenant_id)) == []
        ports = erasing()
        verified = list(verify_orders(operator_of(tenant_id), ports.reader, ports.records))
        assert [each.differences for each in verified] == [()] * len(adding_up)
    assert heard([caplog.text, *capsys.readouterr()]) == set()


ANN = {"firstName": "Ann", "lastName": "Lee", "email": "Ann@Example.org", "phone": "1"}


@pytest.fixture
def shop(database: object) -> str:
    """A tenant in which c-7 has two orders, one of them shipped, c-8 one, and a guest one."""
    tenant_id = open_shop({"north": {"A": 100}})
    for customer in ({**ANN, "id": "c-7"}, {**ANN, "id": "c-7"}, {**ANN, "id": "c-8"}, ANN):
        placed(caller(tenant_id), checkout(("A", 1), customer=customer, note="ring"))
    return tenant_id


def ids(tenant_id: str, customer_id: str | None) -> list[str]:
    sql = "SELECT id::text FROM orders_order WHERE customer_id IS NOT DISTINCT FROM $1 ORDER BY id"
    return [order_id for (order_id,) in rows(tenant_id, sql, customer_id)]


def erase(tenant_id: str, *, is_dry_run: bool = False, **whose: str) -> Erased:
    outcome = erase_customer(operator_of(tenant_id), Whose(**whose), erasing(), is_dry_run=is_dry_run)
    assert outcome.value is not None, outcome.errors
    return outcome.value


def events(tenant_id: str) -> list[tuple[str, int]]:
    sql = "SELECT order_id::text, count(*) FILTER (WHERE type = 'order.erased') FROM orders_event GROUP BY 1"
    return [(order_id, int(count)) for order_id, count in rows(tenant_id, sql)]


def test_one_customers_orders_are_erased_once_and_nobody_elses(shop: str) -> None:
    before = dumped(shop)
    assert erase(shop, customer_id="c-7", is_dry_run=True) == Erased(2, 2, 0)
    assert dumped(shop) == before
    assert erase(shop, customer_id="c-7") == Erased(2, 2, 0)
    assert erase(shop, customer_id="c-7") == Erased(0, 0, 2)
    assert erase(shop, customer_id="c-77") == Erased(0, 0, 0)
    assert dict(events(shop)) == {
        **dict.fromkeys(ids(shop, "c-7"), 1), **dict.fromkeys([*ids(shop, "c-8"), *ids(shop, None)], 0)
    }  # fmt: skip
    assert rows(shop, "SELECT first_name FROM orders_person ORDER BY 1") == [("",), ("",), ("Ann",), ("Ann",)]
    audit = "SELECT before, after, subject FROM audit_log WHERE operation = 'eraseCustomer' AND aggregate_id = $1"
    ((was, became, subject),) = rows(shop, audit, ids(shop, "c-7")[0])
    fields = ["customer.firstName", "customer.lastName", "customer.email", "customer.phone", "shippingAddress", "note"]
    assert (json.loads(was), json.loads(became), subject) == (
        {"version": 1}, {"version": 2, "fields": fields}, "operator"
    )  # fmt: skip


def test_a_guest_is_found_by_its_address_in_any_case_and_so_is_whoever_shares_it(shop: str) -> None:
    assert erase(shop, email="ANN@example.ORG") == Erased(4, 4, 0)
    assert erase(shop, email="ann@example.org") == Erased(0, 0, 0)


def test_an_erased_order_is_shown_without_its_person_and_lives_on(shop: str) -> None:
    order_id = ids(shop, "c-7")[0]
    erase(shop, customer_id="c-7")
    clerk = caller(shop)
    seen = get_order(clerk, orders(), order_id=order_id, order_number=None, external_ref=None, channel=None)
    assert seen is not None
    assert seen.customer == Customer("c-7", "", None, None, None)
    assert (seen.shipping_address, seen.note, seen.version) == (Address("", "DE"), None, 2)
    assert [each.type for each in seen.timeline] == ["order.placed", "order.erased"]
    assert seen.timeline[-1].actor == ("operator", [])
    assert mark_as_shipped(clerk, {"orderId": order_id}, orders()).errors == ()
    held = {"orderId": ids(shop, "c-7")[1], "reason": "Ann called"}
    assert hold_order(clerk, held, orders()).errors == ()
    assert erase(shop, customer_id="c-7") == Erased(1, 1, 1)  # what was said since then
    assert place_order(clerk, checkout(("A", 1), customer={**ANN, "id": "c-7"}), orders()).errors == ()
    assert erase(shop, customer_id="c-7", is_dry_run=True) == Erased(1, 1, 2)


def test_after_a_crash_the_command_goes_on_where_it_was(shop: str) -> None:
    class Dying(PostgresOrderRecords):
        def blank(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
            if str(order.id) == ids(shop, "c-7")[1]:
                raise KeyboardInterrupt
            return super().blank(caller, order, audit)

    dying = replace(erasing(), records=Dying(frozenset()))
    with pytest.raises(KeyboardInterrupt):
        erase_customer(operator_of(shop), Whose("c-7"), dying)
    assert [dict(events(shop))[order_id] for order_id in ids(shop, "c-7")] == [1, 0]
    assert erase(shop, customer_id="c-7") == Erased(1, 1, 1)
    assert [dict(events(shop))[order_id] for order_id in ids(shop, "c-7")] == [1, 1]


def test_two_operators_and_a_clerk_at_once_lose_nothing(shop: str) -> None:
    for _ in range(6):
        placed(caller(shop), checkout(("A", 1), customer={**ANN, "id": "c-7"}))
    start, errors = threading.Barrier(3), list[object]()

    def cancel_all() -> None:
        start.wait()
        for order_id in ids(shop, "c-7"):
            given = {"orderId": order_id, "reason": "OTHER"}
            errors.extend(cancel_order(caller(shop), given, orders()).errors)

    def erase_all() -> None:
        start.wait()
        erase(shop, customer_id="c-7")

    threads = [threading.Thread(target=each) for each in (erase_all, erase_all, cancel_all)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    mine = ids(shop, "c-7")
    assert [dict(events(shop))[order_id] for order_id in mine] == [1] * 8
    state = "SELECT o.status, o.version, p.first_name FROM orders_order o JOIN orders_person p ON p.order_id = o.id"
    assert rows(shop, f"{state} WHERE o.customer_id = 'c-7'") == [("CANCELLED", 3, "")] * 8
    ports = erasing()
    assert not any(each.differences for each in verify_orders(operator_of(shop), ports.reader, ports.records))
