"""Calls of functions that are named by text: refused ones leave an event, are no members, and stay refused."""

from __future__ import annotations

import pytest

from obelisk.core.commands import (
    AllProcessed,
    Answered,
    Call,
    CloseJoinSet,
    CreateJoinSet,
    Done,
    JoinNextResponse,
    RefusalKind,
    Refused,
    ScheduleExecution,
    Submit,
    Submitted,
    TryNextResponse,
)
from obelisk.core.events import (
    ChildExecutionRequest,
    JoinSetCreate,
    JoinSetRequest,
    RequestOutcome,
    Schedule,
    error_outcome,
)
from obelisk.core.replay import Replay
from obelisk.errors import FunctionNotFoundError, InvalidValueError, NondeterminismError
from obelisk.ids import MAX_ID_LENGTH, ExecutionId, JoinSetId
from obelisk.names import Ffqn
from tests.core.replaying import FIBO, ID, LOCK, START, Functions, Workflow, finished, logged, ok

SET = JoinSetId("g:1")
MISSING = Ffqn("testing:missing/missing.missing")
GIVEN = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM99")
CHILDREN = [ExecutionId(f"{ID}.g:1_{number}") for number in (1, 2)]
NOT_FOUND = error_outcome("function_not_found")
MISTYPED = error_outcome("type_check_error", "type checking failed: numbers expected")
BROKEN = error_outcome("type_check_error", "it ends too early")
IS_MISSING = Refused(RefusalKind.FUNCTION_NOT_FOUND)


def submit(ffqn: Ffqn, params: object, problem: str | None = None) -> Submit:
    return Submit(SET, ffqn, params, is_typed=False, problem=problem)


def call(ffqn: Ffqn, params: object, problem: str | None = None) -> Call:
    return Call(ffqn, params, is_typed=False, problem=problem)


@pytest.fixture
def workflow() -> Workflow:
    """A workflow with an empty join set."""
    workflow = Workflow()
    workflow.made(CreateJoinSet())
    return workflow


REFUSALS = {
    "an unknown function": (MISSING, [1], None, NOT_FOUND),
    "params of another type": (FIBO, ["one"], None, MISTYPED),
    "params that are no array": (FIBO, "{}", "params must be a json array", None),
    "params that are no json": (FIBO, "[1", "it ends too early", BROKEN),
    "an unknown function and no json": (MISSING, "[1", "it ends too early", NOT_FOUND),
}


@pytest.mark.parametrize(("ffqn", "params", "problem", "outcome"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_submission_leaves_what_was_asked_and_why_not(workflow, ffqn, params, problem, outcome):
    reply = workflow.ask(submit(ffqn, params, problem))
    outcome = outcome or error_outcome("type_check_error", "params must be a json array")
    assert workflow.events[1:] == [JoinSetRequest(SET, ChildExecutionRequest(CHILDREN[0], ffqn, params, outcome))]
    assert isinstance(reply, Refused) and reply.kind.value in str(outcome.err)
    assert workflow.executions == []


def test_the_guest_is_told_why(workflow):
    assert workflow.ask(submit(MISSING, [])) == IS_MISSING
    assert workflow.ask(submit(FIBO, [None])) == Refused(
        RefusalKind.TYPE_CHECK_ERROR, "type checking failed: numbers expected"
    )


def test_a_refused_submission_uses_up_an_index(workflow):
    workflow.ask(submit(MISSING, []))
    assert workflow.ask(submit(FIBO, [1])) == Submitted(CHILDREN[1])


def test_a_refused_submission_is_not_awaited(workflow):
    workflow.ask(submit(MISSING, []))
    assert workflow.ask(JoinNextResponse(SET)) == AllProcessed()
    assert workflow.ask(TryNextResponse(SET)) == AllProcessed()


def test_a_refused_submission_is_not_closed(workflow):
    workflow.ask(submit(MISSING, []))
    assert workflow.ask(CloseJoinSet(SET)) == Done()
    assert len(workflow.events) == 2


def test_a_refused_submission_does_not_shift_the_responses_of_others(workflow):
    workflow.ask(submit(MISSING, []))
    workflow.ask(submit(FIBO, [1]))
    workflow.answer(finished(CHILDREN[1], ok(5)))
    assert workflow.ask(JoinNextResponse(SET)) == Answered(CHILDREN[1], FIBO, ok(5))
    assert workflow.ask(JoinNextResponse(SET)) == AllProcessed()


def test_a_refused_call_leaves_its_join_set_and_its_request_and_does_not_wait():
    workflow = Workflow()
    assert workflow.ask(call(MISSING, [])) == IS_MISSING
    join_set = JoinSetId("o:1-missing")
    request = ChildExecutionRequest(ExecutionId(f"{ID}.o:1-missing_1"), MISSING, [], NOT_FOUND)
    assert workflow.events == [JoinSetCreate(join_set), JoinSetRequest(join_set, request)]
    assert not workflow.replay.is_waiting


def test_a_refused_call_uses_up_a_number():
    workflow = Workflow()
    workflow.ask(call(MISSING, []))
    workflow.ask(call(FIBO, [1]))
    assert workflow.replay.waits_for == "o:2-fibo"


def test_a_refused_call_leaves_nothing_to_close():
    workflow = Workflow()
    workflow.ask(call(MISSING, []))
    assert workflow.finish() == Done()
    assert len(workflow.events) == 2


def test_a_refused_schedule_is_recorded_and_creates_nothing():
    workflow = Workflow()
    assert workflow.ask(ScheduleExecution(MISSING, [], "now", GIVEN, is_typed=False)) == IS_MISSING
    assert workflow.events == [Schedule(GIVEN, "now", NOT_FOUND)]
    assert (workflow.executions, workflow.replay.question) == ([], None)


def test_a_schedule_whose_params_are_no_json_is_refused_with_the_problem():
    workflow = Workflow()
    broken = ScheduleExecution(FIBO, "[1", "now", GIVEN, is_typed=False, problem="it ends too early")
    assert workflow.ask(broken) == Refused(RefusalKind.TYPE_CHECK_ERROR, "it ends too early")
    assert workflow.events == [Schedule(GIVEN, "now", BROKEN)]


# --- replayed -----------------------------------------------------------------------------------------------------------

COMMANDS = [
    CreateJoinSet(),
    submit(MISSING, [1]),
    submit(FIBO, ["one"]),
    submit(FIBO, "[1", "it ends too early"),
    call(MISSING, []),
    call(FIBO, "[1", "it ends too early"),
    ScheduleExecution(MISSING, [], "now", GIVEN, is_typed=False),
]


def test_refusals_are_told_again():
    first = Workflow()
    replies = [first.ask(command) for command in COMMANDS]
    again = Workflow(first.events)
    assert [again.ask(command) for command in COMMANDS] == replies
    assert again.finish() == Done()
    assert (again.events, again.executions) == ([], [])


class Elsewhere:
    """A catalog of another deployment: what was missing is there, and what was there is missing."""

    def check(self, ffqn: Ffqn, params: object) -> list[object]:
        if ffqn == FIBO:
            raise FunctionNotFoundError("function not found")
        assert isinstance(params, list)
        return params


class Untouched:
    """A catalog that must not be asked."""

    def check(self, ffqn: Ffqn, params: object) -> list[object]:
        raise AssertionError(f"asked for {ffqn}")


@pytest.mark.parametrize("catalog", [Elsewhere(), Untouched()])
def test_what_was_recorded_wins_whatever_functions_exist_now(catalog):
    commands = [*COMMANDS, submit(FIBO, [1])]
    first = Workflow()
    replies = [first.ask(command) for command in commands]
    replay = Replay(ID, START, run_expires_at=LOCK, catalog=catalog, history=logged(first.events))
    assert [replay.apply(command, START) for command in commands] == replies
    assert replay.take_effects().executions == ()


def test_a_call_of_which_only_the_join_set_was_recorded_is_checked_now():
    first = Workflow()
    first.ask(call(FIBO, [1]))
    replay = Replay(ID, START, run_expires_at=LOCK, catalog=Elsewhere(), history=logged(first.events[:1]))
    assert replay.apply(call(FIBO, [1]), START) == IS_MISSING


def test_a_refused_submission_with_other_params_is_found_out():
    first = Workflow()
    first.made(CreateJoinSet())
    first.ask(submit(FIBO, "[1", "it ends too early"))
    again = Workflow(first.events)
    again.made(CreateJoinSet())
    with pytest.raises(NondeterminismError):
        again.ask(submit(FIBO, "[2", "it ends too early"))


def test_a_typed_submission_whose_refusal_is_recorded_is_refused():
    first = Workflow()
    first.made(CreateJoinSet())
    first.ask(submit(MISSING, [1]))
    again = Workflow(first.events)
    again.made(CreateJoinSet())
    assert again.ask(Submit(SET, MISSING, [1])) == IS_MISSING
    assert again.ask(JoinNextResponse(SET)) == AllProcessed()


# --- params ---------------------------------------------------------------------------------------------------------------


class Rounding:
    """A catalog in whose normal form every number is whole."""

    def check(self, ffqn: Ffqn, params: object) -> list[object]:
        if not isinstance(params, list):
            raise InvalidValueError("an array expected")
        return [int(param) for param in params]


@pytest.mark.parametrize("is_typed", [False, True])
def test_a_child_whose_id_would_be_too_long_is_refused(is_typed):
    deep = ExecutionId(f"{ID}" + ".g:1_1" * ((MAX_ID_LENGTH - len(ID)) // 6))
    replay = Replay(deep, START, run_expires_at=LOCK, catalog=Functions())
    reply = replay.apply(Call(FIBO, [1], is_typed=is_typed, problem=None), START)
    assert isinstance(reply, Refused)
    assert reply.kind is RefusalKind.TYPE_CHECK_ERROR
    assert reply.detail.startswith("executions are nested too deep: the child's id would have ")
    effects = replay.take_effects()
    assert effects.executions == ()
    assert [type(event) for event in effects.events] == [JoinSetCreate, JoinSetRequest]


def test_the_event_keeps_the_params_as_they_were_given_and_the_child_gets_their_normal_form():
    replay = Replay(ID, START, run_expires_at=LOCK, catalog=Rounding())
    replay.apply(CreateJoinSet(), START)
    replay.apply(submit(FIBO, [1.0]), START)
    effects = replay.take_effects()
    assert repr(effects.events[1].request.params) == "[1.0]"
    assert repr(effects.executions[0].params) == "[1]"


def test_typed_params_are_not_checked_again():
    replay = Replay(ID, START, run_expires_at=LOCK, catalog=Untouched())
    replay.apply(CreateJoinSet(), START)
    assert replay.apply(Submit(SET, FIBO, [1]), START) == Submitted(CHILDREN[0])
    assert replay.take_effects().events[1].request.result == RequestOutcome(ok=None)
