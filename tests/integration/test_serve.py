"""`manage.py serve` on a copy of the clone: start, order of stopping, and what comes back after `kill -9`."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from order_management.processes import holds, is_alive, wait_until

CLONE = Path(__file__).resolve().parents[2]
# The copies know nothing of the surroundings.
ENVIRON = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "DATABASE_URL"}}

# Views, a relay and a worker of jobs that write down when they begin and end; workers of the server that, where there
# is a file `hold`, load until they are told to stop.
PROBE = {
    "probe_settings.py": """
import os, signal
from order_management.settings import *
from order_management.server import GRANIAN
from probe import note
if GRANIAN in os.environ and (BASE_DIR / "hold").exists():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    note("worker loads")
    os.read(reading, 1)
    signal.set_wakeup_fd(-1)
ROOT_URLCONF = "probe_urls"
INSTALLED_APPS = ["probe", *INSTALLED_APPS]
""",
    "probe_urls.py": """
import os, time
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.urls import path
from probe import note

def slow(request):
    note("request began")
    while not (settings.BASE_DIR / "go").exists():
        time.sleep(0.01)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    note("request ended")
    return HttpResponse("done")

def role(request):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return HttpResponse(cursor.fetchone()[0])
    except Exception as error:
        return HttpResponse(repr(error), status=503)

def worker(request):
    return HttpResponse(str(os.getpid()))

urlpatterns = [path("graphql/", worker), path("slow/", slow), path("role/", role), path("worker/", worker)]
""",
    "probe/__init__.py": """
import os
from pathlib import Path

def note(line):
    with (Path(__file__).resolve().parents[2] / "journal").open("a") as file:
        file.write(line + "\\n")
""",
    "probe/management/__init__.py": "",
    "probe/management/commands/__init__.py": "",
    "probe/management/commands/relay.py": """
import signal
from django.core.management.base import BaseCommand
from probe import note

class Command(BaseCommand):
    def handle(self, *args, **options):
        try:
            note("relay began")
            while True:
                signal.pause()
        finally:
            note("relay ended")
""",
}
PROBE["probe/management/commands/worker.py"] = PROBE["probe/management/commands/relay.py"].replace("relay", "jobs")


class House:
    """A `serve` that runs on the copy."""

    def __init__(self, copy: Path, *parts: str, **environ: str) -> None:
        self.copy = copy
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(environ.get("PORT") or probe.getsockname()[1])
        with (copy / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", *parts],
                cwd=copy,
                env={**ENVIRON, "DJANGO_SETTINGS_MODULE": "probe_settings", "PORT": str(self.port), **environ},
                stderr=stderr,
                start_new_session=True,
            )

    def get(self, path: str) -> str:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60).text

    def answers(self, path: str = "/role/", expected: str = "oms_app") -> bool:
        try:
            return self.get(path) == expected
        except httpx.HTTPError:
            return False

    def wait(self) -> "House":
        assert wait_until(lambda: self.answers() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.said()
        return self

    def said(self) -> str:
        return (self.copy / "stderr").read_text()

    def journal(self) -> list[str]:
        path = self.copy / "journal"
        return path.read_text().splitlines() if path.exists() else []

    def child(self, words: str) -> int:
        """The id of the parent's child whose command line ends so."""
        found: list[int] = []

        def look() -> bool:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            found[:] = [int(pid) for pid in children if holds(int(pid), words)]
            return bool(found)

        assert wait_until(look, 10)
        return found[0]

    def wait_for_another(self, words: str, pid: int) -> None:
        assert wait_until(lambda: not is_alive(pid), 5)
        assert self.child(words) != pid
        self.wait()

    def postgres(self) -> int:
        version = os.environ.get("PG") or "18"
        try:
            return int((self.copy / ".data" / f"pg{version}" / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return 0  # between two lives

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def copy() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="oms-serve-"))
    folder.chmod(0o755)
    shutil.copy(CLONE / "manage.py", folder)
    shutil.copytree(CLONE / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in PROBE.items():
        (folder / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "src" / name).write_text(text)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def house(copy: Path) -> Iterator[House]:
    running = House(copy).wait()
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def test_stopping_ends_requests_in_flight_then_relay_and_worker_then_the_database(house: House) -> None:
    assert wait_until(lambda: {"relay began", "jobs began"} <= set(house.journal()), 30)
    postgres = house.postgres()
    answer: list[str] = []
    request = threading.Thread(target=lambda: answer.append(house.get("/slow/")))
    request.start()
    assert wait_until(lambda: "request began" in house.journal(), 10)
    house.process.send_signal(signal.SIGTERM)
    assert wait_until(lambda: not house.answers(), 10)  # nothing new is taken
    assert is_alive(postgres)
    (house.copy / "go").touch()
    request.join(30)
    assert house.process.wait(30) == 0
    assert answer == ["done"]
    assert sorted(house.journal()[:2]) == ["jobs began", "relay began"]
    assert house.journal()[2:] == ["request began", "request ended", "relay ended", "jobs ended"]
    assert not is_alive(postgres)
    assert "Traceback" not in house.said()


def test_ctrl_c_in_a_terminal_stops_the_same_way(house: House) -> None:
    postgres = house.postgres()
    os.killpg(house.process.pid, signal.SIGINT)  # a terminal signals the whole foreground group
    assert house.process.wait(30) == 0
    assert not is_alive(postgres)
    assert "Traceback" not in house.said()


def test_workers_told_to_stop_while_they_load_end_without_a_word(copy: Path) -> None:
    (copy / "hold").touch()
    house = House(copy)
    workers = len(os.sched_getaffinity(0))
    assert wait_until(lambda: house.journal().count("worker loads") == workers, 30), house.said()
    assert house.stop() == 0
    assert house.said() == f"http://127.0.0.1:{house.port}/graphql/ (Ctrl-C stops)\n"


def test_every_part_comes_back_after_kill_9(house: House) -> None:
    for victim in ("order_management.server", "relay", "manage.py\0worker"):
        pid = house.child(victim)
        os.kill(pid, signal.SIGKILL)
        house.wait_for_another(victim, pid)
    postgres = house.postgres()
    os.kill(postgres, signal.SIGKILL)
    assert wait_until(lambda: house.postgres() not in {0, postgres}, 20)
    # Each thread of each worker has a connection of its own that is dead now.
    assert wait_until(lambda: all(house.answers() for _ in range(16)), 20)
    worker = int(house.get("/worker/"))
    os.kill(worker, signal.SIGKILL)
    assert wait_until(lambda: not is_alive(worker) and house.answers(), 20)
    assert house.stop() == 0


def test_after_kill_9_of_the_parent_the_next_start_takes_over(house: House) -> None:
    children = [house.child(words) for words in ("order_management.server", "relay", "manage.py\0worker")]
    postgres = house.postgres()
    worker = int(house.get("/worker/"))
    house.process.kill()
    house.process.wait()
    successor = House(house.copy, PORT=str(house.port)).wait()
    assert not any(is_alive(pid) for pid in (*children, worker))
    assert successor.postgres() == postgres
    assert successor.stop() == 0
    assert not is_alive(postgres)


def test_the_parts_run_alone_and_share_the_database(copy: Path) -> None:
    migrated = subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=copy, env=ENVIRON, check=False)
    assert migrated.returncode == 0
    database = House(copy, "database")
    assert wait_until(lambda: (copy / "stderr").read_text().startswith("PostgreSQL on the socket folder"), 20)
    server = House(copy, "server").wait()
    postgres = server.postgres()
    assert server.stop() == 0
    assert is_alive(postgres)
    assert database.stop() == 0
    assert not is_alive(postgres)


def test_a_taken_port_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = _refused(CLONE, "serve", PORT=str(port))
    advice = "stop what listens there, or give another PORT"
    assert refused == f"port {port} on 127.0.0.1 cannot be used: Address already in use; {advice}\n"


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"PORT": "http"}, r"PORT is a number from 1 to 65535, not 'http'"),
        ({"HOST": "no.such.host.invalid"}, r"HOST no\.such\.host\.invalid is no address of this machine \(.*\)"),
        ({"BUILTIN_IDP": "perhaps"}, r"BUILTIN_IDP is on or off, not 'perhaps'"),
        ({"PG": "12"}, r"PG=12: the embedded PostgreSQL comes as 18 and 16"),
        ({"DATABASE_URL": "mysql://x"}, r"DATABASE_URL is no PostgreSQL address; write postgresql://.*"),
        ({"DATABASE_URL": "postgresql://u:secret@h:port/db"}, r"DATABASE_URL cannot be read: its port is no number"),
        ({"DATABASE_URL": "postgresql://u:secret%zz@h/db"}, r"DATABASE_URL cannot be read; see its form(?!.*secret).*"),
        ({"DATABASE_URL": "postgresql://u:secret@h"}, r"DATABASE_URL names no database; (?!.*secret).*"),
        (
            {"DATABASE_URL": "postgresql://u:secret@127.0.0.1:9/db"},
            r"the database cannot be reached: .*Connection refused.* \(look at DATABASE_URL\)",
        ),
        ({"SECRET_KEY": "short"}, r"SECRET_KEY is shorter than 32 characters; (?!.*\bshort\b).*"),
        ({"CORS_ALLOWED_ORIGINS": "shop.example"}, r"CORS_ALLOWED_ORIGINS: 'shop\.example' is no origin; .*"),
        (
            {"CORS_ALLOWED_ORIGINS": "https://a.example,https://b.example/"},
            r".*: 'https://b\.example/' is no origin; .*",
        ),
        ({"DEV_ISSUERS": "http://127.0.0.1:port"}, r"DEV_ISSUERS: 'http://127\.0\.0\.1:port' is no origin; .*"),
        ({"DEV_ISSUERS": "http://[::1"}, r"DEV_ISSUERS: 'http://\[::1' is no origin; .*"),
        ({"CARRIER_ORIGINS": "sandbox"}, r"CARRIER_ORIGINS: 'sandbox' is no origin; .*"),
        ({"CARRIER_SECRETS": '{"acme": {"easypost": "EZTK-secret"}}'}, r"CARRIER_SECRETS is JSON such as (?!.*EZTK).*"),
        ({"TRUSTED_PROXIES": "unix,foo"}, r"TRUSTED_PROXIES: 'foo' is no address, no network and not unix; .*"),
        (
            {"DATABASE_URL": "postgresql://u@h/one", "DATABASE_SYSTEM_URL": "postgresql://u@h/two"},
            r"DATABASE_URL, .* are three logins to one database, and these name one and two",
        ),
        ({"DATABASE_OWNER_URL": "postgresql://u@h/db"}, r"DATABASE_OWNER_URL is given without DATABASE_URL; .*"),
    ],
)
def test_bad_settings_are_refused_in_one_line(environ: dict[str, str], line: str) -> None:
    refused = _refused(CLONE, "serve", **environ)
    assert re.fullmatch(line + r"\n", refused), refused
    assert "Traceback" not in refused


def test_a_command_on_a_database_that_is_not_set_up_says_what_to_run(copy: Path) -> None:
    refused = _refused(copy, "clearsessions", DJANGO_SETTINGS_MODULE="probe_settings")
    assert re.fullmatch(r"the database is not set up yet \(.*\); run `manage.py migrate`\n", refused), refused


def _refused(clone: Path, *arguments: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=clone,
        env={**ENVIRON, **environ},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr.decode()
    assert done.stdout == b""
    return done.stderr.decode()
