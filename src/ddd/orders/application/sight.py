"""Whose eyes see how much of an order.

A Vendor sees the lines that are its own or open; whoever sees no line of an order does not know that it exists. Nor do
Vendors and customers know of a draft that nobody submitted yet.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from ddd.orders.domain.parts import Customer, OrderLine
from ddd.shared.domain.caller import Caller, Scope


class Sight(NamedTuple):
    """How much of an order the caller sees: all of it, or a vendor's part. `is_own`: it is the customer's own order."""

    vendor_id: str | None = None
    is_own: bool = False

    @property
    def is_whole(self) -> bool:
        return self.vendor_id is None

    @property
    def reads_notes(self) -> bool:
        """Whether what staff notes down is meant for these eyes."""
        return self.vendor_id is None and not self.is_own

    def sees(self, line: OrderLine) -> bool:
        return self.vendor_id is None or line.vendor_id is None or line.vendor_id == self.vendor_id


WHOLE = Sight()
OWN = Sight(is_own=True)


class Owned(Protocol):
    """What of an order tells whose it is."""

    @property
    def customer(self) -> Customer: ...
    @property
    def branch_code(self) -> str | None: ...
    @property
    def was_submitted(self) -> bool: ...


def sight_of(scopes: Iterable[Scope], caller: Caller, order: Owned, lines: Sequence[OrderLine]) -> Sight | None:
    """What the caller sees of an order by one of its operations; None: the order does not exist for it."""
    scopes = frozenset(scopes)
    if Scope.ALL in scopes:
        return WHOLE
    if Scope.BRANCH in scopes and (
        caller.branches is None
        or order.branch_code in caller.branches
        or any(line.branch_code in caller.branches for line in lines)
    ):
        return WHOLE
    if not order.was_submitted:  # the staff's own paper, until it is an order
        return None
    if Scope.OWN in scopes and order.customer.id == caller.customer_id:
        return OWN
    sight = Sight(caller.vendor_id)
    return sight if Scope.VENDOR in scopes and any(sight.sees(line) for line in lines) else None
