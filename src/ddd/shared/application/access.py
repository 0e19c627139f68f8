"""What a caller may do: read in each request's first round trip, so that a change is in force for the next request."""

from collections.abc import Mapping
from dataclasses import dataclass

from ddd.shared.domain.caller import Caller, Scope
from ddd.shared.domain.errors import OperationOff, PermissionMissing

#: role -> operation -> scope
Permissions = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Grant:
    """The permissions of one caller in one tenant, as of now. `off`: operations that the tenant's plan leaves out."""

    caller: Caller
    permissions: Permissions
    off: frozenset[str] = frozenset()

    def scopes(self, operation: str) -> frozenset[Scope]:
        """How far the caller's roles reach with this operation; empty: not at all, or not in the tenant's plan."""
        found: set[Scope] = set()
        if operation in self.off:
            return frozenset(found)
        for role in self.caller.roles:
            scope = self.permissions.get(role, {}).get(operation)
            if scope is not None:
                found.add(Scope(scope))
        return frozenset(found)

    def require(self, operation: str) -> frozenset[Scope]:
        """The scopes, or PermissionMissing (OperationOff, where the tenant's plan is the reason)."""
        scopes = self.scopes(operation)
        if not scopes:
            raise self._objection(operation)
        return scopes

    def why_not(self, operation: str) -> str | None:
        """Why the operation is not the caller's at all, as `require` says it, or None."""
        return None if self.scopes(operation) else str(self._objection(operation))

    def _objection(self, operation: str) -> PermissionMissing:
        return OperationOff(operation) if operation in self.off else PermissionMissing(operation)

    def branches(self, operation: str) -> tuple[str, ...] | None:
        """The codes of the branches to which the caller reaches with this operation; None: all of them."""
        scopes = self.scopes(operation)
        if Scope.ALL in scopes:
            return None
        return self.caller.branches if Scope.BRANCH in scopes else ()
