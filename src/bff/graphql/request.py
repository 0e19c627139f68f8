"""Reading a GraphQL request from HTTP (GraphQL over HTTP, draft of 2025): media types, bodies, query strings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, Final, NoReturn, cast
from urllib.parse import parse_qsl

import orjson
from django.http import HttpRequest

from bff.graphql.errors import Code, RequestFault

RESPONSE_JSON: Final = "application/graphql-response+json"
PLAIN_JSON: Final = "application/json"
HTML: Final = "text/html"
_MOST_URL_FIELDS: Final = 20


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What to run. `extensions` are checked for their form and otherwise not used."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None


@lru_cache(maxsize=256)
def _ranges(accept: str) -> Mapping[str, float]:
    """Media range -> quality (RFC 9110 §12.5.1). A charset other than UTF-8 is nothing that we can send."""
    ranges: dict[str, float] = {}
    for part in accept[:4_000].split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
            elif key == "charset" and value.strip('"') not in ("utf-8", "utf8", "*"):
                quality = 0.0
        if name and 0.0 <= quality <= 1.0:
            ranges[name] = max(quality, ranges.get(name, 0.0))
    return ranges


def _quality(ranges: Mapping[str, float], media_type: str) -> float:
    for name in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0


@lru_cache(maxsize=256)
def media_type_for(accept: str | None) -> str | None:
    """The media type of the response; None where the client takes neither of ours.

    Without a preference it is `application/json`, as clients from before the specification expect; the newer type is
    for those that name it.
    """
    if not accept or not accept.strip():
        return PLAIN_JSON
    ranges = _ranges(accept)
    plain = _quality(ranges, PLAIN_JSON)
    named = ranges.get(RESPONSE_JSON, 0.0)
    if named > 0.0 and (named >= plain or PLAIN_JSON not in ranges):
        return RESPONSE_JSON
    if plain > 0.0:
        return PLAIN_JSON
    return RESPONSE_JSON if _quality(ranges, RESPONSE_JSON) > 0.0 else None


@lru_cache(maxsize=256)
def prefers_html(accept: str | None) -> bool:
    """Whether a browser's address bar asks: `text/html` by name, above both of ours."""
    ranges = _ranges(accept or "")
    html = ranges.get(HTML, 0.0)
    return html > 0.0 and html > max(ranges.get(PLAIN_JSON, 0.0), ranges.get(RESPONSE_JSON, 0.0))


@lru_cache(maxsize=256)
def _is_json(content_type: str) -> bool:
    name, *parameters = (piece.strip().lower() for piece in content_type.split(";"))
    charsets = [value.strip('"') for key, _, value in (item.partition("=") for item in parameters) if key == "charset"]
    return name == PLAIN_JSON and all(charset in ("utf-8", "utf8") for charset in charsets)


def read_body(request: HttpRequest, most: int) -> bytes:
    """The body. Raises RequestFault 413 beyond `most` bytes (without reading them), 415 for anything but JSON."""
    meta = request.META
    length = meta.get("CONTENT_LENGTH")
    if length:
        if not length.isascii() or not length.isdigit():
            raise RequestFault(400, "Content-Length is not a number.")
        if len(length) > 18 or int(length) > most:
            raise _too_large(most)
    if not _is_json(meta.get("CONTENT_TYPE", "")):
        raise RequestFault(415, "Send application/json in UTF-8.")
    # A chunked body has no length, and Django would take it for empty. The server ends the stream for us.
    size = int(length) if length else most + 1 if "HTTP_TRANSFER_ENCODING" in meta else 0
    try:
        body = cast(BinaryIO, meta["wsgi.input"]).read(size)
    except OSError:
        raise RequestFault(400, "The body ended early.") from None
    if len(body) > most:
        raise _too_large(most)
    return body


def _too_large(most: int) -> RequestFault:
    return RequestFault(413, f"The body is longer than {most:,} bytes.", Code.LIMIT_EXCEEDED)


def from_body(body: bytes) -> GraphQLRequest:
    """A POST's request. Raises RequestFault 400."""
    if not body:
        raise RequestFault(400, "The body is empty.")
    data = _json(body)
    if isinstance(data, list):
        raise RequestFault(400, "Batches are not taken: send one operation a request.")
    if not isinstance(data, dict):
        raise RequestFault(400, "The body must be a JSON object.")
    return _request(data)


def from_query_string(query_string: str) -> GraphQLRequest:
    """A GET's request: `variables` and `extensions` are JSON text. Raises RequestFault 400."""
    try:
        pairs = parse_qsl(
            query_string, keep_blank_values=True, errors="strict", max_num_fields=_MOST_URL_FIELDS, separator="&"
        )
    except ValueError:  # UnicodeDecodeError too
        raise RequestFault(400, "The query string cannot be read.") from None
    data: dict[str, Any] = {}
    for name, value in pairs:
        if name in data:
            raise RequestFault(400, "A parameter is given twice.")
        data[name] = value
    for name in ("variables", "extensions"):
        if name in data:
            data[name] = _json(data[name].encode()) if data[name] else None
    return _request(data)


def _request(data: dict[str, Any]) -> GraphQLRequest:
    query = data.get("query")
    if not isinstance(query, str):
        raise RequestFault(400, "The parameter query must be a string.")
    variables = data.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise RequestFault(400, "The parameter variables must be an object.")
    operation_name = data.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise RequestFault(400, "The parameter operationName must be a string.")
    extensions = data.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise RequestFault(400, "The parameter extensions must be an object.")
    return GraphQLRequest(query, variables or {}, operation_name or None)


def _json(text: bytes) -> Any:
    """JSON (RFC 8259); of a name given twice the last counts. Raises RequestFault 400.

    orjson refuses lone surrogates (`"\\ud800"`), which RFC 8259 §8.2 allows: they are read by the standard library, so
    that the field which holds one can be named in the answer.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if b"\\u" in text:
            try:
                return json.loads(text.decode(), parse_constant=_no_constant, parse_float=_finite)
            except (ValueError, RecursionError):
                pass  # raised below, so that the context holds neither the text nor a thousand frames
    raise RequestFault(400, "The text is not JSON in UTF-8.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are no JSON (RFC 8259 §6)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value
