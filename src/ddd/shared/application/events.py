"""Events and audit entries: what a change tells, and what it leaves behind. Neither holds a person's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """A published event on its way out, with its place in its aggregate's life.

    `sequence` counts the aggregate's events from 1 without gaps; a subscriber applies newer ones only.
    """

    aggregate: str
    aggregate_id: UUID
    sequence: int
    type: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which thing; `before` and `after` name the changed fields. Ids and field names only."""

    operation: str
    aggregate: str
    aggregate_id: UUID
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """An outbox row as a subscriber sees it."""

    tenant_id: str
    aggregate: str
    aggregate_id: UUID
    sequence: int
    type: str
    payload: Mapping[str, Any]
    occurred_at: datetime
