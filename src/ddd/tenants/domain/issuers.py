"""Addresses of identity providers: which ones may be trusted at all."""

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from ddd.shared.domain.text import fault_of

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]", re.ASCII)


def address_fault(url: str, development_origins: Collection[str], *, issuer: bool) -> str | None:
    """What is wrong with the address of an issuer or of its key set, as a sentence, or None.

    https only, and not this machine, unless a development setting names the origin. An issuer's address has neither
    query nor fragment (OpenID Connect Discovery 1.0 §3); neither address holds a name and password (RFC 3986 §3.2.1).
    """
    fault = fault_of(url, required=True)
    if fault is not None:
        return fault
    parts = _split(url)
    if parts is None:
        return "is no address; write it as https://login.example.com"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password"
    if "#" in url or (issuer and "?" in url):
        return "must not have a query or fragment" if issuer else "must not have a fragment"
    if _origin(parts) in {_origin(named) for origin in development_origins if (named := _split(origin))}:
        return None
    if parts.scheme != "https":
        return "must be https (http only where DEV_ISSUERS names the origin)"
    if _is_loopback(parts.hostname or ""):
        return "is this machine (allowed only where DEV_ISSUERS names the origin)"
    return None


def _split(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) address in ASCII without blanks, or None."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    if port is not None:
        host = host.rpartition(":")[0]
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or port == 0:
        return None
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    """RFC 6454 §4: scheme, host, port; the default port written out."""
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]


def _is_loopback(host: str) -> bool:
    """This machine, however written: a name (RFC 6761 §6.3), IPv4 in any form of inet_aton, IPv6, mapped, 0.0.0.0."""
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    try:
        address = ipaddress.IPv4Address(socket.inet_aton(name))
    except OSError:
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified
