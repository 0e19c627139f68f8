"""A carrier's words, freed of the person they repeat."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.orders.application.carriers import LabelKey, LabelRequest, Party
from ddd.orders.domain.parts import Address, ShipmentMode
from ddd.orders.infrastructure.carriers.privacy import freed_of

DESTINATION = Party(
    name="Li Wei-Chen O’Brien",
    phone="+65 9123 4567",
    email="li.wei@mail.example",
    address=Address("7 Jalan Besar", "SG", "#05-12", "Singapore", None, "208787"),
)
REQUEST = LabelRequest(
    key=LabelKey("northwind", UUID(int=1), datetime(2026, 3, 2, tzinfo=UTC)),
    order_number="ORD-1",
    mode=ShipmentMode.DROPOFF,
    origin=Party("山田太郎", Address("千代田区1-1", "JP")),
    destination=DESTINATION,
    lines=(),
    instructions="Leave it at the back, gate code 88A1",
)


@pytest.mark.parametrize(
    ("said", "freed"),
    [
        ("Address not found", "Address not found"),
        ("LI WEI-CHEN not at 7 JALAN BESAR #05-12", "… not at …"),
        ("phone 6591234567 or 91234567 is bad", "phone … or … is bad"),
        ("phone (65) 9123-4567", "phone (…) …"),
        ("write to <li.wei@mail.example>", "write to <…>"),
        ("JalanBesar and Besarstrasse", "… and …strasse"),
        ("listing is fine, li is not", "listing is fine, … is not"),
        ("山田太郎様 is unknown", "…様 is unknown"),
        ("leave at the back means nothing, 88a1 does", "leave at the back means nothing, … does"),
        ("Leave it at the back, gate code 88A1", "…"),
        ("two\r\nlines\x00 and\u2028more", "two lines and more"),
        ("", ""),
    ],
)
def test_words_are_freed_of_the_person(said: str, freed: str) -> None:
    assert freed_of(REQUEST, [said]) == freed


def test_several_sayings_become_one_text_without_repetition() -> None:
    assert freed_of(REQUEST, ["No rate.", "", "No rate.", "Try again."]) == "No rate.; Try again."


def test_a_reason_is_no_longer_than_300_characters() -> None:
    freed = freed_of(REQUEST, ["word " * 5_000])
    assert (len(freed), freed[-1]) == (300, "…")


@given(st.text(max_size=40), st.text(min_size=2, max_size=20).filter(lambda text: len(text.split()) == 1), st.text())
def test_whatever_a_person_is_called_is_not_repeated(before: str, name: str, after: str) -> None:
    request = replace(REQUEST, destination=replace(DESTINATION, name=name))
    freed = freed_of(request, [f"{before} {name} {after}"])
    plain = "".join(character if character.isprintable() else " " for character in name).split()
    assert len(plain) != 1 or plain[0] not in freed.split()
