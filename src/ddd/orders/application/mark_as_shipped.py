"""markAsShipped: goods leave in one shipment; their reserved stock is issued in the same commit."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ddd.orders.application.change_order import Change, change_order, chosen_quantities, tracked
from ddd.orders.application.checkout import moment_of
from ddd.orders.application.ports import Orders
from ddd.orders.application.views import OrderView
from ddd.shared.application.form import Form
from ddd.shared.application.outcome import Outcome
from ddd.shared.application.statements import Write
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import Refusals
from ddd.shared.domain.ids import new_id


def mark_as_shipped(caller: Caller, given: Mapping[str, Any], orders: Orders) -> Outcome[OrderView]:
    """Ship what is left, or the lines named. A Vendor that names no lines ships its own and open ones."""

    def decide(change: Change) -> list[Write] | Refusals:
        order, form = change.order, change.form
        now = change.now
        carrier = form.text("carrier")
        tracking_reference = form.text("trackingReference")
        tracking_url = web_address(form, "trackingUrl")
        shipped_at = moment_of(form, "shippedAt", caller, now)
        quantities = chosen_quantities(change)
        if form.faults:
            return Refusals(tuple(form.faults))
        refused = order.ship(
            quantities,
            shipment_id=new_id(),
            carrier=carrier,
            tracking_reference=tracking_reference,
            tracking_url=tracking_url,
            shipped_at=shipped_at,
            actor=change.actor,
            at=now,
        )
        if refused is not None:
            return refused
        held = tracked(order, quantities)
        if not held:
            return []
        return [orders.stock.issue(caller.tenant_id, order.id, held, now, caller.subject, order.order_number)]

    return change_order(caller, given, "markAsShipped", orders, decide)


def web_address(form: Form, name: str) -> str | None:
    """A link that a shop may show: http or https, so that no `javascript:` reaches a browser."""
    text = form.text(name)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or any(c.isspace() for c in text):
        form.refuse(name, "This is no http or https address.")
        return None
    return text
