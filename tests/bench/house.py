"""The house under measurement: a database of this run's own, a tenant with goods, and server and relay as processes.

The server is started as `make run` starts it (`python -m order_management.server`, its own count of workers and
threads) beside one relay. Everything goes when the run ends, also by an error: the processes die with this one, the
database is dropped, and what a killed run left is dropped by the next.

Import it once the environment says PORT (`__main__` does): the settings read it.
"""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from bff.identity.provider import Grantee, issue
from ddd.branches.application.branches import create_branch
from ddd.shared.domain.caller import Caller, Role
from ddd.stock.application.items import create_item
from ddd.stock.application.levels import receive_stock
from ddd.tenants.application.operator import register_tenant
from order_management import database as roles
from order_management.commands import SUPERVISOR
from order_management.container import app
from order_management.operator import operations
from order_management.postgres import EmbeddedPostgres
from order_management.processes import is_alive

CLONE: Final = Path(__file__).resolve().parents[2]
BRANCHES: Final = ("main", "second")
SERVER_CONNECTIONS: Final = "bench-server"
RELAY_CONNECTIONS: Final = "bench-relay"
#: Of the databases of a run; its process id ends their names.
PREFIX: Final = "test_order_management_bench_"
_UNITS: Final = 1_000_000
_SECONDS_TO_ANSWER: Final = 30.0

Process = subprocess.Popen[bytes]


@dataclass(slots=True)
class House:
    """What the benchmarks work with."""

    database: str
    embedded: EmbeddedPostgres
    urls: Mapping[str, str]
    tenant_id: str
    port: int = settings.PORT
    skus: list[str] = field(default_factory=list)
    children: list[Process] = field(default_factory=list)
    log: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    @property
    def admin(self) -> Caller:
        roles_ = frozenset({Role.ADMIN})
        return Caller(self.tenant_id, "bench", "bench", roles_, "bench", "bench", None, 0, "bench")

    def token(self, subject: str, *roles_: str) -> str:
        """A token of the built-in identity provider, as `manage.py issue_token` makes it."""
        return issue(Grantee(self.tenant_id, subject, roles_))

    def superuser(self) -> psycopg.Connection[Any]:
        """The run's database as the strongest login, which no policy binds."""
        return self.embedded.connect(self.database)

    def start(self, application: str, *command: str) -> Process:
        """A process of the house, on the run's database; it dies with this one. Its connections bear a name."""
        environ = {
            **os.environ,
            **{variable: f"{url}&application_name={application}" for variable, url in self.urls.items()},
            "PYTHONPATH": os.pathsep.join([str(CLONE / "src"), str(CLONE)]),
            SUPERVISOR: str(os.getpid()),
        }
        process = subprocess.Popen(
            [sys.executable, *command], env=environ, cwd=CLONE, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log, process_group=0,
        )  # fmt: skip
        self.children.append(process)
        return process

    def start_server(self) -> tuple[Process, float]:
        """The server, and the seconds until its first answer to a query that reads the database."""
        token = self.token("first", "Admin")
        began = time.perf_counter()
        process = self.start(SERVER_CONNECTIONS, "-m", "order_management.server")
        body = b'{"query":"{ orders(first: 1) { nodes { id } } }"}'
        head = f"POST /graphql/ HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        wait_for_answer(process, self.port, head.encode() + body, began, self.log)
        return process, time.perf_counter() - began

    def start_relay(self) -> Process:
        return self.start(RELAY_CONNECTIONS, str(CLONE / "manage.py"), "relay")

    def stop(self, *processes: Process) -> None:
        """End these processes, or all of them."""
        chosen = processes or tuple(self.children)
        for process in chosen:
            end(process)
            self.children.remove(process)


def wait_for_answer(process: Process, port: int, request: bytes, began: float, log: IO[bytes]) -> None:
    """Ask until the status is 200. `log`: what the process says, for the error where it never is."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS_TO_ANSWER) as connection:
                connection.sendall(request)
                answer = connection.recv(65_536)
        except OSError:
            answer = b""
        if b" 200 " in answer.split(b"\r\n", 1)[0]:
            return
        if process.poll() is not None or time.perf_counter() - began > _SECONDS_TO_ANSWER:
            log.seek(0)
            said = log.read()[-3000:].decode(errors="replace")
            raise RuntimeError(f"no answer but {answer[:300]!r}; it said: {said}")
        time.sleep(0.002)


def end(process: Process) -> None:
    """SIGTERM, and SIGKILL for who does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def own_postgres() -> EmbeddedPostgres:
    """The PostgreSQL that is measured on."""
    if settings.EMBEDDED_POSTGRES is None:
        raise SystemExit("the benchmark measures on the embedded PostgreSQL: unset DATABASE_URL")
    return settings.EMBEDDED_POSTGRES


@contextlib.contextmanager
def opened(items: int) -> Iterator[House]:
    """The house with its database made and its goods in stock; no server yet."""
    embedded = own_postgres()
    with embedded, _own_database(embedded) as (name, urls):
        house = House(name, embedded, urls, f"bench-{secrets.token_hex(4)}")
        try:
            _stock_up(house, items)
            yield house
        finally:
            house.stop()
            house.log.close()


@contextlib.contextmanager
def _own_database(embedded: EmbeddedPostgres) -> Iterator[tuple[str, Mapping[str, str]]]:
    name = f"{PREFIX}{os.getpid()}"
    with roles.connect_as_login(os.environ, embedded) as login:
        for (left,) in login.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{PREFIX}"]).fetchall():
            if not is_alive(int(re.findall(r"\d+$", left)[0])):
                roles.drop_test_database(login, left)
        roles.create_test_database(login, name)
        try:
            for alias in connections:
                connections.settings[alias]["NAME"] = name
                connections[alias].settings_dict["NAME"] = name
            call_command("migrate", verbosity=0)
            yield name, {variable: embedded.url(name, roles.ROLES[alias]) for alias, variable in roles.URLS.items()}
        finally:
            connections.close_all()
            roles.drop_test_database(login, name)


def _stock_up(house: House, items: int) -> None:
    """Two branches that both have all of it, made as an operator and an Admin would."""
    ports, admin = app(), house.admin
    register_tenant(house.tenant_id, {}, operations())
    for priority, code in enumerate(BRANCHES):
        given = {"code": code, "name": code, "timezone": "UTC", "priority": priority}
        if create_branch(admin, given, ports.branches).value is None:
            raise RuntimeError("no branch")
    for number in range(items):
        sku = f"SKU-{number:05}"
        outcome = create_item(admin, {"sku": sku, "name": f"Article {number}"}, ports.stock)
        if outcome.value is None:
            raise RuntimeError(f"no item: {outcome.errors}")
        for code in BRANCHES:
            received = receive_stock(admin, {"branchCode": code, "sku": sku, "quantity": _UNITS}, ports.stock)
            if received.value is None:
                raise RuntimeError(f"no stock: {received.errors}")
        house.skus.append(sku)
