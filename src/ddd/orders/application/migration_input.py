"""What migrateOrders is given: a dry run is told which orders to look at, a run which plan to follow."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final
from uuid import UUID

from ddd.orders.application.listing import Listing, read_filter
from ddd.orders.application.migration_plan import MAX_PLANNED, Planned, decode_plan
from ddd.orders.application.queries import checked
from ddd.published.workflow import PLAIN_VERSION
from ddd.shared.application.form import Form
from ddd.shared.application.pages import PageRequest, page_request
from ddd.shared.domain.errors import BadArgument, ErrorCode, Refusal
from ddd.shared.domain.ids import parse_id

_PAGE: Final = 100
_NOBODY: Final = UUID(int=0)
#: What describes orders, as opposed to naming them.
_DESCRIPTION: Final = ("fromVersion", "filter", "first", "after")


def cursor_name(version: int) -> str:
    """What a cursor of a dry run is bound to."""
    return f"migrateOrders.{version}"


def read_choice(form: Form, version: int) -> tuple[Listing, PageRequest]:
    """The orders that a dry run looks at, the oldest first; faults are noted."""
    if version == PLAIN_VERSION:
        form.refuse("toVersion", "No version is older than the built-in one.")
    if form.has("orderIds"):
        return _named(form)
    from_version = form.raw("fromVersion")
    if from_version is not None and from_version >= version:
        form.refuse("fromVersion", f"Version {from_version} is not older than version {version}.")
    limits = form.sub("filter")
    listing = Listing() if limits is None else read_filter(limits)
    return (
        replace(listing, older_than=version, workflow_version=from_version, is_descending=False),
        PageRequest(_size(form), False, _position(form, version)),
    )


def _named(form: Form) -> tuple[Listing, PageRequest]:
    ids = named_ids(form)
    if not 1 <= len(ids) <= MAX_PLANNED:
        form.refuse("orderIds", f"Name 1 to {MAX_PLANNED} orders, or leave orderIds out.")
        return Listing(), PageRequest(0, False, None)
    for place, each in enumerate(ids):
        if each != _NOBODY and each in ids[:place]:
            form.at(("orderIds",)).refuse(str(place), "This order is named twice.")
    for name in _DESCRIPTION:
        if form.has(name):
            form.refuse(name, "Name orders by their ids, or describe them: not both.")
    return Listing(ids=tuple(ids), is_descending=False), PageRequest(len(ids), False, None)


def named_ids(form: Form) -> list[UUID]:
    """The orders named, a malformed id as one that nothing has."""
    return [parse_id(each) or _NOBODY for each in form.raw("orderIds") or ()]


def missing_orders(form: Form, found: Collection[UUID]) -> tuple[Refusal, ...]:
    """Those named that are not there."""
    return tuple(
        Refusal(ErrorCode.NOT_FOUND, "There is no such order.", ("orderIds", str(place)))
        for place, each in enumerate(named_ids(form))
        if each not in found
    )


def read_plan(form: Form, version: int) -> list[Planned]:
    """The orders that a run moves; faults are noted."""
    for name in ("orderIds", *_DESCRIPTION):
        if form.has(name):
            form.refuse(name, "The plan says which orders: leave this to the dry run.")
    if not form.has("plan"):
        form.refuse("plan", "This is required: make a dry run, and give the plan that it answers.")
        return []
    entries = decode_plan(form.raw("plan"), version)
    if entries is None:
        form.faults.append(no_plan())
    return entries or []


def no_plan() -> Refusal:
    """The plan is not one that a dry run of this tenant made for this version."""
    return Refusal(ErrorCode.INVALID_INPUT, "This is no plan of a dry run to this version.", ("plan",))


def _size(form: Form) -> int:
    size = form.raw("first")
    if size is None:
        return _PAGE
    if not 1 <= size <= MAX_PLANNED:
        form.refuse("first", f"A page has 1 to {MAX_PLANNED} orders.")
        return 1
    return int(size)


def _position(form: Form, version: int) -> tuple[str, ...] | None:
    after = form.raw("after")
    if after is None:
        return None
    try:
        return checked(page_request(cursor_name(version), 1, after, None, None)).position
    except BadArgument as fault:
        form.refuse("after", str(fault))
        return None
