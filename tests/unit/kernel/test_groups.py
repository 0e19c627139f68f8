"""What a group of commits sends."""

import json

from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.groups import joined
from ddd.shared.infrastructure.idempotency import KeyRow


def member(key: bytes, *rows: int) -> tuple[KeyRow, list[Write]]:
    writes = [
        Write("one", ("t", json.dumps(rows)), rows=(1,)),
        Write("two", (json.dumps([{"of": key.decode()}]),), (0,)),
    ]
    return KeyRow("t", key, "placeOrder", b"f", "id"), writes


def test_keys_go_in_by_their_order_and_each_members_rows_with_them() -> None:
    keys, one, two = joined([member(b"b", 3), member(b"c"), member(b"a", 1, 2)])
    assert [row["key_hash"] for row in json.loads(keys.params[0])] == ["\\x61", "\\x62", "\\x63"]
    assert (one.params[0], json.loads(one.params[1])) == ("t", [1, 2, 3])
    assert json.loads(two.params[0]) == [{"of": "a"}, {"of": "b"}, {"of": "c"}]


def test_one_alone_sends_its_own_statements() -> None:
    key, writes = member(b"a", 1)
    use, *rest = joined([(key, writes)])
    assert (tuple(use.params), rest) == (tuple(key), writes)
