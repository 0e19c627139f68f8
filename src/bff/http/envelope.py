"""What every request gets, whoever answers it: an id, one line in the log, and the headers of CORS.

Put first among the middleware. The view behind it reads `request_id(request)` and may `note(...)` what it learned.
"""

import logging
import os
import re
from collections.abc import Callable, Collection
from time import perf_counter
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from bff.http.logs import fields

logger = logging.getLogger("bff.request")

#: Keys among the request's META; a client's headers all begin with HTTP_ and cannot reach them.
_REQUEST_ID: Final = "bff.request_id"
_NOTES: Final = "bff.notes"
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Probes come every second and say nothing while they pass.
_QUIET: Final = frozenset({"/healthz", "/readyz"})
#: Where other origins may be let in. Not the admin pages: they live by a cookie.
_SHARED: Final = ("/graphql", "/.well-known/", "/accounts/api/token", "/v1/")
_PREFLIGHT_SECONDS: Final = "7200"


def request_id(request: HttpRequest) -> str:
    """The id of this request: the client's `X-Request-Id` where it is sane, else one of ours."""
    found: str | None = request.META.get(_REQUEST_ID)
    if found is None:
        offered = request.META.get("HTTP_X_REQUEST_ID")
        found = offered if offered and _SANE_ID.fullmatch(offered) else os.urandom(16).hex()
        request.META[_REQUEST_ID] = found
    return found


def note(request: HttpRequest, **values: Any) -> None:
    """Add to the request's line in the log: ids and names only."""
    request.META.setdefault(_NOTES, {}).update(values)


class Envelope:
    """Django middleware. `origins`: exactly those whose pages may call us; by default the setting CORS_ALLOWED_ORIGINS.

    No credentials mode: tokens travel in `Authorization`, which a page of another site does not have.
    """

    sync_capable = True
    async_capable = False

    def __init__(
        self, get_response: Callable[[HttpRequest], HttpResponseBase], origins: Collection[str] | None = None
    ) -> None:
        self._get_response = get_response
        self._origins = frozenset(getattr(settings, "CORS_ALLOWED_ORIGINS", ()) if origins is None else origins)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        identifier = request_id(request)
        shared = bool(self._origins) and request.path_info.startswith(_SHARED)
        origin = request.META.get("HTTP_ORIGIN") if shared else None
        allowed = origin is not None and origin in self._origins
        if allowed and request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META:
            response: HttpResponseBase = _preflight()
        else:
            response = self._get_response(request)
        headers = response.headers
        headers["X-Request-Id"] = identifier
        if isinstance(response, HttpResponse) and response.status_code != 204 and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(response.content))  # else the server sends it in chunks
        if shared:
            _vary_by_origin(response)
            if allowed and origin is not None:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = "X-Request-Id, WWW-Authenticate"
        self._log(request, response.status_code, identifier, started)
        return response

    def _log(self, request: HttpRequest, status: int, identifier: str, started: float) -> None:
        notes = request.META.get(_NOTES)
        if notes is None:
            if request.path_info in _QUIET and status < 400:
                return
            match = request.resolver_match
            # The route and never the path: a path may hold what a client typed.
            notes = {"operation": f"{request.method} {match.route}" if match else str(request.method)}
        logger.info(
            "request",
            extra=fields(
                request_id=identifier, status=status, duration_ms=round((perf_counter() - started) * 1_000, 2), **notes
            ),
        )


def _preflight() -> HttpResponse:
    response = HttpResponse(status=204)
    response.headers["Access-Control-Allow-Methods"] = "GET, POST"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-Request-Id"
    response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
    return response


def _vary_by_origin(response: HttpResponseBase) -> None:
    vary = response.headers.get("Vary")
    response.headers["Vary"] = f"{vary}, Origin" if vary else "Origin"
