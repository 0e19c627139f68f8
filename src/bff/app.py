"""The application as the front sees it: each context's ports, filled by the composition root."""

from dataclasses import dataclass

from ddd.branches.application.ports import Branches
from ddd.orders.application.ports import Orders
from ddd.orders.application.workflows import Workflows
from ddd.shared.application.reader import Reader
from ddd.stock.application.ports import Stock
from ddd.tenants.application.ports import Tenants


@dataclass(frozen=True, slots=True)
class App:
    """What resolvers hand to the handlers."""

    orders: Orders
    stock: Stock
    branches: Branches
    tenants: Tenants
    workflows: Workflows
    reader: Reader
