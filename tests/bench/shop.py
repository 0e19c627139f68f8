"""A shop whose orders live in this process, through the WSGI application as the server calls it: what that costs.

Import it once Django is set up (`life` does). It runs on any tree's `src` from the last one without workflows on, so
it asks for nothing that came later, and makes and fills its own database by that tree's migrations.
"""

import io
import json
import secrets
import time
from pathlib import Path
from typing import Any, Final

from django.core.management import call_command
from django.db import connections

from bff.identity.provider import Grantee, issue
from ddd.branches.application.branches import create_branch
from ddd.shared.domain.caller import Caller, Role
from ddd.stock.application.items import create_item
from ddd.stock.application.levels import receive_stock
from ddd.tenants.application.operator import register_tenant
from ddd.tenants.application.workflows import publish_workflow
from order_management.container import app
from order_management.operator import operations
from order_management.wsgi import application
from tests.bench.life import OPERATIONS
from tests.bench.machine import cpu_seconds
from tests.wire import recorded

_ANSWER: Final = (
    "{ order { id status version total { amount currency } availableActions { action allowed reason } }"
    " errors { code message } }"
)
_UNITS: Final = 1_000_000


class Shop:
    """One tenant, and the orders under way in it."""

    def __init__(self, items: int, workflow: str | None) -> None:
        """`workflow`: the file of the document that orders are placed under; None: the built-in one."""
        call_command("migrate", verbosity=0)
        self._skus = [f"SKU-{number:03}" for number in range(items)]
        self._token = _open_shop(self._skus, None if workflow is None else json.loads(Path(workflow).read_text()))
        self._documents = {
            name: f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {_ANSWER} }}"
            for name in OPERATIONS
        }
        self._to_be_shipped: list[str] = []
        self._to_be_cancelled: list[str] = []
        self._placed = 0

    def run(self, operation: str, lives: int) -> dict[str, Any]:
        """CPU seconds of so many operations (of `placeOrder` twice as many), here and in PostgreSQL."""
        inputs = self._inputs(operation, lives)
        bodies = [
            json.dumps({"query": self._documents[operation], "variables": {"input": each}}).encode() for each in inputs
        ]
        backends = _backends()
        of_postgres, own = cpu_seconds(backends), time.process_time()
        answers = [self._post(body) for body in bodies]
        own, of_postgres = time.process_time() - own, cpu_seconds(backends) - of_postgres
        orders = [self._order(operation, answer) for answer in answers]
        if operation == "placeOrder":
            self._to_be_shipped, self._to_be_cancelled = orders[:lives], orders[lives:]
        return {"times": len(orders), "server": own, "postgres": of_postgres}

    def counts(self) -> dict[str, Any]:
        """Round trips and statements of each operation, warm."""
        found = {}
        for operation in OPERATIONS:
            given = self._inputs(operation, 1)[-1]
            body = json.dumps({"query": self._documents[operation], "variables": {"input": given}}).encode()
            if operation == "placeOrder":
                self.run(operation, 1)
            with recorded() as wire:
                answer = self._post(body)
            self._order(operation, answer)
            found[operation] = wire.counts
        return found

    def _inputs(self, operation: str, lives: int) -> list[dict[str, Any]]:
        if operation == "placeOrder":
            return [self._checkout() for _ in range(2 * lives)]
        more = {
            "recordPayment": {"provider": "bench", "reference": "1", "state": "CAPTURED"},
            "cancelOrder": {"reason": "OTHER"},
        }.get(operation, {})
        orders = self._to_be_cancelled if operation == "cancelOrder" else self._to_be_shipped
        return [{"orderId": order, **more, "idempotencyKey": secrets.token_hex(8)} for order in orders[:lives]]

    def _checkout(self) -> dict[str, Any]:
        self._placed += 1
        skus = [self._skus[(self._placed * 7 + number * 3) % len(self._skus)] for number in range(3)]
        return {
            "idempotencyKey": secrets.token_hex(12),
            "currency": "EUR",
            "customer": {"id": f"customer-{self._placed % 500}", "firstName": "Ada", "lastName": "Lovelace"},
            "shippingAddress": {"line1": "1 Main Street", "city": "Berlin", "country": "DE"},
            "lines": [{"sku": sku, "quantity": 2, "unitPrice": "19.90"} for sku in skus],
        }

    def _post(self, body: bytes) -> bytes:
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/graphql/", "SCRIPT_NAME": "", "QUERY_STRING": "",
            "SERVER_NAME": "bench", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {self._token}", "HTTP_ACCEPT": "application/json",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(), "wsgi.multithread": False,
        }  # fmt: skip
        return b"".join(application(environ, lambda *_: None))

    @staticmethod
    def _order(operation: str, answer: bytes) -> str:
        payload = (json.loads(answer).get("data") or {}).get(operation)
        if not payload or payload["errors"] or not payload["order"]:
            raise RuntimeError(f"{operation} was not taken: {answer[:2000]!r}")
        return str(payload["order"]["id"])


def _backends() -> list[int]:
    """The server processes of this process's connections."""
    opened = (connections[alias].connection for alias in connections)
    return [each.info.backend_pid for each in opened if each is not None]


def _open_shop(skus: list[str], document: Any) -> str:
    """A tenant with goods in two branches, under this workflow; a storefront's token."""
    tenant_id, ports = f"bench-{secrets.token_hex(4)}", app()
    admin = Caller(tenant_id, "bench", "bench", frozenset({Role.ADMIN}), "bench", "bench", None, 0, "bench")

    def done(outcome: Any) -> None:
        if outcome.errors:
            raise RuntimeError(f"the shop was not opened: {outcome.errors}")

    done(register_tenant(tenant_id, {}, operations()))
    for sku in skus:
        done(create_item(admin, {"sku": sku, "name": sku}, ports.stock))
    for code in ("main", "second"):
        done(create_branch(admin, {"code": code, "name": code, "timezone": "UTC"}, ports.branches))
        for sku in skus:
            done(receive_stock(admin, {"branchCode": code, "sku": sku, "quantity": _UNITS}, ports.stock))
    if document is not None:
        done(publish_workflow(admin, {"document": document}, ports.tenants))
    return issue(Grantee(tenant_id, "storefront", ("Worker",)), 24 * 3600)
