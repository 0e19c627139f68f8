"""A whole house of its own: a copy of the program with its own database, run by `manage.py serve`, reached over HTTP.

A copy, because these proofs kill its PostgreSQL: nobody else's may be near.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg

from order_management.places import find_place
from order_management.postgres import DATABASE, EmbeddedPostgres
from order_management.processes import holds, is_alive, wait_until
from tests.soak.buying import Answer

CLONE = Path(__file__).resolve().parents[2]
# The copy knows nothing of the surroundings.
_ENVIRON = {
    name: value
    for name, value in os.environ.items()
    if name not in {"PYTHONPATH", "DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL", "DJANGO_SETTINGS_MODULE"}
}
_PLACE = (
    "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } replayed errors { code message } } }"
)


class Unanswered(Exception):
    """The request may or may not have had an effect: no answer, or one that says that something is broken."""


class House:
    """`serve`, as long as the `with` lasts; started again where it was killed."""

    def __init__(self, *parts: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="oms-soak-"))
        self.folder.chmod(0o755)
        shutil.copy(CLONE / "manage.py", self.folder)
        shutil.copytree(CLONE / "src", self.folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        self._parts = parts
        self._embedded = EmbeddedPostgres(find_place(self.folder, os.environ.get("PG") or "18"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self._clients = threading.local()
        self._opened: list[httpx.Client] = []

    def __enter__(self) -> "House":
        try:
            self.manage("migrate", "-v0")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._opened:
            client.close()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        postmaster = self._embedded.postmaster_pid()
        if postmaster is not None:  # its parent was killed
            os.kill(postmaster, signal.SIGINT)
            wait_until(lambda: not is_alive(postmaster), 30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        with (self.folder / "stderr").open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", *self._parts],
                cwd=self.folder,
                env={**_ENVIRON, "PORT": str(self.port), "LOG_LEVEL": "WARNING"},
                stderr=stderr,
                stdout=stderr,
                start_new_session=True,
            )
        assert wait_until(self.is_ready, 60), self.said()

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=self.folder, env=_ENVIRON, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def said(self) -> str:
        return (self.folder / "stderr").read_text()[-4000:]

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    # ---- Its processes

    def children(self, pid: int | None = None) -> list[int]:
        pid = pid if pid is not None else self.parent()
        try:
            return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    def parent(self) -> int:
        assert self._process is not None
        return self._process.pid

    def pid_of(self, part: str) -> int | None:
        """`parent`, `server` (granian's first process), `worker` (of the server), `relay`, `jobs` (the worker of jobs),
        `database`, `backend` (a session of it)."""
        if part == "parent":
            return self.parent()
        if part == "database":
            return self._embedded.postmaster_pid()
        if part == "backend":
            found = self.query_as("oms_system", "SELECT pid FROM pg_stat_activity WHERE usename = 'oms_app' LIMIT 1")
            return int(found[0][0]) if found else None
        if part == "worker":
            server = self.pid_of("server")
            workers = [pid for pid in self.children(server) if is_alive(pid)] if server else []
            return workers[-1] if workers else None
        words = {"server": "order_management.server", "relay": "relay", "jobs": "manage.py\0worker"}[part]
        return next((pid for pid in self.children() if holds(pid, words)), None)

    def kill(self, part: str) -> int:
        """kill -9; returns the id. The parent is started again by hand, everything else comes back by itself."""
        found: list[int] = []

        def there() -> bool:
            try:
                pid = self.pid_of(part)
            except psycopg.OperationalError:
                return False
            found[:] = [pid] if pid is not None and is_alive(pid) else []
            return bool(found)

        assert wait_until(there, 30), f"there is no {part}"
        os.kill(found[0], signal.SIGKILL)
        if part == "parent":
            assert self._process is not None
            self._process.wait()
            self.start()
        return found[0]

    # ---- Its database

    def query_as(self, role: str, sql: str, tenant_id: str = "") -> list[tuple[Any, ...]]:
        with self._embedded.connect(DATABASE, role) as connection:
            connection.execute("SELECT set_config('app.tenant_id', %s, false)", [tenant_id])
            return connection.execute(sql).fetchall()

    # ---- Its clients

    def post(self, token: str, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The answer's `data`, or Unanswered. Each thread keeps one connection."""
        client: httpx.Client | None = getattr(self._clients, "client", None)
        if client is None:
            client = self._clients.client = httpx.Client(timeout=30)
            self._opened.append(client)
        try:
            response = client.post(
                f"http://127.0.0.1:{self.port}/graphql/",
                content=json.dumps({"query": document, "variables": variables}),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
        except httpx.HTTPError as error:
            raise Unanswered(type(error).__name__) from error
        answer = response.json() if response.headers.get("Content-Type", "").startswith("application/") else {}
        if response.status_code != 200 or "errors" in answer:
            codes = [error.get("extensions", {}).get("code") for error in answer.get("errors", ())]
            raise Unanswered(f"{response.status_code} {codes}")
        data: dict[str, Any] = answer["data"]
        return data


class Shop:
    """One tenant in the house, reached with a token as a client would; a `tests.soak.buying.Market`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.tenant_id = f"t-{time.time_ns():x}"
        house.manage("register_tenant", self.tenant_id)
        words = ("--tenant", self.tenant_id, "--sub", "soak", "--role", "Admin", "--ttl", "86400")
        self._token = house.manage("issue_token", *words)
        for number in (1, 2, 3):
            self.create_branch(f"b{number}")

    def _change(self, name: str, type_: str, given: dict[str, Any]) -> dict[str, Any]:
        document = f"mutation($input: {type_}!) {{ {name}(input: $input) {{ replayed errors {{ code message }} }} }}"
        payload: dict[str, Any] = self.house.post(self._token, document, {"input": given})[name]
        assert payload["errors"] == [], payload
        return payload

    def create_branch(self, code: str) -> None:
        self._change("createBranch", "CreateBranchInput", {"code": code, "name": code, "timezone": "UTC"})

    def create_item(self, sku: str) -> None:
        self._change("createItem", "CreateItemInput", {"sku": sku, "name": sku, "idempotencyKey": f"create {sku}"})

    def rename_item(self, sku: str, name: str) -> None:
        self._change("updateItem", "UpdateItemInput", {"sku": sku, "name": name, "idempotencyKey": f"{sku} {name}"})

    def receive(self, branch: str, sku: str, quantity: int) -> None:
        given = {"branchCode": branch, "sku": sku, "quantity": quantity}
        self._change("receiveStock", "ReceiveStockInput", given)

    def place(self, given: dict[str, Any]) -> Answer:
        payload = self.house.post(self._token, _PLACE, {"input": given})["placeOrder"]
        order = payload["order"]
        return Answer(order and order["id"], tuple(each["code"] for each in payload["errors"]), payload["replayed"])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.house.query_as("oms_app", sql, self.tenant_id)
