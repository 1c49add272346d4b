"""SQLite passes the suite that every storage has to pass."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from obelisk_sqlite.settings import SqliteSettings
from obelisk_sqlite.storage import open_storage

from obelisk.clock import SystemClock
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import Storage
from obelisk.testing.storage import SharedStorageConformance


class TestSqliteStorage(SharedStorageConformance):
    def open_in(self, directory: Path) -> AbstractAsyncContextManager[Storage]:
        host = Host(SystemClock(), bytes, directory, directory, logging.getLogger("test"))
        return open_storage(SqliteSettings(), host)
