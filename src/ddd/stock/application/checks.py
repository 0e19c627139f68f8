"""What several of stock's handlers ask before they decide."""

from collections.abc import Mapping
from typing import Any

from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Scope
from ddd.shared.domain.text import is_storable


def name_of(given: Mapping[str, Any], field: str) -> str:
    """The code by which the input names an object, fit for a lookup; "" (which nothing is called) where it is not."""
    value = given.get(field)
    return value if isinstance(value, str) and is_storable(value) else ""


def reaches(grant: Grant, operation: str, branch_code: str) -> bool:
    """Whether the caller's permission for the operation extends to this branch."""
    scopes = grant.scopes(operation)
    if Scope.ALL in scopes:
        return True
    branches = grant.caller.branches
    return Scope.BRANCH in scopes and (branches is None or branch_code in branches)
