"""Commits in small groups: what threads of this process want committed at one moment travels as one transaction.

A thread that has decided joins the group of its kind (one tenant, the same statements). While no commit of that kind is
under way it sends its own at once, so nobody ever waits for company; what is ready when that commit returns goes next,
together, sent by one of its threads. The statements of the orders in a group are one statement with their rows joined,
and they share the commit's flush: four orders cost PostgreSQL little more than two.

A group commits whole or not at all. Where it does not (one of its orders lost a race, or its key had been used), each
of its members sends its own and learns its own reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import Final

import psycopg

from ddd.shared.application.statements import Write
from ddd.shared.infrastructure.idempotency import KeyRow, use_keys
from ddd.shared.infrastructure.statements import Connection, exchange, set_tenant

#: Their locks are held for as long as the longest of them takes.
_MOST: Final = 16

Kind = tuple[str, ...]


class LostCommit(Exception):
    """The connection died while the group's commit was under way: ask the idempotency key."""


class _Turn(Enum):
    LEAD = "send what has gathered"
    DONE = "committed"
    ALONE = "the group did not commit: send your own"
    LOST = "nobody knows"


@dataclass(slots=True)
class _Member:
    key: KeyRow
    writes: Sequence[Write]
    turn: _Turn = _Turn.LEAD
    #: Held until it is this member's turn.
    gate: Lock = field(default_factory=Lock)


class Groups:
    """The groups of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        #: Kinds with a commit under way, and who waits for it to return.
        self.waiting: dict[Kind, list[_Member]] = {}

    def commit(self, raw: Connection, tenant_id: str, key: KeyRow, writes: Sequence[Write]) -> None:
        """Have these writes committed behind their key, sent by this thread or by another.

        Raises what PostgreSQL objects to in them, and LostCommit.
        """
        mine = _Member(key, writes)
        kind = (tenant_id, *(write.sql for write in writes))
        with self._lock:
            queue = self.waiting.get(kind)
            if queue is None:
                self.waiting[kind] = []
            else:
                mine.gate.acquire()
                queue.append(mine)
        if queue is not None:
            mine.gate.acquire()
        if mine.turn is _Turn.LEAD:
            mine.turn = self._lead(raw, kind, mine)
        if mine.turn is _Turn.LOST:
            raise LostCommit
        if mine.turn is _Turn.ALONE:
            _send(raw, tenant_id, [mine])

    def _lead(self, raw: Connection, kind: Kind, mine: _Member) -> _Turn:
        with self._lock:
            queue = self.waiting[kind]
            others = queue[: _MOST - 1]
            del queue[: _MOST - 1]
        turn = _Turn.LOST
        try:
            _send(raw, kind[0], [mine, *others])
            turn = _Turn.DONE
        except psycopg.Error:
            if not raw.closed:
                turn = _Turn.ALONE
            if not others:
                raise
        finally:
            self._go_on(kind, others, turn)
        return turn

    def _go_on(self, kind: Kind, others: Sequence[_Member], turn: _Turn) -> None:
        """Whoever waits next leads the next group; this one hears what came of it."""
        with self._lock:
            queue = self.waiting[kind]
            if queue:
                queue.pop(0).gate.release()
            else:
                del self.waiting[kind]
        for each in others:
            each.turn = turn
            each.gate.release()


def _send(raw: Connection, tenant_id: str, members: Sequence[_Member]) -> None:
    """One transaction."""
    exchange(raw, (set_tenant(tenant_id), *joined([(member.key, member.writes) for member in members])))


def joined(members: Sequence[tuple[KeyRow, Sequence[Write]]]) -> list[Write]:
    """The statements of one or several members. Keys go in by their order in the index, so that two processes' groups
    do not block each other; stock's statement sees to its own order."""
    if len(members) == 1:
        ((key, writes),) = members
        return [use_keys([key]), *writes]
    members = sorted(members, key=lambda member: member[0].key_hash)
    rows = [_joined(writes) for writes in zip(*(writes for _, writes in members), strict=True)]
    return [use_keys([key for key, _ in members]), *rows]


def _joined(writes: Sequence[Write]) -> Write:
    first = writes[0]
    params = list(first.params)
    for position in first.rows:
        rows = [write.params[position][1:-1] for write in writes]
        params[position] = f"[{','.join([each for each in rows if each])}]"
    return Write(first.sql, params, first.rows)
