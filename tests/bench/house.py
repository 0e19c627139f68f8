"""The house under measurement: a database of this run's own, a tenant with goods, and server and relay as processes.

The server is started as `make run` starts it (`python -m order_management.server`, its own count of workers and
threads) beside one relay. Everything goes when the run ends, also by an error: the processes die with this one, the
database is dropped, and what a killed run left is dropped by the next.
"""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg

CLONE: Final = Path(__file__).resolve().parents[2]
_PREFIX: Final = "test_order_management_bench_"
BRANCHES: Final = ("main", "second")
UNITS: Final = 1_000_000


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class House:
    """What the benchmarks work with."""

    database: str
    port: int
    environ: dict[str, str]
    tenant_id: str
    skus: list[str]
    children: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def token(self, subject: str, *roles: str) -> str:
        """A token of the built-in identity provider, as `manage.py issue_token` makes it."""
        from bff.identity.provider import Grantee, issue  # noqa: PLC0415 - Django is set up by now

        return issue(Grantee(self.tenant_id, subject, roles))

    def superuser(self) -> "psycopg.Connection[tuple[object, ...]]":
        """The run's database as the strongest login, which no policy binds."""
        from django.conf import settings  # noqa: PLC0415

        from order_management.database import connect_as_login  # noqa: PLC0415

        return connect_as_login(os.environ, settings.EMBEDDED_POSTGRES, self.database)  # type: ignore[return-value]

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """A process of the house, on the run's database; it dies with this one."""
        process = subprocess.Popen(
            [sys.executable, *command], env=self.environ, cwd=CLONE, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0,
        )  # fmt: skip
        self.children.append(process)
        return process

    def start_server(self) -> float:
        """Start the server; seconds until its first answer over HTTP to a query that reads the database."""
        began = time.perf_counter()
        process = self.start("-m", "order_management.server")
        token = self.token("first", "Admin")
        body = b'{"query":"{ orders(first: 1) { nodes { id } } }"}'
        ask = (
            f"POST /graphql/ HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode() + body
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
                    connection.sendall(ask)
                    answer = connection.recv(65_536)
            except OSError:
                answer = b""
            if b" 200 " in answer.split(b"\r\n", 1)[0]:
                return time.perf_counter() - began
            if process.poll() is not None or time.perf_counter() - began > 30:
                raise RuntimeError(f"the server does not answer: {answer[:500]!r}")
            time.sleep(0.002)

    def start_relay(self) -> "subprocess.Popen[bytes]":
        return self.start(str(CLONE / "manage.py"), "relay")

    def stop(self, *processes: "subprocess.Popen[bytes]") -> None:
        """End these processes, or all of them."""
        chosen = processes or tuple(self.children)
        for process in chosen:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in chosen:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.children.remove(process)


@contextlib.contextmanager
def opened(items: int) -> Iterator[House]:
    """The house with its database made and its goods in stock; no server yet."""
    port = free_port()
    os.environ["PORT"] = str(port)  # the built-in issuer's name is the server's address
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "order_management.settings")
    os.environ["LOG_LEVEL"] = "WARNING"
    import django  # noqa: PLC0415 - settings read the environment set above

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    embedded = settings.EMBEDDED_POSTGRES
    with embedded or contextlib.nullcontext(), _own_database() as (name, urls):
        house = House(name, port, _child_environment(port, urls), f"bench-{secrets.token_hex(4)}", [])
        try:
            _stock_up(house, items)
            yield house
        finally:
            house.stop()


@contextlib.contextmanager
def _own_database() -> Iterator[tuple[str, Mapping[str, str]]]:
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from order_management import database as roles  # noqa: PLC0415
    from order_management.processes import is_alive  # noqa: PLC0415

    embedded = settings.EMBEDDED_POSTGRES
    if embedded is None:
        raise SystemExit("the benchmark measures on the embedded PostgreSQL: unset DATABASE_URL")
    name = f"{_PREFIX}{os.getpid()}"
    with roles.connect_as_login(os.environ, embedded) as login:
        for (left,) in login.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{_PREFIX}"]).fetchall():
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


def _child_environment(port: int, urls: Mapping[str, str]) -> dict[str, str]:
    from order_management.commands import SUPERVISOR  # noqa: PLC0415

    return {
        **os.environ,
        **urls,
        "PYTHONPATH": os.pathsep.join([str(CLONE / "src"), str(CLONE)]),
        "PORT": str(port),
        SUPERVISOR: str(os.getpid()),  # server and relay die with this process, however it dies
    }


def _stock_up(house: House, items: int) -> None:
    """Two branches that both have all of it, made as an operator and an Admin would."""
    from ddd.branches.application.branches import create_branch  # noqa: PLC0415
    from ddd.shared.domain.caller import Caller, Role  # noqa: PLC0415
    from ddd.stock.application.items import create_item  # noqa: PLC0415
    from ddd.stock.application.levels import receive_stock  # noqa: PLC0415
    from ddd.tenants.application.operator import register_tenant  # noqa: PLC0415
    from order_management.container import app  # noqa: PLC0415
    from order_management.operator import operations  # noqa: PLC0415

    ports = app()
    register_tenant(house.tenant_id, {}, operations())
    admin = Caller(house.tenant_id, "bench", "bench", frozenset({Role.ADMIN}), "bench", "bench", None, 0, "bench")
    for priority, code in enumerate(BRANCHES):
        given = {"code": code, "name": code, "timezone": "UTC", "priority": priority}
        assert create_branch(admin, given, ports.branches).value is not None
    for number in range(items):
        sku = f"SKU-{number:05}"
        assert create_item(admin, {"sku": sku, "name": f"Article {number}"}, ports.stock).value is not None
        for code in BRANCHES:
            receipt = {"branchCode": code, "sku": sku, "quantity": UNITS}
            assert receive_stock(admin, receipt, ports.stock).value is not None
        house.skus.append(sku)
