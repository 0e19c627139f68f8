"""How the model says no, and who may ask for what: the API's tables, written down once more."""

from dataclasses import dataclass
from typing import Final

#: A refusal's code and dotted path.
Fault = tuple[str, str | None]


class Refused(Exception):
    """Any of these answers is right; each is a whole list of faults, in the order of the input."""

    def __init__(self, *answers: list[Fault]) -> None:
        super().__init__(answers)
        self.answers = answers


def refuse(faults: list[Fault]) -> None:
    """All that is wrong with the input is told at once."""
    if faults:
        raise Refused(faults)


def refuse_if(*checks: tuple[bool, str] | tuple[bool, str, str]) -> None:
    """State and stock: the API ranks these kinds, not the refusals of one kind, so any that holds is a right answer."""
    holding = [[(check[1], check[2] if len(check) == 3 else None)] for check in checks if check[0]]
    if holding:
        raise Refused(*holding)


#: Top-level: nothing is said of the order.
NOT_PERMITTED: Final[Fault] = ("FORBIDDEN", "(top level)")
STAFF: Final = ("Worker", "Manager", "Admin")


def _who(table: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in table.strip().splitlines():
        operations, _, roles = row.partition(":")
        named = roles.replace("staff", " ".join(STAFF)).split()
        found.update((operation, frozenset(named)) for operation in operations.split())
    return found


MAY: Final = _who(
    """
    placeOrder cancelOrder completeStep: Customer Vendor staff
    createDraftOrder editDraftOrder: staff
    submitOrder fulfilOrder: Manager Admin
    getOrder: Customer Vendor staff Auditor
    confirmOrder recordPayment: Vendor staff
    markAsShipped addShippingTrackingReference markAsDelivered markAsCompleted: Vendor staff
    createShipment confirmShipment dispatchShipment deliverShipment cancelShipment: Vendor staff
    holdOrder releaseHold: staff
    requestReturn: Customer staff
    receiveReturn processRefund: staff
    escalateReviewer reviewOrder: staff
    """
)


@dataclass(frozen=True)
class Person:
    """Somebody with a token; `name` is its subject, and so its customer's and vendor's id."""

    name: str
    roles: tuple[str, ...]

    def roles_for(self, operation: str) -> frozenset[str]:
        return MAY[operation].intersection(self.roles)

    @property
    def is_customer_only(self) -> bool:
        return self.roles == ("Customer",)


#: Vera buys where she sells: two roles, which reach differently far.
CAST: Final = (
    Person("ann", ("Customer",)),
    Person("bob", ("Customer",)),
    Person("vic", ("Vendor",)),
    Person("vera", ("Vendor", "Customer")),
    Person("will", ("Worker",)),
    Person("mia", ("Manager",)),
    Person("ada", ("Admin",)),
    Person("otto", ("Auditor",)),
)
ANN, BOB, VIC, VERA, WILL, MIA, ADA, OTTO = CAST
VENDORS: Final = (VIC.name, VERA.name)
