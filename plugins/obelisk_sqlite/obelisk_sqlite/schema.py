"""The tables, how they came to be, and which database is ours.

``PRAGMA application_id`` says that a database is Obelisk's, ``PRAGMA user_version`` which schema it has. Both are part
of the transaction that makes the tables.

``t_state.id`` numbers executions in the order in which they were created. The other tables name an execution by it, and
new events and new executions lie at the end of their tables, so that a commit touches few pages.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from obelisk.errors import SchemaVersionError

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

APPLICATION_ID = 0x4F42504B
SCHEMA_VERSION = 2
MIGRATION_SET = "obelisk-sqlite"

_TABLES = (
    """CREATE TABLE t_state (
        id INTEGER PRIMARY KEY,
        execution_id TEXT NOT NULL UNIQUE,
        ffqn TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        scheduled_at INTEGER NOT NULL,
        parent_id TEXT,
        parent_join_set_id TEXT,
        component_type TEXT NOT NULL,
        component_name TEXT NOT NULL,
        component_digest TEXT NOT NULL,
        deployment_id TEXT NOT NULL,
        next_version INTEGER NOT NULL,
        cursor INTEGER NOT NULL,
        status TEXT NOT NULL,
        lifecycle TEXT NOT NULL,
        due_at INTEGER NOT NULL,
        executor_id TEXT,
        run_id TEXT,
        lock_version INTEGER,
        join_set_id TEXT,
        closing INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        max_retries INTEGER,
        retry_backoff_secs INTEGER NOT NULL,
        retry_backoff_nanos INTEGER NOT NULL,
        result_kind TEXT,
        failure_kind TEXT,
        incompatible_digest TEXT
    ) STRICT""",
    "CREATE INDEX t_state_created ON t_state (created_at, execution_id)",
    """CREATE INDEX t_state_pending_ffqn ON t_state (ffqn, due_at)
        WHERE status = 'pending_at' AND lifecycle = 'active'""",
    """CREATE INDEX t_state_pending_digest ON t_state (component_digest, due_at)
        WHERE status = 'pending_at' AND lifecycle = 'active'""",
    "CREATE INDEX t_state_timer ON t_state (status, due_at) WHERE status <> 'finished'",
    """CREATE TABLE t_execution_log (
        id INTEGER PRIMARY KEY,
        execution INTEGER NOT NULL,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        event TEXT NOT NULL,
        UNIQUE (execution, version)
    ) STRICT""",
    """CREATE TABLE t_join_set_response (
        execution INTEGER NOT NULL,
        cursor INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        join_set_id TEXT NOT NULL,
        child_execution_id TEXT,
        finished_version INTEGER,
        result TEXT,
        delay_id TEXT,
        success INTEGER,
        PRIMARY KEY (execution, cursor)
    ) STRICT, WITHOUT ROWID""",
    """CREATE UNIQUE INDEX t_join_set_response_child ON t_join_set_response (child_execution_id)
        WHERE child_execution_id IS NOT NULL""",
    """CREATE UNIQUE INDEX t_join_set_response_delay ON t_join_set_response (delay_id)
        WHERE delay_id IS NOT NULL""",
    """CREATE TABLE t_join_set (
        execution INTEGER NOT NULL,
        join_set_id TEXT NOT NULL,
        requested INTEGER NOT NULL,
        arrived INTEGER NOT NULL,
        taken INTEGER NOT NULL,
        PRIMARY KEY (execution, join_set_id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE t_delay (
        execution INTEGER NOT NULL,
        delay_id TEXT NOT NULL,
        join_set_id TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        paused INTEGER NOT NULL,
        PRIMARY KEY (execution, delay_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX t_delay_expires ON t_delay (expires_at) WHERE paused = 0",
    """CREATE TABLE t_deployment (
        digest TEXT PRIMARY KEY NOT NULL,
        deployment_id TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


def migrations() -> Migrations:
    """Return the steps from an empty database to ``SCHEMA_VERSION``; each is applied once and never edited."""
    from sqlite_utils.migrations import Migrations

    steps = Migrations(MIGRATION_SET)

    @steps(name="1_tables")
    def _tables(db: Database) -> None:
        for statement in _TABLES:
            db.execute(statement)

    @steps(name="2_ending")
    def _ending(db: Database) -> None:
        db.execute("CREATE INDEX t_state_ending ON t_state (created_at) WHERE lifecycle = 'cancelling' OR closing = 1")

    return steps


def found_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema version of a database, 0 when it is empty.

    Raises ``SchemaVersionError`` when the database is another program's or has a newer schema, without writing to it.
    """
    application, version, tables = _identity(connection)
    if application != APPLICATION_ID and (tables or application or version):
        raise SchemaVersionError(
            f"the database `{path}` has another schema (version {version}, tables {', '.join(tables[:3]) or 'none'}), "
            f"expected schema version {SCHEMA_VERSION} of obelisk-sqlite; choose another `directory` in `[sqlite]`"
        )
    if version > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"the database `{path}` has schema version {version}, this obelisk-sqlite knows {SCHEMA_VERSION}; "
            "use the newer version of obelisk-sqlite that wrote it"
        )
    return version


def _identity(connection: sqlite3.Connection) -> tuple[int, int, list[str]]:
    # One transaction, since another process may be making the tables right now.
    alone = not connection.in_transaction
    if alone:
        connection.execute("BEGIN")
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    if alone:
        connection.execute("COMMIT")
    return application, version, [name for (name,) in tables]


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a database to ``SCHEMA_VERSION`` in one transaction; another process may do the same at once.

    Raises ``SchemaVersionError`` and ``sqlite3.Error``; then nothing was changed.
    """
    if found_version(connection, path) == SCHEMA_VERSION:
        return
    from sqlite_utils import Database

    database = Database(connection, execute_plugins=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if found_version(connection, path) < SCHEMA_VERSION:
            migrations().apply(database)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
