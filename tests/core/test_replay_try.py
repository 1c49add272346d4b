"""Looking for a response without waiting: what is found is recorded, and what is recorded wins."""

from __future__ import annotations

import pytest

from obelisk.core.commands import (
    AllProcessed,
    Answered,
    CloseJoinSet,
    CreateJoinSet,
    DelayPassed,
    Done,
    JoinNextResponse,
    Pending,
    Submit,
    SubmitDelay,
    TryNextResponse,
)
from obelisk.core.events import JoinNextTry, JoinSetCreate, TryOutcome
from obelisk.errors import NondeterminismError
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from tests.core.replaying import FIBO, ID, OTHER, Workflow, finished, ok, passed

SET = JoinSetId("g:1")
CHILD, SECOND = ExecutionId(f"{ID}.g:1_1"), ExecutionId(f"{ID}.g:1_2")
DELAY = DelayId(f"Delay_{ID.removeprefix('E_')}.g:1_1")


@pytest.fixture
def workflow() -> Workflow:
    """A workflow with an open child and an open delay."""
    workflow = Workflow()
    begin(workflow)
    return workflow


def begin(workflow: Workflow) -> None:
    workflow.made(CreateJoinSet())
    workflow.submitted(Submit(SET, FIBO, [1]))
    workflow.ask(SubmitDelay(SET, "now"))


# --- the first time -----------------------------------------------------------------------------------------------------


def test_nothing_has_come_yet(workflow):
    assert workflow.ask(TryNextResponse(SET)) == Pending()
    assert workflow.events[-1] == JoinNextTry(SET, TryOutcome.PENDING)
    assert not workflow.replay.is_waiting


def test_a_childs_response_is_found(workflow):
    workflow.answer(finished(CHILD, ok(7)))
    assert workflow.ask(TryNextResponse(SET)) == Answered(CHILD, FIBO, ok(7))
    assert workflow.events[-1] == JoinNextTry(SET, TryOutcome.FOUND)


def test_a_delays_response_is_found(workflow):
    workflow.answer(passed(DELAY, success=False))
    reply = workflow.ask(TryNextResponse(SET))
    assert isinstance(reply, DelayPassed) and not reply.success


def test_nothing_is_left(workflow):
    workflow.answer(finished(CHILD), passed(DELAY))
    replies = [workflow.ask(TryNextResponse(SET)) for _ in range(3)]
    assert replies[2] == AllProcessed()
    assert workflow.events[-1] == JoinNextTry(SET, TryOutcome.ALL_PROCESSED)


def test_an_empty_join_set_has_nothing_left():
    workflow = Workflow()
    workflow.made(CreateJoinSet())
    assert workflow.ask(TryNextResponse(SET)) == AllProcessed()


def test_responses_are_found_in_the_order_of_cursors(workflow):
    workflow.answer(passed(DELAY), finished(CHILD))
    replies = [workflow.ask(TryNextResponse(SET)) for _ in range(2)]
    assert [type(reply) for reply in replies] == [DelayPassed, Answered]


def test_what_was_found_is_not_awaited_any_more(workflow):
    workflow.answer(finished(CHILD))
    workflow.ask(TryNextResponse(SET))
    assert workflow.ask(JoinNextResponse(SET)) is None
    assert isinstance(workflow.answer(passed(DELAY)), DelayPassed)
    assert workflow.ask(JoinNextResponse(SET)) == AllProcessed()


def test_what_was_found_is_not_closed_any_more(workflow):
    workflow.answer(finished(CHILD), passed(DELAY))
    workflow.ask(TryNextResponse(SET))
    workflow.ask(TryNextResponse(SET))
    count = len(workflow.events)
    assert workflow.ask(CloseJoinSet(SET)) == Done()
    assert len(workflow.events) == count


def test_the_last_response_is_known(workflow):
    workflow.answer(finished(CHILD))
    workflow.ask(TryNextResponse(SET))
    assert workflow.replay.last_response_id(SET) == CHILD


# --- replayed -----------------------------------------------------------------------------------------------------------


def again(first: Workflow, *responses: object) -> Workflow:
    """Replay the log of ``first`` up to the first look."""
    workflow = Workflow(first.events, responses)
    begin(workflow)
    return workflow


def test_a_look_that_found_nothing_finds_nothing_again_though_the_response_is_there(workflow):
    workflow.ask(TryNextResponse(SET))
    replayed = again(workflow, finished(CHILD))
    assert replayed.ask(TryNextResponse(SET)) == Pending()
    assert replayed.ask(TryNextResponse(SET)) == Answered(CHILD, FIBO, ok())
    assert replayed.events == [JoinNextTry(SET, TryOutcome.FOUND)]


def test_a_look_that_found_a_response_finds_the_same_again(workflow):
    workflow.answer(passed(DELAY))
    first = workflow.ask(TryNextResponse(SET))
    replayed = again(workflow, passed(DELAY), finished(CHILD))
    assert replayed.ask(TryNextResponse(SET)) == first
    assert replayed.events == []


def test_looks_and_waits_take_the_same_responses_again(workflow):
    workflow.submitted(Submit(SET, OTHER, []))
    responses = [finished(SECOND), passed(DELAY), finished(CHILD)]
    commands = [TryNextResponse(SET), JoinNextResponse(SET), TryNextResponse(SET), TryNextResponse(SET)]
    workflow.answer(*responses)
    replies = [workflow.ask(command) for command in commands]
    replayed = again(workflow, *responses)
    replayed.submitted(Submit(SET, OTHER, []))
    assert [replayed.ask(command) for command in commands] == replies
    assert replayed.events == []


def test_a_look_at_another_join_set_is_found_out(workflow):
    workflow.ask(TryNextResponse(SET))
    with pytest.raises(NondeterminismError):
        again(workflow).ask(TryNextResponse(JoinSetId("n:other")))


def test_a_wait_for_a_look_is_found_out(workflow):
    workflow.ask(TryNextResponse(SET))
    with pytest.raises(NondeterminismError):
        again(workflow, finished(CHILD)).ask(JoinNextResponse(SET))


def test_a_response_that_was_found_and_is_not_in_the_log_is_found_out(workflow):
    workflow.answer(finished(CHILD))
    workflow.ask(TryNextResponse(SET))
    with pytest.raises(NondeterminismError, match="the response that was found is not in the log"):
        again(workflow).ask(TryNextResponse(SET))


def test_a_response_that_was_found_before_it_was_asked_for_is_found_out():
    found = [JoinSetCreate(SET), JoinNextTry(SET, TryOutcome.FOUND)]
    workflow = Workflow(found, [finished(CHILD)])
    workflow.made(CreateJoinSet())
    with pytest.raises(NondeterminismError, match="the response that was found is not in the log"):
        workflow.ask(TryNextResponse(SET))
