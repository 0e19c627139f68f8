"""What a list of orders is asked for: filter and sort, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ddd.orders.domain.status import OrderStatus, PaymentStatus
from ddd.shared.application.form import parse_date_time
from ddd.shared.domain.errors import BadArgument
from ddd.shared.domain.text import fault_of


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
    sort: str = "placed_at"
    is_descending: bool = True

    @property
    def sort_name(self) -> str:
        """What a cursor of this list is bound to."""
        return f"orders.{self.sort}.{'desc' if self.is_descending else 'asc'}"


_SORTS = {"PLACED_AT": "placed_at", "UPDATED_AT": "updated_at"}


def read_listing(filter_: Mapping[str, Any] | None, order_by: Mapping[str, Any] | None) -> Listing:
    """The listing that a client asks for, or BadArgument."""
    given = filter_ or {}
    sort = order_by or {}
    return Listing(
        status=tuple(OrderStatus(each).value for each in given.get("status") or ()),
        payment_status=tuple(PaymentStatus(each).value for each in given.get("paymentStatus") or ()),
        customer_id=_text(given, "customerId"),
        customer_email=_folded(_text(given, "customerEmail")),
        vendor_id=_text(given, "vendorId"),
        branch_code=_text(given, "branchCode"),
        sku=_text(given, "sku"),
        channel=_text(given, "channel"),
        placed_at=_span(given, "placedAt"),
        updated_at=_span(given, "updatedAt"),
        search=_text(given, "search") or None,
        sort=_SORTS[sort.get("field") or "PLACED_AT"],
        is_descending=(sort.get("direction") or "DESC") == "DESC",
    )


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    fault = fault_of(value)
    if fault is not None:
        raise BadArgument(f"filter.{name}: {fault}")
    return str(value)


def _folded(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _span(given: Mapping[str, Any], name: str) -> Span:
    span = given.get(name) or {}
    return Span(_moment(span, name, "from"), _moment(span, name, "until"))


def _moment(span: Mapping[str, Any], name: str, end: str) -> datetime | None:
    raw = span.get(end)
    if raw is None:
        return None
    moment = parse_date_time(raw)
    if moment is None:
        raise BadArgument(f"filter.{name}.{end}: This is no RFC 3339 date and time.")
    return moment
