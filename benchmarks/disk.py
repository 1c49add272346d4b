"""How fast the disk is right now: commits of a single row, one after another, by SQLite alone.

No engine that keeps each step by a commit of its own is faster than this on the same disk, so it is what others are
compared with.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from benchmarks.errors import BenchmarkError

PRAGMAS = ("journal_mode = wal", "synchronous = FULL", "wal_autocheckpoint = 1000")
ROW = "x" * 200
TABLE = "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, content TEXT NOT NULL)"


def commits_per_second(path: Path, *, seconds: float) -> float:
    """Commit single rows to the database at ``path`` for a while, every commit durable; return the rate.

    Raises ``BenchmarkError`` when the disk does not take them, such as a full one.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.execute(TABLE)
            return _rate(connection, seconds)
    except sqlite3.Error as error:
        raise BenchmarkError(f"the disk takes no rows, at {path}: {error}") from error


def _rate(connection: sqlite3.Connection, seconds: float) -> float:
    started = time.perf_counter()
    commits = 0
    while (passed := time.perf_counter() - started) < seconds:
        connection.execute("INSERT INTO rows (content) VALUES (?)", (ROW,))
        commits += 1
    return commits / passed
