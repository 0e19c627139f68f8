"""confirmOrder and recordPayment."""

from collections.abc import Mapping
from typing import Any

from ddd.orders.application.change_order import Change, change_order
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.orders.domain.payments import confirm, record_payment
from ddd.orders.domain.status import PaymentState
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import ErrorCode, Refusals


def confirm_order(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """PENDING becomes CONFIRMED, once paid."""

    def decide(change: Change) -> list[Write] | Refusals:
        return confirm(change.order, actor=change.actor, at=change.now) or []

    return change_order(caller, given, "confirmOrder", orders, decide)


def record_order_payment(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Take note of what a payment provider told; the same provider and reference are one payment."""

    def decide(change: Change) -> list[Write] | Refusals:
        order, form = change.order, change.form
        provider = form.required_text("provider")
        reference = form.required_text("reference")
        amount = form.amount("amount", order.currency, default=None)
        own_currency(form, order.currency)
        method = form.text("method")
        if form.faults:
            return Refusals(tuple(form.faults))
        recorded = record_payment(
            order,
            provider=provider,
            reference=reference,
            state=PaymentState(form.raw("state")),
            amount=amount,
            method=method,
            actor=change.actor,
            at=change.now,
        )
        return recorded if isinstance(recorded, Refusals) else []

    return change_order(caller, given, "recordPayment", orders, decide)


def own_currency(form: Form, currency: str) -> None:
    """Money of an order moves in the order's currency: another one named is a fault."""
    named = form.text("currency")
    if named is not None and named != currency:
        form.refuse("currency", f"The order is in {currency}.", ErrorCode.CURRENCY_MISMATCH)
