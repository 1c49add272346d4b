"""Executions and delays are cancelled, by commands and by calls."""

from __future__ import annotations

import pytest

from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.ids import ExecutionId
from tests.e2e.control import BLOCKED, CANCELLED, UNKNOWN, UNKNOWN_DELAY, Control, assert_rejected, said, waiting
from tests.e2e.rpc import FOO, SPIN_FOREVER, child, delay_id
from tests.scripts import RUN, create, delay, get_failure, next_, sleep, submit

pytestmark = pytest.mark.timeout(30)

REQUESTED = "Cancellation requested"
DELAYED = (create(), delay(0, hours=1), next_(0))


def awaiting_another() -> tuple[object, ...]:
    """A script that waits for a workflow which cannot be cancelled and waits for a stub."""
    return (create(), submit(0, RUN, list(waiting())), next_(0))


# --- executions -------------------------------------------------------------------------------------------------------


def test_a_cancelled_workflow_ends_with_all_that_it_has_open(control: Control) -> None:
    ident = control.blocked_script(
        create(), submit(0, FOO, "a"), submit(0, SPIN_FOREVER), delay(0, hours=1), next_(0), cancellable=True
    )
    assert said(control.run("cancel", ident)) == (0, REQUESTED)
    assert control.client.result(ident) == CANCELLED
    assert control.client.result(child(ident, "g:1_1")) == CANCELLED
    assert control.client.result(child(ident, "g:1_2")) == CANCELLED
    assert said(control.run("cancel", delay_id(ident, "g:1_1"))) == (0, "Already finished")


def test_scripts_get_the_id_and_the_outcome(control: Control) -> None:
    ident = control.blocked_script(*DELAYED, cancellable=True)
    ended = control.run("cancel", ident, "--json")
    assert (ended.code, ended.last) == (0, {"execution_id": ident, "outcome": "cancellation_requested"})


def test_the_result_of_a_cancelled_execution_is_a_failure(control: Control) -> None:
    ident = control.client.start(FOO, ["a"])
    assert said(control.run("cancel", ident)) == (0, REQUESTED)
    shown = control.run("get", ident)
    assert shown.code == 1
    assert "Failed, cancelled" in shown.stdout.splitlines()
    assert control.run("get", ident, "--json").last["result"]["execution_failure"]["kind"] == "cancelled"


def test_a_running_activity_is_cancelled(control: Control) -> None:
    ident = control.client.start(SPIN_FOREVER, [])
    control.client.wait_for_status(ident, "locked")
    assert said(control.run("cancel", ident)) == (0, REQUESTED)
    assert control.client.result(ident) == CANCELLED


def test_a_parent_is_told_that_its_child_was_cancelled(control: Control) -> None:
    ident = control.blocked_script(*waiting(), get_failure(1))
    assert said(control.run("cancel", child(ident, "g:1_1"))) == (0, REQUESTED)
    result = control.client.result(ident)
    assert result.ok.value[2:] == [["err", '"execution_failed"'], ["cancelled", ""]]


def test_a_paused_execution_is_cancelled(control: Control) -> None:
    ident = control.script(*DELAYED, cancellable=True, paused=True)
    assert said(control.run("cancel", ident)) == (0, REQUESTED)
    assert control.client.result(ident) == CANCELLED


def test_a_finished_execution_says_so(control: Control) -> None:
    ident = control.script()
    control.client.result(ident)
    assert said(control.run("cancel", ident)) == (0, "Already finished")
    assert control.run("cancel", ident, "--json").last == {"execution_id": ident, "outcome": "already_finished"}


def test_another_workflow_is_refused_and_goes_on(control: Control) -> None:
    ident = control.blocked_script(*waiting())
    version = control.client.version(ident)
    assert_rejected(control.run("cancel", ident), ident, RUN, "-cancellable")
    assert_rejected(control.run("cancel", ident, "--json"), ident, RUN, "-cancellable")
    assert control.client.version(ident) == version
    control.client.stub(child(ident, "g:1_1"), {"ok": "on"})
    assert control.client.result(ident).ok.value[2] == ["ok", '"on"']


def test_a_workflow_that_awaits_another_is_cancelled_once_that_has_ended(control: Control) -> None:
    ident = control.blocked_script(*awaiting_another(), cancellable=True)
    control.client.wait_for_status(child(ident, "g:1_1"), BLOCKED)
    assert said(control.run("cancel", ident)) == (0, REQUESTED)
    assert said(control.run("cancel", ident)) == (0, "Already cancelling")
    assert control.run("get", ident, "--json").last == {"execution_id": ident, "status": "cancelling"}
    control.client.stub(child(ident, "g:1_1.g:1_1"), {"ok": "on"})
    assert control.client.result(ident) == CANCELLED
    assert control.client.result(child(ident, "g:1_1")).ok.value[2] == ["ok", '"on"']


def test_the_commands_work_without_client(control: Control) -> None:
    ident = control.client.start(FOO, ["a"])
    ended = control.world.run("execution", "cancel", ident, "--api-url", control.server.url)
    assert said(ended) == (0, REQUESTED)


# --- delays -----------------------------------------------------------------------------------------------------------


def test_a_cancelled_delay_is_an_err(control: Control) -> None:
    ident = control.blocked_script(*DELAYED)
    assert said(control.run("cancel", delay_id(ident, "g:1_1"))) == (0, "Cancelled")
    assert control.client.result(ident).ok.value[2] == ["err", ""]


def test_scripts_get_the_id_of_the_delay(control: Control) -> None:
    target = delay_id(control.blocked_script(*DELAYED), "g:1_1")
    assert control.run("cancel", target, "--json").last == {"delay_id": target, "outcome": "cancelled"}
    assert control.run("cancel", target, "--json").last == {"delay_id": target, "outcome": "already_finished"}


def test_a_sleep_is_cancelled_by_the_id_in_its_log(control: Control) -> None:
    ident = control.blocked_script(sleep(days=1, name="nap"))
    request = control.run("events", ident, "--json").lines[3]["event"]["history_event"]["event"]["request"]
    assert said(control.run("cancel", request["delay_id"])) == (0, "Cancelled")
    assert control.client.result(ident).ok.value == [["err", ""]]


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("cancel", UNKNOWN), ("cancel", f"{UNKNOWN}.g:1_1"), ("cancel", UNKNOWN_DELAY),
        ("pause", UNKNOWN), ("pause", UNKNOWN_DELAY), ("unpause", UNKNOWN_DELAY),
    ],
)  # fmt: skip
def test_an_id_that_nothing_has_is_rejected(control: Control, command: str, target: str) -> None:
    assert_rejected(control.run(command, target), target, "not found")


def test_a_delay_that_its_workflow_did_not_ask_for_is_rejected(control: Control) -> None:
    target = delay_id(control.blocked_script(*DELAYED), "g:1_2")
    assert_rejected(control.run("cancel", target), target, "not found")


@pytest.mark.parametrize("command", ["cancel", "pause", "unpause"])
def test_a_text_that_is_no_id_is_told_what_ids_there_are(control: Control, command: str) -> None:
    assert_rejected(control.run(command, "order-5"), "`order-5`", "`E_`", "`Delay_`")


def test_an_id_of_a_delay_that_is_cut_off_is_rejected(control: Control) -> None:
    assert_rejected(control.run("cancel", UNKNOWN_DELAY.partition(".")[0]), "Delay_")


# --- calls ------------------------------------------------------------------------------------------------------------

CALLS = {
    "CancelExecution": "execution_id",
    "PauseExecution": "execution_id",
    "UnpauseExecution": "execution_id",
    "ReplayExecution": "execution_id",
    "ListExecutionEventsAndResponses": "execution_id",
    "CancelDelay": "delay_id",
    "PauseDelay": "delay_id",
    "UnpauseDelay": "delay_id",
}


@pytest.mark.parametrize(("name", "field"), CALLS.items())
def test_a_call_without_an_id_names_the_argument(control: Control, name: str, field: str) -> None:
    assert control.client.refusal(name) == ("INVALID_ARGUMENT", f"argument `{field}` must exist")


@pytest.mark.parametrize(("name", "field"), CALLS.items())
def test_a_call_with_the_id_of_something_else_names_the_prefix(control: Control, name: str, field: str) -> None:
    other, prefix = (UNKNOWN, "Delay_") if field == "delay_id" else (UNKNOWN_DELAY, "E_")
    code, text = control.client.refusal(name, **{field: other})
    assert code == "INVALID_ARGUMENT"
    assert f"`{other}`" in text
    assert f"`{prefix}`" in text


@pytest.mark.parametrize(("name", "field"), CALLS.items())
def test_a_call_about_nothing_is_not_found(control: Control, name: str, field: str) -> None:
    ident = UNKNOWN_DELAY if field == "delay_id" else UNKNOWN
    code, text = control.client.refusal(name, **{field: ident})
    assert code == "NOT_FOUND"
    assert ident in text


def test_a_delay_is_cancelled_once(control: Control) -> None:
    target = delay_id(control.blocked_script(*DELAYED), "g:1_1")
    outcomes = [control.client.call("CancelDelay", delay_id=target).outcome for _ in range(2)]
    assert outcomes == [
        pb.CancelDelayResponse.CANCEL_DELAY_OUTCOME_CANCELLED,
        pb.CancelDelayResponse.CANCEL_DELAY_OUTCOME_ALREADY_FINISHED,
    ]


def test_a_workflow_that_cannot_be_cancelled_is_a_failed_precondition(control: Control) -> None:
    ident = control.blocked_script(*DELAYED)
    code, text = control.client.refusal("CancelExecution", execution_id=ident)
    assert code == "FAILED_PRECONDITION"
    assert "-cancellable" in text


def test_many_calls_at_once_cancel_once(control: Control) -> None:
    ident = control.blocked_script(*awaiting_another(), cancellable=True)
    outcomes = control.client.call_many("CancelExecution", [ExecutionId(ident)] * 20)
    assert sorted(answer.outcome for answer in outcomes) == [
        pb.CancelExecutionResponse.CANCEL_EXECUTION_OUTCOME_CANCELLATION_REQUESTED,
        *[pb.CancelExecutionResponse.CANCEL_EXECUTION_OUTCOME_ALREADY_CANCELLING] * 19,
    ]
