"""The query that counts what is unfinished."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from obelisk.clock import from_microseconds, to_microseconds
from obelisk.interfaces.storage import Backlog, Bucket
from obelisk.names import Ffqn

BACKLOG = """SELECT ffqn,
    CASE WHEN lifecycle <> 'active' THEN lifecycle
        WHEN status = 'locked' THEN 'locked'
        WHEN status <> 'pending_at' THEN 'blocked'
        WHEN due_at <= :now THEN 'pending'
        ELSE 'scheduled' END AS bucket,
    count(*), min(due_at)
    FROM t_state INDEXED BY t_state_timer WHERE status <> 'finished' GROUP BY ffqn, bucket"""


def count_backlog(connection: sqlite3.Connection, now: datetime) -> list[Backlog]:
    """Count unfinished executions by function and state; the index has none that is finished."""
    return [
        _backlog(Ffqn(ffqn), Bucket(name), count, due_at)
        for ffqn, name, count, due_at in connection.execute(BACKLOG, {"now": to_microseconds(now)})
    ]


def _backlog(ffqn: Ffqn, bucket: Bucket, count: int, due_at: int) -> Backlog:
    return Backlog(ffqn, bucket, count, from_microseconds(due_at) if bucket is Bucket.PENDING else None)
