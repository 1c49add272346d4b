"""The tables of executions, and how they came to be.

``t_state.id`` numbers executions in the order in which they were created. The other tables name an execution by it, and
new events and new executions lie at the end of their tables, so that a commit touches few pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from obelisk_sqlite.migrating import Schema

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

APPLICATION_ID = 0x4F42504B
SCHEMA_VERSION = 5
MIGRATION_SET = "obelisk-sqlite"
SESSION = "executor_id IS NOT NULL AND status <> 'finished' AND component_type IN ('webhook_endpoint', 'cron')"
"""What the index ``t_state_session`` is of: executions that a trigger runs right now."""

ENDED = "status = 'finished' AND instr(execution_id, '.') = 0"
"""What the index ``t_state_ended`` is of: top-level executions that have finished."""

UNFINISHED = "status <> 'finished'"
"""What the index ``t_state_timer`` is of."""

FAILED = "result_kind IN ('error', 'execution_failure')"
"""What the index ``t_state_failed`` is of; its order is that of lists."""

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
    f"CREATE INDEX t_state_timer ON t_state (status, due_at) WHERE {UNFINISHED}",
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

    @steps(name="3_sessions")
    def _sessions(db: Database) -> None:
        db.execute(f"CREATE INDEX t_state_session ON t_state (due_at) WHERE {SESSION}")

    @steps(name="4_ended")
    def _ended(db: Database) -> None:
        db.execute(f"CREATE INDEX t_state_ended ON t_state (due_at) WHERE {ENDED}")

    @steps(name="5_failed")
    def _failed(db: Database) -> None:
        db.execute(f"CREATE INDEX t_state_failed ON t_state (created_at, execution_id) WHERE {FAILED}")

    return steps


SCHEMA = Schema(APPLICATION_ID, SCHEMA_VERSION, migrations)
