"""EasyPost's API v2 as far as buying a label goes; shapes as in its public documentation and client fixtures."""

import base64
from typing import Any

from tests.contract.carriers.vendors import Asked, Told, Vendor

_RATES = (("Express", "31.25"), ("Priority", "6.95"), ("GroundAdvantage", "5.93"))


class EasyPostVendor(Vendor):
    """`pickup_rates`: what pickups are offered for; `is_scanned`: labels cannot be refunded any more."""

    def __init__(self) -> None:
        super().__init__()
        self.shipments: list[dict[str, Any]] = []
        self.pickups: list[dict[str, Any]] = []
        self.pickup_rates: list[dict[str, Any]] = [
            {"id": "pickuprate_1", "object": "PickupRate", "service": "NextDay", "carrier": "USPS", "rate": "0.00"}
            | {"currency": "USD", "pickup_id": "pickup_1"}
        ]
        self.is_scanned = False
        self.rates = _RATES

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != "Basic " + base64.b64encode(b"EZTK-secret:").decode():
            error = {"code": "APIKEY.INVALID", "message": "The API key you provided is invalid.", "errors": []}
            return Told(401, {"error": error})
        match asked.method, asked.steps:
            case "GET", ["v2", "shipments", id_]:
                return self._show(self.shipments, id_)
            case "GET", ["v2", "pickups", id_]:
                return self._show(self.pickups, id_)
            case "POST", ["v2", "shipments"]:
                return self.refusal or Told(201, self._make(asked.body["shipment"]))
            case "POST", ["v2", "shipments", id_, "rerate"]:
                return Told(200, {"rates": self._rates(id_)})
            case "POST", ["v2", "shipments", id_, "buy"]:
                return self._buy(id_, asked.body["rate"]["id"])
            case "POST", ["v2", "shipments", id_, "refund"]:
                return self._refund(id_)
            case "POST", ["v2", "pickups"]:
                return Told(201, self._make_pickup(asked.body["pickup"]))
            case "POST", ["v2", "pickups", id_, "buy"]:
                pickup = self._of(self.pickups, id_)
                return Told(200, _update(pickup, status="scheduled", confirmation="WTC59591"))
            case "POST", ["v2", "pickups", id_, "cancel"]:
                return Told(200, _update(self._of(self.pickups, id_), status="canceled"))
        return self.NOT_FOUND

    @staticmethod
    def _of(kept: list[dict[str, Any]], id_: str) -> dict[str, Any]:
        return next(each for each in kept if id_ in (each["id"], each["reference"]))

    def _show(self, kept: list[dict[str, Any]], id_: str) -> Told:
        found = [each for each in kept if id_ in (each["id"], each["reference"])]
        return Told(200, found[0]) if found else self.NOT_FOUND

    def _rates(self, shipment_id: str) -> list[dict[str, Any]]:
        return [
            {"id": f"rate_{service}_{shipment_id}", "object": "Rate", "mode": "test", "service": service}
            | {"carrier": "USPS", "rate": rate, "currency": "USD", "retail_rate": "10.20", "retail_currency": "USD"}
            | {"delivery_days": 2, "delivery_date_guaranteed": False, "shipment_id": shipment_id}
            for service, rate in self.rates
        ]

    def _make(self, given: dict[str, Any]) -> dict[str, Any]:
        id_ = f"shp_{len(self.shipments):032x}"
        shipment = {
            "id": id_,
            "object": "Shipment",
            "mode": "test",
            "created_at": "2026-03-02T09:00:00Z",
            "is_return": False,
            "messages": [{"carrier": "DhlEcs", "type": "rate_error", "message": "to_address: postal code not served"}],
            "options": given["options"],
            "reference": given["reference"],
            "status": "unknown",
            "tracking_code": None,
            "to_address": {"id": "adr_1", "object": "Address", **given["to_address"], "verifications": {}},
            "from_address": {"id": "adr_2", "object": "Address", **given["from_address"], "verifications": {}},
            "parcel": {"id": "prcl_1", "object": "Parcel", "predefined_package": None, **given["parcel"]},
            "postage_label": None,
            "rates": self._rates(id_),
            "refund_status": None,
            "selected_rate": None,
            "tracker": None,
            "usps_zone": 4,
            "forms": [],
            "fees": [],
        }
        self.shipments.append(shipment)
        return shipment

    def _buy(self, id_: str, rate_id: str) -> Told:
        shipment = self._of(self.shipments, id_)
        if shipment["postage_label"] is not None:
            error = {"code": "SHIPMENT.POSTAGE.EXISTS", "message": "Postage already exists for this shipment."}
            return Told(422, {"error": {**error, "errors": []}})
        self.labels += 1
        return Told(
            200,
            _update(
                shipment,
                tracking_code=f"94001001054422858763{self.labels:02}",
                selected_rate=next(rate for rate in self._rates(id_) if rate["id"] == rate_id),
                postage_label={
                    "object": "PostageLabel",
                    "id": "pl_1",
                    "label_size": "4x6",
                    "label_file_type": "application/pdf",
                    "label_url": f"https://easypost-files.s3.us-west-2.amazonaws.com/files/postage_label/{id_}.pdf",
                    "label_pdf_url": None,
                },
                tracker={
                    "id": "trk_1",
                    "object": "Tracker",
                    "status": "unknown",
                    "public_url": "https://track.easypost.com/djE6dHJrXzE",
                },
            ),
        )

    def _refund(self, id_: str) -> Told:
        if self.is_scanned:
            error = {"code": "SHIPMENT.REFUND.UNAVAILABLE", "message": "Refund request unavailable.", "errors": []}
            return Told(422, {"error": error})
        return Told(200, _update(self._of(self.shipments, id_), refund_status="submitted"))

    def _make_pickup(self, given: dict[str, Any]) -> dict[str, Any]:
        messages = [{"carrier": "USPS", "type": "rate_error", "message": "The date did not meet today's cutoff."}]
        pickup = {
            "id": f"pickup_{len(self.pickups) + 1}",
            "object": "Pickup",
            "mode": "test",
            "status": "unknown",
            "confirmation": None,
            "messages": [] if self.pickup_rates else messages,
            "pickup_rates": self.pickup_rates,
            **given,
        }
        self.pickups.append(pickup)
        return pickup


def _update(kept: dict[str, Any], **changes: object) -> dict[str, Any]:
    kept.update(changes)
    return kept
