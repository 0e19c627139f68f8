"""Reading a compact JWS without leniency: one spelling per token, one meaning per spelling.

Two readers that understand one token differently are how checks are passed by (RFC 8725 §2.4-2.7), so whatever could be
read in two ways is refused: padding, stray bits, a member named twice, NaN, nesting without end.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

MAX_TOKEN = 16_384
MAX_DEPTH = 32
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
#: A whole string (or the rest of the text, where it never ends: so that no scan starts inside it), or one bracket.
_NESTING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


class Malformed(ValueError):
    """The text has no single meaning."""


def decode_segment(text: str) -> bytes:
    """The bytes of base64url text without padding (RFC 7515 §2), in the one canonical spelling (RFC 4648 §3.5)."""
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise Malformed("not base64url")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(data).rstrip(b"=") != text.encode():
        raise Malformed("stray bits")
    return data


def read_object(data: bytes, *, max_depth: int = MAX_DEPTH) -> dict[str, Any]:
    """The JSON object in UTF-8 that the bytes spell. Raises Malformed, also for duplicate members (RFC 7519 §4)."""
    try:
        text = data.decode()
        if text.count("[") + text.count("{") > max_depth:
            _check_depth(text, max_depth)
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if not isinstance(value, dict):
        raise Malformed("not an object")
    return value


def _check_depth(text: str, max_depth: int) -> None:
    depth = 0
    for match in _NESTING.finditer(text):
        first = text[match.start()]
        if first in "[{":
            depth += 1
            if depth > max_depth:
                raise Malformed("nested too deeply")
        elif first in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("a member is named twice")
    return members


def _constant(name: str) -> Any:
    raise Malformed(f"{name} is no JSON")
