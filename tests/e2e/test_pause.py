"""Executions and delays are paused and go on, by commands and by calls."""

from __future__ import annotations

import json

import pytest

from obelisk.api.pb import obelisk_pb2 as pb
from tests.e2e.conftest import MakeWorld
from tests.e2e.control import CANCELLED, FOREVER, Control, assert_rejected, controlled, said, waiting, waiting_in
from tests.e2e.rpc import FIBO_ACTIVITY, FOO, SPIN_FOREVER, child, delay_id
from tests.e2e.world import scripts, stubs
from tests.scripts import RUN, create, delay, last_id, next_, spin, text

pytestmark = pytest.mark.timeout(30)


# --- submitted paused -------------------------------------------------------------------------------------------------


def test_nothing_runs_an_execution_that_was_submitted_paused(control: Control) -> None:
    ended = control.run("submit", RUN, json.dumps([[text("x")]]), "--paused")
    assert ended.code == 0
    ident = ended.stdout.strip()
    assert control.run("get", ident).stdout.splitlines()[-1] == "paused"
    assert control.client.version(ident) == 1
    assert said(control.run("unpause", ident)) == (0, "Unpaused")
    assert control.client.result(ident).ok.value == [["ok", "x"]]


def test_scripts_are_told_that_it_is_paused(control: Control) -> None:
    line = control.run("submit", RUN, "[[]]", "--paused", "--json").last
    assert line["status"] == "paused"
    ended = control.run("unpause", line["execution_id"], "--json")
    assert ended.last == {"execution_id": line["execution_id"], "outcome": "unpaused"}


def test_an_activity_that_was_submitted_paused_runs_once_it_may(control: Control) -> None:
    ident = control.client.start(FIBO_ACTIVITY, [10], paused=True)
    assert control.client.version(ident) == 1
    control.client.call("UnpauseExecution", execution_id=ident)
    assert control.client.result(ident).ok.value == 55


# --- executions -------------------------------------------------------------------------------------------------------


def test_a_paused_workflow_takes_responses_and_does_not_go_on(control: Control) -> None:
    ident = control.blocked_script(*waiting())
    assert said(control.run("pause", ident)) == (0, "Paused")
    paused_at = control.client.version(ident)
    control.client.stub(child(ident, "g:1_1"), {"ok": "on"})
    assert control.run("responses", ident, "--json").last["cursor"] == 1
    assert control.client.version(ident) == paused_at
    assert said(control.run("unpause", ident)) == (0, "Unpaused")
    assert control.client.result(ident).ok.value[2] == ["ok", '"on"']


def test_pausing_twice_is_fine(control: Control) -> None:
    ident = control.blocked_script(*waiting())
    assert said(control.run("pause", ident)) == (0, "Paused")
    paused_at = control.client.version(ident)
    ended = control.run("pause", ident, "--json")
    assert (ended.code, ended.last) == (0, {"execution_id": ident, "outcome": "paused"})
    assert control.client.version(ident) == paused_at


def test_a_workflow_that_computes_is_paused(control: Control) -> None:
    ident = control.script(spin(FOREVER), cancellable=True)
    control.client.wait_for_status(ident, "locked")
    assert said(control.run("pause", ident)) == (0, "Paused")
    assert control.run("get", ident, "--json").last["status"] == "paused"
    control.client.call("CancelExecution", execution_id=ident)
    assert control.client.result(ident) == CANCELLED


def test_a_running_activity_is_not_paused(control: Control) -> None:
    ident = control.client.start(SPIN_FOREVER, [])
    control.client.wait_for_status(ident, "locked")
    assert_rejected(control.run("pause", ident), ident, "activity", "cancelled")
    control.client.call("CancelExecution", execution_id=ident)


def test_what_is_not_paused_cannot_be_unpaused(control: Control) -> None:
    ident = control.client.start(FOO, ["x"])
    assert_rejected(control.run("unpause", ident), ident, "not paused")


def test_a_finished_execution_is_neither_paused_nor_unpaused(control: Control) -> None:
    ident = control.script()
    control.client.result(ident)
    assert_rejected(control.run("pause", ident), ident, "finished")
    assert_rejected(control.run("unpause", ident), ident, "finished")


def test_a_paused_execution_is_still_paused_after_a_kill(make_world: MakeWorld) -> None:
    world = make_world(tables=scripts() + stubs())
    with controlled(world, world.start()) as before:
        ident = before.blocked_script(*waiting())
        before.client.call("PauseExecution", execution_id=ident)
        before.server.kill()
    with controlled(world, world.start()) as later:
        later.client.stub(child(ident, "g:1_1"), {"ok": "on"})
        assert later.run("get", ident, "--json").last["status"] == "paused"
        later.client.call("UnpauseExecution", execution_id=ident)
        assert later.client.result(ident).ok.value[2] == ["ok", '"on"']


# --- delays -----------------------------------------------------------------------------------------------------------


def test_a_paused_delay_does_not_end_and_ends_once_it_may(control: Control) -> None:
    ident = control.blocked_script(
        create(),
        delay(0, milliseconds=1500),
        delay(0, milliseconds=1501),
        next_(0),
        last_id(0),
        *waiting_in(1),
        next_(0),
    )
    target = delay_id(ident, "g:1_1")
    control.client.call("PauseDelay", delay_id=target)
    control.client.wait_for_join_set(ident, "g:2")
    responses = control.run("responses", ident, "--json").lines
    assert [line["response"]["delay_id"] for line in responses] == [delay_id(ident, "g:1_2")]
    assert said(control.run("unpause", target)) == (0, "Unpaused")
    control.client.stub(child(ident, "g:2_1"), {"ok": "on"})
    trace = control.client.result(ident).ok.value
    assert trace[4] == ["delay-id", delay_id(ident, "g:1_2")]
    assert trace[-1] == ["ok", ""]


def test_commands_pause_delays_too(control: Control) -> None:
    ident = control.blocked_script(create(), delay(0, hours=1), next_(0))
    target = delay_id(ident, "g:1_1")
    assert said(control.run("pause", target)) == (0, "Paused")
    assert control.run("pause", target, "--json").last == {"delay_id": target, "outcome": "paused"}
    assert control.run("unpause", target, "--json").last == {"delay_id": target, "outcome": "unpaused"}


def test_a_paused_delay_is_cancelled(control: Control) -> None:
    ident = control.blocked_script(create(), delay(0, hours=1), next_(0))
    target = delay_id(ident, "g:1_1")
    control.client.call("PauseDelay", delay_id=target)
    control.client.call("CancelDelay", delay_id=target)
    assert control.client.result(ident).ok.value[2] == ["err", ""]


def test_a_delay_that_ended_says_so(control: Control) -> None:
    ident = control.script(create(), delay(0, seconds=0), next_(0))
    control.client.result(ident)
    target = delay_id(ident, "g:1_1")
    assert said(control.run("pause", target)) == (0, "Already finished")
    assert control.run("unpause", target, "--json").last == {"delay_id": target, "outcome": "already_finished"}


# --- calls ------------------------------------------------------------------------------------------------------------


def test_calls_about_delays_answer_with_outcomes(control: Control) -> None:
    target = delay_id(control.blocked_script(create(), delay(0, hours=1), next_(0)), "g:1_1")
    call = control.client.call
    assert call("PauseDelay", delay_id=target).outcome == pb.PauseDelayResponse.PAUSE_DELAY_OUTCOME_PAUSED
    assert call("UnpauseDelay", delay_id=target).outcome == pb.UnpauseDelayResponse.UNPAUSE_DELAY_OUTCOME_UNPAUSED
    call("CancelDelay", delay_id=target)
    assert call("PauseDelay", delay_id=target).outcome == pb.PauseDelayResponse.PAUSE_DELAY_OUTCOME_ALREADY_FINISHED
    finished = pb.UnpauseDelayResponse.UNPAUSE_DELAY_OUTCOME_ALREADY_FINISHED
    assert call("UnpauseDelay", delay_id=target).outcome == finished


def test_what_cannot_be_paused_is_a_failed_precondition(control: Control) -> None:
    ident = control.client.start(FOO, ["x"])
    assert control.client.refusal("UnpauseExecution", execution_id=ident)[0] == "FAILED_PRECONDITION"
    control.client.call("CancelExecution", execution_id=ident)
    assert control.client.refusal("PauseExecution", execution_id=ident)[0] == "FAILED_PRECONDITION"


def test_pauses_and_unpauses_side_by_side_lose_nothing(control: Control) -> None:
    ident = control.blocked_script(*waiting())
    for _ in range(5):
        control.client.call_many("PauseExecution", [ident] * 4)
        control.client.call("UnpauseExecution", execution_id=ident)
    control.client.stub(child(ident, "g:1_1"), {"ok": "on"})
    assert control.client.result(ident).ok.value[2] == ["ok", '"on"']
