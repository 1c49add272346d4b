"""Closing a join set: what is open in it ends, and only then does the workflow go on, or finish."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from obelisk.core.events import (
    CancellationRequested,
    Created,
    FailureKind,
    Finished,
    JoinNext,
    Locked,
    TemporarilyFailed,
)
from obelisk.core.state import Status
from obelisk.errors import StorageError
from obelisk.ids import ExecutionId
from obelisk.runtime.cancellation import PART, Cancellations
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.runtime.conftest import FIBO, Open, activity, workflow
from tests.runtime.scripting import (
    ACTIVITIES,
    FIBO_CALL,
    SPIN_FOREVER,
    TABLES,
    TEXT,
    TRAP,
    child,
    crash,
    delay,
    failure,
    is_open,
    iterations,
    kinds,
    responders,
    start,
    trace_of,
)
from tests.scripts import RUN, RUN_CANCELLABLE, SCRIPTED

DAY = timedelta(days=1)
SLEEPS = [scripts.sleep(days=1)]
WAYS = {
    "await": "",
    "nothing hot": "[workflows]\nhot_limit = 0",
}
ENDS = {
    "close": [scripts.close(0)],
    "drop": [scripts.drop(0)],
    "drop and return": [scripts.drop(0), scripts.stop()],
    "return": [],
    "an error": [scripts.fail("no")],
    "trap": [scripts.trap()],
    "drop and trap": [scripts.drop(0), scripts.trap()],
}


@pytest.fixture
async def scripted(open_engine: Open) -> AsyncIterator[EngineHarness]:
    async with open_engine(TABLES) as harness:
        yield harness


def closings(events: list[object], join_set: str = "g:1") -> int:
    return sum(isinstance(event, JoinNext) and event.closing and event.join_set_id == join_set for event in events)


# --- each way to close ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("way", WAYS)
async def test_what_is_open_ends_before_the_workflow_does(open_engine: Open, way: str, end: str):
    async with open_engine(TABLES, kernel=WAYS[way]) as harness:
        script = [
            scripts.create(),
            scripts.submit(0, TEXT, "x"),
            scripts.delay(0, days=1),
            scripts.submit(0, TEXT, "y"),
        ]
        execution, started = await harness.submit(RUN, [*script, *ENDS[end]]), harness.clock.now()
        await harness.result(execution)
        assert harness.clock.now() - started < DAY
        assert await responders(harness, execution) == [child(execution, 2), delay(execution), child(execution, 1)]
        assert closings(await harness.events(execution)) == 3


@pytest.mark.parametrize("end", ["trap", "drop and trap"])
async def test_a_workflow_that_trapped_fails_with_its_trap_once_all_is_closed(scripted: EngineHarness, end: str):
    execution = await scripted.submit(RUN, [scripts.create(), scripts.submit(0, TEXT, "x"), *ENDS[end]])
    trapped = (await scripted.result(execution)).execution_failure
    assert "unreachable" in trapped.reason
    assert await failure(scripted, child(execution)) is FailureKind.CANCELLED


async def test_join_sets_that_were_left_open_are_closed_the_newest_first(scripted: EngineHarness):
    script = [scripts.create(), scripts.create_named("a"), scripts.create()]
    script += [scripts.submit(slot, TEXT, "x") for slot in (1, 0, 2)]
    execution = await scripted.submit(RUN, script)
    await scripted.result(execution)
    sets = ("g:2", "n:a", "g:1")
    assert await responders(scripted, execution) == [child(execution, 1, name) for name in sets]


async def test_join_sets_that_were_dropped_are_closed_in_that_order(scripted: EngineHarness):
    script = [scripts.create(), scripts.create(), scripts.submit(0, TEXT, "x"), scripts.submit(1, TEXT, "x")]
    execution = await scripted.submit(RUN, [*script, scripts.drop(0), scripts.drop(1), scripts.sleep(seconds=1)])
    await scripted.result(execution)
    assert (await responders(scripted, execution))[:2] == [child(execution, 1, "g:1"), child(execution, 1, "g:2")]


async def test_a_dropped_join_set_is_closed_before_the_next_call_is_answered(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, TEXT, "x"), scripts.drop(0), scripts.create()]
    execution = await scripted.submit(RUN, script)
    await scripted.result(execution)
    names = [getattr(event, "join_set_id", None) for event in await scripted.events(execution)]
    assert names.index("g:2") > max(place for place, name in enumerate(names) if name == "g:1")


async def test_closing_what_was_answered_waits_for_nothing(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, FIBO_CALL, 10), scripts.next_(0), scripts.close(0)]
    execution = await scripted.submit(RUN, script)
    await scripted.result(execution)
    assert closings(await scripted.events(execution)) == 0


async def test_closing_takes_responses_that_came_and_cancels_the_rest(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, FIBO_CALL, 10), scripts.submit(0, TEXT, "x"), scripts.sleep(hours=1)]
    execution = await scripted.submit(RUN, [*script, scripts.close(0)])
    await scripted.result(execution)
    assert await failure(scripted, child(execution, 1)) is None
    assert await failure(scripted, child(execution, 2)) is FailureKind.CANCELLED


# --- what is closed ---------------------------------------------------------------------------------------------------


async def test_an_activity_that_runs_is_stopped(scripted: EngineHarness):
    execution = await scripted.submit(
        RUN,
        [
            scripts.create(),
            scripts.create(),
            scripts.submit(0, SPIN_FOREVER),
            scripts.submit(1, TEXT, "x"),
            scripts.next_(1),
        ],
    )
    await scripted.engine.quiet()
    await iterations()
    assert Locked in await kinds(scripted, child(execution))
    await scripted.engine.executions.stub(child(execution, 1, "g:2"), {"ok": "now"})
    await scripted.result(execution)
    assert await kinds(scripted, child(execution)) == [Created, Locked, Finished]
    assert await failure(scripted, child(execution)) is FailureKind.CANCELLED


async def test_an_activity_that_has_just_started_is_stopped(scripted: EngineHarness):
    script = [
        scripts.create(),
        *(scripts.submit(0, SPIN_FOREVER) for _ in range(3)),
        scripts.close(0),
        scripts.sleep(days=1),
    ]
    execution = await scripted.submit(RUN, script)
    await scripted.result(execution)
    assert (await responders(scripted, execution))[:3] == [child(execution, number) for number in (3, 2, 1)]


async def test_an_activity_that_waits_for_its_retry_is_cancelled(open_engine: Open):
    slow = activity("spin", "tests/guests/spin.wat", 'max_retries = 3\nretry_exp_backoff = "30m"')
    async with open_engine(FIBO, slow, workflow("scripted", SCRIPTED)) as harness:
        started = harness.clock.now()
        execution = await harness.submit(RUN, [scripts.create(), scripts.submit(0, TRAP), scripts.sleep(seconds=1)])
        await harness.result(execution)
        assert harness.clock.now() - started < timedelta(minutes=1)
        assert await kinds(harness, child(execution)) == [Created, Locked, TemporarilyFailed, Finished]
        assert await failure(harness, child(execution)) is FailureKind.CANCELLED


async def test_an_activity_that_was_not_locked_yet_is_cancelled(open_engine: Open):
    limited = activity("spin", "tests/guests/spin.wat", 'exec.instance_limiter = 1\nexec.lock_expiry = "1h"')
    async with open_engine(FIBO, limited, workflow("scripted", SCRIPTED)) as harness:
        running = await harness.submit(SPIN_FOREVER)
        execution = await harness.submit(RUN, [scripts.create(), scripts.submit(0, SPIN_FOREVER)])
        await harness.engine.executions.wait(execution)
        assert await kinds(harness, child(execution)) == [Created, Finished]
        await harness.engine.executions.cancel(running)


async def test_an_activity_that_was_stopped_frees_its_permit(open_engine: Open):
    limited = activity(
        "spin", "tests/guests/spin.wat", 'exec.instance_limiter = 1\nexec.lock_expiry = "1h"\nmax_retries = 0'
    )
    async with open_engine(FIBO, limited, workflow("scripted", SCRIPTED)) as harness:
        for _ in range(3):
            await harness.result(await harness.submit(RUN, [scripts.create(), scripts.submit(0, SPIN_FOREVER)]))
        assert (await harness.call(TRAP)).execution_failure.kind is FailureKind.UNCATEGORIZED


async def test_a_workflow_that_can_be_cancelled_is_ended(scripted: EngineHarness):
    started = scripted.clock.now()
    execution = await scripted.submit(RUN, [scripts.create(), scripts.submit(0, RUN_CANCELLABLE, SLEEPS)])
    await scripted.result(execution)
    assert scripted.clock.now() - started < DAY
    assert await failure(scripted, child(execution)) is FailureKind.CANCELLED
    assert (await kinds(scripted, child(execution)))[-2:] == [CancellationRequested, Finished]


async def test_a_workflow_that_cannot_be_cancelled_is_awaited(scripted: EngineHarness):
    started = scripted.clock.now()
    execution = await scripted.submit(RUN, [scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.close(0)])
    await scripted.result(execution)
    assert scripted.clock.now() - started >= DAY
    assert await failure(scripted, child(execution)) is None


async def test_each_wait_of_a_close_is_written_when_it_begins(scripted: EngineHarness):
    naps = [[scripts.sleep(hours=hours)] for hours in (1, 2, 3)]
    execution = await start(
        scripted, scripts.create(), *(scripts.submit(0, RUN, nap) for nap in naps), scripts.close(0)
    )
    for hours in (1, 2, 3):
        assert closings(await scripted.events(execution)) == hours
        assert (await scripted.engine.executions.get(execution)).status is Status.BLOCKED
        scripted.clock.advance(timedelta(hours=1))
        await scripted.settle()
    assert not await is_open(scripted, execution)


async def test_a_close_waits_without_being_run_again(scripted: EngineHarness):
    naps = [[scripts.sleep(hours=hours)] for hours in (1, 2)]
    execution = await start(
        scripted, scripts.create(), *(scripts.submit(0, RUN, nap) for nap in naps), scripts.close(0)
    )
    await scripted.result(execution)
    runs = {event.run_id for event in await scripted.events(execution) if isinstance(event, Locked)}
    assert len(runs) == 1


async def test_a_workflow_that_can_be_cancelled_takes_its_children_with_it(scripted: EngineHarness):
    inner = [
        scripts.create(),
        scripts.submit(0, RUN_CANCELLABLE, SLEEPS),
        scripts.submit(0, TEXT, "x"),
        scripts.next_(0),
    ]
    execution = await scripted.submit(
        RUN, [scripts.create(), scripts.submit(0, RUN_CANCELLABLE, inner), scripts.sleep(seconds=1)]
    )
    await scripted.result(execution)
    below = [child(execution), child(child(execution), 1), child(child(execution), 2)]
    assert [await failure(scripted, one) for one in below] == [FailureKind.CANCELLED] * 3
    assert (await responders(scripted, below[0]))[0] == below[2]


async def test_a_paused_child_is_cancelled_all_the_same(scripted: EngineHarness):
    execution = await start(
        scripted, scripts.create(), scripts.submit(0, RUN_CANCELLABLE, SLEEPS), scripts.sleep(seconds=1)
    )
    await scripted.engine.executions.pause(child(execution))
    await scripted.result(execution)
    assert await failure(scripted, child(execution)) is FailureKind.CANCELLED


async def test_a_paused_child_that_cannot_be_cancelled_is_awaited(scripted: EngineHarness):
    execution = await start(scripted, scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.close(0))
    await scripted.engine.executions.pause(child(execution))
    scripted.clock.advance(2 * DAY)
    await scripted.settle()
    assert await is_open(scripted, execution)
    await scripted.engine.executions.unpause(child(execution))
    await scripted.result(execution)


async def test_a_paused_delay_is_cancelled_all_the_same(scripted: EngineHarness):
    execution = await start(scripted, scripts.create(), scripts.delay(0, days=1), scripts.sleep(seconds=1))
    await scripted.engine.executions.pause_delay(delay(execution))
    await scripted.result(execution)
    assert await responders(scripted, execution) == [delay(execution, 1, "o:1-sleep"), delay(execution)]


async def test_hundreds_of_children_are_cancelled_newest_first(scripted: EngineHarness):
    script = [scripts.create(), *(scripts.submit(0, TEXT, "x") for _ in range(300))]
    execution = await scripted.submit(RUN, script)
    await scripted.result(execution)
    assert await responders(scripted, execution) == [child(execution, number) for number in range(300, 0, -1)]


# --- closing and crashing ---------------------------------------------------------------------------------------------


async def test_a_close_goes_on_after_a_crash(scripted: EngineHarness):
    script = [scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.submit(0, TEXT, "x"), scripts.close(0)]
    execution = await start(scripted, *script)
    await crash(scripted)
    await trace_of(scripted, execution)
    assert await responders(scripted, execution) == [child(execution, 2), child(execution, 1)]
    assert closings(await scripted.events(execution)) == 2


async def test_a_close_goes_on_after_a_restart(reopen: Open):
    async with reopen(TABLES) as harness:
        execution = await start(harness, scripts.create(), scripts.submit(0, RUN, SLEEPS), scripts.close(0))
    async with reopen(TABLES) as harness:
        assert await trace_of(harness, execution)


async def test_what_nobody_cancelled_before_a_restart_is_cancelled_after_it(reopen: Open):
    async with reopen(TABLES) as harness:
        harness.engine._kernel.cancellations.close = _nothing
        execution = await start(harness, scripts.create(), scripts.submit(0, TEXT, "x"), scripts.close(0))
        assert await is_open(harness, child(execution))
    async with reopen(TABLES) as harness:
        await trace_of(harness, execution)
        assert await failure(harness, child(execution)) is FailureKind.CANCELLED


async def _nothing(owner: ExecutionId, members: object) -> None:
    pass


async def test_a_child_whose_component_is_gone_is_awaited_until_somebody_cancels_it(reopen: Open):
    async with reopen(
        ACTIVITIES, workflow("scripted", SCRIPTED), workflow("sleepy", "tests/guests/sleepy.wat")
    ) as harness:
        script = [
            scripts.create(),
            scripts.submit(0, "testing:sleepy/sleepy.sleep-ms", 86_400_000),
            scripts.sleep(seconds=1),
        ]
        execution = await start(harness, *script)
    async with reopen(TABLES) as harness:
        harness.clock.advance(DAY)
        await harness.settle()
        assert await is_open(harness, execution)  # another server may have the component
        await harness.engine.executions.cancel(child(execution))
        await trace_of(harness, execution)
        assert await failure(harness, child(execution)) is FailureKind.CANCELLED


async def test_a_close_of_more_than_one_part_ends_every_member(open_engine: Open):
    members = 2 * PART + 1
    async with open_engine(TABLES) as harness:
        submits = [scripts.submit(0, TEXT, "x")] * members
        execution = await start(harness, scripts.create(), *submits, scripts.close(0))
        await harness.result(execution)
        assert [await failure(harness, child(execution, index + 1)) for index in (0, PART, members - 1)] == [
            FailureKind.CANCELLED
        ] * 3
        assert not await is_open(harness, execution)


async def test_a_close_whose_log_could_not_be_read_is_taken_up_later(
    reopen: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async with reopen(TABLES) as harness:
        harness.engine._kernel.cancellations.close = _nothing
        execution = await start(harness, scripts.create(), scripts.submit(0, TEXT, "x"), scripts.close(0))
    find = Cancellations.find
    monkeypatch.setattr(Cancellations, "find", _nothing)
    async with reopen(TABLES) as harness:
        monkeypatch.setattr(Cancellations, "find", find)
        kernel = harness.engine._kernel
        load, failures = kernel.storage.load, [StorageError("a read failed")]

        async def fail_once(execution_id: ExecutionId) -> object:
            if failures:
                raise failures.pop()
            return await load(execution_id)

        monkeypatch.setattr(kernel.storage, "load", fail_once)
        await kernel.cancellations.find(afresh=True)
        await trace_of(harness, execution)
        assert "cannot be cancelled, trying again: a read failed" in caplog.text
        assert await failure(harness, child(execution)) is FailureKind.CANCELLED
