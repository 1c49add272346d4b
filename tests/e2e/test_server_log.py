"""The log of a real server: on its console, in its files, with nobody who reads it and no room for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Server
from tests.e2e.rpc import connected, execution_id
from tests.e2e.world import GUESTS, World, activity

pytestmark = pytest.mark.timeout(60)

LOG = "testing:logger/logger.log"
LOG_MANY = "testing:logger/logger.log-many"
LOGGER = activity("logger", GUESTS / "logger.wat")


def run(server: Server, number: int, function: str, *params: Any) -> None:
    """Run an execution to its end."""
    with connected(server.address) as client:
        client.submit(execution_id(number), function, list(params))
        assert client.result(execution_id(number)).execution_failure is UNSET


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def files(world: World) -> list[Path]:
    return sorted((world.directory / "logs").iterdir())


def test_every_line_of_the_console_is_an_object_and_files_follow_each_other(make_world: MakeWorld) -> None:
    file = '[log.file]\ndirectory = "logs"\nmax_size = "4KiB"\nmax_files = 3\nlevel = "off,app=info"\n'
    world = make_world(f'[log.console]\nstyle = "json"\nlevel = "info,app=trace"\n{file}', tables=LOGGER)
    server = world.start()
    run(server, 1, LOG, "a\nb\x1b[2J\u2028é")
    run(server, 2, LOG_MANY, 100)
    assert server.stop() == 0
    lines = objects(server.log)
    first = [line for line in lines if line.get("execution_id") == execution_id(1)]
    assert [line["level"] for line in first] == ["trace", "debug", "info", "warn", "error"]
    assert {line["message"] for line in first} == {"a\nb\x1b[2J\u2028é"}
    assert {(line["target"], line["component"]) for line in first} == {("app", "logger")}
    assert {len(line["trace_id"]) + len(line["span_id"]) for line in first} == {48}
    assert "\x1b" not in server.log
    assert "SIGTERM: stopping" in [line["message"] for line in lines]
    assert [path.stat().st_size <= 4096 for path in files(world)] == [True] * 3
    assert "a line component=logger" in files(world)[-1].read_text()


def test_a_filter_is_changed_while_the_server_runs(make_world: MakeWorld) -> None:
    world = make_world('[log.console]\nlevel = "error"\nstyle = "plain_compact"\n', tables=LOGGER)
    server = world.start()
    run(server, 1, LOG, "before")
    ended = world.client(server, "log-level", "warn,app=trace", "--sink", "console", "--json")
    assert (ended.code, ended.lines) == (0, [{"sink": "console", "filter": "warn,app=trace"}])
    run(server, 2, LOG, "after")
    assert world.client(server, "log-level").stdout == "console  warn,app=trace\n"
    assert server.stop() == 0
    words = [line.split()[1:3] for line in server.log.splitlines()]
    assert words == [[level, "app:"] for level in ("ERROR", "TRACE", "DEBUG", "INFO", "WARN", "ERROR")]


def test_a_console_that_nobody_reads_holds_nothing_up(make_world: MakeWorld) -> None:
    world = make_world("[log.console]\nlevel = 'trace'\n", tables=LOGGER)
    reading, writing = os.pipe()
    server = start_with_stderr(world, writing)
    try:
        for number in range(1, 6):
            run(server, number, LOG_MANY, 2000)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    finally:
        server.close()
        os.close(reading)


def test_a_second_signal_leaves_nothing_unwritten(make_world: MakeWorld) -> None:
    spin = activity("spin", GUESTS / "spin.wat", 'exec.lock_expiry = "1h"')
    world = make_world(tables=LOGGER + spin)
    server = world.start()
    with connected(server.address) as client:
        client.submit(execution_id(1), "testing:spin/spin.spin-forever", [])
        client.wait_for_status(execution_id(1), "locked")
    server.signal(signal.SIGTERM)
    server.wait_for_log("SIGTERM: stopping")
    server.signal(signal.SIGTERM)
    assert server.wait() == 130
    assert server.log.endswith("SIGTERM again: ending at once\n")


def test_a_full_disk_costs_the_file_its_lines_and_nothing_else(make_world: MakeWorld) -> None:
    world = make_world('[log.file]\ndirectory = "/dev"\nprefix = "full"\n', tables=LOGGER)
    server = world.start()
    run(server, 1, LOG, "x")
    server.wait_for_log("lines are lost, the log file in /dev does not take them: No space left on device")
    assert server.stop() == 0


def test_a_directory_that_cannot_be_written_ends_the_start(make_world: MakeWorld) -> None:
    world = make_world('[log.file]\ndirectory = "obelisk.toml/logs"\n', tables=LOGGER)
    ended = world.run_server()
    assert (ended.code, ended.stdout) == (1, "")
    place = world.config / "logs"
    assert ended.stderr == f"error: {world.config}:2: `log.file.directory`: cannot write {place}: Not a directory\n"
    assert not world.data_dir.exists()


def test_lines_may_go_to_standard_output(make_world: MakeWorld) -> None:
    world = make_world('[log.console]\nwriter = "Stdout"\nstyle = "json"\n', tables=LOGGER)
    server = world.start()
    assert server.stop() == 0
    assert objects(server.rest_of_stdout().decode())[-1]["message"] == "SIGTERM: stopping"
    assert server.log == ""


def start_with_stderr(world: World, descriptor: int) -> Server:
    """Start a server whose standard error is ``descriptor``, which is closed here."""
    command = [sys.executable, "-m", "obelisk", "server", "run", "--config", str(world.config)]
    process = subprocess.Popen(
        command, env=world.env, cwd=world.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=descriptor
    )
    os.close(descriptor)
    return Server(process, Path(os.devnull))
