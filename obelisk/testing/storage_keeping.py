# ruff: noqa: D102 - the name of a clause says what it demands
"""Clauses about storages whose content outlives them, and about two that are open on the same content."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from obelisk.errors import CommitRefusedError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Batch, Deleted, Deployment, ExecutionQuery, LineQuery, Storage
from obelisk.testing.storage_samples import (
    NOW,
    RUN_FN,
    append,
    asked_child,
    asked_delay,
    at,
    batch,
    child_done,
    create,
    delay,
    delay_done,
    deployment,
    ended,
    execution,
    executor,
    finished,
    found,
    locked,
    made,
    make_family,
    numbered,
    texts,
    waits,
    wanted,
)

ONE, TWO = execution(1), execution(2)
WAITS = create(ONE, locked(until=60), made(), asked_delay(1, due=5), asked_delay(2, due=7), asked_child(), waits())


class Directory:
    """Opens storages on one directory."""

    def open_in(self, directory: Path) -> AbstractAsyncContextManager[Storage]:
        """Open a storage that keeps what it has in ``directory``."""
        raise NotImplementedError

    async def commit_in(self, directory: Path, *batches: Batch) -> None:
        """Commit batches with a storage that is then closed."""
        async with self.open_in(directory) as storage:
            for each in batches:
                await storage.commit(each)


class KeepingClauses(Directory):
    """What a storage owes whose content outlives it."""

    async def test_what_was_committed_is_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        async with self.open_in(tmp_path) as storage:
            await storage.commit(batch(WAITS, create(TWO, locked(), finished())))
            await storage.commit(batch(append(ONE, delay_done(1))))
            before = [await storage.load(ONE), await storage.load(TWO)]
        async with self.open_in(tmp_path) as storage:
            assert [await storage.load(ONE), await storage.load(TWO)] == before

    async def test_what_was_refused_is_not_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        async with self.open_in(tmp_path) as storage:
            await storage.commit(batch(WAITS))
            before = await storage.load(ONE)
            with pytest.raises(CommitRefusedError):
                await storage.commit(batch(create(TWO), append(ONE, finished(), version=2)))
        async with self.open_in(tmp_path) as storage:
            assert (await storage.load(ONE), await storage.load(TWO)) == (before, None)

    async def test_what_is_asked_of_it_is_answered_alike_when_it_is_opened_again(self, tmp_path: Path) -> None:
        async with self.open_in(tmp_path) as storage:
            await storage.commit(batch(WAITS, create(TWO, locked(until=3))))
            before = await _answers(storage)
        async with self.open_in(tmp_path) as storage:
            assert await _answers(storage) == before

    async def test_a_delay_stays_paused_when_it_is_opened_again(self, tmp_path: Path) -> None:
        async with self.open_in(tmp_path) as storage:
            await storage.commit(batch(WAITS))
            await storage.pause_delay(delay(1), paused=True)
        async with self.open_in(tmp_path) as storage:
            assert [due.delay_id for due in await storage.due_delays(at(99), limit=9)] == [delay(2)]
            assert await storage.pause_delay(delay(1), paused=False)

    async def test_a_second_response_is_refused_after_it_was_opened_again(self, tmp_path: Path) -> None:
        await self.commit_in(tmp_path, batch(WAITS), batch(append(ONE, child_done(), delay_done(1))))
        async with self.open_in(tmp_path) as storage:
            for response in (child_done(), delay_done(1)):
                with pytest.raises(CommitRefusedError):
                    await storage.commit(batch(append(ONE, response)))
            assert (await storage.commit(batch(append(ONE, delay_done(2))))).states[0].cursor == 3

    async def test_versions_and_cursors_are_checked_after_it_was_opened_again(self, tmp_path: Path) -> None:
        await self.commit_in(tmp_path, batch(WAITS), batch(append(ONE, delay_done(1))))
        async with self.open_in(tmp_path) as storage:
            for version, cursor in ((6, 1), (7, 0)):
                with pytest.raises(CommitRefusedError):
                    await storage.commit(batch(append(ONE, finished(), version=version, cursor=cursor)))
            await storage.commit(batch(append(ONE, finished(), version=7, cursor=1)))

    async def test_what_was_deleted_stays_away_and_its_ids_may_be_used_again(self, tmp_path: Path) -> None:
        async with self.open_in(tmp_path) as storage:
            await make_family(storage)
            await storage.delete([ONE])
        async with self.open_in(tmp_path) as storage:
            assert await storage.list_executions(ExecutionQuery(NOW)) == []
            assert await storage.lines(LineQuery(ONE, derived=True)) == []
            await make_family(storage)

    async def test_a_deployment_is_known_when_it_is_opened_again(self, tmp_path: Path) -> None:
        first = Deployment(deployment(1), "digest", at(0.000001))
        async with self.open_in(tmp_path) as storage:
            await storage.deployment(first)
        async with self.open_in(tmp_path) as storage:
            assert await storage.deployment(Deployment(deployment(2), "digest", at(5))) == first

    async def test_lines_are_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        async with self.open_in(tmp_path) as storage:
            await storage.append_lines([*numbered(1, 2), *numbered(3, of=TWO)])
            before = await storage.lines(LineQuery(ONE))
        async with self.open_in(tmp_path) as storage:
            assert await storage.lines(LineQuery(ONE)) == before

    async def test_cursors_of_lines_go_on_growing_when_it_is_opened_again(self, tmp_path: Path) -> None:
        async with self.open_in(tmp_path) as storage:
            await storage.commit(batch(ended(1), ended(2)))
            await storage.append_lines([*numbered(1), *numbered(2, of=TWO)])
            (last,) = await storage.lines(LineQuery(TWO))
            await storage.delete([TWO])
        async with self.open_in(tmp_path) as storage:
            await storage.append_lines(numbered(3))
            assert await found(storage, cursor=last.cursor) == ["3"]


class SharingClauses(Directory):
    """What two storages owe each other that are open on the same content, in two processes or in one."""

    async def test_it_says_that_it_is_shared_and_names_a_directory_that_is_there(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            assert one.shared
            assert one.directory is not None
            assert one.directory.is_dir()
            assert one.directory == two.directory

    async def test_what_one_commits_the_other_sees(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            await one.commit(batch(WAITS))
            assert await two.load(ONE) == await one.load(ONE)
            await two.commit(batch(append(ONE, delay_done(1))))
            assert await one.load(ONE) == await two.load(ONE)
            assert await _answers(one) == await _answers(two)

    async def test_what_one_moved_the_other_is_refused(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            await one.commit(batch(WAITS))
            await two.commit(batch(append(ONE, delay_done(1), version=7, cursor=0)))
            await _refused(one, append(ONE, finished(), version=7, cursor=0))
            await two.commit(batch(append(ONE, locked(), version=7, cursor=1)))
            await _refused(one, append(ONE, finished(), version=7, cursor=1))
            await one.commit(batch(append(ONE, finished(), version=8, cursor=1)))

    async def test_what_one_created_the_other_cannot(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            outcomes = await asyncio.gather(
                one.commit(batch(create(ONE))), two.commit(batch(create(ONE))), return_exceptions=True
            )
            assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CommitRefusedError", "Committed"]

    async def test_what_one_answered_the_other_cannot(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            await one.commit(batch(WAITS))
            await two.commit(batch(append(ONE, child_done())))
            await _refused(one, append(ONE, child_done()))

    async def test_two_never_lock_the_same_execution(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            await one.commit(batch(*[create(execution(number)) for number in range(20)]))
            locks = [
                storage.lock(wanted(RUN_FN, limit=4, lock=locked(by=place, run_number=place)))
                for place, storage in enumerate([one, two] * 3)
            ]
            ids = [each.execution_id for locked_by_one in await asyncio.gather(*locks) for each in locked_by_one]
            assert sorted(ids) == [execution(number) for number in range(20)]

    async def test_a_delay_that_one_pauses_is_not_due_for_the_other(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            await one.commit(batch(WAITS))
            await two.pause_delay(delay(1), paused=True)
            assert [due.delay_id for due in await one.due_delays(at(99), limit=9)] == [delay(2)]

    async def test_lines_of_both_are_in_one_order(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            for number in range(10):
                await (one, two)[number % 2].append_lines(numbered(number))
            rows = await one.lines(LineQuery(ONE))
            assert texts(rows) == [str(number) for number in range(10)]
            assert await two.lines(LineQuery(ONE)) == rows

    async def test_whoever_follows_lines_misses_none_of_either(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            writing = asyncio.gather(_write_lines(one, range(40)), _write_lines(two, range(100, 140)))
            seen, cursor = list[str](), None
            while len(seen) < 80:
                is_over = writing.done()
                rows = await one.lines(LineQuery(ONE, cursor=cursor, limit=7))
                assert rows or not is_over, f"lines were added behind the cursor {cursor}, {len(seen)} of 80 were seen"
                seen += texts(rows)
                cursor = rows[-1].cursor if rows else cursor
                await asyncio.sleep(0)
            await writing
            assert sorted(seen, key=int) == [str(number) for number in [*range(40), *range(100, 140)]]

    async def test_both_may_delete_the_same_tree(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            await make_family(one)
            both = await asyncio.gather(one.delete([ONE]), two.delete([ONE]))
            assert sum(deleted.executions for deleted in both) == 2
            assert await two.delete([ONE]) == Deleted(0)
            assert await one.list_executions(ExecutionQuery(NOW)) == []

    async def test_of_two_proposals_of_a_deployment_one_is_stored(self, tmp_path: Path) -> None:
        async with self._two(tmp_path) as (one, two):
            proposals = [Deployment(deployment(number), "digest", at(number)) for number in (1, 2)]
            first, second = await asyncio.gather(one.deployment(proposals[0]), two.deployment(proposals[1]))
            assert first == second
            assert first in proposals

    def _two(self, directory: Path) -> _Two:
        return _Two(self, directory)


class _Two:
    """Two storages on one directory."""

    def __init__(self, clauses: Directory, directory: Path) -> None:
        self._clauses = clauses
        self._directory = directory
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> tuple[Storage, Storage]:
        one = await self._stack.enter_async_context(self._clauses.open_in(self._directory))
        two = await self._stack.enter_async_context(self._clauses.open_in(self._directory))
        return one, two

    async def __aexit__(self, *raised: Any) -> None:
        await self._stack.aclose()


async def _answers(storage: Storage) -> list[Any]:
    """Return what timers, executors and people ask for."""
    held: list[ExecutionId] = [each.execution_id for each in await storage.held_by(frozenset({executor()}))]
    return [
        sorted(held),
        await storage.due_delays(at(6), limit=9),
        await storage.expired_locks(at(4), limit=9),
        await storage.list_executions(ExecutionQuery(NOW)),
        await storage.unfinished_functions(),
        sorted(map(repr, await storage.backlog(at(1)))),
    ]


async def _refused(storage: Storage, *writes: Any) -> None:
    with pytest.raises(CommitRefusedError):
        await storage.commit(batch(*writes))


async def _write_lines(storage: Storage, numbers: range) -> None:
    for number in numbers:
        await storage.append_lines(numbered(number))
