"""Erasing a customer: its values go out of every order of one tenant. The operator's, never GraphQL's."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ddd.orders.application.ports import OrderStore
from ddd.orders.application.reading import order_of
from ddd.orders.application.records import OrderRecords, Whose, each_order
from ddd.orders.domain.erasing import erase, personal_fields
from ddd.orders.domain.parts import Actor
from ddd.orders.domain.status import OrderStatus
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.reader import Reader
from ddd.shared.application.unit_of_work import Command, Transaction, UnitOfWork
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.clock import Clock
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.text import MAX_TEXT, fault_of

OPERATION = "eraseCustomer"
_OVER: Final = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Erasing:
    """What erasing works with."""

    unit_of_work: UnitOfWork
    reader: Reader
    store: OrderStore
    records: OrderRecords
    clock: Clock


@dataclass(frozen=True, slots=True)
class Erased:
    """Orders that were erased, or would be; how many of them were still going on; and those that held nothing."""

    orders: int
    going_on: int
    blank: int


def erase_customer(caller: Caller, whose: Whose, erasing: Erasing, *, is_dry_run: bool = False) -> Outcome[Erased]:
    """Blank the customer in all its orders, each in a transaction of its own: safe to repeat, also after a crash."""
    name, text = ("email", whose.email) if whose.customer_id is None else ("customer", whose.customer_id)
    fault = fault_of(text or "", limit=MAX_TEXT, required=True)
    if fault is not None:
        return Outcome(None, Refusals.of(ErrorCode.INVALID_INPUT, f"--{name}: {fault}", (name,)).items)
    orders = going_on = blank = 0
    for facts, parts in each_order(caller, erasing.reader, erasing.records, whose):
        if not personal_fields(order_of(facts, parts)):
            blank += 1
            continue
        if not is_dry_run:
            _erase(caller, facts.id, erasing)
        orders += 1
        going_on += facts.status not in _OVER
    return Outcome(Erased(orders, going_on, blank))


def _erase(caller: Caller, order_id: UUID, erasing: Erasing) -> None:
    store, tenant_id = erasing.store, caller.tenant_id

    def attempt(tx: Transaction) -> tuple[UUID, None] | Refusals:
        order, lines, payments, shipments = tx.fetch(
            store.lock(tenant_id, order_id),
            store.lines(tenant_id, order_id),
            store.payments(tenant_id, order_id),
            store.shipments(tenant_id, order_id),
        )
        if order is None:
            raise RuntimeError("orders are never deleted")
        order.lines, order.payments, order.shipments = lines, payments, shipments
        version = order.version
        fields = erase(order, actor=Actor(caller.subject, ()), at=erasing.clock.now())
        if fields:  # else somebody else has just done it
            after = {"version": order.version, "fields": list(fields)}
            audit = AuditEntry(OPERATION, "order", order.id, {"version": version}, after)
            tx.store(erasing.records.blank(caller, order, audit))
        return order_id, None

    erasing.unit_of_work.run(caller, Command(OPERATION, None, {}), attempt, replay=lambda _: None)
