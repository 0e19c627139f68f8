"""JSON logs: one object a line, ids and names only.

Never in a line: tokens, secrets, addresses, payloads. So a stack trace is written without the exceptions' messages
(PostgreSQL's quote whole rows, Python's quote values); what it keeps are the exceptions' classes, the frames, and
PostgreSQL's error code, table and constraint.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

_FIELDS = "bff_fields"
_MOST_CAUSES = 5


def fields(**values: Any) -> dict[str, Any]:
    """The `extra` of a log call: named values that stand beside the message. None is left out."""
    return {_FIELDS: {name: value for name, value in values.items() if value is not None}}


def configuration(level: str = "INFO", with_messages: bool = False) -> dict[str, Any]:
    """Django's LOGGING: JSON lines on stderr.

    Django's lines about single requests are left out, unless they have a stack: they quote paths, and the request's own
    line says the status.
    psycopg warns of pipelines that end in an error, which a lost race for stock does every time. procrastinate writes
    several lines about each job, with what it is called with; the worker's own line says how it went.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "bff.http.logs.JsonFormatter", "with_messages": with_messages}},
        "filters": {"stacks": {"()": "bff.http.logs.OnlyStacks"}, "jobs": {"()": "bff.http.logs.NotOfOneJob"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Named again because Django's defaults give them handlers of their own.
            "django": {"handlers": ["stderr"], "level": level, "propagate": False},
            "django.request": {"level": "ERROR", "filters": ["stacks"]},
            "django.server": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
            "psycopg": {"level": "ERROR"},
            "procrastinate": {"level": "WARNING"},
            "procrastinate.worker": {"filters": ["jobs"]},
        },
    }


class OnlyStacks(logging.Filter):
    """Lets through what tells of an exception: Django says of every answer from 500 up that there was one."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info and record.exc_info[1] is not None)


class NotOfOneJob(logging.Filter):
    """Leaves out procrastinate's lines about single jobs."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not hasattr(record, "job")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, message, the given fields, the stack.

    `with_messages` also writes what exceptions say; for development only.
    """

    def __init__(self, with_messages: bool = False) -> None:
        super().__init__()
        self._with_messages = with_messages

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, _FIELDS, None) or {})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = describe(record.exc_info[1], self._with_messages)
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:  # a lone surrogate or a huge number: the standard library escapes them
            return json.dumps(line, default=str)


def describe(error: BaseException, with_messages: bool = False) -> list[dict[str, Any]]:
    """The exception and its causes, outermost first: class, frames, and PostgreSQL's names of what went wrong."""
    chain: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(chain) < _MOST_CAUSES:
        found: dict[str, Any] = {"type": f"{type(current).__module__}.{type(current).__qualname__}"}
        if with_messages:
            found["message"] = str(current)
        # By name and not by class: only infrastructure knows the driver.
        diagnosis = getattr(current, "diag", None)
        for name in ("sqlstate", "constraint_name", "table_name", "column_name"):
            value = getattr(diagnosis, name, None)
            if value:
                found[name] = value
        found["stack"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}: {frame.line}"
            for frame in traceback.extract_tb(current.__traceback__)
        ]
        chain.append(found)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain
