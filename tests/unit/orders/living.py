"""Leading an order through its life, without a database: what a mutation gives, at `NOW`, by the clerk."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from ddd.orders.domain import holding, payments, returning, shipping
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, CancelReason, Refund, Return, Shipment, ShipmentMode
from ddd.orders.domain.returning import ReturnRules
from ddd.orders.domain.status import PaymentState
from ddd.shared.domain.errors import Refusals
from tests.unit.orders.support import ACTOR, NOW

RULES = ReturnRules()
BY: dict[str, Any] = {"actor": ACTOR, "at": NOW}


def fee(percent: int) -> ReturnRules:
    return ReturnRules(fee_percent=Fraction(percent))


def faults(refused: Refusals | bool | None) -> list[tuple[str, str | None]]:
    """Code and dotted path of each refusal; none where it was done."""
    if not isinstance(refused, Refusals):
        return []
    return [(each.code.value, None if each.field is None else ".".join(each.field)) for each in refused.items]


def pay(
    order: Order, amount: int | None = None, state: PaymentState = PaymentState.CAPTURED, reference: str = "pi_1"
) -> Refusals | bool:
    return payments.record_payment(
        order, provider="stripe", reference=reference, state=state, amount=amount, method=None, **BY
    )


def cancel(order: Order, quantities: Mapping[int, int] | None = None) -> Refusals | None:
    """These units; None: the order as a whole, what is packed too."""
    whole = {line.line_no: line.unshipped_quantity for line in order.lines if line.unshipped_quantity}
    return order.cancel(
        whole if quantities is None else quantities,
        whole=quantities is None,
        reason=CancelReason.OTHER,
        note=None,
        **BY,
    )


def pack(order: Order, quantities: Mapping[int, int] | None = None, instructions: str | None = None) -> Shipment:
    """A shipment of these units, of all that is left where none are named."""
    assert faults(pack_or_not(order, quantities, instructions)) == []
    return order.shipments[-1]


def pack_or_not(
    order: Order, quantities: Mapping[int, int] | None = None, instructions: str | None = None
) -> Refusals | None:
    return shipping.create_shipment(
        order,
        order.left(order.lines) if quantities is None else quantities,
        shipment_id=uuid4(),
        mode=ShipmentMode.WAREHOUSE,
        carrier=None,
        package=None,
        pickup_window=None,
        instructions=instructions,
        **BY,
    )


def ship(order: Order, quantities: Mapping[int, int] | None = None) -> Refusals | None:
    """Units leave in one call."""
    return order.ship(
        order.left(order.lines) if quantities is None else quantities,
        shipment_id=uuid4(),
        carrier=None,
        tracking_reference=None,
        tracking_url=None,
        shipped_at=NOW,
        **BY,
    )


def confirm(order: Order, shipment: Shipment) -> Refusals | None:
    return shipping.confirm_shipment(order, shipment, **BY)


def dispatch(order: Order, shipment: Shipment, carrier: str | None = None) -> Refusals | None:
    return shipping.dispatch_shipment(
        order, shipment, carrier=carrier, tracking_reference=None, tracking_url=None, shipped_at=NOW, **BY
    )


def arrive(order: Order, shipment: Shipment, delivered_at: datetime = NOW) -> Refusals | None:
    return shipping.deliver_shipment(order, shipment, delivered_at=delivered_at, **BY)


def call_off(order: Order, shipment: Shipment) -> Refusals | None:
    return shipping.cancel_shipment(order, shipment, **BY)


def hold(order: Order, until: datetime | None = None) -> Refusals | None:
    return holding.hold(order, reason="is it Ann's card?", until=until, **BY)


def release(order: Order, at: datetime = NOW) -> Refusals | None:
    return holding.release_hold(order, actor=ACTOR, at=at)


def ask_back(
    order: Order,
    quantities: Mapping[int, int],
    rules: ReturnRules = RULES,
    at: datetime = NOW,
    actor: Actor = ACTOR,
) -> Refusals | None:
    return returning.request_return(
        order,
        quantities,
        return_id=uuid4(),
        reason="Ann cut her finger",
        note="call Ann",
        rules=rules,
        paths={line_no: ("lines", str(place)) for place, line_no in enumerate(quantities)},
        actor=actor,
        at=at,
    )


def come_back(order: Order, quantities: Mapping[int, int]) -> Return:
    """Asked for and received whole, back to stock."""
    assert faults(ask_back(order, quantities)) == []
    arrived = {line_no: (units, 0) for line_no, units in quantities.items()}
    assert faults(returning.receive_return(order, order.returns[-1], arrived, **BY)) == []
    return order.returns[-1]


def refund_or_not(
    order: Order,
    quantities: Mapping[int, int],
    amount: int | None = None,
    restocking_fee: int | None = None,
    rules: ReturnRules = RULES,
    return_id: UUID | None = None,
    is_named: bool = True,
) -> Refusals | None:
    return returning.process_refund(
        order,
        quantities,
        is_named=is_named,
        refund_id=uuid4(),
        amount=amount,
        fee=restocking_fee,
        reason="Ann was angry",
        return_id=return_id,
        provider=None,
        reference=None,
        rules=rules,
        **BY,
    )


def refund_all(order: Order, **more: Any) -> Refusals | None:
    """Of whatever is to go back."""
    units = {line.line_no: units for line in order.lines if (units := order.refundable(line))}
    return refund_or_not(order, units, is_named=False, **more)


def refund(order: Order, quantities: Mapping[int, int], **more: Any) -> Refund:
    assert faults(refund_or_not(order, quantities, **more)) == []
    return order.refunds[-1]
