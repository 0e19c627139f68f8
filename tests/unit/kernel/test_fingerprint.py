"""When two inputs are the same input."""

from typing import Any

import pytest

from ddd.shared.infrastructure.idempotency import fingerprint

INPUT: dict[str, Any] = {
    "idempotencyKey": "k",
    "customer": {"firstName": "Zoë", "id": "7"},
    "lines": [{"sku": "a", "quantity": 2, "unitPrice": "10.50"}, {"sku": "b", "quantity": 1, "unitPrice": 3}],
    "metadata": {"a": [1, {"amount": "1.0"}], "b": None},
    "expectedTotal": "24",
    "note": "x",
}


def same(changed: dict[str, Any], of: dict[str, Any] = INPUT) -> bool:
    return fingerprint("placeOrder", changed) == fingerprint("placeOrder", of)


@pytest.mark.parametrize(
    "changed",
    [
        dict(reversed(INPUT.items())),
        {**INPUT, "idempotencyKey": "other"},
        {**INPUT, "customer": {"id": "7", "firstName": "Zoë"}},
        {**INPUT, "expectedTotal": "24.000"},
        {**INPUT, "expectedTotal": 24},
        {**INPUT, "expectedTotal": 24.0},
        {**INPUT, "lines": [{"unitPrice": 10.5, "quantity": 2, "sku": "a"}, {**INPUT["lines"][1], "unitPrice": "3.0"}]},
        {**INPUT, "metadata": {"b": None, "a": [1, {"amount": "1.0"}]}},
        {**INPUT, "externalRef": None},
    ],
)
def test_field_order_the_key_and_how_an_amount_is_written_do_not_matter(changed: dict[str, Any]) -> None:
    assert same(changed)


@pytest.mark.parametrize(
    "changed",
    [
        {**INPUT, "note": "X"},
        {**INPUT, "note": "x "},
        {**INPUT, "expectedTotal": "24.001"},
        {**INPUT, "expectedTotal": "24." + "0" * 38 + "1"},
        {**INPUT, "lines": INPUT["lines"][::-1]},
        {**INPUT, "lines": INPUT["lines"][:1]},
        {**INPUT, "metadata": {**INPUT["metadata"], "b": 0}},
        {**INPUT, "metadata": {"a": [1, {"amount": "1.00"}], "b": None}},
        {**INPUT, "metadata": {"a": [1, {"amount": "1.0"}]}},
        {**INPUT, "customer": {"firstName": "Zoë", "id": "8"}},
        {**INPUT, "customer": {"firstName": "5a6fc3ab", "id": "7"}},
        {**INPUT, "expectedVersion": 1},
        {name: value for name, value in INPUT.items() if name != "note"},
    ],
)
def test_any_other_difference_makes_another_input(changed: dict[str, Any]) -> None:
    assert not same(changed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (True, "true"),
        ([1], ["1"]),
        ([{"amount": 1}], [{"amount": "1"}]),
        ([{"a": None}], [{}]),
        ("é", "c3a9"),
        ([[{"a": 1}]], "[[{'a': 1}]]"),
    ],
)
def test_free_data_is_compared_as_json_whatever_its_type(one: Any, other: Any) -> None:
    assert not same({"metadata": one}, {"metadata": other})
    assert not same({"options": one}, {"options": other})


def test_free_data_in_a_list_is_the_same_in_any_field_order() -> None:
    assert same({"metadata": [[{"a": 1, "b": 2}]]}, {"metadata": [[{"b": 2, "a": 1}]]})


def test_the_operation_is_part_of_it() -> None:
    assert fingerprint("cancelOrder", INPUT) != fingerprint("placeOrder", INPUT)


@pytest.mark.parametrize("value", ["\ud800", "\x00", "x" * 100_000])
def test_text_that_will_be_refused_has_a_fingerprint_too(value: str) -> None:
    assert same({"note": value, "metadata": {value: [value]}}, {"note": value, "metadata": {value: [value]}})
    assert not same({"note": value}, {"note": "é"})


def test_json_that_will_be_refused_has_a_fingerprint_too() -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    assert same({"metadata": deep, "options": 10**50}, {"metadata": deep, "options": 10**50})
