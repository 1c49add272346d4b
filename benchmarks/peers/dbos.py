"""DBOS: a library that keeps workflows in a database; the program is all there is besides."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Final

from benchmarks.peers.environment import Environment
from benchmarks.peers.processes import Running
from benchmarks.peers.program import Program, Setting, program

VERSION: Final = "3.4.0"
ENVIRONMENT: Final = Environment(name="dbos", pip=(f"dbos=={VERSION}", "psycopg[binary]==3.3.9"))
FULL: Final = "2"
"""What SQLite calls ``synchronous=FULL`` when it is asked."""


@asynccontextmanager
async def on_database(
    url: str, directory: Path, settings: Sequence[Setting], *, beside: Running | None = None
) -> AsyncIterator[Program]:
    """Run the program on a database; ``settings`` are those that DBOS's own connections have to show.

    ``beside`` is the database's server, if it has one.
    """
    command = ENVIRONMENT.program("dbos_program.py", url)
    async with program("dbos", command, directory, settings=settings, beside=beside) as opened:
        yield opened


class DbosOnSqlite:
    """DBOS with its database in a file. ``journal_mode`` is that of the file, which DBOS leaves as it finds it."""

    def __init__(self, name: str, *, journal_mode: str, summary: str) -> None:
        self.name = name
        self.summary = f"DBOS {VERSION}, {summary}"
        self.durability = f"SQLite, journal_mode={journal_mode}, synchronous=FULL"
        self._journal_mode = journal_mode

    def missing(self) -> str | None:
        """Return why it cannot run here."""
        return ENVIRONMENT.missing()

    def opened(self, directory: Path) -> AbstractAsyncContextManager[Program]:
        """Run it on a new file."""
        path = directory / "dbos.sqlite"
        prepare(path, self._journal_mode)
        settings = (Setting("journal_mode", self._journal_mode), Setting("synchronous", FULL))
        return on_database(f"sqlite:///{path}", directory, settings)


def prepare(path: Path, journal_mode: str) -> None:
    """Make an empty database with this journal mode, which stays with the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal_mode}")
