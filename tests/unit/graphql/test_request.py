"""Media types, bodies and query strings."""

from typing import Any
from urllib.parse import urlencode

import pytest

from bff.graphql.errors import RequestFault
from bff.graphql.request import PLAIN_JSON, RESPONSE_JSON, from_body, from_query_string, media_type_for, prefers_html

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, PLAIN_JSON),
        ("", PLAIN_JSON),
        ("*/*", PLAIN_JSON),
        ("application/*", PLAIN_JSON),
        ("application/json", PLAIN_JSON),
        ("Application/JSON; charset=UTF-8", PLAIN_JSON),
        ("application/graphql-response+json", RESPONSE_JSON),
        ("application/graphql-response+json; charset=utf-8", RESPONSE_JSON),
        ("application/graphql-response+json, application/json;q=0.9", RESPONSE_JSON),
        ("application/json, application/graphql-response+json", RESPONSE_JSON),
        ("application/json, application/graphql-response+json;q=0.5", PLAIN_JSON),
        ("application/graphql-response+json;q=0.5, */*;q=0.1", RESPONSE_JSON),
        ("application/json;q=0, application/graphql-response+json;q=0", None),
        ("application/json;q=0, */*", RESPONSE_JSON),
        ("application/json;charset=latin-1", None),
        ("text/html", None),
        ("application/json;q=rubbish", None),
        (BROWSER, PLAIN_JSON),
    ],
)
def test_the_media_type_follows_accept(accept: str | None, expected: str | None) -> None:
    assert media_type_for(accept) == expected


def test_html_is_for_those_who_name_it_first() -> None:
    assert prefers_html(BROWSER)
    assert prefers_html("text/html")
    assert not prefers_html("*/*")
    assert not prefers_html("application/json, text/html;q=0.9")
    assert not prefers_html(None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"null",
        b"1",
        b'"text"',
        b"[]",
        b'[{"query":"{a}"}]',
        b"{}",
        b'{"query":null}',
        b'{"query":1}',
        b'{"query":["{a}"]}',
        b'{"query":"{a}","variables":[]}',
        b'{"query":"{a}","variables":"x"}',
        b'{"query":"{a}","operationName":{}}',
        b'{"query":"{a}","extensions":false}',
        b'{"query":"{a}","variables":{"a":NaN}}',
        b'{"query":"{a}","variables":{"a":"\\ud800","b":NaN}}',
        b'{"query":"{a}","variables":{"a":"\\ud800","b":-Infinity}}',
        b'{"query":"{a}","variables":{"a":"\\ud800","b":1e999}}',
        b'{"query":"{a}","variables":{"a":"\\ud800","b":' + b"9" * 5_000 + b"}}",
        b'{"query":"{a}","variables":{"a":1e999}}',
        b'\xef\xbb\xbf{"query":"{a}"}',
        b'{"query":"\xff"}',
        b'{"query":"\\ud800\xff"}',
        b'{"query":"{a}","variables":{"a":"\xed\xa0\x80"}}',
        b'"\\ud800' + b"[" * 100_000,
        b'{"query":"\\ud800","variables":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        '{"query":"{a}"}'.encode("utf-16"),
    ],
)
def test_a_body_that_is_no_request_is_400(body: bytes) -> None:
    with pytest.raises(RequestFault) as fault:
        from_body(body)
    assert (fault.value.status, str(fault.value.code)) == (400, "BAD_USER_INPUT")


def test_a_lone_surrogate_reaches_the_field_that_holds_it() -> None:
    asked = from_body(b'{"query":"{a}","variables":{"a":"x\\ud800","b":1.5,"c":"\\ud83d\\ude00"}}')
    assert asked.variables == {"a": "x\ud800", "b": 1.5, "c": "😀"}


def test_null_and_empty_parameters_are_absent_ones() -> None:
    asked = from_body(b'{"query":"{a}","variables":null,"operationName":"","extensions":{"a":1},"other":1}')
    assert (asked.query, asked.variables, asked.operation_name) == ("{a}", {}, None)


def test_of_a_name_given_twice_the_last_counts_for_both_readers() -> None:
    assert from_body(b'{"query":"{a}","query":"{b}"}').query == "{b}"
    assert from_body(b'{"query":"{a}","query":"{b}","variables":{"a":"\\ud800"}}').query == "{b}"


def test_a_query_string_carries_variables_as_json() -> None:
    asked = from_query_string(urlencode({"query": "{a ü}", "variables": '{"a": 1}', "operationName": "B"}))
    assert (asked.query, asked.variables, asked.operation_name) == ("{a ü}", {"a": 1}, "B")
    assert from_query_string(urlencode({"query": "{a}", "variables": "", "extensions": "null"})).variables == {}


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "variables=%7B%7D",
        "query=%ff",
        "query={a}&query={b}",
        "query={a}&variables=nonsense",
        "query={a}&variables=[1]",
        "query={a}&extensions=1",
        "&".join(f"a{n}=1" for n in range(30)),
    ],
)
def test_a_query_string_that_is_no_request_is_400(query_string: str) -> None:
    with pytest.raises(RequestFault) as fault:
        from_query_string(query_string)
    assert fault.value.status == 400


def test_messages_quote_nothing_of_the_request() -> None:
    requests: list[Any] = [b'{"query":1,"secret":"hunter2"}', b'"hunter2', b'{"query":"\\ud800","variables":"hunter2"}']
    for body in requests:
        with pytest.raises(RequestFault) as fault:
            from_body(body)
        assert "hunter2" not in fault.value.message
