"""A storefront's finalised checkout, read and computed: every amount, every sum, every fault at its path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ddd.orders.application.ports import PlacingFacts
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Address, Customer, OrderLine, Package, Payment
from ddd.orders.domain.status import PaymentState
from ddd.shared.application.form import Form
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.countries import COUNTRIES
from ddd.shared.domain.currencies import MINOR_UNITS
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals
from ddd.shared.domain.money import MAX_MINOR, Money
from ddd.shared.domain.text import MAX_NOTE, is_storable

MAX_LINES = 500
MAX_TERMS = 100
DEFAULT_CHANNEL = "default"
_LINE_FIELDS = (
    "sku quantity unitPrice name vendorId category options discount tax isFreeGift isTaxable package"
).split()
#: WHATWG's "valid e-mail address" widened to letters of any script, with a dot in the domain.
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x20\x7f]{1,64}@(?!-)[\w-]{1,63}(?:\.(?!-)[\w-]{1,63})+")


@dataclass(frozen=True, slots=True)
class Looked:
    """What the reads need of an input that is not checked yet; what cannot be stored is simply not known."""

    skus: tuple[str, ...]
    channel: str
    external_ref: str | None


def look_at(given: Mapping[str, Any]) -> Looked:
    """SKUs, channel and external reference, as far as they could exist."""
    lines = (given.get("lines") or ())[:MAX_LINES]
    skus = {line["sku"] for line in lines if 0 < len(line["sku"]) <= 255 and is_storable(line["sku"])}
    channel = given.get("channel") or DEFAULT_CHANNEL
    reference = given.get("externalRef")
    if reference and not (is_storable(reference) and len(reference) <= 255 and is_storable(channel)):
        reference = None
    return Looked(tuple(sorted(skus)), channel if is_storable(channel) else DEFAULT_CHANNEL, reference or None)


def read_checkout(
    given: Mapping[str, Any],
    caller: Caller,
    facts: PlacingFacts,
    order_id: UUID,
    order_number: str,
    now: datetime,
    *,
    fewest_lines: int = 1,
) -> Order | Refusals:
    """The order of a checkout, not yet allocated, or every fault of the input in the order of its fields."""
    form = Form(given)
    currency = form.choice("currency", MINOR_UNITS, "ISO 4217 currency code")
    customer = _customer(form, caller)
    shipping_address = _address(form, "shippingAddress")
    lines = _lines(form, currency, facts, fewest_lines)
    channel = form.text("channel") or DEFAULT_CHANNEL
    external_ref = form.text("externalRef") or None
    if facts.same_ref is not None:
        owner = facts.same_ref[1]
        shown = not caller.is_customer_only or owner == caller.customer_id
        form.refuse(
            "externalRef",
            "An order with this channel and external reference is there already.",
            ErrorCode.ALREADY_EXISTS,
            {"id": str(facts.same_ref[0])} if shown else None,
        )
    billing_address = _address(form, "billingAddress") if form.has("billingAddress") else None
    shipping = form.sub("shipping")
    words: dict[str, str] = {}
    shipping_total, shipping_terms = _shipping(shipping, currency, words)
    payment = _payment(form.sub("payment"), currency, caller, facts)
    discounts = _terms(form, "discounts", currency, "code", words)
    taxes = _terms(form, "taxes", currency, "name", words)
    taxes_included = form.flag("taxesIncluded", False)
    branch_code = form.text("branchCode")
    _check_branch(form, branch_code, facts)
    note = form.text("note", limit=MAX_NOTE)
    metadata = form.json("metadata")
    expected = form.amount("expectedTotal", currency, default=None)
    placed_at = moment_of(form, "placedAt", caller, now)
    if form.faults:
        return Refusals(tuple(form.faults))

    subtotal = sum(line.line_total for line in lines)
    discount_total = sum(row["amount"] for row in discounts)
    tax_total = sum(line.tax for line in lines) + sum(row["amount"] for row in taxes)
    total = subtotal - discount_total + shipping_total + (0 if taxes_included else tax_total)
    if total < 0:
        form.refuse(None, "The order's total would be negative.")
    elif total > MAX_MINOR:
        form.refuse(None, "The order's total is too large.")
    else:
        check_expected(form, expected, total, currency)
    if form.faults:
        return Refusals(tuple(form.faults))
    payments = [] if payment is None else [_paid(payment, total, now)]
    return Order(
        id=order_id,
        order_number=order_number,
        channel=channel,
        currency=currency,
        customer=customer,
        shipping_address=shipping_address,
        lines=lines,
        subtotal=subtotal,
        discount_total=discount_total,
        shipping_total=shipping_total,
        tax_total=tax_total,
        total=total,
        placed_at=placed_at,
        updated_at=now,
        external_ref=external_ref,
        billing_address=billing_address,
        taxes_included=taxes_included,
        branch_code=branch_code,
        note=note,
        metadata=metadata,
        terms={
            name: value
            for name, value in (("discounts", discounts), ("taxes", taxes), ("shipping", shipping_terms))
            if value
        },
        workflow_version=facts.workflow_version,
        payments=payments,
        notes=words,
    )


def check_expected(form: Form, expected: int | None, total: int, currency: str) -> None:
    """Note a fault where the client expects another total; minor units."""
    if expected is not None and expected != total:
        form.refuse(
            "expectedTotal",
            f"The total is {Money(total, currency)}.",
            ErrorCode.TOTAL_MISMATCH,
            {"expected": str(Money(expected, currency)), "actual": str(Money(total, currency))},
        )


def moment_of(form: Form, name: str, caller: Caller, now: datetime) -> datetime:
    """When it happened: not in the future, now where nothing is said; a customer alone has no say in it."""
    if caller.is_customer_only and form.has(name):
        form.refuse(name, "A customer does not say when this happened.")
        return now
    return form.date_time(name, not_after=now) or now


def _required(form: Form, name: str) -> Form:
    """The nested object; where it is absent, an empty one whose own faults nobody hears of."""
    found = form.sub(name)
    if found is None:
        form.refuse(name, "This is required.")
    return found or Form({})


def _customer(form: Form, caller: Caller) -> Customer:
    customer = _required(form, "customer")
    first_name = customer.required_text("firstName")
    customer_id = customer.text("id")
    if caller.is_customer_only:
        if customer_id is not None and customer_id != caller.customer_id:
            customer.refuse("id", "A customer orders for itself only.")
        customer_id = caller.customer_id
    last_name = customer.text("lastName")
    email = customer.text("email")
    if email is not None and not _EMAIL.fullmatch(email):
        customer.refuse("email", "This is no e-mail address.")
    return Customer(customer_id, first_name, last_name, email, customer.text("phone"))


def _address(form: Form, name: str) -> Address:
    address = _required(form, name)
    return Address(
        line1=address.required_text("line1"),
        country=address.choice("country", COUNTRIES, "ISO 3166-1 alpha-2 country code"),
        line2=address.text("line2"),
        city=address.text("city"),
        state=address.text("state"),
        postal_code=address.text("postalCode"),
    )


def _lines(form: Form, currency: str, facts: PlacingFacts, fewest: int) -> list[OrderLine]:
    given = form.raw("lines") or ()
    if not fewest <= len(given) <= MAX_LINES:
        form.refuse("lines", f"An order has {fewest} to {MAX_LINES} lines.")
        return []
    seen: set[str] = set()
    return [_line(each, number, currency, facts, seen) for number, each in enumerate(form.each("lines"), start=1)]


def _line(line: Form, line_no: int, currency: str, facts: PlacingFacts, seen: set[str]) -> OrderLine:
    noted = len(line.faults)
    sku = line.required_text("sku")
    known = facts.item_names.get(sku)
    if sku:
        if sku in seen:
            line.refuse("sku", "This SKU stands on an earlier line.", ErrorCode.DUPLICATE_SKU)
        elif known is None and not facts.accepts_unknown_sku:
            line.refuse("sku", "There is no item with this SKU.", ErrorCode.NOT_FOUND)
        seen.add(sku)
    quantity = line.quantity("quantity")
    unit_price = line.amount("unitPrice", currency, required=True)
    name = line.text("name")
    if known is None and facts.accepts_unknown_sku and sku and not (name and name.strip()):
        line.refuse("name", "A SKU that is not in the catalogue needs a name.")
    vendor_id = line.text("vendorId") or None  # an empty one is nobody's: the line is open
    category = line.text("category")
    options = line.json("options")
    discount = line.amount("discount", currency)
    tax = line.amount("tax", currency)
    is_free_gift = line.flag("isFreeGift", False)
    is_taxable = line.flag("isTaxable", True)
    line_total = 0
    if unit_price is not None and discount is not None and quantity:
        line_total = unit_price * quantity - discount
        if line_total < 0:
            line.refuse("discount", "The discount is more than the line costs.")
        elif line_total > MAX_MINOR:
            line.refuse("unitPrice", "The line's total is too large.")
        elif is_free_gift and line_total:
            line.refuse("unitPrice", "A free gift costs nothing.")
    if tax and (is_free_gift or not is_taxable):
        line.refuse("tax", "A free gift is not taxed." if is_free_gift else "This line is not taxable.")
    package = read_package(line.sub("package"))
    if len(line.faults) > noted + 1:  # some were found by comparing fields: back to the input's order
        line.faults[noted:] = sorted(line.faults[noted:], key=_place_in_line)
    return OrderLine(
        line_no=line_no,
        sku=sku,
        name=name if name and name.strip() else known or "",
        quantity=quantity,
        unit_price=unit_price or 0,
        discount=discount or 0,
        tax=tax or 0,
        line_total=line_total,
        vendor_id=vendor_id,
        category=category,
        options=options,
        is_free_gift=is_free_gift,
        is_taxable=is_taxable,
        package=package,
    )


def _place_in_line(fault: Refusal) -> int:
    return _LINE_FIELDS.index(fault.field[2]) if fault.field else 0


def read_package(package: Form | None) -> Package | None:
    if package is None:
        return None
    sizes = [package.decimal(name) for name in ("weightKg", "lengthCm", "widthCm", "heightCm")]
    return Package(*(None if size is None else format(size, "f") for size in sizes))


def _shipping(shipping: Form | None, currency: str, words: dict[str, str]) -> tuple[int, dict[str, Any]]:
    if shipping is None:
        return 0, {}
    method, delivery_time = shipping.text("method"), shipping.text("deliveryTime")
    if delivery_time is not None:
        words["delivery_time"] = delivery_time
    return shipping.amount("cost", currency) or 0, {} if method is None else {"method": method}


def _terms(form: Form, name: str, currency: str, label: str, words: dict[str, str]) -> list[dict[str, Any]]:
    given = form.raw(name) or ()
    if len(given) > MAX_TERMS:
        form.refuse(name, f"At most {MAX_TERMS} entries are allowed.")
        return []
    rows = []
    for number, each in enumerate(form.each(name), start=1):
        row: dict[str, Any] = {"amount": each.amount("amount", currency, required=True) or 0, label: each.text(label)}
        if name == "discounts":
            description = each.text("description")  # somebody's words: they stand with the person's values
            if description is not None:
                words[f"discount:{number}"] = description
        if name == "taxes":
            rate = each.decimal("rate")
            row["rate"] = None if rate is None else format(rate, "f")
        rows.append({key: value for key, value in row.items() if value is not None})
    return rows


@dataclass(frozen=True, slots=True)
class _PaymentGiven:
    state: PaymentState
    amount: int | None
    method: str | None
    provider: str | None
    reference: str | None


def _payment(payment: Form | None, currency: str, caller: Caller, facts: PlacingFacts) -> _PaymentGiven | None:
    if payment is None:
        return None
    state = PaymentState(payment.raw("state") or "PENDING")
    if caller.is_customer_only and not facts.trusts_customer_checkout:
        state = PaymentState.PENDING  # a customer's word is no payment
    return _PaymentGiven(
        state,
        payment.amount("amount", currency, default=None),
        payment.text("method"),
        payment.text("provider"),
        payment.text("reference"),
    )


def _paid(given: _PaymentGiven, total: int, now: datetime) -> Payment:
    return Payment(
        payment_no=1,
        state=given.state,
        amount=total if given.amount is None else given.amount,
        at=now,
        method=given.method,
        provider=given.provider,
        reference=given.reference,
    )


def _check_branch(form: Form, branch_code: str | None, facts: PlacingFacts) -> None:
    if branch_code is None:
        return
    branch = next((each for each in facts.branches if each.code == branch_code), None)
    if branch is None:
        form.refuse("branchCode", "There is no branch with this code.", ErrorCode.NOT_FOUND)
    elif branch.archived:
        form.refuse("branchCode", "This branch is closed.", ErrorCode.BRANCH_CLOSED)
