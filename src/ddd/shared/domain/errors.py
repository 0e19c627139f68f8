"""What may go wrong, and how it is told.

    Refusal            an expected "no", a value: the client reads it as a `UserError`
    Refusals           one or more of them, in input order: the whole outcome of a refused command
    RequestRefused     the request as a whole is turned away before anything runs (an exception)
      Unauthenticated  no token, a bad one, or a tenant that is unknown or not the issuer's
      TenantSuspended  the tenant exists and is switched off
      NoKnownRole      a good token, but no role of ours in it
    PermissionMissing  the caller's roles do not carry this operation (an exception, a field error)
      OperationOff     … because the tenant's plan does not include it
    BadArgument        list and lookup arguments that make no sense (an exception, a field error)

Everything else is a surprise: masked outside, loud inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Codes of expected refusals (`UserError.code`)."""

    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    FORBIDDEN = "FORBIDDEN"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    DUPLICATE_SKU = "DUPLICATE_SKU"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    STEP_PENDING = "STEP_PENDING"
    STEP_OUT_OF_ORDER = "STEP_OUT_OF_ORDER"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    PAYMENT_OUTSTANDING = "PAYMENT_OUTSTANDING"
    ON_HOLD = "ON_HOLD"
    BRANCH_CLOSED = "BRANCH_CLOSED"
    NOT_RETURNABLE = "NOT_RETURNABLE"
    REFUND_LIMIT = "REFUND_LIMIT"
    QUANTITY_EXCEEDED = "QUANTITY_EXCEEDED"
    TOTAL_MISMATCH = "TOTAL_MISMATCH"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One expected "no". `field` is the path below the input, list positions from 0 as text."""

    code: ErrorCode
    message: str
    field: tuple[str, ...] | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refusals:
    """Why a command was refused: at least one refusal, in input order."""

    items: tuple[Refusal, ...]

    @classmethod
    def of(
        cls,
        code: ErrorCode,
        message: str,
        field: tuple[str, ...] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> "Refusals":
        return cls((Refusal(code, message, field, details),))


class RequestRefused(Exception):
    """The request is turned away as a whole."""

    code = "FORBIDDEN"
    status = 403
    message = "The request was refused."

    def __init__(self) -> None:
        super().__init__(self.message)


class Unauthenticated(RequestRefused):
    """One message for every cause (RFC 6750 §3.1): what was wrong with a token is nobody's business outside."""

    code = "UNAUTHENTICATED"
    status = 401
    message = "A valid access token is required."


class TenantSuspended(RequestRefused):
    """The operator switched this tenant off."""

    code = "TENANT_SUSPENDED"
    message = "This tenant is suspended."


class NoKnownRole(RequestRefused):
    """The token is good, but it carries no role that this tenant knows."""

    code = "FORBIDDEN"
    message = "The token carries no role known here."


class PermissionMissing(Exception):
    """The caller's roles do not carry this operation."""

    def __init__(self, operation: str) -> None:
        super().__init__(self.message(operation))
        self.operation = operation

    @staticmethod
    def message(operation: str) -> str:
        return f"Your roles do not permit {operation}."


class OperationOff(PermissionMissing):
    """The tenant's plan does not include this operation, whoever asks."""

    @staticmethod
    def message(operation: str) -> str:
        return f"Your tenant's plan does not include {operation}."


class BadArgument(Exception):
    """A list or lookup argument that makes no sense; the message is shown to the client."""
