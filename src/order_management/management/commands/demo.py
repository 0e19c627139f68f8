"""`manage.py demo`: the whole house with Northwind's 830 orders in it, replayed as a storefront would (`make demo`)."""

import os
import sys
import threading
import time
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from bff.auth.claims import MAX_LIFETIME
from bff.identity.provider import Grantee, issue
from ddd.tenants.application.operator import register_tenant
from order_management.demo import guide, northwind
from order_management.demo.client import Stopped, Storefront
from order_management.demo.progress import ProgressBar
from order_management.demo.replay import Ledger, load, replay
from order_management.errors import CannotStart
from order_management.operator import operations
from order_management.serve import PARTS, House

_TENANTS: Final = {"northwind": "Northwind Traders", "globex": "Globex Corporation"}
_SECONDS_TO_ANSWER: Final = 60.0
#: Unless the environment says otherwise. A line of log for every request would hide what the demo has to say.
_DEFAULTS: Final = {"GRAPHIQL": "on", "LOG_LEVEL": "WARNING"}


class Command(BaseCommand):
    """DEMO_EXIT=1: ends after the replay. Safe to repeat: nothing is there twice."""

    help = "Run database, server, relay and worker, replay 830 orders over HTTP, and keep serving."

    requires_system_checks = ()  # they load the whole schema, and concern the server

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BUILTIN_IDP:
            raise CannotStart("the demo's tokens come from the built-in identity provider; leave BUILTIN_IDP on")
        house = House(
            PARTS, settings.EMBEDDED_POSTGRES, settings.HOST, settings.PORT, environ={**_DEFAULTS, **os.environ}
        )
        house.listen_to_signals()
        try:
            house.open_database()
            call_command("migrate", verbosity=0)
            tokens = {tenant_id: _token_of(tenant_id, name) for tenant_id, name in _TENANTS.items()}
            connections.close_all()
            if house.stops:
                raise Stopped
            house.open()
            self._replay(house, tokens)
            if os.environ.get("DEMO_EXIT", "").strip().lower() in ("", "0", "no", "off", "false"):
                _tell(guide.how_to_go_on(house.host, house.port, tokens))
                house.live()
        except Stopped:
            _tell("stopped; the next run goes on where this one ended")
            raise SystemExit(130) from None
        finally:
            house.close()

    def _replay(self, house: House, tokens: dict[str, str]) -> None:
        bar = ProgressBar(sys.stdout)
        stop = threading.Event()

        def look_after_house(*_: object) -> None:
            house.watch()
            if house.stops:
                stop.set()

        def progress(what: str, done: int, total: int) -> None:
            look_after_house()
            bar(what, done, total)

        ledger = Ledger()
        history = northwind.read()
        try:
            _wait_for(house)
            load(guide.GLOBEX, Storefront(house.host, house.port, tokens["globex"], stop), look_after_house)
            storefront = Storefront(house.host, house.port, tokens["northwind"], stop)
            seconds = replay(history, storefront, progress, ledger)
        finally:
            bar.interrupt()
        _tell(guide.what_was_done(ledger, len(history.orders), seconds))


def _tell(text: str) -> None:
    print(text, flush=True)


def _token_of(tenant_id: str, name: str) -> str:
    """Register the tenant, if it is not yet; a token of its Admin that lives for a day."""
    outcome = register_tenant(tenant_id, {"name": name}, operations())
    if outcome.errors:
        raise CannotStart(f"{tenant_id} cannot be registered: {outcome.errors[0].message}")
    return issue(Grantee(tenant_id, "demo", ["Admin"]), MAX_LIFETIME)


def _wait_for(house: House) -> None:
    """Until the server takes connections. Raises Stopped, and CannotStart where it never does."""
    deadline = time.monotonic() + _SECONDS_TO_ANSWER
    while not house.is_answering():
        if house.stops:
            raise Stopped
        if time.monotonic() > deadline:
            raise CannotStart("the server does not answer; what it said stands above")
        house.watch()
        time.sleep(0.05)
