"""What an engine does in a piece of work, counted: figures that are the same on every machine."""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from msgspec import Struct
from obelisk_sqlite.storage import SqliteStorage
from obelisk_sqlite.work import Work

from obelisk.testing.engine import EngineHarness


class Counts(Struct, frozen=True):
    """What was done, and what is left afterwards.

    Done: statements of SQLite, those among them that end a transaction, calls of Python functions on the loop's and on the
    writer's thread. Left: garbage, which only the collector finds, and blocks of memory that are still taken without it.
    """

    statements: int
    transactions: int
    calls: int
    writer_calls: int
    garbage: int
    blocks: int

    def per(self, steps: int) -> Rates:
        """Return what each of ``steps`` took."""
        return Rates(
            statements=self.statements / steps,
            transactions=self.transactions / steps,
            calls=self.calls / steps,
            writer_calls=self.writer_calls / steps,
            garbage=self.garbage / steps,
            blocks=self.blocks / steps,
        )


class Rates(Struct, frozen=True, kw_only=True):
    """What one step takes, see ``Counts``."""

    statements: float
    transactions: float
    calls: float
    writer_calls: float
    garbage: float
    blocks: float


async def counted(harness: EngineHarness, work: Callable[[], Awaitable[object]]) -> Counts:
    """Return what ``work`` took on an engine that keeps its log in SQLite, and that collects no garbage meanwhile."""
    storage = harness.engine._kernel.storage
    assert isinstance(storage, SqliteStorage)
    writer = storage._writer
    statements: list[str] = []
    calls, writer_calls = _Calls(), _Calls()
    connection = writer._transactions._connection
    assert connection is not None
    await writer.put(call=lambda session: sys.setprofile(writer_calls.take))
    gc.collect()
    blocks = sys.getallocatedblocks()
    connection.set_trace_callback(statements.append)
    sys.setprofile(calls.take)
    try:
        await work()
    finally:
        sys.setprofile(None)
        connection.set_trace_callback(None)
        await writer.put(call=lambda session: sys.setprofile(None))
    count, transactions = len(statements), statements.count("COMMIT")
    statements.clear()
    garbage = gc.collect()
    left = sys.getallocatedblocks() - blocks
    return Counts(count, transactions, calls.count, writer_calls.count, garbage, left)


@contextmanager
def queued(harness: EngineHarness) -> Iterator[list[Work]]:
    """Collect what the thread that writes is given to do: each piece may cost who waits for it a transaction."""
    storage = harness.engine._kernel.storage
    assert isinstance(storage, SqliteStorage)
    queue, pieces = storage._writer._queue, list[Work]()

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(queue, name)

        def put(self, works: list[Work] | None) -> None:
            pieces.extend(works or ())
            queue.put(works)

    storage._writer._queue = Watched()  # type: ignore[assignment]
    try:
        yield pieces
    finally:
        storage._writer._queue = queue


class _Calls:
    def __init__(self) -> None:
        self.count = 0

    def take(self, frame: FrameType, event: str, argument: Any) -> None:
        self.count += event == "call"
