"""The embedded PostgreSQL: from nothing, shared, killed, and left behind by others. Real processes, real signals."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest

from order_management import places
from order_management.errors import CannotStart
from order_management.places import find_place
from order_management.postgres import EmbeddedPostgres
from order_management.processes import is_alive, wait_until

SRC = Path(__file__).resolve().parents[2] / "src"
VERSION = os.environ.get("PG") or "18"

# Another process that uses the same server: says the server's process id, stays until a line comes, leaves.
NEIGHBOUR = f"""
import sys
from pathlib import Path
from typing import ClassVar
from order_management.places import find_place
from order_management.postgres import EmbeddedPostgres
with EmbeddedPostgres(find_place(Path(sys.argv[1]), {VERSION!r})) as server:
    with server.connect() as connection:
        connection.execute("SELECT 1")
    print(server.postmaster_pid(), flush=True)
    sys.stdin.readline()
"""


class Neighbour:
    """A running NEIGHBOUR."""

    alive: ClassVar[list["Neighbour"]] = []

    def __init__(self, clone: Path) -> None:
        self.alive.append(self)
        self.process = subprocess.Popen(
            [sys.executable, "-c", NEIGHBOUR, str(clone)],
            env={**os.environ, "PYTHONPATH": str(SRC)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def server_pid(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def leave(self) -> None:
        self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def clone() -> Iterator[Path]:
    """A clone that everybody may reach (pytest's own folders are private)."""
    folder = Path(tempfile.mkdtemp(prefix="oms-clone-"))
    folder.chmod(0o755)
    yield folder
    while Neighbour.alive:
        Neighbour.alive.pop().kill()
    for version in places.VERSIONS:
        server = EmbeddedPostgres(find_place(folder, version))
        if server.place.home.exists() and server.place.data.exists():
            server.acquire()
            server.release()
            assert not server.is_running()
    shutil.rmtree(folder)


@pytest.fixture
def server(clone: Path) -> Iterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(find_place(clone, VERSION))
    embedded.acquire()
    try:
        yield embedded
    finally:
        embedded.release()


def _one(server: EmbeddedPostgres, query: str) -> object:
    with server.connect() as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _remember(server: EmbeddedPostgres) -> None:
    with server.connect() as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")


def _running_pid(server: EmbeddedPostgres) -> int:
    pid = server.postmaster_pid()
    assert pid is not None
    return pid


def test_from_nothing_it_answers_durably_in_utf8_and_listens_on_no_tcp_port(server: EmbeddedPostgres) -> None:
    assert str(_one(server, "SHOW server_version")).startswith(f"{VERSION}.")
    assert _one(server, "SHOW fsync") == "on"
    assert _one(server, "SHOW listen_addresses") == ""
    assert _one(server, "SHOW server_encoding") == "UTF8"
    assert _one(server, "SELECT current_database()") == "order_management"
    collation = (
        "SELECT datlocprovider::text || ':' || coalesce({}, datcollate) FROM pg_database WHERE datname = 'postgres'"
    )
    expected = {"18": "b:C.UTF-8", "16": "c:C"}[VERSION]
    assert _one(server, collation.format("datlocale" if VERSION == "18" else "NULL")) == expected


def test_the_socket_stands_in_a_private_folder_of_the_servers_own_user(server: EmbeddedPostgres) -> None:
    folder = server.place.sockets.stat()
    data = server.place.data.stat()
    assert stat.S_IMODE(folder.st_mode) == 0o700
    assert folder.st_uid == data.st_uid
    assert (data.st_uid == os.geteuid()) == (os.geteuid() != 0)


def test_the_last_to_leave_stops_it(clone: Path) -> None:
    first, second = Neighbour(clone), Neighbour(clone)
    pid = first.server_pid()
    assert second.server_pid() == pid
    first.leave()
    assert is_alive(pid)
    second.leave()
    assert not is_alive(pid)


def test_four_that_start_it_from_nothing_at_once_share_one_server(clone: Path) -> None:
    neighbours = [Neighbour(clone) for _ in range(4)]
    pids = {neighbour.server_pid() for neighbour in neighbours}
    for neighbour in neighbours:
        neighbour.leave()
    assert len(pids) == 1
    assert not is_alive(pids.pop())


def test_killed_it_comes_back_at_once_with_every_row(server: EmbeddedPostgres) -> None:
    _remember(server)
    before = _running_pid(server)
    os.kill(before, signal.SIGKILL)  # a zombie now: its number still answers
    server.acquire()
    assert _running_pid(server) != before
    assert _one(server, "SELECT count(*) FROM kept") == 1000


def test_killed_under_an_open_query_it_comes_back_only_after_its_old_children(server: EmbeddedPostgres) -> None:
    _remember(server)
    with server.connect() as busy:
        busy.autocommit = False
        busy.execute("UPDATE kept SET id = id + 1")
        child = busy.info.backend_pid
        os.kill(_running_pid(server), signal.SIGKILL)
        server.acquire()
        assert not is_alive(child)
        busy.close()
    assert _one(server, "SELECT sum(id) FROM kept") == 500_500


def test_killed_as_somebody_elses_unreaped_child_it_is_taken_for_dead(clone: Path) -> None:
    owner = Neighbour(clone)
    before = owner.server_pid()
    os.kill(before, signal.SIGKILL)
    with EmbeddedPostgres(find_place(clone, VERSION)) as server:
        assert _running_pid(server) != before
        assert _one(server, "SELECT 1") == 1
        owner.kill()


def test_orphaned_it_is_joined_by_the_next_and_stopped_when_that_leaves(clone: Path) -> None:
    owner = Neighbour(clone)
    pid = owner.server_pid()
    owner.kill()
    assert is_alive(pid)
    with EmbeddedPostgres(find_place(clone, VERSION)) as server:
        assert _running_pid(server) == pid
    assert wait_until(lambda: not is_alive(pid), 5)


def test_a_pid_file_whose_number_another_process_has_got_is_no_obstacle(clone: Path) -> None:
    with EmbeddedPostgres(find_place(clone, VERSION)) as server:
        _remember(server)
        os.kill(_running_pid(server), signal.SIGKILL)
        pid_file = server.place.data / "postmaster.pid"
        assert wait_until(lambda: not server.is_running(), 5)
        with subprocess.Popen(["sleep", "600"], **server.place.identity) as stranger:
            lines = pid_file.read_text().split("\n")
            pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
            server.acquire()
            assert _one(server, "SELECT count(*) FROM kept") == 1000
            assert stranger.poll() is None
            stranger.kill()


def test_an_initdb_that_was_killed_half_way_leaves_nothing_behind(clone: Path) -> None:
    maker = Neighbour(clone)
    home = clone / ".data"
    assert wait_until(lambda: any(home.glob("pg*.new-*/global")), 10)
    maker.kill()
    with EmbeddedPostgres(find_place(clone, VERSION)) as server:
        assert _one(server, "SELECT 1") == 1
        assert list(home.glob("pg*.new-*")) == []


def test_data_of_another_user_is_refused_in_one_line(clone: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give folders away")
    (clone / ".data").mkdir()
    os.chown(clone / ".data", 12345, 12345)
    (clone / ".data").chmod(0o755)
    with pytest.raises(CannotStart, match=r"belongs to user 12345, not 0: run as before, or remove it$"):
        EmbeddedPostgres(find_place(clone, VERSION)).acquire()
    shutil.rmtree(clone / ".data")


def test_a_folder_that_is_no_data_is_refused_and_left_alone(clone: Path) -> None:
    (clone / ".data" / f"pg{VERSION}").mkdir(parents=True)
    (clone / ".data" / f"pg{VERSION}" / "diary").write_text("mine")
    with pytest.raises(CannotStart, match="is no PostgreSQL data; move it away and start again"):
        EmbeddedPostgres(find_place(clone, VERSION)).acquire()
    assert (clone / ".data" / f"pg{VERSION}" / "diary").read_text() == "mine"
    shutil.rmtree(clone / ".data")


def test_a_data_folder_that_postgres_refuses_is_told_with_its_own_words(clone: Path) -> None:
    with EmbeddedPostgres(find_place(clone, VERSION)) as server:
        data = server.place.data
    (data / "PG_VERSION").write_text("12\n")
    try:
        with pytest.raises(CannotStart, match=r"did not start: FATAL: database files are incompatible with server"):
            server.acquire()
    finally:
        (data / "PG_VERSION").write_text(f"{VERSION}\n")


def test_a_clone_whose_path_is_too_long_for_a_socket_has_it_elsewhere(clone: Path) -> None:
    deep = clone / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    with EmbeddedPostgres(find_place(deep, VERSION)) as server:
        assert not server.place.sockets.is_relative_to(clone)
        assert _one(server, "SELECT 1") == 1
    server.place.sockets.rmdir()


def test_under_a_private_home_root_keeps_data_and_binaries_in_a_system_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root drops to another user")
    away = Path(tempfile.mkdtemp(prefix="oms-system-"))
    away.chmod(0o711)
    monkeypatch.setattr(places, "SYSTEM_FOLDER", away)
    home = tmp_path / "private"
    home.mkdir(mode=0o700)
    clone = home / "project"
    clone.mkdir()
    with EmbeddedPostgres(find_place(clone, VERSION)) as server:
        assert server.place.data.is_relative_to(away)
        assert server.place.binaries.is_relative_to(away)
        assert _one(server, "SELECT 1") == 1
        assert list(home.iterdir()) == [clone]
    assert EmbeddedPostgres(find_place(clone, VERSION)).place == server.place
    shutil.rmtree(away)


def test_an_unknown_version_is_refused(clone: Path) -> None:
    with pytest.raises(CannotStart, match="PG=12: the embedded PostgreSQL comes as 18 and 16"):
        find_place(clone, "12")


def test_without_a_wheel_for_this_platform_database_url_is_asked_for(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(places, "_WHEEL", "no_such_wheel")
        with pytest.raises(CannotStart, match="no embedded PostgreSQL for this platform; give DATABASE_URL"):
            find_place(clone, VERSION)


def test_the_superuser_cannot_be_reached_from_another_users_account(server: EmbeddedPostgres) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can try as another user")
    attempt = subprocess.run(
        ["/bin/ls", str(server.place.sockets)],
        user=12345,
        group=12345,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    assert attempt.returncode != 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=places.PORT, user="postgres", dbname="postgres", connect_timeout=2)
