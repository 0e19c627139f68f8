"""Fetching an issuer's key set, and nothing else.

The addresses come from the operator and from the issuer's discovery document, never from a token. Even so: https only,
no redirects, public addresses only (the name is resolved once and the connection goes to what was checked, so that a
name cannot answer twice), 512 kB and 3 s in all. An origin that the development setting names is free of the first and
third rule: an identity provider on the own network is named there too.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from bff.auth.strict import Malformed, read_object

MAX_BODY = 512_000
TIMEOUT = 3.0
DISCOVERY_LIFETIME = 300.0
MAX_DISCOVERIES = 1_000
_PORTS = {"http": 80, "https": 443}


class FetchFailed(Exception):
    """The issuer gave no answer that could be used. `last_known`: its last one, where somebody kept it."""

    def __init__(self, reason: str, last_known: bytes | None = None) -> None:
        super().__init__(reason)
        self.last_known = last_known


class KeySetFetcher(Protocol):
    """Where a key set comes from."""

    def __call__(self, issuer: str, jwks_url: str | None) -> bytes:
        """The JWK Set's bytes, as the issuer has it now. `jwks_url` None: by discovery. Raises FetchFailed."""
        ...


def origin_of(url: str) -> str:
    """`scheme://host:port` of the URL, the default port written out. Raises FetchFailed where there is none."""
    parts = _split(url)
    return f"{parts.scheme}://{_host(parts)}:{parts.port or _PORTS[parts.scheme]}"


class HttpFetcher:
    """A KeySetFetcher over HTTP. `dev_origins`: the origins that may be http, loopback or private."""

    def __init__(self, dev_origins: Iterable[str] = (), *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._dev_origins = frozenset(origin_of(origin) for origin in dev_origins)
        self._monotonic = monotonic
        self._discovered: dict[str, tuple[str, float]] = {}
        self._tls = ssl.create_default_context()

    def __call__(self, issuer: str, jwks_url: str | None) -> bytes:
        if jwks_url is not None:
            return self.get(jwks_url)
        known = self._discovered.get(issuer)
        if known is not None and self._monotonic() - known[1] < DISCOVERY_LIFETIME:
            try:
                return self.get(known[0])
            except FetchFailed:
                self._discovered.pop(issuer, None)
        found = self._discover(issuer)
        body = self.get(found)
        if len(self._discovered) >= MAX_DISCOVERIES:
            self._discovered.clear()
        self._discovered[issuer] = (found, self._monotonic())
        return body

    def _discover(self, issuer: str) -> str:
        """The issuer's `jwks_uri` (OpenID Connect Discovery 1.0 §4), if its `issuer` is this one exactly (§4.3)."""
        try:
            document = read_object(self.get(issuer.removesuffix("/") + "/.well-known/openid-configuration"))
        except Malformed as error:
            raise FetchFailed("discovery: not a JSON object") from error
        if document.get("issuer") != issuer:
            raise FetchFailed("discovery: another issuer")
        address = document.get("jwks_uri")
        if not isinstance(address, str):
            raise FetchFailed("discovery: no jwks_uri")
        return address

    def get(self, url: str) -> bytes:
        """The body of a 200 answer. Raises FetchFailed for everything else, redirects too, after 3 s at most."""
        parts = _split(url)
        named = origin_of(url) in self._dev_origins
        if parts.scheme != "https" and not named:
            raise FetchFailed("only https")
        port = parts.port or _PORTS[parts.scheme]
        started = time.monotonic()
        connected: socket.socket | None = None
        # A body that drips keeps every single read below its timeout: the whole exchange gets an alarm of its own.
        alarm = threading.Timer(TIMEOUT, lambda: _hang_up(connected))
        alarm.daemon = True
        try:
            connected = _connect(_host(parts), port, anywhere=named)
            alarm.start()
            if parts.scheme == "https":
                # Wrapped first and shaken hands with afterwards, so that the alarm reaches a handshake that drips too.
                connected = self._tls.wrap_socket(
                    connected, server_hostname=_host(parts), do_handshake_on_connect=False
                )
                connected.do_handshake()
            body = _exchange(connected, parts, port)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchFailed(f"{type(error).__name__} from {parts.hostname}") from error
        finally:
            alarm.cancel()
            if connected is not None:
                connected.close()
        if time.monotonic() - started >= TIMEOUT:
            raise FetchFailed("too slow")  # what a body without a length held when the alarm cut it off
        return body


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError as error:
        raise FetchFailed("not a URL") from error
    if not usable or not url.isascii() or any(character <= " " for character in url):
        raise FetchFailed("not a URL")
    return parts


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").lower()


def _connect(host: str, port: int, *, anywhere: bool) -> socket.socket:
    """A connection to the first of the host's addresses that answers, all of them public unless `anywhere`."""
    addresses = list(dict.fromkeys(found[4][0] for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    if not anywhere and not all(is_public(str(address)) for address in addresses):
        raise FetchFailed("not a public address")
    failure: OSError = OSError("no address")
    for address in addresses[:4]:
        try:
            return socket.create_connection((str(address), port), timeout=TIMEOUT / min(len(addresses), 4))
        except OSError as error:
            failure = error
    raise failure


def is_public(address: str) -> bool:
    """Whether the address is one of the public internet: not loopback, link-local (where clouds keep their metadata),
    private, shared, reserved or multicast, and no IPv6 wrapping of such a one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast


def _exchange(connected: socket.socket, parts: SplitResult, port: int) -> bytes:
    connected.settimeout(TIMEOUT)
    connection = http.client.HTTPConnection(_host(parts), port)
    connection.sock = connected
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", parts.netloc)
    connection.putheader("Accept", "application/json, application/jwk-set+json")
    connection.putheader("User-Agent", "order-management")
    connection.putheader("Connection", "close")
    connection.endheaders()
    with connection.getresponse() as response:
        if response.status != 200:
            raise FetchFailed(f"status {response.status}")
        body = response.read(MAX_BODY + 1)
        # read(n) passes over a Content-Length that the body does not reach: a cut set must not withdraw keys.
        if response.length:
            raise FetchFailed("cut short" if len(body) <= MAX_BODY else "too large")
        if len(body) > MAX_BODY:
            raise FetchFailed("too large")
    return body


def _hang_up(connected: socket.socket | None) -> None:
    if connected is None:
        return
    try:
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # below TLS: no farewell is waited for
    except OSError:
        pass  # it is closed already
