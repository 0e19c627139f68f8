"""The view behind `/graphql/`: HTTP in, GraphQL run, HTTP out.

    method -> GraphiQL -> token -> body -> document (cached) -> access -> execution -> bytes
The first that objects answers. What fails between token and execution is answered only once the tenant is known to live
and the caller to have a role in it (the order of checks in `API.md`).

graphql-core is called directly: strawberry's own `execute_sync` and view cost half as much again for extension hooks,
error logging and form handling that nothing here uses.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import orjson
import strawberry
from django.http import HttpRequest, HttpResponse
from graphql import GraphQLError

from bff.graphql import graphiql
from bff.graphql.context import RequestContext
from bff.graphql.documents import Access, Documents, Operation
from bff.graphql.errors import (
    INTERNAL_MESSAGE,
    Code,
    NotExecuted,
    RequestFault,
    cause_of,
    execution_errors,
    log_surprise,
    text,
    with_request_id,
)
from bff.graphql.executor import PlanningExecutor, build_executor
from bff.graphql.limits import Limits
from bff.graphql.request import (
    PLAIN_JSON,
    GraphQLRequest,
    from_body,
    from_query_string,
    media_type_for,
    prefers_html,
    read_body,
)
from bff.http.address import ClientAddress
from bff.http.envelope import note, request_id
from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.errors import RequestRefused, Unauthenticated

_CONTENT_TYPES: Final = {name: f"{name}; charset=utf-8" for name in (PLAIN_JSON, "application/graphql-response+json")}
_CHALLENGE: Final = 'Bearer realm="order-management"'


class Authenticate(Protocol):
    """The caller that a token names. Raises Unauthenticated, NoKnownRole."""

    def __call__(self, authorization: str | None, /, *, request_id: str, address: str) -> Caller: ...


class GraphQLView:
    """One schema over HTTP. A Django view: call it with a request.

    `access` asks once what a caller may do; `read_scope` does so too and holds one read-only transaction open
    meanwhile. `hot` names the query fields that make their own round trip (see `documents.Access`); every other one
    runs in a read scope. Mutations never do. Raises ValueError when `hot` names a field that the schema does not have.
    """

    csrf_exempt = True  # tokens travel in a header that no other site's form can send

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        authenticate: Authenticate,
        access: Callable[[Caller], Grant],
        read_scope: Callable[[Caller], AbstractContextManager[Grant]],
        app: Any,
        hot: Iterable[str] = (),
        limits: Limits | None = None,
        introspection: bool = True,
        show_graphiql: bool = False,
        address: ClientAddress | None = None,
    ) -> None:
        self._authenticate = authenticate
        self._access = access
        self._read_scope = read_scope
        self._app = app
        self._limits = limits or Limits()
        self._introspection = introspection
        self._show_graphiql = show_graphiql
        self._address = address or ClientAddress()
        self._schema = schema._schema
        hot = frozenset(hot)
        known = self._schema.query_type.fields if self._schema.query_type else {}
        if unknown := sorted(hot - known.keys()):
            raise ValueError(f"The schema has no query field {', '.join(unknown)}.")
        self._documents = Documents(self._schema, limits=self._limits, hot=hot, introspection=introspection)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        accept = request.META.get("HTTP_ACCEPT")
        media_type = media_type_for(accept)
        identifier = request_id(request)
        try:
            if request.method != "POST" and request.method != "GET":
                raise RequestFault(405, "Send GET or POST.", headers={"Allow": "GET, POST"})
            if self._show_graphiql and request.method == "GET" and prefers_html(accept):
                return graphiql.page()
            return self._answer(request, media_type, identifier)
        except RequestRefused as refused:
            error = {"message": refused.message, "extensions": {"code": refused.code}}
            headers = {"WWW-Authenticate": _challenge(request)} if isinstance(refused, Unauthenticated) else {}
            return _failed(request, media_type, refused.status, [error], identifier, headers)
        except RequestFault as fault:
            error = {"message": text(fault.message), "extensions": {"code": fault.code}}
            return _failed(request, media_type, fault.status, [error], identifier, fault.headers)
        except NotExecuted as refused:
            status = 200 if media_type == PLAIN_JSON else 400
            return _failed(request, media_type, status, refused.errors, identifier)
        except Exception as surprise:
            log_surprise(surprise, identifier)
            error = {"message": INTERNAL_MESSAGE, "extensions": {"code": Code.INTERNAL}}
            return _failed(request, media_type, 500, [error], identifier)

    def _answer(self, request: HttpRequest, media_type: str | None, identifier: str) -> HttpResponse:
        meta = request.META
        caller = self._authenticate(
            meta.get("HTTP_AUTHORIZATION"),
            request_id=identifier,
            address=self._address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR")),
        )
        try:
            if media_type is None:
                raise RequestFault(406, "Accept application/graphql-response+json or application/json.")
            asked = self._read(request)
            prepared = self._documents.prepare(asked.query)
            operation = prepared.operation(asked.operation_name)
            note(request, tenant=caller.tenant_id, operation=operation.label)
            if operation.is_mutation and request.method == "GET":
                raise RequestFault(405, "Send mutations by POST.", headers={"Allow": "POST"})
            context = RequestContext(caller, self._app, identifier, selections=prepared.selections)
            executor = build_executor(
                self._schema, prepared, operation, asked.variables, context, hide_suggestions=not self._introspection
            )
        except (RequestFault, NotExecuted):
            note(request, tenant=caller.tenant_id)
            self._access(caller)
            raise
        if operation.access is Access.SCOPE:
            with self._read_scope(caller) as context.grant:
                # Written out inside: a value read from the database late would find no tenant outside.
                return self._finish(request, media_type, identifier, operation, executor)
        if operation.access is Access.CHECK:
            self._access(caller)
        return self._finish(request, media_type, identifier, operation, executor)

    def _read(self, request: HttpRequest) -> GraphQLRequest:
        if request.method == "GET":
            return from_query_string(request.META.get("QUERY_STRING", ""))
        return from_body(read_body(request, self._limits.body_bytes))

    def _finish(
        self, request: HttpRequest, media_type: str, identifier: str, operation: Operation, executor: PlanningExecutor
    ) -> HttpResponse:
        result = executor.run()
        if not result.errors:
            return _response(media_type, 200, {"data": result.data})
        refusal = self._refusal_of_all(operation, executor, result.errors)
        if refusal is not None:
            raise refusal
        errors = execution_errors(result.errors, identifier)
        note(request, errors=_codes(errors))
        # Execution began once there is data, or an error at a path; else the request itself was at fault.
        if result.data is None and all(error.path is None for error in result.errors):
            return _response(media_type, 200 if media_type == PLAIN_JSON else 400, {"errors": errors})
        return _response(media_type, 200, {"errors": errors, "data": result.data})

    def _refusal_of_all(
        self, operation: Operation, executor: PlanningExecutor, errors: Iterable[GraphQLError]
    ) -> RequestRefused | None:
        """The refusal that answers for the whole request: any in a query, in a mutation only that of its first field.

        Later fields of a mutation find that something has been done already, which the client must hear.
        """
        refused = [(error, cause) for error in errors if isinstance(cause := cause_of(error), RequestRefused)]
        if not refused:
            return None
        if operation.is_mutation:
            first = next(
                key for key, details in executor.root_fields.items() if not details[0].node.name.value.startswith("__")
            )
            refused = [(error, cause) for error, cause in refused if error.path and error.path[0] == first]
        return refused[0][1] if refused else None


def _challenge(request: HttpRequest) -> str:
    """RFC 6750 §3: an error code only for a request that brought a token at all."""
    return f'{_CHALLENGE}, error="invalid_token"' if "HTTP_AUTHORIZATION" in request.META else _CHALLENGE


def _codes(errors: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(error["extensions"]["code"]) for error in errors))


def _failed(
    request: HttpRequest,
    media_type: str | None,
    status: int,
    errors: Iterable[dict[str, Any]],
    identifier: str,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A response without `data`: nothing was executed."""
    answered = with_request_id(errors, identifier)
    note(request, errors=_codes(answered))
    return _response(media_type or PLAIN_JSON, status, {"errors": answered}, headers)


def _response(
    media_type: str, status: int, payload: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> HttpResponse:
    try:
        content = orjson.dumps(payload)
    except TypeError:
        # Stored JSON may hold what orjson does not write: integers beyond 64 bits, nesting beyond 254.
        content = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
            errors="replace"
        )
    response = HttpResponse(content, content_type=_CONTENT_TYPES[media_type], status=status, headers=headers)
    response.headers["Cache-Control"] = "no-store"  # one caller's data, and a GET's too
    return response
