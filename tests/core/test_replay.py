"""What each command of a workflow leaves in the log, and what it is answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from obelisk.clock import FAR_FUTURE, to_microseconds
from obelisk.core.commands import (
    AllProcessed,
    Answered,
    Call,
    CloseJoinSet,
    CreateJoinSet,
    CurrentExecutionId,
    DelayPassed,
    DelaySubmitted,
    Done,
    DrawExecutionId,
    Drawn,
    DrawString,
    DrawU64,
    JoinNextResponse,
    JoinSetMade,
    Mismatched,
    RefusalKind,
    Refused,
    ScheduleExecution,
    Sleep,
    Submit,
    SubmitDelay,
    Submitted,
)
from obelisk.core.due import due_at
from obelisk.core.effects import NewExecution
from obelisk.core.events import (
    OK_OUTCOME,
    ChildExecutionRequest,
    DelayRequest,
    FailureKind,
    JoinNext,
    JoinNextTooMany,
    JoinSetCreate,
    JoinSetRequest,
    Persist,
    PersistKind,
    RandomString,
    RandomU64,
    Schedule,
    ScheduleAt,
    TimeSpan,
    Unlocked,
    failed,
)
from obelisk.core.random import DeterministicRandom, seed_of
from obelisk.ids import DelayId, ExecutionId, JoinSetId, parse_execution_id
from tests.core.replaying import FIBO, ID, LOCK, OTHER, START, Workflow, finished, new_replay, ok, passed

ULID = ID.removeprefix("E_")
GIVEN = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM99")
CHILD = ExecutionId(f"{ID}.g:1_1")
DELAY = DelayId(f"Delay_{ULID}.g:1_1")
SET = JoinSetId("g:1")


@pytest.fixture
def workflow() -> Workflow:
    return Workflow()


# --- calls ------------------------------------------------------------------------------------------------------------


def test_a_call_is_a_one_off_join_set_with_one_child_that_is_awaited(workflow):
    assert workflow.ask(Call(FIBO, [10])) is None
    join_set, child = JoinSetId("o:1-fibo"), ExecutionId(f"{ID}.o:1-fibo_1")
    assert workflow.events == [
        JoinSetCreate(join_set),
        JoinSetRequest(join_set, ChildExecutionRequest(child, FIBO, [10], OK_OUTCOME)),
        JoinNext(join_set, LOCK, FIBO),
    ]
    assert workflow.executions == [NewExecution(child, FIBO, [10], (ID, join_set), START)]
    assert workflow.replay.waits_for == join_set


def test_a_call_is_answered_with_the_childs_result(workflow):
    workflow.ask(Call(FIBO, []))
    child = workflow.executions[0].execution_id
    assert workflow.answer(finished(child, ok(55))) == Answered(child, FIBO, ok(55))
    assert not workflow.replay.is_waiting


def test_a_failed_child_answers_as_well(workflow):
    workflow.ask(Call(FIBO, []))
    result = failed(FailureKind.TIMED_OUT, "too slow")
    assert workflow.answer(finished(workflow.executions[0].execution_id, result)).result == result


def test_a_version_in_the_name_is_no_part_of_the_join_sets_name(workflow):
    workflow.ask(Call(OTHER, []))
    assert workflow.events[0] == JoinSetCreate(JoinSetId("o:1-do-it"))


def test_one_off_join_sets_of_calls_and_sleeps_are_numbered_together(workflow):
    workflow.ask(Call(FIBO, []))
    workflow.answer(finished(workflow.executions[0].execution_id))
    workflow.ask(Sleep("now"))
    workflow.answer(passed(DelayId(f"Delay_{ULID}.o:2-sleep_1")))
    workflow.ask(Sleep("now", "nap"))
    made = [event.join_set_id for event in workflow.events if isinstance(event, JoinSetCreate)]
    assert made == ["o:1-fibo", "o:2-sleep", "o:3-nap"]


# --- join sets --------------------------------------------------------------------------------------------------------


def test_generated_join_sets_are_numbered(workflow):
    assert [workflow.made(CreateJoinSet()) for _ in range(2)] == ["g:1", "g:2"]
    assert workflow.events == [JoinSetCreate(JoinSetId("g:1")), JoinSetCreate(JoinSetId("g:2"))]


def test_generated_and_one_off_join_sets_are_numbered_apart(workflow):
    workflow.made(CreateJoinSet())
    workflow.ask(Sleep("now"))
    assert workflow.events[1] == JoinSetCreate(JoinSetId("o:1-sleep"))


def test_a_named_join_set_has_its_name(workflow):
    assert workflow.ask(CreateJoinSet("fan-out/1")) == JoinSetMade(JoinSetId("n:fan-out/1"))


def test_a_name_is_taken_once(workflow):
    workflow.made(CreateJoinSet("one"))
    reply = workflow.ask(CreateJoinSet("one"))
    assert isinstance(reply, Refused) and reply.kind is RefusalKind.CONFLICT
    assert len(workflow.events) == 1


def test_a_name_stays_taken_when_its_join_set_was_closed(workflow):
    workflow.ask(CloseJoinSet(workflow.made(CreateJoinSet("one"))))
    assert workflow.ask(CreateJoinSet("one")).kind is RefusalKind.CONFLICT


@pytest.mark.parametrize("name", ["a.b", "a_b", "a b", "ä", "a:b", "a\0"])
def test_a_name_with_other_characters_is_refused_and_leaves_no_event(workflow, name):
    assert workflow.ask(CreateJoinSet(name)).kind is RefusalKind.INVALID_NAME
    assert workflow.events == []


@pytest.mark.parametrize("name", ["a.b", "a_1", "ä"])
def test_a_sleeps_name_has_to_fit_in_an_id(workflow, name):
    assert workflow.ask(Sleep("now", name)).kind is RefusalKind.INVALID_NAME
    assert workflow.events == []


def test_children_are_requested_in_a_join_set(workflow):
    workflow.made(CreateJoinSet())
    assert workflow.ask(Submit(SET, FIBO, [1])) == Submitted(CHILD)
    assert workflow.events[1:] == [JoinSetRequest(SET, ChildExecutionRequest(CHILD, FIBO, [1], OK_OUTCOME))]
    assert workflow.executions == [NewExecution(CHILD, FIBO, [1], (ID, SET), START)]


def test_children_and_delays_of_a_join_set_are_numbered_apart(workflow):
    workflow.made(CreateJoinSet())
    ids = [
        workflow.submitted(Submit(SET, FIBO, [])),
        workflow.ask(SubmitDelay(SET, "now")).delay_id,
        workflow.submitted(Submit(SET, FIBO, [])),
        workflow.ask(SubmitDelay(SET, "now")).delay_id,
    ]
    assert ids == [f"{ID}.g:1_1", f"Delay_{ULID}.g:1_1", f"{ID}.g:1_2", f"Delay_{ULID}.g:1_2"]


def test_a_delay_says_what_was_asked_and_when_it_is_due(workflow):
    workflow.made(CreateJoinSet())
    at = ScheduleAt(in_=TimeSpan(1))
    assert workflow.ask(SubmitDelay(SET, at)) == DelaySubmitted(DELAY)
    request = DelayRequest(DELAY, START + timedelta(seconds=1), at)
    assert workflow.events[1:] == [JoinSetRequest(SET, request)]
    assert workflow.executions == []


def test_responses_of_a_join_set_come_in_the_order_of_cursors(workflow):
    workflow.made(CreateJoinSet())
    first, second = (workflow.submitted(Submit(SET, FIBO, [])) for _ in range(2))
    workflow.answer(finished(second, ok(2)), finished(first, ok(1)))
    replies = [workflow.ask(JoinNextResponse(SET)) for _ in range(2)]
    assert [reply.execution_id for reply in replies] == [second, first]


def test_a_response_of_another_join_set_does_not_wake(workflow):
    one, two = workflow.made(CreateJoinSet()), workflow.made(CreateJoinSet())
    mine, others = workflow.submitted(Submit(one, FIBO, [])), workflow.submitted(Submit(two, FIBO, []))
    assert workflow.ask(JoinNextResponse(one)) is None
    assert workflow.answer(finished(others)) is None
    assert workflow.answer(finished(mine)).execution_id == mine


def test_a_join_set_may_hold_children_of_several_functions_and_delays(workflow):
    workflow.made(CreateJoinSet())
    child = workflow.submitted(Submit(SET, FIBO, []))
    other = workflow.submitted(Submit(SET, OTHER, []))
    workflow.ask(SubmitDelay(SET, "now"))
    workflow.answer(finished(other), passed(DELAY), finished(child))
    replies = [workflow.ask(JoinNextResponse(SET)) for _ in range(3)]
    assert [type(reply) for reply in replies] == [Answered, DelayPassed, Answered]
    assert [replies[0].ffqn, replies[2].ffqn] == [OTHER, FIBO]


def test_a_join_next_beyond_the_requests_is_recorded_and_does_not_wait(workflow):
    workflow.made(CreateJoinSet())
    assert workflow.ask(JoinNextResponse(SET, FIBO)) == AllProcessed()
    assert workflow.events[1:] == [JoinNextTooMany(SET, FIBO)]
    assert not workflow.replay.is_waiting


def test_each_response_is_handed_out_once(workflow):
    workflow.made(CreateJoinSet())
    workflow.answer(finished(workflow.submitted(Submit(SET, FIBO, []))))
    assert isinstance(workflow.ask(JoinNextResponse(SET)), Answered)
    assert workflow.ask(JoinNextResponse(SET)) == AllProcessed()


def test_a_request_after_all_processed_is_waited_for_again(workflow):
    workflow.made(CreateJoinSet())
    workflow.ask(JoinNextResponse(SET))
    workflow.ask(Submit(SET, FIBO, []))
    assert workflow.ask(JoinNextResponse(SET)) is None


def test_a_response_of_another_function_is_a_mismatch(workflow):
    workflow.made(CreateJoinSet())
    child = workflow.submitted(Submit(SET, OTHER, []))
    workflow.answer(finished(child, ok(1)))
    assert workflow.ask(JoinNextResponse(SET, FIBO)) == Mismatched(OTHER, child, ok(1))
    assert workflow.events[-1] == JoinNext(SET, LOCK, FIBO)


def test_a_delay_is_a_mismatch_for_every_function(workflow):
    workflow.made(CreateJoinSet())
    workflow.ask(SubmitDelay(SET, "now"))
    workflow.answer(passed(DELAY))
    assert workflow.ask(JoinNextResponse(SET, FIBO)) == Mismatched(None, DELAY)


def test_a_mismatch_takes_the_response(workflow):
    workflow.made(CreateJoinSet())
    other, child = workflow.submitted(Submit(SET, OTHER, [])), workflow.submitted(Submit(SET, FIBO, []))
    workflow.answer(finished(other, ok(1)), finished(child))
    assert workflow.ask(JoinNextResponse(SET, FIBO)) == Mismatched(OTHER, other, ok(1))
    assert workflow.replay.last_response_id(SET) == other
    assert workflow.ask(JoinNextResponse(SET, FIBO)).execution_id == child
    assert workflow.ask(JoinNextResponse(SET, FIBO)) == AllProcessed()


def test_waiting_goes_on_when_nothing_came(workflow):
    workflow.ask(Call(FIBO, []))
    assert workflow.answer() is None
    assert workflow.replay.is_waiting


# --- delays -----------------------------------------------------------------------------------------------------------


def test_a_sleep_is_a_one_off_join_set_with_one_delay(workflow):
    assert workflow.ask(Sleep("now")) is None
    join_set, delay = JoinSetId("o:1-sleep"), DelayId(f"Delay_{ULID}.o:1-sleep_1")
    assert workflow.events == [
        JoinSetCreate(join_set),
        JoinSetRequest(join_set, DelayRequest(delay, START, "now")),
        JoinNext(join_set, LOCK),
    ]
    assert workflow.executions == []


def test_a_sleep_returns_when_it_was_due(workflow):
    workflow.ask(Sleep(ScheduleAt(in_=TimeSpan(2, 500))))
    seconds, microseconds = divmod(to_microseconds(START) + 2_000_001, 1_000_000)
    delay = DelayId(f"Delay_{ULID}.o:1-sleep_1")
    assert workflow.answer(passed(delay)) == DelayPassed(delay, seconds, microseconds * 1000)


def test_a_cancelled_sleep_is_no_success(workflow):
    workflow.ask(Sleep("now"))
    assert workflow.answer(passed(DelayId(f"Delay_{ULID}.o:1-sleep_1"), success=False)).success is False


def test_a_replayed_delay_is_due_when_the_log_says():
    first = Workflow()
    first.ask(Sleep(ScheduleAt(in_=TimeSpan(1))), START)
    again = Workflow(first.events, [passed(DelayId(f"Delay_{ULID}.o:1-sleep_1"))])
    reply = again.ask(Sleep(ScheduleAt(in_=TimeSpan(1))), START + timedelta(days=1))
    assert reply.seconds == to_microseconds(START) // 1_000_000 + 1
    assert again.events == []


PAST = datetime(1999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule_at", "expected"),
    [
        ("now", START),
        (ScheduleAt(at=PAST), PAST),
        (ScheduleAt(at=FAR_FUTURE), FAR_FUTURE),
        (ScheduleAt(in_=TimeSpan(0)), START),
        (ScheduleAt(in_=TimeSpan(1, 1000)), START + timedelta(seconds=1, microseconds=1)),
        (ScheduleAt(in_=TimeSpan(0, 1)), START + timedelta(microseconds=1)),
        (ScheduleAt(in_=TimeSpan(0, 999)), START + timedelta(microseconds=1)),
        (ScheduleAt(in_=TimeSpan(0, 1001)), START + timedelta(microseconds=2)),
        (ScheduleAt(in_=TimeSpan(0, 999_999_999)), START + timedelta(seconds=1)),
        (ScheduleAt(in_=TimeSpan(2**64 - 1, 999_999_999)), FAR_FUTURE),
        (ScheduleAt(in_=TimeSpan(86_399_999_999_999)), FAR_FUTURE),
        (ScheduleAt(in_=TimeSpan((FAR_FUTURE - START) // timedelta(seconds=1), 999_999_999)), FAR_FUTURE),
    ],
)
def test_a_time_is_rounded_up_and_ends_with_the_calendar(schedule_at, expected):
    assert due_at(schedule_at, START) == expected


# --- schedules --------------------------------------------------------------------------------------------------------


def test_a_schedule_creates_a_top_level_execution(workflow):
    at = ScheduleAt(in_=TimeSpan(60))
    execution_id = workflow.submitted(ScheduleExecution(FIBO, [1], at))
    parse_execution_id(execution_id)
    assert workflow.events == [Schedule(execution_id, at)]
    assert workflow.executions == [NewExecution(execution_id, FIBO, [1], None, START + timedelta(seconds=60))]


def test_a_schedule_in_the_past_is_due_now(workflow):
    workflow.ask(ScheduleExecution(FIBO, [], ScheduleAt(at=PAST)))
    assert workflow.executions[0].scheduled_at == START
    assert workflow.events[0].schedule_at == ScheduleAt(at=PAST)


def test_a_schedule_may_bring_its_id_and_draws_none(workflow):
    assert workflow.submitted(ScheduleExecution(FIBO, [], "now", GIVEN)) == GIVEN
    assert workflow.ask(DrawU64(0, 2**64 - 1)) == Drawn(DeterministicRandom(seed_of(ID)).u64())


def test_a_generated_id_has_the_time_of_the_workflows_creation(workflow):
    execution_id = workflow.submitted(ScheduleExecution(FIBO, [], "now"), START + timedelta(days=1000))
    early = Workflow().submitted(ScheduleExecution(FIBO, [], "now"), START)
    assert execution_id == early


# --- randomness -------------------------------------------------------------------------------------------------------


def test_a_number_is_persisted_with_its_range(workflow):
    value = workflow.ask(DrawU64(10, 20)).value
    assert 10 <= value <= 20
    kind = PersistKind(random_u64=RandomU64(10, 20))
    assert workflow.events == [Persist(list(value.to_bytes(8, "big")), kind)]


def test_a_number_may_be_any_of_64_bits(workflow):
    assert workflow.ask(DrawU64(2**64 - 1, 2**64 - 1)) == Drawn(2**64 - 1)
    assert workflow.events[0].value == [255] * 8


def test_a_text_is_persisted_with_the_range_of_its_length(workflow):
    value = workflow.ask(DrawString(5, 9)).value
    assert 5 <= len(value) <= 8 and value.isalnum() and value.isascii()
    kind = PersistKind(random_string=RandomString(5, 9))
    assert workflow.events == [Persist(list(value.encode()), kind)]


def test_a_text_may_be_empty(workflow):
    assert workflow.ask(DrawString(0, 1)) == Drawn("")


def test_an_execution_id_is_persisted(workflow):
    value = workflow.ask(DrawExecutionId()).value
    parse_execution_id(value)
    assert workflow.events == [Persist(list(value.encode()), PersistKind(execution_id=None))]


@pytest.mark.parametrize("command", [DrawU64(5, 4), DrawU64(0, -1), DrawString(5, 5), DrawString(0, 0)])
def test_an_empty_range_gives_its_start_and_is_replayed(workflow, command):
    value = workflow.ask(command).value
    if isinstance(command, DrawU64):
        assert value == command.min
    else:
        assert len(value) == command.min_length
    assert Workflow(workflow.events).ask(command) == Drawn(value)


def test_the_own_id_leaves_no_event(workflow):
    assert workflow.ask(CurrentExecutionId()) == Drawn(ID)
    assert workflow.events == []


def test_values_are_drawn_again_on_replay():
    commands = [DrawU64(0, 100), DrawString(3, 30), DrawExecutionId(), ScheduleExecution(FIBO, [], "now")]
    first = Workflow()
    replies = [first.ask(command) for command in commands]
    again = Workflow(first.events)
    assert [again.ask(command) for command in commands] == replies
    assert (again.events, again.executions) == ([], [])


# --- closing ----------------------------------------------------------------------------------------------------------


def test_closing_an_idle_join_set_leaves_no_event(workflow):
    workflow.made(CreateJoinSet())
    assert workflow.ask(CloseJoinSet(SET)) == Done()
    assert len(workflow.events) == 1


def test_closing_waits_for_each_request(workflow):
    workflow.made(CreateJoinSet())
    first, second = (workflow.submitted(Submit(SET, FIBO, [])) for _ in range(2))
    assert workflow.ask(CloseJoinSet(SET)) is None
    assert workflow.answer(finished(second, ok(2))) is None
    assert workflow.answer(finished(first, ok(1))) == Done(
        (Answered(second, FIBO, ok(2)), Answered(first, FIBO, ok(1)))
    )
    assert workflow.events[3:] == [JoinNext(SET, LOCK, closing=True)] * 2


def test_closing_counts_only_what_was_not_taken(workflow):
    workflow.made(CreateJoinSet())
    children = [workflow.submitted(Submit(SET, FIBO, [])) for _ in range(3)]
    workflow.answer(finished(children[0]), finished(children[1]))
    workflow.ask(JoinNextResponse(SET))
    assert workflow.ask(CloseJoinSet(SET)) is None
    assert isinstance(workflow.answer(finished(children[2])), Done)
    assert workflow.events[5:] == [JoinNext(SET, LOCK, closing=True)] * 2


def test_a_join_set_with_thousands_of_responses_is_closed(workflow):
    workflow.made(CreateJoinSet())
    children = [workflow.submitted(Submit(SET, FIBO, [])) for _ in range(5000)]
    workflow.answer(*map(finished, children))
    assert isinstance(workflow.ask(CloseJoinSet(SET)), Done)
    assert len(workflow.events) == 1 + 5000 + 5000


def test_a_workflow_without_join_sets_is_finished_at_once(workflow):
    assert workflow.finish() == Done()
    assert workflow.events == []


def test_open_join_sets_are_closed_in_reverse_order_of_creation(workflow):
    children = [workflow.submitted(Submit(workflow.made(CreateJoinSet(name)), FIBO, [])) for name in (None, "two")]
    assert workflow.finish() is None
    assert workflow.replay.waits_for == "n:two"
    assert isinstance(workflow.answer(finished(children[1])), Done)
    assert workflow.finish() is None
    assert workflow.replay.waits_for == "g:1"
    assert isinstance(workflow.answer(finished(children[0])), Done)
    assert workflow.finish() == Done()
    closed = [event.join_set_id for event in workflow.events if isinstance(event, JoinNext)]
    assert closed == ["n:two", "g:1"]


def test_a_closed_join_set_is_not_closed_again_at_the_end(workflow):
    workflow.made(CreateJoinSet())
    workflow.answer(finished(workflow.submitted(Submit(SET, FIBO, []))))
    workflow.ask(CloseJoinSet(SET))
    count = len(workflow.events)
    assert workflow.finish() == Done()
    assert len(workflow.events) == count


def test_an_ended_workflow_that_waits_for_closing_goes_on_after_a_replay():
    first = Workflow()
    child = first.submitted(Submit(first.made(CreateJoinSet()), FIBO, []))
    first.finish()
    again = Workflow(first.events, [finished(child)])
    again.submitted(Submit(again.made(CreateJoinSet()), FIBO, []))
    assert again.finish() == Done()
    assert again.events == []


# --- effects ----------------------------------------------------------------------------------------------------------


def test_effects_are_taken_once():
    replay = new_replay()
    replay.apply(CreateJoinSet(), START)
    assert replay.pending_events == 1
    assert len(replay.take_effects().events) == 1
    assert replay.take_effects().events == ()


def test_events_of_locks_are_no_history():
    replay = new_replay([Unlocked(START, "stopping")])
    assert not replay.is_replaying
