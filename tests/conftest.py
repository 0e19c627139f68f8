"""The tests' database: a real PostgreSQL, made by the owner once per run and dropped at its end.

Not pytest-django's own set-up: that makes only the aliases that tests' markers name, and would leave the others on the
real database. No test rolls back or truncates: each registers its own tenant, works as the runtime role, leaves its
rows, and counts only within its tenant.
"""

import hashlib
import os
import platform
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from pytest_django import DjangoDbBlocker

from order_management import database as roles
from order_management.postgres import DATABASE
from order_management.processes import is_alive

_opened_in_threads: list[tuple[threading.Thread, BaseDatabaseWrapper]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`django_db` would roll back what a test wrote; our units of work refuse to run inside a transaction."""
    for item in items:
        if item.get_closest_marker("django_db"):
            raise pytest.UsageError(f"{item.nodeid}: take the fixture `database` in place of the marker django_db")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database server, and on it a database of this run's own."""
    embedded = settings.EMBEDDED_POSTGRES
    if embedded is not None:
        embedded.acquire()
    try:
        with django_db_blocker.unblock():
            yield from _own_database()
    finally:
        if embedded is not None:
            embedded.release()


def _own_database() -> Iterator[None]:
    machine = hashlib.sha256(platform.node().encode()).hexdigest()[:6]
    name = f"test_{DATABASE}_{machine}_{os.getpid()}"
    with roles.connect_as_login(os.environ, settings.EMBEDDED_POSTGRES) as login:
        for (left,) in login.execute(
            "SELECT datname FROM pg_database WHERE datname ~ %s", [rf"^test_{DATABASE}_{machine}_\d+$"]
        ).fetchall():
            pid = re.findall(r"\d+$", left)
            if not is_alive(int(pid[0])):
                roles.drop_test_database(login, left)  # a run that was killed
        roles.drop_test_database(login, name)
        roles.create_test_database(login, name)
        for alias in connections:
            connections[alias].close()
            connections.settings[alias]["NAME"] = name
            connections[alias].settings_dict["NAME"] = name
        for alias in connections:
            assert str(connections[alias].settings_dict["NAME"]).startswith("test_")
        call_command("migrate", verbosity=0)
        for alias in connections:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT current_database(), current_user")
                assert cursor.fetchone() == (name, roles.ROLES[alias])
        yield
        _close_threads_connections()
        connections.close_all()
        roles.drop_test_database(login, name)


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    """Real commits as the runtime role (`default`), also from threads; `owner` and `system` are there too."""
    connection_created.connect(_remember, dispatch_uid="tests")
    with django_db_blocker.unblock():
        yield connections["default"]
    connection_created.disconnect(dispatch_uid="tests")
    _close_threads_connections()


@pytest.fixture
def fresh_connection(database: BaseDatabaseWrapper) -> None:
    """A connection that has prepared nothing: one that has prepared hundreds forgets them all, amid what is counted."""
    database.close()


@pytest.fixture(scope="session")
def database_environment(django_db_setup: None) -> Mapping[str, str]:
    """What to add to a child process's environment so that it works on the tests' database."""
    name = str(connections["default"].settings_dict["NAME"])
    embedded = settings.EMBEDDED_POSTGRES
    if embedded is not None:
        return {variable: embedded.url(name, roles.ROLES[alias]) for alias, variable in roles.URLS.items()}
    urls = {variable: os.environ[variable] for variable in roles.URLS.values() if os.environ.get(variable)}
    return {variable: _renamed(url, name) for variable, url in urls.items()}


def _renamed(url: str, name: str) -> str:
    """The same address, of another database."""
    front, question, query = url.partition("?")
    query = re.sub(r"(^|&)dbname=[^&]*", "", query)
    scheme, _, rest = front.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{name}{question}{query}"


def _remember(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if threading.current_thread() is not threading.main_thread():
        _opened_in_threads.append((threading.current_thread(), connection))


def _close_threads_connections() -> None:
    """Django's connections belong to their thread; those of threads that have ended nobody else closes."""
    for thread, connection in list(_opened_in_threads):
        if not thread.is_alive():
            connection.inc_thread_sharing()
            connection.close()
            _opened_in_threads.remove((thread, connection))
