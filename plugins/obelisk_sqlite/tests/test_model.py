"""Memory and SQLite side by side: whatever is done, they answer alike, down to the messages of their errors."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from obelisk_sqlite.settings import SqliteSettings
from obelisk_sqlite.storage import open_storage

from obelisk.clock import SystemClock
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import Storage
from obelisk.testing.differential.running import compare_with_memory

OPERATIONS = 2_000
SEED = 1


def opens(directory: Path) -> AbstractAsyncContextManager[Storage]:
    host = Host(SystemClock(), bytes, directory, directory, logging.getLogger("test"))
    return open_storage(SqliteSettings(pragma={"synchronous": "OFF"}), host)


def test_memory_and_sqlite_answer_alike() -> None:
    assert compare_with_memory(opens, operations=OPERATIONS, seed_number=SEED, same_messages=True) >= OPERATIONS
