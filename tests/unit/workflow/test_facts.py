"""What conditions see of an order, and what a dry run is told in its place."""

from fractions import Fraction

import pytest

from ddd.orders.application.workflows import WorkflowLibrary, read_facts, return_rules
from ddd.orders.domain.facts import order_facts
from ddd.published.workflow import FACTS, Workflow
from ddd.shared.domain.facts import FactType
from ddd.shared.infrastructure.regular_expressions import Re2Patterns
from ddd.tenants.domain.workflow import PLAIN_WORKFLOW
from tests.unit.orders.support import plain_order

_PYTHON = {
    FactType.TEXT: str, FactType.INTEGER: int, FactType.NUMBER: float, FactType.FLAG: bool, FactType.TEXTS: list
}  # fmt: skip


def test_an_order_answers_every_declared_fact_with_its_type_and_nothing_else() -> None:
    order = plain_order(2, 3)
    facts = order_facts(order, order.lines)
    assert sorted(facts) == sorted(FACTS)
    for name, value in facts.items():
        assert type(value) is _PYTHON[FACTS[name]], name


def test_amounts_stand_in_major_and_in_minor_units() -> None:
    order = plain_order(2)
    order.total, order.currency = 123_456, "EUR"
    facts = order_facts(order, order.lines)
    assert (facts["order.total.amount"], facts["order.total.minor"], facts["order.total.currency"]) == (
        1234.56, 123_456, "EUR"
    )  # fmt: skip
    order.currency = "JPY"
    assert order_facts(order, order.lines)["order.total.amount"] == 123_456.0


def test_no_persons_value_is_a_fact() -> None:
    order = plain_order(1)
    told = {str(value) for value in order_facts(order, order.lines).values()}
    customer, address = order.customer, order.shipping_address
    assert not told & {customer.first_name, customer.last_name, customer.email, customer.phone, address.line1}


def test_facts_of_a_dry_run_are_completed_by_their_currency() -> None:
    given = {"order": {"total": {"amount": "1500.50", "currency": "EUR"}, "skus": ["A"]}, "customer": {"country": "DE"}}
    assert read_facts(given) == {
        "order.total.amount": 1500.5,
        "order.total.currency": "EUR",
        "order.total.minor": 150_050,
        "order.skus": ["A"],
        "order.currency": "EUR",
        "customer.country": "DE",
    }
    assert read_facts({}) == {}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ([], ""),
        ({"order": 1}, "order"),
        ({"order": {"nix": 1}}, "order.nix"),
        ({"order": {"total": 1000}}, "order.total"),
        ({"order": {"total": {"amount": "1e3"}}}, "order.total.amount"),
        ({"order": {"total": {"minor": 1.5}}}, "order.total.minor"),
        ({"order": {"total": {"currency": "XXX"}}}, "order.total.currency"),
        ({"order": {"skus": ["A", 1]}}, "order.skus"),
        ({"order": {"status": "COMPLETED"}}, "order.status"),
        ({"order": {"taxesIncluded": "yes"}}, "order.taxesIncluded"),
        ({"customer": {"country": None}}, "customer.country"),
        ({"customer": {"id": "x" * 256}}, "customer.id"),
    ],
)
def test_a_fact_that_is_none_or_of_another_type_is_refused_at_its_path(given: object, path: str) -> None:
    refusals = read_facts(given)
    assert isinstance(refusals, tuple)
    assert [".".join(each.field or ()) for each in refusals] == [f"orderFacts.{path}".removesuffix(".")]


def test_the_return_rules_are_the_workflows() -> None:
    patterns = Re2Patterns()
    plain = return_rules(WorkflowLibrary().read("t", 1, PLAIN_WORKFLOW), patterns)
    assert (plain.days, plain.whole_lines_only, plain.needs_review, plain.fee_percent, plain.cap_percent) == (
        None, False, False, Fraction(0), Fraction(100)
    )  # fmt: skip
    assert plain.is_returnable("GIFT-1")
    returns = {"windowDays": 14, "nonReturnableSkus": ["GIFT-.*", "X"], "partial": False, "review": True}
    refunds = {"restockingFeePercent": 12.5, "capPercent": 80}
    settings = {"returns": returns, "refunds": refunds}
    rules = return_rules(WorkflowLibrary().read("t", 1, {**PLAIN_WORKFLOW, "settings": settings}), patterns)
    assert (rules.days, rules.whole_lines_only, rules.needs_review, rules.fee_percent, rules.cap_percent) == (
        14, True, True, Fraction(25, 2), Fraction(80)
    )  # fmt: skip
    assert [rules.is_returnable(sku) for sku in ("GIFT-1", "X", "XY")] == [False, False, True]


def test_a_version_is_read_once_and_one_that_cannot_be_read_is_our_own_fault() -> None:
    library = WorkflowLibrary()
    assert library.known("t", 1) is None
    first = library.read("t", 1, PLAIN_WORKFLOW)
    assert isinstance(first, Workflow)
    assert library.read("t", 1, {}) is first is library.known("t", 1)
    with pytest.raises(ValueError, match="version 2 cannot be read"):
        library.read("t", 2, {})
