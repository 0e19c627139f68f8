"""What a carrier is asked: the shipment as it was read, from where, and through which account."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ddd.orders.application.carriers import (
    CarrierAccount,
    LabelKey,
    LabelLine,
    LabelRequest,
    Party,
    choose_account,
)
from ddd.orders.application.reading import OrderFacts
from ddd.orders.domain.label import Label
from ddd.orders.domain.parts import Address, OrderLine, Shipment
from ddd.shared.application.statements import Read


class Place(NamedTuple):
    """Where a branch stands."""

    name: str
    address: Address


class Origins(Protocol):
    """Where goods come from, which is branches' and tenants' to know."""

    def branch(self, tenant_id: str, code: str | None) -> Read[Place | None]: ...
    def sender(self, tenant_id: str, account: CarrierAccount) -> Read[Party | None]: ...


class Found(NamedTuple):
    """What a job reads of a shipment before it asks. `accounts`: the tenant's, as they are set now."""

    order: OrderFacts
    lines: Sequence[OrderLine]
    shipment: Shipment
    accounts: Sequence[CarrierAccount]


def account_now(found: Found, label: Label) -> CarrierAccount | None:
    """The account as it is set now, so that a corrected one is used: the same credentials, never another account, where
    a label may have been bought already."""
    same = [each for each in found.accounts if each.credentials == label.account["credentials"]]
    return choose_account(same, found.shipment.mode, label.account["carrier"])


def origin_of(place: Place | None, sender: Party | None) -> Party | None:
    """From the branch's address, under the sender's name and contact, as far as either is known."""
    if place is None:
        return sender
    if sender is None:
        return Party(place.name, place.address)
    return Party(sender.name, place.address, sender.company, sender.phone, sender.email)


def label_request(tenant_id: str, found: Found, label: Label, origin: Party | None) -> LabelRequest:
    order, shipment = found.order, found.shipment
    customer, names = order.customer, {line.line_no: line.name for line in found.lines}
    name = " ".join(filter(None, (customer.first_name, customer.last_name)))
    return LabelRequest(
        key=label_key(tenant_id, shipment, label),
        order_number=order.order_number,
        mode=shipment.mode,
        origin=origin,
        destination=Party(name, order.shipping_address, None, customer.phone, customer.email),
        lines=tuple(LabelLine(line.sku, names[line.line_no], line.quantity) for line in shipment.lines),
        package=shipment.package,
        pickup_window=shipment.pickup_window,
        instructions=order.notes.get(f"shipment:{shipment.id}"),
    )


def label_key(tenant_id: str, shipment: Shipment, label: Label) -> LabelKey:
    return LabelKey(tenant_id, shipment.id, label.asked_at, label.carrier_reference)
