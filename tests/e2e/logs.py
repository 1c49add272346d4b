"""What stands in the database of a server that has stopped, read through the storage interface."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from obelisk_sqlite.settings import SqliteSettings
from obelisk_sqlite.storage import open_storage

from obelisk.clock import SystemClock
from obelisk.core.canonical import canonical
from obelisk.core.events import Event, Finished, Locked, TemporarilyFailed, TemporarilyTimedOut, Unlocked
from obelisk.ids import ExecutionId, is_top_level, top_level
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import ExecutionLog, ExecutionQuery, Order

PAGE = 1000


@dataclass(frozen=True)
class Logs:
    """Every execution of a database."""

    by_id: dict[ExecutionId, ExecutionLog]

    def canonical(self) -> dict[ExecutionId, str]:
        """Return the canonical log of each execution."""
        return {ident: canonical(log.events, log.responses) for ident, log in self.by_id.items()}

    def tree(self, root: ExecutionId) -> dict[ExecutionId, ExecutionLog]:
        """Return an execution and everything below it."""
        return {ident: log for ident, log in self.by_id.items() if top_level(ident) == root}

    def roots(self) -> list[ExecutionId]:
        return [ident for ident in self.by_id if is_top_level(ident)]

    def events(self, kind: type[Event]) -> Iterator[tuple[ExecutionId, Event]]:
        """Yield the events of a kind with their executions."""
        for ident, log in self.by_id.items():
            yield from ((ident, logged.event) for logged in log.events if isinstance(logged.event, kind))

    def count(self, kind: type[Event]) -> int:
        return sum(1 for _ in self.events(kind))

    def executors(self) -> set[str]:
        """Return who locked anything."""
        return {event.executor_id for _, event in self.events(Locked) if isinstance(event, Locked)}

    def finishes(self) -> dict[ExecutionId, int]:
        """Return how many ``finished`` each execution has."""
        counts = dict.fromkeys(self.by_id, 0)
        for ident, _ in self.events(Finished):
            counts[ident] += 1
        return counts

    def used_retries(self) -> list[tuple[ExecutionId, Event]]:
        """Return the events that count as a failed run."""
        return [*self.events(TemporarilyFailed), *self.events(TemporarilyTimedOut)]

    def unlocks(self) -> list[Unlocked]:
        return [event for _, event in self.events(Unlocked) if isinstance(event, Unlocked)]


async def read_logs(data_dir: Path) -> Logs:
    """Read the database below ``data_dir``; no server may have it open."""
    host = Host(SystemClock(), os.urandom, data_dir, data_dir, logging.getLogger("tests.e2e"))
    found: dict[ExecutionId, ExecutionLog] = {}
    async with open_storage(SqliteSettings(), host) as storage:
        query = ExecutionQuery(host.clock.now(), limit=PAGE, order=Order.NEWER)
        while page := await storage.list_executions(query):
            for held in reversed(page):
                log = await storage.load(held.execution_id)
                assert log is not None
                found[held.execution_id] = log
            last = page[0]
            query = ExecutionQuery(
                host.clock.now(), limit=PAGE, order=Order.NEWER, cursor_id=last.execution_id,
                cursor_created_at=last.state.created_at,
            )  # fmt: skip
    return Logs(found)
