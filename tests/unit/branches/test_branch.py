"""The branch's decisions and input, without a database."""

from typing import Any

import pytest

from ddd.branches.application.input import code_of, read_fields
from ddd.branches.domain.branch import Address, Branch, timezones
from ddd.shared.application.form import Form
from ddd.shared.domain.errors import ErrorCode
from ddd.shared.domain.ids import new_id

BRANCH = Branch.create(new_id(), "north", "North", None, "Europe/Berlin")


def faults(given: dict[str, Any]) -> list[tuple[str, ...] | None]:
    form = Form(given)
    read_fields(form, given)
    assert {fault.code for fault in form.faults} <= {ErrorCode.INVALID_INPUT}
    return [fault.field for fault in form.faults]


def test_a_new_branch_is_open_at_priority_100() -> None:
    assert (BRANCH.archived, BRANCH.priority, BRANCH.version) == (False, 100, 1)
    assert BRANCH.closed() is None


def test_a_change_is_the_next_version_and_none_is_none() -> None:
    assert BRANCH.update(name="Northern").version == 2
    assert BRANCH.update(name="North", priority=100) is BRANCH
    assert BRANCH.update() is BRANCH


def test_an_archived_branch_does_not_change() -> None:
    archived = BRANCH.archive()
    assert (archived.archived, archived.version) == (True, 2)
    closed = archived.closed()
    assert closed is not None
    assert [(each.code, each.field) for each in closed.items] == [(ErrorCode.INVALID_TRANSITION, ("code",))]


def test_every_field_is_read_under_the_aggregates_name() -> None:
    given = {
        "code": "x",
        "name": "North",
        "timezone": "America/Argentina/Buenos_Aires",
        "address": {"line1": "1 High St", "country": "GB", "line2": "b", "city": "c", "state": "d", "postalCode": "e"},
        "priority": -1,
    }
    form = Form(given)
    assert read_fields(form, given) == {
        "name": "North",
        "timezone": "America/Argentina/Buenos_Aires",
        "address": Address("1 High St", "GB", "b", "c", "d", "e"),
        "priority": -1,
    }
    assert form.refusals is None


def test_what_is_absent_or_null_is_not_a_change() -> None:
    given = {"name": None, "timezone": None, "address": None, "priority": None}
    assert read_fields(Form(given), given) == {}


def test_every_fault_is_named_in_input_order() -> None:
    assert faults(
        {
            "name": "\x00",
            "timezone": "Mars/Olympus",
            "address": {"line1": "", "city": "x" * 256, "country": "UK"},
            "priority": 2**31,
        }
    ) == [("name",), ("timezone",), ("address", "line1"), ("address", "city"), ("address", "country"), ("priority",)]


def test_line_1_and_country_are_required_in_an_address() -> None:
    assert faults({"address": {}}) == [("address", "line1"), ("address", "country")]


@pytest.mark.parametrize("name", ["europe/berlin", "Factory", "localtime", "posixrules", "../UTC", "UTC+1", "", "CEST"])
def test_is_no_time_zone(name: str) -> None:
    assert faults({"timezone": name}) == [("timezone",)]


def test_time_zones_are_those_of_iana() -> None:
    assert {"UTC", "Europe/Kyiv", "Asia/Kolkata", "America/Indiana/Knox", "Etc/GMT+12"} <= timezones()


@pytest.mark.parametrize("code", [None, 5, "a\x00b", "\ud800"])
def test_a_code_that_nothing_can_have_finds_nothing(code: object) -> None:
    assert code_of({"code": code}) == ""
