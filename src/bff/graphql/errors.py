"""How a failure reads at the top level of a response: always with a code and the request's id, never with its cause.

    RequestFault         this request cannot be answered: status, code and message
    NotExecuted          the document or its variables were refused before anything ran
Refusals of the kernel (RequestRefused, PermissionMissing, BadArgument) keep their own codes; everything else is
`INTERNAL`, masked outside and logged loud inside.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from graphql import FieldNode, GraphQLError

from bff.http.logs import fields
from ddd.shared.domain.errors import BadArgument, PermissionMissing, RequestRefused

logger = logging.getLogger("bff.graphql")

INTERNAL_MESSAGE: Final = "Something went wrong on our side. Give us the request id when you report it."
_SURROGATES = re.compile("[\ud800-\udfff]")
_LONGEST_MESSAGE = 1_000
_MOST_LOGGED = 5


class Code(StrEnum):
    """`extensions.code` of top-level errors."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    TENANT_SUSPENDED = "TENANT_SUSPENDED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    INTERNAL = "INTERNAL"


class RequestFault(Exception):
    """The HTTP request cannot be answered as GraphQL; the message is shown. `status` holds for every media type."""

    def __init__(
        self, status: int, message: str, code: Code = Code.BAD_USER_INPUT, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}


class NotExecuted(Exception):
    """A well-formed GraphQL request that failed before execution: 400, or 200 under `application/json`; no `data`."""

    def __init__(self, errors: Iterable[dict[str, Any]]) -> None:
        super().__init__()
        self.errors = tuple(errors)

    @classmethod
    def because(cls, code: Code, message: str) -> "NotExecuted":
        return cls([{"message": message, "extensions": {"code": code}}])

    @classmethod
    def of(cls, code: Code, errors: Iterable[GraphQLError]) -> "NotExecuted":
        return cls(entry(error, code, error.message) for error in errors)


def text(message: str) -> str:
    """The message fit for a response: bounded, and without surrogates, which have no UTF-8 form."""
    if len(message) > _LONGEST_MESSAGE:
        message = message[:_LONGEST_MESSAGE] + "…"
    return message if message.isascii() else _SURROGATES.sub("�", message)


def entry(error: GraphQLError, code: str, message: str) -> dict[str, Any]:
    """One error as the specification writes it (GraphQL, October 2021, §7.1.2), the request id still missing."""
    formatted: dict[str, Any] = {"message": text(message)}
    if error.locations:
        formatted["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        formatted["path"] = error.path
    formatted["extensions"] = {"code": str(code)}
    return formatted


def with_request_id(errors: Iterable[dict[str, Any]], request_id: str) -> list[dict[str, Any]]:
    """The errors with the request's id in their extensions. Copies: cached documents share theirs."""
    return [{**error, "extensions": {**error["extensions"], "requestId": request_id}} for error in errors]


def cause_of(error: GraphQLError) -> BaseException | None:
    """What the resolver raised, below any wrapping by graphql-core; None where graphql-core itself objects."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def execution_errors(errors: Iterable[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Field errors as they are answered; the surprises among them are logged, the first few with their stacks."""
    answered = []
    surprises = 0
    for error in errors:
        cause = cause_of(error)
        if isinstance(cause, RequestRefused):
            answered.append(entry(error, cause.code, cause.message))
        elif isinstance(cause, PermissionMissing):
            answered.append(entry(error, Code.FORBIDDEN, str(cause)))
        elif isinstance(cause, BadArgument) or (cause is None and _blames_the_request(error)):
            answered.append(entry(error, Code.BAD_USER_INPUT, error.message if cause is None else str(cause)))
        else:
            surprises += 1
            if surprises <= _MOST_LOGGED:
                log_surprise(cause or error, request_id, [step for step in error.path or () if isinstance(step, str)])
            answered.append(entry(error, Code.INTERNAL, INTERNAL_MESSAGE))
    return with_request_id(answered, request_id)


def _blames_the_request(error: GraphQLError) -> bool:
    """graphql-core points at an argument or a variable when the request is at fault, at the field when a result is."""
    return not isinstance(next(iter(error.nodes or ()), None), FieldNode | None)


def log_surprise(error: BaseException, request_id: str, path: list[str] | None = None) -> None:
    """Loud inside. The formatter writes the stack without messages: those quote values."""
    logger.error(
        "unexpected error", exc_info=error, extra=fields(request_id=request_id, path=".".join(path) if path else None)
    )
