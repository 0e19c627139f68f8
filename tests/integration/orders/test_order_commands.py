"""`verify_orders` and `erase_customer` as the operator meets them: what they find, what they print, how they end."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from psycopg.errors import CheckViolation

from ddd.orders.application.cancel_order import cancel_order
from ddd.orders.application.holds import hold_order
from ddd.orders.application.mark_as_shipped import mark_as_shipped
from ddd.orders.application.returns import process_refund, receive_return, request_return
from ddd.orders.application.shipments import create_shipment, mark_as_delivered
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.ids import new_id
from ddd.tenants.application.operator import suspend_tenant
from order_management.operator import operations
from tests.builders import audited, caller, new_tenant_id, rows
from tests.deeds import live_on
from tests.lives import Life, Pick, Trading
from tests.trade import checkout, open_shop, orders, placed

ROOT = Path(settings.BASE_DIR)
ANN = {"id": "c-7", "firstName": "Ann", "email": "ann@example.org"}
#: What no event tells, like the row of orders_person: free data, the way to a label; and what a workflow makes of an
#: order.
UNTOLD = {"orders_order.metadata", "orders_line.options", "orders_shipment.label_url", "orders_order.expires_at"}
#: Columns whose values are of a few words, or of a shape.
WORDS = {
    "status": ("SHIPPED", "CANCELLED"),
    "payment_status": ("PAID", "REFUNDED"),
    "state": ("FAILED", "PENDING"),
    "mode": ("PICKUP", "DROPOFF"),
    "cancel_reason": ("FRAUD", "ADDRESS"),
}
JSON = {
    "package": ('{"weight_kg": "7"}',),
    "pickup_window": ("null",),
    "label": (
        '{"account": {"carrier": "x"}, "asked_at": "2029-01-01T00:00:00Z", "state": "WANTED", "recalled_at": null}',
    ),
    **dict.fromkeys(("holds", "returns", "refunds"), ("[]",)),
}
KEYS = {"tenant_id", "id", "order_id", "line_no", "payment_no", "shipment_id"}
#: What tells an order's rows apart.
TABLES = {
    "orders_order": "id",
    "orders_line": "line_no",
    "orders_payment": "payment_no",
    "orders_shipment": "id",
    "orders_shipment_line": "shipment_id",
}


@pytest.fixture
def shop(database: object) -> str:
    return open_shop({"north": {"A": 100, "B": 100}})


def order_in(tenant_id: str, **given: object) -> str:
    return str(placed(caller(tenant_id), checkout(("A", 3), ("B", 2), customer=ANN, **given)).id)


def full(tenant_id: str) -> str:
    """An order to which everything happened, with a row in every table."""
    order_id = order_in(
        tenant_id, branchCode="north", externalRef="E", discounts=[{"amount": "1"}], metadata={"a": 1},
        payment={"state": "CAPTURED", "method": "card", "provider": "p", "reference": "r"},
    )  # fmt: skip

    def done(handle: Callable[..., Outcome[Any]], **given: object) -> Any:
        outcome = handle(caller(tenant_id), {"orderId": order_id, **given}, orders())
        assert outcome.value is not None, outcome.errors
        return outcome.value

    a, b = f"{order_id}-1", f"{order_id}-2"
    window = {"start": "2030-01-01T00:00:00Z", "end": "2030-01-02T00:00:00Z"}
    done(create_shipment, carrier="DHL", package={"weightKg": "1"}, pickupWindow=window,
         lines=[{"orderLineId": a, "quantity": 1}])  # fmt: skip
    done(mark_as_shipped, carrier="UPS", trackingReference="T", trackingUrl="https://t.example",
         lines=[{"orderLineId": b, "quantity": 1}])  # fmt: skip
    done(mark_as_delivered)
    returned = done(request_return, reason="broken", lines=[{"orderLineId": b, "quantity": 1}]).part_id
    done(receive_return, returnId=str(returned), lines=[{"orderLineId": b, "restock": 1}])
    done(process_refund, returnId=str(returned), provider="p", reference="re")
    done(cancel_order, reason="OTHER", lines=[{"orderLineId": b, "quantity": 1}])
    done(hold_order, reason="fraud?", until="2030-01-01T00:00:00Z")
    return order_id


def verify(*words: str) -> list[str]:
    """What the command prints, of an order that differs too."""
    out = io.StringIO()
    try:
        call_command("verify_orders", *words, stdout=out)
    except CommandError as refused:
        out.write(str(refused))
    return out.getvalue().splitlines()


def test_orders_of_every_kind_agree_with_their_timelines(database: object) -> None:
    trading = Trading()
    for seed, kind in enumerate(trading.tenants):
        life = Life(trading, kind, Pick(seed))
        life.begin()
        for _ in range(10):
            live_on(life)
        assert verify("--tenant", life.tenant_id) == ["orders that agree with their timelines: 1"]
        assert verify("--order", str(life.order_id)) == ["orders that agree with their timelines: 1"]


def columns(table: str) -> list[tuple[str, str]]:
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
            " AND table_schema = 'public' ORDER BY ordinal_position",
            [table],
        )
        return [(name, type_) for name, type_ in cursor.fetchall() if name not in KEYS]


def others(name: str, type_: str) -> tuple[str | None, ...]:
    """Values that the column might have instead."""
    if name in WORDS:
        return WORDS[name]
    if type_ == "jsonb":
        return JSON.get(name, ('{"x": 1}',))
    if type_ == "boolean":
        return ("true", "false")
    if type_.startswith("timestamp"):
        return ("2029-01-01T00:00:00Z",)
    return ("0", "1", "7") if type_ in ("integer", "bigint", "smallint") else ("other",)


def put(tenant_id: str, order_id: str, where: tuple[str, str, str], value: str | None, type_: str) -> bool:
    """Set one value; False where the table's own checks do not take it."""
    table, name, key = where
    order = "id" if table == "orders_order" else "order_id"
    sql = f"UPDATE {table} SET {name} = $2::{type_} WHERE {order} = $1 AND {TABLES[table]}::text = $3 RETURNING 1"
    try:
        return len(rows(tenant_id, sql, order_id, value, key)) == 1
    except CheckViolation:
        return False


@pytest.mark.parametrize("table", TABLES)
def test_a_change_of_any_column_behind_the_timelines_back_is_found(shop: str, table: str) -> None:
    order_id = full(shop)
    agreed = ["orders that agree with their timelines: 1"]
    assert verify("--tenant", shop) == agreed
    unnoticed = set()
    for name, type_ in columns(table):
        values = rows(shop, f"SELECT {TABLES[table]}::text, {name}::text FROM {table}")
        tries = [(key, old, new) for key, old in values for new in others(name, type_) if new != old]
        key, old, _ = next(each for each in tries if put(shop, order_id, (table, name, each[0]), each[2], type_))
        *lines, last = verify("--tenant", shop)
        if [last] == agreed:
            unnoticed.add(f"{table}.{name}")
        else:
            assert last == "1 of 1 orders differ from their timelines."
            assert re.fullmatch(rf"{shop} {order_id}: [a-z_.\[\]0-9, ]+", lines[0]), lines
        assert put(shop, order_id, (table, name, key), old, type_)
        assert verify("--tenant", shop) == agreed, name
    assert unnoticed == {each for each in UNTOLD if each.startswith(f"{table}.")}


def manage(environment: Mapping[str, str], *words: str) -> tuple[int, str, str]:
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_what_the_commands_print_and_how_they_end(shop: str, database_environment: Mapping[str, str]) -> None:
    order_id = order_in(shop)
    order_in(shop)
    assert suspend_tenant(shop, operations()).errors == ()  # nobody gets in but the operator
    erase = ("erase_customer", shop, "--customer", "c-7")
    for words, said in (
        ((*erase, "--dry-run"), "orders would be erased: 2 (not finished: 2); held nothing: 0"),
        (erase, "orders erased: 2 (not finished: 2); held nothing: 0"),
        (erase, "orders erased: 0; held nothing: 2"),
        (("erase_customer", shop, "--email", "ann@example.org"), "orders erased: 0; held nothing: 0"),
    ):
        assert manage(database_environment, *words) == (0, f"{shop}: {said}\n", "")
    verified = "orders that agree with their timelines: 1\n"
    assert manage(database_environment, "verify_orders", "--tenant", shop, "--order", order_id) == (0, verified, "")
    rows(shop, "UPDATE orders_order SET total = 1, status = 'SHIPPED' WHERE id = $1 RETURNING 1", order_id)
    assert manage(database_environment, "verify_orders", "--tenant", shop) == (
        1,
        f"{shop} {order_id}: status, total\n",
        "CommandError: 1 of 2 orders differ from their timelines.\n",
    )


def test_what_is_refused_is_one_line_and_changes_nothing(shop: str) -> None:
    order_in(shop)
    for words, part in (
        (("erase_customer", shop), "--customer --email"),
        (("erase_customer", shop, "--customer", "c-7", "--email", "a@b.example"), "not allowed"),
        (("erase_customer", shop, "--customer", ""), "--customer"),
        (("erase_customer", shop, "--customer", "\x00"), "--customer"),
        (("erase_customer", shop, "--email", "x" * 256), "--email"),
        (("erase_customer", new_tenant_id(), "--customer", "c-7"), "no tenant"),
        (("verify_orders", "--tenant", new_tenant_id()), "no tenant"),
        (("verify_orders", "--tenant", "a\nb"), "no tenant"),
        (("verify_orders", "--tenant", shop, "--order", "7"), "UUID"),
        (("verify_orders", "--tenant", shop, "--order", str(new_id())), "no order"),
    ):
        with pytest.raises(CommandError, match=part):
            call_command(*words)
    assert rows(shop, "SELECT first_name FROM orders_person") == [("Ann",)]
    assert "eraseCustomer" not in audited(shop)
