"""What /proc tells of processes: CPU time and memory. Linux only; where there is no /proc the benchmark says so."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes, with all their threads, so far; the dead count nothing."""
    return sum(_cpu(pid) for pid in pids)


def _cpu(pid: int) -> float:
    try:
        # Nanoseconds where the kernel counts them for the only thread (PostgreSQL), ticks of 10 ms elsewhere.
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        if len(tasks) == 1:
            return int((tasks[0] / "schedstat").read_text().split()[0]) / 1e9
        return _ticks(pid)
    except OSError:
        try:
            return _ticks(pid)
        except OSError:
            return 0.0


def _ticks(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def children(parent: int) -> list[int]:
    """The processes that this one started."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(entry.name))
    return found


def pss_megabytes(pid: int) -> float:
    """Proportional set size: what is shared is counted in parts."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no Pss")


def busy_seconds() -> float:
    """CPU seconds that all programs of the machine have used so far, the kernel's own work among them."""
    user, nice, system, _idle, _waiting, irq, soft, *_ = map(int, Path("/proc/stat").read_text().split(None, 9)[1:9])
    return (user + nice + system + irq + soft) / _TICKS


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))
