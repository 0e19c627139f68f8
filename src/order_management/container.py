"""Who gets what: the composition root. One of each per process, all safe for threads."""

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from bff.app import App
from bff.auth.tokens import Authenticator
from bff.graphql.schema import HOT, schema
from bff.graphql.view import GraphQLView
from bff.http.address import ClientAddress
from bff.http.health import NotReady, Readiness
from bff.identity.key_sets import key_ring
from bff.identity.provider import builtin_issuer
from bff.identity.signing import verification_keys
from ddd.branches.application.ports import Branches
from ddd.branches.infrastructure.store import PostgresBranchStore
from ddd.orders.application.labels import Labels
from ddd.orders.application.ports import Orders
from ddd.orders.application.workflows import Workflows
from ddd.orders.infrastructure.drafting import PostgresDraftStore
from ddd.orders.infrastructure.migrating import PostgresMigrationStore
from ddd.orders.infrastructure.readers import PostgresOrderReader
from ddd.orders.infrastructure.shipment_locks import PostgresShipmentLocks
from ddd.orders.infrastructure.store import PostgresOrderStore
from ddd.published.workflow import FACTS
from ddd.shared.application.access import Grant
from ddd.shared.domain.caller import Caller
from ddd.shared.domain.clock import Clock, SystemClock
from ddd.shared.infrastructure.access import Access, AccessReader, SystemAccess
from ddd.shared.infrastructure.cel import CelConditions
from ddd.shared.infrastructure.reader import PostgresReader
from ddd.shared.infrastructure.regular_expressions import Re2Patterns
from ddd.shared.infrastructure.relay import Relay
from ddd.shared.infrastructure.unit_of_work import PostgresUnitOfWork
from ddd.stock.application.ports import Stock
from ddd.stock.application.reservations import NO_LEVEL, SHORT
from ddd.stock.infrastructure.reservations import StockReservations
from ddd.stock.infrastructure.store import PostgresStockStore
from ddd.tenants.application.ports import Tenants
from ddd.tenants.infrastructure.store import PostgresTenantStore
from ddd.tenants.infrastructure.trust_directory import PostgresTrustDirectory
from order_management.carriers import AccountChecks, HouseOrigins, carrier_desk
from order_management.registry import SUBSCRIBERS


@cache
def relay() -> Relay:
    """The relay over every subscriber of the house."""
    return Relay(SUBSCRIBERS)


def build_app(clock: Clock | None = None, access: Access | None = None) -> App:
    """Every context's ports on PostgreSQL."""
    clock = clock or SystemClock()
    access = access or AccessReader()
    reader = PostgresReader(access)
    unit_of_work = PostgresUnitOfWork(access, clock, relay().drain)
    conditions, patterns = CelConditions(FACTS), Re2Patterns()
    workflows = Workflows(reader=reader, conditions=conditions, patterns=patterns)
    heard = frozenset(SUBSCRIBERS)
    return App(
        orders=Orders(
            unit_of_work=unit_of_work,
            reader=reader,
            store=PostgresOrderStore(heard),
            rows=PostgresOrderReader(),
            drafts=PostgresDraftStore(heard),
            migrations=PostgresMigrationStore(heard),
            stock=StockReservations(),
            shortages=(SHORT, NO_LEVEL),
            clock=clock,
            workflows=workflows,
        ),
        stock=Stock(unit_of_work=unit_of_work, reader=reader, store=PostgresStockStore(), clock=clock),
        branches=Branches(unit_of_work=unit_of_work, reader=reader, store=PostgresBranchStore()),
        tenants=Tenants(
            unit_of_work=unit_of_work,
            reader=reader,
            store=PostgresTenantStore(),
            clock=clock,
            conditions=conditions,
            patterns=patterns,
            carriers=AccountChecks(carrier_desk()),
        ),
        workflows=workflows,
        reader=reader,
    )


@cache
def app() -> App:
    return build_app()


@cache
def system_app() -> App:
    """The same, for what the server does by itself: `system_caller` is granted everything."""
    return build_app(access=SystemAccess())


def labels() -> Labels:
    """What the jobs work with that buy carriers' labels and take them back."""
    return Labels(
        orders=system_app().orders,
        carriers=carrier_desk(),
        origins=HouseOrigins(PostgresBranchStore(), PostgresTenantStore()),
        locks=PostgresShipmentLocks(),
    )


@cache
def authenticator() -> Authenticator:
    return Authenticator(PostgresTrustDirectory(), key_ring(settings.DEV_ISSUERS), builtin_issuer())


def graphql_view() -> GraphQLView:
    """The view behind `/graphql/`."""
    reader = app().reader
    return GraphQLView(
        schema,
        authenticate=authenticator().authenticate,
        access=_access(app()),
        read_scope=reader.scope,
        app=app(),
        hot=HOT,
        introspection=settings.GRAPHQL_INTROSPECTION,
        show_graphiql=settings.GRAPHIQL,
        address=ClientAddress(settings.TRUSTED_PROXIES),
    )


def _access(of: App) -> Callable[[Caller], Grant]:
    def access(caller: Caller) -> Grant:
        (grant,) = of.reader.fetch(caller)
        return grant

    return access


def readiness() -> Readiness:
    """The view behind `/readyz`."""
    return Readiness(always={"database": _database, "keys": _keys}, once={"migrations": _migrations})


def _database() -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady("migrations are missing; run `manage.py migrate`")


def _keys() -> None:
    if settings.BUILTIN_IDP:
        verification_keys()
    authenticator()
