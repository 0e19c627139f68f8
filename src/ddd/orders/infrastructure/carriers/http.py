"""Talking to a carrier, and nothing else.

Only https, only to origins that the adapter or the operator names, no redirects, no proxies from the environment; 3 s
to connect, 10 s for the whole exchange, 1 MB of answer. The standard library's client and not a package: those bound
each single read, so that an answer that drips is never over, and nothing else of theirs is needed here.

An origin that the operator names himself may be http and on the own network: that is how tests and mock servers are
reached.
"""

import http.client
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TypeVar
from urllib.parse import urlsplit

import orjson

from ddd.orders.application.carriers import CarrierRefused, CarrierUnavailable

CONNECT_SECONDS, TOTAL_SECONDS, MAX_BODY = 3.0, 10.0, 1_000_000
#: What was sent may still be at work: nothing is looked for sooner.
PAUSE_AFTER_DOUBT = 60
MAX_PAUSE = 3_600
_PORTS = {"http": 80, "https": 443}
_WAIT = frozenset({408, 425, 429})

T = TypeVar("T")
_log = logging.getLogger(__name__)


class CallFailed(Exception):
    """The call ends here, with this outcome. Never leaves an adapter: see `answered`."""

    def __init__(self, outcome: CarrierRefused | CarrierUnavailable) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class Misconfigured(Exception):
    """The account cannot work; the message is for the tenant's admin, `field` is the account's field at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def answered(act: Callable[[], T]) -> T | CarrierRefused | CarrierUnavailable:
    """What `act` returns, or the outcome that ended it."""
    try:
        return act()
    except CallFailed as ended:
        return ended.outcome


def refused(reason: str, *, final: bool) -> CallFailed:
    return CallFailed(CarrierRefused(reason, final))


def unavailable(reason: str, retry_after: int | None = PAUSE_AFTER_DOUBT) -> CallFailed:
    return CallFailed(CarrierUnavailable(reason, retry_after))


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def origin_of(url: str) -> str | None:
    """`scheme://host:port` of an address that is nothing but an origin, the default port written out; else None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
    if not bare or parts.scheme not in _PORTS or not parts.hostname or port == 0 or not url.isascii():
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port or _PORTS[parts.scheme]}"


class Http:
    """Calls to carriers. Safe for threads. `origins`: those that the operator adds to the ones adapters know."""

    def __init__(
        self,
        origins: Iterable[str] = (),
        *,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._origins = frozenset(filter(None, map(origin_of, origins)))
        self._connect_seconds, self._total_seconds = connect_seconds, total_seconds
        self._wall = wall

    def origin(self, given: str | None, known: Collection[str]) -> str:
        """The origin to call, the adapter's first where none is given. Raises Misconfigured for an unknown one."""
        asked = origin_of(next(iter(known)) if given is None else given)
        if asked is None or asked not in {*map(origin_of, known), *self._origins}:
            raise Misconfigured("base_url", "The base URL is none that this carrier is known under.")
        return asked

    def send(
        self, method: str, origin: str, target: str, headers: Mapping[str, str], body: object | None = None
    ) -> Reply:
        """The carrier's whole answer, whatever its status. Raises CallFailed where there is none."""
        parts = urlsplit(origin)
        payload = None if body is None else orjson.dumps(body)
        line = (method, target, {**headers, "Accept": "application/json", "User-Agent": "order-management"})
        deadline = time.monotonic() + self._total_seconds
        connected: socket.socket | None = None
        # An answer that drips keeps every single read below its timeout: the whole exchange gets an alarm of its own.
        alarm = threading.Timer(self._total_seconds, lambda: _hang_up(connected))
        alarm.daemon = True
        alarm.start()
        try:
            connected = self._connect(parts.hostname or "", parts.port or 0)
            connected.settimeout(self._total_seconds)
            if parts.scheme == "https":
                # Wrapped first and shaken hands with afterwards, so that the alarm reaches a handshake that drips too.
                connected = _tls().wrap_socket(connected, server_hostname=parts.hostname, do_handshake_on_connect=False)
                connected.do_handshake()
            reply = _exchange(connected, parts.netloc, line, payload)
        except ssl.SSLCertVerificationError as error:
            raise unavailable("The carrier's certificate is not valid.", None) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise unavailable("The carrier took too long.") from error
            raise unavailable(f"The carrier did not answer ({type(error).__name__}).") from error
        finally:
            alarm.cancel()
            if connected is not None:
                connected.close()
        if time.monotonic() >= deadline:
            raise unavailable("The carrier took too long.")  # what had no length, when the alarm cut it off
        _log.debug("%s %s: %d", method, parts.hostname, reply.status)
        return reply

    def settle(self, reply: Reply) -> Reply:
        """The reply, where it is the carrier's word on what was asked. Raises CallFailed for one that is not: busy,
        broken, elsewhere, or a matter of the account."""
        status = reply.status
        if status in _WAIT or status >= 500:
            pause = self._pause(reply.headers)
            raise unavailable(f"The carrier answered {status}.", PAUSE_AFTER_DOUBT if pause is None else pause)
        if status in (401, 403):
            raise refused(f"The carrier refused the account's credentials ({status}).", final=False)
        if status == 402:
            raise refused("The carrier asks for payment: the account's balance does not suffice.", final=False)
        if status < 200 or 300 <= status < 400:
            raise unavailable(f"The carrier answered {status}, which is no answer.")
        return reply

    def _pause(self, headers: Mapping[str, str]) -> int | None:
        """Retry-After in seconds, given as such or as a date (RFC 9110 §10.2.3); at most an hour."""
        text = (headers.get("retry-after") or headers.get("x-retry-after") or "").strip()
        if not text:
            return None
        if text.isascii() and text.isdigit():
            seconds = int(text[:9])
        else:
            try:
                seconds = int(parsedate_to_datetime(text).timestamp() - self._wall()) + 1
            except (ValueError, OverflowError):
                return None
        return min(max(seconds, 1), MAX_PAUSE)

    def _connect(self, host: str, port: int) -> socket.socket:
        """A connection to the first of the host's addresses that answers, within the seconds for connecting."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))[:4]
        failure: OSError = OSError("no address")
        for address in addresses:
            try:
                return socket.create_connection((address, port), timeout=self._connect_seconds / len(addresses))
            except OSError as error:
                failure = error
        raise failure


@cache
def _tls() -> ssl.SSLContext:
    """Certificates and names are checked against the machine's authorities, which take a while to read."""
    return ssl.create_default_context()


def _exchange(
    connected: socket.socket, host: str, line: tuple[str, str, Mapping[str, str]], payload: bytes | None
) -> Reply:
    method, target, headers = line
    connection = http.client.HTTPConnection("carrier")
    connection.sock = connected
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", host)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Connection", "close")
    if payload is not None:
        connection.putheader("Content-Type", "application/json")
    if payload is not None or method in ("POST", "PUT"):
        connection.putheader("Content-Length", str(len(payload or b"")))
    connection.endheaders(payload)
    with connection.getresponse() as response:
        body = response.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise http.client.HTTPException("too large")
        # read(n) passes over a Content-Length that the body does not reach.
        if response.length:
            raise http.client.IncompleteRead(b"")
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


def _hang_up(connected: socket.socket | None) -> None:
    if connected is None:
        return
    try:
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # below TLS: no farewell is waited for
    except OSError:
        pass  # it is closed already
