"""Orders that nobody pays, and processes of their own on the tests' database."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ddd.orders.application.place_order import place_order
from ddd.orders.application.views import OrderView
from ddd.tenants.application.workflows import publish_workflow
from order_management.container import build_app
from tests.builders import rows, tenants
from tests.shop import Shop, value

CLONE = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class At:
    """A clock that stands still."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


def impatient_shop(minutes: int = 1) -> Shop:
    """A shop whose orders are to be paid within so many minutes."""
    shop = Shop()
    let_expire(shop, minutes)
    return shop


def let_expire(shop: Shop, minutes: int | None) -> None:
    """Publish a workflow with this limit."""
    settings = {} if minutes is None else {"unpaidExpiryMinutes": minutes}
    document = {"name": "quick", "statuses": {}, "settings": settings}
    assert publish_workflow(shop.admin, {"document": document}, tenants()).errors == ()


def placed_before(shop: Shop, ago: timedelta, **given: Any) -> OrderView:
    """An order that was placed so long ago."""
    app = build_app(clock=At(datetime.now(UTC) - ago))
    return value(place_order(shop.admin, shop.checkout(**given), app.orders))


def statuses(shop: Shop) -> dict[str, str]:
    """Status by order id."""
    return {str(id_): status for id_, status in rows(shop.admin.tenant_id, "SELECT id, status FROM orders_order")}


def python(code: str, environment: Mapping[str, str], *arguments: str, **streams: Any) -> subprocess.Popen[str]:
    """A process of the server's own code; `code` begins after Django is set up."""
    return subprocess.Popen(
        [sys.executable, "-c", f"import django\ndjango.setup()\n{code}", *arguments],
        cwd=CLONE,
        env={
            **os.environ,
            **environment,
            "PYTHONPATH": os.pathsep.join(("src", ".")),
            "DJANGO_SETTINGS_MODULE": "order_management.settings",
        },
        text=True,
        **streams,
    )
