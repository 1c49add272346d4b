"""Processes of peers: started with an environment that says nothing of the user's, waited for, ended by their own id."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.peer import PeerError

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.05
LINE_BYTES: Final = 16 * 1024 * 1024
LAST_LINES: Final = 15
KEPT_VARIABLES: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR")


class Account(Struct, frozen=True):
    """An account of the machine, by the ids of its user and group."""

    user: int
    group: int


class Running:
    """A process that was started; what it says goes to ``log``, except its output when that is read here."""

    def __init__(self, name: str, process: Process, log: Path) -> None:
        self.name = name
        self.process = process
        self._log = log

    async def until(self, ready: Callable[[], Awaitable[bool]], *, seconds: float = START_SECONDS) -> None:
        """Wait until it is ready; raises ``PeerError`` when it ends before, or takes too long."""
        try:
            async with asyncio.timeout(seconds):
                while not await ready():
                    if self.process.returncode is not None:
                        raise self.error(f"ended with {self.process.returncode} before it was ready")
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise self.error(f"was not ready within {seconds:g} s") from None

    def said(self) -> str:
        """Return its log so far."""
        return self._log.read_text(errors="replace")

    def error(self, what: str) -> PeerError:
        """Return an error that says what happened to it, and the end of its log."""
        said = self.said().splitlines()[-LAST_LINES:]
        return PeerError("\n".join([f"{self.name} {what}; its log ends with:", *(said or ["(nothing)"])]))


@asynccontextmanager
async def started(
    name: str,
    command: Sequence[str],
    directory: Path,
    *,
    variables: Mapping[str, str] | None = None,
    account: Account | None = None,
    spoken_to: bool = False,
    stop: signal.Signals = signal.SIGTERM,
) -> AsyncIterator[Running]:
    """Run a command in a directory, which is its home too; its log is a file there. Leaving asks it to stop, and waits.

    ``spoken_to`` connects its input and output; such a process is to stop when its input ends.
    Raises ``PeerError`` when there is no such program, or it may not be run.
    """
    log = directory / f"{name}.log"
    try:
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=directory,
                env=_variables(directory) | dict(variables or {}),
                stdin=PIPE if spoken_to else DEVNULL,
                stdout=PIPE if spoken_to else file,
                stderr=file,
                limit=LINE_BYTES,
                user=account.user if account else None,
                group=account.group if account else None,
                extra_groups=[] if account else None,
            )
    except OSError as error:
        raise PeerError(f"{name} could not be started: {error}") from error
    try:
        yield Running(name, process, log)
    finally:
        await _stopped(process, stop)


async def _stopped(process: Process, stop: signal.Signals) -> None:
    """Let it end by itself if it is spoken to, else ask it; kill it when it does not."""
    if process.stdin is not None:
        process.stdin.close()
    elif process.returncode is None:
        process.send_signal(stop)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        pass
    finally:  # also at a second interrupt, since nobody else ends it
        if process.returncode is None:
            process.kill()
            await process.wait()


def _variables(directory: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return kept | {"HOME": str(directory), "DO_NOT_TRACK": "1"}


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback interface that nobody listens at; another process may take one before it is used."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
