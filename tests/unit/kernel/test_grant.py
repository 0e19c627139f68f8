"""What a caller may do: by its roles, and by what the tenant's plan leaves out."""

import pytest

from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Role, Scope
from ddd.shared.domain.errors import OperationOff, PermissionMissing
from tests.builders import caller

CARRIED = {"Worker": {"orders": "BRANCH", "getOrder": "ALL"}, "Vendor": {"orders": "VENDOR"}}
GRANT = Grant(caller("t", Role.WORKER, Role.VENDOR), CARRIED, frozenset({"getOrder", "items"}))


def test_every_role_adds_its_reach() -> None:
    assert GRANT.require("orders") == {Scope.BRANCH, Scope.VENDOR}
    assert GRANT.why_not("orders") is None


def test_what_no_role_carries_is_missing() -> None:
    with pytest.raises(PermissionMissing) as raised:
        GRANT.require("placeOrder")
    assert type(raised.value) is PermissionMissing
    assert str(raised.value) == "Your roles do not permit placeOrder." == GRANT.why_not("placeOrder")


@pytest.mark.parametrize("operation", ["getOrder", "items"])
def test_what_the_plan_leaves_out_says_so_whatever_the_roles(operation: str) -> None:
    assert GRANT.scopes(operation) == frozenset()
    with pytest.raises(OperationOff):
        GRANT.require(operation)
    assert GRANT.why_not(operation) == f"Your tenant's plan does not include {operation}."
