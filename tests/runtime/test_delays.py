"""Delays and sleeps: when they are over, and how they are ended, kept and let go from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from obelisk.clock import EPOCH
from obelisk.core.events import DelayFinished, DelayRequest, FailureKind, JoinSetRequest
from obelisk.errors import DelayNotFoundError
from obelisk.ids import DelayId, ExecutionId
from obelisk.interfaces.executions import DelayOutcome
from obelisk.interfaces.storage import Batch, Committed, DueDelay
from obelisk.runtime import timers
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import Open
from tests.runtime.scripting import (
    FIBO_CALL,
    TABLES,
    TEXT,
    crash,
    delay,
    failure,
    is_open,
    start,
    trace,
    trace_of,
)
from tests.runtime.test_commits import Watched
from tests.scripts import RUN, RUN_CANCELLABLE

HOUR = timedelta(hours=1)
NAP = [scripts.sleep(hours=1)]
WAYS = ["", "[workflows]\nhot_limit = 0"]


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES) as harness:
        yield harness


def sleeping(execution: ExecutionId, name: str = "sleep") -> DelayId:
    return delay(execution, 1, f"o:1-{name}")


def seconds(when: datetime) -> int:
    return (when - EPOCH) // timedelta(seconds=1)


async def responses(harness: EngineHarness, execution: ExecutionId) -> list[object]:
    return [logged.response for logged in (await harness.log(execution)).responses]


# --- sleeping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", WAYS)
async def test_a_sleep_is_over_at_its_time_and_not_before(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        execution = await start(harness, *NAP)
        harness.clock.advance(HOUR - timedelta(microseconds=1))
        await harness.settle()
        assert await is_open(harness, execution)
        harness.clock.advance(timedelta(microseconds=1))
        await harness.settle()
        assert not await is_open(harness, execution)


async def test_a_sleep_tells_when_it_was_due(scripted: EngineHarness):
    due = seconds(scripted.clock.now() + HOUR)
    assert await trace(scripted, *NAP) == [["ok", str(due)]]


async def test_a_sleep_that_ended_late_tells_when_it_was_due_all_the_same(scripted: EngineHarness):
    due = seconds(scripted.clock.now() + HOUR)
    execution = await start(scripted, *NAP)
    scripted.clock.advance(3 * HOUR)
    assert await trace_of(scripted, execution) == [["ok", str(due)]]


@pytest.mark.parametrize("when", [scripts.now(), scripts.at(1), scripts.after(milliseconds=0)])
async def test_a_sleep_until_a_time_that_is_over_takes_no_time(scripted: EngineHarness, when: scripts.ScheduleAt):
    started = scripted.clock.now()
    execution = await scripted.submit(RUN, [scripts.sleep(when), scripts.sleep(when)])
    await trace_of(scripted, execution)
    assert scripted.clock.now() == started
    assert len(await responses(scripted, execution)) == 2


async def test_a_sleep_until_the_end_of_time_can_be_cancelled(scripted: EngineHarness):
    execution = await start(scripted, scripts.sleep(scripts.at(2**63)))
    assert await is_open(scripted, execution)
    await scripted.engine.executions.cancel_delay(sleeping(execution))
    assert await trace_of(scripted, execution) == [["err", ""]]


async def test_a_sleep_may_have_a_name(scripted: EngineHarness):
    execution = await start(scripted, scripts.sleep(hours=1, name="nap"))
    assert await scripted.engine.executions.cancel_delay(sleeping(execution, "nap")) is DelayOutcome.DONE


async def test_a_sleep_of_a_name_that_cannot_be_is_an_err_at_once_and_leaves_no_event(scripted: EngineHarness):
    started = scripted.clock.now()
    execution = await scripted.submit(RUN, [scripts.sleep(hours=1, name="a b")])
    assert await trace_of(scripted, execution) == [["err", ""]]
    assert scripted.clock.now() == started
    assert len(await scripted.events(execution)) == 3  # created, locked, finished


async def test_a_delay_keeps_what_was_asked_and_when_it_is_due(scripted: EngineHarness):
    due = scripted.clock.now() + HOUR
    execution = await start(scripted, *NAP)
    (request,) = [event.request for event in await scripted.events(execution) if isinstance(event, JoinSetRequest)]
    assert isinstance(request, DelayRequest)
    assert (request.expires_at, request.schedule_at.in_.secs) == (due, 3600)


async def test_a_replay_does_not_put_off_what_is_due(scripted: EngineHarness):
    due = seconds(scripted.clock.now() + HOUR)
    execution = await start(scripted, *NAP)
    for _ in range(3):
        scripted.clock.advance(timedelta(minutes=10))
        await crash(scripted)
    assert await trace_of(scripted, execution) == [["ok", str(due)]]


async def test_what_was_due_while_the_engine_was_stopped_is_over_at_its_start(reopen: Open):
    async with reopen(TABLES) as harness:
        execution, clock = await start(harness, *NAP), harness.clock
    clock.advance(2 * HOUR)
    async with reopen(TABLES, clock=clock) as harness:
        await harness.settle()
        assert not await is_open(harness, execution)
        assert clock.now() - (await harness.engine.executions.get(execution)).created_at == 2 * HOUR


async def test_hundreds_of_delays_end_at_once(scripted: EngineHarness):
    count = 600
    script = [
        scripts.create(),
        *(scripts.delay(0, hours=1) for _ in range(count)),
        *(scripts.next_(0) for _ in range(count)),
    ]
    entries = await trace(scripted, *script)
    assert [kind for kind, _ in entries] == ["ok"] * (2 * count + 1)


# --- cancelling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", WAYS)
async def test_a_cancelled_sleep_returns_an_error_at_once(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        execution, started = await start(harness, *NAP), harness.clock.now()
        assert await harness.engine.executions.cancel_delay(sleeping(execution)) is DelayOutcome.DONE
        assert await trace_of(harness, execution) == [["err", ""]]
        assert harness.clock.now() - started < HOUR
        assert await responses(harness, execution) == [DelayFinished("o:1-sleep", sleeping(execution), success=False)]


async def test_a_cancelled_delay_does_not_end_again_at_its_time(scripted: EngineHarness):
    execution = await start(
        scripted, scripts.create(), scripts.delay(0, hours=1), scripts.next_(0), scripts.sleep(hours=2)
    )
    await scripted.engine.executions.cancel_delay(delay(execution))
    await trace_of(scripted, execution)
    assert len(await responses(scripted, execution)) == 2


async def test_a_delay_that_was_cancelled_is_over(scripted: EngineHarness):
    execution = await start(scripted, scripts.create(), scripts.delay(0, hours=1), scripts.sleep(hours=2))
    cancel = scripted.engine.executions.cancel_delay
    assert [await cancel(delay(execution)), await cancel(delay(execution))] == [
        DelayOutcome.DONE, DelayOutcome.ALREADY_FINISHED,
    ]  # fmt: skip


async def test_of_two_who_cancel_a_delay_at_once_one_is_first(scripted: EngineHarness):
    execution = await start(scripted, *NAP)
    cancel = scripted.engine.executions.cancel_delay
    outcomes = await asyncio.gather(cancel(sleeping(execution)), cancel(sleeping(execution)))
    assert set(outcomes) == {DelayOutcome.DONE, DelayOutcome.ALREADY_FINISHED}


async def test_a_delay_that_was_due_is_over(scripted: EngineHarness):
    execution = await start(scripted, scripts.create(), scripts.delay(0), scripts.sleep(hours=1))
    for change in ("cancel_delay", "pause_delay", "unpause_delay"):
        outcome = await getattr(scripted.engine.executions, change)(delay(execution))
        assert outcome is DelayOutcome.ALREADY_FINISHED


async def test_a_delay_whose_workflow_has_ended_is_over(scripted: EngineHarness):
    execution = await scripted.submit(RUN, [scripts.create(), scripts.delay(0, hours=1)])
    await scripted.result(execution)
    for change in ("cancel_delay", "pause_delay", "unpause_delay"):
        outcome = await getattr(scripted.engine.executions, change)(delay(execution))
        assert outcome is DelayOutcome.ALREADY_FINISHED


@pytest.mark.parametrize("change", ["cancel_delay", "pause_delay", "unpause_delay"])
async def test_a_delay_that_nobody_asked_for_is_not_found(scripted: EngineHarness, change: str):
    execution = await start(scripted, *NAP)
    for missing in (delay(execution, 2, "o:1-sleep"), delay(execution), delay(ExecutionId(f"E_{'0' * 26}"))):
        with pytest.raises(DelayNotFoundError, match=missing):
            await getattr(scripted.engine.executions, change)(missing)


async def test_a_delay_of_a_paused_workflow_can_be_cancelled(scripted: EngineHarness):
    execution = await start(scripted, *NAP)
    await scripted.engine.executions.pause(execution)
    await scripted.engine.executions.cancel_delay(sleeping(execution))
    await scripted.settle()
    assert await is_open(scripted, execution)
    await scripted.engine.executions.unpause(execution)
    assert await trace_of(scripted, execution) == [["err", ""]]


# --- pausing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", WAYS)
async def test_a_paused_delay_ends_when_it_is_let_go_after_its_time(open_engine: Open, kernel: str):
    async with open_engine(TABLES, kernel=kernel) as harness:
        execution = await start(harness, *NAP)
        assert await harness.engine.executions.pause_delay(sleeping(execution)) is DelayOutcome.DONE
        harness.clock.advance(2 * HOUR)
        await harness.settle()
        assert await is_open(harness, execution)
        assert await harness.engine.executions.unpause_delay(sleeping(execution)) is DelayOutcome.DONE
        await harness.settle()
        assert not await is_open(harness, execution)


async def test_a_delay_that_was_let_go_before_its_time_ends_at_its_time(scripted: EngineHarness):
    execution, started = await start(scripted, *NAP), scripted.clock.now()
    await scripted.engine.executions.pause_delay(sleeping(execution))
    await scripted.engine.executions.unpause_delay(sleeping(execution))
    await trace_of(scripted, execution)
    assert scripted.clock.now() - started == HOUR


async def test_a_paused_delay_can_be_paused_again_and_cancelled(scripted: EngineHarness):
    execution = await start(scripted, *NAP)
    for change in ("pause_delay", "pause_delay", "cancel_delay"):
        assert await getattr(scripted.engine.executions, change)(sleeping(execution)) is DelayOutcome.DONE
    assert await trace_of(scripted, execution) == [["err", ""]]


async def test_a_paused_delay_of_a_cancelled_workflow_is_cancelled(scripted: EngineHarness):
    execution = await start(scripted, *NAP, function=RUN_CANCELLABLE)
    await scripted.engine.executions.pause_delay(sleeping(execution))
    await scripted.engine.executions.cancel(execution)
    await scripted.result(execution)
    assert await failure(scripted, execution) is FailureKind.CANCELLED


async def test_the_others_go_on_while_a_delay_is_paused(scripted: EngineHarness):
    script = [
        scripts.create(),
        scripts.delay(0, hours=1),
        scripts.delay(0, hours=2),
        scripts.next_(0),
        scripts.last_id(0),
    ]
    execution = await start(scripted, *script, scripts.call(FIBO_CALL, 10))
    await scripted.engine.executions.pause_delay(delay(execution))
    assert (await trace_of(scripted, execution))[4:] == [["delay-id", delay(execution, 2)], ["ok", "55"]]


async def test_a_delay_stays_paused_over_a_restart(reopen: Open):
    async with reopen(TABLES) as harness:
        execution, clock = await start(harness, scripts.create(), scripts.submit(0, TEXT, "x"), *NAP), harness.clock
        await harness.engine.executions.pause_delay(sleeping(execution))
    clock.advance(2 * HOUR)
    async with reopen(TABLES, clock=clock) as harness:
        await harness.settle()
        assert await is_open(harness, execution)
        await harness.engine.executions.unpause_delay(sleeping(execution))
        await trace_of(harness, execution)


# --- many at once -----------------------------------------------------------------------------------------------------


class Slow(Watched):
    """A storage whose commits take effect when the test says so, and that counts how often due delays are read."""

    def __init__(self, storage: object) -> None:
        super().__init__(storage)
        self.may_commit = asyncio.Event()
        self.reads = 0

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        return asyncio.ensure_future(self._committed(batch))

    async def _committed(self, batch: Batch) -> Committed:
        await self.may_commit.wait()
        return await self._storage.commit(batch)

    async def due_delays(self, now: datetime, *, limit: int) -> list[DueDelay]:
        self.reads += 1
        return await self._storage.due_delays(now, limit=limit)


async def test_delays_are_not_read_again_and_again_while_their_responses_are_being_written(
    open_engine: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(timers, "PAGE", 3)
    async with open_engine(TABLES) as harness:
        executions = [await start(harness, *NAP) for _ in range(10)]
        kernel = harness.engine._kernel
        slow = kernel.storage = kernel.pipeline._storage = Slow(kernel.storage)
        harness.clock.advance(HOUR)
        for _ in range(500):
            await asyncio.sleep(0)
        assert slow.reads <= 2
        slow.may_commit.set()
        await harness.settle()
        assert not any([await is_open(harness, execution) for execution in executions])
