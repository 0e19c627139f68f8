"""Ninja Van (api-docs.ninjavan.co; create order 4.2, cancel 2.2, tracking 1.0), last mile in South-East Asia.

Looking first: we choose the tracking number ourselves (`requested_tracking_number`, nine characters from a hash of
tenant and shipment, 46 bits), so a second order under it is refused, and the tracking API finds the first. Ninja Van
puts the account's own prefix before it, which is why that is an option here: the number is known without an answer.

The waybill is fetched with the access token (`/2.0/reports/waybill?tid=`), so there is no address to give on. Costs
come with the invoice.

Secret: `client_id`, `client_secret`. Options: `country` (sg, my, id, ph, vn, th), `tracking_prefix` (as agreed, such as
`NVSGSHOP`; empty for accounts without). `service` is the service level, `Standard` without one.
"""

import hashlib
import re
import string
from datetime import datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from ddd.orders.application.carriers import (
    BuyOutcome,
    CarrierAccount,
    LabelBought,
    LabelKey,
    LabelRequest,
    LabelVoided,
    Party,
    VoidOutcome,
)
from ddd.orders.domain.parts import Package, PickupWindow, ShipmentMode
from ddd.orders.infrastructure.carriers.answers import Answer, not_understood, read_error, read_object
from ddd.orders.infrastructure.carriers.http import CallFailed, Misconfigured, Reply, answered, refused
from ddd.orders.infrastructure.carriers.privacy import freed_of
from ddd.orders.infrastructure.carriers.tools import Tools, sender

NAME = "ninja_van"
MODES = frozenset(ShipmentMode)
ORIGINS = ("https://api.ninjavan.co", "https://api-sandbox.ninjavan.co")
#: A token is renewed so many seconds before it ends.
TOKEN_MARGIN = 300
_ZONES = {
    "sg": "Asia/Singapore",
    "my": "Asia/Kuala_Lumpur",
    "id": "Asia/Jakarta",
    "ph": "Asia/Manila",
    "vn": "Asia/Ho_Chi_Minh",
    "th": "Asia/Bangkok",
}
#: The only time slots there are, narrow ones first.
_SLOTS = ((9, 12), (12, 15), (15, 18), (18, 22), (9, 18), (9, 22))
_ALPHABET = string.digits + string.ascii_uppercase
_PREFIX = re.compile(r"[A-Za-z0-9]{0,20}", re.ASCII)
_DUPLICATE = re.compile(r"duplicate|already", re.IGNORECASE)


class NinjaVan:
    """A Carrier."""

    def __init__(self, account: CarrierAccount, tools: Tools) -> None:
        self._http, self._tokens, self._clock = tools.http, tools.tokens, tools.clock
        self._origin = tools.http.origin(account.base_url, ORIGINS)
        self._country = account.options.get("country", "").lower()
        if self._country not in _ZONES:
            raise Misconfigured("options", f"Option country is one of {', '.join(_ZONES)}.")
        prefix = account.options.get("tracking_prefix")
        if prefix is None or not _PREFIX.fullmatch(prefix):
            raise Misconfigured(
                "options", "Option tracking_prefix is what Ninja Van puts before tracking numbers, or empty."
            )
        self._prefix, self._zone = prefix, ZoneInfo(_ZONES[self._country])
        self._client = (tools.secret_part("client_id"), tools.secret_part("client_secret"))
        self._service = account.service

    def buy_label(self, request: LabelRequest) -> BuyOutcome:
        return answered(lambda: self._buy(request))

    def void_label(self, label: LabelKey) -> VoidOutcome:
        return answered(lambda: self._void(label))

    def _buy(self, request: LabelRequest) -> LabelBought:
        if request.package is None or request.package.weight_kg is None:
            raise refused("Ninja Van needs the package's weight.", final=True)
        if request.mode is ShipmentMode.PICKUP and request.pickup_window is None:
            raise refused("Ninja Van needs the pickup's window.", final=True)
        tracking = self._tracking(request.key)
        if not self._exists(tracking):
            reply = self._call("POST", "/4.2/orders", self._order(request, request.package))
            if reply.status < 400:
                tracking = read_object(reply).text("tracking_number")
            elif not _is_duplicate(reply):
                raise self._refusal(request, reply)
        url = f"https://www.ninjavan.co/en-{self._country}/tracking?id={quote(tracking, safe='')}"
        return LabelBought(carrier_reference=tracking, tracking_reference=tracking, tracking_url=url)

    def _order(self, request: LabelRequest, package: Package) -> dict[str, object]:
        measures = {
            "weight": package.weight_kg,
            "length": package.length_cm,
            "width": package.width_cm,
            "height": package.height_cm,
        }
        job: dict[str, object] = {
            "is_pickup_required": False,
            "delivery_start_date": self._delivery_date(request.pickup_window),
            "delivery_timeslot": self._slot(_SLOTS[-1]),
            "dimensions": {name: float(size) for name, size in measures.items() if size is not None},
            "items": [
                {"item_description": line.name, "quantity": line.quantity, "is_dangerous_good": False}
                for line in request.lines
            ],
        }
        if request.instructions:
            job["delivery_instructions"] = request.instructions
        if request.mode is ShipmentMode.PICKUP and request.pickup_window is not None:
            start = request.pickup_window.start.astimezone(self._zone)
            job |= {
                "is_pickup_required": True,
                "pickup_service_type": "Scheduled",
                "pickup_service_level": "Standard",
                "pickup_address": _party(sender(request)),
                "pickup_date": start.date().isoformat(),
                "pickup_timeslot": self._slot(self._slot_for(request.pickup_window)),
                "pickup_instructions": request.instructions or "",
            }
        return {
            "service_type": "Parcel",
            "service_level": request.service or self._service or "Standard",
            "requested_tracking_number": requested_number(request.key),
            "reference": {"merchant_order_number": request.order_number},
            "from": _party(sender(request)),
            "to": _party(request.destination),
            "parcel_job": job,
        }

    def _slot(self, hours: tuple[int, int]) -> dict[str, str]:
        start, end = hours
        return {"start_time": f"{start:02}:00", "end_time": f"{end:02}:00", "timezone": str(self._zone)}

    def _slot_for(self, window: PickupWindow) -> tuple[int, int]:
        """The narrowest of Ninja Van's slots that holds the window, else the whole day."""
        start, end = window.start.astimezone(self._zone), window.end.astimezone(self._zone)
        for first, last in _SLOTS:
            if start.date() == end.date() and time(first) <= start.time() and end.time() <= time(last):
                return first, last
        return _SLOTS[-1]

    def _delivery_date(self, window: PickupWindow | None) -> str:
        """The day after it was picked up, or after today; Ninja Van moves it where that is no working day."""
        start: datetime = window.start if window else self._clock.now()
        return (start.astimezone(self._zone).date() + timedelta(days=1)).isoformat()

    def _void(self, label: LabelKey) -> LabelVoided:
        tracking = self._tracking(label)
        reply = self._call("DELETE", f"/2.2/orders/{quote(tracking, safe='')}")
        if reply.status == 404:
            return LabelVoided(existed=False)
        if reply.status >= 400:
            raise refused(f"Ninja Van does not cancel it any more ({reply.status}).", final=True)
        if read_object(reply).words("status").casefold() not in ("cancelled", "canceled"):
            raise not_understood()
        return LabelVoided(existed=True)

    def _tracking(self, label: LabelKey) -> str:
        return self._prefix + requested_number(label)

    def _exists(self, tracking: str) -> bool:
        reply = self._call("GET", f"/1.0/orders/tracking-events/{quote(tracking, safe='')}")
        if reply.status == 404:
            return False
        if reply.status >= 400:
            raise not_understood()
        return bool(read_object(reply).listed("data"))

    def _call(self, method: str, path: str, body: object | None = None) -> Reply:
        key = (self._origin, self._country, *self._client)
        for is_last in (False, True):
            token = self._tokens.get(key, self._fetch_token)
            headers = {"Authorization": f"Bearer {token}"}
            reply = self._http.send(method, self._origin, f"/{self._country}{path}", headers, body)
            if reply.status != 401 or is_last:
                break
            self._tokens.forget(key)  # it was withdrawn before its time; nothing was done with it
        return self._http.settle(reply)

    def _fetch_token(self) -> tuple[str, float]:
        client_id, client_secret = self._client
        ask = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        target = f"/{self._country}/2.0/oauth/access_token"
        reply = self._http.settle(self._http.send("POST", self._origin, target, {}, ask))
        if reply.status >= 400:
            raise refused(f"The carrier refused the account's credentials ({reply.status}).", final=False)
        answer = read_object(reply)
        token, seconds = answer.words("access_token"), answer.amount("expires_in")
        if not token or not all("!" <= character <= "~" for character in token):
            raise not_understood()
        return token, max(float(seconds or 0) - TOKEN_MARGIN, 0.0)

    @staticmethod
    def _refusal(request: LabelRequest, reply: Reply) -> CallFailed:
        said = freed_of(request, _sayings(read_error(reply)))
        return refused(f"Ninja Van refused it ({reply.status}). {said}".strip(), final=True)


def requested_number(label: LabelKey) -> str:
    """Nine characters that only this shipment has."""
    digest = hashlib.sha256(f"{label.tenant_id}\n{label.shipment_id}".encode()).digest()
    number = int.from_bytes(digest)
    return "".join(_ALPHABET[number // 36**place % 36] for place in range(9))


def _is_duplicate(reply: Reply) -> bool:
    """Whether it was refused because of a number that is taken, by our own earlier order."""
    said = " ".join(_sayings(read_error(reply)))
    return reply.status in (400, 409) and "tracking" in said.casefold() and bool(_DUPLICATE.search(said))


def _sayings(error: Answer) -> list[str]:
    inner = error.part("error") if error.has("error") else None
    if inner is None:
        return [error.words("message")]
    return [inner.words("title"), inner.words("message"), *inner.sayings("details")]


def _party(party: Party) -> dict[str, object]:
    address = party.address
    where = {
        "address1": address.line1,
        "address2": address.line2,
        "city": address.city,
        "state": address.state,
        "postcode": address.postal_code,
        "country": address.country,
    }
    who: dict[str, object] = {
        name: value
        for name, value in {"name": party.name, "phone_number": party.phone, "email": party.email}.items()
        if value
    }
    return {**who, "address": {name: value for name, value in where.items() if value}}
