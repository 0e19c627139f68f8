"""`manage.py relay`: takes published events to their subscribers until it is told to stop, and sweeps up every hour."""

import logging
import signal
import threading
from types import FrameType
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.db import connections

from bff.identity.housekeeping import sweep
from order_management.container import relay

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_SWEEPS: Final = 3600.0


class Command(BaseCommand):
    help = "Take published events to their subscribers. Any number may run."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def finish(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, finish)
        signal.signal(signal.SIGINT, finish)
        # A daemon, so that a sweep that waits for the database does not hold up the end.
        threading.Thread(target=_sweep_every_hour, args=(stop,), name="sweep", daemon=True).start()
        relay().run(stop)


def _sweep_every_hour(stop: threading.Event) -> None:
    """What is the relay's own, it purges itself; this is the login's. A sweep that fails is left to the next one."""
    while not stop.is_set():
        try:
            sweep()
        except Exception as error:  # whatever it was, events must not stop for it
            logger.warning("expired sessions could not be swept", exc_info=error)
        finally:
            connections.close_all()  # this thread's own
        stop.wait(_SECONDS_BETWEEN_SWEEPS)
