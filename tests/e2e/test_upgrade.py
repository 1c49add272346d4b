"""A server that starts again with other components, and the executions that waited for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from obelisk.api import pool
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.ids import ExecutionId
from tests import scripts as ops
from tests.e2e.conftest import MakeWorld
from tests.e2e.control import CANCELLED, Control, assert_rejected, controlled, said, waiting
from tests.e2e.rpc import ASK, FIBOA, child
from tests.e2e.world import GUESTS, World, fibo, scripts, stubs

pytestmark = pytest.mark.timeout(60)

DRAW = "(drop (call $random-u64 (i64.const 0) (i64.const 9)))"
"""What a build that does not fit does first."""

NOWHERE = "sha256:" + "0" * 64


def build(directory: Path, first: str) -> Path:
    """Write a build of the scripted workflow that does something before its script; return its file."""
    path = directory / "other.wat"
    path.write_text((GUESTS / "scripted.wat").read_text().replace(ops.LOG_MARKER, first))
    return path


def restart(world: World, tables: str) -> Any:
    """Start a server in the same place with other components."""
    world.config.write_text(tables)
    return controlled(world, world.start())


def digests(control: Control, ident: ExecutionId) -> tuple[str, str]:
    """Return the component of an execution, and the one that exports its function now."""
    status = next(iter(control.client.statuses(ident)))
    listed = control.world.client(control.server, "component", "list", "--json").lines
    (current,) = [line["digest"] for line in listed if line["name"] == "scripted"]
    return status.summary.component_digest.digest, current


def upgrade_event(control: Control, ident: ExecutionId) -> Any:
    """Return what the newest upgrade of an execution says."""
    events = [line["event"] for line in control.run("events", ident, "--json").lines]
    return [event for event in events if "component_upgrade_finished" in event][-1]["component_upgrade_finished"]


# --- a build that fits ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Logging(Control):
    """A server whose scripted workflow only logs more than the one with which all this began."""

    waits: tuple[ExecutionId, ...]
    paused: ExecutionId
    done: ExecutionId


@pytest.fixture(scope="module")
def logging(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Logging]:
    world = World(tmp_path_factory.mktemp("logging"), cache, scripts() + stubs())
    try:
        with controlled(world, world.start()) as before:
            waits = tuple(before.blocked_script(*waiting()) for _ in range(3))
            done, paused = before.script(), before.script(*waiting(), paused=True)
            before.client.result(done)
            assert said(before.run("upgrade", waits[0])) == (0, f"Already up to date ({digests(before, done)[0]})")
            before.server.kill()
        with restart(world, scripts(path=build(world.directory, ops.LOG_CALL)) + stubs()) as after:
            yield Logging(world, after.server, after.client, waits=waits, paused=paused, done=done)
    finally:
        world.close()


def go_on(control: Control, ident: ExecutionId) -> None:
    """Answer an execution that waits; it goes on and ends."""
    control.client.stub(child(ident, "g:1_1"), {"ok": "on"})
    assert control.client.result(ident).ok.value[2] == ["ok", '"on"']


def test_a_build_that_only_logs_more_goes_on_by_itself(logging: Logging) -> None:
    ident = logging.waits[0]
    assert logging.run("replay", ident).stdout.startswith("Blocked")
    go_on(logging, ident)
    event = upgrade_event(logging, ident)
    assert event["component_digest"] == digests(logging, ident)[1]
    assert event["outcome"] == {"success": {"reason": "auto"}}
    assert "WARNING" not in logging.server.log


def test_a_waiting_execution_is_upgraded_by_command(logging: Logging) -> None:
    ident = logging.waits[1]
    present, current = digests(logging, ident)
    assert said(logging.run("upgrade", ident)) == (0, f"Upgrading from {present} to {current}\nUpgraded")
    assert said(logging.run("upgrade", ident)) == (0, f"Already up to date ({current})")
    assert upgrade_event(logging, ident)["outcome"] == {"success": {"reason": {"manual": {"force": False}}}}
    go_on(logging, ident)


def test_a_paused_execution_is_upgraded_by_scripts(logging: Logging) -> None:
    ident = logging.paused
    assert logging.run("upgrade", ident, "--json").last == {"execution_id": ident, "outcome": "upgraded"}
    assert logging.run("upgrade", ident, "--json").last["outcome"] == "already_up_to_date"
    logging.client.call("UnpauseExecution", execution_id=ident)
    logging.client.wait_for_join_set(ident, "g:1")
    go_on(logging, ident)


def test_a_finished_execution_is_not_upgraded(logging: Logging) -> None:
    ended = logging.run("upgrade", logging.done)
    assert (ended.code, "finished" in ended.stderr) == (2, True)


def test_nothing_happens_twice_when_upgrades_are_asked_for_side_by_side(logging: Logging) -> None:
    ident = logging.waits[2]
    present, current = digests(logging, ident)
    outcomes = logging.client.upgrade_many(ident, present, current, count=8)
    assert outcomes.count(None) == 1
    assert {each for each in outcomes if each is not None} == {"FAILED_PRECONDITION"}
    go_on(logging, ident)


# --- a build that does not fit, and components that are gone -----------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Changed(Control):
    """A server whose scripted workflow does not fit what waits, and which lacks the stub ``ASK`` and the fibo workflows."""

    waits: tuple[ExecutionId, ...]
    refused: ExecutionId
    cancellable: ExecutionId
    done: ExecutionId
    asked: ExecutionId
    fibo: ExecutionId


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Changed]:
    world = World(tmp_path_factory.mktemp("changed"), cache, scripts() + stubs() + fibo())
    try:
        with controlled(world, world.start()) as before:
            waits = tuple(before.blocked_script(*waiting()) for _ in range(3))
            refused, done = before.blocked_script(*waiting()), before.blocked_script(*waiting())
            cancellable = before.blocked_script(*waiting(), cancellable=True)
            before.client.stub(child(done, "g:1_1"), {"ok": "on"})
            before.client.result(done)
            asked, fibos = before.client.start(ASK, [5]), before.client.start(FIBOA, [10, 1], paused=True)
            assert before.server.stop() == 0
        foo = stubs().split("[[activity_stub]]")[1]
        tables = scripts(path=build(world.directory, DRAW)) + "[[activity_stub]]" + foo
        with restart(world, tables) as after:
            after.client.stub(child(refused, "g:1_1"), {"ok": "on"})
            after.client.stub(child(cancellable, "g:1_1"), {"ok": "on"})
            after.server.wait_for_log(f"`{refused}` cannot go on")
            after.server.wait_for_log(f"`{cancellable}` cannot go on")
            after.client.call("UnpauseExecution", execution_id=fibos)
            yield Changed(
                world, after.server, after.client,
                waits=waits, refused=refused, cancellable=cancellable, done=done, asked=asked, fibo=fibos,
            )  # fmt: skip
    finally:
        world.close()


def test_a_replay_says_where_another_build_differs(changed: Changed) -> None:
    version = changed.client.version(changed.waits[0])
    ended = changed.run("replay", changed.waits[0])
    assert ended.code == 1
    assert ended.stdout.startswith("Failed: ")
    for part in ("version       2", "create the join set `g:1`", "actual call   draw", "hint"):
        assert part in ended.stdout
    line = changed.run("replay", changed.waits[0], "--json")
    assert (line.code, line.last["outcome"], line.last["events"]) == (1, "failed", [])
    assert line.last["error"] in ended.stdout
    assert changed.client.version(changed.waits[0]) == version


def test_a_replay_of_what_ended_before_says_so_too(changed: Changed) -> None:
    ended = changed.run("replay", changed.done)
    assert (ended.code, "actual call" in ended.stdout) == (1, True)


def test_an_execution_that_does_not_fit_stays_pending_with_the_reason(changed: Changed) -> None:
    reason = f"incompatible with the current component {digests(changed, changed.refused)[1]}"
    shown = changed.run("get", changed.refused)
    assert (shown.code, shown.stdout.splitlines()[1:]) == (0, ["pending", f"Cannot run: {reason}"])
    line = changed.run("get", changed.refused, "--json").last
    assert (line["status"], line["reason"]) == ("pending", reason)
    listed = changed.run("list", "-e", changed.refused).stdout.splitlines()
    assert listed[0].split()[-1] == "REASON"
    assert listed[1].endswith(reason)
    (line,) = changed.run("list", "-e", changed.refused, "--json").lines
    assert (line["status"], line["reason"]) == ("pending", reason)


def test_the_log_says_why_it_does_not_fit(changed: Changed) -> None:
    outcome = upgrade_event(changed, changed.refused)["outcome"]
    assert "actual call" in outcome["failed"]["reason"]


def test_it_is_tried_once(changed: Changed) -> None:
    assert changed.server.log.count(f"`{changed.refused}` cannot go on") == 1


def test_an_upgrade_that_does_not_fit_is_rejected_with_the_report(changed: Changed) -> None:
    ident = changed.waits[0]
    version = changed.client.version(ident)
    for options in ((), ("--json",)):
        ended = changed.run("upgrade", ident, *options)
        assert ended.code == 2
        assert ident in ended.stderr
        assert "actual call" in ended.stderr
    assert changed.client.version(ident) == version


def test_an_upgrade_without_the_check_fails_where_it_differs(changed: Changed) -> None:
    ident = changed.waits[1]
    ended = changed.run("upgrade", ident, "--skip-determinism-check", "--json")
    assert (ended.code, ended.last["outcome"]) == (0, "upgraded")
    changed.client.stub(child(ident, "g:1_1"), {"ok": "on"})
    failure = changed.client.result(ident).execution_failure
    assert failure.kind.value == "nondeterminism_detected"
    assert "actual call" in failure.detail


def test_an_execution_that_does_not_fit_is_cancelled(changed: Changed) -> None:
    assert said(changed.run("cancel", changed.cancellable)) == (0, "Cancellation requested")
    assert changed.client.result(changed.cancellable) == CANCELLED


@pytest.mark.parametrize(
    ("expected", "new"),
    [
        pytest.param(NOWHERE, "current", id="another component now"),
        pytest.param("present", NOWHERE, id="a component that is not there"),
        pytest.param("current", "current", id="already the new one"),
        pytest.param("present", "present", id="the old one"),
        pytest.param("order-5", "", id="no digests"),
    ],
)
def test_an_upgrade_with_wrong_digests_is_refused(changed: Changed, expected: str, new: str) -> None:
    ident = changed.waits[2]
    present, current = digests(changed, ident)
    known = {"present": present, "current": current}
    code, text = changed.client.refusal(
        "UpgradeExecutionComponent",
        execution_id=ident,
        expected_component_digest=pb.ContentDigest(digest=known.get(expected, expected)),
        new_component_digest=pb.ContentDigest(digest=known.get(new, new)),
        skip_determinism_check=True,
    )
    assert code == "FAILED_PRECONDITION"
    assert present in text or current in text


@pytest.mark.parametrize("field", ["execution_id", "expected_component_digest", "new_component_digest"])
def test_an_upgrade_without_an_argument_names_it(changed: Changed, field: str) -> None:
    digest = pb.ContentDigest(digest=NOWHERE)
    given: dict[str, Any] = {
        "execution_id": changed.waits[2], "expected_component_digest": digest, "new_component_digest": digest,
    }  # fmt: skip
    del given[field]
    refused = changed.client.refusal("UpgradeExecutionComponent", **given)
    assert refused == ("INVALID_ARGUMENT", f"argument `{field}` must exist")


def test_a_stub_is_not_upgraded(changed: Changed) -> None:
    present, _ = digests(changed, child(changed.waits[2], "g:1_1"))
    digest = pb.ContentDigest(digest=present)
    code, text = changed.client.refusal(
        "UpgradeExecutionComponent",
        execution_id=child(changed.waits[2], "g:1_1"), expected_component_digest=digest, new_component_digest=digest,
    )  # fmt: skip
    assert (code, "no workflow" in text) == ("FAILED_PRECONDITION", True)


# --- functions that no component exports --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["asked", "fibo"])
def test_an_execution_that_nothing_exports_stays_pending_with_the_reason(changed: Changed, name: str) -> None:
    ident, ffqn = getattr(changed, name), {"asked": ASK, "fibo": FIBOA}[name]
    reason = f"no component exports {ffqn}"
    assert changed.run("get", ident).stdout.splitlines()[1:] == ["pending", f"Cannot run: {reason}"]
    assert changed.run("get", ident, "--json").last["reason"] == reason
    (line,) = changed.run("list", "-e", ident, "--json").lines
    assert (line["status"], line["reason"]) == ("pending", reason)


def test_functions_that_nothing_exports_are_warned_of_once_at_the_start(changed: Changed) -> None:
    warnings = [line for line in changed.server.log.splitlines() if "no component exports" in line]
    assert len(warnings) == 2
    assert any(f"`{ASK}`" in line for line in warnings)
    assert any(f"`{FIBOA}`" in line for line in warnings)


@pytest.mark.parametrize("command", ["replay", "upgrade"])
def test_what_nothing_exports_is_neither_replayed_nor_upgraded(changed: Changed, command: str) -> None:
    assert_rejected(changed.run(command, changed.fibo), FIBOA, "component list")


def test_a_stub_that_nothing_exports_gets_no_result(changed: Changed) -> None:
    assert_rejected(changed.run("stub", changed.asked, '{"ok": "yes"}'), ASK)
    value = pool.Any(value=json.dumps({"ok": "yes"}).encode())
    assert changed.client.refusal("Stub", execution_id=changed.asked, return_value=value)[0] == "NOT_FOUND"


def test_a_function_that_is_gone_cannot_be_submitted(changed: Changed) -> None:
    assert_rejected(changed.run("submit", FIBOA, "[10, 1]"), FIBOA)


def test_what_waited_goes_on_when_the_old_components_are_back(make_world: MakeWorld) -> None:
    world = make_world(tables=scripts() + stubs())
    with controlled(world, world.start()) as first:
        unfit, gone = first.blocked_script(*waiting()), first.blocked_script(*waiting())
        later = first.script(ops.text("x"), paused=True)
        first.server.kill()
    with restart(world, scripts(path=build(world.directory, DRAW)) + stubs()) as second:
        second.client.stub(child(unfit, "g:1_1"), {"ok": "on"})
        second.server.wait_for_log(f"`{unfit}` cannot go on")
        second.server.kill()
    with restart(world, stubs()) as third:
        third.client.stub(child(gone, "g:1_1"), {"ok": "on"})
        third.client.call("UnpauseExecution", execution_id=later)
        assert third.run("get", gone, "--json").last["reason"].startswith("no component exports ")
        third.server.kill()
    with restart(world, scripts() + stubs()) as fourth:
        assert fourth.client.result(unfit).ok.value[2] == ["ok", '"on"']
        assert fourth.client.result(gone).ok.value[2] == ["ok", '"on"']
        assert fourth.client.result(later).ok.value == [["ok", "x"]]


def test_a_workflow_that_nothing_exports_is_cancelled_whatever_its_name(make_world: MakeWorld) -> None:
    world = make_world(tables=scripts() + stubs())
    with controlled(world, world.start()) as before:
        ident = before.blocked_script(*waiting())
        before.server.kill()
    with restart(world, stubs()) as after:
        (line,) = after.run("list", "--json").lines
        assert (line["status"], line["reason"]) == ("blocked", f"no component exports {ops.RUN}")
        assert said(after.run("cancel", ident)) == (0, "Cancellation requested")
        assert after.client.result(ident) == CANCELLED
        assert after.client.result(child(ident, "g:1_1")) == CANCELLED
