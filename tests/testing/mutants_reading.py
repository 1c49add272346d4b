"""Storages that break one rule each, about reads, lines, deletion, or what outlives and is shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from obelisk.builtin.memory_lines import MemoryLines
from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.core.state import Lifecycle
from obelisk.ids import is_top_level, top_level
from obelisk.interfaces.storage import (
    Backlog,
    Bucket,
    Deleted,
    ExecutionLog,
    Held,
    LineRow,
    Order,
)
from obelisk.testing.storage_samples import at

FAR = at(10**9)
MANY = 10**9


# --- reads ------------------------------------------------------------------------------------------------------------


class EventsOffByOne(MemoryStorage):
    async def events(self, execution_id: Any, *, from_version: int, limit: int) -> Any:
        return await super().events(execution_id, from_version=from_version + bool(from_version), limit=limit)


class ResponsesFromTheCursor(MemoryStorage):
    async def responses(self, execution_id: Any, *, after_cursor: int, limit: int) -> Any:
        return await super().responses(execution_id, after_cursor=after_cursor - 1, limit=limit)


class LogTorn(MemoryStorage):
    _before: Any = None

    async def load(self, execution_id: Any) -> Any:
        log = await super().load(execution_id)
        before, self._before = self._before or log, log
        return before and ExecutionLog(execution_id, before.state, log.events, log.responses)


class ClosingForgotten(MemoryStorage):
    async def ending(self, *, limit: int) -> list[Held]:
        return [held for held in await super().ending(limit=limit) if held.state.lifecycle is Lifecycle.CANCELLING]


class EndingYoungestFirst(MemoryStorage):
    async def ending(self, *, limit: int) -> list[Held]:
        return (await super().ending(limit=MANY))[::-1][:limit]


class TriggersCounted(MemoryStorage):
    async def unfinished_functions(self) -> Any:
        ffqns = [kept.state.ffqn for kept in self._unfinished.values()]
        return {ffqn: ffqns.count(ffqn) for ffqn in ffqns}


class FinishedCounted(MemoryStorage):
    async def unfinished_functions(self) -> Any:
        found = await super().unfinished_functions()
        return {kept.state.ffqn: found.get(kept.state.ffqn, 1) for kept in self._kept.values()}


class BacklogMiscounts(MemoryStorage):
    async def backlog(self, now: Any) -> list[Backlog]:
        return [replace(each, count=each.count + 1) for each in await super().backlog(now)]


class BacklogWithoutTriggers(MemoryStorage):
    async def backlog(self, now: Any) -> list[Backlog]:
        known = await super().unfinished_functions()
        return [each for each in await super().backlog(now) if each.ffqn in known]


class BacklogOfAnotherTime(MemoryStorage):
    async def backlog(self, now: Any) -> list[Backlog]:
        return await super().backlog(FAR)


class EverythingIsDue(MemoryStorage):
    async def backlog(self, now: Any) -> list[Backlog]:
        return [replace(each, due_since=each.due_since or now) for each in await super().backlog(now)]


class LastProposalWins(MemoryStorage):
    async def deployment(self, proposed: Any) -> Any:
        self._deployments[proposed.digest] = proposed
        return proposed


class OneDeployment(MemoryStorage):
    async def deployment(self, proposed: Any) -> Any:
        return self._deployments.setdefault("", proposed)


class DeploymentIdsReused(MemoryStorage):
    async def deployment(self, proposed: Any) -> Any:
        return self._deployments.setdefault(proposed.digest, proposed)


class PagesOldestFirst(MemoryStorage):
    async def list_executions(self, query: Any) -> list[Held]:
        return (await super().list_executions(query))[::-1]


class Asks(MemoryStorage):
    """Lists what another query asks for."""

    def asked(self, query: Any) -> Any:
        raise NotImplementedError

    async def list_executions(self, query: Any) -> list[Held]:
        return await super().list_executions(self.asked(query))


class CursorIncluded(Asks):
    def asked(self, query: Any) -> Any:
        return replace(query, including_cursor=True)


class ChildrenListed(Asks):
    def asked(self, query: Any) -> Any:
        return replace(query, top_level_only=False)


class FinishedListed(Asks):
    def asked(self, query: Any) -> Any:
        return replace(query, hide_finished=False)


class NewerIsOlder(Asks):
    def asked(self, query: Any) -> Any:
        return replace(query, order=Order.OLDER)


class ScheduledIsPending(Asks):
    def asked(self, query: Any) -> Any:
        return replace(query, now=FAR)


class BucketsIgnored(Asks):
    def asked(self, query: Any) -> Any:
        return replace(query, buckets=query.buckets and frozenset(Bucket))


class UnknownCursorIgnored(Asks):
    def asked(self, query: Any) -> Any:
        return query if query.cursor_id in self._kept else replace(query, cursor_id=None)


class PackagePrefixed(Asks):
    def asked(self, query: Any) -> Any:
        return replace(query, package=None, ffqn_prefix=query.package or query.ffqn_prefix)


# --- lines ------------------------------------------------------------------------------------------------------------


class LinesByTime(MemoryStorage):
    async def lines(self, query: Any) -> list[LineRow]:
        return sorted(await super().lines(query), key=lambda row: row.stored.created_at)


class LinesOfEverybody(MemoryStorage):
    async def lines(self, query: Any) -> list[LineRow]:
        found = self._lines._rows
        wanted = [row for row in found if row.stored.execution_id.startswith(query.execution_id)]
        return wanted[: query.limit]


class LineCursorIncluded(MemoryStorage):
    async def lines(self, query: Any) -> list[LineRow]:
        step = 1 if query.order is Order.OLDER else -1
        return await super().lines(query if query.cursor is None else replace(query, cursor=query.cursor + step))


class LevelsIgnored(MemoryStorage):
    async def lines(self, query: Any) -> list[LineRow]:
        return await super().lines(replace(query, levels=type(query)(query.execution_id).levels))


class LineLimitBeforeChoice(MemoryStorage):
    async def lines(self, query: Any) -> list[LineRow]:
        whole = type(query)(query.execution_id)
        page = await super().lines(replace(query, levels=whole.levels, streams=whole.streams))
        chosen = {row.cursor for row in await super().lines(replace(query, limit=MANY))}
        return [row for row in page if row.cursor in chosen]


class LineCursorsReused(MemoryStorage):
    async def append_lines(self, lines: Any) -> None:
        self._lines._last = max((row.cursor for row in self._lines._rows), default=0)
        await super().append_lines(lines)


class LinesBehindTheCursor(MemoryStorage):
    async def append_lines(self, lines: Any) -> None:
        number = self._lines._last
        await super().append_lines(lines)
        rows = self._lines._rows
        if number % 3 == 0 and len(rows) > 4:
            rows.insert(0, replace(rows.pop(), cursor=-number))


# --- deletion ---------------------------------------------------------------------------------------------------------


class LinesStay(MemoryStorage):
    async def delete(self, roots: Any) -> Deleted:
        kept = list(self._lines._rows)
        deleted = await super().delete(roots)
        self._lines._rows.clear()
        self._lines._rows.extend(kept)
        return deleted


class AnswersRemembered(MemoryStorage):
    async def delete(self, roots: Any) -> Deleted:
        answered = set(self._answered)
        deleted = await super().delete(roots)
        self._answered = answered
        return deleted


class ChildrenStay(MemoryStorage):
    async def delete(self, roots: Any) -> Deleted:
        children = {id: kept for id, kept in self._kept.items() if not is_top_level(id)}
        deleted = await super().delete(roots)
        self._kept.update(children)
        return deleted


class UnfinishedTreesGo(MemoryStorage):
    async def delete(self, roots: Any) -> Deleted:
        self._unfinished.clear()
        return await super().delete(roots)


class ChildrenAreDeletedAlone(MemoryStorage):
    async def delete(self, roots: Any) -> Deleted:
        gone = [self._kept.pop(root) for root in roots if root in self._kept and not is_top_level(root)]
        return replace(deleted := await super().delete(roots), executions=deleted.executions + len(gone))


class SimilarTreesGo(MemoryStorage):
    async def delete(self, roots: Any) -> Deleted:
        similar = [id for id in self._kept if any(id[:-1] == root[:-1] for root in roots)]
        return await super().delete([*roots, *map(top_level, similar)])


class UnfinishedUnnamed(MemoryStorage):
    async def delete(self, roots: Any) -> Deleted:
        return replace(await super().delete(roots), unfinished=())


class EndsOutOfOrder(MemoryStorage):
    async def finished_before(self, when: Any, *, limit: int, after: Any = None) -> list[Held]:
        return sorted(await super().finished_before(when, limit=limit, after=after), key=lambda held: held.execution_id)


class EndsPagedByTime(MemoryStorage):
    async def finished_before(self, when: Any, *, limit: int, after: Any = None) -> list[Held]:
        found = await super().finished_before(when, limit=MANY)
        return [held for held in found if after is None or held.state.due_at > after.state.due_at][:limit]


class EndedChildrenFound(MemoryStorage):
    async def finished_before(self, when: Any, *, limit: int, after: Any = None) -> list[Held]:
        found = [Held(id, kept.state) for id, kept in self._kept.items() if kept.state.is_finished]
        return [held for held in found if held.state.due_at < when][:limit]


# --- what outlives a storage, and what two of them share --------------------------------------------------------------


class Kept(MemoryStorage):
    """A memory storage that several openers of one directory share; ``closed`` is what its closing loses."""

    shared = True

    def __init__(self, directory: Path | None = None) -> None:
        super().__init__()
        self.directory = directory

    def closed(self) -> None:
        """Lose nothing."""


class NothingKept(Kept):
    def closed(self) -> None:
        self.__init__(self.directory)  # type: ignore[misc]


class PausesLost(Kept):
    def closed(self) -> None:
        for kept in self._kept.values():
            kept.delays = {id: (join_set, replace(each, paused=False)) for id, (join_set, each) in kept.delays.items()}


class LinesLost(Kept):
    def closed(self) -> None:
        self._lines = MemoryLines()


class LineCursorsLost(Kept):
    def closed(self) -> None:
        self._lines._last = max((row.cursor for row in self._lines._rows), default=0)


class AnswersLost(Kept):
    def closed(self) -> None:
        self._answered.clear()


class DeploymentsLost(Kept):
    def closed(self) -> None:
        self._deployments.clear()


class LastResponseLost(Kept):
    def closed(self) -> None:
        for kept in self._kept.values():
            del kept.responses[-1:]


class NothingShared(Kept):
    """Each opener has a storage of its own."""
