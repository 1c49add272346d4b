"""``obelisk dev``: a real server whose files change."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from tests import scripts as ops
from tests.e2e.conftest import MakeWorld
from tests.e2e.control import controlled, waiting
from tests.e2e.process import Server
from tests.e2e.rpc import FIBOA, child
from tests.e2e.world import GUESTS, WAT, World, activity, scripts, stubs, workflow

pytestmark = pytest.mark.timeout(60)

DEV = ("dev",)
FIBO = "testing:fibo/fibo.fibo"
LARGEST, SMALLER = "(i32.const 40)", "(i32.const 5)"
"""The largest number that the activity takes, and what becomes of it."""
PLUGIN = """
from obelisk import hookimpl


@hookimpl
def obelisk_register_exporter():
    return []
"""


def tables() -> str:
    return activity("fibo", Path("fibo.wat")) + workflow("fibo-workflow", Path("workflow.wat"))


def developed(make_world: MakeWorld, keys: str = "", *, source: str = "fibo.wat") -> World:
    """Return a world with components that may be changed."""
    world = make_world(tables=keys + tables())
    (world.directory / source).write_text((WAT / "fibo_activity.wat").read_text())
    (world.directory / "workflow.wat").write_text((WAT / "fibo_workflow.wat").read_text())
    return world


def change(world: World, file: str, old: str, new: str) -> None:
    path = world.directory / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def result(world: World, server: Server, function: str, *params: Any) -> Any:
    done = world.client(server, "execution", "submit", function, json.dumps(params), "--follow", "--json")
    assert done.stdout, done.stderr
    return done.last["result"]


def test_a_component_that_changes_is_loaded(make_world: MakeWorld) -> None:
    world = developed(make_world)
    server = world.start(command=DEV)
    assert result(world, server, FIBO, 10) == {"ok": 55}
    change(world, "fibo.wat", LARGEST, SMALLER)
    server.wait_until_ready()
    assert result(world, server, FIBO, 10) == {"err": None}
    assert "dev: changed: fibo.wat\n" in server.log


def test_an_execution_that_waits_goes_on_with_the_component_of_now(make_world: MakeWorld) -> None:
    world = make_world(tables=scripts(path=Path("scripted.wat")) + stubs())
    component = world.directory / "scripted.wat"
    component.write_text((GUESTS / "scripted.wat").read_text())
    server = world.start(command=DEV)
    with controlled(world, server) as before:
        waits = before.blocked_script(*waiting())
    change(world, "scripted.wat", ops.LOG_MARKER, ops.LOG_CALL)
    server.wait_until_ready()
    with controlled(world, server) as after:
        after.client.stub(child(waits, "g:1_1"), {"ok": "on"})
        assert after.client.result(waits).ok is not None
        events = [line["event"] for line in after.run("events", waits, "--json").lines]
    (upgraded,) = [event for event in events if "component_upgrade_finished" in event]
    assert upgraded["component_upgrade_finished"]["outcome"] == {"success": {"reason": "auto"}}


def test_a_broken_component_leaves_the_old_one_running_until_it_is_mended(make_world: MakeWorld) -> None:
    world = developed(make_world)
    server = world.start(command=DEV)
    change(world, "fibo.wat", "(component $fibo-activity", "(compoment $fibo-activity")
    server.wait_for_log("the server goes on with what it had")
    assert f"({world.directory / 'fibo.wat'}): this WebAssembly text cannot be assembled" in server.log
    assert result(world, server, FIBO, 10) == {"ok": 55}
    change(world, "fibo.wat", "(compoment $fibo-activity", "(component $fibo-activity")
    server.wait_for_log("the server has this already")
    change(world, "fibo.wat", LARGEST, SMALLER)
    server.wait_until_ready()
    assert result(world, server, FIBO, 10) == {"err": None}


def test_components_that_do_not_fit_each_other_are_not_loaded(make_world: MakeWorld) -> None:
    world = developed(make_world)
    server = world.start(command=DEV)
    change(world, "fibo.wat", '(param "n" u8)', '(param "n" u16)')
    server.wait_for_log("the server goes on with what it had")
    line = world.config.read_text().splitlines().index("[[workflow_wasm]]") + 1
    assert f"dev: error: {world.config}:{line}: component `fibo-workflow` imports `testing:fibo/fibo" in server.log
    assert "`fibo-workflow` is workflow.wat" in server.log
    assert result(world, server, FIBOA, 10, 1) == {"ok": 55}


def test_a_component_that_is_deleted_is_told_and_goes_on_running(make_world: MakeWorld) -> None:
    world = developed(make_world)
    server = world.start(command=DEV)
    (world.directory / "fibo.wat").unlink()
    server.wait_for_log("the server goes on with what it had")
    assert "dev: changed: fibo.wat (deleted)\n" in server.log
    assert result(world, server, FIBO, 10) == {"ok": 55}


def test_a_configuration_that_is_wrong_is_told_with_its_line_and_the_old_one_goes_on(make_world: MakeWorld) -> None:
    world = developed(make_world)
    server = world.start(command=DEV)
    good = world.config.read_text()
    world.config.write_text(good + "[[activity_wasm\n")
    server.wait_for_log("the server goes on with what it had")
    assert f"dev: error: {world.config}:{len(good.splitlines()) + 1}: not valid TOML" in server.log
    assert result(world, server, FIBO, 10) == {"ok": 55}


def test_a_component_that_is_added_to_the_configuration_is_loaded_and_watched(make_world: MakeWorld) -> None:
    world = developed(make_world)
    server = world.start(command=DEV)
    (world.directory / "scripted.wat").write_text((GUESTS / "scripted.wat").read_text())
    world.config.write_text(world.config.read_text() + scripts(path=Path("scripted.wat")))
    server.wait_until_ready()
    assert "scripted" in world.client(server, "component", "list").stdout
    (world.directory / "scripted.wat").unlink()
    server.wait_for_log("changed: scripted.wat (deleted)")


BUILD = """
[[dev.build]]
watch = ["src"]
command = ["sh", "-c", "if grep wrong src/fibo.wat; then exit 3; fi; cp src/fibo.wat fibo.wat"]
output = "fibo.wat"

"""


def test_a_source_that_changes_is_built_and_loaded(make_world: MakeWorld) -> None:
    world = make_world(tables=BUILD + tables())
    (world.directory / "src").mkdir()
    (world.directory / "src" / "fibo.wat").write_text((WAT / "fibo_activity.wat").read_text())
    (world.directory / "workflow.wat").write_text((WAT / "fibo_workflow.wat").read_text())
    server = world.start(command=DEV)
    assert result(world, server, FIBO, 10) == {"ok": 55}
    change(world, "src/fibo.wat", LARGEST, SMALLER)
    server.wait_until_ready()
    assert result(world, server, FIBO, 10) == {"err": None}


def test_what_a_build_wrote_is_built_again_when_it_is_deleted(make_world: MakeWorld) -> None:
    world = make_world(tables=BUILD + tables())
    (world.directory / "src").mkdir()
    (world.directory / "src" / "fibo.wat").write_text((WAT / "fibo_activity.wat").read_text())
    (world.directory / "workflow.wat").write_text((WAT / "fibo_workflow.wat").read_text())
    server = world.start(command=DEV)
    (world.directory / "fibo.wat").unlink()
    server.wait_for_log("the server has this already")
    assert server.log.count("dev: building: sh -c ") == 2
    assert (world.directory / "fibo.wat").is_file()


def test_a_build_that_fails_is_told_and_the_old_component_goes_on(make_world: MakeWorld) -> None:
    world = developed(make_world, BUILD)
    (world.directory / "src").mkdir()
    (world.directory / "src" / "old").touch()
    (world.directory / "fibo.wat").write_text((WAT / "fibo_activity.wat").read_text())  # newer than its source
    server = world.start(command=DEV)
    assert "dev: building" not in server.log
    (world.directory / "src" / "fibo.wat").write_text(";; wrong\n")
    server.wait_for_log("the server goes on with what it had")
    assert "ended with exit code 3; what it printed is above" in server.log
    assert ";; wrong\n" in server.log
    assert result(world, server, FIBO, 10) == {"ok": 55}


def test_what_is_wrong_at_the_start_is_told_and_mended_while_it_waits(make_world: MakeWorld) -> None:
    world = developed(make_world)
    good = world.config.read_text()
    world.config.write_text(good.replace("location", "lokation", 1))
    process = world.spawn(DEV)
    log = world.directory / "spawned.log"
    try:
        wait_for_text(log, "no server runs until the next change")
        assert "lokation" in log.read_text()
        world.config.write_text(good)
        server = Server(process, log)
        assert result(world, server, FIBO, 10) == {"ok": 55}
    finally:
        process.kill()
        process.communicate()


def test_a_plugin_that_is_a_file_is_followed(make_world: MakeWorld) -> None:
    world = with_plugin(make_world)
    server = world.start(command=DEV)
    change(world, "mine.py", "import hookimpl", "import hookimp")
    server.wait_for_log("the server goes on with what it had until the next change")
    assert "dev: changed: mine.py\n" in server.log
    change(world, "mine.py", "import hookimp", "import hookimpl")
    server.wait_for_log("the server has this already")


def test_a_plugin_that_is_broken_at_the_start_is_mended_while_it_waits(make_world: MakeWorld) -> None:
    world = with_plugin(make_world)
    change(world, "mine.py", "import hookimpl", "import hookimp")
    process = world.spawn(DEV)
    log = world.directory / "spawned.log"
    try:
        wait_for_text(log, "no server runs until the next change")
        assert "cannot import name 'hookimp'" in log.read_text()
        change(world, "mine.py", "import hookimp", "import hookimpl")
        assert Server(process, log).is_running
    finally:
        process.kill()
        process.communicate()


def with_plugin(make_world: MakeWorld) -> World:
    """Return a world whose configuration names a plugin that is a file."""
    world = make_world(tables='[plugins]\nfiles = ["./mine.py"]\n')
    (world.directory / "mine.py").write_text(PLUGIN)
    return world


def wait_for_text(path: Path, text: str) -> None:
    """Return once a file holds a text; the time limit of the test ends the waiting."""
    while text not in path.read_text():
        pass


def test_an_address_in_use_ends_it_with_one_message(make_world: MakeWorld) -> None:
    world = developed(make_world)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = world.run("dev", "--config", str(world.config), OBELISK__API__LISTENING_ADDR=address)
    assert ended.code == 1
    assert ended.stderr.startswith("error: ")
    assert address in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_with_it(make_world: MakeWorld, number: signal.Signals) -> None:
    world = developed(make_world)
    server = world.start(command=DEV)
    host, _, port = server.address.rpartition(":")
    server.signal(number)
    assert server.wait() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))
    assert "Traceback" not in server.log
