"""Orders come back from PostgreSQL as they went: new ones, changed ones, every field of every part."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddd.orders.domain.label import Label, LabelState
from ddd.orders.domain.order import Order
from ddd.orders.domain.order_number import new_order_number
from ddd.orders.domain.parts import (
    Actor,
    Address,
    Cancellation,
    CancelReason,
    Customer,
    Hold,
    OrderEvent,
    OrderLine,
    Package,
    Payment,
    PickupWindow,
    Refund,
    RefundLine,
    RefundStatus,
    Return,
    ReturnLine,
    ReturnStatus,
    Shipment,
    ShipmentLine,
    ShipmentMode,
    ShipmentStatus,
)
from ddd.orders.domain.placing import record_placed
from ddd.orders.domain.status import PaymentState
from ddd.orders.infrastructure.readers import PostgresOrderReader
from ddd.orders.infrastructure.rows import OrderRow
from ddd.orders.infrastructure.store import PostgresOrderStore
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.ids import new_id
from ddd.shared.infrastructure.statements import abandon, connection
from tests.builders import caller, fetched, new_tenant_id, rows
from tests.pipeline import SET_TENANT, send

STORE = PostgresOrderStore(heard=frozenset())
READER = PostgresOrderReader()
NOW = datetime(2026, 3, 1, 9, 30, 0, 123_456, tzinfo=UTC)
ACTOR = Actor("clerk", ("Admin", "Worker"))

# What PostgreSQL can hold and clients may send: any script, no NUL, no lone surrogate.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
OPTIONAL = st.none() | TEXT
STATE = st.sampled_from(PaymentState)
AMOUNT = st.integers(0, 10**15)
MOMENT = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis' form
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(-1e9, 1e9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ADDRESS = st.builds(
    Address, line1=TEXT, country=TEXT, line2=OPTIONAL, city=OPTIONAL, state=OPTIONAL, postal_code=OPTIONAL
)


@st.composite
def new_orders(draw: st.DrawFn) -> Order:
    """An order as a checkout makes it, with values of any kind."""
    lines = [
        OrderLine(
            line_no=number,
            sku=draw(TEXT),
            name=draw(TEXT),
            quantity=(quantity := draw(st.integers(1, 5))),
            unit_price=draw(AMOUNT),
            discount=draw(AMOUNT),
            tax=draw(AMOUNT),
            line_total=draw(AMOUNT),
            vendor_id=draw(OPTIONAL),
            category=draw(OPTIONAL),
            options=draw(JSON),
            is_free_gift=draw(st.booleans()),
            is_taxable=draw(st.booleans()),
            package=draw(st.none() | st.builds(Package, OPTIONAL, OPTIONAL, OPTIONAL, OPTIONAL)),
            branch_code=(branch := draw(OPTIONAL)),
            reserved_quantity=0 if branch is None else quantity,
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    order = Order(
        id=new_id(),
        order_number=new_order_number(),
        channel=draw(TEXT),
        currency=draw(st.sampled_from(["USD", "JPY", "BHD"])),
        customer=draw(st.builds(Customer, OPTIONAL, OPTIONAL, OPTIONAL, OPTIONAL, OPTIONAL)),
        shipping_address=draw(ADDRESS),
        lines=lines,
        subtotal=draw(AMOUNT),
        discount_total=draw(AMOUNT),
        shipping_total=draw(AMOUNT),
        tax_total=draw(AMOUNT),
        total=draw(AMOUNT),
        placed_at=draw(MOMENT),
        updated_at=draw(MOMENT),
        external_ref=str(uuid4()) if draw(st.booleans()) else None,
        billing_address=draw(st.none() | ADDRESS),
        taxes_included=draw(st.booleans()),
        branch_code=draw(OPTIONAL),
        note=draw(OPTIONAL),
        metadata=draw(JSON),
        terms=draw(st.dictionaries(TEXT, JSON, max_size=2)),
        workflow_version=draw(st.integers(1, 2**31 - 1)),
        payments=[
            Payment(number, draw(STATE), draw(AMOUNT), draw(MOMENT), draw(OPTIONAL), draw(OPTIONAL), draw(OPTIONAL))
            for number in range(1, draw(st.integers(0, 2)) + 1)
        ],
    )  # fmt: skip
    record_placed(order, ACTOR, draw(MOMENT))
    return order


@pytest.fixture
def clerk(database: BaseDatabaseWrapper) -> Caller:
    return caller(new_tenant_id(), subject=ACTOR.subject)


def commit(tenant_id: str, write: Write) -> None:
    raw = connection("default")
    try:
        with raw.pipeline():
            send(raw, "BEGIN")
            send(raw, SET_TENANT, (tenant_id,))
            send(raw, write.sql, write.params)
            send(raw, "COMMIT")
    finally:
        abandon(raw)  # does nothing after a commit


def insert(clerk: Caller, order: Order) -> list[OrderEvent]:
    """Store the new order; its events, which are old from now on."""
    commit(clerk.tenant_id, STORE.insert(clerk, order, AuditEntry("placeOrder", "order", order.id)))
    return told(order)


def save(clerk: Caller, order: Order) -> list[OrderEvent]:
    commit(clerk.tenant_id, STORE.save(clerk, order, AuditEntry("cancelOrder", "order", order.id)))
    return told(order)


def told(order: Order) -> list[OrderEvent]:
    events = list(order.news)
    order.news.clear()
    return events


def loaded(tenant_id: str, order_id: UUID) -> Order:
    order: Order = fetched(tenant_id, STORE.lock(tenant_id, order_id))
    order.lines = fetched(tenant_id, STORE.lines(tenant_id, order_id))
    order.payments = fetched(tenant_id, STORE.payments(tenant_id, order_id))
    order.shipments = fetched(tenant_id, STORE.shipments(tenant_id, order_id))
    return order


def check(clerk: Caller, order: Order, events: list[OrderEvent]) -> None:
    """Both ways of reading answer this very order, its parts and its whole story."""
    tenant_id = clerk.tenant_id
    assert loaded(tenant_id, order.id) == order
    assert fetched(tenant_id, STORE.events(tenant_id, order.id)) == events
    bundle = READER.by_id(tenant_id, order.id, frozenset({"lines", "payments", "shipments", "timeline"}))
    ((facts, parts),) = bundle.assemble(*(fetched(tenant_id, read) for read in bundle.reads))
    assert [list(part) for part in parts] == [order.lines, order.payments, order.shipments, events]
    derived = {"status", "payment_status", "amount_due"}
    stored = {field.name for field in dataclasses.fields(Order)} - {"lines", "payments", "shipments", "news", "way"}
    apart = {
        "terms",
        "steps",
        "confirmed_at",
        "completed_at",
        "submitted_at",
        "sent_back_at",
    }  # no question asks for them, or as columns
    for name in (stored - apart) | derived:
        assert getattr(facts, name) == getattr(order, name), name
    sent = rows(tenant_id, "SELECT sequence, type FROM outbox WHERE aggregate_id = $1 ORDER BY sequence", str(order.id))
    assert sent == [(event.sequence, event.type) for event in events]


examples = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@examples
@given(order=new_orders())
def test_any_new_order_comes_back_as_it_went(clerk: Caller, order: Order) -> None:
    events = insert(clerk, order)
    check(clerk, order, events)


@examples
@given(order=new_orders(), note=OPTIONAL, moment=MOMENT, texts=st.tuples(OPTIONAL, OPTIONAL, OPTIONAL), data=st.data())
def test_any_order_comes_back_after_shipping_and_cancelling(
    clerk: Caller, order: Order, note: str | None, moment: datetime, texts: Any, data: st.DataObject
) -> None:
    events = insert(clerk, order)
    for _ in range(3):
        order = loaded(clerk.tenant_id, order.id)
        left = order.left(order.lines)
        chosen = {
            number: data.draw(st.integers(1, units)) for number, units in left.items() if data.draw(st.booleans())
        }
        if data.draw(st.booleans()):
            carrier, reference, url = texts
            refused = order.ship(
                chosen,
                shipment_id=new_id(),
                carrier=carrier,
                tracking_reference=reference,
                tracking_url=url,
                shipped_at=moment,
                actor=ACTOR,
                at=NOW,
            )
        else:
            refused = order.cancel(chosen, whole=False, reason=CancelReason.FRAUD, note=note, actor=ACTOR, at=moment)
        if refused is None:
            events += save(clerk, order)
        check(clerk, loaded(clerk.tenant_id, order.id) if refused else order, events)


def full_order() -> Order:
    """An order in which no field is at its default, as later releases fill them."""
    later = NOW + timedelta(days=1)
    package = Package("1.5", "2", "3.25", "4")
    line = OrderLine(
        line_no=1, sku="A", name="Apple", quantity=9, unit_price=100, discount=1, tax=2, line_total=899, vendor_id="v",
        category="c", options={"size": [1, None]}, is_free_gift=True, is_taxable=False, package=package,
        branch_code="north", reserved_quantity=3, cancelled_quantity=1, shipped_quantity=5, delivered_quantity=4,
        returned_quantity=2,
    )  # fmt: skip
    shipment = Shipment(
        id=new_id(), status=ShipmentStatus.DELIVERED, mode=ShipmentMode.DROPOFF, lines=(ShipmentLine(1, "A", 5),),
        carrier="DHL", tracking_reference="T", tracking_url="https://t.example", branch_code="north", shipped_at=NOW,
        delivered_at=later, package=package, pickup_window=PickupWindow(NOW, later),
        label_url="https://l.example", cost=490, cost_currency="EUR", problem="none left",
        label=Label(
            {"carrier": "easypost", "credentials": None}, NOW, LabelState.VOIDED, "shp_1", "WTC", asks_again=True,
            recalled_at=later,
        ),
    )  # fmt: skip
    held = Hold(1, "clerk", NOW, until=later, released_at=later, released_by="boss")
    returned = Return(
        uuid4(), ReturnStatus.PARTIALLY_RECEIVED, (ReturnLine(1, 3, restocked=1, scrapped=1),), "ann", NOW,
        received_at=later,
    )  # fmt: skip
    refund = Refund(
        uuid4(),
        300,
        50,
        (RefundLine(1, 2, returned=1),),
        150,
        "clerk",
        later,
        return_id=str(returned.id),
        provider="bank",
        reference="R",
        status=RefundStatus.REQUESTED,
        withheld=7,
    )
    return Order(
        id=new_id(), order_number=new_order_number(), channel="web", currency="JPY",
        customer=Customer("c-7", "Ann", "Lee", "ann@example.org", "1"),
        shipping_address=Address("1 Main St", "US", "2nd floor", "Reno", "NV", "89501"), lines=[line], subtotal=899,
        discount_total=1, shipping_total=2, tax_total=3, total=903, placed_at=NOW, updated_at=later, external_ref="E-1",
        billing_address=Address("2 Main St", "US"), taxes_included=True, branch_code="north", note="gift",
        metadata={"a": 1}, terms={"shipping": {"method": "post"}}, workflow_version=4, version=7,
        payments=[Payment(1, PaymentState.CAPTURED, 903, NOW, "card", "bank", "R-1")], shipments=[shipment],
        cancellation=Cancellation(CancelReason.ADDRESS, "moved", later, "ann"), confirmed_at=NOW, completed_at=later,
        sequence=9, submitted_at=NOW, sent_back_at=later, holds=[held], returns=[returned], refunds=[refund],
        steps={"review": {"by": "boss"}}, activity_status="PICKING",
        notes={"cancel": "moved", "hold:1": "wait", f"shipment:{shipment.id}": "ring"},
        news=[OrderEvent(9, "order.completed", later, ACTOR, {"status": {"after": "COMPLETED"}})],
    )  # fmt: skip


def parts_of(value: Any) -> Iterator[Any]:
    """The value and every dataclass in it."""
    if dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            if field.compare:  # what is left out of comparing is no part of the order's state
                yield from parts_of(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from parts_of(each)


def test_the_full_order_leaves_no_field_at_its_default() -> None:
    order = full_order()
    order.billing_address = None  # its kind is there twice
    forgotten = []
    for part in parts_of(order):
        for field in dataclasses.fields(part):
            default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            if getattr(part, field.name) == default and field.compare and field.name != "billing_address":
                forgotten.append(f"{type(part).__name__}.{field.name}")
    assert forgotten == []


def test_every_field_of_every_part_is_saved(clerk: Caller) -> None:
    order = full_order()
    plain = dataclasses.replace(
        order,
        lines=[
            dataclasses.replace(
                order.lines[0], reserved_quantity=9, cancelled_quantity=0, shipped_quantity=0, delivered_quantity=0,
                returned_quantity=0,
            )
        ],
        version=1, updated_at=NOW, payments=[], shipments=[], cancellation=None, confirmed_at=None, completed_at=None,
        sequence=0, submitted_at=None, sent_back_at=None, holds=[], returns=[], refunds=[], steps={},
        activity_status=None, notes={}, news=[],
    )  # fmt: skip
    record_placed(plain, ACTOR, NOW)
    events = insert(clerk, plain)
    check(clerk, plain, events)
    events += save(clerk, order)
    check(clerk, order, events)


def test_a_label_of_which_nothing_is_known_comes_back_and_goes(clerk: Caller) -> None:
    order = full_order()
    order.sequence, order.version = 0, 1
    order.news.clear()
    record_placed(order, ACTOR, NOW)
    shipments, order.shipments = order.shipments, []
    events = insert(clerk, order)
    for label in (Label({}, NOW), None):
        order.shipments = [dataclasses.replace(shipments[0], label=label)]
        events += save(clerk, order)
        check(clerk, order, events)


def test_an_order_of_another_tenant_is_not_there(clerk: Caller) -> None:
    order = full_order()
    order.news.clear()
    insert(clerk, order)
    other = new_tenant_id()
    assert fetched(other, STORE.lock(other, order.id)) is None
    assert fetched(other, STORE.lock(clerk.tenant_id, order.id)) is None  # row-level security alone
    assert isinstance(fetched(clerk.tenant_id, STORE.lock(clerk.tenant_id, order.id)), Order)
    assert OrderRow._fields[0] == "id"
