"""What an order is made of, as it stands in the input: read by the model, with everything that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from tests.model.answers import Fault, Person, refuse

BRANCHES: Final = ("b1", "b2")
CATALOGUE: Final = ("A", "B", "C")
#: ISO 4217.
SCALES: Final = {"EUR": 2, "JPY": 0}


def minor(amount: Any, currency: str) -> int:
    """The amount as it stands in the input; the machine sends none with more decimals than the currency has."""
    whole, _, part = str(amount).partition(".")
    return int(whole + part.ljust(SCALES[currency], "0"))


class Wanted(NamedTuple):
    """One line. Amounts are minor units, discount and tax those of the whole line."""

    sku: str
    pieces: int
    unit_price: int
    name: str
    vendor: str | None
    discount: int
    tax: int

    @property
    def price(self) -> int:
        return self.unit_price * self.pieces - self.discount


@dataclass(frozen=True)
class Checkout:
    """All of it but payment and people."""

    currency: str = ""
    customer_id: str | None = None
    lines: tuple[Wanted, ...] = ()
    reference: str | None = None
    shipping: int = 0
    discounts: tuple[int, ...] = ()
    taxes: tuple[int, ...] = ()
    taxes_included: bool = False
    branch: str | None = None

    @property
    def subtotal(self) -> int:
        return sum(line.price for line in self.lines)

    @property
    def tax_total(self) -> int:
        return sum(line.tax for line in self.lines) + sum(self.taxes)

    @property
    def total(self) -> int:
        taxes = 0 if self.taxes_included else self.tax_total
        return self.subtotal - sum(self.discounts) + self.shipping + taxes


#: What an order costs comes of these.
PRICED: Final = {
    "currency": "currency",
    "lines": "lines",
    "shipping": "shipping",
    "discounts": "discounts",
    "taxes": "taxes",
    "taxesIncluded": "taxes_included",
}


@dataclass(frozen=True)
class Reader:
    """Reads inputs in one tenant. `taken`: external references of other orders."""

    takes_unknown: bool
    taken: frozenset[str | None]

    def read(self, person: Person, given: Mapping[str, Any], base: Checkout, *, may_be_empty: bool) -> Checkout:
        """`base` with what is given, each field as a whole; what is not given is not judged anew."""
        faults: list[Fault] = []
        currency = given.get("currency") or base.currency
        new: dict[str, Any] = {"currency": currency}
        if "customer" in given:
            new["customer_id"] = self._customer(person, given["customer"], faults)
        if "lines" in given:
            if not given["lines"] and not may_be_empty:
                faults.append(("INVALID_INPUT", "lines"))
            new["lines"] = self._lines(given["lines"] or [], currency, faults)
        if "externalRef" in given:
            new["reference"] = given["externalRef"]
            if given["externalRef"] is not None and given["externalRef"] in self.taken:
                faults.append(("ALREADY_EXISTS", "externalRef"))
        if "shipping" in given:
            new["shipping"] = minor(given["shipping"]["cost"], currency)
        for name in ("discounts", "taxes"):
            if name in given:
                new[name] = tuple(minor(each["amount"], currency) for each in given[name])
        if "taxesIncluded" in given:
            new["taxes_included"] = given["taxesIncluded"]
        if "branchCode" in given:
            new["branch"] = given["branchCode"]
            if given["branchCode"] not in (None, *BRANCHES):
                faults.append(("NOT_FOUND", "branchCode"))
        refuse(faults)
        found = replace(base, **new)
        expected = given.get("expectedTotal")
        if found.total < 0:
            refuse([("INVALID_INPUT", None)])
        elif expected is not None and minor(expected, currency) != found.total:
            refuse([("TOTAL_MISMATCH", "expectedTotal")])
        return found

    def _customer(self, person: Person, given: Mapping[str, Any], faults: list[Fault]) -> str | None:
        id_: str | None = given.get("id")
        if not person.is_customer_only:
            return id_
        if id_ not in (None, person.name):
            faults.append(("INVALID_INPUT", "customer.id"))
        return person.name

    def _lines(self, given: list[dict[str, Any]], currency: str, faults: list[Fault]) -> tuple[Wanted, ...]:
        lines: list[Wanted] = []
        for place, each in enumerate(given):
            at, sku, count = f"lines.{place}", each["sku"], each["quantity"]
            is_known = sku in CATALOGUE
            if sku in (line.sku for line in lines):
                faults.append(("DUPLICATE_SKU", f"{at}.sku"))
            elif not is_known and not self.takes_unknown:
                faults.append(("NOT_FOUND", f"{at}.sku"))
            if count < 1:
                faults.append(("INVALID_INPUT", f"{at}.quantity"))
            if not is_known and self.takes_unknown and not each.get("name"):
                faults.append(("INVALID_INPUT", f"{at}.name"))
            line = Wanted(
                sku,
                count,
                minor(each["unitPrice"], currency),
                each.get("name") or sku,
                each.get("vendorId"),
                minor(each.get("discount", 0), currency),
                minor(each.get("tax", 0), currency),
            )
            if line.price < 0 and count >= 1:
                faults.append(("INVALID_INPUT", f"{at}.discount"))
            lines.append(line)
        return tuple(lines)
