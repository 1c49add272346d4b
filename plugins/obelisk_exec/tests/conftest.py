"""Exec activities, opened by themselves and in an engine. Modules of tests cannot import each other, so all is fixtures."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import psutil
import pytest

from obelisk.testing.components import OpenedActivity, opened_activity
from obelisk.testing.engine import EngineHarness, engine_harness

SCRIPTS = Path(__file__).parent / "scripts"
LATE = "365d"
ALLOWED = "allow_exec_activities = true\n"


class Tables:
    """Tables of exec activities. ``params`` are names and types."""

    def table(self, *keys: str, ffqn: str, result: str, **params: str) -> str:
        """Return a table; ``keys`` are further lines of it."""
        pairs = ", ".join(f'{{ name = "{name}", type = "{kind}" }}' for name, kind in params.items())
        # In virtual time, looking for other processes' work would be all that happens.
        lines = [
            "[[activity_exec]]", f'ffqn = "{ffqn}"', f"params = [{pairs}]", f'return_type = "{result}"',
            f'exec.tick_sleep = "{LATE}"', *keys, "",
        ]  # fmt: skip
        return "\n".join(lines)

    def script(self, text: str, /, *keys: str, result: str = "result<string, string>", **params: str) -> str:
        """Return the table of ``tools:t/t.run``, a shell script."""
        content = json.dumps(f"#!/bin/sh\n{text}\n".replace("${", "$${"), ensure_ascii=False)
        return self.table(f"content = {content}", *keys, ffqn="tools:t/t.run", result=result, **params)

    def file(self, name: str, /, *keys: str, ffqn: str, result: str = "result<string, string>", **params: str) -> str:
        """Return the table of one of the scripts beside this file."""
        return self.table(f'location = "{name}"', *keys, ffqn=ffqn, result=result, **params)


@pytest.fixture
def tables() -> Tables:
    """What writes tables."""
    return Tables()


@pytest.fixture
def open_exec(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[OpenedActivity]]:
    """Open the only activity of a configuration; ``head`` comes before its table."""

    def open_one(toml: str, *, head: str = ALLOWED, base: Path = SCRIPTS, **environ: str) -> Any:
        return opened_activity(head + toml, base=base, directory=tmp_path, environ=environ)

    return open_one


@pytest.fixture
def open_engine(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[EngineHarness]]:
    """Open an engine on a memory storage and a clock that stands still."""

    def open_one(*toml: str, head: str = ALLOWED, **environ: str) -> Any:
        kernel = f'storage.use = "memory"\ntimers_watcher.tick_sleep = "{LATE}"\nserver.shutdown_timeout = "50ms"\n'
        return engine_harness(kernel + head + "".join(toml), base=SCRIPTS, directory=tmp_path, environ=environ)

    return open_one


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended; one that only waits for being reaped by another one than us has."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.ppid() != os.getpid()
    except psutil.NoSuchProcess:
        return True


class Witness:
    """A named pipe that a script and all that it starts hold open: its lines are read, and its end is their end.

    Our own writing end keeps it from ending before somebody else has opened it.
    """

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._reading = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", 0)
        self._writing = os.open(path, os.O_WRONLY)
        self._reader = asyncio.StreamReader()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._reader), self._reading
        )

    @property
    def key(self) -> str:
        """The key that hands the pipe to a script."""
        return f'env_vars = [{{ key = "WITNESS", value = "{self.path}" }}]'

    async def line(self) -> str:
        """Return the next line that was written."""
        return (await self._reader.readline()).decode().strip()

    async def turn(self) -> None:
        """Let everybody else go on for a turn of the loop."""
        await asyncio.sleep(0)

    async def process(self) -> psutil.Process:
        """Return the process whose id is the next line."""
        return psutil.Process(int(await self.line()))

    async def ended(self, *processes: psutil.Process) -> None:
        """Return once the processes have ended; they let go of the pipe a moment before."""
        while not all(map(is_gone, processes)):
            await self.turn()

    async def all_gone(self) -> None:
        """Return once nobody else holds the pipe any more."""
        self._let_go()
        await self._reader.read()

    def close(self) -> None:
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1


@pytest.fixture
async def witness(tmp_path: Path) -> AsyncIterator[Witness]:
    """The pipe ``$WITNESS``."""
    opened = Witness(tmp_path / "witness")
    await opened.open()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After each test there is no child process, no descriptor and no directory that was not there before."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    this = psutil.Process()
    children, descriptors = this.children(recursive=True), open_pipes()
    yield
    assert this.children(recursive=True) == children
    assert list(temporary.iterdir()) == []
    assert open_pipes() == descriptors


def open_pipes() -> set[str]:
    """Return the pipes that this process has open."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("pipe:"):
            found.add(target)
    return found
