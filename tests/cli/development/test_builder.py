"""Commands that build."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from obelisk.cli.development.builder import Builder
from obelisk.config.dev_settings import DevBuild

WAIT_SECONDS = 30


class Said(list[str]):
    """What was said."""


def build(*command: str) -> DevBuild:
    return DevBuild(watch=(Path("src"),), command=command)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def builder(said: Said, monkeypatch: pytest.MonkeyPatch) -> Iterator[Builder]:
    with Path(os.devnull).open("w") as nowhere:
        monkeypatch.setattr("sys.stderr", nowhere)
        yield Builder(os.environ, said.append)


async def test_a_command_runs_in_the_directory_that_it_is_for(builder: Builder, tmp_path: Path) -> None:
    assert await builder.run(build("touch", "made"), tmp_path)
    assert (tmp_path / "made").exists()


async def test_a_command_that_fails_is_told_with_its_exit_code(builder: Builder, said: Said, tmp_path: Path) -> None:
    assert not await builder.run(build("sh", "-c", "exit 4"), tmp_path)
    assert said[-1] == "error: `sh -c 'exit 4'` ended with exit code 4; what it printed is above"


async def test_a_program_that_is_missing_is_told(builder: Builder, said: Said, tmp_path: Path) -> None:
    assert not await builder.run(build("./build.sh"), tmp_path)
    assert said[-1] == f"error: cannot run `./build.sh` in {tmp_path}: No such file or directory"


async def test_what_a_cancelled_command_started_is_ended_with_it(builder: Builder, tmp_path: Path) -> None:
    task = asyncio.create_task(builder.run(build("sh", "-c", "sleep 100 & echo $! > pid; wait"), tmp_path))
    pid = await asyncio.to_thread(written, tmp_path / "pid")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(wait_until_gone, pid)


async def test_a_command_that_is_cancelled_while_it_starts_is_ended(builder: Builder, tmp_path: Path) -> None:
    task = asyncio.create_task(builder.run(build("sh", "-c", "sleep 100 & echo $! > pid; wait"), tmp_path))
    await asyncio.sleep(0)  # it begins to start
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    pid = (tmp_path / "pid").read_text() if (tmp_path / "pid").exists() else ""
    if pid.endswith("\n"):  # it came so far
        wait_until_gone(int(pid))


def written(path: Path) -> int:
    until = time.monotonic() + WAIT_SECONDS
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < until
    return int(path.read_text())


def wait_until_gone(pid: int) -> None:
    """Return once a process has ended; whoever has it as an orphan takes its exit code."""
    until = time.monotonic() + WAIT_SECONDS
    while state(pid) not in ("", "Z"):
        assert time.monotonic() < until


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
