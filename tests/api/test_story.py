"""The whole story of one order over HTTP, told by six people with six tokens.

- Ann, Customer, orders three teapots and two packets of tea.
- Wim, Worker, does the office's work: names the reviewer, books the payment, takes goods back, gives money back.
- Mia, Manager, approves what is dear, reviews what goes abroad, and closes the books.
- Vera, Vendor `potter`, sends the teapots out of the branch `north`; Vito, Vendor `grower`, the tea out of `south`.
- Olga, Auditor, looks on, and in the end reads everything.

The sixth role, the Admin, opened the house before: its workflow is the ready `approval`, with the returns and refunds
of the ready `marketplace`.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.api.annals import AUDIT, LEDGER, TIMELINE, TRACKING, VERAS, VITOS, WHOLE
from tests.api.living import DOCUMENTS
from tests.api.orders_support import PLACE_WHOLE, Shop, checkout, line, units
from tests.api.running import HttpCaller, serving
from tests.api.support import Json
from tests.api.telling import Person, Told, named, told
from tests.builders import rows
from tests.ledger import faults

SAMPLES = Path(settings.BASE_DIR) / "docs" / "workflows"
PUBLISH = (
    "mutation($input:PublishWorkflowInput!){publishWorkflow(input:$input){workflow{version} errors{code message}}}"
)
STOCK = "{ stockLevels(first: 9) { nodes { sku onHand reserved } } }"
ANNS_CART: Json = {
    "currency": "EUR",
    "customer": {"firstName": "Ann", "lastName": "Lee", "email": "ann@example.org"},
    "shippingAddress": {"line1": "12 St James's Square", "city": "London", "country": "GB"},
    "discounts": [{"code": "SPRING", "amount": "30"}],
    "shipping": {"method": "standard", "cost": "12"},
    "taxes": [{"name": "VAT", "amount": "57"}],
    "payment": {"state": "CAPTURED"},  # says her browser; that is for the office to know
    "expectedTotal": "1539.00",
}


def workflow() -> Json:
    """Dear orders wait for Mia; goods come back within 30 days and money less 10 %, once she agrees; she ends it."""
    approval, marketplace = (json.loads((SAMPLES / f"{name}.json").read_text()) for name in ("approval", "marketplace"))
    back = {name: marketplace["settings"][name] for name in ("returns", "refunds")}
    ends = {"completion": {"from": "DELIVERED", "automatic": False}}
    return {**approval, "settings": {**approval["settings"], **back, **ends}}


@pytest.fixture
def shop(database: object) -> Shop:
    return Shop({"north": {"POT": 10}, "south": {"TEA": 20}})


@pytest.fixture
def address(shop: Shop, database_environment: Mapping[str, str]) -> Iterator[str]:
    with serving(database_environment) as found:
        HttpCaller(shop.admin.token, address=found).data(PUBLISH, {"input": {"document": workflow()}})
        yield found


def test_an_order_from_its_checkout_to_its_end(shop: Shop, address: str) -> None:
    def person(role: str, subject: str, **claims: Any) -> Person:
        return Person(shop.caller(role, subject=subject, **claims).token, address=address)

    began = datetime.now(UTC)
    ann, wim, mia, olga = (
        person(role, subject)
        for role, subject in (("Customer", "ann"), ("Worker", "wim"), ("Manager", "mia"), ("Auditor", "olga"))
    )
    vera, vito = person("Vendor", "vera", vendor_id="potter"), person("Vendor", "vito", vendor_id="grower")

    def stands() -> tuple[str, str | None, str, str]:
        seen = olga.sees()
        return seen["status"], seen["activityStatus"], seen["paymentStatus"], seen["amountDue"]["amount"]

    def stock() -> dict[str, tuple[int, int]]:
        """SKU -> on hand, reserved."""
        return {each["sku"]: (each["onHand"], each["reserved"]) for each in olga.data(STOCK)["nodes"]}

    # Ann orders.
    lines = line("POT", 3, "400", vendorId="potter"), line("TEA", 2, "150", vendorId="grower")
    order = ann.data(PLACE_WHOLE, {"input": checkout(*lines, **ANNS_CART)})["order"]
    for each in (ann, wim, mia, vera, vito, olga):
        each.order_id = order["id"]
    assert stands() == ("PENDING", "Waiting for approval", "UNPAID", "1539.00")
    assert stock() == {"POT": (10, 3), "TEA": (20, 2)}
    assert vera.may_not("markAsShipped") == "PAYMENT_OUTSTANDING"

    # Mia approves it, for it is dear, and reviews it, for it leaves the country.
    assert wim.may_not("completeStep", step="approve") == "FORBIDDEN"
    mia.does("completeStep", step="approve", outcome="APPROVED", input={"ticket": "APP-1"})
    assert stands() == ("PENDING", "In review", "UNPAID", "1539.00")
    assert mia.may_not("reviewOrder", outcome="APPROVED") == "FORBIDDEN"  # nobody has named her
    wim.does("escalateReviewer", reviewer="mia", note="She knows the customs.")
    assert wim.may_not("reviewOrder", outcome="APPROVED") == "FORBIDDEN"
    mia.does("reviewOrder", outcome="APPROVED", note="The papers are complete.")
    assert stands() == ("PENDING", None, "UNPAID", "1539.00")

    # Wim hears of the payment: authorised, which confirms the order; then captured.
    paid = {"provider": "example-pay", "reference": "pi_1"}
    wim.does("recordPayment", **paid, state="AUTHORIZED", method="card")
    assert stands() == ("CONFIRMED", "Put a note into the parcel", "AUTHORIZED", "1539.00")
    wim.does("recordPayment", **paid, state="CAPTURED")
    assert stands() == ("CONFIRMED", "Put a note into the parcel", "PAID", "0.00")

    # Vera packs the teapots, and they leave; the note, which nobody requires, stays unwritten.
    pots = vera.does("createShipment", mode="PICKUP", carrier="Speedy Express")["shipment"]["id"]
    assert vito.may_not("confirmShipment", shipmentId=pots) == "NOT_FOUND"
    assert vera.may_not("dispatchShipment", shipmentId=pots) == "INVALID_TRANSITION"
    vera.does("confirmShipment", shipmentId=pots)
    assert stock() == {"POT": (10, 3), "TEA": (20, 2)}
    vera.does("dispatchShipment", shipmentId=pots, **TRACKING)
    assert stands() == ("PARTIALLY_SHIPPED", None, "PAID", "0.00")
    assert stock() == {"POT": (7, 0), "TEA": (20, 2)}

    # Vito sends the tea in one call, and tells later where it is.
    vito.does("markAsShipped", carrier="Federal Shipping")
    assert stands() == ("SHIPPED", None, "PAID", "0.00")
    assert stock() == {"POT": (7, 0), "TEA": (18, 0)}
    (tea,) = (each["id"] for each in vito.sees()["shipments"])
    vito.does("addShippingTrackingReference", shipmentId=tea, trackingReference="FS-2")
    assert ann.may_not("cancelOrder", reason="CUSTOMER_REQUEST") == "INVALID_TRANSITION"

    # Both arrive.
    vera.does("deliverShipment", shipmentId=pots)
    assert stands() == ("PARTIALLY_DELIVERED", None, "PAID", "0.00")
    assert mia.may_not("markAsCompleted") == "INVALID_TRANSITION"
    vito.does("markAsDelivered")
    assert stands() == ("DELIVERED", None, "PAID", "0.00")

    # Two of three teapots come back, once Mia agrees: one goes on the shelf again, one is in pieces.
    asked = ann.does("requestReturn", reason="cracked", note="Two of three.", lines=units(order, (1, 2)))
    back = asked["return"]["id"]
    arrived = {"returnId": back, "lines": [{"orderLineId": order["lines"][0]["id"], "restock": 1, "scrap": 1}]}
    assert wim.may_not("receiveReturn", **arrived) == "INVALID_TRANSITION"
    mia.does("reviewOrder", outcome="APPROVED")
    assert wim.may_not("processRefund", returnId=back) == "REFUND_LIMIT"  # nothing has arrived
    wim.does("receiveReturn", **arrived)
    assert stock() == {"POT": (8, 0), "TEA": (18, 0)}

    # Two cost 800, less 16 of the discount, with 30.40 of the tax: 814.40. A tenth, 81.44, is kept.
    given_back = {"returnId": back, "provider": "example-pay", "reference": "re_1"}
    assert wim.may_not("processRefund", **given_back, amount="732.97") == "REFUND_LIMIT"
    refund = wim.does("processRefund", **given_back)["refund"]["id"]
    assert stands() == ("DELIVERED", None, "PAID", "0.00")
    assert wim.may_not("reviewOrder", outcome="APPROVED") == "FORBIDDEN"
    mia.does("reviewOrder", outcome="APPROVED")
    assert stands() == ("DELIVERED", None, "PARTIALLY_REFUNDED", "0.00")

    # Mia closes the books. Ann may still send back what is left: a teapot, and the tea.
    mia.does("markAsCompleted")
    assert stands() == ("COMPLETED", None, "PARTIALLY_REFUNDED", "0.00")
    assert (ann.may(), olga.may()) == (["requestReturn"], [])

    # Olga reads it all: the whole timeline, the order with its money, the ledger, and who did what.
    names = {order["orderNumber"]: "its number", pots: "pots", tea: "tea", back: "return", refund: "refund"}
    during = {"since": began, "until": datetime.now(UTC)}

    def reads(who: Person, expected: Json, timeline: list[Told]) -> None:
        """Whoever it is sees this of the order, besides what may be done with it, and this timeline."""
        seen = who.sees()
        assert told(seen.pop("timeline"), names, **during) == timeline
        assert seen.pop("id") == order["id"]
        del seen["availableActions"]
        assert named(seen, names) == expected

    for each in (olga, ann, wim, mia):
        reads(each, WHOLE, TIMELINE)
    # A vendor is told what happened and when, by somebody of which role; of subjects only its own.
    for vendor, subject, expected in ((vera, "vera", VERAS), (vito, "vito", VITOS)):
        anonymous = [each._replace(subject=subject if each.subject == subject else "", data={}) for each in TIMELINE]
        reads(vendor, expected, anonymous)

    moved = "SELECT branch_code, sku, kind, delta, on_hand_before, on_hand_after, actor, reference FROM stock_movement"
    ledger = rows(shop.tenant.id, f"{moved} ORDER BY branch_code, level_version")
    assert [(*row[:-1], names.get(row[-1])) for row in ledger] == LEDGER
    audit = "SELECT operation, subject, roles, (after->>'version')::int, after->>'status' FROM audit_log"
    assert rows(shop.tenant.id, f"{audit} WHERE aggregate_id = $1::uuid ORDER BY id", order["id"]) == AUDIT
    assert faults(lambda sql: rows(shop.tenant.id, sql)) == []
    before = shop.everything()
    assert olga.codes(DOCUMENTS["holdOrder"], {"input": {"orderId": order["id"], "reason": "?"}}) == ["FORBIDDEN"]
    assert shop.everything() == before
