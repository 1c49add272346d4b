"""What is to be cancelled while a join set is being closed."""

from __future__ import annotations

import pytest

from obelisk.core.commands import (
    Call,
    CloseJoinSet,
    CreateJoinSet,
    Done,
    JoinNextResponse,
    Sleep,
    Submit,
    SubmitDelay,
    TryNextResponse,
)
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from tests.core.replaying import FIBO, ID, OTHER, Workflow, finished, passed

SET, TWO = JoinSetId("g:1"), JoinSetId("n:two")
ULID = ID.removeprefix("E_")
CHILD, LAST = ExecutionId(f"{ID}.g:1_1"), ExecutionId(f"{ID}.g:1_2")
DELAY = DelayId(f"Delay_{ULID}.g:1_1")
BEGINNING = (CreateJoinSet(), Submit(SET, FIBO, []), SubmitDelay(SET, "now"), Submit(SET, OTHER, []))


def begun(*responses: object, log: Workflow | None = None) -> Workflow:
    """Return a workflow with a child, a delay and another child in one join set."""
    workflow = Workflow(() if log is None else log.events, responses)
    for command in BEGINNING:
        workflow.ask(command)
    return workflow


@pytest.fixture
def workflow() -> Workflow:
    return begun()


def test_nothing_is_to_be_cancelled_while_nothing_is_closed(workflow):
    assert workflow.replay.to_cancel == []


def test_a_join_set_that_is_closed_has_its_newest_member_cancelled_first(workflow):
    workflow.ask(CloseJoinSet(SET))
    assert workflow.replay.to_cancel == [LAST, DELAY, CHILD]


def test_what_has_its_response_is_not_cancelled(workflow):
    workflow.answer(passed(DELAY))
    workflow.ask(CloseJoinSet(SET))
    assert workflow.replay.to_cancel == [LAST, CHILD]
    workflow.answer(finished(LAST))
    assert workflow.replay.to_cancel == [CHILD]


def test_what_was_taken_is_not_cancelled(workflow):
    workflow.answer(finished(CHILD), passed(DELAY))
    workflow.ask(JoinNextResponse(SET))
    workflow.ask(TryNextResponse(SET))
    workflow.ask(CloseJoinSet(SET))
    assert workflow.replay.to_cancel == [LAST]


def test_a_closed_join_set_leaves_nothing_to_cancel(workflow):
    workflow.ask(CloseJoinSet(SET))
    assert isinstance(workflow.answer(finished(CHILD), finished(LAST), passed(DELAY)), Done)
    assert workflow.replay.to_cancel == []


@pytest.mark.parametrize("wait", [JoinNextResponse(SET), Call(FIBO, []), Sleep("now")])
def test_a_wait_cancels_nothing(workflow, wait):
    assert workflow.ask(wait) is None
    assert workflow.replay.to_cancel == []


def test_members_of_other_join_sets_are_left_alone(workflow):
    workflow.ask(CreateJoinSet("two"))
    workflow.ask(Submit(TWO, FIBO, []))
    workflow.ask(CloseJoinSet(SET))
    assert workflow.replay.to_cancel == [LAST, DELAY, CHILD]


def test_at_the_end_one_join_set_after_the_other_is_cancelled_the_newest_first(workflow):
    workflow.ask(CreateJoinSet("two"))
    child = workflow.submitted(Submit(TWO, FIBO, []))
    assert workflow.finish() is None
    assert workflow.replay.to_cancel == [child]
    workflow.answer(finished(child))
    workflow.finish()
    assert workflow.replay.to_cancel == [LAST, DELAY, CHILD]


def test_a_replay_that_closes_cancels_what_is_open_still(workflow):
    workflow.ask(CloseJoinSet(SET))
    again = begun(passed(DELAY), log=workflow)
    again.ask(CloseJoinSet(SET))
    assert again.replay.to_cancel == [LAST, CHILD]
    assert [event.closing for event in again.events] == [True]


def test_a_replay_in_which_all_responses_came_cancels_nothing(workflow):
    workflow.ask(CloseJoinSet(SET))
    workflow.answer(passed(DELAY), finished(LAST), finished(CHILD))
    again = begun(passed(DELAY), finished(LAST), finished(CHILD), log=workflow)
    assert isinstance(again.ask(CloseJoinSet(SET)), Done)
    assert (again.replay.to_cancel, again.events) == ([], [])


def test_responses_may_come_in_any_order(workflow):
    workflow.ask(CloseJoinSet(SET))
    assert workflow.answer(finished(CHILD)) is None
    assert workflow.answer(finished(LAST)) is None
    assert isinstance(workflow.answer(passed(DELAY, success=False)), Done)
