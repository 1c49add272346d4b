"""Databases that hold many finished executions.

A server makes the first thousand executions, 500 workflows of one step each. All others are copies of their rows, made in
SQL: each copy has ids of its own, and lies further in the past, in the ids and in the times of creation and end. Rows are
inserted in the order of their creation, as if the executions had run; times inside of events, such as the end of a lock,
are as they were. Only this filling does without synchronous writes.

A filled file is kept, under a name with the schema's version and the number of executions, and is never run: what is
measured is a copy.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from obelisk_sqlite.schema import SCHEMA_VERSION

from benchmarks.bench import Bench
from benchmarks.places import FIBOA, fibo
from obelisk.ids import EXECUTION_PREFIX

TREE = 2
"""Executions of a workflow of one step: itself and its child."""
DATABASE = Path("data") / "obelisk-sqlite" / "obelisk.sqlite"
AT_ONCE = 50
COPIES_PER_COMMIT = 50
BETWEEN_MS = 60_000
"""How much older each copy is than the one before it, in milliseconds; longer than the first executions took."""
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TIME_DIGITS = 10
TABLES = ("t_state", "t_execution_log", "t_join_set_response", "t_join_set", "t_delay")
TIMES = frozenset({"created_at", "scheduled_at", "due_at", "expires_at"})
OWN_IDS = frozenset({"execution_id", "parent_id", "child_execution_id", "delay_id", "event", "result"})
"""Columns whose text may name executions."""


async def filled(bench: Bench, executions: int, base: int) -> Path:
    """Return a new directory for a server whose database holds so many finished executions, a multiple of ``base``."""
    kept = bench.cache / f"filled-{SCHEMA_VERSION}-{base}-{executions}.sqlite"
    if not kept.exists():
        source = await _base(bench, base)
        unfinished = kept.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        try:
            fill(unfinished, source, copies=executions // base)
            unfinished.replace(kept)
        finally:
            unfinished.unlink(missing_ok=True)  # of an interrupted run, it takes gigabytes that nobody uses
    place = bench.place()
    database = place / DATABASE
    database.parent.mkdir(parents=True)
    shutil.copyfile(kept, database)
    return place


async def _base(bench: Bench, executions: int) -> Path:
    place = bench.place()
    async with bench.client(fibo(), place=place) as client:
        for begun in range(0, executions // TREE, AT_ONCE):
            await client.run_many(FIBOA, [10, 1], count=min(AT_ONCE, executions // TREE - begun))
    return place / DATABASE


def fill(target: Path, source: Path, *, copies: int) -> None:
    """Write a database of ``copies`` times the executions of ``source``, which no server has open."""
    shutil.copyfile(source, target)
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = off").fetchall()
        connection.execute("PRAGMA synchronous = off")
        connection.execute("PRAGMA cache_size = -1000000")
        connection.execute("ATTACH ? AS source", (str(source),))
        connection.create_function("moved", 2, moved, deterministic=True)
        for table in TABLES:
            connection.execute(f"DELETE FROM main.{table}")
        _copy(connection, copies)
        connection.execute("DETACH source")
        connection.execute("PRAGMA journal_mode = wal").fetchall()


def _copy(connection: sqlite3.Connection, copies: int) -> None:
    statements = [_statement(connection, table) for table in TABLES]
    step = _largest(connection, "t_state") + 1
    log_step = _largest(connection, "t_execution_log") + 1
    for begun in range(0, copies, COPIES_PER_COMMIT):
        connection.execute("BEGIN")
        for copy in range(begun, min(begun + COPIES_PER_COMMIT, copies)):
            values = {"age": (copies - 1 - copy) * BETWEEN_MS, "state": copy * step, "log": copy * log_step}
            for statement in statements:
                connection.execute(statement, values)
        connection.execute("COMMIT")


def _largest(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT max(id) FROM source.{table}").fetchone()[0])


def _statement(connection: sqlite3.Connection, table: str) -> str:
    columns = [row[1] for row in connection.execute(f"PRAGMA source.table_info({table})")]
    values = ", ".join(_value(table, column) for column in columns)
    return f"INSERT INTO main.{table} ({', '.join(columns)}) SELECT {values} FROM source.{table} ORDER BY 1, 2"


def _value(table: str, column: str) -> str:
    if column == "execution" or (table, column) == ("t_state", "id"):
        return f"{column} + :state"
    if column == "id":
        return "id + :log"
    if column in TIMES:
        return f"{column} - :age * 1000"
    return f"moved({column}, :age)" if column in OWN_IDS else column


def moved(text: str | None, age_ms: int) -> str | None:
    """Return a text in which the ids of executions lie ``age_ms`` milliseconds further in the past."""
    if text is None or EXECUTION_PREFIX not in text or age_ms == 0:
        return text
    first, *others = text.split(EXECUTION_PREFIX)
    return "".join((first, *(EXECUTION_PREFIX + _older(other, age_ms) for other in others)))


def _older(ulid: str, age_ms: int) -> str:
    """Return a ULID, and what follows it, with an earlier time."""
    milliseconds = 0
    for letter in ulid[:TIME_DIGITS]:
        milliseconds = milliseconds * len(ALPHABET) + ALPHABET.index(letter)
    return _digits(milliseconds - age_ms) + ulid[TIME_DIGITS:]


def _digits(number: int) -> str:
    digits: Sequence[str] = [
        ALPHABET[(number >> (5 * place)) % len(ALPHABET)] for place in reversed(range(TIME_DIGITS))
    ]
    return "".join(digits)
