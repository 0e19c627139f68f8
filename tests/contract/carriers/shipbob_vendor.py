"""ShipBob's API (2026-01) as far as placing an order goes; shapes as in its public documentation."""

from typing import Any

from tests.contract.carriers.vendors import Asked, Told, Vendor


class ShipBobVendor(Vendor):
    NOT_FOUND = Told(404, None)

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[dict[str, Any]] = []
        self.cancellation = "Success"

    def answer(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != "Bearer pat-secret":
            return Told(401, None)
        match asked.method, asked.steps:
            case "GET", ["2026-01", "order"]:
                wanted = asked.query["ReferenceIds"].split(",")
                return Told(200, [order for order in self.orders if order["reference_id"] in wanted])
            case "POST", ["2026-01", "order"]:
                return self.refusal or self._place(asked)
            case "POST", ["2026-01", "order", step] if step.endswith(":cancel"):
                return self._cancel(int(step.removesuffix(":cancel")))
        return self.NOT_FOUND

    def _place(self, asked: Asked) -> Told:
        given = asked.body
        if any(order["reference_id"] == given["reference_id"] for order in self.orders):
            return Told(422, {"ReferenceId": ["An order with this reference id already exists"]})
        self.labels += 1
        number = 107_000_000 + self.labels
        shipment = {
            "id": number + 500,
            "order_id": number,
            "reference_id": given["reference_id"],
            "status": "Processing",
            "location": {"id": 8, "name": "Cicero (IL)"},
            "invoice_amount": None,
            "invoice_currency_code": None,
            "ship_option": "Standard",
            "tracking": None,
            "products": given["products"],
            "recipient": {"full_name": given["recipient"]["name"], **given["recipient"]},
        }
        order = {
            "id": number,
            "created_date": "2026-03-02T09:00:00.0000000+00:00",
            "reference_id": given["reference_id"],
            "order_number": given["order_number"],
            "status": "Processing",
            "type": given["type"],
            "channel": {"id": int(asked.headers["shipbob_channel_id"]), "name": "API"},
            "shipping_method": given["shipping_method"],
            "recipient": given["recipient"],
            "products": given["products"],
            "tags": given["tags"],
            "shipments": [shipment],
        }
        self.orders.append(order)
        return Told(201, order)

    def ship(self) -> None:
        """The warehouse is done with everything."""
        for order in self.orders:
            order["status"] = "Fulfilled"
            for shipment in order["shipments"]:
                shipment |= {
                    "status": "Completed",
                    "invoice_amount": 8.25,
                    "invoice_currency_code": "USD",
                    "tracking": {
                        "carrier": "USPS",
                        "carrier_service": "GroundAdvantage",
                        "tracking_number": f"9261290{shipment['id']}",
                        "tracking_url": "https://tools.usps.com/go/TrackConfirmAction?tLabels=9261290",
                        "bol": None,
                        "shipping_date": "2026-03-03T17:00:00+00:00",
                    },
                }

    def _cancel(self, id_: int) -> Told:
        order = next(each for each in self.orders if each["id"] == id_)
        if self.cancellation == "Success":
            order["status"] = "Cancelled"
        results = [{"shipment_id": each["id"], "action": "Cancel"} for each in order["shipments"]]
        told = {"order_id": id_, "order": order, "status": self.cancellation, "canceled_shipment_results": results}
        return Told(200, told)
