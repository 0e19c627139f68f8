"""Money coming in: what a provider tells about an order's payments."""

from datetime import datetime

from ddd.orders.domain.actions import guard
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, Payment
from ddd.orders.domain.status import PaymentState
from ddd.shared.domain.errors import ErrorCode, Refusals

#: What a payment may become: an authorisation is captured or falls through, a capture stands.
_NEXT = {
    PaymentState.PENDING: frozenset({PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.FAILED}),
    PaymentState.AUTHORIZED: frozenset({PaymentState.CAPTURED, PaymentState.FAILED}),
    PaymentState.CAPTURED: frozenset[PaymentState](),
    PaymentState.FAILED: frozenset({PaymentState.AUTHORIZED, PaymentState.CAPTURED}),
}


def record_payment(
    order: Order,
    *,
    provider: str,
    reference: str,
    state: PaymentState,
    amount: int | None,
    method: str | None,
    actor: Actor,
    at: datetime,
) -> Refusals | bool:
    """Take note of a payment; the same provider and reference are one payment, whatever is told about it next.

    `amount` None: what is known of the payment already, else what is due. Answers whether anything changed: told
    twice is told once. What the workflow makes of it follows: an order that is paid is confirmed.
    """
    refused = guard("recordPayment", order, at)
    if refused is not None:
        return refused
    known = next((each for each in order.payments if (each.provider, each.reference) == (provider, reference)), None)
    if amount is None:
        amount = order.amount_due if known is None else known.amount
    if known is not None:
        if known.state is state and known.amount == amount:
            return False
        if state not in _NEXT[known.state]:
            return Refusals.of(
                ErrorCode.INVALID_TRANSITION, f"A {known.state} payment does not become {state}.", ("state",)
            )
        if known.state is PaymentState.AUTHORIZED and amount > known.amount:
            return Refusals.of(ErrorCode.INVALID_INPUT, "This is more than was authorised.", ("amount",))
    payment = Payment(
        payment_no=len(order.payments) + 1 if known is None else known.payment_no,
        state=state,
        amount=amount,
        at=at,
        method=method if known is None or method is not None else known.method,
        provider=provider,
        reference=reference,
    )
    before = order.payment_status
    if known is None:
        order.payments.append(payment)
    else:
        order.payments[order.payments.index(known)] = payment
    order.touch(at)
    order.tell(
        "order.payment_recorded",
        actor,
        at,
        {
            "paymentNo": payment.payment_no,
            "state": {"before": None if known is None else known.state.value, "after": state.value},
            "amount": amount,
            "provider": provider,
            "reference": reference,
            "method": payment.method,
            **({} if known is None else {"before": {"amount": known.amount, "method": known.method}}),
            "paymentStatus": {"before": before.value, "after": order.payment_status.value},
        },
    )
    order.go_on(actor, at)
    return True


def confirm(order: Order, *, actor: Actor, at: datetime) -> Refusals | None:
    """PENDING becomes CONFIRMED: once paid, or as the workflow says."""
    refused = guard("confirmOrder", order, at)
    if refused is not None:
        return refused
    order.touch(at)
    order.confirm(actor, at)
    return None
