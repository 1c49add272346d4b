"""Schedules in a whole engine: ticks, restarts, changes, several servers."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from obelisk.core.events import Created, Finished, Locked, ResultKind, Schedule, Unlocked
from obelisk.core.state import Status
from obelisk.errors import CommitUnknownError, ExecutionStateError, StorageError
from obelisk.ids import new_execution_id

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


async def test_an_execution_is_started_at_each_tick(open_engine, table, watcher):
    async with open_engine(table("0 */6 * * *"), start=at(1)) as harness:
        await watcher.passes(harness, until=at(24))
        assert await watcher.started(harness) == [at(6), at(12), at(18), at(24)]
        (first, *_) = await watcher.listed(harness, ffqn=watcher.job)
        created = (await harness.events(first.execution_id))[0]
        (seed,) = await watcher.seeds(harness)
        assert (created.params, created.scheduled_by, created.parent) == (["x", 1], seed.execution_id, None)


async def test_a_tick_is_one_write_of_the_seed(open_engine, table, watcher):
    async with open_engine(table("0 */6 * * *"), start=at(1)) as harness:
        await watcher.passes(harness, until=at(6))
        (seed,) = await watcher.seeds(harness)
        events = await harness.events(seed.execution_id)
        assert [type(event) for event in events] == [Created, Locked, Schedule, Unlocked]
        assert events[0].scheduled_at == at(6)
        assert events[0].ffqn == f"obelisk-cron-{watcher.job}"
        assert events[3].backoff_expires_at == at(12)
        assert (seed.state.status, seed.state.held_by, seed.state.due_at) == (Status.PENDING, None, at(12))


async def test_seconds_are_kept(open_engine, table, watcher):
    async with open_engine(table("*/10 * * * * *"), start=START) as harness:
        await watcher.passes(harness, seconds=60)
        assert await watcher.started(harness) == [START + timedelta(seconds=10 * number) for number in range(1, 7)]


async def test_schedules_do_not_wait_for_each_other(open_engine, table, watcher):
    tables = [table("0 * * * *", name=f"job-{number}") for number in range(20)]
    async with open_engine(*tables, start=START) as harness:
        await watcher.passes(harness, hours=3)
        started = await watcher.started(harness)
        assert [started.count(at(hour)) for hour in (1, 2, 3)] == [20, 20, 20]


async def test_params_may_be_the_text_of_json(open_engine, table, watcher):
    async with open_engine(table("@hourly", params="'[\"x\", 1]'"), start=START) as harness:
        await watcher.passes(harness, hours=1)
        (one,) = await watcher.listed(harness, ffqn=watcher.job)
        assert (await harness.events(one.execution_id))[0].params == ["x", 1]


@pytest.mark.parametrize("storage", ["memory"])
async def test_the_id_of_a_seed_comes_from_what_the_entry_says(open_engine, table, watcher):
    ids = []
    for schedule in ("@daily", "@daily", "@hourly"):
        async with open_engine(table(schedule), start=START) as harness:
            await harness.settle()
            ids.append((await watcher.seeds(harness))[-1])
    assert ids[0].execution_id == ids[1].execution_id != ids[2].execution_id
    digest = bytes.fromhex(ids[0].state.component_id.component_digest.removeprefix("sha256:"))
    assert ids[0].execution_id == new_execution_id(int.from_bytes(digest[:4], "big"), digest[4:14])
    assert len(digest) == hashlib.sha256().digest_size


async def test_nobody_cancels_pauses_or_replays_a_seed(open_engine, table, watcher):
    async with open_engine(table("@hourly"), start=START) as harness:
        await harness.settle()
        (seed,) = await watcher.seeds(harness)
        executions = harness.engine.executions
        for asked in (executions.cancel, executions.pause, executions.replay):
            with pytest.raises(ExecutionStateError, match="cron"):
                await asked(seed.execution_id)
        await watcher.passes(harness, hours=1)
        assert await watcher.started(harness) == [at(1)]


# --- once ---


async def test_once_starts_one_execution_and_the_seed_ends(open_engine, table, watcher):
    async with open_engine(table("@once"), start=START) as harness:
        await watcher.passes(harness, days=400)
        assert await watcher.started(harness) == [START]
        (seed,) = await watcher.seeds(harness)
        assert seed.state.result_kind is ResultKind.OK
        assert [type(event) for event in await harness.events(seed.execution_id)] == [
            Created, Locked, Schedule, Finished,
        ]  # fmt: skip


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_once_is_once_for_all_starts(open_engine, table, watcher):
    for number in range(3):
        async with open_engine(table("@once"), start=at(number)) as harness:
            await harness.settle()
            assert await watcher.started(harness) == [START]


# --- where the clocks change ---


async def test_a_daily_job_runs_once_on_the_days_of_change(open_engine, table, watcher):
    zone = 'timezone = "Europe/Prague"'
    for start, expected in (
        (datetime(2026, 3, 28, tzinfo=UTC), ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        (datetime(2026, 10, 24, tzinfo=UTC), ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
    ):
        async with open_engine(table("30 2 * * *", zone, name=f"job-{start:%m}"), start=start) as harness:
            await watcher.passes(harness, days=3)
            started = [time for time in await watcher.started(harness) if time > start]
            assert [f"{time:%m-%d %H:%M}" for time in started] == expected


async def test_an_hourly_job_runs_each_hour_of_a_day_of_23_and_of_25_hours(open_engine, table, watcher):
    zone = 'timezone = "America/New_York"'
    for start, hours in ((datetime(2026, 3, 8, 5, tzinfo=UTC), 23), (datetime(2026, 11, 1, 4, tzinfo=UTC), 25)):
        async with open_engine(table("30 * * * *", zone, name=f"job-{hours}"), start=start) as harness:
            await watcher.passes(harness, hours=hours)
            started = [time for time in await watcher.started(harness) if time > start]
            assert started == [start + timedelta(hours=hour, minutes=30) for hour in range(hours)]


# --- restarts ---


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_missed_ticks_are_not_caught_up(open_engine, table, watcher, caplog):
    async with open_engine(table("0 * * * *"), start=START) as harness:
        await watcher.passes(harness, hours=1)
    async with open_engine(table("0 * * * *"), start=at(10.5)) as harness:
        await watcher.passes(harness, hours=1)
        assert await watcher.started(harness) == [at(1), at(11)]
    assert "missed what was due at 2026-01-01 02:00:00" in caplog.text


@pytest.mark.parametrize("storage", ["sqlite"])
@pytest.mark.parametrize(("schedule", "late", "is_started"), [
    ("0 * * * *", timedelta(seconds=59), True),
    ("0 * * * *", timedelta(seconds=61), False),
    ("* * * * *", timedelta(seconds=29), True),
    ("* * * * *", timedelta(seconds=31), False),
])  # fmt: skip
async def test_a_restart_at_the_time_of_a_tick_does_not_lose_it(
    open_engine, table, watcher, schedule, late, is_started
):
    async with open_engine(table(schedule), start=at(1) - timedelta(seconds=1)) as harness:
        await harness.settle()
    async with open_engine(table(schedule), start=at(1) + late) as harness:
        await harness.settle()
        assert await watcher.started(harness) == ([at(1) + late] if is_started else [])


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_an_unchanged_entry_goes_on_after_a_restart(open_engine, table, watcher):
    for number in range(4):
        async with open_engine(table("0 0 * * *"), start=at(12 + 24 * number)) as harness:
            await watcher.passes(harness, hours=23)
    assert await _count(open_engine, watcher) == 4


async def _count(open_engine, watcher) -> int:
    async with open_engine(start=at(1000)) as harness:
        return len(await watcher.started(harness))


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_a_changed_entry_starts_anew_and_the_old_one_ends(open_engine, table, watcher):
    async with open_engine(table("0 0 * * *"), start=at(1)) as harness:
        await harness.settle()
    async with open_engine(table("0 12 * * *"), start=at(2)) as harness:
        await watcher.passes(harness, hours=48)
        assert await watcher.started(harness) == [at(12), at(36)]
        old, new = await watcher.seeds(harness)
        assert (old.state.result_kind, new.state.status) == (ResultKind.EXECUTION_FAILURE, Status.PENDING)


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_a_removed_entry_ends_and_starts_again_when_it_comes_back(open_engine, table, watcher):
    async with open_engine(table("0 0 * * *"), start=at(1)) as harness:
        await harness.settle()
    async with open_engine(start=at(2)) as harness:
        await watcher.passes(harness, hours=48)
        (seed,) = await watcher.seeds(harness)
        result = await harness.result(seed.execution_id)
        assert "does not have this schedule" in result.execution_failure.reason
        assert await watcher.started(harness) == []
    async with open_engine(table("0 0 * * *"), start=at(60)) as harness:
        await watcher.passes(harness, hours=24)
        assert await watcher.started(harness) == [at(72)]
        assert len(await watcher.seeds(harness)) == 2


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_hundreds_of_removed_entries_end(open_engine, table, watcher):
    async with open_engine(*(table("@daily", name=f"job-{number}") for number in range(250)), start=START) as harness:
        await harness.settle()
    async with open_engine(table("@daily", name="job-7"), start=at(1)) as harness:
        await harness.settle()
        left = [held for held in await watcher.seeds(harness) if not held.state.is_finished]
        assert [held.state.component_id.name for held in left] == ["job-7"]


# --- several servers ---


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_two_servers_never_start_a_tick_twice(open_engine, table, watcher):
    tables = [table("* * * * *"), table("*/2 * * * *", name="other")]
    async with (
        open_engine(*tables, start=START, poll="1s") as one,
        open_engine(*tables, clock=one.clock, poll="1s", seed=1) as other,
    ):
        for _ in range(30):
            one.clock.advance(timedelta(minutes=1))
            await asyncio.gather(one.settle(), other.settle())
            await asyncio.gather(one.settle(), other.settle())
        started = await watcher.started(one)
        minutes = [START + timedelta(minutes=minute) for minute in range(1, 31)]
        assert started == sorted([*minutes, *minutes[1::2]])
        (seed, _) = await watcher.seeds(one)
        lockers = {event.executor_id for event in await one.events(seed.execution_id) if isinstance(event, Locked)}
        assert len(lockers) >= 1


@pytest.mark.parametrize("storage", ["sqlite"])
async def test_the_entry_of_a_server_rests_when_one_without_it_starts(open_engine, table, watcher, caplog):
    async with open_engine(table("@hourly"), start=START) as one:
        await one.settle()
        async with open_engine(clock=one.clock, seed=1) as other:
            await other.settle()
        await watcher.passes(one, hours=2)
        assert await watcher.started(one) == []
    assert "rests" in caplog.text


# --- faults ---


async def test_a_storage_that_fails_delays_a_schedule(open_engine, table, watcher):
    async with open_engine(table("0 * * * *"), start=START) as harness:
        await harness.settle()
        storage = harness.engine._kernel.storage
        real, faults = storage.state, [StorageError("a fault")]

        async def faulty(execution_id):
            if faults:
                raise faults.pop()
            return await real(execution_id)

        storage.state = faulty
        await watcher.passes(harness, hours=2)
        assert not faults
        assert await watcher.started(harness) == [at(1) + timedelta(seconds=1), at(2)]


@pytest.mark.parametrize("is_written", [True, False])
async def test_a_tick_whose_outcome_is_unknown_starts_one_execution(open_engine, table, watcher, is_written):
    async with open_engine(table("0 * * * *"), start=START) as harness:
        await harness.settle()
        pipeline = harness.engine._kernel.pipeline
        real, faults = pipeline._storage.commit, [CommitUnknownError("a fault")]

        def faulty(batch):
            if not faults:
                return real(batch)
            failed = asyncio.get_running_loop().create_future()
            error = faults.pop()
            if is_written:
                real(batch).add_done_callback(lambda done: failed.set_exception(done.exception() or error))
            else:
                failed.set_exception(error)
            return failed

        pipeline._storage.commit = faulty
        await watcher.passes(harness, hours=2)
        assert len(await watcher.started(harness)) == 2
