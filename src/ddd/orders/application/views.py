"""The order as it is told: over the aggregate after a change, over rows after a read, through the eyes of the caller.

A Vendor sees the lines that are its own or open, their shipments, the customer's name and the shipping address; no
totals, payments, other vendors' lines, nor the billing address; and who else acted by role alone, for a subject may be
the customer's id. A customer sees nothing of what passes between the house and its carriers. What somebody noted down
(why it holds the order, a note on a cancellation or return) is read by staff and by who wrote it.
"""

from dataclasses import astuple, replace
from datetime import datetime
from typing import Any

from ddd.orders.application.available_actions import ActionView, available_actions
from ddd.orders.application.part_views import (
    ActorView,
    HoldView,
    MoneyView,
    OrderLineView,
    PaymentView,
    RefundLineView,
    RefundView,
    ReturnLineView,
    ReturnView,
    ShipmentLineView,
    ShipmentView,
    TimelineView,
    WorkflowView,
    line_id,
    money_view,
    shows,
)
from ddd.orders.application.reading import OrderFacts, OrderParts, order_of
from ddd.orders.application.sight import Sight
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Address, Cancellation, Customer, Refund, ShipmentLine
from ddd.orders.domain.status import PaymentStatus
from ddd.orders.domain.workflow import PLAIN_WAY, Way
from ddd.shared.application.access import Grant


@shows("_order", Order)
class OrderView:
    """One order through one caller's eyes. Amounts become money only where they are asked for."""

    __slots__ = ("_grant", "_now", "_order", "_parts", "_sight", "_way")

    def __init__(
        self, order: OrderFacts, parts: OrderParts, sight: Sight, grant: Grant, now: datetime, way: Way = PLAIN_WAY
    ) -> None:
        self._way = way
        self._now = now
        self._order = order
        self._parts = parts
        self._sight = sight
        self._grant = grant

    def __getattr__(self, name: str) -> Any:
        return getattr(self._order, name)

    def _money(self, minor: int) -> MoneyView | None:
        return money_view(minor, self._order.currency) if self._sight.is_whole else None

    @property
    def payment_status(self) -> PaymentStatus | None:
        return self._order.payment_status if self._sight.is_whole else None

    @property
    def subtotal(self) -> MoneyView | None:
        return self._money(self._order.subtotal)

    @property
    def discount_total(self) -> MoneyView | None:
        return self._money(self._order.discount_total)

    @property
    def shipping_total(self) -> MoneyView | None:
        return self._money(self._order.shipping_total)

    @property
    def tax_total(self) -> MoneyView | None:
        return self._money(self._order.tax_total)

    @property
    def total(self) -> MoneyView | None:
        return self._money(self._order.total)

    @property
    def amount_due(self) -> MoneyView | None:
        return self._money(self._order.amount_due)

    @property
    def customer(self) -> Customer:
        customer = self._order.customer
        if self._sight.is_whole:
            return customer
        return Customer(None, customer.first_name, customer.last_name, None, None)

    @property
    def billing_address(self) -> Address | None:
        return self._order.billing_address if self._sight.is_whole else None

    @property
    def lines(self) -> list[OrderLineView]:
        lines, order_id, currency = self._parts.lines, str(self._order.id), self._order.currency
        if not self._sight.is_whole:
            lines = [line for line in lines if self._sight.sees(line)]
        return [OrderLineView(line, order_id, currency) for line in lines]

    @property
    def payments(self) -> list[PaymentView]:
        if not self._sight.is_whole:
            return []
        return [PaymentView(payment, self._order.currency) for payment in self._parts.payments]

    @property
    def shipments(self) -> list[ShipmentView]:
        seen = {line.line_no for line in self._parts.lines if self._sight.sees(line)}
        views = []
        for shipment in self._parts.shipments:
            lines = [self._shipment_line(line) for line in shipment.lines if line.line_no in seen]
            if lines:
                instructions = self._order.notes.get(f"shipment:{shipment.id}")
                address, is_own = self._order.shipping_address, self._sight.is_own
                views.append(ShipmentView(shipment, lines, address, instructions, is_own=is_own))
        return views

    def _shipment_line(self, line: ShipmentLine) -> ShipmentLineView:
        return ShipmentLineView(line_id(self._order.id, line.line_no), line.sku, line.quantity)

    @property
    def returns(self) -> list[ReturnView]:
        skus = {line.line_no: line.sku for line in self._parts.lines if self._sight.sees(line)}
        views = []
        for each in self._order.returns:
            lines = [
                ReturnLineView(line_id(self._order.id, line.line_no), skus[line.line_no], *astuple(line)[1:])
                for line in each.lines
                if line.line_no in skus
            ]
            if lines:
                reason = self._order.notes.get(f"return_reason:{each.id}", "")
                note = self._noted(f"return:{each.id}", each.by)
                views.append(ReturnView(each.id, each.status, reason, note, lines, each.requested_at, each.received_at))
        return views

    @property
    def refunds(self) -> list[RefundView]:
        return [self._refund(each) for each in self._order.refunds] if self._sight.is_whole else []

    def _refund(self, refund: Refund) -> RefundView:
        order = self._order
        skus = {line.line_no: line.sku for line in self._parts.lines}
        return RefundView(
            refund.id,
            refund.status,
            money_view(refund.amount, order.currency),
            money_view(refund.restocking_fee, order.currency),
            order.notes.get(f"refund:{refund.id}"),
            [
                RefundLineView(line_id(order.id, each.line_no), skus[each.line_no], each.quantity, each.returned)
                for each in refund.lines
            ],
            refund.return_id,
            refund.provider,
            refund.reference,
            refund.at,
        )

    @property
    def holds(self) -> list[HoldView]:
        return [
            HoldView(
                self._noted(f"hold:{each.hold_no}", each.by),
                each.until,
                self._subject(each.by),
                each.at,
                each.released_at,
            )
            for each in self._order.holds
        ]

    def _noted(self, about: str, by: str) -> str | None:
        """What somebody noted down, where the caller may read it."""
        may_read = self._sight.reads_notes or by == self._grant.caller.subject
        return self._order.notes.get(about) if may_read else None

    @property
    def timeline(self) -> list[TimelineView]:
        hides = self._sight.is_own
        return [
            TimelineView(
                event.sequence,
                event.at,
                event.type,
                ActorView(self._subject(event.actor.subject), list(event.actor.roles)),
                event.data if self._sight.is_whole and not (hides and event.type.startswith("order.label_")) else {},
            )
            for event in self._parts.events
        ]

    @property
    def cancellation(self) -> Cancellation | None:
        cancellation = self._order.cancellation
        if cancellation is None or self._sight.reads_notes:
            return cancellation
        by = cancellation.by
        return replace(cancellation, note=self._noted("cancel", by), by=self._subject(by))

    def _subject(self, subject: str) -> str:
        return subject if self._sight.is_whole or subject == self._grant.caller.subject else ""

    @property
    def workflow(self) -> WorkflowView:
        return WorkflowView(self._order.workflow_version)

    @property
    def available_actions(self) -> list[ActionView]:
        order = order_of(self._order, self._parts, self._way)
        return available_actions(order, self._grant, self._now)
