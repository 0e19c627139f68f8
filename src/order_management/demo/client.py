"""A storefront's side of the API: GraphQL over HTTP on kept-alive connections, and work done over several of them."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from order_management.errors import CannotStart

T = TypeVar("T")

CONNECTIONS: Final = 4
_SECONDS_PER_ANSWER: Final = 30.0
_SECONDS_OF_PATIENCE: Final = 30.0  # as long as a killed server, worker or database takes to come back, and more
_PAUSE: Final = 0.1


class Stopped(Exception):
    """Somebody asked to stop."""


class Refused(CannotStart):
    """The server answers, but not with what was asked for."""


@dataclass(slots=True)
class Client:
    """One connection. What is sent must be safe to send twice: an answer may be lost with the connection."""

    host: str
    port: int
    token: str
    stop: threading.Event
    _connection: http.client.HTTPConnection | None = None

    def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer's `data`. Tries again while the server may be coming back.

        Raises Refused for a top-level error, CannotStart when nobody serves for long, Stopped.
        """
        body = json.dumps({"query": document, "variables": variables}).encode()
        deadline = time.monotonic() + _SECONDS_OF_PATIENCE
        while True:
            try:
                status, answer = self._try(body)
                errors = answer.get("errors")
                if not errors:
                    data: dict[str, Any] = answer["data"]
                    return data
                said = f"{status}, {errors[0]['message']}"
                if errors[0]["extensions"]["code"] != "INTERNAL":  # so says a request that lost its database
                    raise Refused(f"the server answers {said}")
            except (OSError, http.client.HTTPException) as error:
                said = str(error) or type(error).__name__
                self.close()
            except (ValueError, KeyError, TypeError, AttributeError):
                raise Refused(f"what listens on {self.host}:{self.port} is not this server") from None
            if time.monotonic() > deadline:
                raise CannotStart(f"the server on {self.host}:{self.port} does not serve ({said}); its log says why")
            if self.stop.wait(_PAUSE):
                raise Stopped

    def _try(self, body: bytes) -> tuple[int, dict[str, Any]]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS_PER_ANSWER)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json",
        }
        self._connection.request("POST", "/graphql/", body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status == 503:
            raise http.client.HTTPException("503")
        return response.status, json.loads(content)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True, slots=True)
class Storefront:
    """A shop of one tenant, which talks over several connections at once."""

    host: str
    port: int
    token: str
    stop: threading.Event

    def over_connections(
        self, work: Callable[[Client, T], None], things: Sequence[T], meanwhile: Callable[[int], None]
    ) -> None:
        """Do `work` for each thing; `meanwhile(done)` is called about twenty times a second.

        The first failure ends it and is raised; Stopped where `stop` was set before all was done.
        """
        clients: list[Client] = []
        here = threading.local()

        def begin() -> None:
            here.client = Client(self.host, self.port, self.token, self.stop)
            clients.append(here.client)

        def one(thing: T) -> None:
            if self.stop.is_set():
                raise Stopped
            work(here.client, thing)

        try:
            with ThreadPoolExecutor(CONNECTIONS, "storefront", begin) as pool:
                left = {pool.submit(one, thing) for thing in things}
                try:
                    while left:
                        done, left = wait(left, timeout=0.05, return_when=FIRST_EXCEPTION)
                        for future in done:
                            future.result()
                        meanwhile(len(things) - len(left))
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)
        finally:
            for client in clients:
                client.close()
