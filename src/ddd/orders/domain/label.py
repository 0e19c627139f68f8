"""A carrier's label, as far as its shipment knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class LabelState(StrEnum):
    """WANTED: asked for, nothing known. ORDERED: taken on, nothing to track yet. REFUSED, VOIDED: for good."""

    WANTED = "WANTED"
    ORDERED = "ORDERED"
    BOUGHT = "BOUGHT"
    REFUSED = "REFUSED"
    VOIDED = "VOIDED"


@dataclass(frozen=True, slots=True)
class Label:
    """What was asked of a carrier for one shipment, and what came of it.

    `account` is the tenant's account as it was told when the label was wanted: a label is taken back where it was
    bought. `asked_at` stays the same however often it is asked. `asks_again`: it is bought, and something beside it is
    not done yet (a pickup). `recalled_at`: since then nobody wants it, and what stands of it is taken back.
    """

    account: Mapping[str, Any]
    asked_at: datetime
    state: LabelState = LabelState.WANTED
    carrier_reference: str | None = None
    pickup_reference: str | None = None
    asks_again: bool = False
    recalled_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the carrier is still to be asked for it."""
        if self.recalled_at is not None:
            return False
        return self.state in (LabelState.WANTED, LabelState.ORDERED) or self.asks_again

    @property
    def is_to_be_voided(self) -> bool:
        return self.recalled_at is not None and self.state is not LabelState.VOIDED
