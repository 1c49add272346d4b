"""The suite that every storage has to pass.

A plugin subclasses it in its tests and says how a storage is opened::

    class TestMyStorage(StorageConformance):
        @asynccontextmanager
        async def open(self):
            async with open_storage(MySettings(), host) as storage:
                yield storage

Each clause is a test method and gets an empty storage. A clause that cannot hold is overridden with
``@pytest.mark.xfail(reason=...)``; one that is replaced or removed without a reason is a ``TypeError`` when the class is
made, so that a suite that passes says what it seems to say. ``conformance`` tells what else it guards against.

A storage whose content outlives it passes ``KeptStorageConformance``, one that is shared ``SharedStorageConformance``; for
these it overrides ``open_in``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio

from obelisk.interfaces.storage import Storage
from obelisk.testing.conformance import Conformance
from obelisk.testing.storage_commits import CommitClauses
from obelisk.testing.storage_deletion import DeletionClauses
from obelisk.testing.storage_keeping import KeepingClauses, SharingClauses
from obelisk.testing.storage_lines import LineClauses
from obelisk.testing.storage_locks import LockClauses, TimerClauses
from obelisk.testing.storage_reads import (
    BacklogClauses,
    DeploymentClauses,
    ListingClauses,
    LogClauses,
    UnfinishedClauses,
)
from obelisk.testing.storage_responses import DelayClauses, ResponseClauses


class StorageSuite(Conformance):
    """What the clauses about storages need. A subclass overrides ``open``."""

    pytestmark = pytest.mark.asyncio

    def open(self) -> AbstractAsyncContextManager[Storage]:
        """Open an empty storage that is closed at the end."""
        raise NotImplementedError(f"{type(self).__name__} has to say how its storage is opened: override `open`")

    @pytest_asyncio.fixture
    async def storage(self) -> AsyncIterator[Storage]:
        """Yield the storage of one clause."""
        async with self.open() as storage:
            yield storage


class StorageConformance(
    CommitClauses,
    ResponseClauses,
    DelayClauses,
    LockClauses,
    TimerClauses,
    LogClauses,
    UnfinishedClauses,
    BacklogClauses,
    DeploymentClauses,
    ListingClauses,
    LineClauses,
    DeletionClauses,
    StorageSuite,
):
    """Every clause. A subclass, whose name begins with ``Test``, overrides ``open``."""


class KeptStorageConformance(KeepingClauses, StorageConformance):
    """For a storage whose content outlives it. A subclass overrides ``open_in``."""

    def open_in(self, directory: Path) -> AbstractAsyncContextManager[Storage]:
        """Open the storage whose content lies in a directory, or belongs to it in another way; make it if need be.

        It may have been closed before, and then holds what it held; that of a shared one may be open at the same time.
        """
        raise NotImplementedError(f"{type(self).__name__} has to say how its storage is opened: override `open_in`")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Storage]:
        """Open a storage in a directory of its own."""
        with TemporaryDirectory() as name:
            async with self.open_in(Path(name)) as storage:
                yield storage


class SharedStorageConformance(SharingClauses, KeptStorageConformance):
    """For a storage that several processes may use at once. A subclass overrides ``open_in``."""
