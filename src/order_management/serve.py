"""Database, server, relay and worker under one parent, which starts, watches and ends them.

    start    database, migrations, then server, relay and worker
    stop     the server, after its requests in flight; the relay; the worker, after its jobs; the database, when nobody
             else uses it

Ctrl-C reaches the parent only: each child has a process group of its own, else a terminal would stop the database
under the requests. When the parent itself is killed, the others die with it; the database stays, and the next start
attaches to it.
"""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from order_management.commands import SUPERVISOR
from order_management.errors import CannotStart
from order_management.postgres import EmbeddedPostgres
from order_management.processes import wait_until
from order_management.server import SECONDS_FOR_REQUESTS_IN_FLIGHT

DATABASE: Final = "database"
SERVER: Final = "server"
RELAY: Final = "relay"
WORKER: Final = "worker"
PARTS: Final = (DATABASE, SERVER, RELAY, WORKER)

_CLONE: Final = Path(__file__).resolve().parents[2]
_COMMANDS: Final[Mapping[str, list[str]]] = {
    SERVER: [sys.executable, "-m", "order_management.server"],
    RELAY: [sys.executable, str(_CLONE / "manage.py"), "relay"],
    WORKER: [sys.executable, str(_CLONE / "manage.py"), "worker"],
}
# A worker gives its jobs 20 seconds (`worker.Pace`).
_SECONDS_TO_STOP: Final = {SERVER: SECONDS_FOR_REQUESTS_IN_FLIGHT + 5.0, RELAY: 15.0, WORKER: 25.0}
_SECONDS_FOR_PORT: Final = 2.0  # after a kill -9 of the parent its children are still ending
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_STEADY: Final = 10.0  # who lived so long is started again at once


@dataclass(slots=True)
class Child:
    """One program under the parent: started, watched, started again after a pause that doubles while it keeps dying."""

    name: str
    environ: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    due: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            _COMMANDS[self.name], env=self.environ, stdin=subprocess.DEVNULL, cwd=_CLONE, process_group=0
        )

    def watch(self) -> None:
        """Start it again if it is dead and its pause is over."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.process = None
            self.pause = _FIRST_PAUSE if now - self.started > _STEADY else min(self.pause * 2, _LONGEST_PAUSE)
            self.due = now + self.pause
            say(f"{self.name} ended ({_cause(code)}); starting it again in {self.pause:.1f} s")
        if now >= self.due:
            self.start()

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def is_over(self) -> bool:
        return self.process is None or self.process.poll() is not None


@dataclass(slots=True)
class House:
    """The parts that this process looks after. `open()`, then `live()` until it is told to stop, then `close()`."""

    parts: Collection[str]
    embedded: EmbeddedPostgres | None
    host: str
    port: int
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    children: list[Child] = field(default_factory=list)
    stops: int = 0

    def open_database(self) -> None:
        """See that the port is free, then start or join the database. Raises CannotStart."""
        if SERVER in self.parts:
            see_that_port_is_free(self.host, self.port)
        if self.embedded is not None:
            self.embedded.acquire()
        elif set(self.parts) == {DATABASE}:
            raise CannotStart("DATABASE_URL names a database of its own; there is none to start")

    def open(self) -> None:
        """Start the children."""
        environ = {
            **self.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(_CLONE / "src"), self.environ.get("PYTHONPATH", "")])),
            "HOST": self.host,
            "PORT": str(self.port),
            SUPERVISOR: str(os.getpid()),
        }
        for name in _COMMANDS:
            if name in self.parts:
                child = Child(name, environ)
                self.children.append(child)
                child.start()

    def listen_to_signals(self) -> None:
        """From now on Ctrl-C and SIGTERM ask to stop; a second one stops without waiting for requests."""
        signal.signal(signal.SIGINT, self._asked_to_stop)
        signal.signal(signal.SIGTERM, self._asked_to_stop)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stops += 1

    def live(self) -> None:
        """Bring back what dies, until asked to stop."""
        while not self.stops:
            self.watch()
            time.sleep(0.05)

    def watch(self) -> None:
        """One look at everything; what is dead is started again."""
        if self.embedded is not None and not self.embedded.is_running():
            say("the database ended; starting it again")
            try:
                self.embedded.acquire()
            except CannotStart as refusal:
                say(str(refusal))
                time.sleep(1)
        for child in self.children:
            child.watch()

    def is_answering(self) -> bool:
        """Does the server take connections?"""
        try:
            with socket.create_connection((self.host, self.port), timeout=1):
                return True
        except OSError:
            return False

    def close(self) -> None:
        """End the children in order, then leave the database."""
        for child in self.children:
            asked = self.stops
            child.signal(signal.SIGTERM)

            def over(child: Child = child, asked: int = asked) -> bool:
                return child.is_over() or self.stops > max(asked, 1)

            wait_until(over, _SECONDS_TO_STOP[child.name])
            if not child.is_over():
                say(f"{child.name} does not end; killing it")
                child.signal(signal.SIGKILL)
                wait_until(child.is_over, 10)
        if self.embedded is not None:
            self.embedded.release()


def see_that_port_is_free(host: str, port: int) -> None:
    """Raises CannotStart if somebody listens there, or we may not."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotStart(f"HOST {host} is no address of this machine ({error.strerror})") from error

    failure: list[OSError] = []

    def free() -> bool:
        failure.clear()
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                failure.append(error)
                return error.errno != errno.EADDRINUSE
        return True

    wait_until(free, _SECONDS_FOR_PORT)
    if failure:
        advice = "stop what listens there, or give another PORT" if failure[0].errno == errno.EADDRINUSE else "see HOST"
        raise CannotStart(f"port {port} on {host} cannot be used: {failure[0].strerror}; {advice}") from failure[0]


def say(message: str) -> None:
    """A line for the operator; stdout may be a pipe whose reader has gone."""
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        return


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
