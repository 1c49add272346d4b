"""``cancel``, ``pause``, ``unpause`` and ``stub`` against a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from obelisk.core.events import ExecutionResult, Finished, TypedValue
from obelisk.core.state import Lifecycle
from obelisk.errors import StorageError
from obelisk.ids import DelayId, ExecutionId
from tests.api.calls import ID
from tests.api.fakes import CANCELLABLE, FIBOA, STUB, STUB_COMPONENT, DelayState, created
from tests.api.served import Served
from tests.cli.commands import UNREACHABLE, lines

CHILD = ExecutionId(f"{ID}.g:1_1")
DELAY = DelayId(f"Delay_{ID[2:]}.g:1_1")
COMMANDS = ["cancel", "pause", "unpause"]


@pytest.fixture
def stub(server: Served) -> ExecutionId:
    """A stub execution that waits for its result."""
    server.run(server.engine.append(CHILD, created(["x"], ffqn=STUB, component=STUB_COMPONENT)))
    return CHILD


def start(server: Served, execution_id: ExecutionId = ID, **about: Any) -> None:
    """Create an execution."""
    server.run(server.engine.append(execution_id, created([10, 5], **about)))


# --- cancel -----------------------------------------------------------------------------------------------------------


def test_each_stage_of_a_cancellation_is_told(run: Any, server: Served) -> None:
    start(server, ffqn=CANCELLABLE)
    shown = [run("cancel", ID) for _ in range(2)]
    server.run(server.engine.finish(ID))
    shown.append(run("cancel", ID))
    assert [result.stdout for result in shown] == [
        "Cancellation requested\n",
        "Already cancelling\n",
        "Already finished\n",
    ]
    assert {result.exit_code for result in shown} == {0}


def test_each_stage_of_a_cancellation_is_told_to_scripts(run: Any, server: Served) -> None:
    start(server, CHILD, ffqn=CANCELLABLE)
    shown = [lines(run("cancel", CHILD, "--json")) for _ in range(2)]
    server.run(server.engine.finish(CHILD))
    shown.append(lines(run("cancel", CHILD, "--json")))
    outcomes = ["cancellation_requested", "already_cancelling", "already_finished"]
    assert shown == [[{"execution_id": CHILD, "outcome": outcome}] for outcome in outcomes]


def test_a_workflow_that_cannot_be_cancelled_is_rejected_with_the_reason(run: Any, server: Served) -> None:
    start(server)
    result = run("cancel", ID)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"`{FIBOA}`" in result.stderr
    assert "`-cancellable`" in result.stderr


# --- pause and unpause ------------------------------------------------------------------------------------------------


def test_an_execution_is_paused_and_goes_on(run: Any, server: Served) -> None:
    start(server)
    paused = run("pause", ID)
    assert (paused.exit_code, paused.stdout) == (0, "Paused\n")
    assert server.engine.states[ID].lifecycle is Lifecycle.PAUSED
    unpaused = run("unpause", ID)
    assert (unpaused.exit_code, unpaused.stdout) == (0, "Unpaused\n")
    assert server.engine.states[ID].lifecycle is Lifecycle.ACTIVE


def test_scripts_are_told_what_was_paused(run: Any, server: Served) -> None:
    start(server)
    assert lines(run("pause", ID, "--json")) == [{"execution_id": ID, "outcome": "paused"}]
    assert lines(run("unpause", ID, "--json")) == [{"execution_id": ID, "outcome": "unpaused"}]


@pytest.mark.parametrize("command", ["pause", "unpause"])
def test_a_finished_execution_is_neither_paused_nor_unpaused(run: Any, server: Served, command: str) -> None:
    start(server)
    server.run(server.engine.finish(ID))
    result = run(command, ID)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


# --- delays -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "before", "text", "outcome", "after"),
    [
        ("cancel", DelayState.OPEN, "Cancelled", "cancelled", DelayState.FINISHED),
        ("pause", DelayState.OPEN, "Paused", "paused", DelayState.PAUSED),
        ("unpause", DelayState.PAUSED, "Unpaused", "unpaused", DelayState.OPEN),
        *((command, DelayState.FINISHED, "Already finished", "already_finished", None) for command in COMMANDS),
    ],
)
def test_an_id_of_a_delay_is_taken_as_one(
    run: Any, server: Served, command: str, before: DelayState, text: str, outcome: str, after: DelayState | None
) -> None:
    server.engine.delays[DELAY] = before
    shown = run(command, DELAY)
    assert (shown.exit_code, shown.stdout) == (0, f"{text}\n")
    assert server.engine.delays[DELAY] is (after or before)
    server.engine.delays[DELAY] = before
    assert lines(run(command, DELAY, "--json")) == [{"delay_id": DELAY, "outcome": outcome}]


# --- what all of them reject ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("target", [ID, CHILD, DELAY])
def test_what_is_not_there_is_rejected(run: Any, command: str, target: str) -> None:
    result = run(command, target, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert target in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("target", ["", "x", "E_", "Delay_", f"Delay_{ID[2:]}", f"{ID}.g:1", f"{DELAY}.x"])
def test_an_id_that_is_none_is_rejected_before_any_call(run: Any, command: str, target: str) -> None:
    result = run(command, target, url=UNREACHABLE)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("target", [ID, DELAY])
def test_an_unreachable_server_is_exit_code_3(run: Any, command: str, target: str) -> None:
    assert run(command, target, url=UNREACHABLE).exit_code == 3


def test_an_error_of_the_server_is_exit_code_1(run: Any, server: Served) -> None:
    server.engine.failure = StorageError("the disk is full")
    assert run("cancel", ID).exit_code == 1


# --- stub -------------------------------------------------------------------------------------------------------------


def test_a_stub_gets_its_result(run: Any, server: Served, stub: ExecutionId) -> None:
    result = run("stub", stub, '{"ok": "x"}')
    assert (result.exit_code, result.stdout) == (0, "Stubbed\n")
    assert server.engine.logs_of[stub][-1].event == Finished(ExecutionResult(ok=TypedValue("string", "x")))


def test_the_same_result_again_is_ok_and_another_is_rejected(run: Any, stub: ExecutionId) -> None:
    again = [run("stub", stub, '{"ok": "x"}', "--json") for _ in range(2)]
    assert [lines(result) for result in again] == [[{"execution_id": stub, "outcome": "stubbed"}]] * 2
    other = run("stub", stub, '{"ok": "y"}')
    assert (other.exit_code, stub in other.stderr) == (2, True)


def test_the_result_of_a_stub_is_read_from_a_file(run: Any, server: Served, stub: ExecutionId, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text('{"ok":\n"x"}\n')
    assert run("stub", stub, f"@{tmp_path / 'result.json'}").exit_code == 0
    assert server.engine.states[stub].is_finished


def test_the_result_of_a_stub_is_read_from_standard_input(run: Any, server: Served, stub: ExecutionId) -> None:
    assert run("stub", stub, "-", stdin='{"ok": "x"}').exit_code == 0
    assert server.engine.states[stub].is_finished


def test_a_negative_number_is_a_value_and_no_option(run: Any, stub: ExecutionId) -> None:
    result = run("stub", stub, "-5")
    assert (result.exit_code, "expected a result" in result.stderr) == (2, True)


@pytest.mark.parametrize("value", ["", "{", "1 2", "nope", "@no/such/file", "-", "--jsn"])
def test_a_result_that_is_not_json_is_rejected_before_any_call(run: Any, value: str) -> None:
    result = run("stub", CHILD, value, url=UNREACHABLE, stdin=b"\xff")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "the return value" in result.stderr


@pytest.mark.parametrize("target", ["x", DELAY])
def test_only_an_execution_is_stubbed(run: Any, target: str) -> None:
    assert run("stub", target, "1", url=UNREACHABLE).exit_code == 2


def test_an_execution_that_is_no_stub_is_rejected(run: Any, server: Served) -> None:
    start(server)
    result = run("stub", ID, '{"ok": "x"}')
    assert (result.exit_code, ID in result.stderr) == (2, True)


def test_an_unknown_stub_is_rejected(run: Any) -> None:
    assert run("stub", CHILD, '{"ok": "x"}').exit_code == 2
