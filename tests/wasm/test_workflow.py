"""A workflow component asks, is answered, and ends."""

from __future__ import annotations

import pytest

from obelisk.core.commands import (
    Answered,
    Call,
    CloseJoinSet,
    CreateJoinSet,
    CurrentExecutionId,
    DelayPassed,
    Done,
    DrawExecutionId,
    Drawn,
    DrawString,
    DrawU64,
    JoinSetMade,
    RefusalKind,
    Refused,
    Sleep,
)
from obelisk.core.events import (
    ComponentRole,
    ExecutionResult,
    FailureKind,
    ScheduleAt,
    TimeSpan,
    TypedValue,
    failed,
)
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.interfaces.components import Asked, Busy, Crashed, Returned
from obelisk.names import Ffqn
from tests.core.replaying import ID
from tests.wasm.bench import DROPPER, SLEEPY, call

FIBO = Ffqn("testing:fibo/fibo.fibo")
FIBOA = "testing:fibo-workflow/workflow.fiboa"
CHILD = ExecutionId(f"{ID}.o:1-fibo_1")
DELAY = DelayId(f"Delay_{ID.removeprefix('E_')}.o:1-sleep_1")
ONE, TWO = JoinSetId("g:1"), JoinSetId("g:2")
A_WHILE = 100_000_000


def answered(number: int) -> Answered:
    return Answered(CHILD, FIBO, ExecutionResult(ok=TypedValue("u64", number)))


async def test_a_call_is_asked_and_its_result_goes_on(bench):
    program = bench.program("fibo_workflow.wat", FIBOA, 10, 2)
    assert await program.play(answered(54), answered(55)) == ([Call(FIBO, [10])] * 2, Returned({"ok": 55}))


async def test_an_err_of_a_child_is_handed_on(bench):
    program = bench.program("fibo_workflow.wat", FIBOA, 10, 2)
    _, end = await program.play(Answered(CHILD, FIBO, ExecutionResult(err=None)))
    assert end == Returned({"err": None})


async def test_a_failed_child_is_an_err_where_the_type_can_say_so(bench):
    program = bench.program("fibo_workflow.wat", FIBOA, 10, 2)
    _, end = await program.play(Answered(CHILD, FIBO, failed(FailureKind.TIMED_OUT, "too slow")))
    assert end == Returned({"err": None})


async def test_a_call_whose_refusal_is_recorded_traps_with_the_reason(bench):
    program = bench.program("fibo_workflow.wat", FIBOA, 10, 2)
    _, end = await program.play(Refused(RefusalKind.FUNCTION_NOT_FOUND))
    assert end == Crashed(f"workflow trap: a call of `{FIBO}` is recorded as function_not_found", retry=False)
    assert bench.guests == []


async def test_a_sleep_is_asked_as_it_was_meant(bench):
    program = bench.program("sleepy.wat", SLEEPY + "sleep-named", 1500, "nap")
    asked, end = await program.play(DelayPassed(DELAY, 1, 2))
    assert asked == [Sleep(ScheduleAt(in_=TimeSpan(1, 500_000_000)), "nap")]
    assert end == Returned({"ok": None})


async def test_a_sleep_returns_when_it_was_due(bench):
    program = bench.program("sleepy.wat", SLEEPY + "wake-time", 5)
    _, end = await program.play(DelayPassed(DELAY, 7, 8))
    assert end == Returned({"ok": [7, 8]})


async def test_a_cancelled_sleep_is_an_err(bench):
    program = bench.program("sleepy.wat", SLEEPY + "sleep-ms", 5)
    _, end = await program.play(DelayPassed(DELAY, 7, 8, success=False))
    assert end == Returned({"err": None})


async def test_a_sleep_whose_name_is_refused_returns_an_err(bench):
    program = bench.program("sleepy.wat", SLEEPY + "sleep-named", 5, "a.b")
    asked, end = await program.play(Refused(RefusalKind.INVALID_NAME, "no `.` here"))
    assert asked[0].name == "a.b"
    assert isinstance(end, Returned) and "err" in end.value


async def test_what_is_drawn_is_asked_and_handed_on(bench):
    program = bench.program("drawer.wat", "testing:drawer/drawer.each")
    replies = [Drawn(12), Drawn(20), Drawn("abcde"), Drawn("E_generated"), Drawn(ID)]
    asked, end = await program.play(*replies)
    assert asked == [DrawU64(10, 19), DrawU64(10, 20), DrawString(5, 9), DrawExecutionId(), CurrentExecutionId()]
    assert end == Returned({"ok": [reply.value for reply in replies]})


# --- join sets that are dropped ------------------------------------------------------------------------------------------


async def test_a_dropped_join_set_is_closed_before_the_next_command(bench):
    program = bench.program("dropper.wat", DROPPER + "drop-then-draw")
    asked, end = await program.play(JoinSetMade(ONE), Done(), Drawn(42))
    assert asked == [CreateJoinSet(), CloseJoinSet(ONE), DrawU64(0, 99)]
    assert end == Returned({"ok": 42})


async def test_join_sets_are_closed_in_the_order_of_their_drops_and_before_the_return(bench):
    program = bench.program("dropper.wat", DROPPER + "drop-two")
    asked, end = await program.play(JoinSetMade(ONE), JoinSetMade(TWO), Done(), Done())
    assert asked == [CreateJoinSet(), CreateJoinSet(), CloseJoinSet(ONE), CloseJoinSet(TWO)]
    assert end == Returned({"ok": None})


async def test_a_dropped_join_set_is_closed_before_a_trap_is_reported(bench):
    program = bench.program("dropper.wat", DROPPER + "drop-then-trap")
    asked, end = await program.play(JoinSetMade(ONE), Done())
    assert asked == [CreateJoinSet(), CloseJoinSet(ONE)]
    assert isinstance(end, Crashed)
    assert end.reason == "workflow trap: wasm `unreachable` instruction executed"


# --- computing ----------------------------------------------------------------------------------------------------------


async def test_a_workflow_that_computes_is_busy_and_wakes(bench):
    program = bench.program("dropper.wat", DROPPER + "draw-then-spin", A_WHILE)
    await program.start()
    assert isinstance(program.program.resume(Drawn(1)), Busy)
    await program._woken.wait()
    assert isinstance(program.program.step(), Returned)


async def test_a_workflow_that_is_closed_while_it_computes_does_not_wake(bench):
    program = bench.program("dropper.wat", DROPPER + "draw-then-spin", A_WHILE)
    await program.start()
    program.program.resume(Drawn(1))
    program.program.close()
    await bench.emptied()
    assert not program._woken.is_set()


async def test_a_workflow_that_asks_often_what_needs_no_event_lets_the_loop_turn(bench):
    program = bench.program("dropper.wat", DROPPER + "ask-often", 2500)
    assert isinstance(program.program.start(), Busy)
    assert await program._settled(Busy()) == Returned({"ok": None})


# --- ends ---------------------------------------------------------------------------------------------------------------


async def test_a_function_that_is_not_there_is_a_crash(bench):
    step = await bench.program("sleepy.wat", SLEEPY + "gone").start()
    assert step == Crashed(f"workflow cannot start: the component does not export `{SLEEPY}gone`", retry=False)


async def test_a_program_that_was_closed_says_so(bench):
    program = bench.program("sleepy.wat", SLEEPY + "sleep-ms", 5).program
    program.start()
    program.close()
    program.close()
    assert bench.guests == []
    assert program.resume(Done()) == program.step() == Crashed("workflow was closed", retry=False)


async def test_a_program_that_did_not_start_holds_nothing(bench):
    program = bench.program("sleepy.wat", SLEEPY + "sleep-ms", 5).program
    assert bench.guests == []
    program.close()


async def test_a_reply_that_nobody_asked_for_is_a_crash(bench):
    program = bench.program("dropper.wat", DROPPER + "ask-often", 0).program
    program.start()
    assert isinstance(program.resume(Done()), Crashed)


async def test_a_failure_in_a_reply_is_a_crash_of_that_workflow_alone(bench):
    programs = [bench.program("sleepy.wat", SLEEPY + "wake-time", 5) for _ in range(2)]
    for program in programs:
        assert isinstance(await program.start(), Asked)
    assert isinstance(await programs[0].resume(DelayPassed(DELAY, 2**80, 0)), Crashed)
    assert await programs[1].resume(DelayPassed(DELAY, 1, 0)) == Returned({"ok": [1, 0]})


@pytest.mark.parametrize(
    ("seconds", "nanoseconds"), [(2**64 - 1, 2**32 - 1), (253_402_300_798, 2**32 - 1), (0, 2**32 - 1)]
)
async def test_every_time_of_a_guest_can_be_asked_for(bench, seconds, nanoseconds):
    program = bench.program("sleepy.wat", SLEEPY + "sleep-until", seconds, nanoseconds)
    step = await program.start()
    assert isinstance(step, Asked)
    assert step.command.schedule_at.at.year in (1970, 9999)


async def test_workflows_of_one_component_have_join_sets_of_their_own(bench):
    programs = [bench.program("dropper.wat", DROPPER + "drop-two") for _ in range(2)]
    for program in programs:
        await program.start()
    for program, name in zip(programs, ("one", "two"), strict=True):
        await program.resume(JoinSetMade(JoinSetId(f"n:{name}")))
    steps = [await program.resume(JoinSetMade(ONE)) for program in programs]
    assert [step.command.join_set for step in steps] == ["n:one", "n:two"]


async def test_a_workflow_says_what_it_is(bench):
    workflow = bench.program("sleepy.wat", SLEEPY + "sleep-ms", 5).program._workflow
    assert workflow.component.role is ComponentRole.WORKFLOW
    assert not workflow.component.pure
    assert workflow.begin(call(SLEEPY + "sleep-ms", 5), pytest.fail, pytest.fail) is not None
