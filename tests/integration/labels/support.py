"""A tenant with a carrier account and a carrier's server: its shipments, its jobs, and time that can be moved on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ddd.branches.application.branches import update_branch
from ddd.orders.application import labels as work
from ddd.orders.application.labels import Labels
from ddd.orders.infrastructure.carriers.credentials import OperatorsCredentials
from ddd.orders.infrastructure.carriers.desk import CarrierDesk
from ddd.orders.infrastructure.carriers.http import Http
from ddd.orders.infrastructure.shipment_locks import PostgresShipmentLocks
from ddd.shared.application.jobs import Retry
from ddd.shared.infrastructure.access import SystemAccess
from ddd.shared.infrastructure.relay import Relay
from ddd.tenants.application.settings import update_tenant_settings
from order_management.carriers import AccountChecks
from order_management.container import build_app, labels
from order_management.registry import SUBSCRIBERS
from tests.api.orders_support import Shop
from tests.api.support import ApiCaller, Json
from tests.builders import branches, caller, rows, tenants
from tests.contract.carriers.cases import SECRETS
from tests.contract.carriers.vendors import Vendor
from tests.integration.jobs.support import as_system

SENDER: Json = {
    "name": "Dispatch",
    "company": "Whitfield Ceramics",
    "phone": "+1 415 555 0134",
    "address": {"line1": "388 Townsend Street", "city": "San Francisco", "state": "CA", "postalCode": "94107"}
    | {"country": "US"},
}
PACKAGE = {"weightKg": "0.45", "lengthCm": "25", "widthCm": "20", "heightCm": "10"}
#: What nobody but the carrier may read.
PRIVATE = ("Swann", "Elisabeth", "Harborview", "e.swann@mail.example", "5550199", "Townsend", "4711")
LOOK = """query($id:ID){ getOrder(orderId:$id){ id version status
  shipments{ id status carrier trackingReference trackingUrl labelUrl cost{amount currency} problem pickupReference }
  timeline{ type actor{subject roles} data } } }"""
_SHIPMENT = "shipment{ id status } order{ version } errors{ code message field }"


@dataclass
class MovingClock:
    """The time of day, moved on by hand."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Trade:
    """One tenant. `accounts`: its carrier accounts, each of which finds its secret under the carrier's name."""

    vendor: Vendor | None = None
    total_seconds: float = 10.0
    clock: MovingClock = field(default_factory=MovingClock)
    shop: Shop = field(default_factory=Shop)

    def __post_init__(self) -> None:
        names = {**SECRETS, "another": SECRETS["easypost"]}
        secrets_ = {"CARRIER_SECRETS": json.dumps({self.tenant_id: names})}
        origins = [] if self.vendor is None else [self.vendor.url]
        http = Http(origins, total_seconds=self.total_seconds)
        self.desk = CarrierDesk(OperatorsCredentials(secrets_), http, self.clock)
        orders = build_app(clock=self.clock, access=SystemAccess()).orders
        self.labels: Labels = replace(labels(), orders=orders, carriers=self.desk, locks=PostgresShipmentLocks())
        self.relay = Relay(SUBSCRIBERS)

    @property
    def tenant_id(self) -> str:
        return self.shop.tenant.id

    @property
    def admin(self) -> ApiCaller:
        return self.shop.admin

    def account(self, carrier: str, *modes: str, **more: Any) -> Json:
        """An account at the carrier's server here; every mode where none is named."""
        named: Json = {"carrier": carrier, "modes": list(modes or ("PICKUP", "DROPOFF", "WAREHOUSE"))}
        if carrier != "self_delivery":
            assert self.vendor is not None
            named |= {"credentials": carrier, "baseUrl": self.vendor.url, "sender": SENDER}
        return {**named, **more}

    def choose(self, *accounts: Json) -> None:
        """Set the tenant's accounts."""
        checked = replace(tenants(), carriers=AccountChecks(self.desk))
        outcome = update_tenant_settings(caller(self.tenant_id), {"carriers": list(accounts)}, checked)
        assert outcome.errors == ()

    def at_home(self, code: str = "north") -> None:
        """Give the branch an address."""
        address = {"line1": "1 Pier Road", "city": "Oakland", "country": "US", "postalCode": "94607"}
        given = {"code": code, "name": "North Store", "address": address}
        assert update_branch(caller(self.tenant_id), given, branches()).errors == ()

    # -- what clients do ------------------------------------------------------------------------------------------

    def act(self, name: str, given: Json, answer: str = _SHIPMENT, by: ApiCaller | None = None) -> Any:
        kind = name[0].upper() + name[1:] + "Input"
        document = f"mutation($input:{kind}!){{ {name}(input:$input){{ {answer} }} }}"
        return (by or self.admin).data(document, {"input": given})

    def packed(self, mode: str = "WAREHOUSE", **more: Any) -> Json:
        """A paid order with a shipment that waits to be confirmed: how to name the two."""
        person = {"firstName": "Elisabeth", "lastName": "Swann", "phone": "+1 310 5550199"}
        order = self.shop.place(
            customer={**person, "id": "c-7", "email": "e.swann@mail.example"},
            shippingAddress={"line1": "179 Harborview Drive", "city": "Redondo Beach", "state": "CA", "country": "US"}
            | {"postalCode": "90277"},
            payment={"state": "CAPTURED"},
        )
        given = {"orderId": order["id"], "mode": mode, "package": PACKAGE, "instructions": "door code 4711", **more}
        made = self.act("createShipment", {name: value for name, value in given.items() if value is not None})
        return {"orderId": order["id"], "shipmentId": made["shipment"]["id"]}

    def confirmed(self, mode: str = "WAREHOUSE", **more: Any) -> Json:
        """The same, confirmed: a label is wanted, where there is an account."""
        named = self.packed(mode, **more)
        self.act("confirmShipment", named)
        return named

    def cancelled(self, named: Json) -> None:
        self.act("cancelShipment", named)

    def look(self, named: Json, by: ApiCaller | None = None) -> Json:
        found: Json = (by or self.admin).data(LOOK, {"id": named["orderId"]})
        return found

    def shipment(self, named: Json, by: ApiCaller | None = None) -> Json:
        (found,) = self.look(named, by)["shipments"]
        return dict(found)

    def told(self, named: Json) -> list[str]:
        """What was told of labels, in short."""
        prefix = "order.label_"
        types = [entry["type"] for entry in self.look(named)["timeline"]]
        return [type_.removeprefix(prefix) for type_ in types if type_.startswith(prefix)]

    # -- what the server does by itself -----------------------------------------------------------------------------

    def relayed(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The relay takes every event of this tenant; its jobs in the queue that are not done: name and args."""
        open_ = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL"
        while rows(self.tenant_id, open_) != [(0,)]:
            self.relay.run_once()
        found = as_system(
            "SELECT id, task_name, args::text FROM procrastinate_jobs"
            " WHERE status = 'todo' AND args ->> 'tenant_id' = $1 ORDER BY id",
            self.tenant_id,
        )
        self._ids = [id_ for id_, *_ in found]
        return [(name, json.loads(args)["args"]) for _, name, args in found]

    def work(self) -> list[Retry | None]:
        """Every job of this tenant that is not done is run once, when its time has come; what each answered."""
        answers = []
        jobs = {work.BUY: work.buy_label, work.VOID: work.void_label}
        for (name, args), id_ in list(zip(self.relayed(), self._ids, strict=True)):
            answers.append(jobs[name](self.tenant_id, args, self.labels))
            if answers[-1] is None:
                as_system("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = $1", id_)
        return answers

    def later(self, **time: float) -> list[Retry | None]:
        """The same after so long."""
        self.clock.ahead += timedelta(**time)
        return self.work()

    def everything_kept(self) -> str:
        """What events, audit, queue and the house's own tables of orders hold of this tenant, but for persons."""
        tables = ("outbox", "orders_event", "audit_log", "orders_order", "orders_shipment", "orders_tenant")
        kept = [rows(self.tenant_id, f"SELECT t::text FROM {table} t") for table in tables]
        queue = as_system(
            "SELECT j::text, t::text FROM procrastinate_jobs j LEFT JOIN job_trouble t ON t.job_id = j.id"
            " WHERE args ->> 'tenant_id' = $1",
            self.tenant_id,
        )
        return str((kept, queue))
