"""Where a request came from, for the audit."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

#: The name, among trusted proxies, of a peer on a unix socket: it has no address.
UNIX = "unix"


class ClientAddress:
    """Tells the client's address from the peer's and `X-Forwarded-For`.

    The header is believed only as far as the chain of trusted proxies reaches: read from its end, the first address
    that is no trusted proxy is the client. What a client writes into the header itself stands further left, unread.
    Raises ValueError for a trusted proxy that is no address or network.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        names = [name.strip() for name in trusted if name.strip()]
        self._trust_unix = UNIX in names
        self._networks: tuple[_Network, ...] = tuple(ip_network(name, strict=False) for name in names if name != UNIX)
        self._trusts = lru_cache(maxsize=256)(self._is_trusted)

    def __call__(self, peer: str, forwarded_for: str | None) -> str:
        """The client's address as text; empty where nobody knows it (a unix socket without a header)."""
        if forwarded_for is None or not self._trusts(peer):
            return _shown(peer)
        found = peer
        for hop in reversed(forwarded_for.split(",")):
            address = _parse(hop.strip())
            if address is None:
                break
            found = str(address)
            if not self._trusts(found):
                break
        return _shown(found)

    def _is_trusted(self, text: str) -> bool:
        address = _parse(text)
        if address is None:
            return self._trust_unix and not text
        return any(address in network for network in self._networks)


@lru_cache(maxsize=1_024)
def _shown(text: str) -> str:
    address = _parse(text)
    return "" if address is None else str(address)


def _parse(text: str) -> _Address | None:
    """An address, also with a port or brackets around it as some proxies write; IPv4 in IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
