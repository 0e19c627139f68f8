"""Who listens to which published event."""

from collections.abc import Mapping, Sequence
from typing import Final

from ddd.published.tenants import TenantChanged
from ddd.shared.infrastructure.access_snapshot import ACCESS_SNAPSHOT
from ddd.shared.infrastructure.relay import Subscriber

#: Event type -> its subscribers, in the order in which they hear of it.
SUBSCRIBERS: Final[Mapping[str, Sequence[Subscriber]]] = {
    TenantChanged.type: (ACCESS_SNAPSHOT,),
}
