"""Labels, by jobs: after the commit that wanted one a carrier is asked, and its answer comes back as a change.

    order.label_requested   -> buy_label    until it is bought, refused for good, or not wanted any more
    order.label_recalled    -> void_label   until nothing stands at the carrier

Both read what is so, ask without a transaction open, and write under the order's lock what came of it: run twice, or
killed in between, they come to the same. Of one shipment's jobs one asks at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from ddd.orders.application.carriers import (
    BuyOutcome,
    CarrierRefused,
    Carriers,
    CarrierUnavailable,
    LabelBought,
    LabelOrdered,
    LabelVoided,
    VoidOutcome,
    account_of,
)
from ddd.orders.application.change_order import Change, change_order
from ddd.orders.application.label_requests import Found, Origins, account_now, label_key, label_request, origin_of
from ddd.orders.application.ports import Orders
from ddd.orders.domain import labelling
from ddd.orders.domain.label import Label, LabelState
from ddd.orders.domain.parts import Shipment
from ddd.shared.application.events import PublishedEvent
from ddd.shared.application.jobs import Deferral, Retry
from ddd.shared.application.statements import Write
from ddd.shared.application.system import system_caller
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import Refusals, RequestRefused

BUY: Final = "orders.buy_label"
VOID: Final = "orders.void_label"

#: Somebody else asks the carrier about this shipment right now.
_BUSY: Final = Retry(timedelta(seconds=5), "Another job is at this shipment.")
#: A suspended tenant, or an order on hold, is looked at again.
_LOOK_AGAIN: Final = timedelta(minutes=15)
#: After no answer: at first as the carrier says or a minute, then as long again as it has been asked for already.
_UNAVAILABLE: Final = (timedelta(minutes=1), timedelta(hours=1))
#: After a no that may end.
_REFUSED: Final = (timedelta(minutes=15), timedelta(hours=6))
#: So long what was sent before a label was recalled may still be at work: it is looked for once more.
_SETTLED_AFTER: Final = timedelta(seconds=75)
_GIVES_UP_AFTER: Final = timedelta(days=30)


class ShipmentLocks(Protocol):
    def hold(self, tenant_id: str, shipment_id: UUID) -> AbstractContextManager[bool]:
        """As long as the `with` lasts nobody else holds this shipment; False: somebody else does. Ends with its
        process."""
        ...


@dataclass(frozen=True, slots=True)
class Labels:
    """What the jobs work with. `orders`: the server's own, which asks for no permission."""

    orders: Orders
    carriers: Carriers
    origins: Origins
    locks: ShipmentLocks


def after_request(event: PublishedEvent) -> Sequence[Deferral]:
    """A label is wanted: it is to be bought."""
    return [Deferral(BUY, _named(event))]


def after_recall(event: PublishedEvent) -> Sequence[Deferral]:
    """A label is not wanted any more: what stands of it is to be taken back."""
    return [Deferral(VOID, _named(event))]


def _named(event: PublishedEvent) -> dict[str, str]:
    return {"orderId": str(event.aggregate_id), "shipmentId": event.payload["shipmentId"]}


def buy_label(tenant_id: str, args: Mapping[str, Any], labels: Labels) -> Retry | None:
    """Buy the label that was wanted, or go on with it."""
    return _alone(tenant_id, args, labels, _buy)


def void_label(tenant_id: str, args: Mapping[str, Any], labels: Labels) -> Retry | None:
    """Take back what stands of a recalled label."""
    return _alone(tenant_id, args, labels, _void)


def _alone(
    tenant_id: str, args: Mapping[str, Any], labels: Labels, work: Callable[[Caller, Found, Labels], Retry | None]
) -> Retry | None:
    caller = system_caller(tenant_id)
    order_id, shipment_id = UUID(args["orderId"]), UUID(args["shipmentId"])
    try:
        with labels.locks.hold(tenant_id, shipment_id) as is_ours:
            if not is_ours:
                return _BUSY
            found = _find(caller, order_id, shipment_id, labels.orders)
            return None if found is None else work(caller, found, labels)
    except RequestRefused:
        return Retry(_LOOK_AGAIN, "The tenant is suspended.")


def _find(caller: Caller, order_id: UUID, shipment_id: UUID, orders: Orders) -> Found | None:
    bundle = orders.rows.by_id(caller.tenant_id, order_id, frozenset({"lines", "shipments"}))
    answers: list[Any]
    _, accounts, *answers = orders.reader.fetch(caller, orders.store.carriers(caller.tenant_id), *bundle.reads)
    for order, parts in bundle.assemble(*answers):
        for shipment in parts.shipments:
            if shipment.id == shipment_id:
                return Found(order, parts.lines, shipment, [account_of(data) for data in accounts])
    return None


# ---- Buying


def _buy(caller: Caller, found: Found, labels: Labels) -> Retry | None:
    label, now = found.shipment.label, labels.orders.clock.now()
    if label is None or not labelling.wants_label(found.shipment):
        return None
    if any(hold.is_active(now) for hold in found.order.holds):
        return Retry(_LOOK_AGAIN, "The order is held.")
    outcome = _ask(caller, found, label, labels)
    retry = _after_buying(outcome, label, labels.orders.clock.now())
    _keep("buyLabel", caller, found, labels, partial(_write_bought, outcome))
    return retry


def _ask(caller: Caller, found: Found, label: Label, labels: Labels) -> BuyOutcome:
    account = account_now(found, label)
    if account is None:
        mode = found.shipment.mode
        reason = f"There is no account with {label.account['carrier']} for {mode} shipments any more."
        return CarrierRefused(reason, final=False)
    if not found.order.customer.first_name:
        return CarrierRefused("The customer's details are erased.", final=True)
    tenant_id = caller.tenant_id
    branch, sender = labels.origins.branch(tenant_id, found.shipment.branch_code), labels.origins.sender
    _, place, known = labels.orders.reader.fetch(caller, branch, sender(tenant_id, account))
    return labels.carriers.buy_label(account, label_request(tenant_id, found, label, origin_of(place, known)))


def _after_buying(outcome: BuyOutcome, label: Label, now: datetime) -> Retry | None:
    if isinstance(outcome, CarrierRefused | CarrierUnavailable):
        return _again(outcome, label.asked_at, now)
    if outcome.ask_again_after is None or now - label.asked_at > _GIVES_UP_AFTER:
        return None
    return Retry(timedelta(seconds=outcome.ask_again_after), outcome.notice or "The carrier has taken it on.")


def _write_bought(outcome: BuyOutcome, change: Change, shipment: Shipment, label: Label) -> None:
    if not labelling.wants_label(shipment):
        return  # recalled in between: void_label, which waits for this job, takes it back
    match outcome:
        case LabelBought():
            bought = labelling.Bought(
                carrier_reference=outcome.carrier_reference,
                tracking_reference=outcome.tracking_reference,
                tracking_url=outcome.tracking_url,
                label_url=outcome.label_url,
                cost=outcome.cost,
                pickup_reference=outcome.pickup_reference,
                notice=outcome.notice,
                asks_again=outcome.ask_again_after is not None,
            )
            labelling.record_bought(change.order, shipment, label, bought, actor=change.actor, at=change.now)
        case LabelOrdered():
            reference, notice = outcome.carrier_reference, outcome.notice
            if change.now - label.asked_at > _GIVES_UP_AFTER:
                notice = f"Nothing to track after {_GIVES_UP_AFTER.days} days; the carrier is not asked any more."
            labelling.record_ordered(
                change.order, shipment, label, reference, notice, actor=change.actor, at=change.now
            )
        case CarrierRefused() | CarrierUnavailable():
            _write_problem(outcome, label.asked_at, change, shipment, label)


# ---- Taking back


def _void(caller: Caller, found: Found, labels: Labels) -> Retry | None:
    label, orders = found.shipment.label, labels.orders
    if label is None or label.recalled_at is None or not label.is_to_be_voided:
        return None
    account = account_now(found, label) or account_of(label.account)
    outcome = labels.carriers.void_label(account, label_key(caller.tenant_id, found.shipment, label))
    _keep("voidLabel", caller, found, labels, partial(_write_voided, outcome))
    now = orders.clock.now()
    if isinstance(outcome, CarrierRefused | CarrierUnavailable):
        return _again(outcome, label.recalled_at, now)
    left = label.recalled_at + _SETTLED_AFTER - now
    is_over = _stood(outcome, label) or left <= timedelta(0)
    return None if is_over else Retry(left, "A label may still come.")


def _stood(outcome: LabelVoided, label: Label) -> bool:
    return outcome.existed or label.state in (LabelState.ORDERED, LabelState.BOUGHT)


def _write_voided(outcome: VoidOutcome, change: Change, shipment: Shipment, label: Label) -> None:
    if label.recalled_at is None or not label.is_to_be_voided:
        return
    if isinstance(outcome, CarrierRefused | CarrierUnavailable):
        _write_problem(outcome, label.recalled_at, change, shipment, label)
    elif _stood(outcome, label):
        labelling.record_voided(change.order, shipment, label, actor=change.actor, at=change.now)


# ---- Both


def _again(outcome: CarrierRefused | CarrierUnavailable, since: datetime, now: datetime) -> Retry | None:
    if _is_final(outcome, since, now):
        return None
    if isinstance(outcome, CarrierRefused):
        least, most = _REFUSED
    else:
        least, most = _UNAVAILABLE
        least = least if outcome.retry_after is None else timedelta(seconds=outcome.retry_after)
    return Retry(max(least, min(now - since, most)), outcome.reason)


def _is_final(outcome: CarrierRefused | CarrierUnavailable, since: datetime, now: datetime) -> bool:
    return (isinstance(outcome, CarrierRefused) and outcome.final) or now - since > _GIVES_UP_AFTER


def _write_problem(
    outcome: CarrierRefused | CarrierUnavailable, since: datetime, change: Change, shipment: Shipment, label: Label
) -> None:
    final = _is_final(outcome, since, change.now)
    labelling.record_problem(
        change.order, shipment, label, outcome.reason, final=final, actor=change.actor, at=change.now
    )


def _keep(
    operation: str,
    caller: Caller,
    found: Found,
    labels: Labels,
    write_down: Callable[[Change, Shipment, Label], None],
) -> None:
    """Write what came of it, to the order as it is by now."""

    def decide(change: Change) -> list[Write] | Refusals:
        shipment = change.order.shipment(found.shipment.id)
        if shipment is not None and shipment.label is not None:
            write_down(change, shipment, shipment.label)
        return []

    change_order(caller, {"orderId": str(found.order.id)}, operation, labels.orders, decide)
