"""A workflow that asks for something else than its history holds is found out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from obelisk.core.commands import (
    Call,
    CloseJoinSet,
    CreateJoinSet,
    DrawExecutionId,
    DrawString,
    DrawU64,
    JoinNextResponse,
    ScheduleExecution,
    Sleep,
    Submit,
    SubmitDelay,
)
from obelisk.core.events import ScheduleAt, TimeSpan
from obelisk.errors import NondeterminismError
from obelisk.ids import ExecutionId, JoinSetId
from tests.core.replaying import FIBO, LOCK, OTHER, START, Workflow

SET = JoinSetId("g:1")
IDS = [ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM98"), ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM99")]
SOON = ScheduleAt(in_=TimeSpan(1))


def asked(*commands):
    """Return a workflow that gave the commands, none of which was answered by a response."""
    workflow = Workflow()
    for command in commands:
        workflow.ask(command)
    return workflow


PAIRS = {
    "another function": ([Call(FIBO, [])], [Call(OTHER, [])]),
    "other parameters": ([Call(FIBO, [1])], [Call(FIBO, [2])]),
    "another kind": ([Call(FIBO, [])], [Sleep("now", "fibo")]),
    "another join set": ([CreateJoinSet()], [CreateJoinSet("one")]),
    "another name": ([CreateJoinSet("one")], [CreateJoinSet("two")]),
    "another child": ([CreateJoinSet(), Submit(SET, FIBO, [])], [CreateJoinSet(), Submit(SET, OTHER, [])]),
    "a child for a delay": ([CreateJoinSet(), SubmitDelay(SET, "now")], [CreateJoinSet(), Submit(SET, FIBO, [])]),
    "another time": ([CreateJoinSet(), SubmitDelay(SET, SOON)], [CreateJoinSet(), SubmitDelay(SET, "now")]),
    "another sleep": ([Sleep(SOON)], [Sleep(ScheduleAt(in_=TimeSpan(1, 1)))]),
    "another wanted function": (
        [CreateJoinSet(), Submit(SET, FIBO, []), JoinNextResponse(SET, FIBO)],
        [CreateJoinSet(), Submit(SET, FIBO, []), JoinNextResponse(SET)],
    ),
    "a close for a wait": (
        [CreateJoinSet(), Submit(SET, FIBO, []), JoinNextResponse(SET)],
        [CreateJoinSet(), Submit(SET, FIBO, []), CloseJoinSet(SET)],
    ),
    "a wait that found nothing": (
        [CreateJoinSet(), JoinNextResponse(SET)],
        [CreateJoinSet(), JoinNextResponse(SET, FIBO)],
    ),
    "another scheduled id": (
        [ScheduleExecution(FIBO, [], "now", IDS[0])],
        [ScheduleExecution(FIBO, [], "now", IDS[1])],
    ),
    "another scheduled time": (
        [ScheduleExecution(FIBO, [], "now", IDS[0])],
        [ScheduleExecution(FIBO, [], SOON, IDS[0])],
    ),
    "another range": ([DrawU64(0, 1)], [DrawU64(0, 2)]),
    "another length": ([DrawString(0, 1)], [DrawString(0, 2)]),
    "a text for a number": ([DrawU64(0, 1)], [DrawString(0, 2)]),
    "another draw before": ([DrawU64(0, 2**64 - 1)], [DrawExecutionId()]),
}


@pytest.mark.parametrize(("recorded", "commands"), PAIRS.values(), ids=PAIRS)
def test_a_changed_command_is_found_out(recorded, commands):
    workflow = Workflow(asked(*recorded).events)
    for command in commands[:-1]:
        workflow.ask(command)
    with pytest.raises(NondeterminismError):
        workflow.ask(commands[-1])


def test_a_changed_order_is_found_out():
    workflow = Workflow(asked(CreateJoinSet(), CreateJoinSet("one")).events)
    with pytest.raises(NondeterminismError):
        workflow.ask(CreateJoinSet("one"))


def test_a_command_in_front_of_the_recorded_ones_is_found_out():
    workflow = Workflow(asked(CreateJoinSet("one")).events)
    with pytest.raises(NondeterminismError):
        workflow.ask(DrawU64(0, 1))


def test_the_message_names_the_version_the_key_and_the_event():
    workflow = Workflow(asked(CreateJoinSet(), Submit(SET, FIBO, [1])).events)
    workflow.ask(CreateJoinSet())
    with pytest.raises(NondeterminismError) as caught:
        workflow.ask(Submit(SET, FIBO, [{"a": 2}]))
    text = str(caught.value)
    assert "key does not match event stored at version 3" in text
    key, _, event = text.partition(", event: ")
    assert '"params":[{"a":2}]' in key and '"params":[1]' in event
    assert all('"type":"join_set_request"' in part and f'"target_ffqn":"{FIBO}"' in part for part in (key, event))


def test_a_mismatch_matches_nothing_and_has_no_effect():
    workflow = Workflow(asked(CreateJoinSet(), DrawU64(0, 1)).events)
    workflow.ask(CreateJoinSet())
    with pytest.raises(NondeterminismError):
        workflow.ask(DrawU64(0, 5))
    assert workflow.replay.is_replaying
    assert workflow.events == []


def test_history_that_is_left_over_is_found_out():
    workflow = Workflow(asked(CreateJoinSet(), DrawU64(0, 1)).events)
    workflow.ask(CreateJoinSet())
    with pytest.raises(NondeterminismError, match=r'stored at version 3: event: \{.*"type":"persist"'):
        workflow.finish()


def test_a_workflow_that_asks_for_nothing_any_more_is_found_out():
    workflow = Workflow(asked(CreateJoinSet()).events)
    with pytest.raises(NondeterminismError, match="found unprocessed request stored at version 2"):
        workflow.finish()


def test_an_end_before_a_recorded_wait_is_found_out():
    workflow = Workflow(asked(CreateJoinSet(), Submit(SET, FIBO, []), JoinNextResponse(SET)).events)
    workflow.ask(CreateJoinSet())
    workflow.ask(Submit(SET, FIBO, []))
    with pytest.raises(NondeterminismError, match='"closing":true'):
        workflow.finish()


def test_what_the_engine_decided_is_not_compared():
    recorded = asked(Sleep(SOON))
    workflow = Workflow(recorded.events)
    workflow.replay.run_expires_at = LOCK + timedelta(hours=1)
    assert workflow.ask(Sleep(SOON), START + timedelta(hours=1)) is None
    assert workflow.events == []


def test_a_command_may_be_recorded_in_part():
    recorded = asked(Call(FIBO, [1]))
    for count in range(4):
        workflow = Workflow(recorded.events[:count])
        workflow.ask(Call(FIBO, [1]))
        assert workflow.events == recorded.events[count:]
        assert len(workflow.executions) == (count < 2)
