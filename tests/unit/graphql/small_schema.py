"""A schema of a few fields that shows everything the view must handle, and doubles of what the root gives it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from bff.graphql.scalars import SCALAR_MAP, DecimalText, RawDateTime, RawDecimal
from bff.graphql.view import GraphQLView
from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Caller, Role
from ddd.shared.domain.errors import (
    BadArgument,
    NoKnownRole,
    PermissionMissing,
    TenantSuspended,
    Unauthenticated,
)

#: The context is a RequestContext whose application is the one below.
Info = strawberry.Info[Any, None]


@strawberry.type
class Money:
    amount: DecimalText
    currency: str


@strawberry.type
class Line:
    sku: str
    quantity: int


@strawberry.type
class Order:
    id: strawberry.ID
    placed_at: datetime
    total: Money
    lines: list[Line]
    metadata: JSON | None = None
    friend: "Order | None" = None


@strawberry.type
class OrderConnection:
    nodes: list[Order]
    total_count: int


ORDER = Order(
    id=strawberry.ID("o-1"),
    placed_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    total=Money(amount=DecimalText("10.50"), currency="USD"),
    lines=[Line(sku="A", quantity=2), Line(sku="B", quantity=1)],
)


@strawberry.input
class LineInput:
    sku: str
    quantity: int
    unit_price: RawDecimal


@strawberry.input
class PlaceInput:
    lines: list[LineInput]
    placed_at: RawDateTime | None = None
    metadata: JSON | None = None


@strawberry.type
class Payload:
    order: Order | None
    echo: str


def _raise(kind: str) -> None:
    surprises: dict[str, Exception] = {
        "refused": Unauthenticated(),
        "suspended": TenantSuspended(),
        "forbidden": PermissionMissing("getOrder"),
        "argument": BadArgument("Give exactly one of first and last."),
        "surprise": ValueError("secret-in-a-message"),
    }
    if kind in surprises:
        raise surprises[kind]


@strawberry.type
class Query:
    @strawberry.field
    def get_order(self, info: Info, order_id: strawberry.ID) -> Order | None:
        info.context.app.calls.append(f"getOrder grant={info.context.grant is not None}")
        _raise(order_id)
        return ORDER if order_id == "o-1" else None

    @strawberry.field
    def echo(self, text: str = "", number: int = 0, meta: JSON | None = None) -> JSON:
        return {"text": len(text), "number": number, "meta": meta}  # type: ignore[return-value]  # JSON is anything

    @strawberry.field
    def orders(self, info: Info, first: int | None = None, last: int | None = None) -> OrderConnection:
        info.context.app.calls.append(f"orders grant={info.context.grant is not None}")
        return OrderConnection(nodes=[ORDER] * (first or last or 0), total_count=7)

    @strawberry.field
    def must(self, kind: str) -> str:
        _raise(kind)
        return "ok"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def place(self, info: Info, input: PlaceInput) -> Payload:
        info.context.app.calls.append(f"place grant={info.context.grant is not None}")
        prices = ",".join(f"{line.unit_price!r}" for line in input.lines)
        return Payload(order=ORDER, echo=f"{prices}|{input.placed_at!r}|{len(input.lines[0].sku)}")

    @strawberry.mutation
    def fail(self, info: Info, kind: str) -> str:
        info.context.app.calls.append(f"fail {kind}")
        _raise(kind)
        return "done"

    @strawberry.mutation
    def maybe(self, kind: str) -> str | None:
        _raise(kind)
        return "done"


def build_schema() -> strawberry.Schema:
    return strawberry.Schema(query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALAR_MAP))


SCHEMA = build_schema()


@dataclass
class Application:
    """Remembers what the view asked of it, in order."""

    calls: list[str] = field(default_factory=list)
    raised_by_access: Callable[[], Exception] | None = None

    def authenticate(self, authorization: str | None, /, *, request_id: str, address: str) -> Caller:
        self.calls.append(f"authenticate {address}")
        if authorization == "Bearer roleless":
            raise NoKnownRole
        if authorization != "Bearer good":
            raise Unauthenticated
        return Caller(
            "northwind", "ann", "https://idp", frozenset({Role.WORKER}), "ann", "ann", None, 0, request_id, address
        )

    def access(self, caller: Caller) -> Grant:
        self.calls.append("access")
        return self._grant(caller)

    @contextmanager
    def read_scope(self, caller: Caller) -> Iterator[Grant]:
        self.calls.append("open")
        try:
            yield self._grant(caller)
        finally:
            self.calls.append("close")

    def _grant(self, caller: Caller) -> Grant:
        if self.raised_by_access is not None:
            raise self.raised_by_access()
        return Grant(caller, {})

    def view(self, **options: Any) -> GraphQLView:
        options.setdefault("hot", {"getOrder", "echo", "must"})
        return GraphQLView(
            SCHEMA,
            authenticate=self.authenticate,
            access=self.access,
            read_scope=self.read_scope,
            app=self,
            **options,
        )
