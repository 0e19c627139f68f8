"""Lives of orders, without a database, in which everything happens that an event tells of; each yields at each step."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from ddd.orders.application.draft_input import FIELDS
from ddd.orders.domain import drafting, labelling, returning, shipping, steps
from ddd.orders.domain.erasing import erase
from ddd.orders.domain.label import Label
from ddd.orders.domain.labelling import Bought
from ddd.orders.domain.migration import migrate
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Actor, Shipment
from ddd.orders.domain.returning import ReturnRules
from ddd.orders.domain.workflow import Performing, Way
from ddd.published.workflow import StepOutcome, Workflow, read_workflow
from ddd.shared.domain.money import Money
from tests.unit.orders.living import (
    BY,
    arrive,
    ask_back,
    cancel,
    dispatch,
    hold,
    pack,
    pay,
    refund_or_not,
    release,
    ship,
)
from tests.unit.orders.support import ACTOR, NOW, a_line, checkout, plain_order, read

ACCOUNT: Final = {"carrier": "post", "credentials": None}
BOUGHT: Final = Bought("R", "T", "https://t.example", "https://l.example", Money(5, "SGD"), "P")


def workflow(number: int, **settings: Any) -> Way:
    """A way with a step of the Admin's, one of the reviewer's, one of the server's."""
    admin = {"roles": ["Admin"]}
    found = read_workflow(
        {
            "name": f"way-{number}",
            "statuses": {
                "DRAFT": {"steps": [{"name": "tidy", "title": "Tidy", "sequence": 1, "performer": admin}]},
                "PENDING": {
                    "steps": [
                        {"name": "note", "title": "Note", "sequence": 1, "performer": {"system": True}},
                        {"name": "check", "title": f"Check {number}", "sequence": 2, "performer": admin,
                         "outcomes": ["DONE", "HELD", "REJECTED"], "onRejected": {"leadsTo": "DRAFT"}},
                        {"name": "look", "title": "Look", "sequence": 3, "performer": {"reviewer": True},
                         "outcomes": ["DONE", "REJECTED"], "onRejected": {"leadsTo": "PENDING"}},
                    ]
                },
            },
            "settings": settings,
        }
    )  # fmt: skip
    assert isinstance(found, Workflow), found
    return Way(found, lambda expression, facts: True)


def goods_out() -> Iterator[Order]:
    """Shipments for which a carrier's label was wanted, some of them called off; what was sent comes back."""
    order = plain_order(4, 3)
    yield order
    assert pay(order)
    yield order
    for answer in (ordered, unavailable, refused, bought):
        shipment = pack(order, {1: 1})
        yield order
        assert shipping.confirm_shipment(order, shipment, account=ACCOUNT, **BY) is None
        yield order
        answer(order, shipment)
        yield order
    for shipment in order.shipments[:2]:
        assert shipping.cancel_shipment(order, shipment, **BY) is None
        yield order
    labelling.record_voided(order, order.shipments[0], label_of(order.shipments[0]), **BY)
    yield order
    assert cancel(order, {2: 1}) is None
    yield order
    for shipment in order.shipments[2:]:
        assert dispatch(order, shipment, "van") is None
        yield order
    assert ship(order) is None
    yield order
    assert shipping.add_tracking(order, order.shipments[-1], tracking_reference="T", tracking_url=None, **BY) is None
    yield order
    for shipment in [each for each in order.shipments if each.has_left]:
        assert arrive(order, shipment) is None
        yield order
    yield from goods_back(order)
    assert hold(order) is None
    yield order
    assert release(order) is None
    yield order
    assert shipping.mark_as_completed(order, **BY) is None
    yield order
    assert erase(order, **BY)
    yield order


def label_of(shipment: Shipment) -> Label:
    assert shipment.label is not None
    return shipment.label


def ordered(order: Order, shipment: Shipment) -> None:
    labelling.record_ordered(order, shipment, label_of(shipment), "R", "soon", **BY)


def unavailable(order: Order, shipment: Shipment) -> None:
    labelling.record_problem(order, shipment, label_of(shipment), "closed", final=False, **BY)


def refused(order: Order, shipment: Shipment) -> None:
    labelling.record_problem(order, shipment, label_of(shipment), "too heavy", final=True, **BY)


def bought(order: Order, shipment: Shipment) -> None:
    labelling.record_bought(order, shipment, label_of(shipment), BOUGHT, **BY)


def goods_back(order: Order) -> Iterator[Order]:
    reviewed = ReturnRules(needs_review=True, refund_needs_review=True)
    for is_approved in (False, True):
        assert ask_back(order, {2: 1}, reviewed) is None
        yield order
        assert returning.review_return(order, order.returns[-1], is_approved=is_approved, **BY) is None
        yield order
    assert returning.receive_return(order, order.returns[-1], {2: (0, 1)}, **BY) is None
    yield order
    for is_approved in (False, True):
        assert refund_or_not(order, {2: 1}, rules=reviewed) is None
        yield order
        returning.review_refund(order, order.refunds[-1], is_approved=is_approved, **BY)
        yield order
    assert refund_or_not(order, {2: 1}) is None
    yield order


def a_way_of_its_own() -> Iterator[Order]:
    """A draft is edited, placed, held, sent back, placed again, reviewed, moved to another version, fulfilled."""
    given = checkout(a_line("A", 2, package={"weightKg": "1"}), discounts=[{"amount": "1", "code": "TEN"}])
    order = read(given)
    assert isinstance(order, Order)
    order.way = workflow(1)
    drafting.record_drafted(order, ACTOR, NOW)
    yield order
    changed = {
        **given, "currency": "SGD", "channel": "web", "externalRef": "E", "branchCode": "north", "taxesIncluded": True,
        "customer": {"firstName": "Bo", "id": "c-8"}, "discounts": None, "taxes": [{"amount": "2", "name": "GST"}],
        "shipping": {"cost": "3", "method": "van"}, "note": "ring",
        "lines": [a_line("B", 1, isTaxable=False, category="bread", vendorId="v"),
                  a_line("C", 3, discount="1", tax="1")],
    }  # fmt: skip
    revised = read(changed)
    assert isinstance(revised, Order)
    assert drafting.edit(order, revised, FIELDS, **BY) is None
    yield order
    submit(order, 1)
    yield order
    for outcome in (StepOutcome.HELD, StepOutcome.REJECTED):
        perform(order, "check", outcome)
        yield order
    assert release(order) is None
    yield order
    submit(order, 2)
    yield order
    perform(order, "check", StepOutcome.DONE)
    yield order
    assert steps.name_reviewer(order, "rea", None, **BY) is None
    yield order
    for outcome in (StepOutcome.REJECTED, StepOutcome.DONE):
        performing = Performing("rea", frozenset(), lambda _: True)
        assert steps.review(order, outcome, "so", performing=performing, actor=Actor("rea", ()), at=NOW) is None
        yield order
    moved = migrate(order, 3, workflow(3, confirmation="AT_ONCE"), migration_id=uuid4(), **BY)
    assert moved.obstacle is None
    yield order
    assert drafting.fulfil(order, shipment_id=uuid4(), **BY) is None
    yield order


def submit(order: Order, version: int) -> None:
    for line in order.lines:
        line.branch_code, line.reserved_quantity = "north", line.open_quantity
    drafting.submit(order, version=version, way=workflow(version, confirmation="MANUAL"), **BY)


def perform(order: Order, name: str, outcome: StepOutcome) -> None:
    performing = Performing("clerk", frozenset({"Admin"}), lambda _: True)
    assert steps.complete_step(order, name, outcome, None, performing=performing, **BY) is None


def called_off() -> Iterator[Order]:
    """Packed goods are called off with the order."""
    order = plain_order(2)
    pay(order)
    pack(order)
    yield order
    assert cancel(order) is None
    yield order


LIVES: Final = (goods_out, a_way_of_its_own, called_off)
