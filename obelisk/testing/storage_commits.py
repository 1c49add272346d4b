# ruff: noqa: D102 - the name of a clause says what it demands
"""Clauses about commits: versions, refusal, order."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from obelisk.core.events import (
    Created,
    FailureKind,
    LogEvent,
    Paused,
    Persist,
    PersistKind,
    RandomU64,
    Schedule,
    ScheduleAt,
    Stub,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TimeSpan,
    Unlocked,
    Unpaused,
    error_outcome,
    failed,
)
from obelisk.core.state import Lifecycle, State, Status, fold
from obelisk.errors import CommitRefusedError, CommitUnknownError
from obelisk.interfaces.storage import Batch, Committed, Entry, Storage, Write
from obelisk.testing.storage_samples import (
    NOW,
    OTHER_FN,
    RUN_FN,
    append,
    asked_child,
    asked_delay,
    at,
    batch,
    cancelling,
    child,
    component,
    create,
    created,
    deployment,
    entries,
    execution,
    finished,
    http_trace,
    locked,
    made,
    pausing,
    unfit_for,
)

PATIENCE_SECONDS = 3.0
ONE, TWO, THREE = execution(1), execution(2), execution(3)


async def refused(storage: Storage, *writes: Write) -> CommitRefusedError:
    """Commit a batch that has to be refused, and return why it was."""
    with pytest.raises(CommitRefusedError) as caught:
        await storage.commit(batch(*writes))
    return caught.value


def folded(*items: Entry) -> State:
    """Return what entries without counted join sets add up to."""
    state: State | None = None
    for item in items:
        state, _ = fold(state, None, item.entry, at=item.created_at)
    assert state is not None
    return state


def patient(*writes: Write) -> Batch:
    """Return a batch that may wait."""
    return Batch(writes, may_wait=True)


def drawing(version: int, *after: asyncio.Future[Committed]) -> Batch:
    """Return a batch that writes a drawn number, the version itself, and builds on other commits."""
    event = Persist([version], PersistKind(random_u64=RandomU64(0, 255)))
    return Batch((append(ONE, event, version=version),), after)


class CommitClauses:
    """What ``commit`` owes."""

    async def test_a_created_execution_has_the_state_that_fold_computes(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        assert await storage.state(ONE) == folded(*entries(created()))

    async def test_an_execution_of_a_whole_life_has_the_state_that_fold_computes(self, storage: Storage) -> None:
        life = (
            *entries(created(), locked()),
            *entries(TemporarilyFailed(at(2), "trap", "backtrace"), when=1),
            *entries(Paused(), Unpaused(), unfit_for("f"), when=2),
            *entries(locked(until=90, run_number=2), when=3),
            *entries(finished(failed(FailureKind.OUT_OF_FUEL, "too long")), when=4),
        )
        for version, entry in enumerate(life):
            await storage.commit(batch(Write(ONE, (entry,), version)))
            assert await storage.state(ONE) == folded(*life[: version + 1])

    async def test_commit_returns_the_state_after_each_write(self, storage: Storage) -> None:
        committed = await storage.commit(batch(create(ONE), create(TWO), append(ONE, locked(), version=1)))
        plain = folded(*entries(created()))
        assert committed == Committed((plain, plain, folded(*entries(created(), locked()))))

    async def test_events_come_back_as_they_were_written(self, storage: Storage) -> None:
        events = (
            Created(
                RUN_FN,
                [1, -(2**63), 2**64 - 1, 0.5, "ž\u0000\U0001f980", None, True, {"a": [{}]}],
                None,
                at(0),
                component(),
                deployment(),
                {"trace": "x"},
                TWO,
            ),
            locked(),
            Persist([0, 255], PersistKind(random_u64=RandomU64(0, 2**64 - 1))),
            Schedule(THREE, ScheduleAt(in_=TimeSpan(1, 5)), error_outcome("type_check_error", "no")),
            Stub(THREE, "hash"),
            TemporarilyTimedOut(at(1), [http_trace()]),
            Unpaused(),
        )
        await storage.commit(batch(Write(ONE, entries(*events[:-1]), 0)))
        await storage.commit(batch(append(ONE, Paused(), events[-1], version=6)))
        stored = await storage.events(ONE, from_version=0, limit=100)
        assert [item.event for item in stored] == [*events[:-1], Paused(), events[-1]]

    async def test_times_are_kept_to_the_microsecond(self, storage: Storage) -> None:
        odd = NOW + timedelta(microseconds=1)
        due = NOW + timedelta(days=3000, microseconds=999_999)
        event = created(due=(due - NOW).total_seconds())
        await storage.commit(batch(Write(ONE, (Entry(odd, event),), 0)))
        assert await storage.events(ONE, from_version=0, limit=1) == [LogEvent(0, odd, event)]
        state = await storage.state(ONE)
        assert state is not None
        assert (state.created_at, state.due_at) == (odd, event.scheduled_at)

    async def test_versions_count_the_events_from_zero(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked()), append(ONE, made(), version=2)))
        stored = await storage.events(ONE, from_version=0, limit=10)
        assert [item.version for item in stored] == [0, 1, 2]

    async def test_a_batch_for_several_executions_is_written_whole(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), made()), create(TWO)))
        await storage.commit(
            batch(append(ONE, asked_child(), version=3), create(child()), append(TWO, locked(), version=1))
        )
        versions = [state.next_version for id in (ONE, TWO, child()) if (state := await storage.state(id))]
        assert versions == [4, 2, 1]

    async def test_an_execution_may_occur_twice_in_a_batch(self, storage: Storage) -> None:
        await storage.commit(
            batch(create(ONE), create(TWO), append(ONE, locked(), version=1), append(ONE, finished(), version=2))
        )
        state = await storage.state(ONE)
        assert state is not None
        assert (state.status, state.next_version) == (Status.FINISHED, 3)

    async def test_a_batch_may_touch_many_executions(self, storage: Storage) -> None:
        writes = [create(execution(number), locked()) for number in range(300)]
        committed = await storage.commit(Batch(tuple(writes)))
        assert [state.next_version for state in committed.states] == [2] * 300
        assert all([await storage.state(execution(number)) for number in range(0, 300, 37)])

    async def test_a_stale_version_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        assert str(ONE) in str(await refused(storage, append(ONE, made(), version=1)))

    async def test_each_write_of_a_batch_has_its_version_checked(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE), create(TWO)))
        for version in (0, 2):
            await refused(storage, append(ONE, locked(), version=1), append(TWO, locked(), version=version))
        assert [len(await storage.events(id, from_version=0, limit=9)) for id in (ONE, TWO)] == [1, 1]

    async def test_a_version_that_does_not_exist_yet_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        await refused(storage, append(ONE, made(), version=3))

    async def test_a_version_of_an_execution_that_does_not_exist_is_refused(self, storage: Storage) -> None:
        await refused(storage, append(ONE, made(), version=1))

    async def test_without_a_version_the_write_is_appended_where_the_log_ends(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        await storage.commit(batch(append(ONE, *cancelling())))
        state = await storage.state(ONE)
        assert state is not None
        assert (state.lifecycle, state.next_version) == (Lifecycle.CANCELLING, 3)

    async def test_an_unchecked_write_to_no_execution_is_refused(self, storage: Storage) -> None:
        await refused(storage, append(ONE, *cancelling()))

    async def test_creating_an_execution_that_exists_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, event=created(RUN_FN))))
        await refused(storage, create(ONE, event=created(OTHER_FN)))
        state = await storage.state(ONE)
        assert state is not None
        assert state.ffqn == RUN_FN

    async def test_creating_an_execution_twice_in_one_batch_is_refused(self, storage: Storage) -> None:
        await refused(storage, create(ONE), create(ONE))
        assert await storage.state(ONE) is None

    async def test_an_event_before_the_first_is_refused(self, storage: Storage) -> None:
        await refused(storage, Write(ONE, entries(locked()), 0))

    async def test_an_illegal_transition_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        await refused(storage, append(ONE, Paused(), version=2))

    async def test_nothing_is_appended_after_the_end(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), finished())))
        await refused(storage, append(ONE, finished(), version=3))
        await refused(storage, append(ONE, *cancelling()))
        assert len(await storage.events(ONE, from_version=0, limit=10)) == 3

    async def test_a_refused_batch_writes_nothing_to_any_execution(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        before = await storage.load(ONE)
        await refused(storage, append(ONE, made(), version=2), create(TWO), append(THREE, made(), version=7))
        assert await storage.load(ONE) == before
        assert await storage.state(TWO) is None

    async def test_a_batch_refused_in_its_middle_leaves_no_entry(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        before = await storage.load(ONE)
        await refused(storage, append(ONE, made(), asked_delay(), *pausing(), version=2))
        assert await storage.load(ONE) == before
        assert await storage.due_delays(at(1000), limit=10) == []

    async def test_the_same_write_is_accepted_after_a_refusal(self, storage: Storage) -> None:
        await refused(storage, create(ONE), append(TWO, made(), version=2))
        await storage.commit(batch(create(ONE)))
        assert await storage.state(ONE) is not None

    async def test_a_batch_built_on_one_that_is_not_resolved_is_accepted(self, storage: Storage) -> None:
        first = storage.commit(batch(create(ONE)))
        second = storage.commit(batch(append(ONE, locked(), version=1)))
        third = storage.commit(batch(append(ONE, made(), version=2)))
        states = [(await committed).states[0].next_version for committed in (first, second, third)]
        assert states == [1, 2, 3]

    async def test_a_batch_built_on_a_refused_one_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        outcomes = await asyncio.gather(
            storage.commit(batch(append(ONE, made(), version=1))),
            storage.commit(batch(append(ONE, asked_child(), version=3))),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [CommitRefusedError, CommitRefusedError]
        state = await storage.state(ONE)
        assert state is not None
        assert state.next_version == 2

    async def test_neighbours_of_a_refused_batch_are_committed(self, storage: Storage) -> None:
        outcomes = await asyncio.gather(
            storage.commit(batch(create(ONE))),
            storage.commit(batch(create(TWO), create(ONE))),
            storage.commit(batch(create(THREE))),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [Committed, CommitRefusedError, Committed]
        assert [await storage.state(id) is not None for id in (ONE, TWO, THREE)] == [True, False, True]

    async def test_of_two_batches_for_one_version_the_first_wins(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        outcomes = await asyncio.gather(
            storage.commit(batch(append(ONE, locked(by=1), version=1))),
            storage.commit(batch(append(ONE, locked(by=2, run_number=2), version=1))),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [Committed, CommitRefusedError]
        assert [item.event for item in await storage.events(ONE, from_version=1, limit=5)] == [locked(by=1)]

    async def test_many_batches_at_once_take_effect_in_the_order_of_the_calls(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        persists = [Persist([number], PersistKind(execution_id=None)) for number in range(200)]
        futures = [storage.commit(batch(append(ONE, event))) for event in persists]
        versions = [(await future).states[0].next_version for future in futures]
        assert versions == list(range(3, 203))
        stored = await storage.events(ONE, from_version=2, limit=1000)
        assert [item.event for item in stored] == persists

    async def test_a_batch_that_may_wait_is_committed_though_nothing_follows(self, storage: Storage) -> None:
        done, _ = await asyncio.wait((storage.commit(patient(create(ONE))),), timeout=PATIENCE_SECONDS)
        assert [type(future.result()) for future in done] == [Committed]

    async def test_a_batch_that_may_wait_comes_before_those_that_follow(self, storage: Storage) -> None:
        storage.commit(patient(create(ONE)))
        committed = await storage.commit(batch(append(ONE, locked(), version=1)))
        assert committed.states[0].next_version == 2

    async def test_a_batch_that_may_wait_is_seen_at_once(self, storage: Storage) -> None:
        storage.commit(patient(create(ONE)))
        assert await storage.state(ONE) is not None

    async def test_what_builds_on_a_refused_batch_is_refused_though_its_version_fits(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        others = storage.commit(drawing(2))
        first = storage.commit(drawing(2))
        second = storage.commit(drawing(3, first))
        third = storage.commit(drawing(3, first, second))
        outcomes = await asyncio.gather(others, first, second, third, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Committed, *[CommitRefusedError] * 3]
        assert len(await storage.events(ONE, from_version=0, limit=9)) == 3

    async def test_it_is_refused_after_the_refusal_is_known_too(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        first = storage.commit(drawing(1))
        with pytest.raises(CommitRefusedError):
            await first
        with pytest.raises(CommitRefusedError):
            await storage.commit(drawing(2, first))
        await storage.commit(drawing(2))

    async def test_what_builds_on_a_committed_batch_is_committed(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        first = storage.commit(drawing(2))
        second = storage.commit(drawing(3, first))
        assert (await second).states[0].next_version == 4
        assert (await storage.commit(drawing(4, first, second))).states[0].next_version == 5

    @pytest.mark.parametrize("place", [0, 1, 2])
    async def test_what_builds_on_several_commits_is_refused_when_one_of_them_was(
        self, storage: Storage, *, place: int
    ) -> None:
        await storage.commit(batch(create(ONE, locked())))
        bases = [storage.commit(batch(create(execution(number)))) for number in (2, 3)]
        bases.insert(place, storage.commit(batch(create(ONE))))
        await asyncio.gather(*bases, return_exceptions=True)
        with pytest.raises(CommitRefusedError):
            await storage.commit(drawing(2, *bases))
        assert len(await storage.events(ONE, from_version=0, limit=9)) == 2

    async def test_what_builds_on_a_commit_of_unknown_outcome_is_refused(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked())))
        unknown: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        unknown.set_exception(CommitUnknownError("the disk did not answer"))
        with pytest.raises(CommitRefusedError):
            await storage.commit(drawing(2, unknown))
        assert isinstance(unknown.exception(), CommitUnknownError)
        assert len(await storage.events(ONE, from_version=0, limit=9)) == 2

    async def test_a_commit_that_nobody_waits_for_any_more_harms_nobody(self, storage: Storage) -> None:
        left = storage.commit(batch(create(ONE)))
        left.cancel()
        await storage.commit(batch(create(TWO)))
        assert await storage.state(TWO) is not None

    async def test_an_empty_batch_is_committed(self, storage: Storage) -> None:
        assert await storage.commit(batch()) == Committed(())

    async def test_a_write_without_entries_only_checks(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        committed = await storage.commit(batch(append(ONE, version=1), create(TWO)))
        assert committed.states[0].next_version == 1
        await refused(storage, append(ONE, version=2), create(THREE))
        assert await storage.state(THREE) is None

    async def test_a_write_without_entries_checks_that_there_is_no_execution(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE)))
        await refused(storage, Write(ONE, (), 0), create(TWO))
        assert await storage.state(TWO) is None

    async def test_an_unlocked_execution_is_pending_from_its_backoff_on(self, storage: Storage) -> None:
        await storage.commit(batch(create(ONE, locked(), Unlocked(at(5), "closing"))))
        state = await storage.state(ONE)
        assert state is not None
        assert (state.status, state.due_at, state.held_by) == (Status.PENDING, at(5), None)
