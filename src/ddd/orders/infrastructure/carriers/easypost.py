"""EasyPost (docs.easypost.com, API v2): a shipment is made, which brings rates, and one of them bought.

Looking first: `reference` may stand in place of the id, so `GET /shipments/{shipment id}` finds ours. EasyPost's
shipments cannot be changed and references need not be unique there; where the addresses or the package are others than
those of an unbought shipment, the next one gets `{shipment id}.2` and so on, and all of them are looked at before
anything is bought. Buying one twice is refused there (`SHIPMENT.POSTAGE.EXISTS`). A pickup goes the same way, under
`{shipment id}.pickup`.

Secret: `api_key` (a test key is the sandbox). Option `label_format`: PDF (default), PNG, ZPL.
"""

import base64
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import quote

from ddd.orders.application.carriers import (
    BuyOutcome,
    CarrierAccount,
    CarrierRefused,
    LabelBought,
    LabelKey,
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
from ddd.orders.infrastructure.carriers.http import (
    PAUSE_AFTER_DOUBT,
    CallFailed,
    Misconfigured,
    Reply,
    answered,
    refused,
    unavailable,
)
from ddd.orders.infrastructure.carriers.privacy import freed_of
from ddd.orders.infrastructure.carriers.tools import Tools, sender

NAME = "easypost"
MODES = frozenset(ShipmentMode)
ORIGINS = ("https://api.easypost.com",)
MOST_SHIPMENTS = 9
_EXISTS = "SHIPMENT.POSTAGE.EXISTS"
_AT_WORK = frozenset(
    {"SHIPMENT.PURCHASE.IN_PROGRESS", "SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.POSTAGE.NO_RESPONSE"},
)
_OUNCES_PER_KG, _CM_PER_INCH = Decimal("35.27396195"), Decimal("2.54")
_TENTH = Decimal("0.1")
_ADDRESS = ("name", "company", "street1", "street2", "city", "state", "zip", "country")


class EasyPost:
    """A Carrier."""

    def __init__(self, account: CarrierAccount, tools: Tools) -> None:
        self._http = tools.http
        self._origin = tools.http.origin(account.base_url, ORIGINS)
        key = base64.b64encode(tools.secret_part("api_key").encode() + b":").decode()
        self._headers = {"Authorization": f"Basic {key}"}
        self._service = account.service
        self._format = account.options.get("label_format", "PDF")
        if self._format not in ("PDF", "PNG", "ZPL"):
            raise Misconfigured("options", "Option label_format is PDF, PNG or ZPL.")

    def buy_label(self, request: LabelRequest) -> BuyOutcome:
        return answered(lambda: self._buy(request))

    def void_label(self, label: LabelKey) -> VoidOutcome:
        return answered(lambda: self._void(label))

    def _buy(self, request: LabelRequest) -> LabelBought:
        parcel = _parcel(request.package)
        if parcel is None:
            raise refused("EasyPost needs the package's weight.", final=True)
        wanted = {
            "to_address": _address(request.destination),
            "from_address": _address(sender(request)),
            "parcel": parcel,
        }
        shipment, is_new = self._bought_or_made(request, wanted)
        if not _is_bought(shipment):
            shipment = self._buy_rate(request, shipment, is_new=is_new)
        if shipment.text_or_none("refund_status") in ("submitted", "refunded"):
            raise refused("The label bought for this shipment was voided.", final=True)
        return self._with_pickup(request, shipment)

    def _bought_or_made(self, request: LabelRequest, wanted: Mapping[str, Mapping[str, object]]) -> tuple[Answer, bool]:
        """What was bought for this shipment; else an unbought EasyPost shipment of these addresses and this parcel.
        And whether it was made just now."""
        unbought: Answer | None = None
        for reference in _references(request.key):
            found = self._find("shipments", reference)
            if found is not None and _is_bought(found):
                return found, False
            if found is not None:
                unbought = found if _fits(found, wanted) else unbought
                continue
            if unbought is not None:
                return unbought, False
            options = {"label_format": self._format, "print_custom_1": request.order_number}
            if request.instructions:
                options["handling_instructions"] = request.instructions
            made = self._call(
                "POST", "/shipments", {"shipment": {**wanted, "options": options, "reference": reference}}
            )
            if made.status >= 400:
                raise self._refusal(request, made)
            return read_object(made), True
        raise refused("EasyPost has too many unbought shipments under this reference.", final=True)

    def _buy_rate(self, request: LabelRequest, shipment: Answer, *, is_new: bool) -> Answer:
        id_ = _id(shipment)
        # Rates go stale, and a shipment from an earlier call has those of then.
        rerated = None if is_new else self._call("POST", f"/shipments/{id_}/rerate")
        rated = shipment if rerated is None or rerated.status >= 400 else read_object(rerated)
        rates = [_rate(each) for each in rated.listed("rates")]
        chosen = choose_rate(filter(None, rates), request.service or self._service)
        if isinstance(chosen, str):
            raise refused(f"{chosen} {freed_of(request, rated.sayings('messages'))}".strip(), final=False)
        reply = self._call("POST", f"/shipments/{id_}/buy", {"rate": {"id": chosen.id}})
        if reply.status >= 400:
            code = _code(reply)
            if code in _AT_WORK:
                raise unavailable("EasyPost is still at work on it.")
            if code != _EXISTS:
                raise self._refusal(request, reply)
            reply = self._call("GET", f"/shipments/{id_}")
        bought = read_object(reply) if reply.status < 400 else None
        if bought is None or not _is_bought(bought):
            raise not_understood()
        return bought

    def _with_pickup(self, request: LabelRequest, shipment: Answer) -> LabelBought:
        selected, tracker, label = (shipment.part(name) for name in ("selected_rate", "tracker", "postage_label"))
        pickup_reference: str | None = None
        notice: str | None = None
        ask_again_after: int | None = None
        if request.mode is ShipmentMode.PICKUP:
            # The label stands whatever becomes of its pickup: what ends the pickup does not end the call.
            arranged = answered(lambda: self._arrange_pickup(request, shipment.text("id")))
            if isinstance(arranged, str):
                pickup_reference = arranged
            else:
                notice = f"The label is bought; no pickup is arranged. {arranged.reason}"
                if not isinstance(arranged, CarrierRefused):
                    ask_again_after = arranged.retry_after or PAUSE_AFTER_DOUBT
        return LabelBought(
            carrier_reference=shipment.text("id"),
            tracking_reference=shipment.text("tracking_code"),
            tracking_url=tracker.url("public_url") if tracker else None,
            label_url=label.url("label_url") or label.url("label_pdf_url") if label else None,
            cost=cost(selected.amount("rate"), selected.text_or_none("currency")) if selected else None,
            pickup_reference=pickup_reference,
            notice=notice,
            ask_again_after=ask_again_after,
        )

    def _arrange_pickup(self, request: LabelRequest, shipment_id: str) -> str:
        """The scheduled pickup's confirmation, else its id."""
        window = request.pickup_window
        if window is None:
            raise refused("A pickup needs its window.", final=True)
        reference = _pickup_reference(request.key)
        pickup = self._find("pickups", reference)
        if pickup is None:
            wanted = {
                "reference": reference,
                "address": _address(sender(request)),
                "shipment": {"id": shipment_id},
                "min_datetime": window.start.isoformat(),
                "max_datetime": window.end.isoformat(),
                "instructions": request.instructions or "",
                "is_account_address": False,
            }
            reply = self._call("POST", "/pickups", {"pickup": wanted})
            if reply.status >= 400:
                raise self._refusal(request, reply)
            pickup = read_object(reply)
        if pickup.text_or_none("status") != "scheduled":
            rates = [rate for rate in map(_rate, pickup.each("pickup_rates")) if rate]
            cheapest = min(rates, key=lambda rate: (rate.amount, rate.id), default=None)
            if cheapest is None:
                said = freed_of(request, pickup.sayings("messages"))
                raise refused(f"No carrier offers it. {said}".strip(), final=True)
            order = {"carrier": cheapest.carrier, "service": cheapest.services[0]}
            reply = self._call("POST", f"/pickups/{_id(pickup)}/buy", order)
            if reply.status >= 400:
                raise self._refusal(request, reply)
            pickup = read_object(reply)
        return pickup.text_or_none("confirmation") or pickup.text("id")

    def _void(self, label: LabelKey) -> LabelVoided:
        existed = False
        for reference in _references(label):
            found = self._find("shipments", reference)
            if found is None:
                break
            if not _is_bought(found):
                continue
            existed = True
            if found.text_or_none("refund_status") not in ("submitted", "refunded"):
                reply = self._call("POST", f"/shipments/{_id(found)}/refund")
                status = read_object(reply).text_or_none("refund_status") if reply.status < 400 else None
                if status not in ("submitted", "refunded"):
                    raise refused(f"EasyPost does not take the label back ({_code(reply) or status}).", final=True)
        pickup = self._find("pickups", _pickup_reference(label)) if existed else None
        if pickup is not None and pickup.text_or_none("status") == "scheduled":
            self._call("POST", f"/pickups/{_id(pickup)}/cancel")  # a driver who comes in vain is no reason to fail
        return LabelVoided(existed)

    def _find(self, kind: str, reference: str) -> Answer | None:
        reply = self._call("GET", f"/{kind}/{quote(reference, safe='')}")
        if reply.status == 404:
            return None
        found = read_object(reply) if reply.status < 400 else None
        if found is None or found.text_or_none("reference") != reference:
            raise not_understood()
        return found

    def _call(self, method: str, path: str, body: object | None = None) -> Reply:
        return self._http.settle(self._http.send(method, self._origin, f"/v2{path}", self._headers, body))

    @staticmethod
    def _refusal(request: LabelRequest, reply: Reply) -> CallFailed:
        error = read_error(reply).part("error")
        said = ""
        if error is not None:
            said = freed_of(request, (error.words("message"), *error.sayings("errors")))
        code = _code(reply) or str(reply.status)
        return refused(f"EasyPost refused it ({code}). {said}".strip(), final=True)


def _references(label: LabelKey) -> list[str]:
    return [f"{label.shipment_id}{f'.{number}' if number > 1 else ''}" for number in range(1, MOST_SHIPMENTS + 1)]


def _pickup_reference(label: LabelKey) -> str:
    return f"{label.shipment_id}.pickup"


def _is_bought(shipment: Answer) -> bool:
    return shipment.has("postage_label") or shipment.has("tracking_code")


def _id(found: Answer) -> str:
    return quote(found.text("id"), safe="")


def _code(reply: Reply) -> str | None:
    """The error's code, which is EasyPost's own and never a person's words."""
    error = read_error(reply).part("error")
    code = error.text_or_none("code") if error else None
    return code if code and len(code) <= 60 and code.replace(".", "").replace("_", "").isalnum() else None


def _rate(given: Answer) -> Rate | None:
    amount = given.amount("rate")
    if amount is None:
        return None
    return Rate(given.text("id"), given.text("carrier"), (given.text("service"),), amount, given.text("currency"))


def _address(party: Party) -> dict[str, object]:
    address = party.address
    return {
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


def _parcel(package: Package | None) -> dict[str, object] | None:
    """Ounces and inches, a tenth up; None without a weight."""
    if package is None or package.weight_kg is None:
        return None
    parcel: dict[str, object] = {"weight": _tenths(Decimal(package.weight_kg) * _OUNCES_PER_KG)}
    sides = {"length": package.length_cm, "width": package.width_cm, "height": package.height_cm}
    if all(sides.values()):
        parcel |= {name: _tenths(Decimal(side or "0") / _CM_PER_INCH) for name, side in sides.items()}
    return parcel


def _tenths(number: Decimal) -> float:
    return float(number.quantize(_TENTH, "ROUND_UP"))


def _fits(found: Answer, wanted: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether an EasyPost shipment is of these addresses and this parcel."""
    for side in ("to_address", "from_address"):
        there = found.part(side)
        if there is None or any(_folded(there.words(name)) != _folded(wanted[side].get(name)) for name in _ADDRESS):
            return False
    parcel = found.part("parcel")
    return parcel is not None and all(
        parcel.amount(name) == Decimal(str(size)) for name, size in wanted["parcel"].items()
    )


def _folded(text: object) -> str:
    return " ".join(str(text or "").casefold().split())
