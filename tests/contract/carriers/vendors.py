"""A carrier's server on this machine: it speaks the carrier's messages and can fail at any request in any way."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Fault(Enum):
    """What goes wrong with one request. AFTER: the carrier has done what it was asked, the answer is lost."""

    HANG = auto()
    HANG_AFTER = auto()
    DRIP_AFTER = auto()
    CUT = auto()
    CUT_AFTER = auto()
    RESET_AFTER = auto()
    HALF_AFTER = auto()
    HALF_CHUNKED_AFTER = auto()
    BUSY = auto()
    BROKEN = auto()
    BROKEN_AFTER = auto()
    DOWN = auto()
    REDIRECT = auto()
    HTML_AFTER = auto()
    NULL_AFTER = auto()
    OTHER_JSON_AFTER = auto()
    HUGE_AFTER = auto()

    @property
    def is_after(self) -> bool:
        return self.name.endswith("AFTER")


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    @property
    def steps(self) -> list[str]:
        return [unquote(step) for step in self.path.strip("/").split("/")]


@dataclass(frozen=True, slots=True)
class Told:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Vendor:
    """One carrier's server. `faults`: by the request's number, from 0; each is used once. `refusal` answers the
    request that would buy, where it is set. `labels` counts what was really bought."""

    NOT_FOUND = Told(404, {"error": {"code": "NOT_FOUND", "message": "Not found.", "errors": []}})

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.faults: dict[int, Fault] = {}
        self.refusal: Told | None = None
        self.labels = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def answer(self, asked: Asked) -> Told:
        """What the carrier does and says."""
        raise NotImplementedError

    def take(self, asked: Asked) -> tuple[Fault | None, Told | None]:
        """The fault that this request meets, and the answer, where the request was worked on."""
        with self._lock:
            fault = self.faults.pop(len(self.asked), None)
            self.asked.append(asked)
            told = self.answer(asked) if fault is None or fault.is_after else None
            return fault, told


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def log_message(self, *given: object) -> None:
            """Nothing."""

        def _serve(self) -> None:
            self.close_connection = True
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            asked = Asked(self.command, parts.path, query, headers, json.loads(body) if body else None)
            fault, told = vendor.take(asked)
            if fault is None and told is not None:
                self._tell(told.status, json.dumps(told.body).encode(), told.headers)
            elif fault is not None:
                try:
                    _FAULTS[fault](self, told)
                except OSError:
                    pass  # the client hung up, which is what it should do

        def _tell(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def hang(self, _: Told | None) -> None:
            vendor.closing.wait(20)

        def drip(self, told: Told | None) -> None:
            self.send_response(200)
            self.end_headers()
            while not vendor.closing.wait(0.05):
                self.wfile.write(b" ")
                self.wfile.flush()

        def cut(self, _: Told | None) -> None:
            self.connection.shutdown(socket.SHUT_RDWR)

        def reset(self, _: Told | None) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def half(self, told: Told | None) -> None:
            body = json.dumps(told.body if told else {}).encode()
            self.send_response(told.status if told else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])

        def half_chunked(self, told: Told | None) -> None:
            body = json.dumps(told.body if told else {}).encode()
            self.send_response(told.status if told else 200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(f"{len(body):x}\r\n".encode() + body[: len(body) // 2])

        def plain(self, status: int, body: bytes, **headers: str) -> None:
            self._tell(status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    html = b"<!doctype html><title>Sorry</title><p>We are improving things for you."
    _FAULTS: dict[Fault, Callable[[Handler, Told | None], None]] = {
        Fault.HANG: Handler.hang,
        Fault.HANG_AFTER: Handler.hang,
        Fault.DRIP_AFTER: Handler.drip,
        Fault.CUT: Handler.cut,
        Fault.CUT_AFTER: Handler.cut,
        Fault.RESET_AFTER: Handler.reset,
        Fault.HALF_AFTER: Handler.half,
        Fault.HALF_CHUNKED_AFTER: Handler.half_chunked,
        Fault.BUSY: lambda self, _: self.plain(429, b'{"message": "Too many requests"}', Retry_After="7"),
        Fault.BROKEN: lambda self, _: self.plain(500, b'{"error": "Internal Server Error"}'),
        Fault.BROKEN_AFTER: lambda self, _: self.plain(500, html, Content_Type="text/html"),
        Fault.DOWN: lambda self, _: self.plain(503, html, Content_Type="text/html", Retry_After="120"),
        Fault.REDIRECT: lambda self, _: self.plain(302, b"", Location="http://127.0.0.1:1/"),
        Fault.HTML_AFTER: lambda self, _: self.plain(200, html, Content_Type="text/html"),
        Fault.NULL_AFTER: lambda self, _: self.plain(200, b"null"),
        Fault.OTHER_JSON_AFTER: lambda self, _: self.plain(200, b'{"jsonrpc": "2.0", "results": {"a": [1]}}'),
        Fault.HUGE_AFTER: lambda self, _: self.plain(200, b'{"id": "' + b"x" * 1_000_001 + b'"}'),
    }
    return Handler
