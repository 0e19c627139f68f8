"""One case per carrier that is reached over HTTP, and the shipment that all of them are asked to carry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from ddd.orders.application.carriers import (
    BuyOutcome,
    CarrierAccount,
    LabelKey,
    LabelLine,
    LabelRequest,
    Party,
    Secret,
    VoidOutcome,
)
from ddd.orders.domain.parts import Address, Package, PickupWindow, ShipmentMode
from ddd.orders.infrastructure.carriers.desk import CarrierDesk
from ddd.orders.infrastructure.carriers.http import Http
from tests.contract.carriers.easypost_vendor import EasyPostVendor
from tests.contract.carriers.ninja_van_vendor import PREFIX, NinjaVanVendor
from tests.contract.carriers.shipbob_vendor import ShipBobVendor
from tests.contract.carriers.shippo_vendor import ShippoVendor
from tests.contract.carriers.vendors import Told, Vendor

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TENANT = "northwind"
SHIPMENT = UUID("0195566a-7b1e-7c3d-9a51-3f2d8e4b6c70")
KEY = LabelKey(TENANT, SHIPMENT, NOW)
ORIGIN = Party(
    name="Dana Whitfield",
    company="Whitfield Ceramics",
    phone="+1 415 555 0134",
    email="dana@whitfield.example",
    address=Address("388 Townsend Street", "US", "Apt 20", "San Francisco", "CA", "94107"),
)
DESTINATION = Party(
    name="Elisabeth Swann",
    phone="+1 (310) 555-0199",
    email="e.swann@mail.example",
    address=Address("179 Harborview Drive", "US", None, "Redondo Beach", "CA", "90277"),
)
REQUEST = LabelRequest(
    key=KEY,
    order_number="ORD-2026-000123",
    mode=ShipmentMode.WAREHOUSE,
    origin=ORIGIN,
    destination=DESTINATION,
    lines=(LabelLine("MUG-BLUE", "Blue mug", 2), LabelLine("BOWL", "Bowl", 1)),
    package=Package("0.45", "25", "20", "10"),
    instructions="Ring twice, door code 4711",
)
WINDOW = PickupWindow(datetime(2026, 3, 3, 2, 0, tzinfo=UTC), datetime(2026, 3, 3, 3, 30, tzinfo=UTC))
#: What nobody but the carrier may read; of numbers the form without signs too.
PRIVATE = (
    *("Dana", "Whitfield", "415 555 0134", "4155550134", "dana@whitfield.example", "Townsend", "Francisco", "94107"),
    *("Elisabeth", "Swann", "3105550199", "555-0199", "e.swann@mail.example", "Harborview", "Redondo", "90277", "4711"),
)
SECRETS = {
    "easypost": {"api_key": "EZTK-secret"},
    "shippo": {"token": "shippo_test_secret"},
    "shipbob": {"token": "pat-secret"},
    "ninja_van": {"client_id": "nv-client", "client_secret": "nv-secret"},
}


class HeldClock:
    def now(self) -> datetime:
        return NOW


class GivenSecrets:
    """Credentials of one tenant."""

    def __init__(self, secrets: Mapping[str, Mapping[str, str]]) -> None:
        self._secrets = secrets

    def find(self, tenant_id: str, name: str) -> Secret | None:
        parts = self._secrets.get(name) if tenant_id == TENANT else None
        return Secret(parts) if parts is not None else None


@dataclass(frozen=True)
class Case:
    """`steps`: requests of a first purchase; `void_steps`: of taking it back. `invalid`: how this carrier says that an
    address is none."""

    name: str
    vendor: Callable[[], Vendor]
    steps: int
    void_steps: int
    invalid: Told
    invalid_reason: str
    options: Mapping[str, str]

    def account(self, vendor: Vendor) -> CarrierAccount:
        return CarrierAccount(self.name, frozenset(ShipmentMode), self.name, vendor.url, None, self.options)


CASES = (
    Case(
        "easypost",
        EasyPostVendor,
        3,
        4,
        Told(
            422,
            {
                "error": {
                    "code": "ADDRESS.VERIFY.FAILURE",
                    "message": "Unable to verify address.",
                    "errors": [
                        {"code": "E.ADDRESS.NOT_FOUND", "field": "address", "message": "Address not found"}
                        | {"suggestion": "179 HARBORVIEW DR, REDONDO BEACH CA 90277"},
                        {"field": "street1", "message": "No house number 179 in harborview drive", "suggestion": None},
                    ],
                }
            },
        ),
        "EasyPost refused it (ADDRESS.VERIFY.FAILURE). "
        "Unable to verify address.; Address not found; No house number … in …",
        {},
    ),
    Case(
        "shippo",
        ShippoVendor,
        3,
        2,
        Told(400, {"address_to": [{"zip": ["90277 is no postal code for REDONDO BEACH."], "__all__": ["Invalid."]}]}),
        "Shippo refused it (400). zip: … is no postal code for ….; __all__: Invalid.",
        {},
    ),
    Case(
        "shipbob",
        ShipBobVendor,
        2,
        2,
        Told(400, {"Recipient.Address.City": ["Redondo Beach was not found near 90277-1234."]}),
        "ShipBob refused it (400). Recipient.Address.City: … was not found near …-1234.",
        {"channel_id": "100102"},
    ),
    Case(
        "ninja_van",
        NinjaVanVendor,
        3,
        1,
        Told(
            400,
            {
                "error": {
                    "code": "1001",
                    "request_id": "4",
                    "title": "Request Validation Error",
                    "message": "There were errors in the request",
                    "details": [
                        {"reason": "INVALID", "field": "to.phone_number"}
                        | {"message": "(310) 555 0199 of elisabeth swann is no valid number"}
                    ],
                }
            },
        ),
        "Ninja Van refused it (400). Request Validation Error; There were errors in the request; "
        "(…) … of … is no valid number",
        {"country": "SG", "tracking_prefix": PREFIX},
    ),
)


@dataclass
class Counter:
    """A tenant at the desk with one account: the calls that a job makes."""

    case: Case
    vendor: Vendor
    desk: CarrierDesk
    account: CarrierAccount

    def buy(self, request: LabelRequest = REQUEST) -> BuyOutcome:
        return self.desk.buy_label(self.account, request)

    def void(self) -> VoidOutcome:
        return self.desk.void_label(self.account, KEY)

    def with_options(self, service: str | None = None, **options: str) -> "Counter":
        account = replace(self.account, service=service, options={**self.account.options, **options})
        return replace(self, account=account)

    def hurried(self, seconds: float) -> "Counter":
        """The same with little time for an exchange."""
        return replace(self, desk=desk(self.vendor, total_seconds=seconds))


def desk(
    vendor: Vendor, secrets: Mapping[str, Mapping[str, str]] = SECRETS, *, total_seconds: float = 10.0
) -> CarrierDesk:
    return CarrierDesk(GivenSecrets(secrets), Http([vendor.url], total_seconds=total_seconds), HeldClock())
