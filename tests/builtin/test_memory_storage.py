"""The memory storage passes the suite, and does what is its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from obelisk.builtin.memory_lines import ROW_BYTES, MemoryLines
from obelisk.builtin.memory_storage import MemorySettings, MemoryStorage, obelisk_register_storage
from obelisk.clock import SystemClock
from obelisk.errors import StorageError
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import LineQuery, Storage
from obelisk.testing.storage import StorageConformance
from obelisk.testing.storage_samples import batch, create, execution, numbered, texts


class TestMemoryStorage(StorageConformance):
    def open(self) -> AbstractAsyncContextManager[Storage]:
        return _open()


@asynccontextmanager
async def _open() -> AsyncIterator[Storage]:
    storage = MemoryStorage()
    yield storage
    storage.close()


async def test_a_commit_is_resolved_at_once() -> None:
    assert MemoryStorage().commit(batch(create(execution()))).done()


async def test_after_the_end_calls_raise(tmp_path: Path) -> None:
    (provider,) = obelisk_register_storage()
    host = Host(SystemClock(), bytes, tmp_path, tmp_path, logging.getLogger("test"))
    async with provider.open(MemorySettings(), host) as storage:
        await storage.commit(batch(create(execution())))
    with pytest.raises(StorageError, match="closed"):
        storage.commit(batch())
    with pytest.raises(StorageError, match="closed"):
        await storage.state(execution())


def test_it_is_offered_as_memory_and_is_nobody_elses() -> None:
    (provider,) = obelisk_register_storage()
    assert (provider.name, provider.settings) == ("memory", MemorySettings)
    assert (MemoryStorage.shared, MemoryStorage.directory) == (False, None)


def test_the_oldest_lines_are_forgotten() -> None:
    lines = MemoryLines(kept_bytes=10 * (ROW_BYTES + 1))
    lines.append(numbered(*range(9)))
    lines.append(numbered(1, 2, 3))
    rows = lines.page(LineQuery(execution()))
    assert texts(rows) == ["2", "3", "4", "5", "6", "7", "8", "1", "2", "3"]
    assert [row.cursor for row in rows] == list(range(3, 13))
