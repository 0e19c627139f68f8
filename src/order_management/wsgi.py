"""The WSGI application, for granian (`make run`), gunicorn or any other server."""

import logging
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache import close_caches
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, reset_queries
from django.http import HttpResponse
from django.urls import resolve

from bff.http.envelope import Envelope

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "order_management.settings")

_django = get_wsgi_application()
#: Straight to the view: resolving the one address that nearly every request asks for costs a tenth of a short answer.
_graphql = Envelope(resolve("/graphql/").func)
_GRAPHQL_PATHS = frozenset({"/graphql/", "/graphql"})


class _Request(WSGIRequest):
    """As much of a request as the GraphQL view and its envelope look at: Django's decoding of addresses and types, for
    forms and routes that there are none of here, costs as much as finding the caller."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = self.META = environ
        self.method = environ["REQUEST_METHOD"].upper()
        self.path = self.path_info = environ["PATH_INFO"]
        self.resolver_match = None


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The server, as WSGI (PEP 3333)."""
    if environ.get("PATH_INFO") not in _GRAPHQL_PATHS or environ.get("SCRIPT_NAME"):
        close_old_connections()  # these use Django's, which does not notice by itself that one is dead
        return _django(environ, start_response)
    response = _graphql(_Request(environ))
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    assert isinstance(response, HttpResponse)
    return [response.content]


# A line of our log names no file, thread or process: looking for them is half of what it costs (see "Optimization" in
# Python's "Logging HOWTO").
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

# Django would look after its connections and caches at each request's start and end: 5 % of a short request's CPU, for
# connections that are ours to keep (statements notice a dead one themselves) and caches that nobody uses.
request_started.disconnect(reset_queries)
request_started.disconnect(close_old_connections)
request_finished.disconnect(close_old_connections)
request_finished.disconnect(close_caches)
