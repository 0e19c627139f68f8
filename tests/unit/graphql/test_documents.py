"""Documents are prepared once, refused with the right code, and sorted by how they reach the database."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bff.graphql import errors
from bff.graphql.documents import Access, Documents, Prepared, _Bounded
from bff.graphql.errors import Code, NotExecuted
from bff.graphql.limits import Limits
from tests.unit.graphql.small_schema import SCHEMA


def documents(introspection: bool = True) -> Documents:
    return Documents(SCHEMA._schema, limits=Limits(), hot=frozenset({"getOrder", "echo"}), introspection=introspection)


@pytest.mark.parametrize(
    ("text", "access"),
    [
        ("{getOrder(orderId:1){id}}", Access.OWN),
        ("{getOrder(orderId:1){id} __typename echo}", Access.OWN),
        ("{orders(first:1){totalCount}}", Access.SCOPE),
        ("{getOrder(orderId:1){id} orders(first:1){totalCount}}", Access.SCOPE),
        ("{...{...F}} fragment F on Query{orders(first:1){totalCount}}", Access.SCOPE),
        ("query($a:Boolean!){orders(first:1) @include(if:$a){totalCount} echo}", Access.SCOPE),
        ("{__typename}", Access.CHECK),
        ("{__schema{queryType{name}}}", Access.CHECK),
        ("query($a:Boolean!){echo @skip(if:$a) __typename}", Access.CHECK),
        ("query($a:Boolean!){...@skip(if:$a){echo} __typename}", Access.CHECK),
        ("query($a:Boolean!){a:echo @skip(if:$a) b:echo}", Access.OWN),
        ('mutation{maybe(kind:"")}', Access.OWN),
        ("mutation{__typename}", Access.CHECK),
    ],
)
def test_an_operation_reaches_the_database_as_its_root_fields_do(text: str, access: Access) -> None:
    assert documents().prepare(text).operations[0].access is access


def test_the_label_names_root_fields_once_in_their_order() -> None:
    operation = documents().prepare('query Mine{b:echo a:getOrder(orderId:"x"){id} c:echo}').operations[0]
    assert (operation.name, operation.label) == ("Mine", "echo getOrder")


def test_the_same_text_is_prepared_once_and_the_same_refusal_told_twice() -> None:
    prepared = documents()
    assert prepared.prepare("{echo}") is prepared.prepare("{echo}")
    for _ in range(2):
        with pytest.raises(NotExecuted) as refused:
            prepared.prepare("{gone}")
        assert refused.value.errors[0]["extensions"] == {"code": Code.GRAPHQL_VALIDATION_FAILED}
        assert refused.value.errors[0]["locations"] == [{"line": 1, "column": 2}]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.GRAPHQL_PARSE_FAILED),
        ("{", Code.GRAPHQL_PARSE_FAILED),
        ("{}", Code.GRAPHQL_PARSE_FAILED),
        ("{echo \x00}", Code.GRAPHQL_PARSE_FAILED),
        ("{echo \ud800}", Code.GRAPHQL_PARSE_FAILED),
        ('{echo(text:"\ud800")}', Code.GRAPHQL_PARSE_FAILED),
        ('{echo(text:"\\ud800")}', Code.GRAPHQL_PARSE_FAILED),
        ("{gone}", Code.GRAPHQL_VALIDATION_FAILED),
        ("subscription{gone}", Code.GRAPHQL_VALIDATION_FAILED),
        ("type A{b:Int}", Code.GRAPHQL_VALIDATION_FAILED),
        ("fragment F on Query{echo}", Code.GRAPHQL_VALIDATION_FAILED),
        ("{echo(number:true)}", Code.GRAPHQL_VALIDATION_FAILED),
        ("{" + "echo " * 21 + "}", Code.LIMIT_EXCEEDED),
        ("{echo(meta:" + "[" * 300 + "]" * 300 + ")}", Code.LIMIT_EXCEEDED),
        ("{echo(meta:" + "1" * 5_000 + ")}", Code.GRAPHQL_VALIDATION_FAILED),
        ("{echo(meta:1e999)}", Code.GRAPHQL_VALIDATION_FAILED),
        ("{echo(number:" + "1" * 5_000 + ")}", Code.GRAPHQL_VALIDATION_FAILED),
    ],
)
def test_a_document_is_refused_with_the_code_of_its_fault(text: str, code: Code) -> None:
    with pytest.raises(NotExecuted) as refused:
        documents().prepare(text)
    assert {error["extensions"]["code"] for error in refused.value.errors} == {code}
    for error in refused.value.errors:
        error["message"].encode()


def test_without_introspection_the_schema_is_not_told_nor_hinted_at() -> None:
    closed = documents(introspection=False)
    for text in ("{__schema{queryType{name}}}", '{__type(name:"Order"){name}}', "{ordersz}"):
        with pytest.raises(NotExecuted) as refused:
            closed.prepare(text)
        assert "Did you mean" not in refused.value.errors[0]["message"]
    assert closed.prepare("{__typename}").operations[0].label == "__typename"


def test_an_operation_is_found_by_name_or_stands_alone() -> None:
    two = documents().prepare("query A{echo} query B{echo}")
    assert two.operation("B").name == "B"
    for name in (None, "C"):
        with pytest.raises(NotExecuted):
            two.operation(name)
    assert documents().prepare("query A{echo}").operation(None).name == "A"


def test_the_cache_forgets_the_longest_unused_by_count_and_by_size() -> None:
    cache: _Bounded[str] = _Bounded(3, 10)
    for text in ("a", "b", "c"):
        cache.put(text, text)
    assert cache.get("a") == "a"
    cache.put("d", "d")
    assert [cache.get(text) for text in ("a", "b", "c", "d")] == ["a", None, "c", "d"]
    cache.put("12345678", "long")
    assert [cache.get(text) for text in ("a", "c", "d", "12345678")] == [None, "c", "d", "long"]
    cache.put("12345678901", "never")
    assert cache.get("12345678901") is None
    assert len(cache) == 3


def test_threads_share_one_cache() -> None:
    shared = documents()

    def work(number: int) -> Prepared:
        return shared.prepare(f"query A{number % 40}{{echo}}")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(2_000)))
    assert [item.operations[0].name for item in found] == [f"A{number % 40}" for number in range(2_000)]


def test_a_message_is_bounded_and_has_no_surrogates() -> None:
    assert errors.text("gone \ud800 é") == "gone � é"
    assert len(errors.text("x" * 5_000)) == 1_001


def test_the_search_for_errors_ends_after_ten() -> None:
    with pytest.raises(NotExecuted) as refused:
        documents().prepare("{getOrder(orderId:1){" + " ".join(f"gone{n}" for n in range(50)) + "}}")
    assert len(refused.value.errors) == 11  # and one that says so
