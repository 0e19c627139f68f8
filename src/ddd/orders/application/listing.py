"""What a list of orders is asked for: filter and sort, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ddd.orders.domain.status import OrderStatus, PaymentStatus
from ddd.shared.application.form import Form
from ddd.shared.domain.errors import BadArgument


@dataclass(frozen=True, slots=True)
class Span:
    """from ≤ t < until."""

    start: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A filter and a sort. `sort` is the row's column; e-mail and search are case-folded where that matters."""

    status: tuple[str, ...] = ()
    payment_status: tuple[str, ...] = ()
    customer_id: str | None = None
    customer_email: str | None = None
    vendor_id: str | None = None
    branch_code: str | None = None
    sku: str | None = None
    channel: str | None = None
    placed_at: Span = Span()
    updated_at: Span = Span()
    search: str | None = None
    #: Only these.
    ids: tuple[UUID, ...] | None = None
    #: Only open orders under a version of the workflow older than this, or under this very version.
    older_than: int | None = None
    workflow_version: int | None = None
    sort: str = "placed_at"
    is_descending: bool = True

    @property
    def sort_name(self) -> str:
        """What a cursor of this list is bound to."""
        return f"orders.{self.sort}.{'desc' if self.is_descending else 'asc'}"


_SORTS = {"PLACED_AT": "placed_at", "UPDATED_AT": "updated_at"}


def read_listing(filter_: Mapping[str, Any] | None, order_by: Mapping[str, Any] | None) -> Listing:
    """The listing that a client asks for, or BadArgument."""
    form = Form(filter_ or {}, ("filter",))
    listing = read_filter(form)
    if form.faults:
        fault = form.faults[0]
        raise BadArgument(f"{'.'.join(fault.field or ())}: {fault.message}")
    sort = order_by or {}
    return replace(
        listing,
        sort=_SORTS[sort.get("field") or "PLACED_AT"],
        is_descending=(sort.get("direction") or "DESC") == "DESC",
    )


def read_filter(form: Form) -> Listing:
    """What a filter says; faults are noted in the form."""
    return Listing(
        status=tuple(OrderStatus(each).value for each in form.raw("status") or ()),
        payment_status=tuple(PaymentStatus(each).value for each in form.raw("paymentStatus") or ()),
        customer_id=form.text("customerId"),
        customer_email=_folded(form.text("customerEmail")),
        vendor_id=form.text("vendorId"),
        branch_code=form.text("branchCode"),
        sku=form.text("sku"),
        channel=form.text("channel"),
        placed_at=_span(form, "placedAt"),
        updated_at=_span(form, "updatedAt"),
        search=form.text("search") or None,
    )


def _folded(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _span(form: Form, name: str) -> Span:
    span = form.sub(name)
    return Span() if span is None else Span(span.date_time("from"), span.date_time("until"))
