"""The issuers' keys, remembered.

    below 20 s old    used as they are
    20 to 60 s        used; a refresh starts behind them
    above 60 s        a refresh comes first, waited for 1 s at most: a withdrawn key is refused after 90 s
    unknown key       one fetch a second per issuer, whoever asks; the others wait for the one in flight
    issuer silent     the last keys stay good; it is asked again every 5 s and nobody waits for it

`PyJWKClient` refuses a rotated key for up to 30 s and takes keys marked `use: enc`, hence this one. Fetches run on
threads of their own: an issuer that hangs costs a thread, not a request.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

from bff.auth.fetch import FetchFailed, KeySetFetcher
from bff.auth.jwk import VerificationKey, read_key_set
from bff.auth.strict import Malformed

SOFT_AGE, HARD_AGE = 20.0, 60.0
UNKNOWN_KEY_INTERVAL = 1.0
RETRY_AFTER_FAILURE = 5.0
PATIENCE = 3.0
PATIENCE_WITH_KEYS = 1.0
PATIENCE_AFTER_FAILURE = 0.3
MAX_ISSUERS = 1_000

_log = logging.getLogger(__name__)


class KeySource(Protocol):
    """The keys of one issuer."""

    def keys(self) -> Sequence[VerificationKey]:
        """The keys as far as they are known, fresh enough for the 90 s rule."""
        ...

    def renewed(self, seen: Sequence[VerificationKey]) -> Sequence[VerificationKey] | None:
        """For a signature that no key of `seen` verifies: newer keys, or None where there are none to be had now."""
        ...


class CachedKeys:
    """A KeySource that fetches. Safe for threads; one fetch at a time."""

    def __init__(
        self,
        fetch: Callable[[], bytes],
        monotonic: Callable[[], float] = time.monotonic,
        interval: float = UNKNOWN_KEY_INTERVAL,
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._interval = interval
        self._lock = threading.Lock()
        self._keys: tuple[VerificationKey, ...] = ()
        self._answered_at: float | None = None
        self._failed_at: float | None = None
        self._asked_for_unknown_at: float | None = None
        self._flight: _Flight | None = None

    def keys(self) -> Sequence[VerificationKey]:
        now = self._monotonic()
        answered_at = self._answered_at
        if answered_at is not None and now - answered_at <= SOFT_AGE:
            return self._keys
        with self._lock:
            age = None if self._answered_at is None else now - self._answered_at
            failing = self._failed_at is not None
            if failing and self._failed_at is not None and now - self._failed_at < self._pause(age):
                return self._keys
            flight = self._start()
        if age is None:
            flight.wait(PATIENCE_AFTER_FAILURE if failing else PATIENCE)
        elif age > HARD_AGE and not failing:
            flight.wait(PATIENCE_WITH_KEYS)
        return self._keys

    def renewed(self, seen: Sequence[VerificationKey]) -> Sequence[VerificationKey] | None:
        now = self._monotonic()
        with self._lock:
            if self._keys is not seen:
                return self._keys
            flight = self._flight
            if flight is None:
                last = self._asked_for_unknown_at
                if last is not None and now - last < self._interval:
                    return None
                self._asked_for_unknown_at = now
                flight = self._start()
            failing = self._failed_at is not None
        flight.wait(PATIENCE_AFTER_FAILURE if failing else PATIENCE)
        return None if self._keys is seen else self._keys

    @staticmethod
    def _pause(age: float | None) -> float:
        """How long after a failure the next try waits: with nothing to work with, no longer than for an unknown key."""
        return UNKNOWN_KEY_INTERVAL if age is None else RETRY_AFTER_FAILURE

    def _start(self) -> "_Flight":
        """The fetch in flight; a new one where there is none. Call with the lock held."""
        if self._flight is None:
            self._flight = _Flight()
            if self._answered_at is None:
                self._asked_for_unknown_at = self._monotonic()
            threading.Thread(target=self._fly, args=(self._flight,), name="jwks", daemon=True).start()
        return self._flight

    def _fly(self, flight: "_Flight") -> None:
        fresh: tuple[VerificationKey, ...] | None = None
        last_known: tuple[VerificationKey, ...] = ()
        asked_at = self._monotonic()
        try:
            fresh = read_key_set(self._fetch())
        except FetchFailed as error:
            _log.warning("an issuer's keys could not be fetched: %s", error)
            if error.last_known is not None:
                last_known = _read_kept(error.last_known)
        except Malformed as error:
            _log.warning("an issuer's keys could not be read: %s", error)
        except Exception:
            _log.exception("fetching an issuer's keys failed")
        with self._lock:
            if fresh is None:
                self._failed_at = self._monotonic()
                self._keys = self._keys or last_known
            else:
                self._keys = merge(self._keys, fresh)
                self._answered_at = asked_at
                self._failed_at = None
            self._flight = None
        flight.land()


def _read_kept(document: bytes) -> tuple[VerificationKey, ...]:
    try:
        return read_key_set(document)
    except Malformed:
        return ()


class _Flight:
    """One fetch under way, and those who wait for it: each until the patience, counted from the start, is over."""

    __slots__ = ("_landed", "_started_at")

    def __init__(self) -> None:
        self._started_at = time.monotonic()
        self._landed = threading.Event()

    def wait(self, patience: float) -> None:
        self._landed.wait(max(self._started_at + patience - time.monotonic(), 0))

    def land(self) -> None:
        self._landed.set()


def merge(old: Sequence[VerificationKey], fresh: Sequence[VerificationKey]) -> tuple[VerificationKey, ...]:
    """The fresh keys, an unchanged one as the object it was; those that are gone are marked as withdrawn."""
    known = {(key.kid, key.fingerprint): key for key in old}
    kept = tuple(known.pop((key.kid, key.fingerprint), key) for key in fresh)
    for key in known.values():
        key.withdrawn = True
    return kept


class OwnKeys:
    """The KeySource of the built-in provider: read where they are kept, on the request's own thread.

    A database that does not answer leaves the known keys in force; without any its error is raised, since a good token
    must not be called a bad one.
    """

    def __init__(
        self, load: Callable[[], Sequence[VerificationKey]], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: tuple[VerificationKey, ...] = ()
        self._loaded_at: float | None = None
        self._asked_for_unknown_at: float | None = None

    def keys(self) -> Sequence[VerificationKey]:
        loaded_at = self._loaded_at
        if loaded_at is None or self._monotonic() - loaded_at > SOFT_AGE:
            with self._lock:
                if self._loaded_at == loaded_at:
                    self._reload()
        return self._keys

    def renewed(self, seen: Sequence[VerificationKey]) -> Sequence[VerificationKey] | None:
        with self._lock:
            last, now = self._asked_for_unknown_at, self._monotonic()
            if self._keys is seen and (last is None or now - last >= UNKNOWN_KEY_INTERVAL):
                self._asked_for_unknown_at = now
                self._reload()
            return None if self._keys is seen else self._keys

    def _reload(self) -> None:
        asked_at = self._monotonic()
        try:
            self._keys = merge(self._keys, self._load())
        except Exception:
            if self._loaded_at is None:
                raise
            _log.exception("the built-in provider's keys could not be read")
        self._loaded_at = asked_at


class KeyRing:
    """The key sources of all issuers, the most recently used 1,000.

    `interval`: how long after one unknown key the next may lead to a fetch, in seconds; less than one only where
    `fetch` itself keeps to one a second.
    """

    def __init__(
        self,
        fetch: KeySetFetcher,
        monotonic: Callable[[], float] = time.monotonic,
        interval: float = UNKNOWN_KEY_INTERVAL,
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._interval = interval
        self._lock = threading.Lock()
        self._sources: OrderedDict[tuple[str, str | None], CachedKeys] = OrderedDict()

    def source(self, issuer: str, jwks_url: str | None) -> KeySource:
        """The issuer's keys. Two addresses for one issuer are two sources: neither speaks for the other."""
        with self._lock:
            source = self._sources.get((issuer, jwks_url))
            if source is None:
                source = CachedKeys(lambda: self._fetch(issuer, jwks_url), self._monotonic, self._interval)
                self._sources[(issuer, jwks_url)] = source
                if len(self._sources) > MAX_ISSUERS:
                    self._sources.popitem(last=False)
            else:
                self._sources.move_to_end((issuer, jwks_url))
            return source
