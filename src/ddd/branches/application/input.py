"""Reading what a client says of a branch."""

from collections.abc import Mapping
from typing import Any

from ddd.branches.domain.branch import Address, timezones
from ddd.shared.application.form import Form
from ddd.shared.domain.countries import COUNTRIES
from ddd.shared.domain.text import is_storable

_PRIORITIES = range(-(2**31), 2**31)  # GraphQL's Int, and the column's integer


def code_of(given: Mapping[str, Any]) -> str:
    """The code to look for, before anything is checked: "" where it could be no branch's."""
    code = given.get("code")
    return code if isinstance(code, str) and is_storable(code) else ""


def read_fields(form: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields (null: not given) under the aggregate's names; faults are noted in the fields' order."""
    fields: dict[str, Any] = {}
    for name in given:
        if not form.has(name):
            continue
        if name == "name":
            fields["name"] = form.required_text(name)
        elif name == "timezone":
            fields["timezone"] = form.choice(name, timezones(), "IANA time zone")
        elif name == "address":
            fields["address"] = _address(form)
        elif name == "priority":
            fields["priority"] = form.raw(name)
            if not isinstance(fields["priority"], int) or fields["priority"] not in _PRIORITIES:
                form.refuse(name, "A priority is a whole number of 32 bits.")
    return fields


def _address(form: Form) -> Address | None:
    address = form.sub("address")
    if address is None:
        return None
    return Address(
        line1=address.required_text("line1"),
        line2=address.text("line2"),
        city=address.text("city"),
        state=address.text("state"),
        postal_code=address.text("postalCode"),
        country=address.choice("country", COUNTRIES, "ISO 3166-1 alpha-2 country code"),
    )
