"""What components log, seen from outside: commands, streams of the server, several servers, crashes."""

from __future__ import annotations

import json
import signal
from subprocess import Popen
from typing import Any

import pytest

from obelisk.ids import ExecutionId
from tests import scripts
from tests.e2e.conftest import MakeWorld
from tests.e2e.control import UNKNOWN, Control, controlled
from tests.e2e.process import Server
from tests.e2e.rpc import FIBO_ACTIVITY, FOO, child, connected, execution_id
from tests.e2e.world import GUESTS, World, activity, fibo, stubs
from tests.e2e.world import scripts as script_tables

pytestmark = pytest.mark.timeout(60)

LOG = "testing:logger/logger.log"
LOG_MANY = "testing:logger/logger.log-many"
PRINT = "testing:printer/printer.print"
COMPLAIN = "testing:printer/printer.complain"
TABLES = script_tables() + stubs() + activity("logger", GUESTS / "logger.wat")


def printer(keys: str = "") -> str:
    return activity("printer", GUESTS / "printer.wat", keys)


def run(world: World, server: Server, function: str, *params: Any, ident: ExecutionId) -> None:
    """Run an execution to its end."""
    ended = world.client(
        server, "execution", "submit", function, json.dumps(params), "--execution-id", ident, "--follow"
    )
    assert ended.code == 0, ended.stderr


def texts(lines: list[Any]) -> list[str]:
    return [line.get("message", line.get("text")) for line in lines]


def logs(world: World, server: Server, ident: ExecutionId, *flags: str) -> list[str]:
    return texts(world.client(server, "execution", "logs", ident, "--json", *flags).lines)


def first_line(process: Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_people_and_scripts_read_what_a_component_logged(make_world: MakeWorld) -> None:
    world = make_world(tables=TABLES)
    server, ident = world.start(), execution_id(1)
    run(world, server, LOG, "a line", ident=ident)
    lines = world.client(server, "execution", "logs", ident, "--json", "--level", "warn").lines
    assert [(line["level"], line["message"]) for line in lines] == [("warn", "a line"), ("error", "a line")]
    shown = world.client(server, "execution", "logs", ident).stdout.splitlines()
    assert [line.split()[2] for line in shown] == ["debug", "info", "warn", "error"]


def test_following_shows_lines_as_they_come_and_ends_with_the_execution(make_world: MakeWorld) -> None:
    world = make_world(tables=TABLES)
    with controlled(world, world.start()) as control:
        ident = control.blocked_script(
            scripts.log("before"), scripts.create(), scripts.submit(0, FOO, "x"), scripts.next_(0),
            scripts.submit(0, LOG_MANY, 2), scripts.next_(0), scripts.log("after"),
        )  # fmt: skip
        follower = world.start_client(
            control.server, "execution", "logs", ident, "--follow", "--show-derived", "--json"
        )
        seen = [json.loads(first_line(follower))]
        control.client.stub(child(ident, "g:1_1"), {"ok": "y"})
        out, err = follower.communicate(timeout=40)
        seen += map(json.loads, out.splitlines())
        assert (follower.returncode, err) == (0, "")
        assert texts(seen) == ["before", "a line", "a line", "after"]
        assert [line["execution_id"] for line in seen[1:3]] == [child(ident, "g:1_2")] * 2


def test_an_interrupt_ends_following_without_a_word(make_world: MakeWorld) -> None:
    world = make_world(tables=TABLES)
    with controlled(world, world.start()) as control:
        ident = control.blocked_script(
            scripts.log("before"), scripts.create(), scripts.submit(0, FOO, "x"), scripts.next_(0)
        )
        follower = world.start_client(control.server, "execution", "logs", ident, "--follow")
        assert first_line(follower).endswith("before\n")
        follower.send_signal(signal.SIGINT)
        out, err = follower.communicate(timeout=20)
        assert (follower.returncode, out, err) == (130, "", "")


def test_a_server_shows_what_another_one_ran(make_world: MakeWorld) -> None:
    world = make_world(tables=TABLES)
    first, second = world.start(), world.start()
    for number in (1, 2):
        ident = execution_id(number)
        run(world, first, LOG_MANY, 3, ident=ident)
        assert logs(world, second, ident, "--follow") == ["a line"] * 3


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_lines_outlive_the_server(make_world: MakeWorld, end: signal.Signals) -> None:
    world = make_world(tables=TABLES)
    server, ident = world.start(), execution_id(1)
    run(world, server, LOG_MANY, 3, ident=ident)
    if end is signal.SIGKILL:
        assert logs(world, server, ident) == ["a line"] * 3  # so they are written
    server.signal(end)
    server.wait()
    assert logs(world, world.start(), ident) == ["a line"] * 3


def test_lines_are_deleted_with_the_database(make_world: MakeWorld) -> None:
    world = make_world(tables=TABLES)
    server, ident = world.start(), execution_id(1)
    run(world, server, LOG_MANY, 3, ident=ident)
    server.stop()
    server = world.start("--clean-db")
    assert world.client(server, "execution", "logs", ident).code == 2
    run(world, server, LOG_MANY, 1, ident=ident)
    assert logs(world, server, ident) == ["a line"]


def test_streams_of_a_guest_are_stored_line_by_line(make_world: MakeWorld) -> None:
    world = make_world(tables=printer())
    server = world.start()
    run(world, server, PRINT, "one\ntwo\n\nä", ident=execution_id(1))
    run(world, server, COMPLAIN, "three", ident=execution_id(2))
    assert logs(world, server, execution_id(1)) == ["one", "two", "", "ä"]
    assert logs(world, server, execution_id(2), "--stream-type", "stderr") == ["three"]
    assert logs(world, server, execution_id(2), "--stream-type", "stdout") == []


def test_streams_of_a_guest_go_to_those_of_the_server(make_world: MakeWorld) -> None:
    world = make_world(tables=printer('forward_stdout = "stdout"\nforward_stderr = "stderr"'))
    server, ident = world.start(), execution_id(1)
    run(world, server, PRINT, "one\ntwo\x1b[2J", ident=ident)
    run(world, server, COMPLAIN, "three", ident=execution_id(2))
    server.wait_for_log(f"[printer {execution_id(2)} stderr] three\n")
    assert logs(world, server, ident) == []
    server.stop()
    assert server.rest_of_stdout().decode() == f"[printer {ident} stdout] one\n[printer {ident} stdout] two\\x1b[2J\n"


def test_a_guest_that_logs_without_end_keeps_nobody_from_working(make_world: MakeWorld) -> None:
    keys = 'exec.lock_expiry = "1h"'
    tables = fibo() + activity("logger", GUESTS / "logger.wat", keys) + printer(keys)
    world = make_world('server.shutdown_timeout = "1ms"\n', tables=tables)
    server = world.start()
    with connected(server.address) as client:
        client.submit(execution_id(1), LOG_MANY, [2**32 - 1])
        client.submit(execution_id(2), "testing:printer/printer.print-many", [2**32 - 1])
        for number in (1, 2):
            client.wait_for_status(execution_id(number), "locked")
        for number in range(10, 20):
            client.submit(execution_id(number), FIBO_ACTIVITY, [10])
            assert client.result(execution_id(number)).ok is not None
        assert logs(world, server, execution_id(2), "--limit", "100") == ["a line"] * 100
        for number in (1, 2):
            client.call("CancelExecution", execution_id=execution_id(number))
    assert server.stop() == 0


@pytest.mark.parametrize("arguments", [("E_1",), (UNKNOWN,), (UNKNOWN, "--follow"), (UNKNOWN, "--level", "loud")])
def test_what_cannot_be_read_is_told_without_a_traceback(control: Control, arguments: tuple[str, ...]) -> None:
    ended = control.run("logs", *arguments)
    assert (ended.code, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    assert arguments[-1] in ended.stderr or UNKNOWN in ended.stderr
