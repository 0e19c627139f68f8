"""Shippo's API (2018-02-08) as far as buying a label goes; shapes as in its public documentation."""

from typing import Any

from tests.contract.carriers.vendors import Asked, Told, Vendor


class ShippoVendor(Vendor):
    """`status`: what a transaction becomes; `created_at`: when things are made there; `page`: how long a page is."""

    NOT_FOUND = Told(404, {"detail": "Not found."})

    def __init__(self) -> None:
        super().__init__()
        self.transactions: list[dict[str, Any]] = []
        self.status = "SUCCESS"
        self.messages: list[dict[str, str]] = []
        self.created_at = "2026-03-02T09:00:00.123Z"
        self.page = 100
        self.refund_status = "QUEUED"

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != "ShippoToken shippo_test_secret":
            return Told(401, {"detail": "Invalid token"})
        match asked.method, asked.steps:
            case "GET", ["transactions"]:
                return self._list(int(asked.query["page"]))
            case "POST", ["shipments"]:
                return self.refusal or Told(201, self._shipment(asked.body))
            case "POST", ["transactions"]:
                return self._buy(asked.body)
            case "GET", ["rates", id_]:
                return Told(200, next(rate for rate in _rates() if rate["object_id"] == id_))
            case "POST", ["refunds"]:
                return self._refund(asked.body["transaction"])
        return self.NOT_FOUND

    def _list(self, page: int) -> Told:
        newest_first = self.transactions[::-1]
        shown = newest_first[(page - 1) * self.page : page * self.page]
        more = len(newest_first) > page * self.page
        next_ = f"https://api.goshippo.com/transactions/?page={page + 1}" if more else None
        return Told(200, {"next": next_, "previous": None, "results": shown})

    def _shipment(self, given: dict[str, Any]) -> dict[str, Any]:
        return {
            "object_id": "5e40ead7cffe4cc1ad45108696162e42",
            "object_created": self.created_at,
            "status": "SUCCESS",
            "metadata": given["metadata"],
            "address_from": {"object_id": "adr_1", "is_complete": True, **given["address_from"]},
            "address_to": {"object_id": "adr_2", "is_complete": True, **given["address_to"]},
            "parcels": [{"object_id": "prcl_1", **given["parcels"][0]}],
            "messages": [{"source": "UPS", "code": "", "text": "UPS account is not active"}],
            "rates": _rates(),
            "test": True,
        }

    def _buy(self, given: dict[str, Any]) -> Told:
        is_bought = self.status != "ERROR"
        self.labels += is_bought
        number = len(self.transactions)
        transaction = {
            "object_id": f"{number:032x}",
            "object_created": self.created_at,
            "object_state": "VALID",
            "status": self.status,
            "rate": given["rate"],
            "metadata": given["metadata"],
            "label_file_type": given["label_file_type"],
            "tracking_number": f"94999071234561234567{number:02}" if self.status == "SUCCESS" else "",
            "tracking_status": "UNKNOWN",
            "tracking_url_provider": "https://tools.usps.com/go/TrackConfirmAction_input?origTrackNum=9499907123456",
            "label_url": "https://shippo-delivery.s3.amazonaws.com/70ae81.pdf?Signature=vDw1&Expires=1437093830",
            "messages": self.messages,
            "test": True,
        }
        self.transactions.append(transaction)
        return Told(201, transaction)

    def _refund(self, id_: str) -> Told:
        transaction = next(each for each in self.transactions if each["object_id"] == id_)
        if self.refund_status != "ERROR":
            transaction["status"] = "REFUNDPENDING"
        refund = {"object_id": "rfnd_1", "status": self.refund_status, "transaction": id_, "test": True}
        return Told(201, refund)


def _rates() -> list[dict[str, Any]]:
    return [
        {
            "object_id": f"rate_{token}",
            "amount": amount,
            "currency": "USD",
            "amount_local": amount,
            "currency_local": "USD",
            "provider": "USPS",
            "servicelevel": {"name": name, "token": token, "terms": ""},
            "estimated_days": 2,
            "messages": [],
        }
        for token, name, amount in (("usps_priority", "Priority Mail", "6.95"), ("usps_ground", "Ground", "5.9"))
    ]
