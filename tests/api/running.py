"""The server as a process of its own, on the tests' database, and somebody who speaks to it through a socket."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from django.conf import settings
from django.http import HttpResponse

from order_management.commands import SUPERVISOR
from order_management.processes import wait_until
from tests.api.support import ApiCaller, Json

_SECONDS_TO_START = 60.0


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a server that is ready, started as `make run` starts it; it ends with the `with`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environ = {**os.environ, **environment, "PORT": str(port), "LOG_LEVEL": "WARNING", SUPERVISOR: str(os.getpid())}
    environ["PYTHONPATH"] = str(settings.BASE_DIR / "src")

    def is_ready() -> bool:
        try:
            return process.poll() is not None or httpx.get(f"{address}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    with tempfile.TemporaryFile() as said:
        command = [sys.executable, "-m", "order_management.server"]
        with subprocess.Popen(command, env=environ, stdout=said, stderr=said) as process:
            try:
                is_up = wait_until(is_ready, _SECONDS_TO_START) and process.poll() is None
                said.seek(0)
                assert is_up, said.read()[-4000:].decode(errors="replace")
                yield address
            finally:
                process.terminate()


@dataclass
class HttpCaller(ApiCaller):
    """Somebody with a token, at the running server."""

    address: str = field(kw_only=True)

    def post(self, document: str, variables: Json | None = None, **headers: str) -> HttpResponse:
        sent = {name.removeprefix("HTTP_").replace("_", "-"): value for name, value in headers.items()}
        answer = httpx.post(
            f"{self.address}/graphql/",
            json={"query": document, "variables": variables or {}},
            headers={"Authorization": f"Bearer {self.token}", **sent},
            timeout=30,
        )
        return HttpResponse(answer.content, status=answer.status_code, headers=dict(answer.headers))
