"""What every part of the schema shares."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import strawberry
from strawberry.scalars import JSON
from strawberry.types.arguments import InputContext

from bff.graphql.context import RequestContext
from bff.graphql.scalars import DecimalText, RawDecimal
from ddd.shared.application.outcome import Outcome
from ddd.shared.domain.errors import ErrorCode, Refusal

InputType = TypeVar("InputType")
P = TypeVar("P")
Info = strawberry.Info[RequestContext, None]


def raw_input(name: str | None = None, description: str | None = None) -> Callable[[type[InputType]], type[InputType]]:
    """An input type whose value reaches the resolver as graphql-core coerced it: a dict by the schema's names.

    The application reads and checks it, and its fingerprint is made of it; a dataclass in between would be built only
    to be taken apart again, at a fifth of an order's CPU.
    """

    def declare(cls: type[InputType]) -> type[InputType]:
        declared = strawberry.input(cls, name=name, description=description)
        cast(Any, declared).__strawberry_definition__.from_input = _as_given
        return declared

    return declare


def _as_given(_kind: type, value: Mapping[str, Any], _context: InputContext) -> Mapping[str, Any]:
    return value


def given(input_: object) -> Mapping[str, Any]:
    """A raw input, as the dict that it is at run time."""
    return cast("Mapping[str, Any]", input_)


strawberry.enum(ErrorCode, description="What an expected refusal is about.")


@strawberry.type(description="An expected refusal: nothing was done.")
class UserError:
    code: ErrorCode
    message: str
    field: list[str] | None = strawberry.field(
        description="The input's path, without a leading `input`; list positions count from 0."
    )
    details: JSON | None


@strawberry.type(description="An amount at its currency's ISO 4217 scale.")
class Money:
    amount: DecimalText
    currency: str


def payload(kind: Callable[..., P], name: str, outcome: Outcome[Any], **parts: Any) -> P:
    """A mutation's payload: the changed object (and the parts of it that the change was about) or the refusals."""
    return kind(**{name: outcome.value, **parts}, errors=user_errors(outcome.errors), replayed=outcome.replayed)


def user_errors(refusals: Iterable[Refusal]) -> list[UserError]:
    """Refusals as the schema has them."""
    return [_user_error(refusal) for refusal in refusals]


def _user_error(refusal: Refusal) -> UserError:
    return UserError(
        code=refusal.code,
        message=refusal.message,
        field=None if refusal.field is None else list(refusal.field),
        details=cast(Any, None if refusal.details is None else dict(refusal.details)),
    )


@strawberry.type(description="Relay's page information.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Address:
    line1: str
    line2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")


@strawberry.type(description="Weight in kilograms, lengths in centimetres.")
class Package:
    weight_kg: DecimalText | None
    length_cm: DecimalText | None
    width_cm: DecimalText | None
    height_cm: DecimalText | None


@raw_input()
class AddressInput:
    line1: str
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    line2: str | None = strawberry.UNSET
    city: str | None = strawberry.UNSET
    state: str | None = strawberry.UNSET
    postal_code: str | None = strawberry.UNSET


@raw_input(description="Weight in kilograms, lengths in centimetres.")
class PackageInput:
    weight_kg: RawDecimal | None = strawberry.UNSET
    length_cm: RawDecimal | None = strawberry.UNSET
    width_cm: RawDecimal | None = strawberry.UNSET
    height_cm: RawDecimal | None = strawberry.UNSET
