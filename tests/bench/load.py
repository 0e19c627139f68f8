"""The load: keep-alive connections, request bytes made beforehand, one thread; about 20 µs of CPU a request.

An idempotency key is patched into each `placeOrder`; every answer is read to its end and must be free of errors.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from tests.bench.worker import serve

KEY = "k" * 24  # stands in a body until it is sent


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.answer = b""
        self.length = -1

    def send(self, request: bytes) -> None:
        self.answer, self.length = b"", -1
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Read what is there; is the answer whole?"""
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise RuntimeError("the server closed the connection")
        self.answer = self.answer + chunk if self.answer else chunk
        if self.length < 0:
            head = self.answer.find(b"\r\n\r\n")
            if head < 0:
                return False
            at = self.answer.lower().index(b"content-length:", 0, head) + 15
            self.length = head + 4 + int(self.answer[at : self.answer.index(b"\r\n", at)])
        return len(self.answer) >= self.length

    def ask(self, request: bytes) -> bytes:
        """One request and its whole answer."""
        self.send(request)
        while not self.receive():
            pass
        return self.answer


class Load:
    """What one measuring process knows: the server, and requests by name."""

    def __init__(self, port: int, token: str, orders: Sequence[str]) -> None:
        self._port = port
        self._head = (
            f"POST /graphql/ HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\n"
        )
        self._orders = [tuple(part for part in self._request(body).split(KEY.encode())) for body in orders]
        self._next = 0
        self._run = f"{time.time_ns():x}"[-12:]

    def _request(self, body: str) -> bytes:
        plain = body.encode()
        return f"{self._head}Content-Length: {len(plain)}\r\n\r\n".encode() + plain

    def _order(self) -> bytes:
        self._next += 1
        before, after = self._orders[self._next % len(self._orders)]
        return before + f"{self._run}{self._next:012}".encode() + after

    def place(self, connections: int, seconds: float) -> dict[str, Any]:
        """Place orders for so long; orders answered in time, latencies in seconds, own CPU in seconds."""
        selector = selectors.DefaultSelector()
        opened = [Connection(self._port) for _ in range(connections)]
        latencies: list[float] = []
        ids: deque[str] = deque(maxlen=200)
        cpu, began = time.process_time(), time.perf_counter()
        deadline, in_time, waiting = began + seconds, 0, 0
        for each in opened:
            selector.register(each.socket, selectors.EVENT_READ, each)
            each.send(self._order())
            waiting += 1
        while waiting:
            for key, _ in selector.select():
                each = key.data
                if not each.receive():
                    continue
                now = time.perf_counter()
                latencies.append(now - each.sent_at)
                if b'"errors":[],' not in each.answer:
                    raise RuntimeError(f"an order was not taken: {each.answer[:2000]!r}")
                if now <= deadline:
                    in_time += 1
                    at = each.answer.index(b'"id":"') + 6
                    ids.append(each.answer[at : at + 36].decode())
                    each.send(self._order())
                else:
                    waiting -= 1
        took = time.process_time() - cpu
        for each in opened:
            each.socket.close()
        selector.close()
        latencies.sort()
        return {
            "orders": len(latencies),
            "per_second": in_time / seconds,
            "cpu": took,
            "p50": latencies[len(latencies) // 2],
            "p99": latencies[len(latencies) * 99 // 100],
            "ids": list(ids),
        }

    def read(self, bodies: Sequence[str], times: int) -> dict[str, Any]:
        """Ask one after the other on one connection; the median latency in seconds."""
        requests = [self._request(body) for body in bodies]
        connection = Connection(self._port)
        latencies = []
        for number in range(times):
            answer = connection.ask(requests[number % len(requests)])
            latencies.append(time.perf_counter() - connection.sent_at)
            if b'"errors"' in answer or b'":null' in answer[:400]:
                raise RuntimeError(f"not answered: {answer[:2000]!r}")
        connection.socket.close()
        latencies.sort()
        return {"p50": latencies[times // 2], "bytes": len(answer)}


def _setup(**given: Any) -> Any:
    load = Load(**given)

    def answer(act: str, **arguments: Any) -> dict[str, Any]:
        found: dict[str, Any] = getattr(load, act)(**arguments)
        return found

    return answer


if __name__ == "__main__":
    serve(_setup)
