"""Bad bodies and bad inputs on the real schema: refused with the right code, never a 5xx, and nothing is written."""

import json
from typing import Any

import pytest

from tests.api.orders_support import CANCEL, PLACE, SHIP, Shop, checkout, line
from tests.api.support import Api

BAD_BODIES: dict[str, bytes] = {
    "no JSON": b"mutation { placeOrder }",
    "half of it": b'{"query": "{ me { subject } }"',
    "a list": b'[{"query": "{ me { subject } }"}]',
    "a string": b'"{ me { subject } }"',
    "a number": b"1",
    "null": b"null",
    "no UTF-8": b'{"query": "{ me { subject } } # \xff"}',
    "UTF-16": '{"query": "{ me { subject } }"}'.encode("utf-16"),
    "a NUL": b'{"query": "{ me { subject } }"}\x00',
    "only NULs": b"\x00" * 100,
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ me { subject } }"}',
    "NaN": b'{"query": "{ me { subject } }", "variables": {"a": NaN}}',
    "no query": b'{"variables": {}}',
    "a query of a number": b'{"query": 1}',
    "variables in a list": b'{"query": "{ me { subject } }", "variables": []}',
    "variables in text": b'{"query": "{ me { subject } }", "variables": "{}"}',
    "a deep body": b'{"query": "{ me { subject } }", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop()


def codes(content: bytes) -> list[str]:
    answer = json.loads(content)
    assert "data" not in answer
    for error in answer["errors"]:
        assert error["extensions"]["requestId"]
    return [error["extensions"]["code"] for error in answer["errors"]]


def test_a_bad_body_is_400_and_nothing_is_written(shop: Shop) -> None:
    before = shop.everything()
    for name, body in BAD_BODIES.items():
        response = shop.admin.client.post(
            "/graphql/", body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {shop.admin.token}"
        )
        assert (name, response.status_code, codes(response.content)) == (name, 400, ["BAD_USER_INPUT"])
    assert shop.everything() == before


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in checkout().items() if key != name}


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "text",
        1,
        {},
        without("currency"),
        without("customer"),
        without("shippingAddress"),
        without("lines"),
        checkout(surprise=1),
        checkout(currency=1),
        checkout(currency=None),
        checkout(lines=None),
        {**checkout(), "lines": [None]},
        {**checkout(), "lines": [{"sku": "A", "quantity": 1}]},
        checkout(line(quantity="1")),  # type: ignore[arg-type]  # wrong on purpose
        checkout(line(quantity=1.5)),  # type: ignore[arg-type]  # wrong on purpose
        checkout(line(quantity=2**31)),
        checkout(line(quantity=True)),
        checkout(line(price=True)),
        checkout(line(price=None)),
        checkout(line(price=[])),
        checkout(line(price={})),
        checkout(line(isFreeGift="yes")),
        checkout(payment={"state": "PAID"}),
        checkout(payment={"state": "captured"}),
        checkout(placedAt=True),
        checkout(expectedTotal=["1"]),
        checkout(note=1),
        checkout(taxesIncluded=1),
        checkout(customer={"firstName": None}),
        checkout(customer={}),
        checkout(customer="Ann"),
    ],
    ids=lambda given: str(given)[-60:],
)
def test_variables_that_do_not_fit_the_types_are_bad_user_input_before_execution(shop: Shop, given: Any) -> None:
    before = shop.everything()
    for accept, status in (("application/json", 200), ("application/graphql-response+json", 400)):
        response = shop.admin.post(PLACE, {"input": given}, HTTP_ACCEPT=accept)
        assert response.status_code == status
        assert set(codes(response.content)) == {"BAD_USER_INPUT"}
    assert shop.everything() == before


NASTY: list[Any] = [
    "", " ", "\x00", "a\x00b", "\ud800", "x" * 300, "😀" * 300, "'; DROP TABLE orders_order; --", "{}", "${jndi:x}",
    "\u202e", "0", "-1", "1e400", "9" * 500, "NaN", "Infinity", "٣", "../../etc/passwd", "<script>", "%s", "\\", "null",
]  # fmt: skip
TEXT_PLACES = [
    "idempotencyKey", "currency", "channel", "externalRef", "branchCode", "note", "expectedTotal", "placedAt",
    "customer.firstName", "customer.id", "customer.lastName", "customer.email", "customer.phone",
    "shippingAddress.line1", "shippingAddress.country", "shippingAddress.postalCode", "billingAddress.line1",
    "lines.0.sku", "lines.0.name", "lines.0.vendorId", "lines.0.category", "lines.0.unitPrice", "lines.0.discount",
    "lines.0.tax", "lines.0.package.weightKg", "shipping.method", "shipping.cost", "payment.amount",
    "payment.reference", "discounts.0.amount", "discounts.0.code", "taxes.0.amount", "taxes.0.rate", "metadata",
    "lines.0.options",
]  # fmt: skip


@pytest.mark.parametrize("path", TEXT_PLACES)
def test_nasty_text_anywhere_is_taken_or_refused_at_its_path_and_never_a_fault_of_ours(shop: Shop, path: str) -> None:
    for value in NASTY:
        given = checkout(
            line(package={}),
            billingAddress={"line1": "x", "country": "US"},
            shipping={}, payment={}, discounts=[{"amount": 0}], taxes=[{"amount": 0}],
        )  # fmt: skip
        place: Any = given
        *way, name = path.split(".")
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[name] = value
        payload = shop.admin.run(PLACE, {"input": given})["data"]["placeOrder"]
        if payload["order"] is None:
            assert payload["errors"]
            assert {".".join(each["field"] or ()) for each in payload["errors"]} <= {path}
        else:
            assert payload["errors"] == []


@pytest.mark.parametrize("value", NASTY, ids=lambda value: ascii(value)[:20])
def test_nasty_ids_in_a_mutation_are_not_found(shop: Shop, value: str) -> None:
    order = shop.place()
    before = shop.everything()
    for document, more in ((CANCEL, {"reason": "OTHER"}), (SHIP, {})):
        assert shop.admin.refusals(document, {"input": {"orderId": value, **more}}) == [("NOT_FOUND", "orderId")]
        lines = {"lines": [{"orderLineId": value, "quantity": 1}]}
        assert shop.admin.refusals(document, {"input": {"orderId": order["id"], **more, **lines}}) == [
            ("NOT_FOUND", "lines.0.orderLineId")
        ]
    assert shop.everything() == before


def test_numbers_beyond_any_column_are_refused(shop: Shop) -> None:
    before = shop.everything()
    big = int("9" * 30)
    assert shop.admin.refusals(PLACE, {"input": checkout(line(price=big))}) == [("INVALID_INPUT", "lines.0.unitPrice")]
    document = """mutation { placeOrder(input: {idempotencyKey: "k", currency: "USD", customer: {firstName: "Ann"},
      shippingAddress: {line1: "x", country: "US"}, lines: [{sku: "A", quantity: 1, unitPrice: 1, options: [%s]}]})
      { order { id } errors { code field } replayed } }"""
    for number in ("9" * 30, "-" + "9" * 30, "9" * 4_000):
        assert shop.admin.refusals(document % number) == [("INVALID_INPUT", "lines.0.options")]
    assert set(shop.admin.codes(document % "1e400")) == {"GRAPHQL_VALIDATION_FAILED"}
    assert shop.everything() == before


def test_deep_metadata_is_refused(shop: Shop) -> None:
    before = shop.everything()
    deep: Any = 1
    for _ in range(100):
        deep = {"a": deep}
    assert shop.admin.refusals(PLACE, {"input": checkout(metadata=deep)}) == [("INVALID_INPUT", "metadata")]
    assert shop.everything() == before


def test_an_unknown_enum_value_or_order_of_a_list_is_bad_user_input(shop: Shop) -> None:
    for document in (
        "{ orders(first: 1, filter: {status: [LOST]}) { nodes { id } } }",
        "{ orders(first: 1, orderBy: {field: TOTAL}) { nodes { id } } }",
        "{ orders(first: 1, orderBy: [{field: PLACED_AT}, {field: UPDATED_AT}]) { nodes { id } } }",
    ):
        assert shop.admin.codes(document) == ["GRAPHQL_VALIDATION_FAILED"]
    document = "query($f:OrderFilter){ orders(first: 1, filter: $f) { nodes { id } } }"
    assert shop.admin.codes(document, {"f": {"status": ["LOST"]}}) == ["BAD_USER_INPUT"]
