"""A peer's own program, which does the shared work in the peer's environment; ``programs/exchange.py`` is its side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from benchmarks.peer import PeerError
from benchmarks.peers.processes import START_SECONDS, Running, started
from benchmarks.shared_work import SharedWork, Timings

WORK_SECONDS: Final = 900.0
Line = TypeVar("Line", bound=Struct)


class Setting(Struct, frozen=True):
    """A setting, and its value as the running peer says it."""

    name: str
    value: str


class Ready(Struct, frozen=True):
    """What a program says first: the settings on which the peer's durability hangs, where it can ask for them."""

    settings: tuple[Setting, ...]


class Program:
    """A program that is ready to work; ``beside`` is the server of the peer, if it has one."""

    def __init__(self, running: Running, beside: Running | None = None) -> None:
        self._running = running
        self._beside = beside

    async def run(self, work: SharedWork) -> Timings:
        """Have the work done once; raises ``PeerError``."""
        process = self._running.process
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(work) + b"\n")
        timings = await self._said(Timings, seconds=WORK_SECONDS)
        if len(timings.workflow_seconds) != work.workflows or len(timings.step_seconds) != work.total:
            found = f"{len(timings.workflow_seconds)} workflows and {len(timings.step_seconds)} steps"
            raise PeerError(f"{self._running.name} did {found}, expected {work.workflows} and {work.total}")
        return timings

    async def check(self, settings: Sequence[Setting]) -> None:
        """Wait until it is ready; raises ``PeerError`` when the peer is set otherwise than promised."""
        found = await self._said(Ready, seconds=START_SECONDS)
        if found.settings != tuple(settings):
            told = f"{_shown(found.settings)}, expected {_shown(settings)}"
            raise PeerError(f"{self._running.name} runs with {told}; its figures would not compare")

    async def _said(self, kind: type[Line], *, seconds: float) -> Line:
        stdout = self._running.process.stdout
        assert stdout is not None
        try:
            line = await asyncio.wait_for(self._read(stdout), seconds)
        except TimeoutError:
            raise self._running.error(f"said nothing for {seconds:g} s") from None
        if not line:
            raise self._running.error(f"ended with {await self._running.process.wait()}")
        return parsed(line, kind)

    async def _read(self, stdout: asyncio.StreamReader) -> bytes:
        """Read a line; raises ``PeerError`` when the server ends before, since the program may wait for it without end."""
        if self._beside is None:
            return await stdout.readline()
        line = asyncio.create_task(stdout.readline())
        ended = asyncio.create_task(self._beside.process.wait())
        try:
            await asyncio.wait((line, ended), return_when=asyncio.FIRST_COMPLETED)
            if not line.done():
                raise self._beside.error(f"ended with {ended.result()} in the midst of its work")
            return line.result()
        finally:
            line.cancel()
            ended.cancel()


@asynccontextmanager
async def program(
    name: str,
    command: Sequence[str],
    directory: Path,
    *,
    settings: Sequence[Setting] = (),
    beside: Running | None = None,
) -> AsyncIterator[Program]:
    """Run a program until it is left; raises ``PeerError`` unless it gets ready with just these settings.

    ``beside`` is the server of the peer: its end is told at once.
    """
    async with started(name, command, directory, spoken_to=True) as running:
        opened = Program(running, beside)
        await opened.check(settings)
        yield opened


def parsed(line: bytes, kind: type[Line]) -> Line:
    """Return what a line of a program says; raises ``PeerError`` when it does not say that."""
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.MsgspecError as error:
        raise PeerError(f"a program said {line[:200]!r}, expected {kind.__name__}: {error}") from error


def _shown(settings: Sequence[Setting]) -> str:
    return ", ".join(f"{one.name}={one.value}" for one in settings) or "no settings"
