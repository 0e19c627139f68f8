"""Tenants on the server, each beside its model: whatever is done is done to both, and both must say and be the same."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ddd.branches.application.branches import create_branch
from ddd.stock.application.items import create_item
from ddd.stock.application.levels import receive_stock
from tests.api.orders_support import mutation
from tests.api.support import ApiCaller, ApiTenant, Json
from tests.builders import branches, caller, registered, rows, stock
from tests.ledger import faults
from tests.model import life, placing, returning
from tests.model.answers import ADA, NOT_PERMITTED, Fault, Person, Refused
from tests.model.checkout import BRANCHES, CATALOGUE
from tests.model.flow import PLAIN, SHAPED, TRUSTING, document
from tests.model.order import EVERYTHING, Order, Sight
from tests.model.shop import Shop
from tests.model.tables import agree, in_model, in_tables
from tests.model.views import ORDER, expected, shown

OPERATIONS: Final[Mapping[str, life.Operation]] = {
    "editDraftOrder": placing.edit,
    "submitOrder": placing.submit,
    "fulfilOrder": placing.fulfil,
    "confirmOrder": life.confirm_order,
    "recordPayment": life.record_payment,
    "cancelOrder": life.cancel_order,
    "markAsShipped": life.mark_as_shipped,
    "createShipment": life.create_shipment,
    "confirmShipment": life.confirm_shipment,
    "dispatchShipment": life.dispatch_shipment,
    "deliverShipment": life.deliver_shipment,
    "cancelShipment": life.cancel_shipment,
    "addShippingTrackingReference": life.add_tracking,
    "markAsDelivered": life.mark_as_delivered,
    "markAsCompleted": life.mark_as_completed,
    "holdOrder": life.hold_order,
    "releaseHold": life.release_hold,
    "requestReturn": returning.request_return,
    "receiveReturn": returning.receive_return,
    "processRefund": returning.process_refund,
    "completeStep": returning.complete_step,
    "escalateReviewer": returning.escalate_reviewer,
    "reviewOrder": returning.review_order,
}
#: What makes orders.
MAKERS: Final = {"placeOrder": placing.place, "createDraftOrder": placing.draft}
#: The payload's field for the part that an operation made or changed.
PARTS: Final = {
    **{name: "shipment" for name in OPERATIONS if "Shipment" in name or name.startswith("addShipping")},
    "requestReturn": "return",
    "receiveReturn": "return",
    "processRefund": "refund",
}
_DOCUMENTS: Final = {
    name: mutation(
        name,
        f"{{ order {{ {ORDER} }} {PARTS[name] + ' { id }' if name in PARTS else ''}"
        " errors { code field } replayed }",
    )
    for name in (*MAKERS, *OPERATIONS)
}
_LOOK: Final = f"query($id: ID) {{ getOrder(orderId: $id) {{ {ORDER} availableActions {{ action allowed }} }} }}"


@dataclass
class Said:
    """What was done under a key."""

    operation: str
    given: Json
    order: Order
    part: Any


@dataclass
class Place:
    """One tenant."""

    tenant: ApiTenant
    shop: Shop
    tokens: dict[Person, ApiCaller] = field(default_factory=dict)
    said: dict[tuple[Person, str], Said] = field(default_factory=dict)

    def as_(self, person: Person) -> ApiCaller:
        if person not in self.tokens:
            self.tokens[person] = self.tenant.caller(*person.roles, subject=person.name)
        return self.tokens[person]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return rows(self.tenant.id, sql)


def _open(shop: Shop, **settings: Any) -> Place:
    tenant = ApiTenant(registered(**settings))
    by = caller(tenant.id)
    for sku in CATALOGUE:
        assert create_item(by, {"sku": sku, "name": sku}, stock()).errors == ()
    for priority, code in enumerate(BRANCHES):
        given = {"code": code, "name": code, "timezone": "UTC", "priority": priority}
        assert create_branch(by, given, branches()).errors == ()
    found = Place(tenant, shop)
    if not shop.flow.is_plain:
        publish = "mutation($input:PublishWorkflowInput!){publishWorkflow(input:$input){errors{code message}}}"
        found.as_(ADA).data(publish, {"input": {"document": document(shop.flow)}})
    return found


#: The kinds of tenants: the model's side, and the server's settings.
KINDS: Final[tuple[tuple[Callable[[], Shop], Json], ...]] = (
    (lambda: Shop(PLAIN), {}),
    (lambda: Shop(SHAPED), {}),
    (
        lambda: Shop(PLAIN, takes_unknown=True, trusts_customers=True),
        {"unknownSku": "ACCEPT", "trustCustomerCheckout": True},
    ),
    (lambda: Shop(TRUSTING, is_tracked=False), {"stockTracked": False}),
)


class World:
    """Some tenants. `tally` counts what was done, by operation and answer."""

    def __init__(self, tally: Counter[tuple[str, str]]) -> None:
        self.tally = tally
        self.places: list[Place] = []
        #: Whether both sides agreed in every step so far.
        self.agrees = True

    def open(self, kind: int) -> Place:
        make, settings = KINDS[kind]
        self.places.append(_open(make(), **settings))
        return self.places[-1]

    def receive(self, at: Place, branch: str, sku: str, count: int) -> None:
        given = {"branchCode": branch, "sku": sku, "quantity": count}
        assert receive_stock(caller(at.tenant.id), given, stock()).errors == ()
        at.shop.receive(branch, sku, count)
        self.compare(at)

    # -- one step -------------------------------------------------------------------------------------------------

    def act(self, at: Place, person: Person, operation: str, given: Json) -> None:
        """Do it on both sides; raises AssertionError where they disagree."""
        self.agrees = False
        order = next((each for each in at.shop.orders if each.id == given.get("orderId")), None)
        available = None if order is None else self._look(at, person, order)
        try:
            said = self._predict(at, person, operation, given, order)
            answers: tuple[list[Fault], ...] = ()
        except Refused as refused:
            said, answers = None, refused.answers
        answer = at.as_(person).run(_DOCUMENTS[operation], {"input": given})
        got = _faults(answer)
        where = (person.name, operation, given, answer)
        if said is None:
            assert got in answers, (*where, "expected one of", answers)
            assert _is_empty(answer), where
            assert available is None or got != [NOT_PERMITTED] or not available[operation], where
            self.tally[operation, got[0][0]] += 1
        else:
            assert got == [], (*where, "expected to be done")
            payload = answer["data"][operation]
            is_new = given.get("idempotencyKey") is None or (person, given["idempotencyKey"]) not in at.said
            assert payload["replayed"] == (not is_new), where
            assert available is None or not is_new or available[operation], (*where, "was not said to be available")
            if is_new and operation in MAKERS:
                said.order.id = payload["order"]["id"]
            self._compare_order(at, said.order)
            sight = _sight(person, operation, said.order)
            agree(shown(payload["order"]), expected(said.order, sight), f"as {person.name} is answered")
            if operation in PARTS:
                assert payload[PARTS[operation]]["id"] == said.part.id, where
            if is_new and given.get("idempotencyKey") is not None:
                at.said[person, given["idempotencyKey"]] = said
            self.tally[operation, "done" if is_new else "replayed"] += 1
        self.compare(at)
        self.agrees = True

    def _predict(self, at: Place, person: Person, operation: str, given: Json, order: Order | None) -> Said:
        """What the model does. Token, permission, key, existence, version, input, state, stock, in this order."""
        if not person.roles_for(operation):
            raise Refused([NOT_PERMITTED])
        key = given.get("idempotencyKey")
        bare = {name: value for name, value in given.items() if name != "idempotencyKey"}
        known = None if key is None else at.said.get((person, key))
        if known is not None:
            if (known.operation, known.given) != (operation, bare):
                raise Refused([("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")])
            return known
        if operation in MAKERS:
            return Said(operation, bare, MAKERS[operation](at.shop, person, given), None)
        sight = None if order is None else order.sight(person, operation)
        if order is None or sight is None:
            raise Refused([("NOT_FOUND", "orderId")])
        if given.get("expectedVersion") not in (None, order.version):
            raise Refused([("VERSION_CONFLICT", "expectedVersion")])
        doing = life.then_goes_on(OPERATIONS[operation])
        part = doing(life.Act(at.shop, order, person, sight, given))
        return Said(operation, bare, order, part)

    # -- both the same? -------------------------------------------------------------------------------------------

    def _look(self, at: Place, person: Person, order: Order) -> dict[str, bool] | None:
        """What this person sees, and may do next; None where the order does not exist for it."""
        if not person.roles_for("getOrder"):
            return None
        sight = order.sight(person, "getOrder")
        seen = at.as_(person).data(_LOOK, {"id": order.id})
        if sight is None:
            assert seen is None, (person, seen)
            return None
        available = {each["action"]: each["allowed"] for each in seen.pop("availableActions")}
        agree(shown(seen), expected(order, sight), f"as {person.name} reads it")
        return {**dict.fromkeys(OPERATIONS, False), **available}

    def _compare_order(self, at: Place, order: Order) -> None:
        """As an Admin sees it; ids that the server gave since the last look are taken from here."""
        seen = at.as_(ADA).data(_LOOK, {"id": order.id})
        for line, its in zip(order.lines, seen["lines"], strict=True):
            line.id = line.id or its["id"]
        for kind, parts in (("shipments", order.parcels), ("returns", order.returns), ("refunds", order.refunds)):
            new = [each["id"] for each in seen[kind] if each["id"] not in {part.id for part in parts}]
            nameless = [part for part in parts if not part.id]
            for part, id_ in zip(nameless, new, strict=True):
                part.id = id_
        seen.pop("availableActions")
        agree(shown(seen), expected(order, EVERYTHING), "as an Admin reads it")

    def compare(self, at: Place) -> None:
        """Every order's figures and all stock, as the tables have them; stock also as ledger and reservations say."""
        found, wanted = in_tables(at.query), in_model(at.shop)
        agree(found["orders"], wanted["orders"], "in the orders' tables")
        agree(found["levels"], wanted["levels"], "in the stock's tables")

    def adds_up(self) -> None:
        """The tenants' own book-keeping, and what the model promises of each order's units and money."""
        for at in self.places:
            assert faults(at.query) == []
            for order in at.shop.orders:
                self._compare_order(at, order)
                assert 0 <= order.refunded <= order.paid("CAPTURED") * order.flow.cap + 1
                assert all(min(order.unrefunded(line)) >= 0 for line in order.lines)


def _sight(person: Person, operation: str, order: Order) -> Sight:
    """Who changed an order is shown it as it may read it, else as far as the change itself reached."""
    sight = order.sight(person, "getOrder") or (None if operation in MAKERS else order.sight(person, operation))
    if sight is None:  # placed for others: a vendor sees it as one
        return Sight(person.name) if "Vendor" in person.roles else EVERYTHING
    return sight


def _faults(answer: Json) -> list[Fault]:
    if "errors" in answer:
        return [(error["extensions"]["code"], "(top level)") for error in answer["errors"]]
    (payload,) = answer["data"].values()
    return [(each["code"], None if each["field"] is None else ".".join(each["field"])) for each in payload["errors"]]


def _is_empty(answer: Json) -> bool:
    """A refusal shows no object."""
    payload = next(iter((answer["data"] or {}).values()), None) or {}
    return all(value in (None, False) for name, value in payload.items() if name != "errors")
