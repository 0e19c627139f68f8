"""A network between psycopg and PostgreSQL that can be cut at a point of the protocol."""

import socket
import threading
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import Any

#: "ReadyForQuery, idle": the server has ended the transaction (PostgreSQL documentation, 54.7 Message Formats).
_READY_AND_IDLE = b"Z\x00\x00\x00\x05I"
#: Opens the round trip that commits.
_COMMITS = b"INSERT INTO idempotency "
_SYNC = b"S\x00\x00\x00\x04"


class Cut(Enum):
    """Where the next connection that commits is cut."""

    BEFORE_COMMIT = auto()  # the server never hears of it
    AFTER_COMMIT = auto()  # it has committed; the client never hears of it
    WITH_COMMIT = auto()  # it has everything and is still at work when the client is cut off


class Proxy:
    """Listens on a socket folder of its own for PostgreSQL's clients and passes all through, until told to cut.

    `cuts` are used up one by one by the connections that commit. That is known by the Parse message of the idempotency
    row's INSERT, so a cut takes effect on a connection's first one. `refusals`: how many connections are closed as
    soon as they are made.
    """

    def __init__(self, folder: Path, target: str) -> None:
        self.folder, self._target = folder, target
        self.cuts: list[Cut] = []
        self.refusals = 0
        self.was_cut = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen(64)
        self._sockets: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        for each in self._sockets:
            _end(each)
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: Callable[..., None], *given: Any) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refusals:
                self.refusals -= 1
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            self._sockets += [client, server]
            state: dict[str, Cut | None] = {"cut": None}
            self._start(self._to_server, client, server, state)
            self._start(self._to_client, client, server, state)

    def _to_server(self, client: socket.socket, server: socket.socket, state: dict[str, Cut | None]) -> None:
        try:
            while data := client.recv(1 << 16):
                if self.cuts and _COMMITS in data:
                    state["cut"] = cut = self.cuts.pop(0)
                    if cut is Cut.BEFORE_COMMIT:
                        break
                server.sendall(data)
                if state["cut"] is Cut.WITH_COMMIT and _SYNC in data:
                    break
        except OSError:
            pass
        _end(client)
        if state["cut"] is Cut.WITH_COMMIT:
            self.was_cut.set()
            return  # the server's side stays: it does not learn that nobody listens
        _end(server)
        self.was_cut.set()

    def _to_client(self, client: socket.socket, server: socket.socket, state: dict[str, Cut | None]) -> None:
        heard = b""
        try:
            while data := server.recv(1 << 16):
                if state["cut"] is None:
                    client.sendall(data)
                    continue
                heard += data
                if _READY_AND_IDLE in heard:
                    break
        except OSError:
            pass
        _end(client)
        _end(server)
        self.was_cut.set()


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()
