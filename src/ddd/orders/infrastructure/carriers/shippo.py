"""Shippo (docs.goshippo.com, API version 2018-02-08): a shipment brings rates; a transaction buys one of them.

Looking first: each transaction carries the shipment's id as its `metadata`. The list of transactions has no filter for
it, so it is walked back to the time at which the label was first wanted; where that takes more than 20 pages nothing is
bought, and staff are told why. Shippo's pickups serve two carriers only and are not arranged here.

Secret: `token`. Options: `label_file_type` (PDF_4x6), `carrier_accounts` (their ids, with commas between).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from ddd.orders.application.carriers import (
    BuyOutcome,
    CarrierAccount,
    LabelBought,
    LabelKey,
    LabelOrdered,
    LabelRequest,
    LabelVoided,
    Party,
    VoidOutcome,
)
from ddd.orders.domain.parts import Package, ShipmentMode
from ddd.orders.infrastructure.carriers.answers import (
    Answer,
    Rate,
    choose_rate,
    cost,
    not_understood,
    read_error,
    read_object,
)
from ddd.orders.infrastructure.carriers.http import CallFailed, Reply, answered, refused
from ddd.orders.infrastructure.carriers.privacy import freed_of
from ddd.orders.infrastructure.carriers.tools import Tools, sender

NAME = "shippo"
MODES = frozenset({ShipmentMode.DROPOFF, ShipmentMode.WAREHOUSE})
ORIGINS = ("https://api.goshippo.com",)
PAGE, MOST_PAGES = 100, 20
#: How far its clock may be from ours.
CLOCK_MARGIN = timedelta(hours=1)
ASK_AGAIN_AFTER = 60
_AT_WORK = frozenset({"WAITING", "QUEUED"})
_VOIDED = frozenset({"REFUNDED", "REFUNDPENDING"})


class Shippo:
    """A Carrier."""

    def __init__(self, account: CarrierAccount, tools: Tools) -> None:
        self._http = tools.http
        self._origin = tools.http.origin(account.base_url, ORIGINS)
        self._headers = {
            "Authorization": f"ShippoToken {tools.secret_part('token')}",
            "SHIPPO-API-VERSION": "2018-02-08",
        }
        self._service = account.service
        self._file_type = account.options.get("label_file_type", "PDF_4x6")
        names = account.options.get("carrier_accounts", "")
        self._carrier_accounts = [name.strip() for name in names.split(",") if name.strip()]

    def buy_label(self, request: LabelRequest) -> BuyOutcome:
        return answered(lambda: self._buy(request))

    def void_label(self, label: LabelKey) -> VoidOutcome:
        return answered(lambda: self._void(label))

    def _buy(self, request: LabelRequest) -> LabelBought | LabelOrdered:
        parcel = _parcel(request.package)
        if parcel is None:
            raise refused("Shippo needs the package's weight and its three sides.", final=True)
        found = self._find(request.key)
        if found is None:
            rate = self._rate(request, parcel)
            order = {
                "rate": rate.id,
                "async": False,
                "label_file_type": self._file_type,
                "metadata": str(request.key.shipment_id),
            }
            reply = self._call("POST", "/transactions/", order)
            if reply.status >= 400:
                raise self._refusal(request, reply)
            found = read_object(reply)
            if found.text("status") == "ERROR":
                said = freed_of(request, found.sayings("messages"))
                raise refused(f"The carrier behind Shippo refused it. {said}".strip(), final=True)
            return self._outcome(found, rate)
        return self._outcome(found, None)

    def _rate(self, request: LabelRequest, parcel: Mapping[str, str]) -> Rate:
        wanted = {
            "address_from": _address(sender(request)),
            "address_to": _address(request.destination),
            "parcels": [parcel],
            "async": False,
            "metadata": str(request.key.shipment_id),
            "extra": {"reference_1": request.order_number},
        }
        if self._carrier_accounts:
            wanted["carrier_accounts"] = self._carrier_accounts
        reply = self._call("POST", "/shipments/", wanted)
        if reply.status >= 400:
            raise self._refusal(request, reply)
        shipment = read_object(reply)
        chosen = choose_rate(filter(None, map(_rate, shipment.listed("rates"))), request.service or self._service)
        if isinstance(chosen, str):
            raise refused(f"{chosen} {freed_of(request, shipment.sayings('messages'))}".strip(), final=False)
        return chosen

    def _outcome(self, transaction: Answer, rate: Rate | None) -> LabelBought | LabelOrdered:
        status = transaction.text("status")
        if status in _VOIDED:
            raise refused("The label bought for this shipment was voided.", final=True)
        if status in _AT_WORK:
            return LabelOrdered(transaction.text("object_id"), ASK_AGAIN_AFTER)
        if status not in ("SUCCESS", "REFUNDREJECTED"):
            raise not_understood()
        if rate is None:
            rate = self._rate_of(transaction)
        return LabelBought(
            carrier_reference=transaction.text("object_id"),
            tracking_reference=transaction.text("tracking_number"),
            tracking_url=transaction.url("tracking_url_provider"),
            label_url=transaction.url("label_url"),
            cost=cost(rate.amount, rate.currency) if rate else None,
        )

    def _rate_of(self, transaction: Answer) -> Rate | None:
        """The rate that a transaction bought: its id in some answers, the whole of it in others."""
        if transaction.text_or_none("rate") is None:
            part = transaction.part("rate")
            return _rate(part) if part else None
        reply = self._call("GET", f"/rates/{quote(transaction.text('rate'), safe='')}")
        return _rate(read_object(reply)) if reply.status < 400 else None

    def _find(self, label: LabelKey) -> Answer | None:
        """The transaction under our reference, standing, voided or at work; those that failed bought nothing."""
        since = label.asked_at - CLOCK_MARGIN
        for page in range(1, MOST_PAGES + 1):
            reply = self._call("GET", f"/transactions/?{urlencode({'results': PAGE, 'page': page})}")
            listing = read_object(reply) if reply.status < 400 else None
            if listing is None:
                raise not_understood()
            entries = listing.listed("results")
            for entry in entries:
                if entry.words("metadata") == str(label.shipment_id) and entry.text("status") != "ERROR":
                    return entry
            if not listing.has("next") or all(_created(entry) < since for entry in entries):
                return None
        raise refused(
            f"Too many labels since to tell whether one was bought: look at Shippo for metadata {label.shipment_id}.",
            final=True,
        )

    def _void(self, label: LabelKey) -> LabelVoided:
        found = self._find(label)
        if found is None:
            return LabelVoided(existed=False)
        if found.text("status") not in _VOIDED:
            reply = self._call("POST", "/refunds/", {"transaction": found.text("object_id"), "async": False})
            status = read_object(reply).text_or_none("status") if reply.status < 400 else str(reply.status)
            if status not in ("QUEUED", "PENDING", "SUCCESS"):
                raise refused(f"Shippo does not take the label back ({status}).", final=True)
        return LabelVoided(existed=True)

    def _call(self, method: str, target: str, body: object | None = None) -> Reply:
        return self._http.settle(self._http.send(method, self._origin, target, self._headers, body))

    @staticmethod
    def _refusal(request: LabelRequest, reply: Reply) -> CallFailed:
        said = freed_of(request, read_error(reply).faults())
        return refused(f"Shippo refused it ({reply.status}). {said}".strip(), final=True)


def _created(entry: Answer) -> datetime:
    try:
        created = datetime.fromisoformat(entry.text("object_created"))
    except ValueError:
        raise not_understood() from None
    if created.tzinfo is None:
        raise not_understood()
    return created


def _rate(given: Answer) -> Rate | None:
    amount, level = given.amount("amount"), given.part("servicelevel")
    if amount is None:
        return None
    names = (level.text_or_none("token"), level.text_or_none("name")) if level else (None, None)
    services = tuple(name for name in (*names, given.text_or_none("servicelevel_token")) if name)
    return Rate(given.text("object_id"), given.words("provider"), services, amount, given.text("currency"))


def _address(party: Party) -> dict[str, str]:
    address = party.address
    given = {
        "name": party.name,
        "company": party.company,
        "street1": address.line1,
        "street2": address.line2,
        "city": address.city,
        "state": address.state,
        "zip": address.postal_code,
        "country": address.country,
        "phone": party.phone,
        "email": party.email,
    }
    return {name: value for name, value in given.items() if value}


def _parcel(package: Package | None) -> dict[str, str] | None:
    if package is None:
        return None
    weight, length, width, height = package.weight_kg, package.length_cm, package.width_cm, package.height_cm
    if weight is None or length is None or width is None or height is None:
        return None
    sides = {"length": length, "width": width, "height": height, "distance_unit": "cm"}
    return {**sides, "weight": weight, "mass_unit": "kg"}
