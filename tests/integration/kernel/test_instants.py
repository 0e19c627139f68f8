"""Times come back from PostgreSQL as they went, in UTC: through statements of our own and through Django's cursors."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddd.shared.infrastructure.instants import InstantLoader
from ddd.shared.infrastructure.statements import Plain, connection, exchange

pytestmark = pytest.mark.usefixtures("database")

ZONES = [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-12))]
MIDDLE = datetime(5000, 1, 1, tzinfo=UTC)
TIMES = st.builds(
    lambda apart, zone: (MIDDLE + apart).astimezone(zone),
    st.timedeltas(timedelta(days=-1_825_000), timedelta(days=1_825_000)),
    st.sampled_from(ZONES),
)


def ours(text: str) -> Any:
    return exchange(connection("default"), [Plain("SELECT $1::timestamptz", (text,))])[0][0][0]


def djangos(text: str) -> Any:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", (text,))
        return cursor.fetchone()[0]


@given(TIMES)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_time_is_the_same_instant_in_utc(moment: datetime) -> None:
    for found in (ours(moment.isoformat()), djangos(moment.isoformat())):
        assert found == moment
        assert found.tzinfo is UTC


@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "10000-01-01 00:00:00+00"])
def test_a_time_that_python_does_not_have_is_an_error_of_the_data(text: str) -> None:
    with pytest.raises(psycopg.DataError, match="cannot be read"):
        ours(text)


def test_every_connection_of_djangos_reads_times_so() -> None:
    for alias in ("default", "owner", "system"):
        connections[alias].ensure_connection()
        assert connections[alias].connection.adapters.get_loader(1184, psycopg.pq.Format.TEXT) is InstantLoader


def test_another_time_zone_in_the_session_changes_nothing() -> None:
    raw = connection("default")
    try:
        raw.pgconn.exec_(b"SET TIME ZONE 'Asia/Kathmandu'")
        found = ours("2026-03-01T09:30:00.5Z")
    finally:
        raw.pgconn.exec_(b"SET TIME ZONE 'UTC'")
    assert found == datetime(2026, 3, 1, 9, 30, 0, 500_000, UTC)
    assert found.tzinfo is UTC
