"""The workflows of the model's tenants: the plain one, and one with steps, reviews and rules of its own.

`document` is what the server is given of them, `SHAPED` what the model makes of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final


@dataclass(frozen=True)
class Step:
    """`by`: the roles that do it; empty: the named reviewer. `concerns`: (total, lines, vendors) of an order."""

    status: str
    name: str
    title: str
    by: tuple[str, ...]
    outcomes: tuple[str, ...] = ("DONE",)
    rejected_to: str | None = None
    is_required: bool = True
    concerns: Callable[[int, int, set[str | None]], bool] = lambda total, lines, vendors: True


@dataclass(frozen=True)
class Flow:
    """What a tenant's workflow says. Steps stand in their order."""

    version: int = 1
    steps: tuple[Step, ...] = ()
    #: Somebody confirms an order, paid or not.
    is_confirmed_by_hand: bool = False
    may_ship_unpaid: bool = True
    completes_from: tuple[str, ...] = ("SHIPPED", "PARTIALLY_DELIVERED", "DELIVERED")
    completes_by_itself: bool = False
    return_days: int | None = None
    never_returned: tuple[str, ...] = ()
    returns_in_part: bool = True
    reviews_returns: bool = False
    reviews_refunds: bool = False
    fee: Fraction = Fraction(0)
    cap: Fraction = Fraction(1)

    @property
    def is_plain(self) -> bool:
        return self.version == 1


PLAIN: Final = Flow()
DEAR: Final = 3_000
#: Nothing comes back after so many days.
DAYS: Final = 30
_DOCUMENT: Final[dict[str, Any]] = {
    "name": "shaped",
    "statuses": {
        "DRAFT": {
            "steps": [
                {
                    "name": "sign",
                    "title": "Sign",
                    "sequence": 10,
                    "performer": {"roles": ["Worker", "Manager"]},
                    "condition": "order.lineCount == 2",
                }
            ]
        },
        "PENDING": {
            "steps": [
                {
                    "name": "approve",
                    "title": "Approve",
                    "sequence": 10,
                    "performer": {"roles": ["Manager", "Admin"]},
                    "condition": f"order.total.minor > {DEAR}",
                    "outcomes": ["APPROVED", "REJECTED", "HELD"],
                    "onRejected": {"leadsTo": "DRAFT"},
                },
                {
                    "name": "second-look",
                    "title": "Look twice",
                    "sequence": 20,
                    "performer": {"reviewer": True},
                    "condition": "order.lineCount > 2",
                    "outcomes": ["APPROVED", "REJECTED"],
                    "onRejected": {"leadsTo": "CANCELLED", "reason": "FRAUD"},
                },
            ]
        },
        "CONFIRMED": {
            "steps": [
                {
                    "name": "note",
                    "title": "Put a note in",
                    "sequence": 10,
                    "required": False,
                    "performer": {"roles": ["Worker"]},
                }
            ]
        },
        "SHIPPED": {
            "steps": [
                {
                    "name": "call",
                    "title": "Call the customer",
                    "sequence": 10,
                    "performer": {"permission": "holdOrder"},
                    "condition": "'vic' in order.vendors",
                    "outcomes": ["DONE", "REJECTED"],
                    "onRejected": {"leadsTo": "SHIPPED"},
                }
            ]
        },
    },
    "settings": {
        "mayShipUnpaid": False,
        "completion": {"from": "DELIVERED", "automatic": True},
        "returns": {"windowDays": DAYS, "nonReturnableSkus": ["C.*"], "partial": False, "review": True},
    },
}


def document(flow: Flow) -> dict[str, Any]:
    """What the server is given of it."""
    refunds = {"restockingFeePercent": 10, "capPercent": 90, "review": flow.reviews_refunds}
    confirmation = "MANUAL" if flow.is_confirmed_by_hand else "WHEN_PAID"
    return {**_DOCUMENT, "settings": {**_DOCUMENT["settings"], "confirmation": confirmation, "refunds": refunds}}


SHAPED: Final = Flow(
    version=2,
    steps=(
        Step("DRAFT", "sign", "Sign", ("Worker", "Manager"), concerns=lambda total, lines, vendors: lines == 2),
        Step(
            "PENDING",
            "approve",
            "Approve",
            ("Manager", "Admin"),
            ("APPROVED", "REJECTED", "HELD"),
            "DRAFT",
            concerns=lambda total, lines, vendors: total > DEAR,
        ),
        Step(
            "PENDING",
            "second-look",
            "Look twice",
            (),
            ("APPROVED", "REJECTED"),
            "CANCELLED",
            concerns=lambda total, lines, vendors: lines > 2,
        ),
        Step("CONFIRMED", "note", "Put a note in", ("Worker",), is_required=False),
        Step(
            "SHIPPED",
            "call",
            "Call the customer",
            ("Worker", "Manager", "Admin"),
            ("DONE", "REJECTED"),
            "SHIPPED",
            concerns=lambda total, lines, vendors: "vic" in vendors,
        ),
    ),
    may_ship_unpaid=False,
    completes_from=("DELIVERED",),
    completes_by_itself=True,
    return_days=DAYS,
    never_returned=("C",),
    returns_in_part=False,
    reviews_returns=True,
    reviews_refunds=True,
    fee=Fraction(1, 10),
    cap=Fraction(9, 10),
)
#: The same, but orders are confirmed by hand, and nobody looks at refunds.
TRUSTING: Final = replace(SHAPED, is_confirmed_by_hand=True, reviews_refunds=False)
