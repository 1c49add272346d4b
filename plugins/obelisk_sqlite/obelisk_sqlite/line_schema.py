"""The table of lines, in a file of its own; ``migrating`` tells how it came to be.

``id`` is the cursor of a line. A line of ``obelisk:log`` has ``level`` and ``message``, one of a standard stream has
``stream`` and ``payload``. The indexes lead to the lines of one execution, and to those of a whole tree of executions,
each in the order of ``id``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from obelisk.ids import EXECUTION_PREFIX, ULID_LENGTH
from obelisk_sqlite.migrating import Schema

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

APPLICATION_ID = 0x4F424C47
SCHEMA_VERSION = 1
MIGRATION_SET = "obelisk-sqlite-logs"
ROOT_LENGTH = len(EXECUTION_PREFIX) + ULID_LENGTH
ROOT = f"substr(execution_id, 1, {ROOT_LENGTH})"
"""The topmost execution above a line's own."""

_TABLES = (
    """CREATE TABLE t_log (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        execution_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        level INTEGER,
        message TEXT,
        stream INTEGER,
        payload BLOB
    ) STRICT""",
    "CREATE INDEX t_log_execution ON t_log (execution_id)",
    f"CREATE INDEX t_log_root ON t_log ({ROOT})",
)


def migrations() -> Migrations:
    """Return the steps from an empty database to ``SCHEMA_VERSION``; each is applied once and never edited."""
    from sqlite_utils.migrations import Migrations

    steps = Migrations(MIGRATION_SET)

    @steps(name="1_tables")
    def _tables(db: Database) -> None:
        for statement in _TABLES:
            db.execute(statement)

    return steps


SCHEMA = Schema(APPLICATION_ID, SCHEMA_VERSION, migrations)
