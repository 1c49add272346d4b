"""Logs are replayed against the component of the server, and nothing is written."""

from __future__ import annotations

import pytest

from obelisk.ids import ExecutionId
from tests.e2e.control import CANCELLED, UNKNOWN, Control, assert_rejected, waiting
from tests.e2e.rpc import FIBO_ACTIVITY, FOO, child
from tests.scripts import close, create, delay, fail, next_, random, submit, text, trap

pytestmark = pytest.mark.timeout(30)

BLOCKED = "Blocked: it waits as its log says, and nothing would be written"
FINISHED = "Finished: it ended as its log says"


def replayed(control: Control, ident: ExecutionId) -> str:
    """Replay an execution; return what people are told once that is the same as what scripts are, and nothing written."""
    version = control.client.version(ident)
    shown, line = control.run("replay", ident), control.run("replay", ident, "--json").last
    assert (shown.code, shown.stderr) == (0, "")
    assert line["execution_id"] == ident
    assert shown.stdout.lower().startswith(line["outcome"])
    assert control.client.version(ident) == version
    return shown.stdout


# --- outcomes ---------------------------------------------------------------------------------------------------------


def test_an_execution_that_waits_is_blocked(control: Control) -> None:
    ident = control.blocked_script(random(0, 9), *waiting())
    assert replayed(control, ident) == BLOCKED + "\n"
    assert control.run("replay", ident, "--json").last["events"] == []


def test_an_execution_that_waits_still_goes_on_after_a_replay(control: Control) -> None:
    ident = control.blocked_script(*waiting())
    replayed(control, ident)
    control.client.stub(child(ident, "g:1_1"), {"ok": "on"})
    assert control.client.result(ident).ok.value[2] == ["ok", '"on"']


def test_a_finished_execution_ended_as_its_log_says(control: Control) -> None:
    ident = control.script(create(), submit(0, FIBO_ACTIVITY, 10), delay(0, seconds=0), next_(0), close(0), text("x"))
    control.client.result(ident)
    assert replayed(control, ident).splitlines()[0] == FINISHED
    line = control.run("replay", ident, "--json").last
    assert line["result"]["ok"][-1] == ["ok", "x"]
    assert line["events"] == []


def test_an_execution_that_returned_an_err_ended_as_its_log_says(control: Control) -> None:
    ident = control.script(create(), fail("no"))
    control.client.result(ident)
    assert replayed(control, ident).splitlines() == [FINISHED, "Returned an error", '"no"']


def test_an_execution_that_trapped_ended_as_its_log_says(control: Control) -> None:
    ident = control.script(create(), submit(0, FOO, "a"), trap())
    control.client.result(ident)
    assert replayed(control, ident).splitlines()[0] == FINISHED


def test_a_paused_execution_would_go_on(control: Control) -> None:
    ident = control.script(create(), delay(0, hours=1), next_(0), paused=True)
    shown = replayed(control, ident)
    assert shown.splitlines()[0].startswith("Advanceable: it did as its log says up to version 1;")
    line = control.run("replay", ident, "--json").last
    assert [event["version"] for event in line["events"]] == [2, 3, 4]
    kinds = [event["event"]["history_event"]["event"]["type"] for event in line["events"]]
    assert kinds == ["join_set_create", "join_set_request", "join_next"]


def test_what_would_be_the_end_is_shown(control: Control) -> None:
    ident = control.script(text("x"), paused=True)
    replayed(control, ident)
    (event,) = control.run("replay", ident, "--json").last["events"]
    assert event["event"]["finished"]["retval"]["ok"]["value"] == [["ok", "x"]]


@pytest.mark.parametrize("responded", [False, True], ids=["open", "answered"])
def test_a_cancelled_workflow_ended_as_its_log_says(control: Control, responded: bool) -> None:
    ident = control.blocked_script(
        create(), submit(0, FOO, "a"), submit(0, FOO, "b"), next_(0), next_(0), cancellable=True
    )
    if responded:
        control.client.stub(child(ident, "g:1_1"), {"ok": "on"})
    control.client.call("CancelExecution", execution_id=ident)
    assert control.client.result(ident) == CANCELLED
    assert replayed(control, ident).splitlines()[:2] == [FINISHED, "Failed, cancelled"]


# --- what cannot be replayed ------------------------------------------------------------------------------------------


def test_an_activity_is_not_replayed(control: Control) -> None:
    ident = control.client.start(FIBO_ACTIVITY, [10])
    assert_rejected(control.run("replay", ident), ident, FIBO_ACTIVITY, "no workflow")
    assert control.client.refusal("ReplayExecution", execution_id=ident)[0] == "FAILED_PRECONDITION"


@pytest.mark.parametrize("target", [UNKNOWN, f"{UNKNOWN}.g:1_1"])
def test_an_unknown_execution_is_not_replayed(control: Control, target: str) -> None:
    assert_rejected(control.run("replay", target), target, "not found")


def test_a_text_that_is_no_id_is_rejected(control: Control) -> None:
    assert_rejected(control.run("replay", "order-5"), "order-5", "`E_`")
