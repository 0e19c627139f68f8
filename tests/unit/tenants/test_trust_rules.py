"""What `trust_issuer` takes, and which trusts can stand side by side."""

import json
from typing import Any

import pytest

from ddd.shared.domain.caller import Role
from ddd.shared.domain.errors import Refusals
from ddd.tenants.application.trust import Trust
from ddd.tenants.application.trust_issuer import find_clash, read_claims, read_role_map
from ddd.tenants.domain.claim_paths import parse_path

ISSUER = "https://login.example.com"


def trust(tenant_id: str, **fields: Any) -> Trust:
    return Trust(tenant_id, ISSUER, ("api",), **{"tenant_value": tenant_id, **fields})


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("tenant_id", ("tenant_id",)),
        ("https://acme.example/roles", ("https://acme.example/roles",)),
        ("realm_access.roles", ("realm_access.roles",)),
        ('["realm_access","roles"]', ("realm_access", "roles")),
        ('["a"]', ("a",)),
    ],
)
def test_a_path_is_a_key_or_a_list_of_keys(text: str, path: tuple[str, ...]) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text",
    ["", " ", "a\x00", "x" * 256, "[", "[]", '[""]', "[1]", '["a",null]', '["a"] ["b"]', json.dumps(["a"] * 11),
     '["\\ud800"]', "[" * 100_000],
)  # fmt: skip
def test_is_no_path(text: str) -> None:
    assert parse_path(text) is None


def test_claims_are_read_by_name_up_to_the_first_equals_sign() -> None:
    assert read_claims(["tenant=org=id", 'roles=["a","b"]', "sub=s", "vendor=v", "customer=c", "branches=b"]) == {
        "tenant_path": ("org=id",),
        "roles_path": ("a", "b"),
        "subject_path": ("s",),
        "vendor_path": ("v",),
        "customer_path": ("c",),
        "branches_path": ("b",),
    }
    assert read_claims([]) == {}


@pytest.mark.parametrize("options", [["tenant"], ["=x"], ["email=x"], ["tenant="], ["sub=a", "sub=a"], ["roles=[]"]])
def test_claims_that_are_refused(options: list[str]) -> None:
    assert isinstance(read_claims(options), Refusals)


def test_a_role_map_names_one_role_of_ours_or_several() -> None:
    assert read_role_map({"boss": "Admin", "clerk": ["Worker", "Auditor", "Worker"], "nobody": []}) == {
        "boss": (Role.ADMIN,),
        "clerk": (Role.WORKER, Role.AUDITOR),
        "nobody": (),
    }


@pytest.mark.parametrize(
    "document",
    [None, [], "Admin", {}, {"boss": "Boss"}, {"boss": "admin"}, {"boss": 1}, {"boss": [None]}, {"boss": [["Admin"]]},
     {"": "Admin"}, {"a\x00": "Admin"}, {"boss": {}}, {"x" * 256: "Admin"}],
)  # fmt: skip
def test_is_no_role_map(document: object) -> None:
    assert isinstance(read_role_map(document), Refusals)


def test_tenants_of_one_issuer_stand_side_by_side_under_values_of_their_own() -> None:
    assert find_clash(trust("a"), [trust("b"), trust("c")]) is None
    assert find_clash(trust("a", single_tenant=True), []) is None


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"single_tenant": True}, {}),
        ({}, {"single_tenant": True}),
        ({"single_tenant": True}, {"single_tenant": True}),
        ({"tenant_path": ("org",)}, {}),
        ({"tenant_value": "b"}, {}),
    ],
)
def test_trusts_that_clash(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert find_clash(trust("a", **mine), [trust("b", **theirs)]) is not None
