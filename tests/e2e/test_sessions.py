"""Executions of a trigger, seen by commands and calls, and what becomes of them when their server is killed or stopped."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from obelisk.core.events import FailureKind
from obelisk.ids import ExecutionId
from obelisk.interfaces.sessions import SERVER_STOPPED
from tests import scripts as script
from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Server
from tests.e2e.rpc import FOO, Client, child, connected
from tests.e2e.world import World, fibo, scripts, stubs

PLUGIN = Path(__file__).resolve().parents[1] / "plugins" / "obelisk_calling.py"
FUNCTION = "calling:calls/calls.call"
SCRIPTED = "testing:scripted/scripted.run"
TABLES = scripts() + stubs() + fibo()


@pytest.fixture
def world(make_world: MakeWorld, tmp_path: Path) -> World:
    """A world in which the trigger is installed, and calls a workflow that waits for a stub."""
    params = json.dumps([[script.call(FOO, "x")]])
    table = f"[[calling]]\nname = 'hook'\nffqn = '{SCRIPTED}'\nparams = '{params}'\n"
    world = make_world('server.shutdown_timeout = "200ms"', tables=TABLES + table)
    info = tmp_path / "obelisk_calling-1.2.3.dist-info"
    info.mkdir()
    (tmp_path / PLUGIN.name).write_text(PLUGIN.read_text())
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: obelisk-calling\nVersion: 1.2.3\n")
    (info / "entry_points.txt").write_text("[obelisk]\ncalling = obelisk_calling\n")
    paths = [str(tmp_path), *filter(None, [world.env.get("PYTHONPATH")])]
    world.env["PYTHONPATH"] = os.pathsep.join(paths)
    return world


def waiting(server: Server) -> ExecutionId:
    """Return the session once its child waits for the stub."""
    server.wait_for_log("hook calls in E_")
    found = re.search(r"hook calls in (E_\w+)", server.log)
    assert found is not None
    session = ExecutionId(found[1])
    with connected(server.address) as client:
        while not is_there(client, session):
            pass  # it tells its id just before it is written
        client.wait_for_join_set(session, "o:1-run")
        client.wait_for_join_set(child(session, "o:1-run_1"), "o:1-foo")
    return session


def is_there(client: Client, ident: ExecutionId) -> bool:
    try:
        client.version(ident)
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.NOT_FOUND
        return False
    return True


def stub_of(session: ExecutionId) -> ExecutionId:
    return child(child(session, "o:1-run_1"), "o:1-foo_1")


def without_calls(world: World) -> None:
    """Configure a server whose trigger has nothing to do."""
    world.config.write_text('server.shutdown_timeout = "200ms"\n' + TABLES)


def test_a_session_is_an_execution_like_any_other(world: World) -> None:
    server = world.start()
    session = waiting(server)
    url = ("--api-url", server.url)
    listed = world.run("execution", "list", *url, "--ffqn", FUNCTION, "--json").lines
    assert [one["execution_id"] for one in listed] == [session]
    assert world.run("execution", "get", *url, session).stdout == f"Function: {FUNCTION}\nblocked by o:1-run\n"
    events = world.run("execution", "events", *url, session, "--json").lines
    assert [next(iter(one["event"])) for one in events][:2] == ["created", "locked"]
    assert len(events) == 5
    assert "about to call" in world.run("execution", "logs", *url, session).stdout
    derived = world.run("execution", "list", *url, "--execution-id", session, "--json").lines
    assert {one["execution_id"] for one in derived} >= {session}
    with connected(server.address) as client:
        assert client.responses(session) == []
        for name in ("CancelExecution", "PauseExecution", "ReplayExecution"):
            status, text = client.refusal(name, execution_id=session)
            assert status == "FAILED_PRECONDITION"
            assert "webhook_endpoint" in text
        client.stub(stub_of(session), {"ok": "y"})
        assert client.result(session).ok.value == [["ok", '"y"']]
        assert len(client.responses(session)) == 1
    assert server.stop() == 0


@pytest.mark.parametrize("end", [Server.kill, Server.stop])
def test_a_session_whose_server_ended_fails_and_its_child_runs_on(world: World, end: Callable[[Server], None]) -> None:
    server = world.start()
    session = waiting(server)
    end(server)
    without_calls(world)
    server = world.start()
    with connected(server.address) as client:
        failure = client.result(session).execution_failure
        assert (failure.kind, failure.reason) == (FailureKind.UNCATEGORIZED, SERVER_STOPPED)
        client.stub(stub_of(session), {"ok": "late"})
        assert client.result(child(session, "o:1-run_1")).ok.value == [["ok", '"late"']]
        assert len(client.responses(session)) == 1
    assert server.stop() == 0
