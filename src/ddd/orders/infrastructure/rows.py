"""Rows of orders and their parts: the column lists, and what comes of a row. Shared by the store and the readers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from ddd.orders.domain.label import Label, LabelState
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
from ddd.orders.domain.status import OrderStatus, PaymentState, PaymentStatus

ORDER_COLUMNS = """
o.id, o.order_number, o.channel, o.external_ref, o.status, o.payment_status, o.version, o.sequence, o.currency,
o.subtotal, o.discount_total, o.shipping_total, o.tax_total, o.total, o.amount_due, o.taxes_included, o.customer_id,
o.branch_code, o.metadata, o.terms, o.workflow_version, o.placed_at, o.updated_at, o.confirmed_at, o.completed_at,
o.submitted_at, o.sent_back_at, o.holds, o.returns, o.refunds, o.steps, o.activity_status,
o.cancel_reason, o.cancelled_at, o.cancelled_by, p.first_name, p.last_name, p.email, p.phone, p.shipping_address,
p.billing_address, p.note, p.notes
"""
LINE_COLUMNS = """
l.line_no, l.sku, l.name, l.quantity, l.unit_price, l.discount, l.tax, l.line_total, l.vendor_id, l.category, l.options,
l.is_free_gift, l.is_taxable, l.package, l.branch_code, l.reserved_quantity, l.cancelled_quantity, l.shipped_quantity,
l.delivered_quantity, l.returned_quantity
"""
PAYMENT_COLUMNS = "y.payment_no, y.state, y.amount, y.at, y.method, y.provider, y.reference"
#: A shipment's lines come as one JSON list of [line number, SKU, quantity].
SHIPMENT_COLUMNS = """
s.id, s.status, s.mode, s.carrier, s.tracking_reference, s.tracking_url, s.branch_code, s.shipped_at, s.delivered_at,
s.package, s.pickup_window, s.label_url, s.cost, s.cost_currency, s.problem, s.label,
(SELECT json_agg(json_build_array(sl.line_no, l.sku, sl.quantity) ORDER BY sl.line_no)
 FROM orders_shipment_line sl JOIN orders_line l USING (tenant_id, order_id, line_no)
 WHERE sl.tenant_id = s.tenant_id AND sl.order_id = s.order_id AND sl.shipment_id = s.id)::text
"""
EVENT_COLUMNS = "e.sequence, e.type, e.at, e.subject, e.roles, e.data"


class OrderRow(NamedTuple):
    """One row of ORDER_COLUMNS: what a query tells without loading an aggregate."""

    id: UUID
    order_number: str
    channel: str
    external_ref: str | None
    status_text: str
    payment_status_text: str
    version: int
    sequence: int
    currency: str
    subtotal: int
    discount_total: int
    shipping_total: int
    tax_total: int
    total: int
    amount_due: int
    taxes_included: bool
    customer_id: str | None
    branch_code: str | None
    metadata_text: str | None
    terms_text: str
    workflow_version: int
    placed_at: datetime
    updated_at: datetime
    confirmed_at: datetime | None
    completed_at: datetime | None
    submitted_at: datetime | None
    sent_back_at: datetime | None
    holds_text: str
    returns_text: str
    refunds_text: str
    steps_text: str
    activity_status: str | None
    cancel_reason: str | None
    cancelled_at: datetime | None
    cancelled_by: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    shipping_text: str
    billing_text: str | None
    note: str | None
    notes_text: str

    @property
    def status(self) -> OrderStatus:
        return OrderStatus[self.status_text]  # by its name, which is its value: a look-up instead of a call

    @property
    def payment_status(self) -> PaymentStatus:
        return PaymentStatus[self.payment_status_text]

    @property
    def was_submitted(self) -> bool:
        return self.submitted_at is not None or self.sent_back_at is not None

    @property
    def customer(self) -> Customer:
        return Customer(self.customer_id, self.first_name, self.last_name, self.email, self.phone)

    @property
    def shipping_address(self) -> Address:
        address = address_of(loads(self.shipping_text))
        assert address is not None
        return address

    @property
    def billing_address(self) -> Address | None:
        return address_of(loads(self.billing_text))

    @property
    def metadata(self) -> Any:
        return loads(self.metadata_text)

    @property
    def terms(self) -> dict[str, Any]:
        terms: dict[str, Any] = loads(self.terms_text)
        return terms

    @property
    def steps(self) -> dict[str, Any]:
        steps: dict[str, Any] = loads(self.steps_text)
        return steps

    @property
    def notes(self) -> dict[str, str]:
        notes: dict[str, str] = loads(self.notes_text)
        return notes

    @property
    def holds(self) -> list[Hold]:
        return [hold_of(data) for data in loads(self.holds_text)]

    @property
    def returns(self) -> list[Return]:
        return [return_of(data) for data in loads(self.returns_text)]

    @property
    def refunds(self) -> list[Refund]:
        return [refund_of(data) for data in loads(self.refunds_text)]

    @property
    def cancellation(self) -> Cancellation | None:
        if self.cancel_reason is None or self.cancelled_at is None:
            return None
        return Cancellation(
            CancelReason(self.cancel_reason), self.notes.get("cancel"), self.cancelled_at, self.cancelled_by or ""
        )


def loads(text: str | None) -> Any:
    """A jsonb column, which arrives as text."""
    return None if text is None else orjson.loads(text)


def address_of(data: Mapping[str, Any] | None) -> Address | None:
    """An address from its stored form."""
    return None if data is None else Address(**data)


def package_of(data: Mapping[str, Any] | None) -> Package | None:
    """A package from its stored form."""
    return None if data is None else Package(**data)


def line_of(row: tuple[Any, ...]) -> OrderLine:
    """The line of a row of LINE_COLUMNS."""
    line = OrderLine(*row)
    if row[10] is not None:
        line.options = orjson.loads(row[10])
    if row[13] is not None:
        line.package = Package(**orjson.loads(row[13]))
    return line


def payment_of(row: tuple[Any, ...]) -> Payment:
    """The payment of a row of PAYMENT_COLUMNS."""
    return Payment(row[0], PaymentState(row[1]), *row[2:])


def shipment_of(row: tuple[Any, ...]) -> Shipment:
    """The shipment of a row of SHIPMENT_COLUMNS."""
    *columns, packed = row
    id_, status, mode, *about, package, window, label_url, cost, cost_currency, problem, label = columns
    shipment = Shipment(
        id_,
        ShipmentStatus(status),
        ShipmentMode(mode),
        tuple(ShipmentLine(*each) for each in loads(packed) or ()),
        *about,
    )
    shipment.package = package_of(loads(package))
    pickup = loads(window)
    if pickup is not None:
        shipment.pickup_window = PickupWindow(moment(pickup["start"]), moment(pickup["end"]))
    shipment.label_url, shipment.cost, shipment.cost_currency, shipment.problem = (
        label_url,
        cost,
        cost_currency,
        problem,
    )
    shipment.label = label_of(loads(label))
    return shipment


def label_of(data: dict[str, Any] | None) -> Label | None:
    """A label from its stored form."""
    if data is None:
        return None
    recalled = data["recalled_at"]
    times = {"asked_at": moment(data["asked_at"]), "recalled_at": None if recalled is None else moment(recalled)}
    return Label(**{**data, **times, "state": LabelState(data["state"])})


def moment(text: str) -> datetime:
    """A time in stored JSON."""
    return datetime.fromisoformat(text)


def hold_of(data: dict[str, Any]) -> Hold:
    """A hold from its stored form."""
    times = {name: moment(data[name]) for name in ("at", "until", "released_at") if data[name] is not None}
    return Hold(**{**data, **times})


def return_of(data: dict[str, Any]) -> Return:
    """A return from its stored form."""
    lines = tuple(ReturnLine(**line) for line in data["lines"])
    state = ReturnStatus(data["status"])
    times = {name: moment(data[name]) for name in ("requested_at", "received_at") if data[name] is not None}
    return Return(**{**data, **times, "id": UUID(data["id"]), "status": state, "lines": lines})


def refund_of(data: dict[str, Any]) -> Refund:
    """A refund from its stored form."""
    lines = tuple(RefundLine(**line) for line in data["lines"])
    status = RefundStatus(data["status"]) if "status" in data else RefundStatus.APPROVED  # as before there were others
    return Refund(**{**data, "id": UUID(data["id"]), "at": moment(data["at"]), "lines": lines, "status": status})


def event_of(row: tuple[Any, ...]) -> OrderEvent:
    """The event of a row of EVENT_COLUMNS."""
    sequence, type_, at, subject, roles, data = row
    return OrderEvent(sequence, type_, at, Actor(subject, tuple(roles.split())), loads(data))
