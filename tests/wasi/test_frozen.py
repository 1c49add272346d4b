"""WASI in a workflow: what ``stub_wasi`` gives it, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from obelisk.core.events import ExecutionFailure, ExecutionResult, TypedValue
from obelisk.errors import ComponentError
from obelisk.testing.clock import START
from obelisk.testing.engine import EngineHarness, engine_harness
from tests.guests.built import code_directory
from tests.wasi.probing import RUN

SLEEP_HINT = "would have to wait, which a workflow cannot do; use workflow-support.sleep"


def table(component: Path, *, stub_wasi: bool) -> str:
    return (
        f'[storage]\nuse = "memory"\n[wasm.codegen_cache]\ndirectory = "{code_directory()}"\n'
        f'[[workflow_wasm]]\nname = "probe"\nlocation = "{component}"\nexec.lock_expiry = "60s"\n'
        + ("stub_wasi = true\n" if stub_wasi else "")
    )


@pytest.fixture
async def workflow(wasi_probe: Path, tmp_path: Path) -> AsyncIterator[EngineHarness]:
    async with engine_harness(table(wasi_probe, stub_wasi=True), base=tmp_path, directory=tmp_path) as harness:
        yield harness


async def end(harness: EngineHarness, script: str) -> ExecutionResult:
    return await harness.call(RUN, script)


async def found(harness: EngineHarness, script: str) -> Any:
    result = await end(harness, script)
    assert isinstance(result.ok, TypedValue), result
    return json.loads(result.ok.value)


async def reason(harness: EngineHarness, script: str) -> str:
    result = await end(harness, script)
    assert isinstance(result.execution_failure, ExecutionFailure), result
    assert result.execution_failure.reason is not None
    return result.execution_failure.reason


async def test_the_wall_clock_stands_still_where_the_execution_was_created(workflow: EngineHarness):
    seconds = int(START.timestamp())
    assert await found(workflow, "result = [wall_clock.now().seconds for _ in range(2)]") == [seconds, seconds]
    workflow.clock.advance(timedelta(hours=1))
    assert await found(workflow, "result = time.time()") == seconds + 3600


async def test_monotonic_time_is_0(workflow: EngineHarness):
    assert await found(workflow, "result = [monotonic_clock.now() for _ in range(2)]") == [0, 0]


async def test_an_instant_that_has_passed_is_ready(workflow: EngineHarness):
    assert await found(workflow, "p = monotonic_clock.subscribe_instant(0)\np.block()\nresult = p.ready()") is True


@pytest.mark.parametrize(
    "script",
    [
        "monotonic_clock.subscribe_duration(1).block()",
        "poll.poll([monotonic_clock.subscribe_duration(1)])",
        "time.sleep(1)",
    ],
)
async def test_waiting_on_a_clock_traps_with_a_hint(workflow: EngineHarness, script: str):
    assert (await reason(workflow, script)).endswith(SLEEP_HINT)


async def test_random_numbers_are_those_of_the_execution(workflow: EngineHarness):
    script = "result = [random.get_random_u64(), insecure.get_insecure_random_u64(), python_random.random()]"
    drawn = await found(workflow, script)
    assert drawn[0] != drawn[1]
    assert drawn != await found(workflow, script)


async def test_equal_executions_draw_equal_numbers(wasi_probe: Path, tmp_path: Path):
    drawn = []
    for name in ("one", "other"):
        toml = table(wasi_probe, stub_wasi=True)
        async with engine_harness(toml, base=tmp_path, directory=tmp_path / name, seed=1) as harness:
            drawn.append(await found(harness, "result = list(random.get_random_bytes(16))"))
    assert drawn[0] == drawn[1]


async def test_there_is_no_environment_no_file_and_no_network(workflow: EngineHarness):
    script = """
result = [environment.get_environment(), preopens.get_directories()]
for attempt in (
    lambda: open("/etc/passwd"),
    lambda: tcp_create_socket.create_tcp_socket(network.IpAddressFamily.IPV4),
    lambda: outgoing_handler.handle(http.OutgoingRequest(http.Fields()), None),
):
    try:
        attempt()
        result.append("done")
    except Exception as refused:
        result.append(type(refused).__name__)
"""
    assert await found(workflow, script) == [[], [], "FileNotFoundError", "Err", "Err"]


async def test_a_workflow_that_exits_fails(workflow: EngineHarness):
    assert await reason(workflow, "exit.exit(Ok(None))") == "workflow exited with status 0 instead of returning"


async def test_the_last_lines_of_standard_error_tell_why_a_workflow_gave_up(workflow: EngineHarness):
    result = await end(workflow, "class Unforeseen(BaseException): pass\nraise Unforeseen('the reason')")
    assert isinstance(result.execution_failure, ExecutionFailure)
    assert "Unforeseen: the reason" in (result.execution_failure.detail or "")


async def test_a_workflow_that_imports_wasi_without_the_setting_does_not_start(wasi_probe: Path, tmp_path: Path):
    toml = table(wasi_probe, stub_wasi=False)
    with pytest.raises(ComponentError) as raised:
        async with engine_harness(toml, base=tmp_path, directory=tmp_path):
            pass
    message = str(raised.value)
    assert message.startswith("workflow `probe` imports WASI, which a workflow cannot use: wasi:io/error@0.2.")
    assert "set `stub_wasi = true`" in message
