"""A file system that does not answer holds up who uses it, and nobody else."""

from __future__ import annotations

import asyncio
import threading

import pytest

from obelisk.wasm.wasi.filesystem import operations
from tests.wasi.filesystem.listing import open_files
from tests.wasi.filesystem.mounted import PRELUDE, Mounted
from tests.wasi.filesystem.test_mounts import is_open_file_below

READING = PRELUDE + 'file = opened(rw, "file")\nfile.read(1, 0)'


class Hanging:
    """Reads of a file that do not come back until ``answer`` is set. ``began`` is set once one was begun."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.answer = threading.Event()
        self._loop = asyncio.get_running_loop()

    def read(self, number: int, count: int, offset: int) -> list[object]:
        self._loop.call_soon_threadsafe(self.began.set)
        self.answer.wait()
        return [b"", True]


@pytest.fixture
async def hanging(mounted: Mounted, monkeypatch: pytest.MonkeyPatch):
    hanging = Hanging()
    monkeypatch.setattr(operations, "read", hanging.read)
    (mounted.rw / "file").write_text("content")
    yield hanging
    hanging.answer.set()


def is_open(mounted: Mounted) -> bool:
    """Tell whether the file that is read is open."""
    return any(is_open_file_below(mounted.rw / "file", number) for number in open_files())


async def test_other_runs_go_on(mounted, hanging):
    await mounted.probe.submit(READING)
    await hanging.began.wait()
    assert await mounted.run("result = rw.stat().type") == "directory"


async def test_the_run_can_be_cancelled_and_its_file_is_closed_when_the_read_comes_back(mounted, hanging):
    execution = await mounted.probe.submit(READING)
    await hanging.began.wait()
    await mounted.probe.engine.executions.cancel(execution)
    assert (await mounted.probe.engine.executions.wait(execution)).result.execution_failure is not None
    assert is_open(mounted)
    hanging.answer.set()
    while is_open(mounted):
        await mounted.run("result = rw.stat().type")
