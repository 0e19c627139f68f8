"""Northwind's history as inputs of the API: nothing is lost, and every amount is right to the cent."""

import csv
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.branches.domain.branch import timezones
from ddd.shared.domain.countries import COUNTRIES
from ddd.shared.domain.text import MAX_TEXT, fault_of
from order_management.demo import northwind
from order_management.demo.northwind import DATA, Input, PastOrder, line_discount

NORTHWIND = northwind.read()
ORDERS = {order.number: order for order in NORTHWIND.orders}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def units(orders: list[PastOrder]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for order in orders:
        for line in order.placing["lines"]:
            counted[line["sku"]] += line["quantity"]
    return counted


def test_every_order_line_and_shipment_is_there_once() -> None:
    assert len(NORTHWIND.orders) == len(ORDERS) == 830
    assert sum(len(order.placing["lines"]) for order in NORTHWIND.orders) == 2155
    assert sum(order.shipping is not None for order in NORTHWIND.orders) == 809
    assert len({order.placing["idempotencyKey"] for order in NORTHWIND.orders}) == 830
    assert [order.number for order in NORTHWIND.orders] == [str(number) for number in range(10248, 11078)]


def test_the_first_order_reads_as_a_storefront_would_send_it() -> None:
    assert ORDERS["10248"] == PastOrder(
        "10248",
        {
            "idempotencyKey": "northwind-10248",
            "channel": "northwind",
            "externalRef": "10248",
            "currency": "USD",
            "customer": {"id": "VINET", "firstName": "Paul", "lastName": "Henriot", "phone": "26.47.15.10"},
            "shippingAddress": {
                "line1": "59 rue de l'Abbaye",
                "city": "Reims",
                "postalCode": "51100",
                "country": "FR",
            },
            "billingAddress": {
                "line1": "59 rue de l'Abbaye",
                "city": "Reims",
                "postalCode": "51100",
                "country": "FR",
            },
            "lines": [
                {
                    "sku": "NW-11",
                    "quantity": 12,
                    "unitPrice": "14.00",
                    "discount": "0.00",
                    "name": "Queso Cabrales",
                    "category": "Dairy Products",
                },
                {
                    "sku": "NW-42",
                    "quantity": 10,
                    "unitPrice": "9.80",
                    "discount": "0.00",
                    "name": "Singaporean Hokkien Fried Mee",
                    "category": "Grains/Cereals",
                },
                {
                    "sku": "NW-72",
                    "quantity": 5,
                    "unitPrice": "34.80",
                    "discount": "0.00",
                    "name": "Mozzarella di Giovanni",
                    "category": "Dairy Products",
                },
            ],
            "shipping": {"cost": "32.38"},
            "expectedTotal": "472.38",
            "placedAt": "1996-07-04T00:00:00Z",
            "metadata": {"shipName": "Vins et alcools Chevalier", "requiredDate": "1996-08-01"},
        },
        {
            "idempotencyKey": "northwind-10248-shipped",
            "carrier": "Federal Shipping",
            "shippedAt": "1996-07-16T00:00:00Z",
        },
    )


def test_nothing_is_paid() -> None:
    assert not any("payment" in order.placing for order in NORTHWIND.orders)


def test_every_total_is_its_lines_less_discounts_rounded_half_up_plus_freight() -> None:
    """The same sums in whole cents, by another way than the mapping's."""
    cents: Counter[str] = Counter()
    for row in rows("order_details"):
        gross = round(Decimal(row["unit_price"]) * 100) * int(row["quantity"])
        cents[row["order_id"]] += gross - (gross * round(Decimal(row["discount"]) * 100) + 50) // 100
    for row in rows("orders"):
        cents[row["order_id"]] += round(Decimal(row["freight"]) * 100)
    assert {number: round(Decimal(order.placing["expectedTotal"]) * 100) for number, order in ORDERS.items()} == cents
    # Northwind's well-known 1,265,793.04 of goods and 64,942.69 of freight, less 28 cents by rounding each line.
    assert sum(cents.values()) == 133_073_545


@given(price=st.integers(0, 10**7), quantity=st.integers(1, 10**6), rate=st.integers(0, 100))
def test_half_a_cent_is_rounded_up(price: int, quantity: int, rate: int) -> None:
    rounded = line_discount(Decimal(price) / 100, quantity, Decimal(rate) / 100)
    exact = Fraction(price * quantity * rate, 100)  # in cents
    assert rounded * 100 == floor(exact + Fraction(1, 2))
    assert rounded.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("price", "quantity", "rate", "expected"), [("0.10", 1, "0.05", "0.01"), ("2.30", 1, "0.15", "0.35")]
)
def test_a_discount_at_exactly_half_a_cent(price: str, quantity: int, rate: str, expected: str) -> None:
    assert line_discount(Decimal(price), quantity, Decimal(rate)) == Decimal(expected)


def test_opening_stock_less_what_ships_is_what_is_open_and_the_units_in_stock() -> None:
    opening = {each["sku"]: each["quantity"] for each in NORTHWIND.catalogue.receipts}
    shipped = units([order for order in NORTHWIND.orders if order.shipping is not None])
    still_open = units([order for order in NORTHWIND.orders if order.shipping is None])
    in_stock = {northwind.sku(row["product_id"]): int(row["units_in_stock"]) for row in rows("products")}
    assert len(opening) == 77
    assert sum(1 for order in NORTHWIND.orders if order.shipping is None) == 21
    assert {sku: opening[sku] - shipped[sku] for sku in opening} == {
        sku: in_stock[sku] + still_open[sku] for sku in in_stock
    }
    assert (sum(opening.values()), sum(shipped.values()), sum(still_open.values())) == (54_436, 50_119, 1_198)


def test_product_n_lies_in_region_n_modulo_4() -> None:
    branch_of = {each["sku"]: each["branchCode"] for each in NORTHWIND.catalogue.receipts}
    assert [branch_of[f"NW-{n:02}"] for n in (1, 2, 3, 4, 5, 76, 77)] == [
        "EASTERN", "WESTERN", "NORTHERN", "SOUTHERN", "EASTERN", "SOUTHERN", "EASTERN",
    ]  # fmt: skip
    assert Counter(branch_of.values()) == {"EASTERN": 20, "WESTERN": 19, "NORTHERN": 19, "SOUTHERN": 19}


def test_the_catalogue_is_in_the_words_of_the_api() -> None:
    catalogue = NORTHWIND.catalogue
    assert [branch["code"] for branch in catalogue.branches] == ["EASTERN", "WESTERN", "NORTHERN", "SOUTHERN"]
    assert catalogue.branches[0] == {
        "code": "EASTERN", "name": "Eastern", "timezone": "America/New_York", "priority": 1,
    }  # fmt: skip
    assert {branch["timezone"] for branch in catalogue.branches} <= timezones()
    assert [item["sku"] for item in catalogue.items] == [receipt["sku"] for receipt in catalogue.receipts]
    assert catalogue.items[2] == {
        "sku": "NW-03", "name": "Aniseed Syrup", "unit": "12 - 550 ml bottles", "minStockLevel": 25,
    }  # fmt: skip
    assert all(receipt["quantity"] >= 1 for receipt in catalogue.receipts)


def test_countries_are_alpha_2() -> None:
    countries = {
        order.placing[address]["country"]
        for order in NORTHWIND.orders
        for address in ("shippingAddress", "billingAddress")
    }
    assert len(countries) == 21
    assert countries <= COUNTRIES
    assert ORDERS["10289"].placing["shippingAddress"]["country"] == "GB"


def test_postal_codes_stay_text() -> None:
    assert ORDERS["10250"].placing["shippingAddress"]["postalCode"] == "05454-876"
    assert ORDERS["10259"].placing["shippingAddress"]["postalCode"] == "05022"


def test_every_text_is_one_that_the_api_takes() -> None:
    def texts(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, dict):
            return [text for each in value.values() for text in texts(each)]
        return [text for each in value for text in texts(each)] if isinstance(value, list) else []

    inputs: list[Input] = [*NORTHWIND.catalogue.branches, *NORTHWIND.catalogue.items, *NORTHWIND.catalogue.receipts]
    inputs += [order.placing for order in NORTHWIND.orders]
    inputs += [order.shipping for order in NORTHWIND.orders if order.shipping is not None]
    assert [
        text for each in inputs for text in texts(each) if fault_of(text, required=True) or len(text) > MAX_TEXT
    ] == []


def test_a_name_is_split_at_its_first_blank() -> None:
    names = {
        order.placing["customer"]["id"]: (order.placing["customer"]["firstName"], order.placing["customer"]["lastName"])
        for order in NORTHWIND.orders
    }
    assert names["FURIB"] == ("Lino", "Rodriguez")
    assert names["TOMSP"] == ("Karin", "Josephs")
    assert names["GODOS"] == ("José", "Pedro Freyre")
    assert all(all(pair) for pair in names.values())
