"""What the operating system knows about processes: whether one lives, what it runs, who its parent is."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1


def is_alive(pid: int) -> bool:
    """Does the process run? A zombie, which still answers `kill(pid, 0)`, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _state(pid) not in {"Z", "X"}


def _state(pid: int) -> str:
    try:
        status = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return "X" if _PROC.joinpath("self").exists() else "?"
    return status.rpartition(")")[2].split()[0]


def holds(pid: int, words: str) -> bool:
    """Does the process live, and its command line hold these words? (Where there is no /proc: does it live?)

    The command line, not the working folder: a root without CAP_SYS_PTRACE (a container's) may not read the folder
    of another user's process.
    """
    if not _PROC.joinpath("self").exists():
        return is_alive(pid)
    try:
        return words.encode() in (_PROC / str(pid) / "cmdline").read_bytes() and is_alive(pid)
    except OSError:
        return False


def running_with(words: str) -> list[int]:
    """Ids of the live processes whose command line holds these words; none where the system has no /proc."""
    if not _PROC.joinpath("self").exists():
        return []
    pids = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and holds(pid, words)]


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Look every few milliseconds; True as soon as it holds, False when the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def die_with_parent(number: signal.Signals, parent: int | None = None) -> None:
    """Send this process a signal when its parent ends, however it ends; `parent`: who it should be by now.

    Linux's PR_SET_PDEATHSIG where there is one; elsewhere a thread looks once a second.
    """
    parent = os.getppid() if parent is None else parent
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, name="die-with-parent", daemon=True).start()
