"""Calls whose outcome depends on another execution: the engine is asked once, and its answer is recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from obelisk.core.commands import (
    Answered,
    CreateJoinSet,
    Done,
    JoinNextResponse,
    RefusalKind,
    Refused,
    ScheduleExecution,
    StubExecution,
    Submit,
    Submitted,
)
from obelisk.core.effects import NewExecution, Question
from obelisk.core.events import OK_OUTCOME, Schedule, ScheduleAt, Stub, TimeSpan, error_outcome
from obelisk.core.hashing import retval_hash
from obelisk.errors import NondeterminismError
from obelisk.ids import ExecutionId, JoinSetId
from tests.core.replaying import FIBO, ID, OTHER, START, Workflow, finished, new_replay, ok

SET = JoinSetId("g:1")
CHILD, SECOND = ExecutionId(f"{ID}.g:1_1"), ExecutionId(f"{ID}.g:1_2")
GIVEN = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM99")
LATER = START + timedelta(days=1)
GIVE = StubExecution(CHILD, ok(5), FIBO, "T|5")
GIVE_JSON = StubExecution(CHILD, {"ok": 5}, None, 'U|{"ok": 5}')
SCHEDULE = ScheduleExecution(FIBO, [1], ScheduleAt(in_=TimeSpan(60)), GIVEN, is_typed=False)
NEW = NewExecution(GIVEN, FIBO, [1], None, START + timedelta(seconds=60))
OUTCOMES = {
    "ok": (OK_OUTCOME, None),
    "not found": (error_outcome("execution_not_found"), Refused(RefusalKind.EXECUTION_NOT_FOUND)),
    "conflict": (error_outcome("conflict"), Refused(RefusalKind.CONFLICT)),
    "mistyped": (error_outcome("type_check_error", "no"), Refused(RefusalKind.TYPE_CHECK_ERROR, "no")),
}
each_outcome = pytest.mark.parametrize(("outcome", "refused"), OUTCOMES.values(), ids=OUTCOMES)


# --- stubs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [GIVE, GIVE_JSON])
def test_a_stub_is_a_question_before_it_is_an_event(command):
    replay = new_replay()
    assert replay.apply(command, START) is None
    event = Stub(CHILD, retval_hash(command.hashed))
    assert replay.question == Question(event, value=command.value, ffqn=command.ffqn)
    assert (replay.question.target, replay.pending_events) == (CHILD, 0)


def test_a_question_is_no_wait():
    replay = new_replay()
    replay.apply(GIVE, START)
    assert not replay.is_waiting
    assert replay.resume() is None


@each_outcome
def test_the_outcome_of_a_stub_is_recorded_and_told(outcome, refused):
    replay = new_replay()
    replay.apply(GIVE, START)
    assert replay.settle(outcome) == (refused or Done())
    assert replay.take_effects().events == (Stub(CHILD, retval_hash("T|5"), outcome),)
    assert replay.question is None


@each_outcome
def test_the_recorded_outcome_of_a_stub_is_told_without_a_question(outcome, refused):
    replay = new_replay([Stub(CHILD, retval_hash("T|5"), outcome)])
    assert replay.apply(GIVE, LATER) == (refused or Done())
    assert (replay.question, replay.pending_events, replay.is_replaying) == (None, 0, False)


@pytest.mark.parametrize(
    "command",
    [
        StubExecution(CHILD, ok(6), FIBO, "T|6"),
        StubExecution(CHILD, ok(5), FIBO, "U|5"),
        StubExecution(SECOND, ok(5), FIBO, "T|5"),
    ],
)
def test_another_result_and_another_stub_are_found_out(command):
    replay = new_replay([Stub(CHILD, retval_hash("T|5"))])
    with pytest.raises(NondeterminismError):
        replay.apply(command, START)


def test_a_stub_of_an_own_child_is_followed_by_its_response():
    workflow = Workflow()
    workflow.made(CreateJoinSet())
    workflow.submitted(Submit(SET, FIBO, [1]))
    assert workflow.ask(GIVE) == Done()
    workflow.answer(finished(CHILD, ok(5)))
    assert workflow.ask(JoinNextResponse(SET, FIBO)) == Answered(CHILD, FIBO, ok(5))


# --- schedules ------------------------------------------------------------------------------------------------------------


def test_a_schedule_with_an_id_is_a_question_about_the_execution_that_it_would_create():
    replay = new_replay()
    assert replay.apply(SCHEDULE, START) is None
    assert replay.question == Question(Schedule(GIVEN, SCHEDULE.schedule_at), execution=NEW)
    assert (replay.question.target, replay.pending_events) == (GIVEN, 0)


def test_a_schedule_whose_id_is_free_creates_its_execution():
    replay = new_replay()
    replay.apply(SCHEDULE, START)
    assert replay.settle(OK_OUTCOME, create=True) == Submitted(GIVEN)
    effects = replay.take_effects()
    assert effects.events == (Schedule(GIVEN, SCHEDULE.schedule_at),)
    assert effects.executions == (NEW,)


def test_a_schedule_that_exists_with_the_same_call_is_ok_and_creates_nothing():
    replay = new_replay()
    replay.apply(SCHEDULE, START)
    assert replay.settle(OK_OUTCOME) == Submitted(GIVEN)
    assert replay.take_effects().executions == ()


def test_a_schedule_that_exists_with_another_call_is_refused():
    replay = new_replay()
    replay.apply(SCHEDULE, START)
    outcome = error_outcome("type_check_error", "another function")
    assert replay.settle(outcome) == Refused(RefusalKind.TYPE_CHECK_ERROR, "another function")
    effects = replay.take_effects()
    assert effects.events == (Schedule(GIVEN, SCHEDULE.schedule_at, outcome),)
    assert effects.executions == ()


def test_a_schedule_with_an_id_that_was_drawn_now_is_no_question():
    replay = new_replay()
    assert isinstance(replay.apply(ScheduleExecution(FIBO, [1], "now"), START), Submitted)
    assert replay.question is None


@each_outcome
def test_the_recorded_outcome_of_a_schedule_wins_and_creates_nothing_again(outcome, refused):
    replay = new_replay([Schedule(GIVEN, SCHEDULE.schedule_at, outcome)])
    assert replay.apply(SCHEDULE, LATER) == (refused or Submitted(GIVEN))
    assert (replay.question, replay.take_effects().executions) == (None, ())


def test_what_a_schedule_calls_is_not_compared():
    replay = new_replay([Schedule(GIVEN, SCHEDULE.schedule_at)])
    other = ScheduleExecution(OTHER, [2], SCHEDULE.schedule_at, GIVEN, is_typed=False)
    assert replay.apply(other, START) == Submitted(GIVEN)


def test_a_time_is_due_after_now_when_it_is_asked_for():
    replay = new_replay()
    replay.apply(SCHEDULE, LATER)
    assert replay.question.execution.scheduled_at == LATER + timedelta(seconds=60)


def test_after_an_answer_the_workflow_goes_on():
    workflow = Workflow()
    assert workflow.ask(SCHEDULE) == Submitted(GIVEN)
    assert workflow.ask(GIVE) == Done()
    assert [type(event) for event in workflow.events] == [Schedule, Stub]
    again = Workflow(workflow.events)
    assert [again.ask(SCHEDULE), again.ask(GIVE), again.finish()] == [Submitted(GIVEN), Done(), Done()]
    assert again.events == []
