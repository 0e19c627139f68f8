"""Stock's port for those who sell: statements that travel in their own unit of work, so that what is sold and what is
held back commit together. The root wires it in; nobody imports this context for it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from ddd.shared.application.statements import Read, Write
from ddd.shared.domain.caller import Caller

#: A reservation beyond what is available: the race for the last unit was lost, decide again from a fresh read.
SHORT: Final = "stock_level_enough"
#: A reservation where no level was ever opened; a fresh read shows nothing there.
NO_LEVEL: Final = "stock_reservation_level_fk"
#: A release or issue of more than the line still holds (or of a line that holds nothing).
NOT_HELD: Final = "stock_reservation_left"

#: sku -> branch_code -> units, only where there is at least one
Availability = Mapping[str, Mapping[str, int]]


class Reservations(Protocol):
    """`SHORT`, `NO_LEVEL` and `NOT_HELD` are the constraints named above.

    Each write is one statement, all or nothing; whatever it cannot do whole aborts the transaction by one of them. Rows
    are locked by (branch, SKU): orders that share items wait for each other, never in a circle. Give a transaction one
    write: two would lock in two rounds, and may meet another's two in a deadlock (after a second the unit of work runs
    it again).
    """

    SHORT: str
    NO_LEVEL: str
    NOT_HELD: str

    def availability(self, tenant_id: str, skus: Sequence[str]) -> Read[Availability]:
        """What could be reserved now, in every branch, also archived ones. Takes no lock."""
        ...

    def reserve(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, str, str, int]], at: datetime
    ) -> Write:
        """Hold back (line_no, branch_code, sku, quantity) each. An order has one line for a SKU (ValueError)."""
        ...

    def reserve_again(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, str, str, int]], at: datetime
    ) -> Write:
        """Like `reserve`, of an order whose lines held something before, maybe of other SKUs; NOT_HELD where one still
        does.
        """
        ...

    def release(self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, int]], at: datetime) -> Write:
        """Give back (line_no, quantity) each: available again."""
        ...

    def take_back(
        self,
        tenant_id: str,
        order_id: UUID,
        lines: Sequence[tuple[int, str, str, int]],
        at: datetime,
        actor: str,
        reference: str,
    ) -> Write:
        """Put returned units on hand again: (line_no, branch_code, sku, quantity) each, with a movement per line."""
        ...

    def issue(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, int]], at: datetime, actor: str, reference: str
    ) -> Write:
        """Take (line_no, quantity) each out of the branch, with a movement per line. `actor`: the caller's subject."""
        ...

    def issue_audited(
        self,
        caller: Caller,
        operation: str,
        order_id: UUID,
        lines: Sequence[tuple[int, int]],
        at: datetime,
        reference: str,
    ) -> Write:
        """Like `issue`, with an audit row of the operation for each level: on hand before and after, the movement."""
        ...

    def lock_held(self, tenant_id: str, order_id: UUID) -> Read[Mapping[int, int]]:
        """Units on hand where each line of the order holds some, by line number.

        Those levels stay locked until the transaction ends, in the order in which a write locks them: one that follows
        in the same transaction waits for nobody.
        """
        ...
