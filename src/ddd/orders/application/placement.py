"""What placing an order needs of its tenant: the rules in force, and a branch with stock for each line."""

from collections.abc import Iterable

from ddd.orders.application.part_views import line_id
from ddd.orders.application.ports import Catalogue, LineReservation, Orders, PlacingFacts, SameReference, TenantRules
from ddd.orders.domain.allocation import Availability, Demand, allocate
from ddd.orders.domain.order import Order
from ddd.shared.application.unit_of_work import Transaction
from ddd.shared.domain.errors import ErrorCode, Refusal, Refusals, Unauthenticated


def placing_facts(
    tx: Transaction, orders: Orders, tenant_id: str, seen: Catalogue | None, same_ref: SameReference | None
) -> tuple[PlacingFacts, TenantRules]:
    """What was read of the snapshots, with the rules at that version: a round trip where this process is behind."""
    if seen is None:
        raise Unauthenticated
    remembered = orders.store.remembered_rules(tenant_id, seen.rules_version)
    (rules,) = (remembered,) if remembered is not None else tx.fetch(orders.store.rules(tenant_id))
    facts = PlacingFacts(
        rules.stock_tracked,
        rules.accepts_unknown_sku,
        rules.trusts_customer_checkout,
        rules.workflow_version,
        rules.branches,
        seen.item_names,
        same_ref,
    )
    return facts, rules


def allocate_lines(order: Order, facts: PlacingFacts, available: Availability) -> tuple[int, ...]:
    """Give each known line its branch; the line numbers that are short."""
    demands = [
        Demand(line.line_no, line.sku, open_)
        for line in order.lines
        if line.sku in facts.item_names and (open_ := line.quantity - line.cancelled_quantity)
    ]
    if order.branch_code is not None:
        branches = [order.branch_code]
    else:
        branches = [branch.code for branch in facts.branches if not branch.archived]
    chosen = allocate(demands, branches, available)
    if isinstance(chosen, tuple):
        return chosen
    for line_no, branch in chosen.items():
        line = order.line(line_no)
        line.branch_code = branch
        line.reserved_quantity = line.quantity - line.cancelled_quantity
    return ()


def reservations(order: Order) -> list[LineReservation]:
    """What the order's allocated lines hold back."""
    return [
        LineReservation(line.line_no, line.branch_code, line.sku, line.reserved_quantity)
        for line in order.lines
        if line.branch_code is not None
    ]


def out_of_stock(line_numbers: Iterable[int]) -> Refusals:
    """One refusal at each short line's quantity."""
    return Refusals(
        tuple(
            Refusal(
                ErrorCode.OUT_OF_STOCK,
                "No branch can serve this line.",
                ("lines", str(number - 1), "quantity"),
            )
            for number in line_numbers
        )
    )


def short_lines(order: Order, line_numbers: Iterable[int], message: str) -> Refusals:
    """The same of an order that is there: its lines are counted as in the input that made it."""
    return Refusals(
        tuple(
            Refusal(
                ErrorCode.OUT_OF_STOCK,
                message,
                ("lines", str(number - 1), "quantity"),
                {"orderLineId": line_id(order.id, number), "sku": order.line(number).sku},
            )
            for number in line_numbers
        )
    )
