# ruff: noqa: D102 - the name of a clause says what it demands
"""Clauses about deletion: which trees go, that nothing of them is left, and that their ids may be used again."""

from __future__ import annotations

import asyncio

import pytest

from obelisk.core.state import Status
from obelisk.errors import CommitRefusedError, ExecutionNotFoundError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Deleted, ExecutionQuery, Held, LineQuery, Storage
from obelisk.testing.storage_samples import (
    NOW,
    append,
    asked_delay,
    at,
    batch,
    child,
    children,
    create,
    created,
    delay,
    delay_done,
    ended,
    execution,
    finished,
    found,
    locked,
    made,
    make_family,
    numbered,
    parent_and_child,
    waits,
    wanted,
)

ONE, TWO, THREE = execution(1), execution(2), execution(3)
LARGE = 700
"""More than a storage should delete at once."""


async def remaining(storage: Storage) -> list[ExecutionId]:
    """Return every execution that is there."""
    return [held.execution_id for held in await storage.list_executions(ExecutionQuery(NOW, limit=100_000))]


async def finished_before(storage: Storage, seconds: float, *, limit: int = 100) -> list[ExecutionId]:
    """Return the top-level executions that ended before a time."""
    return [held.execution_id for held in await storage.finished_before(at(seconds), limit=limit)]


class DeletionClauses:
    """What ``finished_before`` and ``delete`` owe."""

    async def test_top_level_executions_that_ended_before_a_time_are_found_in_the_order_of_their_ends(
        self, storage: Storage
    ) -> None:
        await storage.commit(batch(ended(1, when=3), ended(2, when=1), ended(3, when=2), create(execution(4))))
        assert await finished_before(storage, 3) == [TWO, THREE]
        assert await finished_before(storage, 3.000001) == [TWO, THREE, ONE]
        assert await finished_before(storage, 4, limit=1) == [TWO]
        assert await finished_before(storage, 4, limit=0) == []

    async def test_a_child_that_ended_is_not_found_by_its_end(self, storage: Storage) -> None:
        await make_family(storage)
        assert await finished_before(storage, 1) == [ONE]

    async def test_pages_of_ended_executions_go_on_behind_one_that_was_deleted(self, storage: Storage) -> None:
        await storage.commit(batch(ended(1), ended(2), ended(3), ended(4, when=1)))
        first = await storage.finished_before(at(5), limit=2)
        await storage.delete([held.execution_id for held in first])
        second = await storage.finished_before(at(5), limit=2, after=first[-1])
        assert [held.execution_id for held in [*first, *second]] == [ONE, TWO, THREE, execution(4)]
        assert await storage.finished_before(at(5), limit=2, after=second[-1]) == []

    async def test_executions_that_ended_at_the_same_time_are_paged_without_gaps(self, storage: Storage) -> None:
        await storage.commit(batch(*[ended(number) for number in range(1, 6)]))
        pages: list[ExecutionId] = []
        after: Held | None = None
        for _ in range(3):
            page = await storage.finished_before(at(5), limit=2, after=after)
            pages += [held.execution_id for held in page]
            after = page[-1] if page else after
        assert sorted(pages) == [execution(number) for number in range(1, 6)]

    async def test_a_tree_is_deleted_with_its_children_responses_and_lines(self, storage: Storage) -> None:
        await make_family(storage)
        assert await storage.delete([ONE]) == Deleted(2)
        assert await remaining(storage) == []
        for execution_id in (ONE, child()):
            assert await storage.load(execution_id) is None
            assert await storage.state(execution_id) is None
            assert await storage.events(execution_id, from_version=0, limit=10) == []
            assert await storage.responses(execution_id, after_cursor=0, limit=10) == []
        assert await storage.lines(LineQuery(ONE, derived=True)) == []
        assert await finished_before(storage, 1) == []

    async def test_what_belongs_to_other_trees_stays(self, storage: Storage) -> None:
        await storage.commit(batch(create(TWO, locked(), made(), asked_delay(owner=TWO), waits()), ended(3)))
        await storage.append_lines(numbered(9, of=TWO))
        await make_family(storage)
        await storage.delete([ONE])
        assert await remaining(storage) == [THREE, TWO]
        assert await found(storage, TWO) == ["9"]
        assert [due.execution_id for due in await storage.due_delays(at(100), limit=10)] == [TWO]

    async def test_an_execution_that_has_not_finished_stays_and_is_named(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked()), ended(2)))
        await storage.append_lines(numbered(1))
        assert await storage.delete([ONE, TWO]) == Deleted(1, (ONE,))
        assert await remaining(storage) == [ONE]
        assert await found(storage) == ["1"]

    async def test_a_tree_in_which_something_has_not_finished_stays_whole(self, storage: Storage) -> None:
        await make_family(storage, child_ends=False)
        assert await storage.delete([ONE]) == Deleted(0, (child(),))
        assert sorted(await remaining(storage)) == [ONE, child()]
        assert await found(storage, derived=True) == ["1", "2"]
        assert len(await storage.events(ONE, from_version=0, limit=100)) == 7

    async def test_what_has_not_finished_anywhere_below_keeps_its_tree(self, storage: Storage) -> None:
        below = child(1, parent=child(1))
        await storage.commit(batch(ended(1), create(child(1), locked(), finished()), create(below)))
        assert await storage.delete([ONE]) == Deleted(0, (below,))

    async def test_executions_with_similar_ids_are_no_part_of_a_tree(self, storage: Storage) -> None:
        similar = [child(1), child(11), child(1, parent=child(1)), child(1, parent=TWO)]
        await storage.commit(batch(ended(1), ended(2), *[create(each, locked(), finished()) for each in similar]))
        assert await storage.delete([ONE]) == Deleted(4)
        assert sorted(await remaining(storage)) == [TWO, child(1, parent=TWO)]

    async def test_a_child_is_not_deleted_by_itself(self, storage: Storage) -> None:
        await make_family(storage)
        assert await storage.delete([child()]) == Deleted(0)
        assert sorted(await remaining(storage)) == [ONE, child()]

    async def test_what_is_not_there_is_passed_over(self, storage: Storage) -> None:
        await storage.commit(batch(ended(2)))
        assert await storage.delete([ONE, TWO, TWO, ONE]) == Deleted(1)
        assert await storage.delete([ONE, TWO]) == Deleted(0)
        assert await storage.delete([]) == Deleted(0)

    async def test_a_deletion_sees_the_batches_that_were_committed_before_it(self, storage: Storage) -> None:
        commit = storage.commit(batch(ended(1)))
        assert await storage.delete([ONE]) == Deleted(1)
        await commit
        assert await remaining(storage) == []

    async def test_the_ids_of_a_deleted_tree_may_be_used_again(self, storage: Storage) -> None:
        for _ in range(2):
            await make_family(storage)
            log = await storage.load(ONE)
            assert log is not None
            assert (len(log.events), len(log.responses), log.state.status) == (7, 2, Status.FINISHED)
            assert await found(storage, derived=True) == ["1", "2"]
            assert await storage.delete([ONE]) == Deleted(2)

    async def test_batches_committed_beside_a_deletion_are_decided_by_what_is_there_then(
        self, storage: Storage
    ) -> None:
        await make_family(storage)
        deleting = asyncio.ensure_future(storage.delete([ONE]))
        tries = 0
        while not deleting.done():
            tries += 1
            commits = [
                storage.commit(batch(create(execution(tries + 9)))),
                storage.commit(batch(append(ONE, delay_done(2)))),
            ]
            assert not isinstance((await asyncio.gather(*commits, return_exceptions=True))[0], BaseException)
            await asyncio.sleep(0)
        assert await deleting == Deleted(2)
        with pytest.raises(CommitRefusedError):
            await storage.commit(batch(append(ONE, delay_done(3))))
        await storage.commit(parent_and_child())
        assert len(await remaining(storage)) == tries + 2

    async def test_an_execution_created_anew_can_be_locked_and_its_delays_fall_due(self, storage: Storage) -> None:
        await make_family(storage)
        await storage.delete([ONE])
        await storage.commit(batch(create(ONE)))
        (again,) = await storage.lock(wanted(created().ffqn))
        assert (again.execution_id, again.state.next_version) == (ONE, 2)
        await storage.commit(batch(append(ONE, made(), asked_delay(), waits(), version=2)))
        assert [due.delay_id for due in await storage.due_delays(at(20), limit=5)] == [delay()]

    async def test_a_cursor_that_was_deleted_is_told_from_one_with_its_time(self, storage: Storage) -> None:
        await storage.commit(batch(ended(1), ended(2, when=1), ended(3, when=2)))
        await storage.delete([TWO])
        with pytest.raises(ExecutionNotFoundError, match=TWO):
            await storage.list_executions(ExecutionQuery(NOW, cursor_id=TWO))
        page = await storage.list_executions(ExecutionQuery(NOW, cursor_id=TWO, cursor_created_at=at(1)))
        assert [held.execution_id for held in page] == [ONE]

    async def test_executions_created_after_a_deletion_come_after_those_before_it(self, storage: Storage) -> None:
        await storage.commit(batch(ended(1), create(THREE), create(TWO)))
        await storage.delete([ONE])
        await storage.commit(batch(create(ONE)))
        locks = await storage.lock(wanted(created().ffqn))
        assert [each.execution_id for each in locks] == [THREE, TWO, ONE]

    async def test_the_same_tree_may_be_deleted_twice_at_once(self, storage: Storage) -> None:
        await make_family(storage)
        both = await asyncio.gather(storage.delete([ONE]), storage.delete([ONE]))
        assert sum(deleted.executions for deleted in both) == 2
        assert await remaining(storage) == []

    async def test_a_tree_with_many_children_is_deleted_whole(self, storage: Storage) -> None:
        await storage.commit(batch(ended(1), *[create(each, locked(), finished()) for each in children(LARGE)]))
        await storage.commit(batch(*[ended(number) for number in range(2, 40)]))
        await storage.append_lines([line for each in children(LARGE) for line in numbered(1, of=each)])
        assert await storage.delete([ONE, *[execution(number) for number in range(2, 39)]]) == Deleted(LARGE + 38)
        assert await remaining(storage) == [execution(39)]
        assert await storage.lines(LineQuery(ONE, derived=True)) == []

    async def test_a_deletion_that_was_cut_short_is_finished_by_the_next(self, storage: Storage) -> None:
        family = [create(each, locked(), finished()) for each in children(LARGE)]
        for turns in (1, 2, 5, 50):
            await storage.commit(batch(ended(1), *family))
            deleting = asyncio.ensure_future(storage.delete([ONE]))
            for _ in range(turns):
                await asyncio.sleep(0)
            deleting.cancel()
            await asyncio.wait([deleting])
            left = await remaining(storage)
            assert not left or ONE in left
            await storage.delete([ONE])
            assert await remaining(storage) == []

    async def test_an_execution_with_a_long_log_is_deleted_whole(self, storage: Storage) -> None:
        numbers = range(1, LARGE + 1)
        asked = [asked_delay(number) for number in numbers]
        done = [delay_done(number) for number in numbers]
        await storage.commit(batch(create(ONE, locked(), made(), *asked, *done, waits(), finished())))
        assert await storage.delete([ONE]) == Deleted(1)
        assert await storage.load(ONE) is None
        await storage.commit(batch(create(ONE, locked(), made(), *asked, *done, waits(), finished())))
