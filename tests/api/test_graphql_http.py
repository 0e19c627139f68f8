"""GraphQL over HTTP: statuses, media types, codes, and the order in which things are asked and refused.

The view stands in its envelope as it does in the server; the schema is a small one of these tests' own. The cases named
by four characters are those of the specification's audit suite.
"""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from bff.graphql.view import GraphQLView
from bff.http.address import ClientAddress
from bff.http.envelope import Envelope
from ddd.shared.domain.errors import NoKnownRole, TenantSuspended, Unauthenticated
from tests.unit.graphql.small_schema import SCHEMA, Application

RESPONSE_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
PLACE = "mutation($input:PlaceInput!){place(input:$input){echo order{id}}}"


class Server:
    def __init__(self, application: Application | None = None, **options: Any) -> None:
        self.application = application or Application()
        self._origins = options.pop("origins", ())
        self._view = self.application.view(**options)
        self._factory = RequestFactory()

    def request(
        self,
        method: str = "POST",
        body: bytes = b"",
        query_string: str = "",
        content_type: str = PLAIN_JSON,
        token: str | None = "good",
        **meta: Any,
    ) -> HttpResponse:
        self.application.calls.clear()
        if token is not None:
            meta["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        meta["CONTENT_TYPE"] = content_type  # the factory leaves it out of a request without a body
        request = self._factory.generic(method, "/graphql/", body, QUERY_STRING=query_string, **meta)
        response: HttpResponseBase = Envelope(self._view, origins=self._origins)(request)
        assert isinstance(response, HttpResponse)
        return response

    def run(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> HttpResponse:
        return self.request(body=orjson.dumps({"query": query, "variables": variables}), **more)

    @property
    def calls(self) -> list[str]:
        return [call for call in self.application.calls if not call.startswith("authenticate")]


@pytest.fixture
def server() -> Server:
    return Server()


def answer(response: HttpResponse) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(response.content)
    return loaded


def codes(response: HttpResponse) -> list[str]:
    found = []
    for error in answer(response)["errors"]:
        assert error["extensions"]["requestId"] == response.headers["X-Request-Id"]
        assert error["message"]
        found.append(error["extensions"]["code"])
    return found


# ---- Media types and statuses


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (RESPONSE_JSON, RESPONSE_JSON),  # 22EB
        (PLAIN_JSON, PLAIN_JSON),  # 4655
        ("*/*", PLAIN_JSON),  # 47DE
        (None, PLAIN_JSON),  # 80D8
    ],
)
def test_the_answer_has_the_accepted_media_type_in_utf_8(server: Server, accept: str | None, content_type: str) -> None:
    headers: dict[str, Any] = {"HTTP_ACCEPT": accept} if accept else {}
    response = server.run("{__typename}", **headers)
    assert (response.status_code, response.headers["Content-Type"]) == (200, f"{content_type}; charset=utf-8")
    assert answer(response) == {"data": {"__typename": "Query"}}
    assert response.headers["Content-Length"] == str(len(response.content))


def test_an_unacceptable_media_type_is_406(server: Server) -> None:
    response = server.run("{__typename}", HTTP_ACCEPT="image/png")
    assert (response.status_code, codes(response)) == (406, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
def test_any_other_body_is_415(server: Server, content_type: str) -> None:
    response = server.run("{__typename}", content_type=content_type)
    assert (response.status_code, codes(response)) == (415, ["BAD_USER_INPUT"])


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
def test_json_in_utf_8_is_taken(server: Server, content_type: str) -> None:
    response = server.run('{__type(name:"Run🏃Swim🏊"){name}}', content_type=content_type)  # BF61
    assert answer(response) == {"data": {"__type": None}}


@pytest.mark.parametrize("accept", [PLAIN_JSON, RESPONSE_JSON])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{ not json",
        b"[]",
        b"7",
        b"{}",
        b'{"query":{"obj":"ect"}}',
        b'{"query":"{__typename}","operationName":0}',
        b'{"query":"{__typename}","variables":["array"]}',
        b'{"query":"{__typename}","extensions":"string"}',
        b'{"query":"\xff"}',
    ],
)
def test_a_malformed_request_is_400_in_both_media_types(server: Server, accept: str, body: bytes) -> None:
    response = server.request(body=body, HTTP_ACCEPT=accept)
    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])
    assert "data" not in answer(response)


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{__typename \x00}", None, "GRAPHQL_PARSE_FAILED"),
        ("{gone}", None, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription{gone}", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query($id:ID!){getOrder(orderId:$id){id}}", {"id": None}, "BAD_USER_INPUT"),
        ("query($id:ID!){getOrder(orderId:$id){id}}", {}, "BAD_USER_INPUT"),
        ("query($on:Boolean){echo @include(if:$on)}", {"on": None}, "GRAPHQL_VALIDATION_FAILED"),
        ("query A{echo} query B{echo}", None, "BAD_USER_INPUT"),
        ("{" + "echo " * 21 + "}", None, "LIMIT_EXCEEDED"),
        ("{__typename}" + " " * 100_000, None, "LIMIT_EXCEEDED"),
    ],
)
def test_what_is_not_executed_is_400_or_200_by_media_type_and_has_no_data(
    server: Server, query: str, variables: dict[str, Any] | None, code: str
) -> None:
    for accept, status in ((PLAIN_JSON, 200), (RESPONSE_JSON, 400)):
        response = server.run(query, variables, HTTP_ACCEPT=accept)
        assert (response.status_code, set(codes(response))) == (status, {code})
        assert "data" not in answer(response)


def test_a_body_beyond_a_million_bytes_is_413(server: Server) -> None:
    padding = b" " * (1_000_000 - len(b'{"query":"{__typename}"}'))
    assert server.request(body=b'{"query":"{__typename}"}' + padding).status_code == 200
    response = server.request(body=b'{"query":"{__typename}"}' + padding + b" ")
    assert (response.status_code, codes(response)) == (413, ["LIMIT_EXCEEDED"])


def test_a_chunked_body_is_read_and_bounded(server: Server) -> None:
    body = b'{"query":"{__typename}"}'
    for text, status in ((body, 200), (body + b" " * 1_000_000, 413)):
        chunked: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
        chunked["wsgi.input"] = BytesIO(text)
        assert server.request(**chunked).status_code == status


def test_get_runs_queries_and_refuses_mutations(server: Server) -> None:
    response = server.request("GET", query_string="query=query(%24n:Int){echo(number:%24n)}&variables={%22n%22:5}")
    assert answer(response) == {"data": {"echo": {"text": 0, "number": 5, "meta": None}}}
    response = server.request("GET", query_string='query=mutation{maybe(kind:"")}')
    assert (response.status_code, response.headers["Allow"], codes(response)) == (405, "POST", ["BAD_USER_INPUT"])
    assert "maybe" not in str(server.calls)
    two = "query=query A{echo} mutation B{__typename}"
    assert server.request("GET", query_string=two + "&operationName=A").status_code == 200
    assert server.request("GET", query_string=two + "&operationName=B").status_code == 405


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_405(server: Server, method: str) -> None:
    response = server.request(method)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")


# ---- Who may ask


@pytest.mark.parametrize("token", [None, "bad"])
@pytest.mark.parametrize("body", [b'{"query":"{__typename}"}', b"rubbish", b""])
def test_without_a_good_token_nothing_else_is_looked_at(server: Server, token: str | None, body: bytes) -> None:
    response = server.request(body=body, token=token, content_type="text/plain")
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])
    expected = 'Bearer realm="order-management"' + ("" if token is None else ', error="invalid_token"')
    assert response.headers["WWW-Authenticate"] == expected
    assert answer(response).keys() == {"errors"}
    assert server.calls == []


def test_a_token_without_a_known_role_is_403(server: Server) -> None:
    response = server.run("{__typename}", token="roleless")
    assert (response.status_code, codes(response)) == (403, ["FORBIDDEN"])
    assert "WWW-Authenticate" not in response.headers


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Unauthenticated, 401, "UNAUTHENTICATED"),
        (TenantSuspended, 403, "TENANT_SUSPENDED"),
        (NoKnownRole, 403, "FORBIDDEN"),
    ],
)
@pytest.mark.parametrize(
    "query", ["{__typename}", "{orders(first:1){totalCount}}", "{", "{gone}", "mutation{__typename}"]
)
def test_a_tenant_out_of_service_is_told_before_any_other_fault(
    refusal: type[Exception], status: int, code: str, query: str
) -> None:
    server = Server(Application(raised_by_access=refusal))
    response = server.run(query, HTTP_ACCEPT=RESPONSE_JSON)
    assert (response.status_code, codes(response)) == (status, [code])
    assert ("WWW-Authenticate" in response.headers) is (status == 401)
    assert "data" not in answer(response)


def test_a_browsing_query_runs_in_one_scope_opened_before_and_closed_after(server: Server) -> None:
    server.run('{orders(first:1){totalCount} getOrder(orderId:"o-1"){id}}')
    assert server.calls == ["open", "orders grant=True", "getOrder grant=True", "close"]


def test_hot_reads_and_mutations_ask_for_themselves(server: Server) -> None:
    server.run('{getOrder(orderId:"o-1"){id}}')
    assert server.calls == ["getOrder grant=False"]
    server.run(PLACE, {"input": {"lines": [{"sku": "A", "quantity": 1, "unitPrice": "1"}]}})
    assert server.calls == ["place grant=False"]


def test_a_query_of_neither_kind_is_checked_once(server: Server) -> None:
    assert server.run("{__typename __schema{queryType{name}}}").status_code == 200
    assert server.calls == ["access"]


def test_the_scope_is_closed_after_a_failure(server: Server) -> None:
    assert codes(server.run('{orders(first:1){totalCount} must(kind:"surprise")}')) == ["INTERNAL"]
    assert server.calls[-1] == "close"


def test_a_hot_field_that_the_schema_lacks_is_an_error_at_start() -> None:
    with pytest.raises(ValueError, match="getOrdr"):
        Application().view(hot={"getOrdr"})


# ---- What a resolver raises


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("refused", 401, "UNAUTHENTICATED"), ("suspended", 403, "TENANT_SUSPENDED")]
)
def test_a_request_refused_in_a_resolver_is_refused_as_a_whole(
    server: Server, kind: str, status: int, code: str
) -> None:
    for query in (
        '{getOrder(orderId:"%s"){id}}',
        '{echo getOrder(orderId:"%s"){id}}',
        '{echo must(kind:"%s")}',
        'mutation{fail(kind:"%s")}',
        'mutation{__typename fail(kind:"%s")}',
        'mutation{maybe(kind:"%s") fail(kind:"")}',
    ):
        response = server.run(query % kind)
        assert (response.status_code, codes(response)) == (status, [code])
        assert answer(response).keys() == {"errors"}
        assert ("WWW-Authenticate" in response.headers) is (status == 401)
        assert "path" not in answer(response)["errors"][0]


def test_a_refusal_after_an_earlier_mutation_is_a_field_error(server: Server) -> None:
    response = server.run('mutation{a:maybe(kind:"") b:maybe(kind:"suspended")}')
    assert (response.status_code, codes(response)) == (200, ["TENANT_SUSPENDED"])
    assert answer(response)["data"] == {"a": "done", "b": None}
    response = server.run('mutation{a:fail(kind:"") b:fail(kind:"refused")}')
    assert (response.status_code, codes(response)) == (200, ["UNAUTHENTICATED"])
    assert answer(response)["data"] is None
    assert answer(response)["errors"][0]["path"] == ["b"]


@pytest.mark.parametrize("accept", [PLAIN_JSON, RESPONSE_JSON])
@pytest.mark.parametrize(("kind", "code"), [("forbidden", "FORBIDDEN"), ("argument", "BAD_USER_INPUT")])
def test_an_expected_field_error_keeps_its_code_and_message(server: Server, accept: str, kind: str, code: str) -> None:
    response = server.run('{getOrder(orderId:"KIND"){id} echo}'.replace("KIND", kind), HTTP_ACCEPT=accept)
    assert (response.status_code, codes(response)) == (200, [code])
    error = answer(response)["errors"][0]
    assert (error["path"], error["locations"]) == (["getOrder"], [{"line": 1, "column": 2}])
    assert answer(response)["data"]["getOrder"] is None
    assert answer(response)["data"]["echo"]["text"] == 0


def test_a_surprise_is_masked_outside_and_loud_inside(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    response = server.run('{must(kind:"surprise")}', HTTP_ACCEPT=RESPONSE_JSON)
    assert (response.status_code, codes(response)) == (200, ["INTERNAL"])
    assert answer(response)["data"] is None
    assert b"secret" not in response.content
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [(record.name, record.exc_info is not None) for record in logged] == [("bff.graphql", True)]
    assert logged[0].exc_info is not None
    assert isinstance(logged[0].exc_info[1], ValueError)


def test_a_surprise_outside_execution_is_a_masked_500(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(Application(raised_by_access=lambda: ZeroDivisionError("secret")))
    response = server.run("{__typename}")
    assert (response.status_code, codes(response)) == (500, ["INTERNAL"])
    assert b"secret" not in response.content
    assert any(record.levelno == logging.ERROR for record in caplog.records)


def test_a_result_that_does_not_fit_its_type_is_our_fault_and_an_argument_is_not(server: Server) -> None:
    response = server.run("query($n:Int=5000000000){echo(number:$n)}")
    assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"]
    response = server.run("query($n:Int){echo(number:$n)}", {"n": 5_000_000_000})
    assert codes(response) == ["BAD_USER_INPUT"]
    response = server.run("query($n:Int!){echo(number:$n)}", {"n": "5"})
    assert codes(response) == ["BAD_USER_INPUT"]


# ---- Values


def test_amounts_and_instants_reach_the_application_raw(server: Server) -> None:
    line = {"sku": "A", "quantity": 1}
    prices: list[Any] = ["1.10", "rubbish", 7, 1.5]
    variables = {"input": {"lines": [{**line, "unitPrice": price} for price in prices], "placedAt": "rubbish"}}
    response = server.run(PLACE, variables)
    assert answer(response)["data"]["place"]["echo"] == "'1.10','rubbish',7,1.5|'rubbish'|1"
    response = server.run('mutation{place(input:{lines:[{sku:"A",quantity:1,unitPrice:1.10}]}){echo}}')
    assert answer(response)["data"]["place"]["echo"] == "'1.10'|None|1"
    hopeless: list[Any] = [True, [], {}]
    for price in hopeless:
        response = server.run(PLACE, {"input": {"lines": [{**line, "unitPrice": price}]}})
        assert codes(response) == ["BAD_USER_INPUT"]


def test_a_lone_surrogate_and_a_nul_reach_the_field(server: Server) -> None:
    for escape in (b"\\ud800", b"\\u0000"):
        body = b'{"query":"%s","variables":{"input":{"lines":[{"sku":"a%s","quantity":1,"unitPrice":1}]}}}'
        response = server.request(body=body % (PLACE.encode(), escape))
        assert answer(response)["data"]["place"]["echo"] == "1|None|2"


@pytest.mark.parametrize(
    "body",
    [
        b'{"query":"query($n:Int!){echo(number:$n)}","variables":{"n":"\\ud800"}}',
        b'{"query":"query($n:Int!){echo(number:$n)}","variables":{"n":{"\\udc00":1}}}',
        b'{"query":"{echo}","operationName":"\\ud800"}',
        b'{"query":"{\\ud800}"}',
        b'{"query":"{echo(text:\\"\\ud800\\")}"}',
    ],
)
def test_an_error_about_a_surrogate_does_not_echo_it(server: Server, body: bytes) -> None:
    response = server.request(body=body)
    assert response.status_code == 200
    assert codes(response)[0] in ("BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED")
    response.content.decode()


@pytest.mark.parametrize("meta", [2**70, {"a": [2**64]}, {"text": "x\ud800"}, [[[[]]]], "ünï", None])
def test_json_comes_back_as_it_went_and_never_fails(server: Server, meta: Any) -> None:
    query = "query($m:JSON){echo(meta:$m){a}}".replace("{a}", "")
    body = json.dumps({"query": query, "variables": {"m": meta}}).encode()
    response = server.request(body=body)
    assert response.status_code == 200
    assert "errors" not in answer(response)
    if meta in (None, "ünï", [[[[]]]]):
        assert answer(response)["data"]["echo"]["meta"] == meta


def test_deep_json_is_refused_and_not_a_crash(server: Server) -> None:
    for depth, expected in ((200, None), (201, ["BAD_USER_INPUT"]), (1_000, ["BAD_USER_INPUT"])):
        nested = b"[" * depth + b"]" * depth
        response = server.request(body=b'{"query":"query($m:JSON){echo(meta:$m)}","variables":{"m":%s}}' % nested)
        assert response.status_code == 200
        assert (codes(response) if "errors" in answer(response) else None) == expected
    assert server.request(body=b'{"query":"{echo}","variables":{"m":%s}}' % (b"[" * 5_000)).status_code == 400


def test_a_long_value_is_not_repeated_at_length(server: Server) -> None:
    response = server.run("query($n:Int!){echo(number:$n)}", {"n": "x" * 500_000})
    assert len(response.content) < 5_000


# ---- Request ids, addresses, logs


def test_a_sane_request_id_is_kept_and_any_other_replaced(server: Server) -> None:
    for offered in ("abc-1_2.3", "x" * 64):
        assert server.run("{__typename}", HTTP_X_REQUEST_ID=offered).headers["X-Request-Id"] == offered
    made = set()
    for offered in ("", "x" * 65, "a b", "a\nb", "ü", '"'):
        given = server.run("{gone}", HTTP_X_REQUEST_ID=offered)
        assert given.headers["X-Request-Id"] not in (offered, "")
        assert codes(given) == ["GRAPHQL_VALIDATION_FAILED"]
        made.add(given.headers["X-Request-Id"])
    assert len(made) == 6


def test_the_address_is_the_peers_unless_the_peer_is_trusted() -> None:
    forwarded: dict[str, Any] = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.9"}
    plain, behind = Server(), Server(address=ClientAddress(["10.0.0.0/8"]))
    plain.run("{__typename}", **forwarded)
    behind.run("{__typename}", **forwarded)
    assert plain.application.calls[0] == "authenticate 10.0.0.1"
    assert behind.application.calls[0] == "authenticate 203.0.113.9"


def test_each_request_leaves_one_line_of_ids_and_names(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    variables = {"input": {"lines": [{"sku": "SECRET-SKU", "quantity": 1, "unitPrice": "1"}]}}
    response = server.run(PLACE.replace("mutation", "mutation SecretName"), variables)
    server.run('{getOrder(orderId:"forbidden"){id}}')
    server.run("{__typename}", token="bad")
    lines = [vars(record)["bff_fields"] for record in caplog.records if record.name == "bff.request"]
    durations = [line.pop("duration_ms") for line in lines]
    assert all(0 < duration < 10_000 for duration in durations)
    assert lines[0] == {
        "request_id": response.headers["X-Request-Id"],
        "tenant": "northwind",
        "operation": "place",
        "status": 200,
    }
    assert (lines[1]["operation"], lines[1]["errors"]) == ("getOrder", ["FORBIDDEN"])
    assert (lines[2]["status"], lines[2]["errors"]) == (401, ["UNAUTHENTICATED"])
    assert "SECRET" not in str(lines)


# ---- Browsers


def test_graphiql_is_for_browsers_where_it_is_switched_on() -> None:
    browser = "text/html,application/xhtml+xml,*/*;q=0.8"
    page = Server(show_graphiql=True).request("GET", token=None, HTTP_ACCEPT=browser)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"http" not in page.content
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert Server().request("GET", token=None, HTTP_ACCEPT=browser).status_code == 401
    assert Server(show_graphiql=True).request("GET", token=None, HTTP_ACCEPT="*/*").status_code == 401


def test_introspection_can_be_closed() -> None:
    response = Server(introspection=False).run("{__schema{queryType{name}}}")
    assert set(codes(response)) == {"GRAPHQL_VALIDATION_FAILED"}


def test_one_view_serves_many_threads() -> None:
    server = Server()
    view: GraphQLView = server.application.view()

    def work(number: int) -> Any:
        body = orjson.dumps({"query": f"query Q{number % 50}{{echo(number:{number % 50})}}"})
        request = RequestFactory().generic(
            "POST", "/graphql/", body, content_type=PLAIN_JSON, HTTP_AUTHORIZATION="Bearer good"
        )
        return answer(view(request))["data"]["echo"]["number"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(1_000))) == [number % 50 for number in range(1_000)]


def test_strawberry_says_the_same_for_what_succeeds() -> None:
    """Calling graphql-core directly leaves nothing of strawberry's semantics out."""
    server = Server()
    for query in (
        '{getOrder(orderId:"o-1"){__typename id placedAt total{amount currency} lines{sku quantity} metadata}}',
        "{orders(first:2){totalCount nodes{...F}}} fragment F on Order{id lines{n:quantity}}",
        "query($b:Boolean=true){echo @include(if:$b) x:echo @skip(if:$b)}",
        'mutation{place(input:{lines:[{sku:"A",quantity:1,unitPrice:1}]}){echo order{id}}}',
    ):
        context = type("Context", (), {"app": server.application, "grant": None})()
        expected = SCHEMA.execute_sync(query, context_value=context)
        assert expected.errors is None
        assert answer(server.run(query)) == {"data": expected.data}
