"""A workflow that does not fit its log is given up: what the log left open is closed, once, and then it ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from obelisk.core.commands import (
    Call,
    CloseJoinSet,
    Command,
    CreateJoinSet,
    Done,
    DrawU64,
    JoinNextResponse,
    ScheduleExecution,
    Sleep,
    StubExecution,
    Submit,
    SubmitDelay,
    TryNextResponse,
)
from obelisk.core.events import (
    AnyHistoryEvent,
    ChildExecutionFinished,
    DelayFinished,
    JoinNext,
    JoinSetCreate,
    Response,
)
from obelisk.core.joinsets import open_members, responder
from obelisk.errors import NondeterminismError
from obelisk.ids import DELAY_PREFIX, DelayId, ExecutionId, JoinSetId
from obelisk.names import Ffqn
from tests.core.replaying import FIBO, ID, LOCK, OTHER, Workflow, finished, passed
from tests.core.replaying import logged as placed

SET, EMPTY = JoinSetId("g:1"), JoinSetId("g:2")
ULID = ID.removeprefix("E_")
CHILD, SECOND = ExecutionId(f"{ID}.g:1_1"), ExecutionId(f"{ID}.g:1_2")
DELAY = DelayId(f"Delay_{ULID}.g:1_1")
GIVEN = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM99")
MISSING = Ffqn("testing:missing/missing.missing")
CHANGED = DrawU64(7, 8)
BEGINNING = (CreateJoinSet(), Submit(SET, FIBO, []), SubmitDelay(SET, "now"), CreateJoinSet())
CLOSING = JoinNext(SET, LOCK, closing=True)


def logged(*commands: Command) -> list[AnyHistoryEvent]:
    """Return the log of a workflow that gave the commands, none of which was answered by a response."""
    workflow = Workflow()
    for command in (*BEGINNING, *commands):
        workflow.ask(command)
    return workflow.events


def given_up(
    log: Sequence[AnyHistoryEvent], *commands: Command, responses: Sequence[Response] = (), ends: bool = False
) -> Workflow:
    """Return a workflow whose last command, or whose end, was not what its log holds."""
    workflow = Workflow(log, responses)
    commands = (*BEGINNING, *commands)
    for command in commands if ends else commands[:-1]:
        workflow.ask(command)
    with pytest.raises(NondeterminismError):
        workflow.finish() if ends else workflow.ask(commands[-1])
    workflow.replay.abandon()
    return workflow


def close(workflow: Workflow) -> list[AnyHistoryEvent | Response]:
    """End a workflow, answer what is to be cancelled as it comes, and return events and responses in their order."""
    journal: list[AnyHistoryEvent | Response] = []
    workflow.events.clear()
    while workflow.finish() is None:
        journal += workflow.events
        workflow.events.clear()
        journal.append(cancelled(workflow.replay.to_cancel[0]))
        workflow.answer(journal[-1])
    return [*journal, *workflow.events]


def cancelled(member: ExecutionId | DelayId) -> Response:
    """Return the response of something that was cancelled."""
    return passed(DelayId(member), success=False) if member.startswith(DELAY_PREFIX) else finished(ExecutionId(member))


def is_response(entry: AnyHistoryEvent | Response) -> bool:
    return isinstance(entry, ChildExecutionFinished | DelayFinished)


PLACES = {
    "a join set": CreateJoinSet("one"),
    "a child": Submit(SET, OTHER, []),
    "a refused child": Submit(SET, MISSING, [], is_typed=False),
    "a delay": SubmitDelay(SET, "now"),
    "a wait": JoinNextResponse(SET),
    "a close": CloseJoinSet(SET),
    "a wait for nothing": JoinNextResponse(EMPTY),
    "a look": TryNextResponse(SET),
    "a draw": DrawU64(0, 1),
    "a schedule": ScheduleExecution(FIBO, [], "now", GIVEN),
    "a stub": StubExecution(CHILD, None, FIBO, "T|"),
    "a call": Call(FIBO, []),
    "a refused call": Call(MISSING, [], is_typed=False),
    "a sleep": Sleep("now"),
}
# The end closes join sets as well, so that it fits a log that ends with a close.
MISMATCHES = {
    **{f"another call for {name}": (command, (CHANGED,)) for name, command in PLACES.items()},
    **{f"the end for {name}": (command, ()) for name, command in PLACES.items() if name != "a close"},
}
each_mismatch = pytest.mark.parametrize(("recorded", "instead"), MISMATCHES.values(), ids=MISMATCHES)


@each_mismatch
def test_after_a_mismatch_everything_that_the_log_left_open_is_closed(recorded, instead):
    log = logged(recorded)
    journal = close(given_up(log, *instead, ends=not instead))
    responders = [responder(entry) for entry in journal if is_response(entry)]
    assert sorted(responders) == sorted(open_members(placed(log), []))
    assert len(responders) == len(waits([*log, *journal]))


@each_mismatch
def test_a_restart_goes_on_with_the_closing_and_asks_for_nothing_twice(recorded, instead):
    log = logged(recorded)
    journal = close(given_up(log, *instead, ends=not instead))
    for cut in range(len(journal) + 1):
        events = [entry for entry in journal[:cut] if not is_response(entry)]
        responses = [entry for entry in journal[:cut] if is_response(entry)]
        again = given_up([*log, *events], *instead, responses=responses, ends=not instead)
        assert close(again) == journal[cut:]


def waits(log: Sequence[AnyHistoryEvent]) -> list[JoinNext]:
    return [event for event in log if isinstance(event, JoinNext)]


# --- one place after the other --------------------------------------------------------------------------------------------


def test_an_open_join_set_is_closed_with_the_newest_member_first():
    workflow = given_up(logged(DrawU64(0, 1)), CHANGED)
    assert workflow.finish() is None
    assert workflow.replay.to_cancel == [DELAY, CHILD]
    assert workflow.events == [CLOSING]


def test_the_wait_that_the_log_ends_with_becomes_the_first_of_the_closing():
    workflow = given_up(logged(JoinNextResponse(SET, FIBO)), CHANGED)
    assert workflow.finish() is None
    assert (workflow.replay.to_cancel, workflow.events) == ([DELAY, CHILD], [])
    workflow.answer(passed(DELAY))
    assert workflow.events == [CLOSING]
    workflow.answer(finished(CHILD))
    assert isinstance(workflow.finish(), Done)
    assert workflow.events == [CLOSING]


def test_a_call_that_waits_has_its_child_cancelled_and_leaves_no_event():
    workflow = given_up(logged(Call(FIBO, [])), CHANGED)
    child = ExecutionId(f"{ID}.o:1-fibo_1")
    assert workflow.finish() is None
    assert workflow.replay.to_cancel == [child]
    workflow.answer(finished(child))
    assert workflow.finish() is None
    assert workflow.events == [CLOSING]


def test_other_params_of_a_call_leave_the_recorded_child_to_be_closed():
    workflow = given_up(logged(Call(FIBO, [1])), Call(FIBO, [2]))
    assert workflow.finish() is None
    assert workflow.replay.waits_for == "o:1-fibo"
    assert workflow.replay.to_cancel == [f"{ID}.o:1-fibo_1"]


def test_a_child_of_the_changed_workflow_is_not_created():
    workflow = given_up(logged(Submit(SET, FIBO, [1])), Submit(SET, FIBO, [2]))
    close(workflow)
    assert workflow.executions == []


def test_a_join_set_that_was_closed_before_stays_closed():
    responses = [finished(CHILD), passed(DELAY)]
    log = logged(CloseJoinSet(SET))
    first = Workflow(log, responses)
    for command in (*BEGINNING, CloseJoinSet(SET), DrawU64(0, 1)):
        first.ask(command)
    workflow = given_up([*log, *first.events], CloseJoinSet(SET), CHANGED, responses=responses)
    assert isinstance(workflow.finish(), Done)
    assert workflow.events == []


def test_what_was_taken_before_the_mismatch_is_not_awaited_again():
    log = [*logged(JoinNextResponse(SET)), *logged(DrawU64(0, 1))[len(logged()) :]]
    workflow = given_up(log, JoinNextResponse(SET), CHANGED, responses=[finished(CHILD)])
    assert workflow.finish() is None
    assert workflow.replay.to_cancel == [DELAY]
    workflow.answer(passed(DELAY))
    assert isinstance(workflow.finish(), Done)
    assert workflow.events == [CLOSING]


def test_what_was_taken_after_the_mismatch_is_not_awaited_again():
    log = [*logged(DrawU64(0, 1)), *logged(JoinNextResponse(SET))[len(logged()) :]]
    workflow = given_up(log, CHANGED, responses=[finished(CHILD)])
    assert workflow.finish() is None
    assert workflow.replay.to_cancel == [DELAY]


def test_what_a_look_found_after_the_mismatch_is_not_awaited_again():
    first = Workflow()
    for command in (*BEGINNING, DrawU64(0, 1)):
        first.ask(command)
    first.answer(passed(DELAY))
    first.ask(TryNextResponse(SET))
    workflow = given_up(first.events, CHANGED, responses=[passed(DELAY)])
    assert workflow.finish() is None
    assert workflow.replay.to_cancel == [CHILD]
    workflow.answer(finished(CHILD))
    assert isinstance(workflow.finish(), Done)
    assert workflow.events == [CLOSING]


def test_a_close_that_the_workflow_does_not_make_any_more_is_gone_on_with():
    workflow = given_up(logged(CloseJoinSet(SET)), CHANGED, responses=[finished(CHILD)])
    assert workflow.finish() is None
    assert (workflow.replay.to_cancel, workflow.events) == ([DELAY], [CLOSING])


def test_join_sets_are_closed_in_reverse_order_of_their_creation_in_the_log():
    log = logged(CreateJoinSet("one"), Submit(JoinSetId("n:one"), FIBO, []), CreateJoinSet("two"), SubmitDelay(
        JoinSetId("n:two"), "now"
    ))  # fmt: skip
    journal = close(given_up(log, CreateJoinSet("two")))
    assert [event.join_set_id for event in waits(journal)] == ["n:two", "n:one", SET, SET]


def test_a_mismatch_that_shows_at_the_end_closes_what_the_log_opened_later():
    log = logged(CreateJoinSet("late"), Submit(JoinSetId("n:late"), FIBO, []))
    journal = close(given_up(log, ends=True))
    assert [event.join_set_id for event in waits(journal)] == ["n:late", SET, SET]


def test_a_workflow_with_nothing_open_ends_at_once():
    workflow = Workflow([JoinSetCreate(SET)])
    with pytest.raises(NondeterminismError):
        workflow.finish()
    workflow.replay.abandon()
    assert isinstance(workflow.finish(), Done)
    assert (workflow.events, workflow.replay.is_replaying) == ([], False)


def test_no_more_is_asked_for_after_the_end():
    workflow = given_up(logged(DrawU64(0, 1)), CHANGED)
    close(workflow)
    workflow.events.clear()
    assert [workflow.finish(), workflow.finish()] == [Done(), Done()]
    assert workflow.events == []


def test_responses_that_come_before_they_are_asked_for_are_taken():
    workflow = given_up(logged(DrawU64(0, 1)), CHANGED)
    workflow.finish()
    assert isinstance(workflow.answer(finished(CHILD), passed(DELAY)), Done)
    assert isinstance(workflow.finish(), Done)
    assert workflow.events == [CLOSING, CLOSING]


def test_responses_of_everything_that_is_open_end_it_at_once():
    workflow = given_up(logged(DrawU64(0, 1)), CHANGED, responses=[finished(CHILD), passed(DELAY)])
    assert isinstance(workflow.finish(), Done)
    assert workflow.events == [CLOSING, CLOSING]
