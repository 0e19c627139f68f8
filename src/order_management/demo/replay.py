"""The replay: the catalogue is loaded, then each order is placed and shipped, all through the API.

It is safe to repeat, also after a stop in the middle and after the idempotency keys have expired:

    branches, items   are there already: ALREADY_EXISTS
    opening stock     is received into a level that is not open yet (`expectedVersion: 0`), else VERSION_CONFLICT
    orders            by key the same order again (`replayed`); a key that has expired or was used for other input: the
                      external reference names the order that is there
    shipments         only of orders that are not shipped by then, under a key of their own
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, TypeVar

from order_management.demo.client import Client, Refused, Storefront
from order_management.demo.northwind import CHANNEL, Catalogue, Input, Northwind, PastOrder

T = TypeVar("T")
#: Told what is being done, how many of it are done, and of how many.
Progress = Callable[[str, int, int], None]

_CREATE_BRANCH: Final = """mutation CreateBranch($input: CreateBranchInput!) {
  createBranch(input: $input) { replayed errors { code message field } }
}"""
_CREATE_ITEM: Final = """mutation CreateItem($input: CreateItemInput!) {
  createItem(input: $input) { replayed errors { code message field } }
}"""
_RECEIVE_STOCK: Final = """mutation ReceiveStock($input: ReceiveStockInput!) {
  receiveStock(input: $input) { replayed errors { code message field } }
}"""
_PLACE_ORDER: Final = """mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id status } replayed errors { code message field } }
}"""
_MARK_AS_SHIPPED: Final = """mutation MarkAsShipped($input: MarkAsShippedInput!) {
  markAsShipped(input: $input) { replayed errors { code message field } }
}"""
_GET_ORDER: Final = """query GetOrder($externalRef: String!, $channel: String!) {
  getOrder(externalRef: $externalRef, channel: $channel) { id status }
}"""
_SHIPPABLE: Final = frozenset({"PENDING", "CONFIRMED", "PARTIALLY_SHIPPED"})


class Ledger:
    """What this run did itself, and which of the orders are there by now. Safe for threads."""

    def __init__(self) -> None:
        self.placed = 0
        self.shipped = 0
        self.orders: dict[str, tuple[str, str]] = {}  # number -> id, status
        self._lock = threading.Lock()

    def has_order(self, number: str, order: Mapping[str, Any], *, new: bool) -> None:
        with self._lock:
            self.orders[number] = (order["id"], order["status"])
            self.placed += new

    def has_shipped(self) -> None:
        with self._lock:
            self.shipped += 1


def replay(northwind: Northwind, storefront: Storefront, progress: Progress, ledger: Ledger) -> float:
    """Load the catalogue, place every order, then ship what was shipped. Returns the seconds that placing took."""
    load(northwind.catalogue, storefront, progress)
    began = time.monotonic()
    _each(storefront, progress, "placing orders", northwind.orders, lambda client, past: place(client, past, ledger))
    placing = time.monotonic() - began
    shipped = [past for past in northwind.orders if past.shipping is not None]
    _each(storefront, progress, "shipping them", shipped, lambda client, past: ship(client, past, ledger))
    return placing


def load(catalogue: Catalogue, storefront: Storefront, progress: Progress) -> None:
    """Open the branches, put the items into the catalogue and receive their opening stock."""
    _each(storefront, progress, "opening branches", catalogue.branches, open_branch)
    items = list(zip(catalogue.items, catalogue.receipts, strict=True))
    _each(storefront, progress, "loading items", items, stock_item)


def _each(
    storefront: Storefront, progress: Progress, what: str, things: Sequence[T], work: Callable[[Client, T], None]
) -> None:
    storefront.over_connections(work, things, lambda done: progress(what, done, len(things)))


def open_branch(client: Client, branch: Input) -> None:
    mutate(client, _CREATE_BRANCH, branch, there={"ALREADY_EXISTS"})


def stock_item(client: Client, item_and_receipt: tuple[Input, Input]) -> None:
    item, receipt = item_and_receipt
    mutate(client, _CREATE_ITEM, item, there={"ALREADY_EXISTS"})
    mutate(client, _RECEIVE_STOCK, {**receipt, "expectedVersion": 0}, there={"VERSION_CONFLICT"})


def place(client: Client, past: PastOrder, ledger: Ledger) -> None:
    """Place the order, or find the one that was placed before."""
    payload = mutate(client, _PLACE_ORDER, past.placing, there={"ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED"})
    order = payload["order"]
    if order is None:
        named = {"externalRef": past.placing["externalRef"], "channel": CHANNEL}
        order = client.execute(_GET_ORDER, named)["getOrder"]
        if order is None:
            raise Refused(f"order {past.number} cannot be placed nor read; begin anew with another database")
        ledger.has_order(past.number, order, new=False)
    else:
        ledger.has_order(past.number, order, new=not payload["replayed"])


def ship(client: Client, past: PastOrder, ledger: Ledger) -> None:
    """Ship the order, unless it is shipped, or cancelled by somebody in between."""
    order_id, status = ledger.orders[past.number]
    if past.shipping is None or status not in _SHIPPABLE:
        return
    payload = mutate(client, _MARK_AS_SHIPPED, {**past.shipping, "orderId": order_id})
    if not payload["replayed"]:
        ledger.has_shipped()


def mutate(client: Client, document: str, given: Input, there: Collection[str] = ()) -> dict[str, Any]:
    """The mutation's payload. A refusal that means "it is there already" is fine; any other raises Refused."""
    ((name, payload),) = client.execute(document, {"input": given}).items()
    refusals = [error for error in payload["errors"] if error["code"] not in there]
    if refusals:
        first = refusals[0]
        what = given.get("externalRef") or given.get("sku") or given.get("code") or given.get("idempotencyKey")
        where = f" at {'.'.join(first['field'])}" if first["field"] else ""
        raise Refused(f"{name} of {what} is refused: {first['code']}{where}: {first['message']}")
    found: dict[str, Any] = payload
    return found
