"""Access tokens that carriers hand out for a while, kept in memory only."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

MOST = 1_000


class _Kept(NamedTuple):
    token: str
    until: float


class Tokens:
    """Tokens by what they were asked with. Safe for threads; two that ask at once may both fetch."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ...], _Kept] = {}

    def get(self, key: tuple[str, ...], fetch: Callable[[], tuple[str, float]]) -> str:
        """The kept token, else a new one; `fetch` gives the token and the seconds it may be used."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and self._monotonic() < kept.until:
            return kept.token
        token, seconds = fetch()
        with self._lock:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = _Kept(token, self._monotonic() + seconds)
        return token

    def forget(self, key: tuple[str, ...]) -> None:
        """The carrier does not take it any more."""
        with self._lock:
            self._kept.pop(key, None)
