"""JSON Web Keys (RFC 7517) that may verify a token here; everything else in a key set is passed over."""

import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import Algorithm, ECAlgorithm, OKPAlgorithm, RSAAlgorithm, get_default_algorithms
from jwt.exceptions import PyJWTError

from bff.auth.strict import Malformed, decode_segment, read_object

MAX_KEYS = 100
MIN_RSA_BITS, MAX_RSA_BITS = 2_048, 8_192
MAX_EXPONENT_BITS = 64
_ALGORITHMS = get_default_algorithms()
#: kty -> the one algorithm its keys verify here (RFC 8725 §3.1), and the names a JWK's own `alg` may give it
#: ("Ed25519": RFC 9864 §2.2).
_FAMILY: dict[str, tuple[str, frozenset[str]]] = {
    "RSA": ("RS256", frozenset({"RS256"})),
    "EC": ("ES256", frozenset({"ES256"})),
    "OKP": ("EdDSA", frozenset({"EdDSA", "Ed25519"})),
}
ALGORITHMS = frozenset(name for name, _ in _FAMILY.values())


@dataclass(slots=True, eq=False)
class VerificationKey:
    """One public key, bound to its algorithm.

    `withdrawn` turns true when the issuer answers without this key; whoever remembers something because of the key
    looks at it.
    """

    kid: str | None
    algorithm: str
    public: Any
    fingerprint: bytes
    withdrawn: bool = False

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, over exactly these bytes."""
        implementation: Algorithm = _ALGORITHMS[self.algorithm]
        try:
            return implementation.verify(signed, self.public, signature)
        except (InvalidSignature, PyJWTError, ValueError):
            return False


def read_key_set(document: bytes) -> tuple[VerificationKey, ...]:
    """The keys of a JWK Set that are fit for verifying; at most the first 100 are looked at.

    Raises Malformed where the document is no key set. A key that is unfit, malformed or unknown is skipped
    (RFC 7517 §5), never the whole set.
    """
    entries = read_object(document).get("keys")
    if not isinstance(entries, list):
        raise Malformed("not a key set")
    keys = [key for key in map(read_key, entries[:MAX_KEYS]) if key is not None]
    # A key listed twice is one key: two would make its tokens ambiguous.
    return tuple({(key.kid, key.fingerprint): key for key in keys}.values())


def read_key(jwk: Any) -> VerificationKey | None:
    """The key, or None where it must not verify: made for something else, too weak, or not public at all."""
    if not isinstance(jwk, dict) or "d" in jwk or jwk.get("use", "sig") != "sig":
        return None
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in _FAMILY:
        return None
    algorithm, names = _FAMILY[kty]
    own = jwk.get("alg", algorithm)
    if not isinstance(own, str) or own not in names:
        return None
    kid = jwk.get("kid")
    if kid is not None and not isinstance(kid, str):
        return None
    try:
        public, fingerprint = _public_key(kty, jwk)
    except (PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        return None
    return VerificationKey(kid, algorithm, public, fingerprint)


def _public_key(kty: str, jwk: dict[str, Any]) -> tuple[Any, bytes]:
    """The key object and a digest of its required members (as RFC 7638). Raises ValueError where it is unfit."""
    public: Any
    members: tuple[str, ...]
    match kty:
        case "RSA":
            members = (jwk["n"], jwk["e"])
            bits, exponent = (int.from_bytes(decode_segment(member)).bit_length() for member in members)
            if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS or exponent > MAX_EXPONENT_BITS:
                raise ValueError("size")
            public = RSAAlgorithm.from_jwk({"kty": kty, "n": jwk["n"], "e": jwk["e"]})
            fit = isinstance(public, RSAPublicKey)
        case "EC":
            members = ("P-256", jwk["x"], jwk["y"])
            if jwk["crv"] != "P-256":
                raise ValueError("curve")
            public = ECAlgorithm.from_jwk({"kty": kty, "crv": "P-256", "x": jwk["x"], "y": jwk["y"]})
            fit = isinstance(public, EllipticCurvePublicKey)
        case _:
            members = ("Ed25519", jwk["x"])
            if jwk["crv"] != "Ed25519":
                raise ValueError("curve")
            public = OKPAlgorithm.from_jwk({"kty": kty, "crv": "Ed25519", "x": jwk["x"]})
            fit = isinstance(public, Ed25519PublicKey)
    if not fit:
        raise ValueError("not a public key")
    return public, hashlib.sha256("|".join((kty, *members)).encode()).digest()
