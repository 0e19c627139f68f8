"""What erasing takes out of an order, and what it leaves."""

from dataclasses import replace

from ddd.orders.domain.erasing import erase, personal_fields
from ddd.orders.domain.order import Order
from ddd.orders.domain.parts import Address, Customer
from tests.unit.orders.living import BY, ask_back, cancel, hold, pack, pay, refund_or_not, ship
from tests.unit.orders.support import a_line, checkout, order_of

ADDRESS = {"line1": "1 Main St", "city": "Reno", "state": "NV", "postalCode": "89501", "country": "US"}


def full() -> Order:
    """Somebody's words in every field that takes any."""
    order = order_of(
        checkout(
            a_line("A", 3, options={"engraving": "Ann"}), a_line("B", 1),
            customer={"id": "c-7", "firstName": "Ann", "lastName": "Lee", "email": "ann@example.org", "phone": "1"},
            shippingAddress=ADDRESS, billingAddress=ADDRESS, note="ring", metadata={"for": "Ann"},
            discounts=[{"amount": "1", "description": "for Ann's trouble"}], shipping={"deliveryTime": "Ann's day off"},
        )
    )  # fmt: skip
    pay(order)
    pack(order, {1: 1}, "ring twice").label_url = "https://label.example/1"
    ship(order, {1: 2})
    ask_back(order, {1: 1})
    cancel(order, {2: 1})
    order.note_down("cancel", "Ann moved")
    refund_or_not(order, {2: 1})
    hold(order)
    order.notes |= {"step:check": "Ann", "input:check": "{}", "reviewer": "Ann", "review:1": "Ann", "new:1": "Ann"}
    return order


def test_everything_of_the_person_goes_and_the_event_names_the_fields() -> None:
    order = full()
    before = replace(order, lines=[replace(line) for line in order.lines])
    fields = erase(order, **BY)
    assert fields == (
        "customer.firstName", "customer.lastName", "customer.email", "customer.phone", "shippingAddress",
        "billingAddress", "note", "metadata", "lines.options", "shipments.labelUrl", "cancellation.note",
        "holds.reason", "returns.reason", "returns.note", "review.note", "refunds.reason", "shipments.instructions",
        "steps.note", "steps.input", "reviewer.note", "discounts.description", "shipping.deliveryTime", "notes",
    )  # fmt: skip
    assert order.news[-1].data == {"fields": list(fields), "version": before.version + 1}
    assert order.customer == Customer("c-7", "", None, None, None)
    assert order.shipping_address == order.billing_address == Address("", "US")
    assert (order.note, order.notes, order.metadata) == (None, {}, None)
    assert [line.options for line in order.lines] == [None, None]
    assert [shipment.label_url for shipment in order.shipments] == [None, None]
    for name in ("status", "payment_status", "amount_due", "total", "payments", "refunds", "returns", "holds", "terms"):
        assert getattr(order, name) == getattr(before, name), name
    assert order.cancellation == before.cancellation


def test_erasing_again_changes_nothing_and_tells_nothing() -> None:
    order = full()
    erase(order, **BY)
    version, told = order.version, len(order.news)
    assert (erase(order, **BY), personal_fields(order)) == ((), ())
    assert (order.version, len(order.news)) == (version, told)


def test_an_order_of_which_little_is_known_is_erased_of_that() -> None:
    order = order_of(checkout(a_line("A", 1)))
    assert erase(order, **BY)[0] == "customer.firstName"
    assert order.billing_address is None
    order.customer = replace(order.customer, first_name=None)
    assert (erase(order, **BY), order.customer.first_name) == ((), None)
