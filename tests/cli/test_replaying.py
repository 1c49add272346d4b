"""``replay`` and ``upgrade`` against a real server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from obelisk.core.events import FailureKind, Finished, JoinNext, JoinSetCreate, LogEvent, encode_event, failed
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.interfaces.executions import CapturedWrite, ReplayOutcome, ReplayReport
from tests.api.calls import ID
from tests.api.fakes import (
    ANSWER,
    DIGEST,
    NOW,
    OLD_COMPONENT,
    OLD_DIGEST,
    STUB,
    STUB_COMPONENT,
    Upgrade,
    created,
)
from tests.api.served import Served
from tests.cli.commands import UNREACHABLE, lines

CHILD = ExecutionId(f"{ID}.g:1_1")
DELAY = DelayId(f"Delay_{ID[2:]}.g:1_1")
CREATE, WAIT, END = JoinSetCreate(JoinSetId("g:1")), JoinNext(JoinSetId("g:1"), NOW), Finished(ANSWER)
REPORT = "nondeterminism at version 3\n  the log holds:  x\n  the call was:   y"
AT = "2026-11-23T12:00:00.123456Z"


def write(*events: Any, version: int) -> CapturedWrite:
    """Return a write of events from a version on."""
    return CapturedWrite(version, tuple(LogEvent(version + index, NOW, event) for index, event in enumerate(events)))


def line(version: int, event: Any, *, at: str | None = AT) -> dict[str, Any]:
    """Return the JSON of an event that would be written."""
    return {"version": version, "created_at": at, "event": json.loads(encode_event(event))}


@pytest.fixture
def replay(run: Any, server: Served) -> Any:
    """Let the server's replay of an execution report something, and run the command."""
    server.run(server.engine.append(ID, created([10, 5])))

    def invoke(report: ReplayReport, *arguments: str) -> Any:
        server.engine.report = report
        return run("replay", ID, *arguments)

    return invoke


ADVANCEABLE = ReplayReport(ReplayOutcome.ADVANCEABLE, writes=(write(CREATE, WAIT, version=4), write(END, version=6)))
FAILED = ReplayReport(ReplayOutcome.FAILED, error=REPORT, writes=(write(CREATE, version=2),))


# --- replay -----------------------------------------------------------------------------------------------------------


def test_people_see_how_far_a_replay_came_and_what_would_be_next(replay: Any) -> None:
    result = replay(ADVANCEABLE)
    first, *rest = result.stdout.splitlines()
    assert (result.exit_code, "up to version 3" in first) == (0, True)
    assert rest == [
        f"4  2026-11-23 12:00:00Z  {encode_event(CREATE).decode()}",
        f"5  2026-11-23 12:00:00Z  {encode_event(WAIT).decode()}",
        f"6  {encode_event(END).decode()}",
    ]


def test_scripts_get_what_would_be_next_in_one_object(replay: Any) -> None:
    result = replay(ADVANCEABLE, "--json")
    events = [line(4, CREATE), line(5, WAIT), line(6, END, at=None)]
    assert lines(result) == [{"execution_id": ID, "outcome": "advanceable", "events": events}]
    assert result.exit_code == 0


def test_a_replay_that_ended_shows_the_result(replay: Any) -> None:
    report = ReplayReport(ReplayOutcome.FINISHED, ANSWER)
    shown = replay(report)
    assert (shown.exit_code, shown.stdout.splitlines()[1:]) == (0, ["Finished ok", "55"])
    assert lines(replay(report, "--json")) == [
        {"execution_id": ID, "outcome": "finished", "result": {"ok": 55}, "events": []}
    ]


def test_a_replay_that_ends_in_a_failure_as_its_log_says_is_fine(replay: Any) -> None:
    result = replay(ReplayReport(ReplayOutcome.FINISHED, failed(FailureKind.UNCATEGORIZED, "trap")), "--json")
    assert (result.exit_code, lines(result)[0]["outcome"]) == (0, "finished")


def test_a_replay_that_waits_is_fine(replay: Any) -> None:
    report = ReplayReport(ReplayOutcome.BLOCKED)
    shown = replay(report)
    assert (shown.exit_code, shown.stdout.startswith("Blocked")) == (0, True)
    assert lines(replay(report, "--json")) == [{"execution_id": ID, "outcome": "blocked", "events": []}]


def test_a_failed_replay_shows_the_whole_report_and_ends_with_1(replay: Any) -> None:
    result = replay(FAILED)
    assert result.exit_code == 1
    assert REPORT in result.stdout
    assert result.stdout.splitlines()[-1].startswith("2  ")


def test_scripts_get_the_report_of_a_failed_replay(replay: Any) -> None:
    result = replay(FAILED, "--json")
    assert lines(result) == [{"execution_id": ID, "outcome": "failed", "error": REPORT, "events": [line(2, CREATE)]}]
    assert result.exit_code == 1


def test_only_workflows_are_replayed(run: Any, server: Served) -> None:
    server.run(server.engine.append(CHILD, created(["x"], ffqn=STUB, component=STUB_COMPONENT)))
    result = run("replay", CHILD)
    assert (result.exit_code, result.stdout, CHILD in result.stderr) == (2, "", True)


# --- upgrade ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def old(server: Served) -> ExecutionId:
    """An execution whose log fits a component that was deployed before."""
    server.run(server.engine.append(ID, created([10, 5], component=OLD_COMPONENT)))
    return ID


@pytest.mark.parametrize(("flags", "skip"), [((), False), (("--skip-determinism-check",), True)])
def test_an_execution_is_upgraded_to_what_exports_its_function_now(
    run: Any, server: Served, old: ExecutionId, flags: tuple[str, ...], skip: bool
) -> None:
    result = run("upgrade", old, *flags)
    assert (result.exit_code, result.stdout) == (0, f"Upgrading from {OLD_DIGEST} to {DIGEST}\nUpgraded\n")
    assert server.engine.upgrades == [Upgrade(old, OLD_DIGEST, DIGEST, skip)]


def test_scripts_are_told_of_an_upgrade(run: Any, old: ExecutionId) -> None:
    assert lines(run("upgrade", old, "--json")) == [{"execution_id": old, "outcome": "upgraded"}]


def test_an_execution_that_is_up_to_date_stays_as_it_is(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    result = run("upgrade", ID)
    assert (result.exit_code, result.stdout) == (0, f"Already up to date ({DIGEST})\n")
    assert lines(run("upgrade", ID, "--json")) == [{"execution_id": ID, "outcome": "already_up_to_date"}]
    assert server.engine.upgrades == []


def test_a_function_that_no_component_exports_is_rejected(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created(["x"], ffqn=STUB, component=OLD_COMPONENT)))
    result = run("upgrade", ID)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"`{STUB}`" in result.stderr


def test_an_upgrade_whose_replay_fails_is_rejected_with_the_report(run: Any, server: Served, old: ExecutionId) -> None:
    server.engine.report = FAILED
    result = run("upgrade", old, "--json")
    assert (result.exit_code, result.stdout, server.engine.upgrades) == (2, "", [])
    assert REPORT in result.stderr


# --- what both reject -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["replay", "upgrade"])
@pytest.mark.parametrize("target", ["", "x", DELAY, f"{ID}.g:1"])
def test_an_id_that_is_none_is_rejected_before_any_call(run: Any, command: str, target: str) -> None:
    result = run(command, target, url=UNREACHABLE)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("command", ["replay", "upgrade"])
@pytest.mark.parametrize("target", [ID, CHILD])
def test_an_unknown_execution_is_rejected(run: Any, command: str, target: str) -> None:
    result = run(command, target, "--json")
    assert (result.exit_code, result.stdout, target in result.stderr) == (2, "", True)


@pytest.mark.parametrize("command", ["replay", "upgrade"])
def test_an_unreachable_server_is_exit_code_3(run: Any, command: str) -> None:
    assert run(command, ID, url=UNREACHABLE).exit_code == 3
