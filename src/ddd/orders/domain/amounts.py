"""What an order's units cost, what was paid and given back for them: minor units of the order's currency."""

from collections.abc import Mapping
from fractions import Fraction
from uuid import UUID

from ddd.orders.domain.parts import Cancellation, OrderLine, Payment, Refund, Return, ReturnStatus
from ddd.orders.domain.status import PaymentState, PaymentStatus, payment_status
from ddd.shared.domain.money import round_half_up


class Amounts:
    """The derived amounts and units of an order. Nothing is stored here: each follows from the order's parts."""

    __slots__ = ()

    lines: list[OrderLine]
    payments: list[Payment]
    refunds: list[Refund]
    returns: list[Return]
    subtotal: int
    discount_total: int
    tax_total: int
    total: int
    taxes_included: bool
    cancellation: Cancellation | None

    def line(self, line_no: int) -> OrderLine:
        return self.lines[line_no - 1]

    @property
    def is_over(self) -> bool:
        """Cancelled as a whole: nothing is open."""
        if not self.lines:
            return self.cancellation is not None
        return all(line.open_quantity == 0 for line in self.lines)

    @property
    def authorized(self) -> int:
        return sum(payment.amount for payment in self.payments if payment.state is PaymentState.AUTHORIZED)

    @property
    def captured(self) -> int:
        return sum(payment.amount for payment in self.payments if payment.state is PaymentState.CAPTURED)

    @property
    def refunded(self) -> int:
        """What went back; what waits for a review did not."""
        return sum(refund.amount for refund in self.refunds if refund.counts)

    @property
    def standing_refunds(self) -> list[Refund]:
        """Those whose units and money nobody else may have: made, or waiting for a review."""
        return [refund for refund in self.refunds if refund.stands]

    @property
    def is_paid(self) -> bool:
        """Captured or authorised to the full, or nothing to pay."""
        return self.authorized >= self.amount_due

    @property
    def payment_status(self) -> PaymentStatus:
        """Of what was not cancelled; of an order cancelled whole, of what it was."""
        owed = self.total if self.is_over else self.total - self.cancelled_value
        return payment_status(owed, self.authorized, self.captured, self.refunded)

    @property
    def amount_due(self) -> int:
        """What is still to be paid for what was not cancelled; never below 0."""
        if self.is_over:
            return 0
        given_back = sum(refund.for_cancelled for refund in self.refunds if refund.counts)
        return max(0, self.total - self.cancelled_value - (self.captured - given_back))

    @property
    def overpaid(self) -> int:
        """What was paid beyond what is owed, and no refund has settled; never below 0.

        Nothing is owed for an order that was cancelled whole, whatever is captured afterwards.
        """
        owed = 0 if self.is_over else self.total - self.cancelled_value
        settled = sum(refund.for_cancelled + refund.withheld for refund in self.standing_refunds)
        return max(0, self.captured - owed - settled)

    def refund_limit(self, cap_percent: Fraction) -> int:
        """What may still go back of what was paid, of which the cap is a share; may be below 0."""
        asked = sum(refund.amount for refund in self.standing_refunds)
        return round_half_up(self.captured * cap_percent / 100) - asked

    @property
    def cancelled_value(self) -> int:
        """What the cancelled units would have cost, in minor units."""
        return self.value_of({line.line_no: line.cancelled_quantity for line in self.lines if line.cancelled_quantity})

    def value_of(self, quantities: Mapping[int, int]) -> int:
        """What was asked for these units: their share of lines, line taxes, order discounts and taxes; minor units."""
        if not quantities:
            return 0
        share = Fraction(0)
        for line_no, quantity in quantities.items():
            share += self.unit_share(self.line(line_no)) * quantity
        return round_half_up(share)

    def worth(self, quantities: Mapping[int, int]) -> int:
        """What is to be given back for these units, after what was refunded: together no more than they cost together.

        The last unit of an order that was cancelled whole brings what no unit has a share in: the shipping.
        """
        if not quantities:
            return 0
        before: dict[int, int] = {}
        for refund in self.standing_refunds:
            for each in refund.lines:
                before[each.line_no] = before.get(each.line_no, 0) + each.quantity
        after = {line.line_no: before.get(line.line_no, 0) + quantities.get(line.line_no, 0) for line in self.lines}
        is_over = all(line.cancelled_quantity == line.quantity == after[line.line_no] for line in self.lines)
        return max(0, (self.total if is_over else self.value_of(after)) - self.value_of(before))

    def unit_share(self, line: OrderLine) -> Fraction:
        """What one unit costs: its share of line total, line tax, and the order's discounts and taxes on top."""
        adjusted = self.subtotal - self.discount_total
        tax = 0
        if not self.taxes_included:
            adjusted += self.tax_total - sum(each.tax for each in self.lines)
            tax = line.tax
        adjusted = max(0, adjusted)  # a discount beyond the goods eats into shipping, which no unit has a share in
        share = Fraction(line.line_total * adjusted, self.subtotal) if self.subtotal else Fraction(0)
        return (share + tax) / line.quantity

    def returnable(self, line: OrderLine) -> int:
        """Units of the line that have left and are neither back nor announced."""
        announced = sum(
            packed.quantity
            for each in self.returns
            if each.status is not ReturnStatus.REJECTED
            for packed in each.lines
            if packed.line_no == line.line_no
        )
        return line.shipped_quantity - announced

    def refundable(self, line: OrderLine, return_id: UUID | None = None) -> int:
        """Units that came back (in one return, where it is named) or were cancelled, and were not refunded yet."""
        cancelled, returned = self.refundable_units(line)
        if return_id is None:
            return cancelled + returned
        came = sum(
            each.received
            for made in self.returns
            if made.id == return_id
            for each in made.lines
            if each.line_no == line.line_no
        )
        refunded = sum(
            each.quantity
            for refund in self.standing_refunds
            if refund.return_id == str(return_id)
            for each in refund.lines
            if each.line_no == line.line_no
        )
        return min(returned, came - refunded)

    def refundable_units(self, line: OrderLine) -> tuple[int, int]:
        """Units not refunded yet: cancelled ones, and ones that came back."""
        refunded = [each for refund in self.standing_refunds for each in refund.lines if each.line_no == line.line_no]
        returned = sum(each.returned for each in refunded)
        cancelled = sum(each.quantity for each in refunded) - returned
        return line.cancelled_quantity - cancelled, line.returned_quantity - returned
