"""What surrounds every answer: addresses, CORS, health, logs."""

import json
import logging
import logging.config
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from bff.graphql import graphiql
from bff.http.address import ClientAddress
from bff.http.envelope import Envelope, request_id
from bff.http.health import NotReady, Readiness, healthz
from bff.http.logs import JsonFormatter, configuration, fields

FACTORY = RequestFactory()
SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("trusted", "peer", "header", "client"),
    [
        ([], "198.51.100.7", None, "198.51.100.7"),
        ([], "198.51.100.7", "1.1.1.1", "198.51.100.7"),
        (["10.0.0.1"], "10.0.0.1", None, "10.0.0.1"),
        (["10.0.0.1"], "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (["10.0.0.1"], "10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.1", "10.1.1.1", "10.1.1.1"),
        (["10.0.0.1"], "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        (["10.0.0.1"], "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        (["10.0.0.1"], "10.0.0.1", "203.0.113.9, <script>", "10.0.0.1"),
        (["10.0.0.1"], "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (["::1"], "::1", "2001:DB8:0::1", "2001:db8::1"),
        (["unix"], "", "203.0.113.9", "203.0.113.9"),
        ([], "", "203.0.113.9", ""),
        ([], "rubbish", None, ""),
    ],
)
def test_the_header_is_believed_as_far_as_trusted_proxies_reach(
    trusted: list[str], peer: str, header: str | None, client: str
) -> None:
    assert ClientAddress(trusted)(peer, header) == client


def test_a_proxy_that_is_no_address_is_an_error_at_start() -> None:
    with pytest.raises(ValueError, match="nginx"):
        ClientAddress(["nginx"])


def through(request: HttpRequest, answer: Callable[[HttpRequest], HttpResponseBase] | None = None) -> HttpResponseBase:
    return Envelope(answer or (lambda _: HttpResponse(b"ok")), origins=[SHOP])(request)


def preflight(origin: str, path: str = "/graphql/") -> HttpResponseBase:
    return through(
        FACTORY.options(path, HTTP_ORIGIN=origin, HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST"),
        lambda _: HttpResponse(status=405),
    )


def test_a_preflight_is_answered_for_a_known_origin_only() -> None:
    allowed = preflight(SHOP)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == SHOP
    assert allowed.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert allowed.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, X-Request-Id"
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    for origin in ("https://shop.example.evil", "http://shop.example", "https://SHOP.example", "null", SHOP + "/"):
        refused = preflight(origin)
        assert refused.status_code == 405
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert refused.headers["Vary"] == "Origin"


def test_an_answer_names_a_known_origin_and_varies_by_it() -> None:
    known = through(FACTORY.post("/graphql/", HTTP_ORIGIN=SHOP))
    assert (known.headers["Access-Control-Allow-Origin"], known.headers["Vary"]) == (SHOP, "Origin")
    for request in (FACTORY.post("/graphql/"), FACTORY.post("/graphql/", HTTP_ORIGIN="https://evil.example")):
        other = through(request)
        assert "Access-Control-Allow-Origin" not in other.headers
        assert other.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in through(FACTORY.get("/admin/", HTTP_ORIGIN=SHOP)).headers


def test_without_origins_nothing_is_said_of_them() -> None:
    response = Envelope(lambda _: HttpResponse(), origins=())(FACTORY.post("/graphql/", HTTP_ORIGIN=SHOP))
    assert not [name for name in response.headers if name.startswith(("Access", "Vary"))]


def test_the_id_is_one_for_all_who_ask() -> None:
    seen = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(request_id(request))
        return HttpResponse()

    response = through(FACTORY.get("/graphql/"), answer)
    assert [response.headers["X-Request-Id"]] == seen


def test_alive_means_only_that_the_process_answers() -> None:
    response = healthz(FACTORY.get("/healthz"))
    assert (response.status_code, response.content) == (200, b'{"status":"ok"}')
    assert healthz(FACTORY.post("/healthz")).status_code == 405


def test_ready_means_that_every_check_passes() -> None:
    state: dict[str, Exception | None] = {"database": None, "keys": NotReady(), "migrations": ValueError("secret")}
    asked: list[str] = []

    def check(name: str) -> Callable[[], None]:
        def ask() -> None:
            asked.append(name)
            error = state[name]
            if error is not None:
                raise error

        return ask

    ready = Readiness(
        always={"database": check("database"), "keys": check("keys")},
        once={"migrations": check("migrations")},
        seconds=0,
    )
    response = ready(FACTORY.get("/readyz"))
    assert response.status_code == 503
    assert json.loads(response.content) == {
        "status": "unavailable",
        "checks": {"database": "ok", "keys": "unavailable", "migrations": "unavailable"},
    }
    state.update(keys=None, migrations=None)
    for _ in range(3):
        response = ready(FACTORY.get("/readyz"))
        assert (response.status_code, json.loads(response.content)["status"]) == (200, "ok")
    assert asked.count("migrations") == 2  # until it passed, and never again
    assert asked.count("database") == 4
    state["database"] = OSError()
    assert ready(FACTORY.get("/readyz")).status_code == 503
    assert ready(FACTORY.post("/readyz")).status_code == 405


def test_a_flood_of_probes_asks_the_database_once() -> None:
    asked: list[int] = []
    ready = Readiness(always={"database": lambda: asked.append(1)}, seconds=3_600)
    for _ in range(50):
        assert ready(FACTORY.get("/readyz")).status_code == 200
    assert asked == [1]


def line_of(error: BaseException | None = None, with_messages: bool = False, **values: Any) -> dict[str, Any]:
    info = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("bff.x", logging.ERROR, __file__, 1, "it %s", ("happened",), info)
    vars(record).update(fields(**values))
    text = JsonFormatter(with_messages).format(record)
    assert "\n" not in text
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_a_log_line_is_one_json_object() -> None:
    line = line_of(tenant="northwind", operation="place\nOrder", absent=None, odd=2**80, lone="\ud800")
    assert line["time"].endswith("Z")
    del line["time"]
    assert line == {
        "level": "ERROR",
        "logger": "bff.x",
        "message": "it happened",
        "tenant": "northwind",
        "operation": "place\nOrder",
        "odd": 2**80,
        "lone": "\ud800",
    }


def _fail() -> None:
    try:
        raise KeyError("hunter2")
    except KeyError as cause:
        raise ValueError("Failing row contains (hunter2)") from cause


def test_a_stack_is_told_without_what_the_exceptions_say() -> None:
    try:
        _fail()
    except ValueError:
        error = sys.exc_info()[1]
    line = line_of(error)
    # The lines of this file name the value; what must not is what the exceptions carried.
    assert [cause["type"] for cause in line["error"]] == ["builtins.ValueError", "builtins.KeyError"]
    assert all(cause.keys() == {"type", "stack"} for cause in line["error"])
    assert " _fail: " in line["error"][0]["stack"][-1]
    assert line_of(error, with_messages=True)["error"][0]["message"] == "Failing row contains (hunter2)"


def test_only_the_shipped_assets_are_served() -> None:
    for name in ("graphiql.min.js", "graphiql.min.css", "react.production.min.js", "start.js"):
        response = graphiql.asset(FACTORY.get(f"/graphiql/{name}"), name)
        assert response.status_code == 200
        assert len(response.content) > 100
    for name in ("../view.py", "LICENSE.react", "", "start.js/"):
        with pytest.raises(Http404):
            graphiql.asset(FACTORY.get("/graphiql/x"), name)


def test_the_page_asks_for_shipped_assets_only() -> None:
    for name in ("graphiql.min.css", "graphiql.min.js", "react.production.min.js", "react-dom.production.min.js"):
        assert f'"/graphiql/{name}"'.encode() in graphiql.page().content


def test_the_configuration_writes_json_and_leaves_paths_out() -> None:
    chosen = configuration(level="DEBUG")
    assert chosen["root"] == {"handlers": ["stderr"], "level": "DEBUG"}
    assert chosen["formatters"]["json"] == {"()": "bff.http.logs.JsonFormatter", "with_messages": False}
    assert chosen["loggers"]["django.request"] == {"level": "ERROR", "filters": ["stacks"]}


def test_of_djangos_lines_about_requests_only_those_with_a_stack_are_written() -> None:
    chosen = configuration()
    only_stacks = logging.config.DictConfigurator(chosen).configure_filter(chosen["filters"]["stacks"])
    unready = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "Service Unavailable: /readyz", (), None)
    assert not only_stacks.filter(unready)
    broken = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "x", (), (OSError, OSError(), None))
    assert only_stacks.filter(broken)
