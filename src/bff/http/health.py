"""`/healthz`: the process answers. `/readyz`: it can serve. Both without a token, cheap, and telling no cause.

A check is a named function that raises when its part is not ready. The reasons go to the log, not to the caller.
"""

import logging
from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic

import orjson
from django.http import HttpRequest, HttpResponse

from bff.http.logs import fields

logger = logging.getLogger("bff.health")

Check = Callable[[], None]
_TYPE = "application/json"
_METHODS = ("GET", "HEAD")


class NotReady(Exception):
    """A check's plain "not yet"; anything else it raises counts the same and is logged with its stack."""


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process can answer at all; touches nothing."""
    if request.method not in _METHODS:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    return HttpResponse(b'{"status":"ok"}', content_type=_TYPE, headers={"Cache-Control": "no-store"})


class Readiness:
    """The view of `/readyz`: 200 when every check passes, else 503; each check's state by name.

    `once` holds checks that stay true for the life of the process, such as the absence of unapplied migrations: they
    are asked until they pass. `always` is asked each time, but at most once in `seconds`, so that a flood of probes
    cannot flood the database.
    """

    csrf_exempt = True

    def __init__(
        self, *, always: Mapping[str, Check], once: Mapping[str, Check] | None = None, seconds: float = 1.0
    ) -> None:
        self._always = dict(always)
        self._once = dict(once or {})
        self._passed: set[str] = set()
        self._seconds = seconds
        self._lock = Lock()
        self._asked: float | None = None
        self._states: dict[str, bool] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _METHODS:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        states = self._current()
        ready = all(states.values())
        body = {
            "status": "ok" if ready else "unavailable",
            "checks": {name: "ok" if state else "unavailable" for name, state in states.items()},
        }
        return HttpResponse(
            orjson.dumps(body),
            content_type=_TYPE,
            status=200 if ready else 503,
            headers={"Cache-Control": "no-store"},
        )

    def _current(self) -> dict[str, bool]:
        with self._lock:
            if self._asked is None or monotonic() - self._asked >= self._seconds:
                states = {name: self._passes(name, check) for name, check in self._always.items()}
                for name, check in self._once.items():
                    if name not in self._passed and self._passes(name, check):
                        self._passed.add(name)
                    states[name] = name in self._passed
                self._states = states
                self._asked = monotonic()
            return self._states

    @staticmethod
    def _passes(name: str, check: Check) -> bool:
        try:
            check()
        except NotReady:
            logger.warning("not ready", extra=fields(check=name))
            return False
        except Exception as error:
            logger.warning("not ready", exc_info=error, extra=fields(check=name))
            return False
        return True
