"""Which jobs there are: tenants' by name, and the house's own by the clock."""

from collections.abc import Sequence
from functools import partial

from ddd.orders.application.expiry import expire_orders
from ddd.orders.application.labels import BUY, VOID, buy_label, void_label
from ddd.orders.infrastructure.expiry import PostgresDueOrders
from ddd.shared.application.jobs import Job, Periodic
from ddd.shared.infrastructure.job_queue import JobQueue
from order_management.container import labels, system_app


def jobs() -> Sequence[Job]:
    """What deferrers (see the registry) have done."""
    desk = labels()
    return (Job(BUY, partial(buy_label, labels=desk)), Job(VOID, partial(void_label, labels=desk)))


def periodic() -> Sequence[Periodic]:
    """What needs no event. Times are UTC."""
    orders = system_app().orders
    return (
        Periodic("orders.expire", "* * * * *", partial(expire_orders, orders, PostgresDueOrders())),
        Periodic("house.purge_jobs", "17 * * * *", lambda is_over: JobQueue().purge()),
    )
