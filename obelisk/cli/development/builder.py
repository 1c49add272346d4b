"""Running the commands of ``[[dev.build]]``."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from obelisk.config.dev_settings import DevBuild

END_SECONDS: Final = 5.0
"""How long a command that is given up may take to end."""


class Builder:
    """Runs one command at a time; what it prints goes to standard error, where the server's log is.

    Each is the leader of a process group of its own, so that what it started is ended with it.
    """

    def __init__(self, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._environ = environ
        self._say = say
        self._group: int | None = None

    async def run(self, build: DevBuild, directory: Path) -> bool:
        """Run a command in a directory; tell whether it ended well. When it did not, that was said."""
        command = shlex.join(build.command)
        self._say(f"building: {command}")
        try:
            code = await self._ended(build, directory)
        except OSError as error:
            self._say(f"error: cannot run `{command}` in {directory}: {error.strerror or error}")
            return False
        if code:
            self._say(f"error: `{command}` ended with exit code {code}; what it printed is above")
        return code == 0

    def kill(self) -> None:
        """End at once what runs."""
        self._signal(signal.SIGKILL)

    async def _ended(self, build: DevBuild, directory: Path) -> int:
        # A start that is cancelled half-way would leave behind what the command has started by then.
        starting = asyncio.create_task(self._start(build, directory))
        try:
            process = await asyncio.shield(starting)
            return await process.wait()
        finally:
            await self._given_up(await starting)
            self._group = None

    async def _start(self, build: DevBuild, directory: Path) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *build.command,
            cwd=directory,
            env=self._environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            start_new_session=True,
        )
        self._group = process.pid
        return process

    async def _given_up(self, process: asyncio.subprocess.Process) -> None:
        """End a command that still runs, because the waiting for it was cancelled."""
        if process.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            self.kill()
            await process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._group is not None:
            try:
                os.killpg(self._group, number)
            except ProcessLookupError:
                pass  # it ended by itself
