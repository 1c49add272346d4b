"""SQLite passes the suite that every storage has to pass."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from obelisk_sqlite.settings import SqliteSettings
from obelisk_sqlite.storage import open_storage

from obelisk.clock import SystemClock
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import Storage
from obelisk.testing.storage import StorageConformance


class TestSqliteStorage(StorageConformance):
    def open(self) -> AbstractAsyncContextManager[Storage]:
        return _open()


@asynccontextmanager
async def _open() -> AsyncIterator[Storage]:
    with TemporaryDirectory() as name:
        host = Host(SystemClock(), bytes, Path(name), Path(name), logging.getLogger("test"))
        async with open_storage(SqliteSettings(), host) as storage:
            yield storage
