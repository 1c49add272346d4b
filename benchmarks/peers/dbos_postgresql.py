"""DBOS on PostgreSQL, which is what it is made for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.peers import postgresql
from benchmarks.peers.dbos import ENVIRONMENT, VERSION, on_database
from benchmarks.peers.program import Program, Setting

SETTINGS: Final = (Setting("fsync", "on"), Setting("synchronous_commit", "on"))


class DbosOnPostgresql:
    """DBOS with a PostgreSQL server of its own."""

    name = "dbos-postgresql"
    summary = f"DBOS {VERSION}, a PostgreSQL server as it comes"
    durability = "PostgreSQL, fsync=on, synchronous_commit=on"

    def missing(self) -> str | None:
        """Return why it cannot run here."""
        return ENVIRONMENT.missing() or postgresql.missing()

    def opened(self, directory: Path) -> AbstractAsyncContextManager[Program]:
        """Run a server with a new database, and the program on it."""
        return _opened(directory)


@asynccontextmanager
async def _opened(directory: Path) -> AsyncIterator[Program]:
    async with (
        postgresql.serving(directory) as server,
        on_database(server.url("dbos"), directory, SETTINGS, beside=server.running) as opened,
    ):
        yield opened


PEER: Final = DbosOnPostgresql()
