"""Orders as the operator goes through them: each with all its parts and its timeline, a handful at a time."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol
from uuid import UUID

from ddd.orders.application.ports import Found
from ddd.orders.domain.order import Order
from ddd.shared.application.events import AuditEntry
from ddd.shared.application.reader import Reader
from ddd.shared.application.statements import Bundle, Write
from ddd.shared.domain.caller import Caller

#: So many orders are read at once.
_HANDFUL = 100
_BEFORE_ALL = UUID(int=0)


class Whose(NamedTuple):
    """Orders of one customer: by its id, or by the e-mail address they were placed with, in any case."""

    customer_id: str | None = None
    email: str | None = None


class OrderRecords(Protocol):
    """Statements beside those of the order's life."""

    def after(self, tenant_id: str, order_id: UUID, size: int, whose: Whose | None) -> Bundle[list[Found]]:
        """Up to `size` orders in the order of their ids, beginning behind this one; whole, with their timelines."""
        ...

    def only(self, tenant_id: str, order_id: UUID) -> Bundle[list[Found]]:
        """This order, whole; none where it is not there."""
        ...

    def blank(self, caller: Caller, order: Order, audit: AuditEntry) -> Write:
        """What erasing changed of an order: its person's row, free data, timeline, outbox and audit."""
        ...


def each_order(caller: Caller, reader: Reader, records: OrderRecords, whose: Whose | None = None) -> Iterator[Found]:
    """Every order of the tenant, or of one customer. One short read for each handful."""
    last = _BEFORE_ALL
    while True:
        found = read(caller, reader, records.after(caller.tenant_id, last, _HANDFUL, whose))
        yield from found
        if len(found) < _HANDFUL:
            return
        last = found[-1][0].id


def read(caller: Caller, reader: Reader, bundle: Bundle[list[Found]]) -> list[Found]:
    """What a bundle answers, all of it from one moment."""
    _grant, *rows = reader.ask(caller, lambda _: bundle.reads)
    return bundle.assemble(*rows)
