"""What a granian worker loads: the application, in a process that sees to its own end.

It dies with granian's first process: an orphan would hold the port, and answer with yesterday's code beside its
successors. And when that process is told to stop, it ends once it has been without a request for a second.
"""

import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from order_management.processes import die_with_parent
from order_management.server import GRANIAN, PIPE
from order_management.wsgi import application as django

_SECONDS_IDLE = 1.0  # answers are on their way to the client by then

_busy: set[int] = set()  # threads; adding and discarding are atomic


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's application, counted."""
    thread = threading.get_ident()
    _busy.add(thread)
    try:
        return django(environ, start_response)
    finally:
        _busy.discard(thread)


def _end_after_the_last_request(reading: int) -> None:
    os.read(reading, 1)  # nothing is ever written: it returns when the other end is closed
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < _SECONDS_IDLE:
        if _busy:
            idle_since = time.monotonic()
        time.sleep(0.05)
    os._exit(0)


# A full collection would walk through everything imported so far: 70 ms in the middle of somebody's request.
gc.collect()
gc.freeze()

die_with_parent(signal.SIGKILL, int(os.environ[GRANIAN]))
_reading, _writing = map(int, os.environ[PIPE].split())
os.close(_writing)  # forked with it; held open here it would never be closed
threading.Thread(target=_end_after_the_last_request, args=(_reading,), name="end", daemon=True).start()
