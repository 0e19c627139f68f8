"""The demo's HTTP client against real sockets: what it tries again, what it refuses, and when it gives up."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from order_management.demo import client as client_module
from order_management.demo.client import CONNECTIONS, Client, Refused, Stopped, Storefront
from order_management.demo.replay import mutate
from order_management.errors import CannotStart

Answer = tuple[int, bytes] | None  # None: the connection is closed without an answer
INTERNAL = (500, b'{"errors": [{"message": "Internal error.", "extensions": {"code": "INTERNAL"}}]}')


class Server:
    """Answers what `answer` says, by turn."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.ports: set[int] = set()
        self.answer: Callable[[int], Answer] = lambda turn: (200, b'{"data": {"turn": %d}}' % turn)
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.requests.append(
                    {"path": self.path, "token": self.headers["Authorization"], "body": json.loads(body)}
                )
                server.ports.add(self.client_address[1])
                answer = server.answer(len(server.requests))
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.http.shutdown()
    running.thread.join()
    running.http.server_close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client("127.0.0.1", server.port, "secret", threading.Event())
    yield made
    made.close()


def test_requests_share_one_connection_and_carry_the_token(server: Server, client: Client) -> None:
    assert client.execute("{ turn }", {"a": 1}) == {"turn": 1}
    assert client.execute("{ turn }", {}) == {"turn": 2}
    assert server.requests[0] == {
        "path": "/graphql/",
        "token": "Bearer secret",
        "body": {"query": "{ turn }", "variables": {"a": 1}},
    }
    assert len(server.ports) == 1


@pytest.mark.parametrize("lost", [None, (503, b"busy"), INTERNAL])
def test_a_request_without_an_answer_is_sent_again(server: Server, client: Client, lost: Answer) -> None:
    server.answer = lambda turn: lost if turn < 3 else (200, b'{"data": {}}')
    assert client.execute("{ turn }", {"a": 1}) == {}
    assert [request["body"]["variables"] for request in server.requests] == [{"a": 1}] * 3


def test_a_server_that_stays_away_is_one_line(server: Server, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_SECONDS_OF_PATIENCE", 0.0)
    server.answer = lambda turn: INTERNAL
    with pytest.raises(CannotStart) as raised:
        client.execute("{ turn }", {})
    assert str(raised.value) == (
        f"the server on 127.0.0.1:{server.port} does not serve (500, Internal error.); its log says why"
    )


def test_waiting_for_the_server_ends_when_somebody_stops(server: Server, client: Client) -> None:
    client.stop.set()
    server.answer = lambda turn: None
    with pytest.raises(Stopped):
        client.execute("{ turn }", {})


def test_a_top_level_error_is_refused_at_once(server: Server, client: Client) -> None:
    server.answer = lambda turn: (
        403,
        b'{"errors": [{"message": "The tenant is suspended.", "extensions": {"code": "TENANT_SUSPENDED"}}]}',
    )
    with pytest.raises(Refused) as raised:
        client.execute("{ turn }", {})
    assert str(raised.value) == "the server answers 403, The tenant is suspended."
    assert len(server.requests) == 1


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"{}", b'{"errors": [{}]}'])
def test_another_server_on_the_port_is_recognised(server: Server, client: Client, content: bytes) -> None:
    server.answer = lambda turn: (200, content)
    with pytest.raises(Refused) as raised:
        client.execute("{ turn }", {})
    assert str(raised.value) == f"what listens on 127.0.0.1:{server.port} is not this server"


def test_a_refusal_is_one_line_unless_it_says_that_the_thing_is_there(server: Server, client: Client) -> None:
    error = {"code": "OUT_OF_STOCK", "message": "Too few.", "field": ["lines", "0", "quantity"]}
    payload = {"order": None, "replayed": False, "errors": [error]}
    server.answer = lambda turn: (200, json.dumps({"data": {"placeOrder": payload}}).encode())
    with pytest.raises(Refused) as raised:
        mutate(client, "mutation", {"externalRef": "10248"})
    assert str(raised.value) == "placeOrder of 10248 is refused: OUT_OF_STOCK at lines.0.quantity: Too few."
    assert mutate(client, "mutation", {}, there={"OUT_OF_STOCK"}) == payload


def test_all_is_done_once_over_several_connections(server: Server) -> None:
    storefront = Storefront("127.0.0.1", server.port, "secret", threading.Event())
    together = threading.Barrier(CONNECTIONS)  # passed only when all connections work at once
    progress: list[int] = []

    def work(client: Client, thing: int) -> None:
        if thing < CONNECTIONS:
            together.wait(10)
        client.execute("{ turn }", {"thing": thing})

    storefront.over_connections(work, range(20), progress.append)
    assert sorted(request["body"]["variables"]["thing"] for request in server.requests) == list(range(20))
    assert len(server.ports) == CONNECTIONS
    assert progress[-1] == 20


def test_the_first_failure_ends_the_work(server: Server) -> None:
    storefront = Storefront("127.0.0.1", server.port, "secret", threading.Event())
    done: list[int] = []

    def work(client: Client, thing: int) -> None:
        client.execute("{ turn }", {})
        if thing == 3:
            raise Refused("no")
        done.append(thing)

    with pytest.raises(Refused, match="no"):
        storefront.over_connections(work, range(2_000), lambda _: None)
    assert len(done) < 1_999


def test_a_stop_ends_the_work(server: Server) -> None:
    stop = threading.Event()
    storefront = Storefront("127.0.0.1", server.port, "secret", stop)

    def work(client: Client, thing: int) -> None:
        client.execute("{ turn }", {})
        if thing == 3:
            stop.set()

    with pytest.raises(Stopped):
        storefront.over_connections(work, range(2_000), lambda _: None)
    assert len(server.requests) < 2_000
