"""The server as clients reach it."""

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.api.support import Api


@pytest.fixture
def api(database: BaseDatabaseWrapper) -> Api:
    return Api()
