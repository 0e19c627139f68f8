"""Open orders move to a newer version of their tenant's workflow: a dry run lists, a run follows its plan."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api.living import DOCUMENTS, DRAFT
from tests.api.orders_support import checkout, mutation
from tests.api.support import Api, ApiCaller, Json
from tests.api.test_workflow_life import PAID, Tenant
from tests.builders import rows
from tests.ledger import faults

ORDERS = (
    "orderId outcome obstacle fromVersion toVersion statusBefore statusAfter stepsBefore stepsAfter activityBefore"
    " activityAfter orderNumber expiresBefore expiresAfter"
)
MIGRATE = mutation(
    "migrateOrders",
    f"{{ migration {{ toVersion dryRun plan endCursor totalCount movable moved blocked changed orders {{ {ORDERS} }} }}"
    " errors { code message field details } replayed }",
)
CHECK = {"name": "check", "title": "Check", "sequence": 1, "performer": {"roles": ["Admin"]}, "activityStatus": "Eyed"}
PACK = {"name": "pack", "title": "Pack it well", "sequence": 1, "performer": {"roles": ["Admin"]}}


def document(*pending: Json, confirmed: tuple[Json, ...] = (), **settings: Any) -> Json:
    """A workflow with these steps of PENDING and of CONFIRMED."""
    statuses = {"PENDING": {"steps": list(pending)}, "CONFIRMED": {"steps": list(confirmed)}}
    return {"name": "own", "statuses": statuses, "settings": settings}


class Moving(Tenant):
    """A tenant that publishes versions 2, 3, … and moves its orders."""

    def dry(self, version: int, **given: Any) -> Any:
        return self.shop.admin.data(MIGRATE, {"input": {"toVersion": version, **given}})["migration"]

    def run(self, version: int, plan: str, by: ApiCaller | None = None, **given: Any) -> Any:
        given = {"toVersion": version, "dryRun": False, "plan": plan, **given}
        return (by or self.shop.admin).data(MIGRATE, {"input": given})

    def refused_to(self, version: int, **given: Any) -> list[tuple[str, str | None]]:
        before = self.shop.everything()
        refusals = self.shop.admin.refusals(MIGRATE, {"input": {"toVersion": version, **given}})
        assert self.shop.everything() == before
        return refusals

    def look_at_placing(self, order_id: str) -> str:
        """When it was submitted, as the database has it."""
        sql = "SELECT submitted_at FROM orders_order WHERE id = $1::uuid"
        ((moment,),) = rows(self.shop.tenant.id, sql, order_id)
        return str(moment)

    def version_of(self, order: Json) -> int:
        version: int = self.seen(order)["workflow"]["version"]
        return version


@pytest.fixture
def tenant(api: Api) -> Moving:
    return Moving()


def outcomes(migration: Any) -> dict[str, str]:
    return {each["orderId"]: each["outcome"] for each in migration["orders"]}


def test_a_dry_run_lists_what_would_change_and_which_cannot_and_changes_nothing(tenant: Moving) -> None:
    tenant.publish(document(CHECK))
    waiting, checked = tenant.place(), tenant.place()
    tenant.do("completeStep", checked, step="check")
    over = tenant.place()
    tenant.do("cancelOrder", over, reason="OTHER")
    tenant.publish(document({**PACK, "activityStatus": "In packing"}))
    newest = tenant.place()
    before = tenant.shop.everything()
    found = tenant.dry(3)
    assert tenant.shop.everything() == before
    assert (found["toVersion"], found["dryRun"], found["endCursor"], found["totalCount"]) == (3, True, None, 2)
    assert [found[name] for name in ("movable", "moved", "blocked", "changed")] == [1, 0, 1, 0]
    assert found["orders"] == [
        {
            "orderId": waiting["id"], "orderNumber": waiting["orderNumber"], "outcome": "MOVABLE", "obstacle": None,
            "fromVersion": 2, "toVersion": 3, "statusBefore": "PENDING", "statusAfter": "PENDING",
            "stepsBefore": ["check"], "stepsAfter": ["pack"], "activityBefore": "Eyed", "activityAfter": "In packing",
            "expiresBefore": None, "expiresAfter": None,
        },
        {
            "orderId": checked["id"], "orderNumber": checked["orderNumber"], "outcome": "BLOCKED",
            "obstacle": "Step check was performed, and the newer version does not have it there.",
            "fromVersion": 2, "toVersion": 2, "statusBefore": "PENDING", "statusAfter": "PENDING",
            "stepsBefore": [], "stepsAfter": [], "activityBefore": None, "activityAfter": None,
            "expiresBefore": None, "expiresAfter": None,
        },
    ]  # fmt: skip
    named = tenant.dry(3, orderIds=[over["id"], newest["id"]])
    assert [each["obstacle"] for each in named["orders"]] == [
        "A CANCELLED order is over.",
        "The order is under version 3, which is not older.",
    ]
    assert (named["plan"], named["blocked"]) == (None, 2)


def test_a_run_moves_what_the_plan_lists_and_each_move_is_told_and_audited(tenant: Moving) -> None:
    plain = tenant.place()
    tenant.publish(document(CHECK))
    checked = tenant.place()
    tenant.do("completeStep", checked, step="check")
    tenant.publish(document(PACK))
    found = tenant.dry(3)
    run = tenant.run(3, found["plan"])
    assert (run["replayed"], run["migration"]["dryRun"]) == (False, False)
    assert [run["migration"][name] for name in ("movable", "moved", "blocked", "changed")] == [0, 1, 1, 0]
    assert [run["migration"][name] for name in ("plan", "endCursor", "totalCount")] == [None, None, None]
    (moved, stayed), (listed, _) = run["migration"]["orders"], found["orders"]
    assert moved == {**listed, "outcome": "MOVED"}
    assert stayed == found["orders"][1]

    seen = tenant.seen(plain)
    assert (seen["workflow"], seen["status"], seen["activityStatus"]) == ({"version": 3}, "PENDING", "Pack it well")
    assert tenant.look(plain)["version"] == 2
    assert tenant.why_not(plain, "confirmOrder") == "The order is confirmed once it is paid."
    assert tenant.why_not(plain, "completeStep") is None
    assert tenant.version_of(checked) == 2
    assert tenant.look(checked)["version"] == 2
    told = seen["timeline"][-1]
    assert (told["type"], told["actor"]) == ("order.migrated", {"subject": "boss"})
    assert told["data"].pop("migrationId")
    assert told["data"] == {
        "workflowVersion": {"before": 1, "after": 3},
        "openSteps": {"before": [], "after": ["pack"]},
        "activityStatus": {"before": None, "after": "Pack it well"},
        "expiresAt": {"before": None, "after": None},
        "status": {"before": "PENDING", "after": "PENDING"},
        "version": 2,
    }
    sql = (
        "SELECT before::text, after::text FROM audit_log WHERE operation = 'migrateOrders' AND aggregate_id = $1::uuid"
    )
    ((before, after),) = rows(tenant.shop.tenant.id, sql, plain["id"])
    assert before == '{"status": "PENDING", "version": 1, "workflowVersion": 1}'
    assert after == '{"status": "PENDING", "version": 2, "workflowVersion": 3}'
    sql = "SELECT sequence, type FROM outbox WHERE aggregate_id = $1::uuid ORDER BY sequence"
    assert rows(tenant.shop.tenant.id, sql, plain["id"]) == [(1, "order.placed"), (2, "order.migrated")]
    tenant.do("completeStep", plain, step="pack")
    tenant.do("recordPayment", plain, provider="p", reference="r", state="CAPTURED")
    assert tenant.stands(plain) == ("CONFIRMED", None)
    assert faults(lambda sql: rows(tenant.shop.tenant.id, sql)) == []


def test_the_newer_version_does_at_once_what_it_does_by_itself_unless_the_order_is_held(tenant: Moving) -> None:
    order, held = tenant.place(), tenant.place()
    tenant.do("holdOrder", held, reason="wait")
    by_itself = {"name": "ring", "title": "Ring", "sequence": 1, "performer": {"system": True}}
    tenant.publish(document(by_itself, confirmed=(PACK,), confirmation="AT_ONCE"))
    found = tenant.dry(2)
    assert [(each["statusAfter"], each["stepsAfter"]) for each in found["orders"]] == [
        ("CONFIRMED", ["pack"]),
        ("PENDING", ["ring"]),
    ]
    moved = tenant.run(2, found["plan"])["migration"]
    assert [each["statusAfter"] for each in moved["orders"]] == ["CONFIRMED", "PENDING"]
    assert tenant.stands(order) == ("CONFIRMED", "Pack it well")
    assert [each["type"] for each in tenant.seen(order)["timeline"]] == [
        "order.placed",
        "order.migrated",
        "order.step_completed",
        "order.confirmed",
    ]
    assert tenant.look(order)["version"] == 2
    assert tenant.stands(held) == ("PENDING", "Ring")
    tenant.do("releaseHold", held)
    assert tenant.stands(held) == ("CONFIRMED", "Pack it well")


def test_a_dry_run_says_when_an_unpaid_order_would_be_cancelled(tenant: Moving) -> None:
    tenant.place()
    tenant.publish(document(unpaidExpiryMinutes=90))
    found = tenant.dry(2)
    (listed,) = found["orders"]
    placed = datetime.fromisoformat(tenant.look_at_placing(listed["orderId"]))
    assert (listed["expiresBefore"], datetime.fromisoformat(listed["expiresAfter"])) == (
        None,
        placed + timedelta(minutes=90),
    )
    first = tenant.run(2, found["plan"])
    assert first["migration"]["orders"] == [{**listed, "outcome": "MOVED"}]
    tenant.publish(document())
    found = tenant.dry(3)
    first = tenant.run(3, found["plan"], idempotencyKey="k")
    assert first["migration"]["orders"][0]["expiresBefore"] == listed["expiresAfter"]
    assert tenant.run(3, found["plan"], idempotencyKey="k") == {**first, "replayed": True}


def test_a_draft_without_a_line_moves_too(tenant: Moving) -> None:
    input_ = {**checkout(), "lines": []}
    draft = tenant.shop.admin.data(DRAFT, {"input": input_})["order"]
    ring = {"name": "ring", "title": "Ring", "sequence": 1, "performer": {"roles": ["Admin"]}}
    tenant.publish({"name": "own", "statuses": {"DRAFT": {"steps": [ring]}}})
    found = tenant.dry(2)
    assert [(each["orderId"], each["statusAfter"], each["stepsAfter"]) for each in found["orders"]] == [
        (draft["id"], "DRAFT", ["ring"])
    ]
    assert tenant.run(2, found["plan"])["migration"]["moved"] == 1
    assert tenant.stands(draft) == ("DRAFT", "Ring")


def test_an_order_that_changed_since_the_dry_run_stays_and_the_others_move(tenant: Moving) -> None:
    first, changed, last = tenant.place(), tenant.place(), tenant.place()
    tenant.publish(document(PACK))
    plan = tenant.dry(2)["plan"]
    tenant.do("holdOrder", changed, reason="wait")
    before = tenant.look(changed)
    run = tenant.run(2, plan)["migration"]
    assert outcomes(run) == {first["id"]: "MOVED", changed["id"]: "CHANGED", last["id"]: "MOVED"}
    assert run["orders"][1]["obstacle"] == "The order has changed since the dry run."
    assert (tenant.version_of(changed), tenant.look(changed)) == (1, before)
    assert outcomes(tenant.dry(2)) == {changed["id"]: "MOVABLE"}
    again = tenant.run(2, plan)["migration"]
    assert set(outcomes(again).values()) == {"CHANGED"}


def test_a_large_tenant_is_moved_page_by_page(tenant: Moving) -> None:
    placed = [tenant.place()["id"] for _ in range(5)]
    tenant.publish(document(PACK))
    seen: list[str] = []
    sizes: list[int] = []
    after = None
    while True:
        page = tenant.dry(2, first=2, after=after)
        assert page["totalCount"] == 5 - len(seen)
        seen += list(outcomes(page))
        sizes.append(tenant.run(2, page["plan"])["migration"]["moved"])
        after = page["endCursor"]
        if after is None:
            break
    assert (seen, sizes) == (placed, [2, 2, 1])
    assert tenant.dry(2)["orders"] == []


def test_a_dry_run_looks_at_the_orders_that_it_is_told_to(tenant: Moving) -> None:
    plain = tenant.place(channel="web")
    tenant.publish(document())
    paid = tenant.place(channel="shop", payment=PAID)
    tenant.publish(document(CHECK))
    for choice, expected in (
        ({}, [plain, paid]),
        ({"fromVersion": 1}, [plain]),
        ({"fromVersion": 2}, [paid]),
        ({"filter": {"channel": "shop"}}, [paid]),
        ({"filter": {"status": ["PENDING"]}}, [plain]),
        ({"filter": {"status": ["PENDING"], "channel": "shop"}}, []),
        ({"filter": {"placedAt": {"until": plain["placedAt"]}}}, []),
        ({"orderIds": [paid["id"]]}, [paid]),
    ):
        found = tenant.dry(3, **choice)
        assert list(outcomes(found)) == [each["id"] for each in expected], choice
        assert found["totalCount"] == len(expected)


def test_what_makes_no_sense_is_refused_at_its_place(tenant: Moving) -> None:
    order = tenant.place()
    tenant.publish(document(CHECK))
    tenant.publish(document(PACK))
    plan, other = tenant.dry(3)["plan"], tenant.dry(2)["plan"]
    nobody = "01930000-0000-7000-8000-000000000000"
    for version in (4, 0, -1, 2**31 - 1):
        assert tenant.refused_to(version) == [("NOT_FOUND", "toVersion")]
        assert ("NOT_FOUND", "toVersion") in tenant.refused_to(version, dryRun=False, plan=plan)
    for given, expected in (
        ({"fromVersion": 3}, "fromVersion"),
        ({"fromVersion": 7}, "fromVersion"),
        ({"first": 0}, "first"),
        ({"first": 201}, "first"),
        ({"after": "x"}, "after"),
        ({"after": ""}, "after"),
        ({"plan": plan}, "plan"),
        ({"orderIds": []}, "orderIds"),
        ({"orderIds": [order["id"]] * 2}, "orderIds.1"),
        ({"orderIds": [nobody] * 201}, "orderIds"),
        ({"orderIds": [order["id"]], "first": 1}, "first"),
        ({"filter": {"placedAt": {"from": "x"}}}, "filter.placedAt.from"),
        ({"filter": {"sku": "\x00"}}, "filter.sku"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
        ({"dryRun": False}, "plan"),
        ({"dryRun": False, "plan": ""}, "plan"),
        ({"dryRun": False, "plan": "x"}, "plan"),
        ({"dryRun": False, "plan": "\ud800"}, "plan"),
        ({"dryRun": False, "plan": "A" * 20_000}, "plan"),
        ({"dryRun": False, "plan": plan[:-6]}, "plan"),
        ({"dryRun": False, "plan": other}, "plan"),
        ({"dryRun": False, "plan": plan, "fromVersion": 1}, "fromVersion"),
        ({"dryRun": False, "plan": plan, "orderIds": [order["id"]]}, "orderIds"),
        ({"dryRun": False, "plan": plan, "first": 5}, "first"),
        ({"dryRun": False, "plan": plan, "idempotencyKey": ""}, "idempotencyKey"),
    ):
        assert tenant.refused_to(3, **given) == [("INVALID_INPUT", expected)], given
    assert tenant.refused_to(1) == [("INVALID_INPUT", "toVersion")]
    assert tenant.refused_to(3, orderIds=[order["id"], nobody, "x"]) == [
        ("NOT_FOUND", "orderIds.1"),
        ("NOT_FOUND", "orderIds.2"),
    ]


def test_a_plan_that_somebody_altered_moves_nothing(tenant: Moving) -> None:
    tenant.place()
    tenant.publish(document(PACK))
    plan = tenant.dry(2)["plan"]
    letters = "ABCDEFGH"
    altered = plan[:-4] + next(letter for letter in letters if letter != plan[-4]) + plan[-3:]
    before = tenant.shop.everything()
    run = tenant.run(2, altered)["migration"]
    assert [each["obstacle"] for each in run["orders"]] == [
        "Something else would come of it now than the dry run listed."
    ]
    after = tenant.shop.everything()
    assert len(after.pop("idempotency")) == len(before.pop("idempotency")) + 1
    assert after == before


def test_another_tenants_orders_and_plans_are_nobodys(tenant: Moving) -> None:
    theirs = Moving()
    order = theirs.place()
    for each in (theirs, tenant):
        each.publish(document(PACK))
    plan = theirs.dry(2)["plan"]
    assert tenant.refused_to(2, orderIds=[order["id"]]) == [("NOT_FOUND", "orderIds.0")]
    assert tenant.refused_to(2, dryRun=False, plan=plan) == [("INVALID_INPUT", "plan")]
    assert theirs.version_of(order) == 1


def test_a_run_is_done_once_per_key_and_a_dry_run_keeps_none(tenant: Moving) -> None:
    moving, changed, blocked = tenant.place(), tenant.place(), tenant.place()
    tenant.publish(document(CHECK))
    plan = tenant.dry(2, idempotencyKey="k")["plan"]
    tenant.do("holdOrder", changed, reason="wait")
    first = tenant.run(2, plan, idempotencyKey="k")
    assert [each["outcome"] for each in first["migration"]["orders"]] == ["MOVED", "CHANGED", "MOVED"]
    after = tenant.shop.everything()
    again = tenant.run(2, plan, idempotencyKey="k")
    assert again == {**first, "replayed": True}
    assert tenant.shop.everything() == after
    assert tenant.refused_to(2, dryRun=False, plan=plan, filter={}, idempotencyKey="k") == [
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]
    for order in (moving, blocked):
        tenant.do("completeStep", order, step="check")
    tenant.publish(document(PACK))
    found = tenant.dry(3, orderIds=[each["id"] for each in (changed, blocked)])
    first = tenant.run(3, found["plan"], idempotencyKey="l")
    assert [each["outcome"] for each in first["migration"]["orders"]] == ["MOVED", "BLOCKED"]
    assert tenant.run(3, found["plan"], idempotencyKey="l") == {**first, "replayed": True}


def test_only_who_carries_it_moves_orders_and_a_plan_may_leave_it_out(tenant: Moving) -> None:
    tenant.place()
    tenant.publish(document(PACK))
    plan = tenant.dry(2)["plan"]
    before = tenant.shop.everything()
    for role in ("Customer", "Vendor", "Manager", "Worker", "Auditor"):
        by = tenant.shop.caller(role)
        for given in (
            {"toVersion": 2},
            {"toVersion": 99, "first": -1},
            {"toVersion": 2, "dryRun": False, "plan": plan},
        ):
            assert by.codes(MIGRATE, {"input": given}) == ["FORBIDDEN"]
    assert tenant.shop.everything() == before


def at_once(tenant: Moving, *requests: tuple[str, Json]) -> list[Json]:
    """All of them at the same moment, each as a worker of its own: their payloads."""
    start, payloads, lock = threading.Barrier(len(requests)), [], threading.Lock()

    def one(document_: str, given: Json, by: ApiCaller) -> None:
        start.wait()
        ((_, payload),) = by.run(document_, {"input": given})["data"].items()
        with lock:
            payloads.append(payload)

    threads = [
        threading.Thread(target=one, args=(*request, tenant.shop.caller("Admin", subject=f"a{place}")))
        for place, request in enumerate(requests)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(payloads) == len(requests)
    return payloads


def test_of_two_runs_at_once_each_order_is_moved_by_one(tenant: Moving) -> None:
    placed = [tenant.place() for _ in range(8)]
    tenant.publish(document(PACK))
    ids = [each["id"] for each in placed]
    plans = [tenant.dry(2, orderIds=some)["plan"] for some in (ids, ids[::-1], ids[2:], ids[:6])]
    payloads = at_once(tenant, *[(MIGRATE, {"toVersion": 2, "dryRun": False, "plan": plan}) for plan in plans])
    moved: Counter[str] = Counter()
    for payload in payloads:
        assert payload["errors"] == []
        moved.update(id_ for id_, outcome in outcomes(payload["migration"]).items() if outcome == "MOVED")
    assert moved == dict.fromkeys(ids, 1)
    for order in placed:
        told = [each["type"] for each in tenant.seen(order)["timeline"]]
        assert (told, tenant.look(order)["version"]) == (["order.placed", "order.migrated"], 2)


def test_an_order_that_ships_while_it_would_move_does_the_one_or_the_other_first(tenant: Moving) -> None:
    tenant.publish(document())
    placed = [tenant.place(payment=PAID) for _ in range(6)]
    tenant.publish(document(confirmed=(PACK,)))
    plan = tenant.dry(3)["plan"]
    ships = [(DOCUMENTS["markAsShipped"], {"orderId": each["id"]}) for each in placed]
    payloads = at_once(tenant, (MIGRATE, {"toVersion": 3, "dryRun": False, "plan": plan}), *ships)
    (migration,) = [each["migration"] for each in payloads if "migration" in each]
    for order in placed:
        seen, outcome = tenant.seen(order), outcomes(migration)[order["id"]]
        told = [each["type"] for each in seen["timeline"]]
        if outcome == "MOVED":  # then the step stands in the way
            assert (seen["status"], seen["workflow"], told[-1]) == ("CONFIRMED", {"version": 3}, "order.migrated")
        else:
            assert outcome == "CHANGED"
            assert (seen["status"], seen["workflow"], told[-1]) == ("SHIPPED", {"version": 2}, "order.shipped")
    assert faults(lambda sql: rows(tenant.shop.tenant.id, sql)) == []
