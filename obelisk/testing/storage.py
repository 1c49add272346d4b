"""The suite that every storage has to pass.

A plugin subclasses it in its tests and says how a storage is opened::

    class TestMyStorage(StorageConformance):
        @asynccontextmanager
        async def open(self):
            async with open_storage(MySettings(), host) as storage:
                yield storage

Each clause is a test method and gets an empty storage. A clause that cannot hold is overridden with
``@pytest.mark.xfail(reason=...)``; one that is replaced or removed without a reason is a ``TypeError`` when the class is
made, so that a suite that passes says what it seems to say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio

from obelisk.interfaces.storage import Storage

pytest.register_assert_rewrite(
    "obelisk.testing.storage_commits",
    "obelisk.testing.storage_lines",
    "obelisk.testing.storage_locks",
    "obelisk.testing.storage_reads",
    "obelisk.testing.storage_responses",
)

from obelisk.testing.storage_commits import CommitClauses  # noqa: E402 - after the asserts are made to speak
from obelisk.testing.storage_lines import LineClauses  # noqa: E402
from obelisk.testing.storage_locks import LockClauses, TimerClauses  # noqa: E402
from obelisk.testing.storage_reads import (  # noqa: E402
    DeploymentClauses,
    ListingClauses,
    LogClauses,
    UnfinishedClauses,
)
from obelisk.testing.storage_responses import DelayClauses, ResponseClauses  # noqa: E402


@pytest.mark.asyncio
class StorageConformance(
    CommitClauses,
    ResponseClauses,
    DelayClauses,
    LockClauses,
    TimerClauses,
    LogClauses,
    UnfinishedClauses,
    DeploymentClauses,
    ListingClauses,
    LineClauses,
):
    """Every clause. A subclass, whose name begins with ``Test``, overrides ``open``."""

    def open(self) -> AbstractAsyncContextManager[Storage]:
        """Open an empty storage that is closed at the end."""
        raise NotImplementedError("a subclass of StorageConformance has to say how its storage is opened")

    @pytest_asyncio.fixture
    async def storage(self) -> AsyncIterator[Storage]:
        """Yield the storage of one clause."""
        async with self.open() as storage:
            yield storage

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in clauses():
            if getattr(cls, name, None) is not getattr(StorageConformance, name) and not _has_reason(cls, name):
                raise TypeError(
                    f"{cls.__name__} replaces the clause `{name}` of StorageConformance; "
                    "override it with @pytest.mark.xfail(reason=...) to say why it does not hold"
                )


def clauses() -> list[str]:
    """Return the names of all clauses."""
    return [name for name in dir(StorageConformance) if name.startswith("test_")]


def _has_reason(cls: type, name: str) -> bool:
    marks = getattr(getattr(cls, name, None), "pytestmark", ())
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
