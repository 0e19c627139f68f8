"""Drafts without a database: what an edit makes of one, and that a draft reads as the input that it came of."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.orders.application.checkout import read_checkout
from ddd.orders.application.draft_input import FIELDS, as_input
from ddd.orders.application.placement import allocate_lines, reservations
from ddd.orders.application.ports import LineReservation
from ddd.orders.domain import drafting
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import CancelReason
from ddd.orders.domain.workflow import PLAIN_WAY
from ddd.shared.domain.errors import Refusals
from tests.unit.orders.living import BY, faults
from tests.unit.orders.support import ACTOR, FACTS, NOW, ORDER_ID, a_line, caller, checkout

LATER = NOW + timedelta(hours=1)
WHOLE: dict[str, Any] = {
    "customer": {"id": "c-7", "firstName": "Ann", "lastName": "Lee", "email": "ann@example.org", "phone": "1"},
    "shippingAddress": {"line1": "1 Main St", "line2": "2nd", "city": "Reno", "state": "NV", "postalCode": "89501",
                        "country": "US"},
    "billingAddress": {"line1": "2 Main St", "country": "CA"},
    "channel": "counter",
    "externalRef": "B-1",
    "shipping": {"method": "post", "deliveryTime": "2 days", "cost": "4.90"},
    "discounts": [{"amount": "3.00", "code": "TEN", "description": "ten"}, {"amount": 2},
                  {"amount": 0, "description": "x"}],
    "taxes": [{"amount": "1.25", "name": "state", "rate": "0.0725"}, {"amount": "0"}],
    "taxesIncluded": True,
    "branchCode": "south",
    "note": "ring twice",
    "metadata": {"table": [4, None]},
}  # fmt: skip
LINES = [
    a_line("A", 3, "10.10", discount="0.30", tax="2.00", name="Own name", vendorId="v1", category="fruit",
           options={"cut": True}, package={"weightKg": "1.50", "lengthCm": 3}),
    a_line("B", 1, 0, isFreeGift=True),
    a_line("C", 2, "7", isTaxable=False),
]  # fmt: skip


def read(given_: dict[str, Any]) -> Order:
    order = read_checkout(given_, caller(), FACTS, ORDER_ID, "7K3M-Q9XD", NOW, fewest_lines=0)
    assert isinstance(order, Order), order
    return order


def drafted(*lines: dict[str, Any], **more: Any) -> Order:
    order = read({**checkout(*lines), **more})
    drafting.record_drafted(order, ACTOR, NOW)
    return order


def edit(order: Order, **changes: Any) -> Refusals | None:
    before = as_input(order)
    revised = read({**before, **changes})
    after = as_input(revised)
    fields = [name for name in FIELDS if before[name] != after[name]]
    return drafting.edit(order, revised, fields, actor=ACTOR, at=LATER)


def submit(order: Order, version: int = 1) -> None:
    assert allocate_lines(order, FACTS, {sku: {"north": 100} for sku in "ABC"}) == ()
    drafting.submit(order, version=version, way=PLAIN_WAY, actor=ACTOR, at=LATER)


def test_a_draft_reads_as_the_input_that_it_came_of() -> None:
    order = read({**checkout(*LINES), **WHOLE})
    assert read(as_input(order)) == order
    assert set(as_input(order)) == set(FIELDS)


@given(
    st.sets(st.sampled_from(sorted(WHOLE))),
    st.sets(st.integers(0, 2)),
    st.sampled_from(["USD", "EUR", "BHD"]),
)
def test_so_does_any_part_of_it(names: set[str], lines: set[int], currency: str) -> None:
    some = {name: WHOLE[name] for name in names - {"discounts"}}
    order = read({**checkout(), **some, "currency": currency, "lines": [LINES[each] for each in sorted(lines)]})
    assert read(as_input(order)) == order


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_an_edit_of_each_field_is_told_by_its_name(name: str) -> None:
    order = drafted(*LINES)
    assert edit(order, **{name: WHOLE[name]}) is None
    assert as_input(order) == as_input(read({**checkout(*LINES), name: WHOLE[name]}))
    event = order.news[-1]
    assert (event.type, event.data["fields"], order.version, order.updated_at) == ("order.edited", [name], 2, LATER)
    assert order.total == order.subtotal - order.discount_total + order.shipping_total + (
        0 if order.taxes_included else order.tax_total
    )


def test_an_edit_that_changes_nothing_tells_nothing() -> None:
    order = drafted(*LINES, **WHOLE)
    assert edit(order, **WHOLE, lines=LINES) is None
    assert (order.version, [each.type for each in order.news]) == (1, ["order.drafted"])


def test_a_draft_without_lines_is_one_until_it_is_given_up() -> None:
    order = drafted(a_line())
    edit(order, lines=[])
    assert (order.status, order.is_over, order.amount_due) == ("DRAFT", False, 0)
    assert faults(order.cancel({}, whole=False, reason=CancelReason.OTHER, note=None, **BY)) == [
        ("INVALID_TRANSITION", None)
    ]
    assert order.cancel({}, whole=True, reason=CancelReason.OTHER, note=None, **BY) is None
    assert (order.status, order.is_over, order.news[-1].type) == ("CANCELLED", True, "order.cancelled")


def test_submitted_it_holds_what_is_open_of_it() -> None:
    order = drafted(a_line("A", 3), a_line("B", 2), a_line("C", 1))
    assert order.cancel({1: 1, 2: 2}, whole=False, reason=CancelReason.OTHER, note=None, **BY) is None
    submit(order)
    assert reservations(order) == [LineReservation(1, "north", "A", 2), LineReservation(3, "north", "C", 1)]
    assert (order.placed_at, order.submitted_at, order.status) == (LATER, LATER, "PENDING")


def test_under_another_version_nothing_of_the_draft_counts_as_done() -> None:
    record = {"outcome": "DONE", "by": "boss", "at": NOW.isoformat()}
    steps = {"outcomes": {"check": record}, "reviewer": "rea"}
    kept, taken = drafted(a_line()), drafted(a_line())
    kept.steps, taken.steps = dict(steps), dict(steps)
    submit(kept)
    submit(taken, version=7)
    assert (kept.workflow_version, kept.steps) == (1, steps)
    assert (taken.workflow_version, taken.steps) == (7, {"reviewer": "rea"})
    back = drafted(a_line())
    back.sent_back_at, back.steps = NOW, dict(steps)
    submit(back, version=7)
    assert (back.workflow_version, back.steps, back.placed_at) == (1, steps, NOW)


def test_fulfilled_all_that_is_open_has_left() -> None:
    order = drafted(a_line("A", 3), a_line("B", 2))
    submit(order)
    assert order.cancel({1: 1}, whole=False, reason=CancelReason.OTHER, note=None, **BY) is None
    assert drafting.fulfil(order, shipment_id=ORDER_ID, actor=ACTOR, at=LATER) is None
    assert [(line.shipped_quantity, line.reserved_quantity) for line in order.lines] == [(2, 0), (2, 0)]
    assert (order.status, order.version, order.shipments[0].shipped_at) == ("SHIPPED", 4, LATER)
    before = replace(order)
    assert faults(drafting.fulfil(order, shipment_id=ORDER_ID, actor=ACTOR, at=LATER)) == [("INVALID_TRANSITION", None)]
    assert order == before
