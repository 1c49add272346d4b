# ruff: noqa: D102 - the name of a clause says what it demands
"""Clauses about responses, join sets and delays."""

from __future__ import annotations

import asyncio

import pytest

from obelisk.core.events import (
    Event,
    ExecutionResult,
    FailureKind,
    TryOutcome,
    TypedValue,
    Unlocked,
    error_outcome,
    failed,
)
from obelisk.core.state import State, Status
from obelisk.errors import CommitRefusedError
from obelisk.ids import JoinSetId
from obelisk.interfaces.storage import DueDelay, Storage, Write
from obelisk.testing.storage_samples import (
    ERR,
    JOIN_SET,
    NOW,
    OK,
    OTHER_FN,
    OTHER_JOIN_SET,
    append,
    asked_child,
    asked_delay,
    at,
    batch,
    cancelling,
    child,
    child_done,
    create,
    created,
    delay,
    delay_done,
    execution,
    finished,
    locked,
    looks,
    made,
    pausing,
    waits,
)

ONE, TWO = execution(1), execution(2)


async def state_of(storage: Storage, *writes: Write) -> State:
    """Commit a batch and return the state after its last write."""
    return (await storage.commit(batch(*writes))).states[-1]


async def begin(storage: Storage, *items: Event) -> None:
    """Commit an execution that runs, has a join set, and did ``items``."""
    await storage.commit(batch(create(ONE, locked(), made(), *items)))


async def refused(storage: Storage, *writes: Write) -> None:
    """Commit a batch that has to be refused."""
    with pytest.raises(CommitRefusedError):
        await storage.commit(batch(*writes))


def delay_ids(due: list[DueDelay]) -> list[str]:
    """Return the ids of delays."""
    return [item.delay_id for item in due]


class ResponseClauses:
    """What is owed about responses."""

    async def test_responses_get_cursors_from_one_on(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1), asked_delay(2))))
        await storage.commit(batch(append(ONE, delay_done(2))))
        await storage.commit(batch(append(ONE, delay_done(1))))
        found = await storage.responses(ONE, after_cursor=0, limit=10)
        assert [(item.cursor, item.response) for item in found] == [(1, delay_done(2)), (2, delay_done(1))]

    async def test_responses_are_ordered_by_their_commit_and_not_by_their_time(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made())))
        await storage.commit(batch(append(ONE, delay_done(1), when=9)))
        await storage.commit(batch(append(ONE, delay_done(2), when=1)))
        found = await storage.responses(ONE, after_cursor=0, limit=10)
        assert [(item.cursor, item.created_at) for item in found] == [(1, at(9)), (2, at(1))]

    async def test_responses_in_flight_get_cursors_in_the_order_of_the_calls(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made())))
        await asyncio.gather(*[storage.commit(batch(append(ONE, delay_done(number)))) for number in (3, 1, 2)])
        found = await storage.responses(ONE, after_cursor=0, limit=10)
        assert [item.response for item in found] == [delay_done(3), delay_done(1), delay_done(2)]

    async def test_a_response_moves_the_cursor_and_not_the_version(self, storage: Storage) -> None:
        state = await state_of(storage, create(ONE, locked(), made()), append(ONE, delay_done()))
        assert (state.next_version, state.cursor) == (3, 1)

    async def test_a_stale_cursor_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made()), append(ONE, delay_done())))
        await refused(storage, append(ONE, asked_child(), version=3, cursor=0))
        state = await state_of(storage, append(ONE, asked_child(), version=3, cursor=1))
        assert state.next_version == 4

    async def test_a_cursor_that_does_not_exist_yet_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made())))
        await refused(storage, append(ONE, asked_child(), version=3, cursor=1))

    async def test_the_cursor_is_checked_after_the_earlier_writes_of_the_batch(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made())))
        state = await state_of(storage, append(ONE, delay_done()), append(ONE, asked_child(), version=3, cursor=1))
        assert (state.next_version, state.cursor) == (4, 1)

    async def test_without_a_cursor_responses_that_came_do_not_matter(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made()), append(ONE, delay_done())))
        assert (await state_of(storage, append(ONE, asked_child(), version=3))).next_version == 4

    async def test_a_second_response_of_a_child_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made()), append(ONE, child_done())))
        await refused(storage, append(ONE, child_done(result=ERR)))
        assert len(await storage.responses(ONE, after_cursor=0, limit=10)) == 1

    async def test_a_second_response_of_a_delay_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay()), append(ONE, delay_done())))
        await refused(storage, append(ONE, delay_done(success=False)))
        assert len(await storage.responses(ONE, after_cursor=0, limit=10)) == 1

    async def test_two_responses_of_one_child_in_a_batch_are_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made())))
        await refused(storage, append(ONE, child_done(), child_done()))
        assert await storage.responses(ONE, after_cursor=0, limit=10) == []

    async def test_of_two_responses_in_flight_the_first_is_kept(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        outcomes = await asyncio.gather(
            storage.commit(batch(append(ONE, delay_done(success=False)))),
            storage.commit(batch(append(ONE, delay_done(success=True)))),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], CommitRefusedError)
        found = await storage.responses(ONE, after_cursor=0, limit=10)
        assert [item.response for item in found] == [delay_done(success=False)]

    async def test_a_response_of_a_refused_batch_can_be_committed_later(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made())))
        await refused(storage, append(ONE, child_done()), append(ONE, made(), version=99))
        assert (await state_of(storage, append(ONE, child_done()))).cursor == 1

    @pytest.mark.parametrize("result", [OK, ERR, failed(FailureKind.TIMED_OUT, "late"), ExecutionResult(ok=None)])
    async def test_the_result_of_a_child_comes_with_its_response(
        self, storage: Storage, result: ExecutionResult
    ) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_child()), create(child(), locked())))
        await storage.commit(
            batch(append(child(), finished(result), version=2), append(ONE, child_done(result=result)))
        )
        log = await storage.load(ONE)
        assert log is not None
        assert [item.response for item in log.responses] == [child_done(result=result)]

    async def test_the_result_comes_with_a_response_that_is_committed_after_the_child(self, storage: Storage) -> None:
        result = ExecutionResult(ok=TypedValue("string", "ž"))
        await storage.commit(batch(create(ONE, locked(), made(), asked_child())))
        await storage.commit(batch(create(child(), locked(), finished(result))))
        await storage.commit(batch(append(ONE, child_done(result=result))))
        found = await storage.responses(ONE, after_cursor=0, limit=10)
        assert [item.response for item in found] == [child_done(result=result)]

    async def test_a_response_wakes_the_execution_that_waits_for_it(self, storage: Storage) -> None:
        blocked = await state_of(storage, create(ONE, locked(), made(), asked_delay(), waits()))
        woken = await state_of(storage, append(ONE, delay_done(), when=10))
        assert (blocked.status, woken.status, woken.due_at) == (Status.BLOCKED, Status.PENDING, at(60))

    async def test_a_response_of_another_join_set_wakes_nobody(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(), waits())))
        state = await state_of(storage, append(ONE, delay_done(join_set=OTHER_JOIN_SET)))
        assert (state.status, state.join_set_id) == (Status.BLOCKED, JOIN_SET)

    async def test_a_wait_for_a_response_that_came_does_not_block(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        await storage.commit(batch(append(ONE, delay_done())))
        assert (await state_of(storage, append(ONE, waits(), version=4))).status is Status.PENDING

    async def test_the_second_wait_needs_the_second_response(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1), asked_delay(2), waits())))
        await storage.commit(batch(append(ONE, delay_done(1))))
        assert (await state_of(storage, append(ONE, waits(), version=6))).status is Status.BLOCKED
        assert (await state_of(storage, append(ONE, delay_done(2)))).status is Status.PENDING

    async def test_a_response_that_was_looked_up_is_taken(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1), asked_delay(2))))
        await storage.commit(batch(append(ONE, delay_done(1))))
        await storage.commit(batch(append(ONE, looks(TryOutcome.FOUND), version=5)))
        assert (await state_of(storage, append(ONE, waits(), version=6))).status is Status.BLOCKED

    async def test_a_refused_batch_leaves_the_counts_of_a_join_set_as_they_were(self, storage: Storage) -> None:
        await begin(storage, asked_delay(1), asked_delay(2))
        await storage.commit(batch(append(ONE, delay_done(1))))
        with pytest.raises(CommitRefusedError):
            await storage.commit(batch(append(ONE, looks(TryOutcome.FOUND), waits(), made(), version=5)))
        assert (await state_of(storage, append(ONE, waits(), version=5))).status is Status.PENDING

    async def test_many_responses_are_paged_in_the_order_of_their_commits(self, storage: Storage) -> None:
        numbers = [number * 37 % 150 + 1 for number in range(150)]
        await begin(storage, *[asked_delay(number) for number in range(1, 151)])
        for start in range(0, 150, 50):
            await storage.commit(batch(append(ONE, *[delay_done(number) for number in numbers[start : start + 50]])))
        found = [
            item for after in range(0, 150, 40) for item in await storage.responses(ONE, after_cursor=after, limit=40)
        ]
        assert [(item.cursor, item.response) for item in found] == [
            (place, delay_done(number)) for place, number in enumerate(numbers, 1)
        ]

    async def test_join_sets_are_counted_apart(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), made(OTHER_JOIN_SET))))
        await storage.commit(batch(append(ONE, asked_delay(1), asked_delay(1, join_set=OTHER_JOIN_SET), version=4)))
        await storage.commit(batch(append(ONE, delay_done(1, join_set=OTHER_JOIN_SET))))
        state = await state_of(storage, append(ONE, waits(JOIN_SET), version=6))
        assert (state.status, state.join_set_id) == (Status.BLOCKED, JOIN_SET)

    async def test_a_join_set_that_was_not_created_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(OTHER_JOIN_SET))))
        await refused(storage, append(ONE, asked_child(), version=3))
        await refused(storage, append(ONE, waits(), version=3))

    async def test_a_one_off_join_set_blocks_until_its_response(self, storage: Storage) -> None:
        one_off = JoinSetId("o:1-run")
        request = asked_child(join_set=one_off)
        blocked = await state_of(storage, create(ONE, locked(), made(one_off), request, waits(one_off)))
        woken = await state_of(storage, append(ONE, child_done(join_set=one_off)))
        assert (blocked.status, woken.status) == (Status.BLOCKED, Status.PENDING)

    async def test_a_request_that_was_refused_to_the_guest_is_kept(self, storage: Storage) -> None:
        event = asked_child(outcome=error_outcome("function_not_found"))
        await storage.commit(batch(create(ONE, locked(), made(), event)))
        assert (await storage.events(ONE, from_version=3, limit=1))[0].event == event

    async def test_a_response_after_the_end_is_kept_and_changes_only_the_cursor(self, storage: Storage) -> None:
        ended = await state_of(storage, create(ONE, locked(), made(), asked_child(), finished()))
        late = await state_of(storage, append(ONE, child_done(), when=5))
        assert (late.status, late.due_at, late.next_version, late.cursor) == (ended.status, ended.due_at, 5, 1)
        assert len(await storage.responses(ONE, after_cursor=0, limit=10)) == 1

    async def test_a_child_is_created_with_the_request_for_it(self, storage: Storage) -> None:
        event = created(OTHER_FN, parent=(ONE, JOIN_SET))
        await storage.commit(batch(create(ONE, locked(), made(), asked_child()), create(child(), event=event)))
        state = await storage.state(child())
        assert state is not None
        assert (state.parent, state.ffqn) == ((ONE, JOIN_SET), OTHER_FN)


class DelayClauses:
    """What ``due_delays`` and ``pause_delay`` owe."""

    async def test_a_delay_is_due_at_its_time_and_not_before(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(due=10))))
        assert await storage.due_delays(at(9.999999), limit=10) == []
        assert await storage.due_delays(at(10), limit=10) == [DueDelay(ONE, JOIN_SET, delay(), at(10))]

    async def test_due_delays_come_earliest_first(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1, due=30), asked_delay(2, due=10))))
        await storage.commit(batch(create(TWO, locked(), made(), asked_delay(1, owner=TWO, due=20))))
        found = await storage.due_delays(at(30), limit=10)
        assert delay_ids(found) == [delay(2), delay(1, owner=TWO), delay(1)]

    async def test_no_more_delays_than_the_limit_are_returned(self, storage: Storage) -> None:
        requests = [asked_delay(number, due=number) for number in range(1, 6)]
        await storage.commit(batch(create(ONE, locked(), made(), *requests)))
        assert delay_ids(await storage.due_delays(at(99), limit=2)) == [delay(1), delay(2)]

    async def test_an_answered_delay_is_not_due(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1), asked_delay(2))))
        await storage.commit(batch(append(ONE, delay_done(1), delay_done(2, success=False))))
        assert await storage.due_delays(at(99), limit=10) == []

    async def test_a_delay_answered_in_the_batch_of_its_request_is_never_due(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay()), append(ONE, delay_done())))
        assert await storage.due_delays(at(99), limit=10) == []

    async def test_a_delay_asked_for_again_and_answered_at_once_is_not_due(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        await storage.commit(batch(append(ONE, asked_delay(), delay_done())))
        assert await storage.due_delays(at(99), limit=10) == []

    async def test_a_paused_delay_is_not_due(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1, paused=True), asked_delay(2))))
        assert delay_ids(await storage.due_delays(at(99), limit=10)) == [delay(2)]

    async def test_delays_of_a_finished_execution_are_not_due(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        await storage.commit(batch(create(TWO, locked(), made(), asked_delay(owner=TWO))))
        await storage.commit(batch(append(ONE, finished(), version=4)))
        assert delay_ids(await storage.due_delays(at(99), limit=10)) == [delay(owner=TWO)]

    @pytest.mark.parametrize(
        "then",
        [
            (),
            (Unlocked(NOW, "closing"),),
            (waits(),),
            (made(OTHER_JOIN_SET), asked_child(join_set=OTHER_JOIN_SET), waits(OTHER_JOIN_SET)),
            (Unlocked(NOW, "closing"), *pausing()),
            (waits(), *pausing()),
            cancelling(),
            (waits(), *cancelling()),
        ],
        ids=[
            "locked",
            "pending",
            "blocked",
            "blocked elsewhere",
            "paused",
            "blocked and paused",
            "cancelling",
            "blocked and cancelling",
        ],
    )
    async def test_a_delay_falls_due_whatever_its_execution_does(
        self, storage: Storage, then: tuple[Event, ...]
    ) -> None:
        await begin(storage, asked_delay(1), *then)
        assert delay_ids(await storage.due_delays(at(10), limit=10)) == [delay(1)]
        when = await storage.next_timer(at(9))
        assert when is not None
        assert at(9) < when <= at(10)

    async def test_a_delay_of_a_refused_batch_is_not_due(self, storage: Storage) -> None:
        await refused(storage, create(ONE, locked(), made(), asked_delay()), append(TWO, made(), version=1))
        assert await storage.due_delays(at(99), limit=10) == []

    async def test_a_refused_response_leaves_its_delay_due(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        await refused(storage, append(ONE, delay_done(), cursor=7))
        assert delay_ids(await storage.due_delays(at(99), limit=10)) == [delay()]

    async def test_a_delay_that_is_paused_later_is_not_due_until_it_is_unpaused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1, due=10), asked_delay(2, due=20))))
        assert await storage.pause_delay(delay(1), paused=True)
        assert delay_ids(await storage.due_delays(at(99), limit=10)) == [delay(2)]
        assert await storage.pause_delay(delay(1), paused=False)
        assert delay_ids(await storage.due_delays(at(99), limit=10)) == [delay(1), delay(2)]

    async def test_a_delay_that_was_asked_for_paused_falls_due_after_it_is_unpaused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(due=10, paused=True))))
        assert await storage.pause_delay(delay(), paused=False)
        assert await storage.due_delays(at(9.999999), limit=10) == []
        assert await storage.due_delays(at(10), limit=10) == [DueDelay(ONE, JOIN_SET, delay(), at(10))]

    async def test_pausing_a_delay_twice_is_pausing_it_once(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        assert [await storage.pause_delay(delay(), paused=paused) for paused in (True, True, False)] == [True] * 3
        assert delay_ids(await storage.due_delays(at(99), limit=10)) == [delay()]
        assert await storage.pause_delay(delay(), paused=False)

    async def test_a_paused_delay_can_be_answered_and_is_not_open_any_more(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(), waits())))
        await storage.pause_delay(delay(), paused=True)
        woken = await state_of(storage, append(ONE, delay_done(success=False)))
        assert woken.status is Status.PENDING
        assert not await storage.pause_delay(delay(), paused=False)
        assert await storage.due_delays(at(99), limit=10) == []

    async def test_a_delay_is_open_until_its_execution_ends(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        assert await storage.pause_delay(delay(), paused=False)
        await storage.commit(batch(append(ONE, finished(), version=4)))
        assert not await storage.pause_delay(delay(), paused=True)

    async def test_a_delay_that_nobody_asked_for_is_not_open(self, storage: Storage) -> None:
        assert not await storage.pause_delay(delay(), paused=True)
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay(1))))
        assert not await storage.pause_delay(delay(2), paused=True)
        assert not await storage.pause_delay(delay(1, owner=TWO), paused=True)
        assert delay_ids(await storage.due_delays(at(99), limit=10)) == [delay(1)]

    async def test_delays_of_one_name_are_paused_apart(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made(), asked_delay())))
        await storage.commit(batch(create(TWO, locked(), made(), asked_delay(owner=TWO))))
        assert await storage.pause_delay(delay(owner=TWO), paused=True)
        assert delay_ids(await storage.due_delays(at(99), limit=10)) == [delay()]

    async def test_pausing_follows_the_batches_that_were_committed_before(self, storage: Storage) -> None:
        asked = storage.commit(batch(create(ONE, locked(), made(), asked_delay(1), asked_delay(2))))
        answered = storage.commit(batch(append(ONE, delay_done(2))))
        found = [await storage.pause_delay(delay(number), paused=True) for number in (1, 2)]
        await asyncio.gather(asked, answered)
        assert found == [True, False]
        assert await storage.due_delays(at(99), limit=10) == []

    async def test_pausing_a_delay_moves_neither_version_nor_cursor(self, storage: Storage) -> None:
        before = await state_of(storage, create(ONE, locked(), made(), asked_delay()))
        await storage.pause_delay(delay(), paused=True)
        assert await storage.state(ONE) == before
        assert (await state_of(storage, append(ONE, asked_child(), version=4, cursor=0))).next_version == 5

    async def test_a_paused_delay_is_no_timer(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(until=60), made(), asked_delay(due=5), waits(until=60))))
        await storage.pause_delay(delay(), paused=True)
        assert await storage.next_timer(at(0)) is None
        await storage.pause_delay(delay(), paused=False)
        when = await storage.next_timer(at(0))
        assert when is not None
        assert at(0) < when <= at(5)
