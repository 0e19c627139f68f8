"""Fakes that pass the same contract suites as the real things.

A fake's `Write` carries in its parameters what it does, and `committed` is the commit: all of it, or nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ddd.shared.application.statements import Read, Write
from ddd.shared.domain.caller import Caller
from ddd.stock.application import reservations
from ddd.stock.application.reservations import Availability


class Aborted(Exception):
    """What a constraint does to a transaction."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class FakeReservations:
    """In memory: levels by (tenant, branch, SKU), and what each (tenant, order, line) holds of which."""

    SHORT: str = reservations.SHORT
    NO_LEVEL: str = reservations.NO_LEVEL
    NOT_HELD: str = reservations.NOT_HELD

    def __init__(self) -> None:
        self.levels: Mapping[tuple[str, str, str], tuple[int, int]] = {}
        self.held: Mapping[tuple[str, UUID, int], tuple[str, str, int]] = {}

    def availability(self, tenant_id: str, skus: Sequence[str]) -> Read[Availability]:
        def build(_: Any) -> Availability:
            found: dict[str, dict[str, int]] = {}
            for (tenant, branch, sku), (on_hand, reserved) in self.levels.items():
                if tenant == tenant_id and sku in skus and on_hand > reserved:
                    found.setdefault(sku, {})[branch] = on_hand - reserved
            return found

        return Read("fake", (), build)

    def reserve(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, str, str, int]], at: datetime
    ) -> Write:
        if len({(branch, sku) for _, branch, sku, _ in lines}) < len(lines):
            raise ValueError("an order has one line for a SKU")

        def effect() -> None:
            for line_no, branch, sku, quantity in lines:
                if (tenant_id, branch, sku) not in self.levels:
                    raise Aborted(self.NO_LEVEL)
                self._move(tenant_id, branch, sku, 0, quantity)
                self.held = {**self.held, (tenant_id, order_id, line_no): (branch, sku, quantity)}

        return Write("fake", (effect,))

    def reserve_again(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, str, str, int]], at: datetime
    ) -> Write:
        (reserve,) = self.reserve(tenant_id, order_id, lines, at).params

        def effect() -> None:
            if any(self.held.get((tenant_id, order_id, line_no), ("", "", 0))[2] for line_no, *_ in lines):
                raise Aborted(self.NOT_HELD)
            reserve()

        return Write("fake", (effect,))

    def release(self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, int]], at: datetime) -> Write:
        return self._take(tenant_id, order_id, lines, leaves=False)

    def issue(
        self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, int]], at: datetime, actor: str, reference: str
    ) -> Write:
        return self._take(tenant_id, order_id, lines, leaves=True)

    def issue_audited(
        self,
        caller: Caller,
        operation: str,
        order_id: UUID,
        lines: Sequence[tuple[int, int]],
        at: datetime,
        reference: str,
    ) -> Write:
        return self.issue(caller.tenant_id, order_id, lines, at, caller.subject, reference)

    def lock_held(self, tenant_id: str, order_id: UUID) -> Read[Mapping[int, int]]:
        def build(_: Any) -> Mapping[int, int]:
            return {
                line_no: self.levels[(tenant, branch, sku)][0]
                for (tenant, order, line_no), (branch, sku, held) in self.held.items()
                if (tenant, order) == (tenant_id, order_id) and held
            }

        return Read("fake", (), build)

    def take_back(
        self,
        tenant_id: str,
        order_id: UUID,
        lines: Sequence[tuple[int, str, str, int]],
        at: datetime,
        actor: str,
        reference: str,
    ) -> Write:
        if len({(branch, sku) for _, branch, sku, _ in lines}) < len(lines):
            raise ValueError("an order has one line for a SKU")

        def effect() -> None:
            for _, branch, sku, quantity in lines:
                self._move(tenant_id, branch, sku, quantity, 0)

        return Write("fake", (effect,))

    def _take(self, tenant_id: str, order_id: UUID, lines: Sequence[tuple[int, int]], *, leaves: bool) -> Write:
        if len({line_no for line_no, _ in lines}) < len(lines):
            raise ValueError("a line is named once")

        def effect() -> None:
            for line_no, quantity in lines:
                branch, sku, held = self.held.get((tenant_id, order_id, line_no), ("", "", 0))
                if held < quantity:
                    raise Aborted(self.NOT_HELD)
                self._move(tenant_id, branch, sku, -quantity if leaves else 0, -quantity)
                self.held = {**self.held, (tenant_id, order_id, line_no): (branch, sku, held - quantity)}

        return Write("fake", (effect,))

    def _move(self, tenant_id: str, branch: str, sku: str, on_hand: int, reserved: int) -> None:
        now = self.levels[(tenant_id, branch, sku)]
        changed = (now[0] + on_hand, now[1] + reserved)
        if changed[1] > changed[0]:
            raise Aborted(self.SHORT)
        self.levels = {**self.levels, (tenant_id, branch, sku): changed}

    def committed(self, *writes: Write) -> None:
        """All of the writes, or none and Aborted."""
        before = self.levels, self.held
        effects: list[Callable[[], None]] = [effect for write in writes for effect in write.params]
        try:
            for effect in effects:
                effect()
        except Aborted:
            self.levels, self.held = before
            raise
