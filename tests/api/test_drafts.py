"""Branch orders over HTTP: drafted, edited, submitted, fulfilled."""

from typing import Any

import pytest

from tests.api.living import CUSTOMER, DOCUMENTS, DRAFT, LINES, NOWHERE, Life
from tests.api.orders_support import LIST, Shop, checkout, line
from tests.api.support import Api, ApiCaller, Json
from tests.builders import rows
from tests.ledger import faults

FULL: Json = {
    "channel": "counter",
    "externalRef": "B-1",
    "billingAddress": {"line1": "2 Side St", "country": "CA", "postalCode": "K1A 0B1"},
    "shipping": {"method": "van", "deliveryTime": "morning", "cost": "4.50"},
    "discounts": [{"amount": "1", "code": "STAFF", "description": "Ann's colleague"}],
    "taxes": [{"amount": "2.25", "name": "VAT", "rate": "7.5"}],
    "taxesIncluded": False,
    "branchCode": "south",
    "note": "ring twice",
    "metadata": {"table": 4},
}
PRECIOUS = line("A", 2, "10", vendorId="v1", name="Apple", category="fruit", options={"cut": True}, discount="1",
                tax="0.50", package={"weightKg": "1.5"})  # fmt: skip


@pytest.fixture
def life(api: Api) -> Life:
    return Life(Shop())


def refused(life: Life, name: str, order: Json, by: ApiCaller | None = None, **given: Any) -> Json:
    """The one refusal, after which nothing has changed."""
    before = life.shop.everything()
    answer = (by or life.shop.admin).run(DOCUMENTS[name], {"input": {"orderId": order["id"], **given}})
    (error,) = answer["data"][name]["errors"]
    assert life.shop.everything() == before
    assert isinstance(error, dict)
    return error


def told(life: Life, order: Json) -> list[str]:
    return [each["type"] for each in life.whole(order)["timeline"]]


def listed(by: ApiCaller, **filter_: Any) -> list[str]:
    page = by.data(LIST, {"filter": filter_, "first": 50})
    assert page["totalCount"] == len(page["nodes"])
    return [each["id"] for each in page["nodes"]]


def words_of_people(life: Life, *words: str) -> set[str]:
    """Those of the words that stand in the timeline, the outbox or the audit log."""
    stored = rows(
        life.shop.tenant.id,
        "SELECT data::text FROM orders_event UNION ALL SELECT payload::text FROM outbox WHERE aggregate = 'order'"
        " UNION ALL SELECT before::text || after::text FROM audit_log WHERE aggregate = 'order'",
    )
    assert stored
    return {word for word in words if any(word in text for (text,) in stored)}


def test_a_draft_is_an_order_that_holds_nothing(life: Life) -> None:
    free = life.shop.levels()
    worker = life.shop.caller("Worker", subject="will")
    order = life.draft(PRECIOUS, line("B", 2, "5"), by=worker, **FULL)
    assert (order["status"], order["version"], order["paymentStatus"]) == ("DRAFT", 1, "UNPAID")
    assert (order["orderNumber"], order["branchCode"], order["channel"]) != ("", None, "default")
    amounts = {name: order[name]["amount"] for name in ("subtotal", "discountTotal", "shippingTotal", "taxTotal")}
    assert amounts == {"subtotal": "29.00", "discountTotal": "1.00", "shippingTotal": "4.50", "taxTotal": "2.75"}
    assert (order["total"]["amount"], order["amountDue"]["amount"], order["payments"]) == ("35.25", "35.25", [])
    assert [(each["allocation"], each["reservedQuantity"]) for each in order["lines"]] == [(None, 0), (None, 0)]
    assert life.shop.levels() == free
    ((submitted, placed, updated),) = rows(
        life.shop.tenant.id, "SELECT submitted_at, placed_at, updated_at FROM orders_order"
    )
    assert (submitted, placed) == (None, updated)
    (entry,) = order["timeline"]
    assert (entry["type"], entry["actor"]) == ("order.drafted", {"subject": "will", "roles": ["Worker"]})
    assert entry["data"]["status"] == {"before": None, "after": "DRAFT"}
    assert [each["unitPrice"] for each in entry["data"]["lines"]] == [1000, 500]
    assert life.whole(order) == order | {"availableActions": life.whole(order)["availableActions"]}
    assert rows(life.shop.tenant.id, "SELECT operation, after FROM audit_log WHERE operation = 'createDraftOrder'") == [
        ("createDraftOrder", '{"status": "DRAFT", "version": 1}')
    ]
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []


def test_a_draft_is_checked_as_a_checkout_is_but_for_lines_that_are_not_there_yet(life: Life) -> None:
    before = life.shop.everything()
    wrong = checkout(
        line("X", 1), line("A", 0, "1.001"), line("A"), currency="USD", customer={"firstName": " "},
        shippingAddress={"line1": "1", "country": "Mars"}, branchCode="nowhere", expectedTotal="1.005",
    )  # fmt: skip
    assert life.shop.admin.refusals(DRAFT, {"input": wrong}) == [
        ("INVALID_INPUT", "customer.firstName"),
        ("INVALID_INPUT", "shippingAddress.country"),
        ("NOT_FOUND", "lines.0.sku"),
        ("INVALID_INPUT", "lines.1.quantity"),
        ("INVALID_INPUT", "lines.1.unitPrice"),
        ("DUPLICATE_SKU", "lines.2.sku"),
        ("NOT_FOUND", "branchCode"),
        ("INVALID_INPUT", "expectedTotal"),
    ]
    assert life.shop.admin.refusals(DRAFT, {"input": checkout(expectedTotal="9")}) == [
        ("TOTAL_MISMATCH", "expectedTotal")
    ]
    assert life.shop.everything() == before
    empty: list[Json] = [{}, {"lines": None}, {"lines": []}]
    for lines in empty:
        given = {name: value for name, value in checkout().items() if name != "lines"}
        order = life.shop.admin.data(DRAFT, {"input": {**given, **lines}})["order"]
        assert (order["status"], order["lines"], order["total"]["amount"]) == ("DRAFT", [], "0.00")
    error = refused(life, "submitOrder", order)
    assert (error["code"], error["message"]) == ("INVALID_TRANSITION", "A draft without lines cannot be submitted.")
    life.do("editDraftOrder", order, lines=[line("A", 3)])
    assert life.do("submitOrder", order)["order"]["status"] == "PENDING"
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []


def test_a_draft_without_lines_can_be_given_up(life: Life) -> None:
    order = life.draft(shipping={"cost": "3"})
    life.do("editDraftOrder", order, lines=[])
    assert life.whole(order)["amountDue"]["amount"] == "3.00"
    assert life.do("cancelOrder", order, reason="OTHER", note="came no more")["order"]["status"] == "CANCELLED"
    seen = life.whole(order)
    assert (seen["status"], seen["amountDue"]["amount"], seen["cancellation"]["note"]) == (
        "CANCELLED", "0.00", "came no more",
    )  # fmt: skip
    assert listed(life.shop.admin, status=["CANCELLED"]) == [order["id"]]
    assert refused(life, "cancelOrder", order, reason="OTHER")["code"] == "INVALID_TRANSITION"
    for name in ("editDraftOrder", "submitOrder"):
        assert refused(life, name, order)["code"] == "INVALID_TRANSITION"
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []


def test_an_edit_replaces_what_is_given_clears_what_is_null_and_leaves_the_rest(life: Life) -> None:
    order = life.draft(PRECIOUS, **FULL)
    after = life.do("editDraftOrder", order, note=None, lines=[line("B", 3, "7")], expectedTotal="26.75")["order"]
    assert after["version"] == 2
    seen = life.whole(order)
    assert seen["note"] is None
    kept = "channel externalRef billingAddress customer shippingAddress branchCode metadata currency placedAt".split()
    assert {name: seen[name] for name in kept} == {name: order[name] for name in kept}
    assert [(each["lineNo"], each["sku"], each["name"], each["quantity"]) for each in seen["lines"]] == [
        (1, "B", "Item B", 3)
    ]
    assert (seen["total"]["amount"], seen["discountTotal"]["amount"]) == ("26.75", "1.00")

    life.do("editDraftOrder", order, discounts=None, shipping=None, taxes=[], billingAddress=None, metadata=None,
            branchCode=None, externalRef=None, channel=None, taxesIncluded=None)  # fmt: skip
    seen = life.whole(order)
    assert (seen["total"]["amount"], seen["shippingTotal"]["amount"]) == ("21.00", "0.00")
    assert [seen[name] for name in ("billingAddress", "metadata", "branchCode", "externalRef", "channel")] == [
        None, None, None, None, "default",
    ]  # fmt: skip
    for name in ("currency", "customer", "shippingAddress"):
        assert refused(life, "editDraftOrder", order, **{name: None})["code"] == "INVALID_INPUT"
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []


def test_the_timeline_tells_of_an_edit_without_anybodys_values(life: Life) -> None:
    order = life.draft(**FULL)
    life.do(
        "editDraftOrder", order, note="Ann is deaf", branchCode="north", lines=[line("B", 1, "5")],
        customer={"firstName": "Anna", "id": "c-8"}, shippingAddress={"line1": "3 Ann St", "country": "US"},
    )  # fmt: skip
    entry = life.whole(order)["timeline"][1]
    assert entry["type"] == "order.edited"
    data = entry["data"]
    assert data["fields"] == ["customer", "shippingAddress", "lines", "branchCode", "note"]
    assert {name: (data["before"][name], data["after"][name]) for name in ("branchCode", "customerId", "total")} == {
        "branchCode": ("south", "north"), "customerId": ("c-7", "c-8"), "total": (3575, 1075),
    }  # fmt: skip
    assert [[each["sku"] for each in data[when]["lines"]] for when in ("before", "after")] == [["A", "B"], ["B"]]
    assert not words_of_people(life, "Ann", "Main St", "Side St", "ring twice", "deaf")


def test_an_edit_that_changes_nothing_is_no_change(life: Life) -> None:
    order = life.draft(PRECIOUS, **FULL)
    again = {**FULL, "customer": CUSTOMER, "currency": "USD", "lines": [{**PRECIOUS, "unitPrice": 10}]}
    before = life.shop.everything()
    assert life.do("editDraftOrder", order, **again)["order"]["version"] == 1
    after = life.shop.everything()
    assert {name for name in after if after[name] != before[name]} == {"idempotency"}


def test_a_null_and_an_absent_field_are_two_inputs_under_one_key(life: Life) -> None:
    order = life.draft(note="ring twice")
    life.do("editDraftOrder", order, idempotencyKey="k", branchCode="north")
    assert life.refused("editDraftOrder", order, idempotencyKey="k", branchCode="north", note=None) == [
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]
    assert life.do("editDraftOrder", order, idempotencyKey="k", branchCode="north")["replayed"]


def test_what_an_edit_leaves_alone_is_judged_when_the_draft_is_submitted(life: Life) -> None:
    order = life.draft(line("A", 1), line("C", 1), branchCode="south")
    for name, given in (("archiveItem", {"sku": "C"}), ("archiveBranch", {"code": "south"})):
        kind = name[0].upper() + name[1:]
        document = f"mutation($input:{kind}Input!){{{name}(input:$input){{errors{{code}}}}}}"
        life.shop.admin.data(document, {"input": given})
    life.do("editDraftOrder", order, note="later")
    assert refused(life, "editDraftOrder", order, branchCode="south")["code"] == "BRANCH_CLOSED"
    answer = life.refused("submitOrder", order)
    assert answer == [("NOT_FOUND", "lines.1.sku"), ("BRANCH_CLOSED", "branchCode")]
    life.do("editDraftOrder", order, branchCode=None, lines=[line("A", 1)])
    assert life.do("submitOrder", order)["order"]["status"] == "PENDING"


def test_names_are_taken_once_whether_drafted_or_placed(life: Life) -> None:
    placed = life.place(externalRef="W-1")
    order = life.draft(externalRef="W-2")
    for document, given in (
        (DRAFT, checkout(externalRef="W-1")),
        (DOCUMENTS["editDraftOrder"], {"externalRef": "W-1"}),
    ):
        known = given if document == DRAFT else {"orderId": order["id"], **given}
        answer = life.shop.admin.run(document, {"input": known})
        (payload,) = answer["data"].values()
        (error,) = payload["errors"]
        assert (error["code"], error["field"], error["details"]) == (
            "ALREADY_EXISTS", ["externalRef"], {"id": placed["id"]},
        )  # fmt: skip
    life.do("editDraftOrder", order, externalRef="W-1", channel="other")
    assert refused(life, "editDraftOrder", order, channel="default")["code"] == "ALREADY_EXISTS"


def test_submitted_it_is_an_order_like_any_other(life: Life) -> None:
    order = life.draft(PRECIOUS, line("C", 1, "3"), **FULL)
    placed = life.shop.place(PRECIOUS, line("C", 1, "3"), **{**FULL, "externalRef": "B-2", "customer": CUSTOMER})
    assert refused(life, "submitOrder", order, expectedTotal="1")["details"] == {
        "expected": "1.00",
        "actual": "32.25",
    } | {"actual": order["total"]["amount"]}
    manager = life.shop.caller("Manager", subject="mia")
    answer = life.do("submitOrder", order, manager, expectedTotal=order["total"]["amount"])["order"]
    assert (answer["status"], answer["version"]) == ("PENDING", 2)
    seen = life.whole(order)
    for one, other in zip(seen["lines"], placed["lines"], strict=True):
        assert {**one, "id": ""} == {**other, "id": ""}
    differing = {name for name in seen if seen[name] != placed[name]}
    assert differing == {"id", "orderNumber", "externalRef", "version", "lines", "timeline", "placedAt", "updatedAt"}
    assert seen["placedAt"] == seen["updatedAt"] > order["placedAt"]
    entry = seen["timeline"][1]
    assert (entry["type"], entry["actor"]) == ("order.submitted", {"subject": "mia", "roles": ["Manager"]})
    assert {name: entry["data"][name] for name in ("workflowVersion", "lines", "status")} == {
        "workflowVersion": 1,
        "lines": [
            {"lineNo": 1, "branchCode": "south", "quantity": 2},
            {"lineNo": 2, "branchCode": "south", "quantity": 1},
        ],
        "status": {"before": "DRAFT", "after": "PENDING"},
    }
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []


def test_a_free_draft_is_confirmed_when_it_is_submitted(life: Life) -> None:
    order = life.draft(line("A", 1, "0"))
    assert life.do("submitOrder", order)["order"]["status"] == "CONFIRMED"
    assert told(life, order) == ["order.drafted", "order.submitted", "order.confirmed"]


def test_each_short_line_is_named_and_nothing_is_reserved(life: Life) -> None:
    order = life.draft(line("A", 101), line("B", 1), line("C", 200))
    before = life.shop.everything()
    answer = life.shop.admin.run(DOCUMENTS["submitOrder"], {"input": {"orderId": order["id"]}})
    assert [(e["code"], e["field"], e["details"]) for e in answer["data"]["submitOrder"]["errors"]] == [
        ("OUT_OF_STOCK", ["lines", str(n), "quantity"], {"orderLineId": order["lines"][n]["id"], "sku": sku})
        for n, sku in ((0, "A"), (2, "C"))
    ]
    assert life.shop.everything() == before


def test_fulfilled_all_of_it_has_left_and_every_level_is_in_the_audit_log(life: Life) -> None:
    order = life.draft(line("A", 2), line("C", 1))
    life.do("submitOrder", order)
    manager = life.shop.caller("Manager", subject="mia")
    levels = life.shop.levels()
    answer = life.do("fulfilOrder", order, manager)["order"]
    assert (answer["status"], answer["version"]) == ("SHIPPED", 3)
    seen = life.whole(order)
    assert [(each["shippedQuantity"], each["reservedQuantity"]) for each in seen["lines"]] == [(2, 0), (1, 0)]
    (shipment,) = seen["shipments"]
    assert (shipment["status"], [each["quantity"] for each in shipment["lines"]]) == ("SHIPPED", [2, 1])
    assert told(life, order) == [
        "order.drafted", "order.submitted", "order.confirmed", "order.shipped", "order.fulfilled"
    ]  # fmt: skip
    data = seen["timeline"][-1]["data"]
    assert (data["shipmentId"], data["lines"]) == (
        shipment["id"],
        [
            {"lineNo": 1, "branchCode": "south", "quantity": 2},
            {"lineNo": 2, "branchCode": "south", "quantity": 1},
        ],
    )
    now = life.shop.levels()
    assert {key: (levels[key], now[key]) for key in now if now[key] != levels[key]} == {
        ("south", "A"): ((100, 2), (98, 0)), ("south", "C"): ((100, 1), (99, 0)),
    }  # fmt: skip
    audit = rows(
        life.shop.tenant.id,
        """
        SELECT a.aggregate, a.subject, a.roles, a.request_id <> '', l.sku, (a.before->>'on_hand')::int,
               (a.after->>'on_hand')::int, (a.after->>'version')::int - (a.before->>'version')::int,
               m.delta::int, m.order_id::text
        FROM audit_log a LEFT JOIN stock_level l ON l.id = a.aggregate_id
        LEFT JOIN stock_movement m ON m.id::text = a.after->>'movement'
        WHERE a.operation = 'fulfilOrder' ORDER BY a.aggregate, l.sku
        """,
    )
    by = ("mia", "Manager", True)
    assert audit == [
        ("order", *by, None, None, None, 1, None, None),
        ("stock_level", *by, "A", 100, 98, 1, -2, order["id"]),
        ("stock_level", *by, "C", 100, 99, 1, -1, order["id"]),
    ]
    ((requests,),) = rows(
        life.shop.tenant.id, "SELECT count(DISTINCT request_id) FROM audit_log WHERE operation = 'fulfilOrder'"
    )
    assert requests == 1
    assert faults(lambda sql: rows(life.shop.tenant.id, sql)) == []


def test_where_less_is_on_hand_than_one_line_needs_nothing_leaves(life: Life) -> None:
    order = life.draft(line("A", 5), line("B", 5), branchCode="north")
    life.do("submitOrder", order)
    # As an Admin's override leaves it: less lies there than is promised.
    rows(
        life.shop.tenant.id,
        "UPDATE stock_level SET on_hand = 4, overdraft = 1 WHERE branch_code = 'north' AND sku = 'B' RETURNING 1",
    )
    error = refused(life, "fulfilOrder", order)
    assert (error["code"], error["field"], error["details"]["sku"]) == ("OUT_OF_STOCK", ["lines", "1", "quantity"], "B")


def test_what_is_packed_is_not_fulfilled_over_the_packers_head(life: Life) -> None:
    order = life.packed()
    error = refused(life, "fulfilOrder", order)
    assert (error["code"], error["message"]) == (
        "INVALID_TRANSITION", "Some of it is packed: dispatch or cancel those shipments.",
    )  # fmt: skip


def test_an_untracked_tenant_drafts_submits_and_fulfils_without_stock(life: Life) -> None:
    life.shop.settings(stockTracked=False)
    order = life.draft(line("A", 1_000))
    life.do("submitOrder", order)
    life.do("fulfilOrder", order)
    seen = life.whole(order)
    assert (seen["status"], seen["lines"][0]["allocation"]) == ("SHIPPED", None)
    assert rows(life.shop.tenant.id, "SELECT operation, aggregate FROM audit_log WHERE operation = 'fulfilOrder'") == [
        ("fulfilOrder", "order")
    ]


def test_customers_and_vendors_know_of_a_draft_once_it_is_submitted(life: Life) -> None:
    order = life.draft()
    hidden = (life.shop.caller("Customer", subject="c-7"), life.shop.caller("Vendor", vendor_id="v1"))
    staff = [life.shop.caller(role) for role in ("Worker", "Manager", "Auditor")]
    for by in hidden:
        assert (life.whole(order, by), listed(by), listed(by, status=["DRAFT"])) == (None, [], [])
        assert life.refused("cancelOrder", order, by, reason="OTHER") == [("NOT_FOUND", "orderId")]
    for by in staff:
        assert life.whole(order, by)["id"] == order["id"]
        assert listed(by, status=["DRAFT"]) == [order["id"]]
    both = life.shop.caller("Customer", "Worker", subject="c-7")
    assert life.whole(order, both)["id"] == order["id"]
    life.do("cancelOrder", order, reason="OTHER")
    assert [life.whole(order, by) for by in hidden] == [None, None]  # it never was an order

    order = life.draft()
    life.do("submitOrder", order)
    for by in hidden:
        assert (life.whole(order, by)["id"], listed(by)) == (order["id"], [order["id"]])


def test_who_works_for_a_branch_drafts_for_that_branch(life: Life) -> None:
    life.shop.permit("Worker", createDraftOrder="BRANCH", editDraftOrder="BRANCH", getOrder="BRANCH", orders="BRANCH")
    worker = life.shop.caller("Worker", branches=["south"])
    for branch in ({}, {"branchCode": "north"}, {"branchCode": "nowhere"}):
        assert worker.refusals(DRAFT, {"input": checkout(**branch)}) == [("FORBIDDEN", "branchCode")]
    order = life.draft(by=worker, branchCode="south")
    assert life.refused("editDraftOrder", order, worker, branchCode="north") == [("FORBIDDEN", "branchCode")]
    assert life.refused("editDraftOrder", order, worker, branchCode=None) == [("FORBIDDEN", "branchCode")]
    life.do("editDraftOrder", order, worker, note="n")
    other = life.draft(branchCode="north")
    assert life.refused("editDraftOrder", other, worker, note="n") == [("NOT_FOUND", "orderId")]
    assert listed(worker) == [order["id"]]


@pytest.mark.parametrize(
    ("name", "roles"),
    [("createDraftOrder", "Worker Manager Admin"), ("editDraftOrder", "Worker Manager Admin"),
     ("submitOrder", "Manager Admin"), ("fulfilOrder", "Manager Admin")],
)  # fmt: skip
def test_who_may(life: Life, name: str, roles: str) -> None:
    order = life.draft()
    before = life.shop.everything()
    document = DRAFT if name == "createDraftOrder" else DOCUMENTS[name]
    given = checkout() if name == "createDraftOrder" else {"orderId": NOWHERE}
    for role in ("Customer", "Vendor", "Worker", "Manager", "Admin", "Auditor"):
        answer = life.shop.caller(role).run(document, {"input": given})
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        assert codes == ([] if role in roles.split() else ["FORBIDDEN"]), role
    if name != "createDraftOrder":
        assert life.shop.everything() == before
    assert order["status"] == "DRAFT"


def test_a_draft_is_written_once_per_key(life: Life) -> None:
    given = checkout(*LINES, customer=CUSTOMER)
    first = life.shop.admin.data(DRAFT, {"input": given})
    before = life.shop.everything()
    again = life.shop.admin.data(DRAFT, {"input": given})
    assert again == {**first, "replayed": True}
    assert life.shop.admin.refusals(DRAFT, {"input": {**given, "note": "other"}}) == [
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]
    assert life.shop.everything() == before
    keyless = {name: value for name, value in given.items() if name != "idempotencyKey"}
    assert life.shop.admin.data(DRAFT, {"input": keyless})["order"]["id"] != first["order"]["id"]


def test_nobodys_values_leave_the_persons_row(life: Life) -> None:
    order = life.draft(PRECIOUS, **FULL)
    life.do("submitOrder", order)
    life.do("fulfilOrder", order)
    assert not words_of_people(life, "Ann", "Main St", "Side St", "ring twice")
