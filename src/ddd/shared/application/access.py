"""What a caller may do: read in each request's first round trip, so that a change is in force for the next request."""

from collections.abc import Mapping
from dataclasses import dataclass

from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.errors import PermissionMissing

#: role -> operation -> scope
Permissions = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Grant:
    """The permissions of one caller in one tenant, as of now."""

    caller: Caller
    permissions: Permissions

    def scopes(self, operation: str) -> frozenset[Scope]:
        """How far the caller's roles reach with this operation; empty: not at all."""
        found = set()
        for role in self.caller.roles:
            scope = self.permissions.get(role, {}).get(operation)
            if scope is not None:
                found.add(Scope(scope))
        return frozenset(found)

    def require(self, operation: str) -> frozenset[Scope]:
        """The scopes, or PermissionMissing."""
        scopes = self.scopes(operation)
        if not scopes:
            raise PermissionMissing(operation)
        return scopes

    def branches(self, operation: str) -> tuple[str, ...] | None:
        """The codes of the branches to which the caller reaches with this operation; None: all of them."""
        scopes = self.scopes(operation)
        if Scope.ALL in scopes:
            return None
        return self.caller.branches if Scope.BRANCH in scopes else ()
