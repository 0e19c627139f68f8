"""The order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ddd.orders.domain.actions import guard
from ddd.orders.domain.amounts import Amounts
from ddd.orders.domain.facts import order_facts
from ddd.orders.domain.label import LabelState
from ddd.orders.domain.parts import (
    Actor,
    Address,
    Cancellation,
    CancelReason,
    Customer,
    Hold,
    OrderEvent,
    OrderLine,
    Payment,
    Refund,
    Return,
    Shipment,
    ShipmentLine,
    ShipmentMode,
    ShipmentStatus,
    what_is_left,
)
from ddd.orders.domain.status import Milestones, OrderStatus, order_status
from ddd.orders.domain.workflow import PLAIN_WAY, Course, DueKind, Way
from ddd.published.workflow import PLAIN, StepOutcome
from ddd.shared.domain.errors import ErrorCode, Refusals
from ddd.shared.domain.facts import Facts

_PLAIN_COURSE = Course(PLAIN)


@dataclass(slots=True)
class Order(Amounts):
    """A customer's order.

    A storefront places it with everything decided but the stock: prices, taxes and discounts are the checkout's, the
    sums are ours. Or a branch drafts it, edits the draft, and places it by submitting it (see `drafting`). From then on
    its amounts stand still. Each line is reserved in one branch until it ships or is
    cancelled. Paid (or total 0) it is confirmed; unpaid it waits as PENDING, and shipping it confirms it. Units leave
    in shipments; what has not left may be cancelled. The status is never set: it follows from milestones and the
    lines' quantities. Every change bumps the version and adds an event; the events tell the whole life in order.
    """

    id: UUID
    order_number: str
    channel: str
    currency: str
    customer: Customer
    shipping_address: Address
    lines: list[OrderLine]
    subtotal: int
    discount_total: int
    shipping_total: int
    tax_total: int
    total: int
    placed_at: datetime
    updated_at: datetime
    external_ref: str | None = None
    billing_address: Address | None = None
    taxes_included: bool = False
    branch_code: str | None = None
    note: str | None = None
    metadata: Any = None
    #: What the checkout told beside the sums: `discounts`, `taxes`, `shipping`, under their names in the API; their
    #: free words stand in `notes`. Kept as placed.
    terms: Mapping[str, Any] = field(default_factory=dict)
    workflow_version: int = 1
    version: int = 1
    payments: list[Payment] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    cancellation: Cancellation | None = None
    confirmed_at: datetime | None = None
    completed_at: datetime | None = None
    #: The sequence of the last event.
    sequence: int = 0
    submitted_at: datetime | None = None
    #: When a workflow last sent it back to be a draft.
    sent_back_at: datetime | None = None
    holds: list[Hold] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    #: `outcomes`: what came of each step so far, by its name, with `by` (null: the server) and `at`; `reviewer`: the
    #: subject that was named.
    steps: dict[str, Any] = field(default_factory=dict)
    activity_status: str | None = None
    #: Free words of people, by what they are about: `cancel`, `hold:1`, `return_reason:<id>`, `return:<id>`,
    #: `refund:<id>`, `review:<id>` of either, `shipment:<id>`, `step:<name>` (with its input as JSON under
    #: `input:<name>`), `reviewer`, `discount:<n>` (counted from 1), `delivery_time`.
    notes: dict[str, str] = field(default_factory=dict)
    #: Events raised since the order was loaded or made.
    news: list[OrderEvent] = field(default_factory=list)
    #: The workflow version that it goes by. Not part of its state: whoever loads the order sets it.
    way: Way = field(default=PLAIN_WAY, repr=False, compare=False)

    # -- derived ------------------------------------------------------------------------------------------------

    @property
    def status(self) -> OrderStatus:
        if not self.lines:  # a draft to which nobody added any yet
            return OrderStatus.DRAFT if self.cancellation is None else OrderStatus.CANCELLED
        milestones = Milestones(
            self.submitted_at is not None, self.confirmed_at is not None, self.completed_at is not None
        )
        return order_status(milestones, self.lines)

    @property
    def was_submitted(self) -> bool:
        """Whether it ever was more than a draft of the staff's."""
        return self.submitted_at is not None or self.sent_back_at is not None

    # -- life ---------------------------------------------------------------------------------------------------

    def cancel(
        self,
        quantities: Mapping[int, int],
        *,
        whole: bool,
        reason: CancelReason,
        note: str | None,
        actor: Actor,
        at: datetime,
    ) -> Refusals | None:
        """Cancel units by line number: what has not left. `whole`: nobody named lines."""
        refused = guard("cancelOrder", self, at, is_whole=whole)
        if refused is not None or (not quantities and self.lines):
            return refused or Refusals.of(ErrorCode.INVALID_TRANSITION, "Nothing is left to cancel.")
        self.touch(at)
        self.call_off(quantities, whole=whole, reason=reason, note=note, actor=actor, at=at)
        return None

    def call_off(
        self,
        quantities: Mapping[int, int],
        *,
        whole: bool,
        reason: CancelReason,
        note: str | None,
        actor: Actor,
        at: datetime,
    ) -> None:
        """The cancellation itself, as part of a change."""
        before = self.status
        called_off = [shipment for shipment in self.shipments if whole and shipment.holds_back]
        for shipment in called_off:
            shipment.status = ShipmentStatus.CANCELLED
        for line_no, quantity in quantities.items():
            line = self.line(line_no)
            line.cancelled_quantity += quantity
            if line.branch_code is not None:
                line.reserved_quantity -= quantity
        self.cancellation = Cancellation(reason, note, at, actor.subject)
        self.note_down("cancel", note)
        ended = self.status is OrderStatus.CANCELLED
        self.tell(
            "order.cancelled" if ended else "order.lines_cancelled",
            actor,
            at,
            {
                "reason": reason.value,
                "lines": [{"lineNo": number, "quantity": quantity} for number, quantity in quantities.items()],
                **({"shipmentIds": [str(shipment.id) for shipment in called_off]} if called_off else {}),
                "status": {"before": before.value, "after": self.status.value},
            },
        )
        for shipment in called_off:
            self.recall_label(shipment, actor, at)

    def recall_label(self, shipment: Shipment, actor: Actor, at: datetime) -> None:
        """Nobody wants the shipment's label any more: what stands of it at the carrier is to be taken back."""
        if shipment.label is None or shipment.label.state is LabelState.VOIDED:
            return
        shipment.label = replace(shipment.label, recalled_at=at)
        shipment.problem = None
        self.tell("order.label_recalled", actor, at, {"shipmentId": str(shipment.id)})

    def ship(
        self,
        quantities: Mapping[int, int],
        *,
        shipment_id: UUID,
        carrier: str | None,
        tracking_reference: str | None,
        tracking_url: str | None,
        shipped_at: datetime,
        actor: Actor,
        at: datetime,
    ) -> Refusals | None:
        """Units leave, in one shipment. A PENDING order is confirmed by it."""
        refused = guard("markAsShipped", self, at)
        if refused is not None or not quantities:
            return refused or Refusals.of(ErrorCode.INVALID_TRANSITION, "Nothing is left to ship.")
        self.touch(at)
        if self.confirmed_at is None:
            self.confirm(actor, at)
        before = self.status
        branches = self.branches_of(quantities)
        shipment = Shipment(
            id=shipment_id,
            status=ShipmentStatus.PENDING,
            mode=ShipmentMode.WAREHOUSE,
            lines=tuple(ShipmentLine(n, self.line(n).sku, quantity) for n, quantity in quantities.items()),
            carrier=carrier,
            tracking_reference=tracking_reference,
            tracking_url=tracking_url,
            branch_code=branches[0] if len(branches) == 1 else None,
            shipped_at=shipped_at,
        )
        self.shipments.append(shipment)
        self.take_out(shipment)
        self.tell(
            "order.shipped",
            actor,
            at,
            {
                "shipmentId": str(shipment.id),
                "mode": shipment.mode.value,
                "carrier": carrier,
                "trackingReference": tracking_reference,
                "trackingUrl": tracking_url,
                "branchCode": shipment.branch_code,
                "shippedAt": shipped_at.isoformat(),
                "lines": [{"lineNo": number, "quantity": quantity} for number, quantity in quantities.items()],
                "shipmentStatus": {"before": None, "after": shipment.status.value},
                "status": {"before": before.value, "after": self.status.value},
            },
        )
        return None

    def take_out(self, shipment: Shipment) -> None:
        """The shipment's units leave: they count as shipped, and are not reserved any more."""
        for packed in shipment.lines:
            line = self.line(packed.line_no)
            line.shipped_quantity += packed.quantity
            if line.branch_code is not None:
                line.reserved_quantity -= packed.quantity
        shipment.status = ShipmentStatus.SHIPPED

    def branches_of(self, line_nos: Iterable[int]) -> list[str]:
        """Where these lines lie, each branch once; lines that stock is not kept of lie nowhere."""
        codes = (self.line(line_no).branch_code for line_no in line_nos)
        return list(dict.fromkeys(code for code in codes if code is not None))

    def left(self, lines: Iterable[OrderLine]) -> dict[int, int]:
        """Units of these lines that may still be packed, shipped or cancelled, by line number."""
        return what_is_left(lines, self.shipments)

    def shipment(self, shipment_id: UUID | None) -> Shipment | None:
        return next((each for each in self.shipments if each.id == shipment_id), None)

    def note_down(self, about: str, words: str | None) -> None:
        """Keep somebody's words; None takes earlier ones about the same away."""
        self.notes.pop(about, None)
        if words is not None:
            self.notes[about] = words

    def is_held(self, now: datetime) -> bool:
        return any(hold.is_active(now) for hold in self.holds)

    # -- workflow -----------------------------------------------------------------------------------------------

    def course(self) -> Course:
        """The workflow's steps before the order as it is now."""
        workflow, evaluate = self.way
        if workflow is PLAIN:
            return _PLAIN_COURSE
        known: list[Facts] = []

        def facts() -> Facts:
            if not known:
                known.append(order_facts(self, self.lines))
            return known[0]

        outcomes = self.steps.get("outcomes", {})
        records = {name: StepOutcome(record["outcome"]) for name, record in outcomes.items()}
        return Course(workflow, records, facts, evaluate)

    @property
    def reviewer(self) -> str | None:
        """The subject whose review counts."""
        return self.steps.get("reviewer")

    def record_step(self, name: str, outcome: StepOutcome, by: str | None, at: datetime) -> None:
        """Keep what came of a step; `by` None: the server did it."""
        record = {"outcome": outcome.value, "by": by, "at": at.isoformat()}
        self.steps = {**self.steps, "outcomes": {**self.steps.get("outcomes", {}), name: record}}

    def go_on(self, actor: Actor, at: datetime) -> None:
        """Do what the workflow does by itself, until nothing is due; part of the change that brought it about."""
        if self.way.workflow is PLAIN:
            if self.confirmed_at is None and self.is_paid and self.status is OrderStatus.PENDING:
                self.confirm(actor, at)
            return
        while not self.is_held(at):
            due = self.course().due(self.status, is_paid=self.is_paid, is_settled=not self.amount_due)
            if due is None:
                break
            if due.kind is DueKind.CONFIRM:
                self.confirm(actor, at)
            elif due.kind is DueKind.COMPLETE:
                self.complete(actor, at)
            elif due.step is not None:
                self.record_step(due.step, StepOutcome.DONE, None, at)
                data = {"step": due.step, "outcome": StepOutcome.DONE.value, "automatic": True}
                self.tell("order.step_completed", actor, at, data)
        before, self.activity_status = self.activity_status, self.course().standing(self.status).activity_status
        if before != self.activity_status and self.news:
            last = self.news[-1]  # what the change made of the sub-state is told with what it did last
            before = last.data.get("activityStatus", {"before": before})["before"]
            data = {**last.data, "activityStatus": {"before": before, "after": self.activity_status}}
            self.news[-1] = replace(last, data=data)

    # -- helpers ------------------------------------------------------------------------------------------------

    def confirm(self, actor: Actor, at: datetime) -> None:
        """The milestone: from here on the order is to be fulfilled."""
        before = self.status
        self.confirmed_at = at
        self.tell("order.confirmed", actor, at, {"status": {"before": before.value, "after": self.status.value}})

    def complete(self, actor: Actor, at: datetime) -> None:
        """The milestone: the end of the order."""
        before = self.status
        self.completed_at = at
        self.tell("order.completed", actor, at, {"status": {"before": before.value, "after": self.status.value}})

    def touch(self, at: datetime) -> None:
        """One change more: the version that clients lock by. A change begins with it: its events tell that version."""
        self.version += 1
        self.updated_at = at

    def tell(self, type_: str, actor: Actor, at: datetime, data: Mapping[str, Any]) -> None:
        """Raise the next event of the order's life; where it leaves a status, with what of its steps was not done.

        `data` has what `rebuild` needs to do the same to the order, but for a person's values and free data.
        """
        if self.way.workflow.steps:
            data = self._with_verdicts(data)
        self.sequence += 1
        self.news.append(OrderEvent(self.sequence, type_, at, actor, {**data, "version": self.version}))

    def _with_verdicts(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        left = data.get("status")
        if left is None or left["before"] in (None, left["after"]):
            return data
        verdicts = self.course().standing(left["before"]).verdicts()
        return {**data, "steps": [each._asdict() for each in verdicts]} if verdicts else data
