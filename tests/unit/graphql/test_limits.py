"""The limits of API.md, each at its edge, and what hostile documents cost."""

import time

import pytest
from graphql import get_introspection_query, parse

from bff.graphql.documents import Documents
from bff.graphql.errors import Code, NotExecuted
from bff.graphql.limits import LimitExceeded, Limits, check
from tests.unit.graphql.hostile import documents as hostile_documents
from tests.unit.graphql.small_schema import SCHEMA

GRAPH = SCHEMA._schema
DOCUMENT = "{getOrder(orderId:1){%s}}"


def prepare(text: str) -> str | None:
    """The code of the first error, or None."""
    try:
        Documents(GRAPH, limits=Limits(), hot=frozenset()).prepare(text)
    except NotExecuted as refused:
        return str(refused.errors[0]["extensions"]["code"])
    return None


def within(text: str, limits: Limits | None = None) -> bool:
    try:
        check(GRAPH, parse(text), limits or Limits())
    except LimitExceeded:
        return False
    return True


def friends(levels: int) -> str:
    return "{getOrder{" + "friend{" * (levels - 2) + "id" + "}" * (levels - 2) + "}}"


def test_depth_counts_from_the_root_field_to_the_leaf() -> None:
    assert within(friends(15))
    assert not within(friends(16))


def test_fragments_add_no_depth_and_hide_none() -> None:
    inside = "friend{" * 12 + "%s" + "}" * 12
    fragment = " fragment F on Order{...{...{friend{id}}}}"
    assert within("{getOrder{" + inside % "...{...F}" + "}}" + fragment)
    assert not within("{getOrder{" + inside % "friend{...F}" + "}}" + fragment)


def test_aliases_are_counted_over_the_whole_document_and_at_every_spread() -> None:
    assert within(DOCUMENT % " ".join(f"a{n}:id" for n in range(30)))
    assert not within(DOCUMENT % " ".join(f"a{n}:id" for n in range(31)))
    ten = " fragment F on Order{" + " ".join(f"a{n}:id" for n in range(10)) + "}"
    assert within(DOCUMENT % "...F friend{...F friend{...F}}" + ten)
    assert not within(DOCUMENT % "...F friend{...F friend{...F friend{...F}}}" + ten)
    assert not within(" ".join(f"query q{n}{{a:echo b:echo}}" for n in range(16)))


def test_root_fields_are_counted_over_all_operations_and_fragments() -> None:
    assert within("{" + "echo " * 20 + "}")
    assert not within("{" + "echo " * 21 + "}")
    assert not within("query a{" + "echo " * 11 + "} query b{...F} fragment F on Query{" + "echo " * 10 + "}")


@pytest.mark.parametrize(
    ("page", "fields", "passes"),
    [
        # 2 for the connection and its list, then page × fields
        ("first:100", 99, True),
        ("first:100", 100, False),
        ("last:100", 100, False),
        ("first:10", 100, True),
        ("first:$n", 99, True),
        ("first:$n", 100, False),
        ("", 100, False),
        ("first:0", 100, True),
        ("first:-5", 100, True),
        # No page is larger than 100: the resolver refuses more by its own code.
        ("first:99999999999999999999", 99, True),
    ],
)
def test_cost_is_the_page_size_times_the_fields_in_it(page: str, fields: int, passes: bool) -> None:
    arguments = f"({page})" if page else ""
    query = f"query($n:Int){{orders{arguments}{{nodes{{{'id ' * fields}}}}}}}"
    assert within(query, Limits(same_name=1_000)) is passes


def test_what_stands_once_in_a_connection_costs_once() -> None:
    assert within("{orders(first:100){" + "totalCount " * 90 + "nodes{" + "id " * 98 + "}}}", Limits(cost=9_892))
    assert not within("{orders(first:100){" + "totalCount " * 91 + "nodes{" + "id " * 98 + "}}}", Limits(cost=9_892))


def test_tokens_end_the_reading() -> None:
    assert prepare("{echo(meta:[" + "1 " * 1_991 + "])}") is None  # 2,000 with the punctuation
    assert prepare("{echo(meta:[" + "1 " * 1_992 + "])}") == Code.LIMIT_EXCEEDED


def test_a_document_of_100_000_bytes_passes_and_one_more_does_not() -> None:
    assert prepare("{__typename}" + " " * 99_988) is None
    assert prepare("{__typename}" + " " * 99_989) == Code.LIMIT_EXCEEDED
    assert prepare("{__typename}#" + "€" * 33_329) is None
    assert prepare("{__typename}#" + "€" * 33_330) == Code.LIMIT_EXCEEDED


def test_the_standard_introspection_query_passes() -> None:
    assert prepare(get_introspection_query()) is None
    everything = get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    assert prepare(everything) is None


def test_what_parses_can_be_measured_whatever_it_names() -> None:
    for text in (
        "{nothing{of{this}}}",
        "{...Gone}",
        "subscription{a}",
        "fragment F on Gone{a}",
        "{...F} fragment F on Line{...F}",
    ):
        assert within(text)


#: How many times the reading of 2,000 tokens a document may cost. That reading takes 5 ms where 50 ms was promised.
_MOST_TIMES = 10


def _cost(text: str) -> float:
    """Seconds of processor time, the best of three: the text differs each time, so that nothing is remembered."""
    documents = Documents(GRAPH, limits=Limits(), hot=frozenset())
    best = float("inf")
    for attempt in range(3):
        started = time.process_time()
        try:
            documents.prepare(text + " " * attempt)
        except NotExecuted:
            pass
        best = min(best, time.process_time() - started)
    return best


@pytest.mark.parametrize("text", [pytest.param(text, id=what) for what, text in hostile_documents()])
def test_no_document_costs_much_more_than_its_reading(text: str) -> None:
    yardstick = float("inf")
    for _ in range(3):
        started = time.process_time()
        parse("{" + "echo " * 1_990 + "}")
        yardstick = min(yardstick, time.process_time() - started)
    assert _cost(text) < _MOST_TIMES * yardstick
