"""Identifiers: made by us in order of time, read from clients strictly."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddd.shared.domain.ids import new_id, parse_id

TEXT = "01912d68-7b3a-7c4e-8f00-0123456789ab"


def test_a_new_id_is_a_uuid_of_version_7_that_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= after


def test_ids_differ_within_one_millisecond() -> None:
    assert len({new_id() for _ in range(1_000)}) == 1_000


@given(st.uuids())
def test_an_id_is_read_in_either_case(id_: UUID) -> None:
    assert parse_id(str(id_)) == parse_id(str(id_).upper()) == id_


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        TEXT + "0",
        TEXT[:-1],
        TEXT.replace("-", ""),
        "{" + TEXT[1:-1] + "}",
        "urn:uuid:" + TEXT,
        TEXT[:-1] + "g",
        TEXT[:-1] + "\x00",
        TEXT[:-1] + "\ud800",
        TEXT[:-1] + "１",
        TEXT[:-2] + "_1",
        "1_912d68-7b3a-7c4e-8f00-0123456789ab",
        "01912d68-7b3a7c4e-8f00-0123-456789ab",
        " " + TEXT[1:],
    ],
)
def test_what_is_not_36_characters_in_five_groups_is_no_id(text: str) -> None:
    assert parse_id(text) is None
