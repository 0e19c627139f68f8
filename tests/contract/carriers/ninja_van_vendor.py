"""Ninja Van's API (orders 4.2) as far as booking a parcel goes; shapes as in its public documentation."""

from typing import Any

from tests.contract.carriers.vendors import Asked, Told, Vendor

PREFIX = "NVSGSHOP"


class NinjaVanVendor(Vendor):
    """`knows_events`: whether a parcel that was only booked has tracking events yet. `token`: the one that is good."""

    NOT_FOUND = Told(
        404,
        {"error": {"code": "109200", "request_id": "1", "title": "Not Found", "message": "Not found", "details": []}},
    )

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, dict[str, Any]] = {}
        self.knows_events = True
        self.token = "eyJ-first"
        self.lifetime = 86_400
        self.is_picked_up = False

    def answer(self, asked: Asked) -> Told:
        if asked.steps == ["sg", "2.0", "oauth", "access_token"]:
            if asked.body["client_secret"] != "nv-secret":
                return Told(401, {"error": "invalid_client"})
            told = {"access_token": self.token, "token_type": "bearer", "expires": 1, "expires_in": self.lifetime}
            return Told(200, told)
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            error = {"code": "2002", "request_id": "2", "title": "Unauthorized", "message": "Invalid token"}
            return Told(401, {"error": {**error, "details": []}})
        match asked.method, asked.steps:
            case "GET", ["sg", "1.0", "orders", "tracking-events", number]:
                if number not in self.orders or not self.knows_events:
                    return self.NOT_FOUND
                event = {"tracking_number": number, "status": "Pending Pickup", "timestamp": "2026-03-02T09:00:00Z"}
                return Told(200, {"data": [event]})
            case "POST", ["sg", "4.2", "orders"]:
                return self.refusal or self._book(asked.body)
            case "DELETE", ["sg", "2.2", "orders", number]:
                return self._cancel(number)
        return self.NOT_FOUND

    def _book(self, given: dict[str, Any]) -> Told:
        number = PREFIX + given["requested_tracking_number"]
        if number in self.orders:
            detail = {
                "reason": "DUPLICATE",
                "field": "requested_tracking_number",
                "message": "Duplicate tracking number",
            }
            error = {"code": "1001", "request_id": "3", "title": "Bad Request", "message": "Validation failed"}
            return Told(400, {"error": {**error, "details": [detail]}})
        self.labels += 1
        self.orders[number] = given
        return Told(200, {**given, "tracking_number": number})

    def _cancel(self, number: str) -> Told:
        if number not in self.orders:
            return self.NOT_FOUND
        if self.is_picked_up:
            return Told(400, {"error": {"code": "1004", "title": "Bad Request", "message": "Order is not pending"}})
        return Told(200, {"trackingId": number, "status": "Cancelled", "updatedAt": "2026-03-02T09:05:00Z"})
