"""One run of a program, from its directory to its outcome.

Theory of operation
    A run is one task of its own that nobody cancels: ``cancel`` kills the process group at once, by a system call, and the
    task goes on to reap the process, close the pipes and remove the directory. It then does not report. Whoever closes the
    component waits for the tasks, so no process, descriptor or directory is left.

    While the program runs, two more tasks read: standard output up to its limit, and standard error line by line. When the
    program has exited its group is killed, so nothing that it started goes on behind a result, and both have
    ``DRAIN_SECONDS`` to reach the end of their pipes.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from obelisk.interfaces.components import (
    ActivityCall,
    ActivityRun,
    Crashed,
    Logged,
    Outcome,
    Returned,
    StreamLine,
    StreamType,
)
from obelisk.interfaces.mask import Mask
from obelisk.interfaces.secrets import Secrets
from obelisk.interfaces.signature import Signature
from obelisk_exec.lines import Lines
from obelisk_exec.outcome import outcome_of
from obelisk_exec.process import DRAIN_SECONDS, Child, spawn
from obelisk_exec.program import Program
from obelisk_exec.settings import ExecActivitySettings

PART = 4096
"""Bytes that are read before others have their turn."""
PREFIX = "obelisk-exec-"


class Prepared(Struct, frozen=True):
    """What all runs of a component share. ``mask`` hides the values of its secrets."""

    program: Program
    signature: Signature
    settings: ExecActivitySettings
    environment: dict[str, str]
    secrets: Secrets
    mask: Mask
    log: logging.Logger


class ProgramRun(ActivityRun):
    """See the module's theory of operation."""

    def __init__(
        self, prepared: Prepared, call: ActivityCall, *, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> None:
        self._prepared = prepared
        self._call = call
        self._done = done
        self._log = log
        self._child: Child | None = None
        self._stdout = bytearray()
        self._lines = Lines(self._log_line, prepared.mask)
        self._cancelled = False

    def cancel(self) -> None:
        """End the run; ``done`` is not called any more."""
        self._cancelled = True
        if self._child is not None:
            self._child.kill()

    async def run(self) -> None:
        """Run and report; whatever goes wrong is reported. The directory is removed behind the report."""
        try:
            directory = await asyncio.to_thread(self._make_directory)
        except OSError as error:
            self._report(Crashed(f"I/O error before the program was started: {error}", retry=False))
            return
        try:
            if not self._cancelled:
                self._report(await self._outcome(Path(directory.name)))
        finally:
            await asyncio.to_thread(self._remove, directory)

    def _report(self, outcome: Outcome) -> None:
        if not self._cancelled:
            self._done(outcome)

    async def _outcome(self, directory: Path) -> Outcome:
        try:
            outcome = await self._run_in(directory)
        except Exception as error:  # noqa: BLE001 - an execution that nobody reports on would hang
            outcome = Crashed(self._prepared.mask.text(f"{type(error).__name__}: {error}"), retry=False)
        return outcome if isinstance(outcome, Returned) else self._with_last_words(outcome)

    def _with_last_words(self, outcome: Crashed) -> Crashed:
        """Add what the program wrote to its standard error, where most say why they give up."""
        tail = self._lines.tail()
        if not tail:
            return outcome
        return replace(outcome, detail="\n".join(part for part in (outcome.detail, "stderr:", tail) if part))

    def _make_directory(self) -> TemporaryDirectory[str]:
        self._prepared.program.install()
        return TemporaryDirectory(prefix=PREFIX)

    def _remove(self, directory: TemporaryDirectory[str]) -> None:
        try:
            directory.cleanup()
        except (OSError, RecursionError) as error:  # the latter for directories in directories, a thousand deep
            self._prepared.log.warning("the directory %s of an ended run cannot be removed: %s", directory.name, error)

    async def _run_in(self, directory: Path) -> Outcome:
        prepared, arguments = self._prepared, self._arguments()
        try:
            self._child = child = await spawn(
                prepared.program.path, arguments,
                environment=prepared.environment, directory=directory, stdin=self._stdin(),
            )  # fmt: skip
        except OSError as error:
            return Crashed(f"failed to spawn child process: {_spawn_problem(error, arguments)}", retry=False)
        try:
            if self._cancelled:
                child.kill()
            return await self._attend(child)
        except OSError as error:
            return Crashed(f"I/O error while the program ran: {error}", retry=False)
        finally:
            await child.close()

    async def _attend(self, child: Child) -> Outcome:
        """Read what the program writes until it has ended, and return what that means."""
        readers = [asyncio.create_task(reads(child)) for reads in (self._read_stdout, self._read_stderr)]
        try:
            code = await child.wait()
            child.kill()
            await asyncio.wait(readers, timeout=DRAIN_SECONDS)
        finally:
            for reader in readers:
                reader.cancel()
        for ended in await asyncio.gather(*readers, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        limit = self._prepared.settings.max_output_bytes
        if len(self._stdout) > limit:
            return Crashed(f"stdout exceeded max_output_bytes limit of {limit} bytes", retry=False)
        return outcome_of(code, bytes(self._stdout), signature=self._prepared.signature, mask=self._prepared.mask)

    async def _read_stdout(self, child: Child) -> None:
        limit = self._prepared.settings.max_output_bytes
        while part := await child.stdout.read(PART):
            self._stdout += part
            if len(self._stdout) > limit:
                child.kill()
                return

    async def _read_stderr(self, child: Child) -> None:
        while part := await child.stderr.read(PART):
            self._lines.feed(part)
            await asyncio.sleep(0)  # there may always be more
        self._lines.end()

    def _log_line(self, line: bytes) -> None:
        if not self._cancelled:
            self._log(StreamLine(StreamType.STDERR, line))

    def _arguments(self) -> list[bytes]:
        if self._prepared.settings.params_via_stdin:
            return []
        return [msgspec.json.encode(param) for param in self._call.params]

    def _stdin(self) -> bytes | None:
        settings, secrets = self._prepared.settings, self._prepared.secrets
        if not settings.uses_stdin:
            return None
        values = {name: secrets.value(name) for name in settings.secrets}
        return msgspec.json.encode({"secrets": values, "params": self._call.params})


def _spawn_problem(error: OSError, arguments: list[bytes]) -> str:
    if error.errno == errno.E2BIG:
        size = sum(map(len, arguments))
        return f"the parameters are {size} bytes, too many for arguments of a program; set `params_via_stdin = true`"
    return str(error)
