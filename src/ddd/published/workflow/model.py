"""A workflow, as what its document says.

Per status it has steps. A step is *in force* where it has no condition, or where its condition holds, or cannot be
told (a guard that fails is not passed by: the step stands as if the condition held). Steps are done in the order of
their `sequence`; steps of one sequence in any order. A status is left when every required step in force in it is done;
an optional step may be left undone, and does not hold later steps up. A step's outcomes:

    DONE, APPROVED   the step is done
    HELD             the order is put on hold; the step still waits
    REJECTED         the order goes where `on_rejected` says:
        CANCELLED        it is cancelled whole, for the reason given (from DRAFT, PENDING and CONFIRMED)
        DRAFT            it goes back to being a draft, its stock released, every step undone (from PENDING)
        its own status   it stays; the step waits until it is done or approved after all
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

#: Every status of an order, in the order of its life.
STATUSES: Final = (
    "DRAFT",
    "PENDING",
    "CONFIRMED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "PARTIALLY_DELIVERED",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
)
#: Where nothing waits any more, so that no step may stand.
FINAL_STATUSES: Final = frozenset({"COMPLETED", "CANCELLED"})
ROLES: Final = ("Customer", "Vendor", "Admin", "Manager", "Worker")
#: Why an order may be cancelled by a rejection.
REASONS: Final = (
    "CUSTOMER_REQUEST",
    "OUT_OF_STOCK",
    "PAYMENT_FAILED",
    "FRAUD",
    "ADDRESS",
    "DUPLICATE",
    "EXPIRED",
    "OTHER",
)


class StepOutcome(StrEnum):
    """What comes of performing a step."""

    DONE = "DONE"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    HELD = "HELD"


class PerformerKind(StrEnum):
    """Who performs a step: somebody in one of the roles, with the permission, named as reviewer; or the server."""

    ROLES = "ROLES"
    PERMISSION = "PERMISSION"
    REVIEWER = "REVIEWER"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Performer:
    """Who performs a step. `when`: the server does its step as soon as this condition holds (None: at once)."""

    kind: PerformerKind
    roles: tuple[str, ...] = ()
    permission: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """Where a rejection leads: `CANCELLED` (with the reason), `DRAFT`, or the step's own status."""

    leads_to: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a status. `name` is unique in the workflow; `input_schema` bounds what its performer hands in."""

    status: str
    name: str
    title: str
    sequence: int
    is_required: bool
    performer: Performer
    outcomes: tuple[StepOutcome, ...]
    activity_status: str
    condition: str | None = None
    input_schema: Mapping[str, Any] | None = None
    on_rejected: Rejection | None = None


class Confirmation(StrEnum):
    """How a PENDING order is confirmed: once it is paid, by somebody (paid or not), or as it is placed."""

    WHEN_PAID = "WHEN_PAID"
    MANUAL = "MANUAL"
    AT_ONCE = "AT_ONCE"


@dataclass(frozen=True, slots=True)
class ReturnSettings:
    """`window_days` counts from delivery, None is for ever. Patterns match a whole SKU."""

    window_days: int | None = None
    non_returnable_skus: tuple[str, ...] = ()
    may_be_partial: bool = True
    needs_review: bool = False


@dataclass(frozen=True, slots=True)
class RefundSettings:
    """The fee is kept of what comes back for returned goods; the cap bounds what an order is refunded of its payments.

    Both in percent.
    """

    restocking_fee_percent: Decimal = Decimal(0)
    cap_percent: Decimal = Decimal(100)
    needs_review: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The built-in steps. As they stand here they are the plain workflow's.

    An order may be completed from `completion_from` on (`SHIPPED` or `DELIVERED`); `completes_by_itself`: as soon as it
    is delivered and nothing is outstanding. `unpaid_expiry_minutes`: a PENDING order unpaid for so long is cancelled
    (None: never).
    """

    confirmation: Confirmation = Confirmation.WHEN_PAID
    may_ship_unpaid: bool = True
    completion_from: str = "SHIPPED"
    completes_by_itself: bool = False
    unpaid_expiry_minutes: int | None = None
    returns: ReturnSettings = field(default_factory=ReturnSettings)
    refunds: RefundSettings = field(default_factory=RefundSettings)


@dataclass(frozen=True, slots=True)
class Workflow:
    """One version of a tenant's workflow. `steps` by status, in the order in which they are done."""

    name: str
    steps: Mapping[str, tuple[Step, ...]]
    settings: Settings

    def step(self, name: str) -> Step | None:
        """The step of this name, in whatever status."""
        return next((step for steps in self.steps.values() for step in steps if step.name == name), None)


#: Version 1 of every tenant: no steps, every setting at its default.
PLAIN_VERSION: Final = 1
PLAIN: Final = Workflow("plain", {}, Settings())


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a document; list positions in the path count from 0."""

    path: tuple[str, ...]
    message: str
