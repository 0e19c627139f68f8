"""`manage.py relay`: takes published events to their subscribers until it is told to stop."""

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from order_management.container import relay


class Command(BaseCommand):
    help = "Take published events to their subscribers. Any number may run."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def finish(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, finish)
        signal.signal(signal.SIGINT, finish)
        relay().run(stop)
