"""Who listens to which published event: event type -> subscribers in the order in which they hear of it, deferrers."""

from collections.abc import Mapping, Sequence
from typing import Final

from ddd.orders.application import labels
from ddd.orders.infrastructure import snapshots as orders
from ddd.published.branches import BranchChanged
from ddd.published.orders import LABEL_RECALLED, LABEL_REQUESTED
from ddd.published.stock import ItemChanged
from ddd.published.tenants import TenantChanged, WorkflowPublished
from ddd.shared.infrastructure.access_snapshot import ACCESS_SNAPSHOT
from ddd.shared.infrastructure.relay import Deferrer, Listener
from ddd.stock.infrastructure import snapshots as stock

SUBSCRIBERS: Final[Mapping[str, Sequence[Listener]]] = {
    TenantChanged.type: (orders.TENANTS, ACCESS_SNAPSHOT),
    WorkflowPublished.type: (orders.WORKFLOWS,),
    BranchChanged.type: (stock.BRANCHES, orders.BRANCHES),
    ItemChanged.type: (orders.ITEMS,),
    LABEL_REQUESTED: (Deferrer("orders.labels_wanted", labels.after_request),),
    LABEL_RECALLED: (Deferrer("orders.labels_recalled", labels.after_recall),),
}
