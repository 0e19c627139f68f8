"""ShipBob (developer.shipbob.com, API version 2026-01): a fulfilment house. It keeps the goods, packs them and buys the
label itself, so an order is placed there, and the tracking number follows hours or days later.

Looking first: `reference_id` is the shipment's id, unique there (422 for a second), and `GET /order?ReferenceIds=`
finds it. There is no label to print. What ShipBob charges stands in its shipments once it has invoiced them.

Secret: `token`. Options: `channel_id` (one that may write). `service` is the shipping method, `Standard` without one.
"""

from decimal import Decimal
from urllib.parse import quote, urlencode

from ddd.orders.application.carriers import (
    BuyOutcome,
    CarrierAccount,
    LabelBought,
    LabelKey,
    LabelOrdered,
    LabelRequest,
    LabelVoided,
    VoidOutcome,
)
from ddd.orders.domain.parts import ShipmentMode
from ddd.orders.infrastructure.carriers.answers import (
    Answer,
    cost,
    not_understood,
    read_error,
    read_list,
    read_object,
)
from ddd.orders.infrastructure.carriers.http import CallFailed, Misconfigured, Reply, answered, refused
from ddd.orders.infrastructure.carriers.privacy import freed_of
from ddd.orders.infrastructure.carriers.tools import Tools
from ddd.shared.domain.money import Money

NAME = "shipbob"
MODES = frozenset({ShipmentMode.WAREHOUSE})
ORIGINS = ("https://api.shipbob.com", "https://sandbox-api.shipbob.com")
ASK_AGAIN_AFTER = 900
_STUCK = {
    "Exception": "ShipBob cannot fulfil it yet; see its dashboard.",
    "ImportReview": "ShipBob holds it for review; see its dashboard.",
}


class ShipBob:
    """A Carrier."""

    def __init__(self, account: CarrierAccount, tools: Tools) -> None:
        self._http = tools.http
        self._origin = tools.http.origin(account.base_url, ORIGINS)
        channel = account.options.get("channel_id", "")
        if not (channel.isascii() and channel.isdigit()):
            raise Misconfigured("options", "Option channel_id is ShipBob's number of the channel.")
        self._headers = {"Authorization": f"Bearer {tools.secret_part('token')}", "shipbob_channel_id": channel}
        self._service = account.service

    def buy_label(self, request: LabelRequest) -> BuyOutcome:
        return answered(lambda: self._buy(request))

    def void_label(self, label: LabelKey) -> VoidOutcome:
        return answered(lambda: self._void(label))

    def _buy(self, request: LabelRequest) -> LabelBought | LabelOrdered:
        order = self._find(request.key)
        if order is None:
            reply = self._call("POST", "/order", self._order(request))
            if reply.status >= 400:
                # 422 is a duplicate too: one that came in between is ours.
                order = self._find(request.key) if reply.status == 422 else None
                if order is None:
                    raise self._refusal(request, reply)
            else:
                order = read_object(reply)
        if order.text_or_none("reference_id") != str(request.key.shipment_id):
            raise not_understood()
        return _outcome(order)

    def _order(self, request: LabelRequest) -> dict[str, object]:
        party, address = request.destination, request.destination.address
        return {
            "reference_id": str(request.key.shipment_id),
            "order_number": request.order_number,
            "shipping_method": request.service or self._service or "Standard",
            "type": "DTC",
            "recipient": {
                "name": party.name,
                "email": party.email,
                "phone_number": party.phone,
                "address": {
                    "address1": address.line1,
                    "address2": address.line2,
                    "company_name": party.company,
                    "city": address.city or "",
                    "state": address.state,
                    "country": address.country,
                    "zip_code": address.postal_code,
                },
            },
            "products": [
                {"reference_id": line.sku, "name": line.name, "quantity": line.quantity} for line in request.lines
            ],
            "tags": [{"name": "instructions", "value": request.instructions}] if request.instructions else [],
        }

    def _void(self, label: LabelKey) -> LabelVoided:
        order = self._find(label)
        if order is None:
            return LabelVoided(existed=False)
        if order.text_or_none("status") != "Cancelled":
            reply = self._call("POST", f"/order/{quote(order.text('id'), safe='')}:cancel")
            result = read_object(reply).text_or_none("status") if reply.status < 400 else str(reply.status)
            if result != "Success":
                raise refused(f"ShipBob does not cancel it any more ({result}).", final=True)
        return LabelVoided(existed=True)

    def _find(self, label: LabelKey) -> Answer | None:
        reference = str(label.shipment_id)
        reply = self._call("GET", f"/order?{urlencode({'ReferenceIds': reference, 'Limit': 10})}")
        if reply.status >= 400:
            raise not_understood()
        return next((order for order in read_list(reply) if order.text_or_none("reference_id") == reference), None)

    def _call(self, method: str, path: str, body: object | None = None) -> Reply:
        return self._http.settle(self._http.send(method, self._origin, f"/2026-01{path}", self._headers, body))

    @staticmethod
    def _refusal(request: LabelRequest, reply: Reply) -> CallFailed:
        said = freed_of(request, read_error(reply).faults())
        return refused(f"ShipBob refused it ({reply.status}). {said}".strip(), final=True)


def _outcome(order: Answer) -> LabelBought | LabelOrdered:
    status = order.text_or_none("status") or ""
    if status == "Cancelled":
        raise refused("The order at ShipBob was cancelled.", final=True)
    shipments = order.each("shipments")
    tracked = [
        tracking
        for tracking in (shipment.part("tracking") for shipment in shipments)
        if tracking is not None and tracking.text_or_none("tracking_number") is not None
    ]
    id_ = order.text("id")
    if not tracked:
        return LabelOrdered(id_, ASK_AGAIN_AFTER, _STUCK.get(status))
    parcels = len(shipments)
    return LabelBought(
        carrier_reference=id_,
        tracking_reference=tracked[0].text("tracking_number"),
        tracking_url=tracked[0].url("tracking_url"),
        cost=_cost(shipments),
        notice=f"ShipBob sends it in {parcels} parcels; this tracks the first." if parcels > 1 else None,
    )


def _cost(shipments: list[Answer]) -> Money | None:
    """The sum of what was invoiced; None until all of it is, in one currency."""
    amounts = [shipment.amount("invoice_amount") for shipment in shipments]
    currencies = {shipment.text_or_none("invoice_currency_code") for shipment in shipments}
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(shipments) or len(currencies) != 1:
        return None
    return cost(sum(known, Decimal(0)), currencies.pop())
