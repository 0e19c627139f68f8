"""Inputs of operations, drawn at random: mostly what makes sense, now and then what does not."""

from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

from tests.api.support import Json
from tests.model.answers import ANN, BOB, VENDORS, VERA, Person
from tests.model.checkout import BRANCHES, CATALOGUE, SCALES

T = TypeVar("T")
NOWHERE: Final = "01930000-0000-7000-8000-000000000000"
SKUS: Final = (*CATALOGUE, "X")


class Dice:
    """Draws of one step."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def upto(self, most: int) -> int:
        return self._random.randint(0, most)

    def pick(self, of: Sequence[T]) -> T:
        return of[self.upto(len(of) - 1)]

    def one_in(self, count: int) -> bool:
        return self.upto(count - 1) == 0

    def rarely(self, usual: T, *others: T, one_in: int = 8) -> T:
        return self.pick(others) if self.one_in(one_in) else usual


def text(amount: int, currency: str) -> str:
    """Minor units as a client writes them."""
    scale = SCALES[currency]
    return f"{amount // 10**scale}.{amount % 10**scale:0{scale}}" if scale else str(amount)


# -- placing ------------------------------------------------------------------------------------------------------


def payment(dice: Dice, currency: str) -> Json:
    found: Json = {"state": state(dice)}
    if dice.one_in(3):
        found["amount"] = text(dice.upto(3_000), currency)
    if dice.one_in(2):
        found |= {"provider": "p", "reference": f"r{dice.upto(2)}"}
    return found


def checkout(dice: Dice, person: Person, takes_unknown: bool, currency: str) -> Json:
    """What an order is made of. Amounts are small, so that shares of discounts and taxes seldom come out even."""
    given: Json = {"currency": currency, "customer": {"firstName": "Ann"}}
    if not person.is_customer_only or dice.one_in(4):
        customer = dice.rarely(person.name, ANN.name, BOB.name, VERA.name, one_in=2)
        given["customer"]["id"] = customer if person.is_customer_only else dice.pick((ANN.name, BOB.name, VERA.name))
    given["shippingAddress"] = {"line1": "Main St 1", "country": "DE"}
    skus = [dice.pick(SKUS if takes_unknown or dice.one_in(16) else CATALOGUE) for _ in range(1 + dice.upto(2))]
    if not dice.one_in(12):
        skus = list(dict.fromkeys(skus))
    given["lines"] = [_line(dice, sku, currency) for sku in skus]
    for name, one_in in (("discounts", 3), ("taxes", 3)):
        if dice.one_in(one_in):
            given[name] = [{"amount": text(dice.upto(1_000), currency)}]
    if dice.one_in(3):
        given["shipping"] = {"cost": text(dice.upto(500), currency)}
    if dice.one_in(5):
        given["taxesIncluded"] = True
    if dice.one_in(6):
        given["branchCode"] = dice.rarely(dice.pick(BRANCHES), "nowhere", one_in=4)
    if dice.one_in(3):
        given["externalRef"] = f"ref-{dice.upto(9)}"
    if dice.one_in(8):
        given["expectedTotal"] = text(dice.upto(3_000), currency)
    return given


def _line(dice: Dice, sku: str, currency: str) -> Json:
    line: Json = {"sku": sku, "quantity": dice.rarely(1 + dice.upto(3), 0, one_in=24)}
    line["unitPrice"] = text(dice.pick((100, 999, 1_333, 1, 0)), currency)
    if dice.one_in(2):
        line["vendorId"] = dice.pick(VENDORS)
    if dice.one_in(4):
        line["discount"] = text(dice.upto(300), currency)
    if dice.one_in(4):
        line["tax"] = text(dice.upto(300), currency)
    if sku not in CATALOGUE and not dice.one_in(4):
        line["name"] = "Made to measure"
    return line


def state(dice: Dice) -> str:
    """Of a payment."""
    return dice.pick(("CAPTURED", "CAPTURED", "AUTHORIZED", "PENDING", "FAILED"))
