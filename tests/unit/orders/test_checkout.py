"""What may be wrong with a checkout, each at its own path, all at once, in the order of the input's fields."""

from typing import Any

import pytest

from ddd.orders.application.ports import PlacingFacts
from ddd.orders.domain.status import OrderStatus, PaymentStatus
from ddd.shared.domain.caller import Role
from tests.unit.orders.support import FACTS, NOW, ORDER_ID, a_line, caller, checkout, faults, order_of

CUSTOMER = caller(Role.CUSTOMER, subject="ann")
BAD_AMOUNTS: list[object] = [
    "-0.01", "10.001", "1e3", "1E3", " 1", "1 ", "+1", "１", "1,0", "", "x", "NaN", "9" * 41, 0.1 + 0.2, -1, 1e30,
    "10." + "0" * 35 + "1", "\x00", "\ud800",
]  # fmt: skip
BAD_TEXTS = ["x" * 256, "😀" * 256, "a\x00b", "\ud800", "a\udfff"]


def at(path: str, value: Any) -> dict[str, Any]:
    """A checkout with this value at the dotted path."""
    given = checkout(
        a_line(package={}),
        billingAddress={"line1": "x", "country": "US"},
        shipping={},
        payment={},
        discounts=[{"amount": 0}],
        taxes=[{"amount": 0}],
    )
    *way, name = path.split(".")
    place: Any = given
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    place[name] = value
    return given


@pytest.mark.parametrize("value", BAD_AMOUNTS, ids=repr)
@pytest.mark.parametrize(
    "path",
    ["lines.0.unitPrice", "lines.0.discount", "lines.0.tax", "shipping.cost", "payment.amount", "discounts.0.amount",
     "taxes.0.amount"],
)  # fmt: skip
def test_a_bad_amount_is_invalid_where_it_stands(path: str, value: object) -> None:
    assert faults(at(path, value)) == [("INVALID_INPUT", path)]


@pytest.mark.parametrize("value", ["-1", "1e3", " 1", "+1", "１", "x", "", 0.1 + 0.2], ids=repr)
@pytest.mark.parametrize(
    "path",
    ["taxes.0.rate", "lines.0.package.weightKg", "lines.0.package.lengthCm", "lines.0.package.widthCm",
     "lines.0.package.heightCm"],
)  # fmt: skip
def test_a_bad_measure_is_invalid_where_it_stands(path: str, value: object) -> None:
    assert faults(at(path, value)) == [("INVALID_INPUT", path)]


TEXTS = [
    "customer.id", "customer.lastName", "customer.phone", "shippingAddress.line2", "shippingAddress.city",
    "shippingAddress.state", "shippingAddress.postalCode", "billingAddress.postalCode", "lines.0.name",
    "lines.0.vendorId", "lines.0.category", "channel", "externalRef", "shipping.method", "shipping.deliveryTime",
    "payment.method", "payment.provider", "payment.reference", "discounts.0.code", "discounts.0.description",
    "taxes.0.name",
]  # fmt: skip
REQUIRED = ["customer.firstName", "shippingAddress.line1", "billingAddress.line1"]
CODES = ["currency", "shippingAddress.country", "billingAddress.country", "customer.email", "branchCode", "lines.0.sku"]


@pytest.mark.parametrize("value", BAD_TEXTS, ids=ascii)
@pytest.mark.parametrize("path", [*TEXTS, *REQUIRED, *CODES])
def test_a_text_too_long_or_not_storable_is_invalid_where_it_stands(path: str, value: str) -> None:
    assert faults(at(path, value)) == [("INVALID_INPUT", path)]


@pytest.mark.parametrize("value", ["x" * 255, "😀" * 255, "Zoë ✓"], ids=ascii)
@pytest.mark.parametrize("path", [*TEXTS, *REQUIRED])
def test_a_text_of_255_code_points_is_taken(path: str, value: str) -> None:
    order_of(at(path, value))


@pytest.mark.parametrize("value", ["", " ", "\t\n", "\u00a0"], ids=ascii)
@pytest.mark.parametrize("path", [*REQUIRED, "lines.0.sku"])
def test_a_required_text_must_not_be_blank(path: str, value: str) -> None:
    assert faults(at(path, value)) == [("INVALID_INPUT", path)]


def test_a_note_takes_5000_code_points() -> None:
    assert order_of(checkout(note="😀" * 5_000)).note == "😀" * 5_000
    assert faults(checkout(note="x" * 5_001)) == [("INVALID_INPUT", "note")]


@pytest.mark.parametrize("value", ["usd", "US", "USDX", "XXX", "XAU", "XTS", "", " USD", "€"])
def test_only_an_iso_4217_code_with_minor_units_is_a_currency(value: str) -> None:
    assert faults(checkout(currency=value)) == [("INVALID_INPUT", "currency")]


@pytest.mark.parametrize("value", ["us", "USA", "UK", "XX", "", "U", "１１"])
def test_only_an_iso_3166_code_is_a_country(value: str) -> None:
    assert faults(at("shippingAddress.country", value)) == [("INVALID_INPUT", "shippingAddress.country")]


@pytest.mark.parametrize(
    "value",
    ["ann@example.org", "a@b.co", "Ann.O'Hara+x@sub.example.museum", "x_y@1.de", "ä@müller.de", "a@xn--p1ai.xn--p1ai"],
)
def test_an_email_address_is_taken(value: str) -> None:
    assert order_of(at("customer.email", value)).customer.email == value


@pytest.mark.parametrize(
    "value",
    ["", "ann", "@example.org", "ann@", "ann@example", "ann@@example.org", "a b@example.org", "ann@exa mple.org",
     "ann@.org", "ann@-x.org", "ann@example..org", "ann@example.org\n", "a" * 65 + "@example.org", "<ann@example.org>",
     "ann@example.org, bob@example.org", "x" * 243 + "@example.org"],
)  # fmt: skip
def test_what_is_no_email_address_is_refused(value: str) -> None:
    assert faults(at("customer.email", value)) == [("INVALID_INPUT", "customer.email")]


@pytest.mark.parametrize("value", [0, -1, 1_000_001, 2**31 - 1])
def test_a_quantity_is_1_to_a_million(value: int) -> None:
    assert faults(at("lines.0.quantity", value)) == [("INVALID_INPUT", "lines.0.quantity")]
    assert order_of(at("lines.0.quantity", 1_000_000)).lines[0].quantity == 1_000_000


def test_an_order_has_1_to_500_lines() -> None:
    facts = FACTS._replace(item_names={f"S{number}": "x" for number in range(501)})
    many = [a_line(f"S{number}") for number in range(501)]
    assert len(order_of(checkout(*many[:500]), facts=facts).lines) == 500
    assert faults(checkout(*many), facts=facts) == [("INVALID_INPUT", "lines")]
    assert faults({**checkout(), "lines": []}) == [("INVALID_INPUT", "lines")]


def test_a_sku_on_two_lines_is_told_at_each_later_one() -> None:
    assert faults(checkout(a_line("A"), a_line("B"), a_line("A"), a_line("A"))) == [
        ("DUPLICATE_SKU", "lines.2.sku"),
        ("DUPLICATE_SKU", "lines.3.sku"),
    ]


def test_skus_are_exact() -> None:
    facts = FACTS._replace(item_names={"A": "x", "a": "y", "A ": "z"})
    assert [line.name for line in order_of(checkout(a_line("A"), a_line("a"), a_line("A ")), facts=facts).lines] == [
        "x", "y", "z",
    ]  # fmt: skip


@pytest.mark.parametrize("tracked", [True, False])
def test_an_unknown_sku_is_not_found_also_where_stock_is_not_kept(tracked: bool) -> None:
    facts = FACTS._replace(stock_tracked=tracked)
    assert faults(checkout(a_line("A"), a_line("?", name="x")), facts=facts) == [("NOT_FOUND", "lines.1.sku")]


def test_where_unknown_skus_are_accepted_they_need_a_name() -> None:
    facts = FACTS._replace(accepts_unknown_sku=True)
    order = order_of(checkout(a_line("?", name="Hat"), a_line("A"), a_line("B", name="Rye")), facts=facts)
    assert [line.name for line in order.lines] == ["Hat", "Apple", "Rye"]
    given = checkout(a_line("?"), a_line("??", name=" "))
    assert faults(given, facts=facts) == [("INVALID_INPUT", "lines.0.name"), ("INVALID_INPUT", "lines.1.name")]


def test_a_named_branch_must_be_there_and_open() -> None:
    assert order_of(checkout(branchCode="south")).branch_code == "south"
    assert faults(checkout(branchCode="east")) == [("NOT_FOUND", "branchCode")]
    assert faults(checkout(branchCode="")) == [("NOT_FOUND", "branchCode")]
    assert faults(checkout(branchCode="old")) == [("BRANCH_CLOSED", "branchCode")]


def test_a_discount_beyond_the_lines_price_is_told_at_the_discount() -> None:
    assert faults(checkout(a_line("A", 2, "5", discount="10.01"))) == [("INVALID_INPUT", "lines.0.discount")]
    assert order_of(checkout(a_line("A", 2, "5", discount="10"))).subtotal == 0


@pytest.mark.parametrize("name", ["metadata", "lines.0.options"])
@pytest.mark.parametrize(
    "value",
    [{"k": "x" * 8_000}, {"k": "\x00"}, {"\ud800": 1}, [[[[]]] * 4_000], 2**70, {"n": -(2**70)}],
    ids=lambda value: ascii(value)[:20],
)
def test_free_data_beyond_its_bounds_is_invalid(name: str, value: object) -> None:
    assert faults(at(name, value)) == [("INVALID_INPUT", name)]


def test_a_list_of_terms_has_at_most_100_entries() -> None:
    for name in ("discounts", "taxes"):
        assert faults(checkout(**{name: [{"amount": 0}] * 101})) == [("INVALID_INPUT", name)]
        order_of(checkout(**{name: [{"amount": 0}] * 100}))


def test_an_order_may_be_placed_in_the_past_and_not_in_the_future() -> None:
    order = order_of(checkout(placedAt="1996-07-04T00:00:00Z"))
    assert (order.placed_at.isoformat(), order.updated_at) == ("1996-07-04T00:00:00+00:00", NOW)
    assert order_of(checkout(placedAt="2026-03-01T10:30:00+01:00")).placed_at == NOW
    for raw in ("2026-03-01T09:30:01Z", "2026-03-01", "yesterday", 1, 1.5, "\x00"):
        assert faults(checkout(placedAt=raw)) == [("INVALID_INPUT", "placedAt")]


def test_a_customer_alone_does_not_say_when_it_was_placed() -> None:
    assert faults(checkout(placedAt="1996-07-04T00:00:00Z"), CUSTOMER) == [("INVALID_INPUT", "placedAt")]
    assert faults(checkout(placedAt="never"), CUSTOMER) == [("INVALID_INPUT", "placedAt")]
    both = caller(Role.CUSTOMER, Role.WORKER)
    assert order_of(checkout(placedAt="1996-07-04T00:00:00Z"), both).placed_at.year == 1996


def test_a_customer_alone_orders_for_itself() -> None:
    assert order_of(checkout(), CUSTOMER).customer.id == "ann"
    assert order_of(at("customer.id", "ann"), CUSTOMER).customer.id == "ann"
    assert faults(at("customer.id", "bob"), CUSTOMER) == [("INVALID_INPUT", "customer.id")]
    assert faults(at("customer.id", ""), CUSTOMER) == [("INVALID_INPUT", "customer.id")]


@pytest.mark.parametrize("by", [caller(Role.ADMIN), caller(Role.VENDOR), caller(Role.CUSTOMER, Role.WORKER)])
def test_any_other_token_orders_for_the_customer_named_or_for_none(by: Any) -> None:
    assert order_of(at("customer.id", "bob"), by).customer.id == "bob"
    assert order_of(checkout(), by).customer.id is None


def test_a_line_with_an_empty_vendor_id_is_open_like_one_without() -> None:
    assert order_of(checkout(a_line(vendorId=""))).lines[0].vendor_id is None


@pytest.mark.parametrize(
    ("payment", "amount", "status", "payment_status"),
    [
        (None, None, "PENDING", "UNPAID"),
        ({}, 1_000, "PENDING", "UNPAID"),
        ({"state": "PENDING"}, 1_000, "PENDING", "UNPAID"),
        ({"state": "FAILED", "amount": 10}, 1_000, "PENDING", "UNPAID"),
        ({"state": "AUTHORIZED"}, 1_000, "CONFIRMED", "AUTHORIZED"),
        ({"state": "AUTHORIZED", "amount": "9.99"}, 999, "PENDING", "AUTHORIZED"),
        ({"state": "AUTHORIZED", "amount": "10.01"}, 1_001, "CONFIRMED", "AUTHORIZED"),
        ({"state": "CAPTURED"}, 1_000, "CONFIRMED", "PAID"),
        ({"state": "CAPTURED", "amount": "9.99"}, 999, "PENDING", "PARTIALLY_PAID"),
        ({"state": "CAPTURED", "amount": 11}, 1_100, "CONFIRMED", "PAID"),
        ({"state": "CAPTURED", "amount": 0}, 0, "PENDING", "UNPAID"),
    ],
)
def test_an_order_is_confirmed_where_captured_or_authorised_reaches_the_total(
    payment: dict[str, Any] | None, amount: int | None, status: str, payment_status: str
) -> None:
    order = order_of(checkout(payment=payment))
    assert [each.amount for each in order.payments] == ([] if amount is None else [amount])
    assert (order.status, order.payment_status) == (OrderStatus(status), PaymentStatus(payment_status))
    due = 1_000 - (amount or 0 if payment and payment.get("state") == "CAPTURED" else 0)
    assert order.amount_due == max(0, due)


@pytest.mark.parametrize("state", ["AUTHORIZED", "CAPTURED"])
def test_a_customers_word_is_no_payment_unless_the_tenant_trusts_it(state: str) -> None:
    given = checkout(payment={"state": state, "reference": "r"})
    order = order_of(given, CUSTOMER)
    assert (order.status.value, order.payment_status.value) == ("PENDING", "UNPAID")
    assert [(each.state.value, each.reference) for each in order.payments] == [("PENDING", "r")]
    trusting = FACTS._replace(trusts_customer_checkout=True)
    assert order_of(given, CUSTOMER, trusting).status.value == "CONFIRMED"
    assert order_of(given, caller(Role.CUSTOMER, Role.VENDOR)).status.value == "CONFIRMED"


def taken(customer_id: str | None) -> PlacingFacts:
    return FACTS._replace(same_ref=(ORDER_ID, customer_id))


def test_a_second_external_reference_is_there_already() -> None:
    assert faults(checkout(externalRef="r"), facts=taken(None)) == [("ALREADY_EXISTS", "externalRef")]


def test_many_faults_are_told_at_once_in_the_order_of_the_fields() -> None:
    given = checkout(
        a_line("?", 0, "-1", discount="x", tax="y"),
        a_line("A", 1, 5, vendorId="\x00", options={"\x00": 1}, isFreeGift=True, tax=1, package={"weightKg": "-1"}),
        a_line("A", 1, 5, name="x" * 256, category="\ud800", discount=6),
        currency="USD",
        customer={"firstName": " ", "id": "x" * 256, "lastName": "\x00", "email": "nobody", "phone": "\ud800"},
        shippingAddress={"line1": "", "country": "usa", "line2": "\x00", "postalCode": "x" * 256},
        channel="x" * 256,
        externalRef="\x00",
        billingAddress={"line1": "x", "country": ""},
        shipping={"method": "\x00", "cost": "-1"},
        payment={"state": "CAPTURED", "amount": "1.001", "provider": "\x00"},
        discounts=[{"amount": 0}, {"amount": "-1", "code": "\x00"}],
        taxes=[{"amount": "a", "name": "\x00", "rate": "b"}],
        branchCode="nowhere",
        note="x" * 5_001,
        metadata={"\x00": 0},
        expectedTotal="1.001",
        placedAt="soon",
    )
    assert faults(given) == [
        ("INVALID_INPUT", "customer.firstName"),
        ("INVALID_INPUT", "customer.id"),
        ("INVALID_INPUT", "customer.lastName"),
        ("INVALID_INPUT", "customer.email"),
        ("INVALID_INPUT", "customer.phone"),
        ("INVALID_INPUT", "shippingAddress.line1"),
        ("INVALID_INPUT", "shippingAddress.country"),
        ("INVALID_INPUT", "shippingAddress.line2"),
        ("INVALID_INPUT", "shippingAddress.postalCode"),
        ("NOT_FOUND", "lines.0.sku"),
        ("INVALID_INPUT", "lines.0.quantity"),
        ("INVALID_INPUT", "lines.0.unitPrice"),
        ("INVALID_INPUT", "lines.0.discount"),
        ("INVALID_INPUT", "lines.0.tax"),
        ("INVALID_INPUT", "lines.1.unitPrice"),
        ("INVALID_INPUT", "lines.1.vendorId"),
        ("INVALID_INPUT", "lines.1.options"),
        ("INVALID_INPUT", "lines.1.tax"),
        ("INVALID_INPUT", "lines.1.package.weightKg"),
        ("DUPLICATE_SKU", "lines.2.sku"),
        ("INVALID_INPUT", "lines.2.name"),
        ("INVALID_INPUT", "lines.2.category"),
        ("INVALID_INPUT", "lines.2.discount"),
        ("INVALID_INPUT", "channel"),
        ("INVALID_INPUT", "externalRef"),
        ("INVALID_INPUT", "billingAddress.country"),
        ("INVALID_INPUT", "shipping.method"),
        ("INVALID_INPUT", "shipping.cost"),
        ("INVALID_INPUT", "payment.amount"),
        ("INVALID_INPUT", "payment.provider"),
        ("INVALID_INPUT", "discounts.1.amount"),
        ("INVALID_INPUT", "discounts.1.code"),
        ("INVALID_INPUT", "taxes.0.amount"),
        ("INVALID_INPUT", "taxes.0.name"),
        ("INVALID_INPUT", "taxes.0.rate"),
        ("NOT_FOUND", "branchCode"),
        ("INVALID_INPUT", "note"),
        ("INVALID_INPUT", "metadata"),
        ("INVALID_INPUT", "expectedTotal"),
        ("INVALID_INPUT", "placedAt"),
    ]


def test_a_field_named_null_is_a_field_left_out() -> None:
    names = "channel externalRef billingAddress shipping payment discounts taxes taxesIncluded branchCode note metadata"
    given = checkout(**dict.fromkeys([*names.split(), "expectedTotal", "placedAt"]))
    order, plain = order_of(given), order_of(checkout())
    assert order == plain
    assert (order.channel, order.external_ref, order.taxes_included, order.payments, order.terms) == (
        "default", None, False, [], {},
    )  # fmt: skip
